"""Sequence to sequence with what few give it: texts that nobody sees, parts without anything in them."""

from typing import Any

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Pairs, Sequences, as_pairs
from recurra.decoding import Beam
from recurra.tasks import Seq2Seq

QUICK: dict[str, Any] = {"hidden_size": 4, "embedding_size": 3, "epochs": 1, "seed": 1}
X, Y = ["a b", "c d", "e f"], ["b a", "d c", "f e"]
ROLLS = as_pairs(np.arange(120.0).reshape(40, 3), ["a"] * 40)
UNSEEN = ["\u200b", "\ufeff \u2060", "\u00ad"]


@pytest.mark.parametrize("level", ["word", "char"])
def test_sources_that_nobody_sees_are_empty(level: str) -> None:
    model = Seq2Seq(**QUICK, level=level).fit(
        [*X, *UNSEEN], [*Y, *Y], validation=([*UNSEEN, *X], [*Y, *Y]), test=(UNSEEN, ["", "", "a"])
    )
    assert model.notes_[0] == "3 of 6 sources are empty and left out."
    assert model.predict(UNSEEN) == ["", "", ""]
    assert model.evaluation_ is not None
    assert model.evaluation_.metrics["exact"] == 2 / 3
    with pytest.raises(
        InputError, match=r"^X\[1\] is empty; give every sequence at least one step, or leave"
    ):
        model.model_.attention(["a", "\u200b"], ["b", "b"])


def test_marks_and_signs_are_seen() -> None:
    texts = [".", "\u0301a", "\N{GRINNING FACE}", "a\u200bb", " x", "\u0e01"]
    assert as_pairs(texts).sources.items == texts


@pytest.mark.parametrize(
    ("targets", "names", "message"),
    [
        (["b"], ["1", "2"], "targets must be as many as the sources, 2, got 1"),
        (["b", "c"], ["1"], "names must be as many as the sources, 2, got 1"),
        (None, [], "names must be as many as the sources, 2, got 0"),
        (["b", None], ["1", "2"], "targets[1] must be text, got NoneType"),
        ("bc", ["1", "2"], "targets must be a list of texts, got one text; put it in a list"),
    ],
    ids=range(5),
)
def test_pairs_that_are_none(targets: Any, names: list[str], message: str) -> None:
    with pytest.raises(InputError) as error:
        Pairs(Sequences("text", ["a", "b"]), targets, names)
    assert str(error.value) == message


def test_a_part_of_nothing_but_arrays_without_steps() -> None:
    nothing = [np.zeros((0, 3), np.float32)] * 2
    model = Seq2Seq(**QUICK).fit(ROLLS, test=(nothing, ["", "a"]))
    assert model.evaluation_ is not None
    assert model.evaluation_.metrics["exact"] == 0.5
    assert model.predict(nothing) == ["", ""]


OVERLAP = "{} of 4 {} sources {} in the training part, too; scores of sources that are new may be worse."


def test_parts_that_overlap_are_noted() -> None:
    def notes(**parts: Any) -> tuple[str, ...]:
        own = {"validation": (["new", "newer"], ["wen", "rewen"]), **parts}
        told = Seq2Seq(**QUICK, level="char").fit(X, Y, **own).notes_
        return tuple(note for note in told if "never seen" not in note)

    assert notes(test=(["g h", "i j"], ["h g", "j i"])) == ()
    assert notes(test=([*X, "g h"], ["any"] * 4)) == (OVERLAP.format(3, "test", "are"),)
    assert notes(test=([X[0], "g", "h", "i"], ["any"] * 4)) == (OVERLAP.format(1, "test", "is"),)
    assert notes(validation=([*X, "g h"], ["any"] * 4)) == (OVERLAP.format(3, "validation", "are"),)
    rolls = ROLLS.take(slice(4))
    overlap = Seq2Seq(**QUICK, target_level="char").fit(ROLLS, test=rolls, validation=rolls).notes_
    assert overlap == (OVERLAP.format(4, "validation", "are"), OVERLAP.format(4, "test", "are"))


def test_targets_that_are_their_sources_are_noted() -> None:
    notes = Seq2Seq(**QUICK, level="char").fit(X, X, validation=(["new"], ["wen"])).notes_
    assert notes == ("All 3 targets are the same as their sources.",)


def test_a_very_long_source_is_not_read_beside_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Seq2Seq(**QUICK).fit(X, Y, validation=(X, Y)).model_
    asked, read = [], model.network.initial_state

    def initial_state(sources: Any, **options: Any) -> Any:
        asked.append((len(sources), max(map(len, sources))))
        return read(sources, **options)

    monkeypatch.setattr(model.network, "initial_state", initial_state)
    model.translate(["a" * 20_000, *["b"] * 70], beam=Beam(1, max_length=1))
    assert asked == [(1, 20_000), (64, 1), (6, 1)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["a"]}, "columns must be a dict, got ['a']"),
        (
            {"test": ROLLS.take(slice(0))},
            "test must have at least one pair, got none; leave it out, or give some",
        ),
        (
            {"validation": ROLLS.take(slice(0))},
            "validation must have at least one pair, got none; leave it out, or give some",
        ),
    ],
    ids=["columns", "test", "validation"],
)
def test_what_is_told_beside_pairs(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        Seq2Seq(**QUICK).fit(ROLLS, **options)
    assert str(error.value) == message
