"""Tags of spans: what may follow what, and which spans they mean."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.decoding import Span, allowed, scheme_of, spans

BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
BIOES = ["O", *(f"{prefix}-{type_}" for type_ in ("PER", "LOC") for prefix in "BIES")]


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (BIO, "BIO"),
        (["B-X"], "BIO"),
        (BIOES, "BIOES"),
        (["S-X", "O"], "BIOES"),
        (["O"], None),
        (["I-X", "O"], None),
        (["NOUN", "VERB"], None),
        (["B-PER", "I-PER", "NOUN"], None),
        (["B-", "O"], None),
        (["B", "I", "O"], None),
        (["B-PER", "X-PER"], None),
        ([], None),
    ],
)
def test_the_scheme_of_tags(tags, scheme):
    assert scheme_of(tags) == scheme


def pairs(mask, tags):
    return {(tags[a], tags[b]) for a, b in zip(*np.nonzero(mask))}


def test_what_may_follow_in_iob2():
    transitions, start, end = allowed(BIO, "BIO")
    forbidden = {(a, b) for a in BIO for b in BIO if b[0] == "I" and a not in (b, f"B{b[1:]}")}
    assert pairs(transitions, BIO) == set(itertools.product(BIO, BIO)) - forbidden
    assert [tag for tag, may in zip(BIO, start) if may] == ["O", "B-PER", "B-LOC"]
    assert end.all()


def test_what_may_follow_in_bioes():
    transitions, start, end = allowed(BIOES, "BIOES")
    closed = ["O", "E-PER", "S-PER", "E-LOC", "S-LOC"]
    opening = ["O", "B-PER", "S-PER", "B-LOC", "S-LOC"]
    inner = {(f"{a}-{type_}", f"{b}-{type_}") for type_ in ("PER", "LOC") for a in "BI" for b in "IE"}
    assert pairs(transitions, BIOES) == set(itertools.product(closed, opening)) | inner
    assert {tag for tag, may in zip(BIOES, start) if may} == set(opening)
    assert {tag for tag, may in zip(BIOES, end) if may} == set(closed)


def test_rules_that_data_breaks_are_given_up():
    rules = allowed(BIOES, "BIOES")
    before = [mask.copy() for mask in rules]
    broken = ["O", "I-PER", "E-LOC", "B-LOC"]
    got = rules.including([np.array([BIOES.index(tag) for tag in broken]), np.array([], int)])
    more = {("O", "I-PER"), ("I-PER", "E-LOC"), ("E-LOC", "B-LOC")}
    assert pairs(got.transitions, BIOES) == pairs(rules.transitions, BIOES) | more
    assert got.end[BIOES.index("B-LOC")]
    assert [tag for tag, one, other in zip(BIOES, got.start, rules.start) if one != other] == []
    assert rules.including([np.array([BIOES.index("E-PER")])]).start[BIOES.index("E-PER")]
    for mask, own in zip(rules, before):
        np.testing.assert_array_equal(mask, own)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O O", []),
        ("B-P I-P O", [(0, 2, "P")]),
        ("B-P B-P", [(0, 1, "P"), (1, 2, "P")]),
        ("B-P I-L I-L", [(0, 1, "P"), (1, 3, "L")]),
        ("I-P I-P O I-P", [(0, 2, "P"), (3, 4, "P")]),
        ("B-P I-P E-P S-L", [(0, 3, "P"), (3, 4, "L")]),
        ("B-P E-P E-P", [(0, 2, "P"), (2, 3, "P")]),
        ("S-P I-P", [(0, 1, "P"), (1, 2, "P")]),
        ("B-P S-P", [(0, 1, "P"), (1, 2, "P")]),
        ("B-a-b I-a-b", [(0, 2, "a-b")]),
        ("", []),
    ],
)
def test_spans(tags, expected):
    assert spans(tags.split()) == {Span(*span) for span in expected}


def written(found, T, scheme):
    """The tags of spans that do not overlap."""
    tags = ["O"] * T
    for start, stop, type_ in found:
        tags[start:stop] = [f"I-{type_}"] * (stop - start)
        tags[start] = f"B-{type_}"
        if scheme == "BIOES":
            tags[stop - 1] = f"E-{type_}" if stop - start > 1 else f"S-{type_}"
    return tags


@given(
    sizes=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["PER", "LOC", None])), max_size=6),
    scheme=st.sampled_from(["BIO", "BIOES"]),
)
def test_spans_come_back_and_their_tags_are_allowed(sizes, scheme):
    edges = list(itertools.accumulate((size for size, _ in sizes), initial=0))
    found = {Span(a, b, type_) for a, b, (_, type_) in zip(edges, edges[1:], sizes) if type_}
    tags = written(found, edges[-1], scheme)
    assert spans(tags) == found
    names = BIO if scheme == "BIO" else BIOES
    may = allowed(names, scheme)
    places = [names.index(tag) for tag in tags]
    assert all(may.transitions[a, b] for a, b in itertools.pairwise(places))
    if places:
        assert may.start[places[0]]
        assert may.end[places[-1]]


@pytest.mark.parametrize(
    ("tags", "scheme", "message"),
    [
        (["O", "NOUN"], "BIO", "tags must be O, or B-X, I-X in the scheme BIO, got 'NOUN'"),
        (["O", "S-X"], "BIO", "tags must be O, or B-X, I-X in the scheme BIO, got 'S-X'"),
        (["B-"], "BIOES", "tags must be O, or B-X, I-X, E-X, S-X in the scheme BIOES, got 'B-'"),
        (["O"], "BILOU", "scheme must be one of BIO, BIOES, got 'BILOU'; did you mean 'BIO'?"),
    ],
)
def test_tags_of_no_scheme(tags, scheme, message):
    with pytest.raises(InputError) as error:
        allowed(tags, scheme)
    assert str(error.value) == message
