"""Contestants are compared, then called in turn; what is said about their times follows from the times."""

import math
import re

import numpy as np
import pytest
import torch

from benchmarks import timing
from benchmarks.contest import Contest, Contestant, Settings, arrays, difference

SETTINGS = Settings(rounds=3, block=0.0, threads=1)


def contest(pause=0.0, **contestants):
    return Contest("Adding", {"N": 1}, lambda: contestants, lambda times: {}, tolerance=1e-3, pause=pause)


def test_turns_are_interleaved_and_every_second_round_is_reversed():
    said = []
    times = timing.interleaved({name: lambda name=name: said.append(name) for name in "abc"}, SETTINGS, 0.0)
    turns = said[::2]  # each turn is a call that is not timed and one that is
    assert said[1::2] == turns
    assert "".join(turns) == "abc" + "abc" + "cba" + "abc"  # first to find how many calls fill a block
    assert {name: len(own) for name, own in times.items()} == {"a": 3, "b": 3, "c": 3}


def test_calls_that_take_long_are_not_repeated_untimed(monkeypatch):
    monkeypatch.setattr(timing, "LONG", 0.0)
    said = []
    times = timing.interleaved({name: lambda name=name: said.append(name) for name in "ab"}, SETTINGS, 0.0)
    assert "".join(said) == "ab" + "ab" + "ba" + "ab"
    assert {name: len(own) for name, own in times.items()} == {"a": 3, "b": 3}


def test_every_turn_comes_after_the_pause_of_its_contest(monkeypatch):
    said = []
    monkeypatch.setattr(timing.time, "sleep", said.append)
    held = contest(0.05, ours=Contestant(lambda: said.append("ours")))
    timing.hold(held, SETTINGS)
    assert said == [0.05, "ours"] * 2 + [0.05, "ours", "ours"] * SETTINGS.rounds


def test_rounds_fit_a_budget_but_are_five_at_least():
    settings = Settings(rounds=9, budget=1.0)
    assert [timing.rounds_for(seconds, settings) for seconds in (0.0, 0.1, 0.125, 0.16, 10.0)] == [
        9,
        9,
        8,
        6,
        5,
    ]


def test_only_what_is_compared_is_run_for_comparison():
    said = []
    alone = Contestant(lambda: said.append("alone"))
    peer = Contestant(lambda: np.array([4.0]))
    held = contest(alone=alone, near=Contestant(lambda: np.array([4.001]), "peer"), peer=peer)
    assert timing.compare(held, held.enter()) == pytest.approx(0.00025)
    assert not said


def test_a_block_is_filled_with_calls():
    assert timing.calls_for(0.001, block=0.03) == 30
    assert timing.calls_for(5.0, block=0.03) == 1


def test_nothing_is_timed_whose_results_differ():
    calls = []

    def wrong():
        calls.append(1)
        return [torch.tensor([1.0, 2.004])]

    peer = Contestant(lambda: np.array([[1.0, 2.0]]), outputs=lambda result: result[0])
    message = "Adding, {'N': 1}: ours is 0.002 away from peer, more than 0.001"
    with pytest.raises(timing.ResultsDifferError, match=re.escape(message) + "$"):
        timing.hold(contest(ours=Contestant(wrong, like="peer"), peer=peer), SETTINGS)
    assert calls == [1]


def test_a_result_that_is_no_number_differs():
    wrong, peer = Contestant(lambda: np.array([np.nan, 1.0]), like="peer"), Contestant(lambda: np.ones(2))
    with pytest.raises(timing.ResultsDifferError):
        timing.hold(contest(ours=wrong, peer=peer), SETTINGS)


def test_a_contest_gives_times_and_the_largest_difference():
    peer, near = Contestant(lambda: np.array([4.0, 2.0])), Contestant(lambda: np.array([4.0, 2.001]), "peer")
    result = timing.hold(contest(ours=near, peer=peer), SETTINGS).to_dict()
    assert result["difference"] == 0.00025
    assert result["tolerance"] == 0.001
    assert result["seconds"].keys() == {"ours", "peer"}
    assert all(len(own) == 3 and min(own) > 0 for own in result["seconds"].values())


def test_a_contest_has_its_own_threads():
    before, seen = torch.get_num_threads(), []
    held = Contest("", {}, lambda: {"ours": Contestant(lambda: seen.append(torch.get_num_threads()))}, dict)
    timing.hold(held, Settings(rounds=2, block=0.0, threads=before + 1))
    assert set(seen) == {before + 1}
    assert torch.get_num_threads() == before


def test_difference_compares_shape_by_shape():
    one = arrays({"a": torch.ones(2, requires_grad=True), "b": (np.zeros(3), [np.ones(1)])})
    assert [array.shape for array in one] == [(2,), (3,), (1,)]
    assert difference(one, one) == 0
    with pytest.raises(ValueError, match=re.escape("shapes [(2,)] cannot be compared with [(3,)]") + "$"):
        difference(one[:1], one[1:2])
    assert math.isnan(difference([np.array([np.nan, 5.0]), np.ones(1)], [np.ones(2), np.ones(1)]))


def test_ratios_are_of_medians():
    times = {"ours": [1.0, 2.0, 30.0], "peer": [6.0, 5.0, 5.0]}
    assert timing.ratio(times, "peer", "ours") == 2.5
    assert timing.times_faster("peer", "absent")(times) == {"× peer": 2.5}
    assert timing.spread({"ours": [1.0, 1.0, 1.0], "peer": [1.0, 2.0, 3.0, 4.0, 5.0]}) == pytest.approx(2 / 3)
    assert timing.spread({}) == 0
