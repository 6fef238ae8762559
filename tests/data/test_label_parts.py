from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.data import by_group, by_pattern, split_labels


def check_parts(train, held_out, n):
    assert train.dtype == held_out.dtype == np.int64
    assert sorted([*train, *held_out]) == list(range(n))
    assert len(train)
    assert len(held_out)
    assert (np.diff(train) > 0).all()
    assert (np.diff(held_out) > 0).all()


@given(
    labels=st.lists(st.sampled_from("abcd"), min_size=2, max_size=60).filter(lambda x: len(set(x)) < len(x)),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 9),
)
def test_every_label_trains_and_gives_its_share(labels, fraction, seed):
    train, held_out = split_labels(labels, fraction=fraction, seed=seed)
    check_parts(train, held_out, len(labels))
    assert {labels[i] for i in train} == set(labels)
    held = Counter(labels[i] for i in held_out)
    for label, count in Counter(labels).items():
        assert held[label] <= max(count - 1, 0)
        assert abs(held[label] - min(fraction * count, count - 1)) <= 1


def test_a_thousand_rows_give_exactly_their_shares():
    labels = ["common"] * 890 + ["rare"] * 100 + ["pair"] * 9 + ["single"]
    _, held_out = split_labels(labels, fraction=0.1, seed=3)
    assert len(held_out) == 100
    assert Counter(labels[i] for i in held_out) == {"common": 89, "rare": 10, "pair": 1}
    again = split_labels(labels, fraction=0.1, seed=3)
    np.testing.assert_array_equal(again[1], held_out)
    assert not np.array_equal(split_labels(labels, fraction=0.1, seed=4)[1], held_out)


@pytest.mark.parametrize("labels", [np.arange(50.0), [["DET", "NOUN"]] * 50, [0.5] * 50])
def test_numbers_and_lists_of_tags_are_drawn_evenly(labels):
    train, held_out = split_labels(labels, fraction=0.2, seed=0)
    check_parts(train, held_out, 50)
    assert len(held_out) == 10


def test_whole_numbers_are_classes():
    _, held_out = split_labels(np.repeat([3, 7], [90, 10]), fraction=0.1, seed=0)
    assert Counter(held_out >= 90) == {False: 9, True: 1}


@given(
    rows=st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("ABCDEFG")), min_size=2, max_size=80),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 9),
)
def test_a_group_is_in_one_part_and_every_label_trains(rows, fraction, seed):
    labels, groups = zip(*rows)
    try:
        train, held_out = split_labels(labels, groups=groups, fraction=fraction, seed=seed)
    except InputError:
        shared = [
            g
            for g in set(groups)
            if all({groups[i] for i in range(len(rows)) if labels[i] == x} != {g} for x in set(labels))
        ]
        assert len(set(groups)) < 2 or not shared
        return
    check_parts(train, held_out, len(rows))
    assert not {groups[i] for i in train} & {groups[i] for i in held_out}
    assert {labels[i] for i in train} == set(labels)


def test_groups_are_chosen_near_the_share_of_every_label():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, 2000).astype(str)
    labels = ["x" if int(group) % 2 else "y" for group in groups]
    _, held_out = split_labels(labels, groups=groups, fraction=0.2, seed=1)
    held = Counter(labels[i] for i in held_out)
    for label, count in Counter(labels).items():
        assert held[label] / count == pytest.approx(0.2, abs=0.05)


def test_a_label_of_one_group_stays_in_training():
    groups = [str(i // 2) for i in range(40)]
    labels = ["odd one" if group == "7" else "other" for group in groups]
    for seed in range(20):
        train, _ = split_labels(labels, groups=groups, fraction=0.9, seed=seed)
        assert {14, 15} <= set(train)


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (["a"], {}, "a split needs at least 2 labels, got 1"),
        (["a", "b"], {}, "every label has one row only, so none can be held out; give labels more rows"),
        (["a"] * 3, {"fraction": 1.0}, "fraction must be above 0 and below 1, got 1.0"),
        (["a"] * 3, {"fraction": float("nan")}, "fraction must be above 0 and below 1, got nan"),
        (["a"] * 3, {"groups": ["g"] * 2}, "groups must have one entry for each of the 3 labels, got 2"),
        (
            ["a"] * 3,
            {"groups": ["g"] * 3},
            "the split keeps groups whole and needs at least 2; all rows are in 'g'",
        ),
        (
            ["a", "a", "b"],
            {"groups": ["g", "g", "h"]},
            "no group can be held out, since each has a label that no other has, such as 'a'; give data with "
            "labels in several groups, or no groups",
        ),
    ],
)
def test_a_split_that_cannot_be_made_says_why(refusal, labels, options, message):
    assert refusal(split_labels, labels, **{"fraction": 0.5, "seed": 0, **options}) == message


NAMES = ["0_theo_0.wav", "0_theo_12.wav", "1_lucas_3.wav"]


def test_a_pattern_picks_names():
    assert by_pattern(NAMES, r"_[0-4]\.wav$").tolist() == [True, False, True]


def test_a_group_picks_rows():
    assert by_group(["theo", "lucas", "theo"], "theo").tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (
            "(",
            "the pattern '(' is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("mp3", "the pattern 'mp3' matches none of the 3 names, such as '0_theo_0.wav'"),
        ("wav", "the pattern 'wav' matches all of the 3 names; nothing is left for the other part"),
    ],
)
def test_a_pattern_that_picks_no_part_is_refused(refusal, pattern, message):
    assert refusal(by_pattern, NAMES, pattern) == message


@pytest.mark.parametrize(
    ("groups", "group", "message"),
    [
        (["b", "a"], "c", "there is no group 'c'; the groups are a, b"),
        (
            [f"g{i:02}" for i in range(12)],
            "c",
            "there is no group 'c'; the groups are g00, g01, g02, g03, g04, g05, g06, g07, g08, g09 "
            "and 2 more",
        ),
        (["a", "a"], "a", "every row is in the group 'a'; nothing is left for the other part"),
    ],
)
def test_a_group_that_is_no_part_is_refused(refusal, groups, group, message):
    assert refusal(by_group, groups, group) == message
