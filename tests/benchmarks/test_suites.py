"""Every suite computes what its peers compute, and measures what the goals ask for."""

import dataclasses

import pytest

from benchmarks import ceilings, peers, shapes, timing
from benchmarks.contest import Settings
from benchmarks.suites import SUITES, step, streaming
from benchmarks.targets import BOUNDS, RATIOS

SETTINGS = Settings(quick=True, threads=1)


@pytest.fixture
def small(monkeypatch):
    """Shapes that take no time; peers that are large or may not be here take no part."""
    monkeypatch.setattr(shapes, "QUICK", (shapes.Shape(3, 11, 5, 8), shapes.Shape(2, 3, 4, 128)))
    monkeypatch.setattr(peers, "installed", lambda peer: False)
    monkeypatch.setattr(streaming, "read_bandwidth", lambda size: 1e10)
    monkeypatch.setattr(ceilings, "SIZE", 16)
    monkeypatch.setattr(step, "WORDS", 50)


def titles(settings):
    return {contest.table for suite in SUITES.values() for contest in suite(settings)}


@pytest.mark.parametrize("suite", SUITES)
def test_contestants_agree_and_give_the_figures_of_the_goals(suite, small):
    wanted = {
        (table, figure) for target in BOUNDS for table in target.tables for figure in target.figures or ()
    } | {(target.table, target.figure) for target in RATIOS}
    seen = set()
    # Two only where a goal is about two: on a busy machine PyTorch's threads wait for one another for long.
    settings = dataclasses.replace(SETTINGS, threads=2 if suite in ("streaming", "scaling") else 1)
    for contest in SUITES[suite](settings):
        with timing.threads(contest.threads or settings.threads):
            contestants = contest.enter()
            timing.compare(contest, contestants)
        figures = contest.figures({name: [float(k)] * 3 for k, name in enumerate(contestants, 1)})
        assert figures, contest
        seen |= {(contest.table, name) for name in figures}
    tables = {table for table, _ in seen}
    missing = {pair for pair in wanted if pair[0] in tables} - seen
    assert {figure for _, figure in missing} <= {"× ONNX Runtime"}


def test_every_goal_is_measured_by_a_suite(monkeypatch):
    monkeypatch.setattr(peers, "installed", lambda peer: True)
    wanted = {table for target in BOUNDS for table in target.tables} | {target.table for target in RATIOS}
    assert wanted <= titles(Settings())


def test_without_peers_ours_alone_take_part(small):
    for name, suite in SUITES.items():
        contest = next(iter(suite(dataclasses.replace(SETTINGS, peers=False))))
        assert all(own.ours and own.like in (None, *contest.enter()) for own in contest.enter().values()), (
            name
        )


def test_the_work_of_a_layer_is_that_of_its_products():
    shape = shapes.Shape(N=2, T=3, I=5, H=7)
    assert shapes.operations("LSTM", shape, "inference") == 2 * 4 * 7 * (5 + 7) * 2 * 3
    assert shapes.operations("GRU", shape, "training") == 3 * (2 * 3 * 7 * (5 + 7) * 2 * 3)


def test_lengths_lie_between_a_tenth_and_the_whole():
    for shape in shapes.GRID:
        lengths = shapes.lengths(shape)
        assert lengths.shape == (shape.N,)
        assert shape.T // 10 <= int(lengths.min()) <= int(lengths.max()) <= shape.T
        assert shapes.live_share(shape) == lengths.sum().item() / (shape.N * shape.T)


def test_the_ceilings_are_those_of_this_machine():
    rates = [ceilings.read_bandwidth(kib * 1024) for kib in (48, 98304)]
    if rates[0] != rates[0]:
        pytest.skip("no C++ compiler")
    assert 1e9 < rates[1] < rates[0] * 1.5
