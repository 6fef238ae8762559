"""Settings and data that a forecaster cannot learn from, each with its whole message."""

import numpy as np
import polars as pl
import pytest

from recurra._base.errors import InputError, TrainingError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": 3}, "target must be the name of a column, got 3"),
        ({"time": 3}, "time must be the name of a column, or None, got 3"),
        ({"past": "wind"}, "past must be a list of names of columns, got 'wind'"),
        ({"past": [1]}, "past must be a list of names of columns, got [1]"),
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


def test_a_validation_part_without_observed_targets_is_explained(quick, frame):
    rows = np.arange(500)
    holes = frame.with_columns(
        load=pl.when(pl.Series((rows >= 350) & (rows < 400))).then(None).otherwise("load")
    )
    with pytest.raises(InputError) as raised:
        quick().fit(holes)
    assert str(raised.value) == "the validation part has no examples; give more data, or a larger part"


def test_training_that_diverges_is_explained(quick, frame):
    with pytest.raises(TrainingError) as raised:
        quick(learning_rate=1e20).fit(frame)
    message = str(raised.value)
    assert message.startswith("the ")
    assert message.endswith("; give a learning_rate below 1e+20, or look for extreme values in the data")
