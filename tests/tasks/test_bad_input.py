"""Settings and data that a forecaster cannot learn from, each with its whole message."""

import os

import numpy as np
import polars as pl
import pytest

from recurra._base.errors import InputError, TrainingError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": 3}, "target must be the name of a column, got 3"),
        ({"time": 3}, "time must be the name of a column, or None, got 3"),
        ({"past": "wind"}, "past must be a list of names of columns, or None, got 'wind'"),
        ({"past": ("wind",)}, "past must be a list of names of columns, or None, got ('wind',)"),
        ({"past": [1]}, "past must be a list of names of columns, or None, got [1]"),
        (
            {"past": ["load"]},
            "column 'load' is named twice; target, past and time must be different columns",
        ),
        ({"horizon": 0}, "horizon must be a whole number of at least 1, got 0"),
        ({"context": 0}, "context must be a whole number of at least 1, got 0"),
        ({"cell": "lstn"}, "cell must be one of rnn, lstm, gru, got 'lstn'; did you mean 'lstm'?"),
        ({"cell": ["lstm"]}, "cell must be one of rnn, lstm, gru, got ['lstm']; did you mean 'lstm'?"),
        ({"hidden_size": -4}, "hidden_size must be a whole number of at least 1, got -4"),
        ({"num_layers": 1.0}, "num_layers must be a whole number of at least 1, got 1.0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"learning_rate": -0.1}, "learning_rate must be a finite number above 0, got -0.1"),
        ({"clip_norm": 0}, "clip_norm must be a finite number above 0, got 0"),
        ({"seed": None}, "seed must be a whole number from 0 to 2**63 - 1, got None"),
        (
            {"train": 1.5},
            "train must lie between 0 and 1 (a number of rows has no point), got 1.5",
        ),
        (
            {"target": "lode"},
            "the data has no column 'lode'; its columns are day, load, wind; did you mean 'load'?",
        ),
        (
            {"validation": 5},
            "the validation part is too short for one window of context 21 and horizon 7: it has 5 rows, 26 "
            "with those before it that a context may use; give more rows, or a shorter context or horizon",
        ),
        (
            {"context": 400},
            "the training part is too short for one window of context 400 and horizon 7: it has 350 rows, "
            "350 with those before it that a context may use; give more rows, or a shorter context or "
            "horizon",
        ),
    ],
)
def test_settings_that_cannot_be(quick, frame, settings, message):
    with pytest.raises(InputError) as raised:
        quick(**settings).fit(frame)
    assert str(raised.value) == message


def test_a_constant_target_is_explained(quick, frame):
    with pytest.raises(InputError) as raised:
        quick().fit(frame.with_columns(load=pl.lit(5.0)))
    assert str(raised.value) == (
        "target 'load' is constant in the training part (5 in all 350 observed rows), so there is nothing to "
        "learn; choose another target, or more rows for training"
    )


@pytest.mark.parametrize(
    ("part", "rows", "first", "last"),
    [
        ("training", (30, 350), "2020-01-22", "2020-12-15"),  # those before are the context of no window
        ("validation", (350, 400), "2020-12-16", "2021-02-03"),
        ("test", (400, 500), "2021-02-04", "2021-05-14"),
    ],
)
def test_a_part_without_observed_targets_is_refused_before_training(quick, frame, part, rows, first, last):
    counted = np.arange(500)
    hole = (counted >= rows[0]) & (counted < rows[1]) | (part == "training") & (counted > 20) & (counted < 30)
    holes = frame.with_columns(load=pl.when(pl.Series(hole)).then(None).otherwise("load"))
    events = []
    with pytest.raises(InputError) as raised:
        quick().fit(holes, on_event=events.append)
    assert str(raised.value) == (
        f"target 'load' has no values in the {part} part, from {first} to {last}, where forecasts are held "
        "against them; give data with values there, or other parts"
    )
    assert events == []


@pytest.mark.parametrize("column", ["load", "wind"])
def test_values_too_large_to_be_squared_are_refused(quick, frame, column):
    with pytest.raises(InputError) as raised:
        quick(past=["wind"]).fit(frame.with_columns(pl.lit(1e300).alias(column)))
    assert str(raised.value) == (
        f"column {column!r} of the data holds 1e+300 in data row 1, too large to compute with; give it in a "
        "larger unit, so that values stay below 1e+150"
    )


@pytest.mark.parametrize("unit", [1e-150, 1e149])
def test_the_unit_of_the_data_does_not_matter(quick, frame, unit):
    load = frame["load"] / frame["load"].abs().max()
    plain, scaled = (quick().fit(frame.with_columns(load=load * factor)) for factor in (1.0, unit))
    assert scaled.metrics_["scaled_mae"] == pytest.approx(plain.metrics_["scaled_mae"], rel=1e-3)


def test_a_network_larger_than_the_memory_is_refused_before_it_is_made(quick, frame, monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2**20, "SC_PAGE_SIZE": 2**12}.__getitem__)
    with pytest.raises(InputError) as raised:
        quick(hidden_size=9_999_999).fit(frame)
    assert str(raised.value) == (
        "hidden_size 9999999 with num_layers 1 makes 400,000,039,999,992 weights, which take 7,450,581 GiB "
        "to train, but this machine has 4; give a smaller hidden_size or num_layers"
    )


def test_more_layers_than_can_be_made_in_time(quick, frame):
    with pytest.raises(InputError) as raised:
        quick(hidden_size=1, num_layers=1001).fit(frame)
    assert str(raised.value) == "num_layers must be at most 1000, got 1001"


def test_training_that_diverges_is_explained(quick, frame):
    with pytest.raises(TrainingError) as raised:
        quick(learning_rate=1e20).fit(frame)
    message = str(raised.value)
    assert message.startswith("the ")
    assert message.endswith("; give a learning_rate below 1e+20, or look for extreme values in the data")
