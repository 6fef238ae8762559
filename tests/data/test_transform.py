"""Transforms of a target: what they are, that they rise, and that the way back is one."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recurra.data import TRANSFORMS, TargetTransform, check_transform

CURVES = [name for name in TRANSFORMS if TargetTransform(name).curved]
EPS = np.finfo(np.float64).eps
SKEWED = np.random.default_rng(0).lognormal(3, 0.8, 400)

exponents = st.floats(-5, 5) | st.sampled_from([0.0, 1.0, 2.0, 5e-324, -1e-320, 1e-300, -1e-9, 1e-3])
positives = st.floats(1e-3, 1e3)
numbers = st.floats(-1e3, 1e3)


def curve(name: str, exponent: float, *, largest: float = 1e9) -> TargetTransform:
    """One with that exponent, whose centre and unit do something."""
    match name:
        case "log":
            return TargetTransform("log", exponent=0.0, largest=largest)
        case "box-cox":
            return TargetTransform("box-cox", exponent, centre=0.3, largest=largest)
        case _:
            return TargetTransform("yeo-johnson", exponent, centre=-2.5, unit=7.0, largest=largest)


def values_of(name: str) -> st.SearchStrategy[float]:
    return numbers if name == "yeo-johnson" else positives


def test_the_curves_are_those_of_scipy_but_for_shift_and_stretch():
    box_cox = TargetTransform.fit("box-cox", SKEWED)
    scale = np.exp(np.log(SKEWED).mean())
    assert box_cox.exponent == pytest.approx(stats.boxcox_normmax(SKEWED, method="mle"), abs=1e-4)
    np.testing.assert_allclose(box_cox.forward(SKEWED), stats.boxcox(SKEWED / scale, box_cox.exponent))

    spread = SKEWED - 20
    z = (spread - spread.mean()) / spread.std()
    yeo_johnson = TargetTransform.fit("yeo-johnson", spread)
    assert yeo_johnson.exponent == pytest.approx(stats.yeojohnson_normmax(z), abs=1e-4)
    np.testing.assert_allclose(yeo_johnson.forward(spread), stats.yeojohnson(z, yeo_johnson.exponent))

    np.testing.assert_array_equal(TargetTransform.fit("log", SKEWED).forward(SKEWED), np.log(SKEWED))


@pytest.mark.parametrize("name", CURVES)
def test_what_is_skewed_becomes_even(name):
    assert stats.skew(SKEWED) > 2
    assert abs(stats.skew(TargetTransform.fit(name, SKEWED).forward(SKEWED))) < 0.2


@pytest.mark.parametrize("name", CURVES)
@given(data=st.data(), exponent=exponents)
def test_they_rise_and_come_back(name, data, exponent):
    own = curve(name, exponent)
    x = np.sort(data.draw(st.lists(values_of(name), min_size=2, max_size=20)))
    y = own.forward(x)
    assert np.isfinite(y).all()
    assert (np.diff(y) >= -4 * EPS * np.abs(y[1:])).all()
    # What one rounding of y stands for in x: it is much where a curve is as good as level.
    step = 1e-6 * np.maximum(1.0, np.abs(x))
    steepness = (own.forward(x + step) - y) / step if name == "yeo-johnson" else slope(own, x)
    tolerance = 1e-13 * np.abs(x) + 16 * EPS * (np.abs(y) + own.unit) / np.maximum(steepness, 1e-300)
    back = own.inverse(y)
    told = tolerance < 0.1 * np.maximum(1.0, np.abs(x))
    assert (np.abs(back - x) <= 4 * tolerance)[told].all()


def slope(own: TargetTransform, x: np.ndarray) -> np.ndarray:
    """dy/dx = z^λ / x of Box-Cox."""
    return np.exp(own.exponent * (np.log(x) - own.centre)) / x


@pytest.mark.parametrize("name", CURVES)
@given(
    exponent=exponents,
    y=st.lists(st.floats(-1e30, 1e30) | st.floats(-3, 3), min_size=2, max_size=20),
    largest=st.floats(1e-6, 1e6),
)
def test_the_way_back_never_falls_and_always_ends(name, exponent, y, largest):
    own = curve(name, exponent, largest=largest)
    x = own.inverse(np.sort(y))
    assert np.isfinite(x).all()
    assert (np.abs(x) <= 1e6 * largest).all()
    assert (np.diff(x) >= -4 * EPS * np.abs(x[1:])).all()
    if name != "yeo-johnson":
        assert (x >= 0).all()


@pytest.mark.parametrize(
    ("name", "exponent", "y", "x"),
    [
        ("box-cox", 0.5, -2.0, 0.0),  # the lowest that there is
        ("box-cox", 0.5, -1e9, 0.0),
        ("box-cox", -0.5, 2.0, 4e7),  # where it goes to infinity
        ("box-cox", -0.5, 1e9, 4e7),
        ("log", 0.0, 800.0, 4e7),
        ("log", 0.0, -800.0, 0.0),
        ("yeo-johnson", -1.0, 1.0, 4e7),
        ("yeo-johnson", 3.0, -1.0, -4e7),
        ("yeo-johnson", 3.0, -1e9, -4e7),
    ],
)
def test_where_the_way_back_ends(name, exponent, y, x):
    own = TargetTransform(name, exponent, largest=40.0)
    np.testing.assert_array_equal(own.inverse(np.array([y])), [x])


@pytest.mark.parametrize("name", CURVES)
def test_values_far_from_0_keep_their_digits(name):
    values = 1e6 + np.random.default_rng(1).gamma(2.0, 3.0, 500)
    own = TargetTransform.fit(name, values)
    np.testing.assert_allclose(own.inverse(own.forward(values)) - 1e6, values - 1e6, rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", CURVES)
def test_a_value_has_the_same_bits_wherever_it_stands(name):
    own = TargetTransform.fit(name, SKEWED)
    y = own.forward(SKEWED)
    spaced = np.zeros((len(SKEWED), 3))
    spaced[:, 1] = SKEWED
    np.testing.assert_array_equal(own.forward(spaced[:, 1]), y)
    np.testing.assert_array_equal(own.forward(SKEWED[::-1])[::-1], y)
    for count in (1, 2, 3, 7, 13):
        pieces = [own.forward(SKEWED[i : i + count]) for i in range(0, len(SKEWED), count)]
        np.testing.assert_array_equal(np.concatenate(pieces), y)
        pieces = [own.inverse(y[i : i + count]) for i in range(0, len(SKEWED), count)]
        np.testing.assert_array_equal(np.concatenate(pieces), own.inverse(y))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_json_keeps_every_bit(name):
    own = TargetTransform.fit(name, SKEWED)
    assert TargetTransform.from_dict(json.loads(json.dumps(own.to_dict()))) == own


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("constant", [1e-9, 1.0, 12345.678])
def test_equal_values_are_learnt_as_they_are(name, constant):
    values = np.full(10, constant)
    own = TargetTransform.fit(name, values)
    y = own.forward(values)
    assert own.centre_and_scale(y)[1] == 1
    np.testing.assert_allclose(own.inverse(y), values, rtol=1e-12)


def test_zeros_alone():
    own = TargetTransform.fit("yeo-johnson", np.zeros(5))
    np.testing.assert_array_equal(own.inverse(own.forward(np.zeros(5))), np.zeros(5))
    assert own.largest > 0


def test_a_robust_scale_is_that_of_the_normal_distribution_and_heeds_no_outlier():
    values = np.random.default_rng(2).normal(50, 4, 20_000)
    robust = TargetTransform.fit("robust", values)
    centre, scale = robust.centre_and_scale(robust.forward(values))
    assert (centre, scale) == pytest.approx((50, 4), rel=0.02)
    values[:100] = 1e9
    assert robust.centre_and_scale(values) == pytest.approx((50, 4), rel=0.02)
    values[100:19_000] = 50.0  # so that half are the same: the quartiles say nothing
    assert robust.centre_and_scale(values) == (values.mean(), values.std())


def test_what_is_refused(refusal):
    values = np.array([3.0, 0.0, -1.5])
    for name in ("log", "box-cox"):
        own = TargetTransform(name)
        assert own.refused(values).tolist() == [False, True, True]
        assert refusal(check_transform, own, values, "target 'load'", lambda row: f"in row {row + 1}") == (
            f"target 'load' must be above 0 for the transform {name}, got 0 in row 2; "
            "fit with yeo-johnson, which takes any number"
        )
    for name in ("standard", "robust", "yeo-johnson"):
        check_transform(TargetTransform(name), values, "y", str)


def test_an_unknown_name(refusal):
    assert refusal(TargetTransform.fit, "boxcox", SKEWED) == (
        "target_transform must be one of standard, robust, log, box-cox, yeo-johnson, got 'boxcox'; "
        "did you mean 'box-cox'?"
    )


def test_going_both_ways_needs_no_scipy():
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "from recurra.data import TargetTransform\n"
        "own = TargetTransform('yeo-johnson', 0.3, 1.0, 2.0, 9.0)\n"
        "print(own.inverse(own.forward([4.0]))[0].round(9), 'torch' in sys.modules)\n"
        "try: TargetTransform.fit('box-cox', [1.0, 2.0, 4.0])\n"
        "except Exception as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "4.0 False",
        "scipy is not installed; install it with: pip install 'recurra[data]'",
    ]
