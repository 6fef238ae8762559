"""Distributions: those that values were drawn from are recognised, and powers recovered."""

import numpy as np
import pytest

from recurra.diagnosis.distribution import distribution
from recurra.diagnosis.fits import fit_distributions

DRAWN = {
    "Normal": lambda rng: rng.normal(50, 10, 3000),
    "log-normal": lambda rng: rng.lognormal(1, 0.7, 3000),
    "Pareto": lambda rng: 2 * (1 + rng.pareto(2.5, 3000)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", DRAWN)
def test_the_distribution_that_values_were_drawn_from_fits_best(name: str, seed: int) -> None:
    found = distribution(DRAWN[name](np.random.default_rng(seed)))
    best, *others = found.fits
    assert best.name == found.follows == name
    assert not best.rejected
    assert best.distance < 0.03
    assert all(fit.distance > 2 * best.distance and fit.aic > best.aic for fit in others)
    assert others[-1].rejected


def test_parameters_are_those_that_values_were_drawn_with() -> None:
    rng = np.random.default_rng(0)
    fits = {
        name: {fit.name: fit for fit in distribution(draw(rng)).fits}[name].parameters
        for name, draw in DRAWN.items()
    }
    assert fits["Normal"] == pytest.approx({"mean": 50, "deviation": 10}, rel=0.03)
    assert fits["log-normal"] == pytest.approx({"median": np.e, "deviation of ln": 0.7}, rel=0.05)
    assert fits["Pareto"] == pytest.approx({"lowest": 2, "exponent": 2.5}, rel=0.05)


def test_p_values_hold_although_parameters_were_fitted() -> None:
    rng = np.random.default_rng(0)
    low = dict.fromkeys(DRAWN, 0)
    for _ in range(200):
        for name, draw in DRAWN.items():
            fit = {fit.name: fit for fit in fit_distributions(draw(rng)[:100])}[name]
            low[name] += fit.p_value < 0.05
    # 10 of 200 are to be expected; the usual table of Kolmogorov and Smirnov would have none.
    assert all(3 <= amount <= 20 for amount in low.values()), low


def test_the_rule_of_68_95_and_99_7_is_of_the_normal_distribution() -> None:
    rng = np.random.default_rng(0)
    assert distribution(rng.normal(size=20_000)).within == pytest.approx((0.683, 0.954, 0.997), abs=0.01)
    assert distribution(rng.uniform(size=20_000)).within == pytest.approx((0.577, 1, 1), abs=0.01)


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 0.5, 2.0])
def test_the_exponent_of_box_and_cox_is_recovered(exponent: float) -> None:
    straight = np.random.default_rng(1).normal(10, 1.2, 4000)
    values = np.exp(straight / 3) if exponent == 0 else straight ** (1 / exponent)
    power = distribution(values).power
    assert power.kind == "Box-Cox"
    assert power.exponent == pytest.approx(exponent, abs=0.25 if exponent == 2 else 0.12)
    assert power.after > 0.999
    assert power.before <= power.after
    scaled = distribution(1e6 * values).power
    assert scaled.exponent == pytest.approx(power.exponent, abs=1e-3)


def test_the_exponent_of_yeo_and_johnson_is_recovered() -> None:
    stats = pytest.importorskip("scipy.stats")
    straight = np.random.default_rng(2).normal(0.3, 1, 4000)
    # Undo the transform with exponent 0.5.
    up, down = straight >= 0, straight < 0
    values = np.zeros_like(straight)
    values[up] = (straight[up] * 0.5 + 1) ** 2 - 1
    values[down] = 1 - (1 - 1.5 * straight[down]) ** (1 / 1.5)
    assert stats.yeojohnson(values, lmbda=0.5) == pytest.approx(straight)
    power = distribution(values).power
    assert (power.kind, power.exponent) == ("Yeo-Johnson", pytest.approx(0.5, abs=0.05))
    assert power.after > 0.999 > power.before


def test_a_power_helps_where_a_tail_is_bent_and_not_where_values_are_normal() -> None:
    rng = np.random.default_rng(3)
    bent, straight = distribution(rng.lognormal(0, 1, 2000)).power, distribution(rng.normal(9, 1, 2000)).power
    assert (bent.helps, bent.near, bent.option) == (True, "the logarithm", "box-cox")
    assert not straight.helps


def test_measures_of_a_few_values_are_right() -> None:
    found = distribution(np.array([1.0, 2.0, 2.0, 7.0]))
    assert (found.count, found.distinct, found.mean) == (4, 3, 3.0)
    assert found.deviation == pytest.approx(np.sqrt(22 / 3))
    assert (found.quantiles["lowest"], found.quantiles["median"], found.quantiles["highest"]) == (1, 2, 7)
    assert found.counts.sum() == 4
    assert (found.fits, found.power, found.normal, found.straightness) == ((), None, None, None)


def test_a_constant_has_neither_shape_nor_fit() -> None:
    found = distribution(np.full(100, 3.0))
    assert (found.deviation, found.within, found.fits, found.follows) == (0.0, (1.0, 1.0, 1.0), (), "")
    assert np.isnan(found.skewness)
    assert found.counts.tolist() == [100]
    assert distribution(np.empty(0)) is None


def test_many_values_are_drawn_from_at_random_and_it_is_said() -> None:
    values = np.tile(np.arange(100.0), 1000)
    found = distribution(values)
    assert (found.drawn, found.count) == (50_000, 100_000)
    # Every second one, as an even choice would be, has no odd values among them.
    assert found.normal.straightness == pytest.approx(distribution(np.arange(100.0)).straightness, abs=0.02)
    assert distribution(values[:50_000]).drawn is None


def test_values_that_follow_none_of_the_three_are_said_to_follow_none() -> None:
    rng = np.random.default_rng(4)
    found = distribution(np.concatenate([rng.normal(2, 0.1, 500), rng.normal(5, 0.1, 500)]))
    assert found.follows == ""
    assert found.fits[0].distance > 0.1
