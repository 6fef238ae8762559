from dataclasses import replace

import numpy as np
import pytest

from recurra.data import array_series
from recurra.evaluation import Evaluation
from recurra.inspection import summary


@pytest.fixture(scope="module")
def evaluation(make) -> Evaluation:
    values = np.random.default_rng(0).normal(size=200).cumsum()
    values[180] = np.nan
    return make(array_series(values, ["y"])).evaluation


def with_mae(evaluation: Evaluation, model: float, **baselines: float) -> Evaluation:
    scores = {name.replace("_", " "): {**evaluation.metrics, "mae": mae} for name, mae in baselines.items()}
    return replace(evaluation, metrics={**evaluation.metrics, "mae": model}, baselines=scores, windows=37)


def test_the_verdict_names_the_best_baseline_and_by_how_much_it_is_beaten(evaluation: Evaluation) -> None:
    assert summary.verdict(with_mae(evaluation, 0.75, last_value=3.0, ETS=1.0)) == [
        "The forecasts are off by 0.750 on average (MAE over 37 forecasts), "
        "25 % less than the best baseline, ETS (1.000)."
    ]


def test_the_verdict_says_when_a_baseline_is_better(evaluation: Evaluation) -> None:
    assert summary.verdict(with_mae(evaluation, 1.1, last_value=1.0)) == [
        "The forecasts are off by 1.10 on average (MAE over 37 forecasts), 10 % more than the best baseline, "
        "last value (1.00).",
        "Here last value is the better choice, unless other settings or more data change that.",
    ]


@pytest.mark.parametrize(
    ("model", "baseline", "comparison"),
    [
        (1.001, 1.0, "about as much as"),
        (0.999, 1.0, "about as much as"),
        (0.5, 0.0, "more than"),
        (2.5, 1.0, "2.5 times as much as"),
    ],
)
def test_the_verdict_on_near_ties_and_on_perfect_baselines(
    evaluation: Evaluation, model: float, baseline: float, comparison: str
) -> None:
    assert (
        f" forecasts), {comparison} the best" in summary.verdict(with_mae(evaluation, model, ETS=baseline))[0]
    )


def test_the_verdict_without_baselines(evaluation: Evaluation) -> None:
    assert summary.verdict(with_mae(evaluation, 0.5)) == [
        "The forecasts are off by 0.500 on average (MAE over 37 forecasts); there is no baseline."
    ]


def test_the_headline_repeats_the_numbers(evaluation: Evaluation) -> None:
    shown = summary.headline(with_mae(evaluation, 0.75, last_value=3.0), "week")
    assert [entry[:2] for entry in shown][:2] == [
        ("Mean absolute error", "0.750"),
        ("Best baseline", "3.000"),
    ]
    assert shown[-1] == ("Forecasts scored", "37", "one from every week")
    assert len(summary.headline(with_mae(evaluation, 0.75), "week")) == 3


def test_scores_mark_the_best_of_each_metric(evaluation: Evaluation) -> None:
    scores = {score.metric.key: score.cells for score in summary.scores(evaluation)}
    columns = [evaluation.metrics, *evaluation.baselines.values()]
    assert summary.names(evaluation) == ["model", "last value", "ETS"]
    assert [best for _, best in scores["mae"]] == [
        column["mae"] == min(other["mae"] for other in columns) for column in columns
    ]
    for text, column in zip((text for text, _ in scores["coverage"]), columns):
        assert text == f"{100 * column['coverage']:.1f} %"


def test_baselines_say_how_they_were_made_and_why_one_is_absent(evaluation: Evaluation) -> None:
    lines = summary.baseline_lines(evaluation)
    assert lines[0] == "last value: the last observed value, repeated."
    assert lines[1].startswith("ETS: ")
    assert lines[2].startswith("No seasonal naive: no season is known for counted rows")


def test_steps_show_the_error_of_the_first_and_the_last_step(evaluation: Evaluation) -> None:
    table = summary.steps(evaluation)
    assert table.columns == ["Steps ahead", "model", "last value", "ETS"]
    assert [row[0] for row in table.rows] == ["1", "2", "3", "4"]
    shown = np.asarray([[float(text) for text in row[1:]] for row in table.rows])
    expected = np.stack(list(evaluation.error_by_step.values()), axis=1)
    np.testing.assert_allclose(shown, expected, atol=5e-3)


def test_residuals_leave_out_what_was_imputed(evaluation: Evaluation) -> None:
    residuals = summary.residuals(evaluation)
    assert np.array_equal(np.isnan(residuals), ~evaluation.observed)
    assert np.isnan(residuals).sum() == 4  # the one missing row, in the window of each of 4 origins
    facts = dict(summary.residual_facts(evaluation))
    assert float(facts["Mean (bias)"].replace("−", "-")) == pytest.approx(np.nanmean(residuals), abs=0.02)
    window, step = np.unravel_index(np.nanargmax(np.abs(residuals)), residuals.shape)
    assert facts["Largest"].endswith(
        f"for row {evaluation.times[window, step]}, {summary.count(int(step) + 1, 'step')} ahead"
    )


def test_calibration_counts_what_lies_below_each_quantile(evaluation: Evaluation) -> None:
    seen = evaluation.observed
    below = [(evaluation.actual < evaluation.quantiles[..., i])[seen].mean() for i in range(3)]
    assert [row[1:] for row in summary.calibration(evaluation).rows] == [
        ["10.0 %", f"{100 * below[0]:.1f} %"],
        ["50.0 %", f"{100 * below[1]:.1f} %"],
        ["90.0 %", f"{100 * below[2]:.1f} %"],
    ]
