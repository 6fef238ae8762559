"""Canonical JSON: one text for one value, and nothing unsound read."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.artifact import canonical

_text = st.text(st.characters(exclude_categories=["Cs"]))
_scalar = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | _text
_finite = _scalar.filter(lambda value: not (isinstance(value, float) and math.isinf(value)))
_values = st.recursive(_finite, lambda inner: st.lists(inner) | st.dictionaries(_text, inner), max_leaves=20)


@given(_values)
def test_round_trip(value):
    text = canonical.dumps(canonical.plain(value, "value"))
    back = canonical.loads(text)
    assert repr(back) == repr(canonical.loads(text.encode()))
    assert back == value
    assert canonical.dumps(back) == text


def test_the_text_is_pinned():
    value = {"b": [1.0, 0.1, 1e-7, 1e22, -0.0, 5], "a": {"é": '\u2028"\\\n', "A": None, "B": True}}
    text = '{"a":{"A":null,"B":true,"é":"\u2028\\"\\\\\\n"},"b":[1.0,0.1,1e-07,1e+22,-0.0,5]}'
    assert canonical.dumps(value) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\xff", "it is not UTF-8 text"),
        ("", "it is not JSON: Expecting value at character 0"),
        ('{"a":1', "it is not JSON: Expecting ',' delimiter at character 6"),
        ("[1] 2", "it is not JSON: Extra data at character 4"),
        ('{"a":1,"a":1}', "it holds a repeated key"),
        ('[{"a":{"b":1,"c":2,"b":3}}]', "it holds a repeated key"),
        ("[NaN]", "it holds NaN, which is no JSON number"),
        ("[-Infinity]", "it holds -Infinity, which is no JSON number"),
        ("[1e999]", "it holds a number that is not finite"),
        ("[9223372036854775808]", "it holds a number beyond 64 bits"),
        ("-" + "9" * 100_000, "it holds a number beyond 64 bits"),
        ('["\\ud800"]', "it holds a lone surrogate, which is no text"),
        ('{"\\udfff":0}', "it holds a lone surrogate, which is no text"),
        ("[" * 33 + "]" * 33, "it is nested deeper than 32 levels"),
        ("[" * 500 + "]" * 500, "it is nested deeper than 32 levels"),
        ("[" * 1_000_000, "it is nested deeper than 32 levels"),
        ('{"a":' * 100_000, "it is nested deeper than 32 levels"),
    ],
)
def test_unsound_text_is_refused(text, reason):
    with pytest.raises(ValueError, match=r"^it ") as error:
        canonical.loads(text)
    assert str(error.value) == reason


def test_what_may_be_written_may_be_read():
    deepest = "[" * 32 + "]" * 32
    assert canonical.dumps(canonical.loads(deepest)) == deepest
    assert canonical.loads("[-9223372036854775808,9223372036854775807]") == [-(2**63), 2**63 - 1]
    assert canonical.loads('["\\ud83d\\ude00"]') == ["😀"]
