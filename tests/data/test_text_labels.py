"""Texts as labels."""

import pytest

from recurra._base.errors import InputError
from recurra.data.label_values import text_labels


def test_all_white_space_is_one_blank():
    assert text_labels([" seven\t up\n", "Ü", " \n"]) == ["seven up", "Ü", ""]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", 3], "y must hold a text for each sequence, got 3 as y[1]"),
        ([None], "y must hold a text for each sequence, got None as y[0]"),
        ([["a", "b"]], "y must hold a text for each sequence, got ['a', 'b'] as y[0]"),
    ],
)
def test_what_is_no_text(labels, message):
    with pytest.raises(InputError) as raised:
        text_labels(labels)
    assert str(raised.value) == message
