"""The page says what a run measured, and no more."""

import json
from pathlib import Path

import pytest

from benchmarks import missed, tables
from benchmarks.page import page
from benchmarks.targets import BOUNDS, RATIOS, Bound, Ratio, missed_goals

ROOT = Path(__file__).parents[2]


def row(table, figures, **case):
    return {
        "table": table,
        "case": case,
        "seconds": {"ours": [0.001, 0.002, 0.0015], "torch.nn": [0.004, 0.004, 0.005]},
        "figures": figures,
        "difference": 2e-6,
        "tolerance": 1e-4,
    }


RUN = {
    "machine": {"processor": "a processor", "revision": "abc"},
    "settings": {"quick": False, "rounds": 7, "block": 0.03, "threads": 2, "peers": True},
    "runs": 1,
    "missing": ["Keras on JAX"],
    "ceilings": {"product": {"1": 100.0, "2": 190.0}, "multiply-adds": None, "read": None},
    "results": [
        row("LSTM training", {"× torch.nn": 2.0, "share of product": 0.9}, N=1, T=5, I=2, H=256),
        row("LSTM training", {"× torch.nn": 0.5, "share of product": 0.6}, N=1, T=5, I=2, H=512),
        row("GRU training", {"× torch.nn": 8.0, "share of product": 0.75}, N=1, T=5, I=2, H=128),
    ],
}


def lines(text):
    return {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line[:2] == "| "}


def test_goals_stand_beside_what_was_measured():
    found = lines(page(RUN))
    assert found["LSTM training"] == "| LSTM training | 1.80 | 1.00 | 1.00 | 0.500 | 2.20 | **no** |"
    assert found["GRU training"] == "| GRU training | 4.80 | 8.00 | 1.70 | 8.00 | 5.50 | yes |"
    assert found["RNN training"] == ("| RNN training | 4.00 | not measured | 1.40 | not measured | 5.00 |  |")
    assert found["LSTM training: share of the product ceiling, H ≥ 256"] == (
        "| LSTM training: share of the product ceiling, H ≥ 256 "
        "| share of product, LSTM training, N 1, T 5, I 2, H 512 | ≥ 0.850 | 0.600 | 0.950 | **no** |"
    )


def test_the_machine_and_what_was_missing_are_named():
    found = lines(page(RUN))
    assert found["processor"] == "| processor | a processor |"
    assert found["missing peers"] == "| missing peers | Keras on JAX |"
    assert found["ceiling: matrix product (threads)"].endswith("| 100 GFLOP/s (1), 190 GFLOP/s (2) |")
    assert found["ceiling: reading, one core"].endswith("| not measured, for want of a C++ compiler |")
    assert found["largest differences"] == "| largest differences | 2.0e-06 of 0.0001 allowed |"


def test_rounds_are_those_that_were_held():
    assert "is called in turn, 3 rounds of at least 30\n" in page(RUN)
    longer = RUN["results"][0] | {"seconds": {"ours": [0.001] * 7}}
    assert "is called in turn, 3 to 7 rounds of" in page(RUN | {"results": [*RUN["results"], longer]})


def test_a_merged_run_says_so():
    assert "by `make bench` from one run on one machine" in page(RUN)
    assert "from 3 runs, each of some of the suites, on one machine" in page(RUN | {"runs": 3})


def test_what_was_missed_stands_with_its_reasons(monkeypatch, tmp_path):
    why = tmp_path / "missed.md"
    monkeypatch.setattr(missed, "TEXT", why)
    why.write_text("## LSTM training\n\nFor want of time.\n\n## GRU training\n\nNever shown.\n", "utf-8")
    section = "\n## What was missed, and why\n\n### LSTM training\n\nFor want of time.\n\n## Tables\n"
    assert section in page(RUN)
    assert "Never shown." not in page(RUN)
    why.write_text("## GRU training\n\nNever shown.\n", "utf-8")
    assert "What was missed" not in page(RUN)


def test_goals_that_were_not_measured_are_not_missed():
    found = tables.by_table(RUN["results"])
    assert missed_goals(found) == [
        "LSTM training",
        "LSTM training: share of the product ceiling, H ≥ 256",
    ]


def test_a_quick_run_says_so():
    assert "quick run" not in page(RUN)
    assert "**This was a quick run:**" in page(RUN | {"settings": RUN["settings"] | {"quick": True}})


def test_tables_have_medians_figures_and_summaries():
    head, rows = tables.grid(RUN["results"][:2])
    assert head == ["N", "T", "I", "H", "ours", "torch.nn", "× torch.nn", "share of product"]
    assert rows == [
        ["1", "5", "2", "256", "1.50 ms", "4.00 ms", "2.00", "0.900"],
        ["1", "5", "2", "512", "1.50 ms", "4.00 ms", "0.500", "0.600"],
        ["geometric mean", "", "", "", "", "", "1.00", "0.735"],
        ["least", "", "", "", "", "", "0.500", "0.600"],
        ["greatest", "", "", "", "", "", "2.00", "0.900"],
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123456, "0.0123"), (1.0, "1.00"), (12.34, "12.3"), (1234.5, "1234"), (-0.5, "-0.500"), (None, "")],
)
def test_numbers_have_three_digits(value, text):
    assert tables.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [([2.0], "2.00 s"), ([2e-3], "2.00 ms"), ([2e-7], "0.200 µs"), (None, "")]
)
def test_durations_have_a_unit(seconds, text):
    assert tables.duration(seconds) == text


def test_a_mean_of_what_is_not_positive_is_left_out():
    rows = [row("T", {"cost": value}, N=1) for value in (-0.1, 2.0)]
    assert tables.grid(rows)[1][2][-1] == ""


def test_bounds_look_at_the_worst_row():
    found = tables.by_table(RUN["results"])
    at_most = Bound("", ("LSTM training",), ("share of product",), 0.7, at_most=True)
    assert at_most.worst(found) == (0.9, "share of product, LSTM training, N 1, T 5, I 2, H 256")
    assert [at_most.met(value) for value in (0.7, 0.71)] == [True, False]
    at_least = Bound("", ("LSTM training",), None, 0.7, where=lambda case: case["H"] == 256)
    assert at_least.worst(found) == (0.9, "share of product, LSTM training, N 1, T 5, I 2, H 256")
    assert Bound("", ("none",), None, 1).worst(found) is None
    assert Ratio("", "LSTM training", "× torch.nn", 1.0).reached(found) == (1.0, 0.5)


def test_goals_have_different_names():
    goals = [target.goal for target in (*RATIOS, *BOUNDS)]
    assert len(set(goals)) == len(goals)


def test_reasons_are_given_for_goals_that_exist():
    goals = {target.goal for target in (*RATIOS, *BOUNDS)}
    named = [goal for names, _ in missed.sections(missed.TEXT.read_text("utf-8")) for goal in names]
    assert set(named) <= goals
    assert len(set(named)) == len(named)


def test_the_page_in_the_docs_is_that_of_the_published_run():
    published, written = ROOT / "benchmarks/results/published.json", ROOT / "docs/benchmarks.md"
    assert written.exists() == published.exists()
    if published.exists():
        assert written.read_text("utf-8") == page(json.loads(published.read_text("utf-8"))), "run: make bench"
