"""The way into the network and back: scales, quantiles, and the dictionary in the model file."""

import dataclasses
import json
import math

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.runtime import ForecastInputs

CURVE = {"name": "log", "exponent": 0.0, "centre": 0.0, "unit": 1.0, "largest": 9.0}


def test_sizes(inputs):
    assert inputs.columns == ("load", "temperature")
    assert (inputs.input_size, inputs.output_size) == (2, 12)


def test_inputs_are_centred_and_scaled(inputs):
    context = np.random.default_rng(0).normal(50, 9, (3, 6, 2))
    expected = np.empty((3, 6, 2))
    for w in range(3):
        for step in range(6):
            for column, (mean, deviation) in enumerate([(0.3, 2.5), (-1.5, 0.7)]):
                value = context[w, step, column] - context[w, 5, column]
                expected[w, step, column] = (value - mean) / deviation
    made = inputs.inputs(context)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, rtol=1e-6)


def test_targets_and_quantiles_are_each_others_inverse(inputs):
    rng = np.random.default_rng(1)
    context, target = rng.normal(50, 9, (5, 6, 2)), rng.normal(60, 9, (5, 4))
    scaled = inputs.targets(target, context)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, (target - context[:, -1, :1] - 0.25) / 3.5, rtol=1e-6)
    outputs = np.repeat(scaled, 3, axis=1)  # step * Q + level
    back = inputs.quantiles(outputs, context)
    assert back.shape == (5, 4, 3)
    np.testing.assert_allclose(back, np.repeat(target[:, :, None], 3, axis=2), atol=2e-5)


def test_quantiles_that_cross_are_put_in_order(inputs):
    context = np.zeros((1, 6, 2))
    outputs = np.arange(12, dtype=np.float32)[None, ::-1]
    quantiles = inputs.quantiles(outputs, context)
    assert (np.diff(quantiles, axis=2) > 0).all()
    assert (np.diff(quantiles, axis=1) < 0).all()  # no step took another's
    expected = np.array([[[9, 10, 11], [6, 7, 8], [3, 4, 5], [0, 1, 2]]]) * 3.5 + 0.25
    np.testing.assert_array_equal(quantiles, expected)


def test_the_dictionary_is_pinned_and_comes_back(inputs):
    fields = inputs.to_dict()
    assert fields == {
        "target": "load",
        "past": ["temperature"],
        "time": "date",
        "frequency": "1h",
        "context": 6,
        "horizon": 4,
        "levels": [0.1, 0.5, 0.9],
        "imputation": "linear",
        "scaler": {
            "centred": True,
            "mean": [0.3, -1.5],
            "deviation": [2.5, 0.7],
            "target_mean": 0.25,
            "target_deviation": 3.5,
        },
        "scale": {"mean": 101.5, "deviation": 12.5, "naive_error": 4.75, "season": 24},
    }
    back = ForecastInputs.from_dict(json.loads(json.dumps(fields)))
    assert back.to_dict() == fields
    context = np.random.default_rng(0).normal(50, 9, (3, 6, 2))
    np.testing.assert_array_equal(back.inputs(context), inputs.inputs(context))


