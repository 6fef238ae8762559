"""An evaluation as sentences and tables of text, for a page or a terminal."""

from collections.abc import Mapping

import numpy as np

from recurra._base.wording import count
from recurra.data import Series, Split
from recurra.evaluation import Evaluation
from recurra.inspection import tables, wording
from recurra.inspection.tables import Score, Table
from recurra.inspection.wording import METRICS, MODEL, number, numbers

_MOST_STEPS_SHOWN = 8


def parts(series: Series, split: Split, windows: Mapping[str, int]) -> Table:
    """The parts of a series: when they begin and end, rows, imputed targets, and ``windows`` by part."""
    when = wording.times(series.time)
    rows = []
    for name, part in zip(("training", "validation", "test"), split.parts):
        imputed = int((~series.observed[part, 0]).sum())
        counts = [part.stop - part.start, imputed, windows[name]]
        rows.append([name, when[part.start], when[part.stop - 1], *(f"{amount:,}" for amount in counts)])
    return Table(["Part", "First", "Last", "Rows", "Imputed", "Windows"], rows)


def data_lines(series: Series, split: Split) -> list[str]:
    """What people should know about the data: gaps and how they were imputed, rows that are not used."""
    lines = series.report.lines()
    for rows, place in (
        (split.unused_before, "before the training part"),
        (split.unused, "after the test part"),
    ):
        if rows:
            lines.append(f"{count(rows, 'row')} {place} {'is' if rows == 1 else 'are'} not used.")
    return lines


def verdict(evaluation: Evaluation) -> list[str]:
    """How the model did beside the best baseline, in sentences."""
    mae = evaluation.metrics["mae"]
    where = f"over {count(evaluation.windows, 'forecast')}"
    name = best_baseline(evaluation)
    if name is None or not np.isfinite(mae):
        return [f"The forecasts are off by {number(mae)} on average (MAE {where}); there is no baseline."]
    other = evaluation.baselines[name]["mae"]
    ours, theirs = numbers([mae, other])
    change = wording.change(mae, other)
    sentence = (
        f"The forecasts are off by {ours} on average (MAE {where}), "
        f"{change} the best baseline, {name} ({theirs})."
    )
    if mae < other:
        return [sentence]
    return [sentence, f"Here {name} is the better choice, unless other settings or more data change that."]


def best_baseline(evaluation: Evaluation) -> str | None:
    """The baseline with the lowest MAE, or None."""
    return next(
        iter(wording.best_of(METRICS[0], {name: s["mae"] for name, s in evaluation.baselines.items()})), None
    )


def headline(evaluation: Evaluation, unit: str) -> list[tuple[str, str, str]]:
    """The figures to read first: name, value, note."""
    mae = evaluation.metrics["mae"]
    name = best_baseline(evaluation)
    shown = [("Mean absolute error", number(mae), "in the target's unit")]
    if name is not None:
        ours, theirs = numbers([mae, evaluation.baselines[name]["mae"]])
        shown = [
            ("Mean absolute error", ours, "in the target's unit"),
            ("Best baseline", theirs, name),
        ]
    covered = numbers([evaluation.metrics["coverage"]], scale=100.0, suffix=" %")[0]
    shown.append(("Actual in the interval", covered, "80 % would be right"))
    shown.append(("Forecasts scored", f"{evaluation.windows:,}", f"one from every {unit}"))
    return shown


def names(evaluation: Evaluation) -> list[str]:
    """The columns of `scores`: the model, then the baselines."""
    return [MODEL, *evaluation.baselines]


def scores(evaluation: Evaluation) -> list[Score]:
    """Every metric of the model and the baselines, on the same forecasts."""
    return tables.score_rows(METRICS, {MODEL: evaluation.metrics, **evaluation.baselines})


def baseline_lines(evaluation: Evaluation) -> list[str]:
    """How each baseline was made, and why there is none where it could not be."""
    return tables.baseline_lines(evaluation.baseline_notes, evaluation.failed_baselines)


def steps(evaluation: Evaluation) -> Table:
    """MAE at a few steps of the horizon."""
    horizon = evaluation.times.shape[1]
    shown = np.unique(np.linspace(1, horizon, min(horizon, _MOST_STEPS_SHOWN)).round().astype(int))
    columns = [errors[shown - 1].tolist() for errors in evaluation.error_by_step.values()]
    texts = numbers([value for column in columns for value in column])
    rows = [[f"{step:,}", *texts[i :: len(shown)]] for i, step in enumerate(shown)]
    return Table(["Steps ahead", *evaluation.error_by_step], rows)


def residuals(evaluation: Evaluation) -> np.ndarray:
    """Actual minus forecast (W, horizon), NaN where the actual value was not observed."""
    return np.where(evaluation.observed, evaluation.actual - evaluation.point, np.nan)


def residual_facts(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The residuals' location and spread, and the largest of them."""
    found = residuals(evaluation)
    size = np.abs(found)
    window, step = np.unravel_index(np.nanargmax(size), size.shape)
    low, middle, high = np.nanquantile(found, [0.1, 0.5, 0.9])
    mean, middle, spread, low, high, largest = numbers(
        map(float, [np.nanmean(found), middle, np.nanstd(found), low, high, found[window, step]]),
        resolution=float(high - low) / 10,
    )
    when = wording.times(evaluation.times)[int(window) * size.shape[1] + int(step)]
    return [
        ("Mean (bias)", mean),
        ("Median", middle),
        ("Standard deviation", spread),
        ("Inner 80 %", f"{low} to {high}"),
        ("Largest", f"{largest}, for {when}, {count(int(step) + 1, 'step')} ahead"),
    ]


def calibration(evaluation: Evaluation) -> Table:
    """How often the actual value lay below each quantile, beside how often it should."""
    seen = evaluation.observed
    rows = []
    for place, level in enumerate(evaluation.levels):
        below = float((evaluation.actual < evaluation.quantiles[:, :, place])[seen].mean())
        rows.append([f"below the {100 * level:g} % quantile", f"{100 * level:.1f} %", f"{100 * below:.1f} %"])
    return Table(["Actual value", "should be", "was"], rows)