def test_an_unknown_naive_error_comes_back(inputs):
    scale = dataclasses.replace(inputs.scale, naive_error=math.nan)
    fields = dataclasses.replace(inputs, scale=scale).to_dict()
    assert fields["scale"]["naive_error"] is None
    assert math.isnan(ForecastInputs.from_dict(fields).scale.naive_error)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"past": ("load",)}, "columns must differ, got load, load, date"),
        ({"past": ("date",)}, "columns must differ, got load, date, date"),
        ({"past": (3,)}, "columns must be named by text, got ('load', 3, 'date')"),
        ({"time": None}, "time and frequency go together, got None and '1h'"),
        ({"frequency": None}, "time and frequency go together, got 'date' and None"),
        (
            {"frequency": "hourly"},
            "frequency must be a step such as 15m, 1h, 1d, 1w, 1mo, 1mo:end or 10i, got 'hourly'",
        ),
        ({"context": 0}, "context must be a whole number of at least 1, got 0"),
        ({"horizon": -3}, "horizon must be a whole number of at least 1, got -3"),
        ({"levels": (0.1, 0.9)}, "levels must rise between 0 and 1 and hold 0.5, got (0.1, 0.9)"),
        ({"levels": (0.5, 0.1)}, "levels must rise between 0 and 1 and hold 0.5, got (0.5, 0.1)"),
        ({"levels": (0.5, 0.5)}, "levels must rise between 0 and 1 and hold 0.5, got (0.5, 0.5)"),
        ({"levels": (0.0, 0.5)}, "levels must rise between 0 and 1 and hold 0.5, got (0.0, 0.5)"),
        ({"levels": ()}, "levels must rise between 0 and 1 and hold 0.5, got ()"),
        ({"past": ()}, "the scaler must be fitted on 1 column, got 2"),
    ],
)
def test_what_does_not_fit_together(inputs, fields, message):
    with pytest.raises(InputError) as error:
        dataclasses.replace(inputs, **fields)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("target", 3, "preprocessing.target must be text, got 3"),
        ("past", "temperature", "preprocessing.past must be a list of texts, got 'temperature'"),
        ("past", [["temperature"]], "preprocessing.past must be a list of texts, got [['temperature']]"),
        ("time", 0, "preprocessing.time must be text or null, got 0"),
        ("context", True, "preprocessing.context must be a whole number of at least 1, got True"),
        ("horizon", 4.0, "preprocessing.horizon must be a whole number of at least 1, got 4.0"),
        ("levels", [[0.5]], "preprocessing.levels must be a list of numbers, got [[0.5]]"),
        ("imputation", "zero", "imputation must be one of linear, got 'zero'"),
        ("scaler", [], "preprocessing.scaler must be a dict, got []"),
        ("scaler.centred", 1, "preprocessing.scaler.centred must be true or false, got 1"),
        ("scaler.mean", [0.0, None], "preprocessing.scaler.mean must be a list of numbers, got [0.0, None]"),
        ("scaler.mean", [0.0], "the scaler must be fitted on 2 columns, got 1"),
        (
            "scaler.deviation",
            [1.0, 0.0],
            "preprocessing.scaler.deviation must be a list of numbers above 0, got [1.0, 0.0]",
        ),
        (
            "scaler.target_deviation",
            -1,
            "preprocessing.scaler.target_deviation must be a number above 0, got -1",
        ),
        (
            "scaler.target_transform",
            "log",
            "preprocessing.scaler.target_transform must be a dict, got 'log'",
        ),
        (
            "scaler.target_transform",
            {**CURVE, "name": "sqrt"},
            "preprocessing.scaler.target_transform.name must be one of standard, robust, log, box-cox, "
            "yeo-johnson, got 'sqrt'",
        ),
        (
            "scaler.target_transform",
            {**CURVE, "unit": 0.0},
            "preprocessing.scaler.target_transform.unit must be a number above 0, got 0.0",
        ),
        (
            "scaler.target_transform",
            {"name": "log"},
            "preprocessing.scaler.target_transform must have exponent, got only name",
        ),
        ("scaler.extra", 1, "preprocessing.scaler must not have 'extra'"),
        ("scale.season", 0, "preprocessing.scale.season must be a whole number of at least 1, got 0"),
        (
            "scale.naive_error",
            -0.5,
            "preprocessing.scale.naive_error must be a number of at least 0, or null, got -0.5",
        ),
        ("past", [None], "preprocessing.past must be a list of texts, got [None]"),
        ("code", "import os", "preprocessing must not have 'code'"),
    ],
)
def test_a_dictionary_that_was_not_written_here(inputs, place, value, message):
    fields = inputs.to_dict()
    *outer, name = place.split(".")
    (fields[outer[0]] if outer else fields)[name] = value
    with pytest.raises(InputError) as error:
        ForecastInputs.from_dict(fields)
    assert str(error.value) == message


@pytest.mark.parametrize("place", ["target", "past", "scale"])
def test_a_missing_field(inputs, place):
    fields = inputs.to_dict()
    del fields[place]
    with pytest.raises(InputError) as error:
        ForecastInputs.from_dict(fields)
    assert str(error.value) == f"preprocessing must have {place}, got only {', '.join(fields)}"
