"""The report of a forecaster: what was asked, the data, training, forecasts, errors and the way on."""

import datetime as dt
import shlex
from typing import Any

import numpy as np

import recurra
from recurra._base.wording import count
from recurra.data import Series, Split
from recurra.evaluation import Evaluation
from recurra.inspection import figures, summary, wording
from recurra.inspection.page import render
from recurra.inspection.training import training_story
from recurra.inspection.wording import MODEL, numbers, steps
from recurra.runtime import ForecastInputs, ForecastModel

_MOST_POINTS_OF_WINDOWS = 6000


def forecast_report(
    model: ForecastModel,
    evaluation: Evaluation,
    series: Series,
    split: Split,
    *,
    data: str,
    path: str,
) -> str:
    """One self-contained HTML page about a trained forecaster.

    Args:
        model: the model, with its history and card.
        evaluation: its forecasts of the test part.
        series: the data that it was trained on; the first column is the target.
        split: the parts of ``series``.
        data: what to call the data, such as its path.
        path: where the model lies.

    Raises MissingExtraError without plotly and jinja2.
    """
    inputs = model.inputs
    unit = wording.unit(inputs.frequency)
    training = training_story(model.history)
    residuals = summary.residuals(evaluation)
    stretches = np.arange(0, evaluation.windows, inputs.horizon)[
        -max(1, figures.MOST_POINTS // inputs.horizon) :
    ]
    windows, choices = _windows(evaluation, series, inputs.context)
    pictures = {
        "series-figure": figures.series_figure(
            series.time, series.values[:, 0], series.observed[:, 0], split
        ),
        "learning-figure": figures.learning_figure(
            training.epochs, training.loss, training.validation_loss, training.kept
        ),
        "stretches-figure": figures.stretches_figure(
            evaluation.times[stretches],
            np.where(evaluation.observed, evaluation.actual, np.nan)[stretches],
            evaluation.quantiles[stretches],
        ),
        "window-figure": choices,
        "error-figure": figures.error_figure(evaluation.error_by_step, MODEL),
        "histogram-figure": figures.histogram_figure(residuals[~np.isnan(residuals)]),
        "residual-figure": figures.residual_figure(evaluation.times[:, 0], residuals),
    }
    return render(
        "forecast.html",
        pictures,
        version=recurra.__version__,
        created=dt.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        target=inputs.target,
        horizon=steps(inputs.horizon, inputs.frequency),
        unit=unit,
        verdict=summary.verdict(evaluation),
        headline=summary.headline(evaluation, unit),
        asked=_asked(model, data),
        data_note=_data_note(series),
        parts=summary.parts(series, split, model.card["windows"]),
        gaps=summary.data_lines(series, split),
        training=training,
        stretches_note=_stretches_note(len(stretches), evaluation, inputs),
        windows=windows,
        forecasts=count(evaluation.windows, "forecast"),
        steps=summary.steps(evaluation),
        baselines_note=_baselines_note(evaluation),
        score_names=summary.names(evaluation),
        scores=summary.scores(evaluation),
        baseline_lines=summary.baseline_lines(evaluation),
        residuals=summary.residual_facts(evaluation),
        calibration=summary.calibration(evaluation),
        settings=wording.settings(model.card["settings"]),
        versions=_versions(model),
        intended_use=model.card["intended_use"],
        risks=model.card["risks"],
        shell=_shell(path, data),
        python=_python(path, data),
    )


def _windows(
    evaluation: Evaluation, series: Series, context: int
) -> tuple[list[tuple[str, list[tuple[int, str]]]], dict[str, Any]]:
    """Some of the forecasts to choose from: the choices, in groups, and what the script draws for each."""
    horizon = evaluation.times.shape[1]
    errors = np.abs(summary.residuals(evaluation))
    scored = np.flatnonzero(evaluation.observed.any(axis=1))
    mean_errors = np.nanmean(errors[scored], axis=1)
    order = scored[np.argsort(mean_errors, kind="stable")]
    amount = int(np.clip(_MOST_POINTS_OF_WINDOWS // horizon, 5, 24))
    by_time = np.unique(scored[np.linspace(0, len(scored) - 1, min(amount, len(scored))).round().astype(int)])
    ranks = {"typical": order[len(order) // 2], "best": order[0], "worst": order[-1]}

    starts = wording.times(evaluation.times[:, 0])
    sizes = dict(zip(scored.tolist(), numbers(mean_errors.tolist())))
    groups = [
        (
            "By error",
            [
                (place, f"{name}: from {starts[w]}, MAE {sizes[w]}")
                for place, (name, w) in enumerate(ranks.items())
            ],
        )
    ]
    groups.append(
        (
            "In order of time",
            [(len(ranks) + i, f"from {starts[w]}, MAE {sizes[w]}") for i, w in enumerate(by_time.tolist())],
        )
    )
    drawn = []
    for window in [*ranks.values(), *by_time]:
        origin = int(np.searchsorted(series.time, evaluation.times[window, 0]))
        before = slice(max(0, origin - min(context, 2 * max(horizon, 12))), origin)
        actual = np.where(evaluation.observed[window], evaluation.actual[window], np.nan)
        seen = np.where(series.observed[before, 0], series.values[before, 0], np.nan)
        picture = figures.window_figure(
            series.time[before],
            seen,
            evaluation.times[window],
            actual,
            evaluation.quantiles[window],
            {name: points[window] for name, points in evaluation.baseline_points.items()},
        ).to_plotly_json()
        low, middle, high = evaluation.quantiles[window].T
        texts = numbers([*actual, *middle, *low, *high], resolution=float(np.median(high - low)))
        columns = [texts[i * horizon : (i + 1) * horizon] for i in range(4)]
        rows = list(zip(wording.times(evaluation.times[window]), *columns))
        drawn.append({"data": picture["data"], "layout": picture["layout"], "rows": rows})
    return groups, {"choices": drawn}


def _asked(model: ForecastModel, data: str) -> list[tuple[str, str]]:
    inputs = model.inputs
    recurrent = next(part for part in model.spec["layers"] if part["type"] == "recurrent")
    cell = "RNN" if recurrent["cell"] == "rnn" else recurrent["cell"].upper()
    layers = count(recurrent["num_layers"], "layer")
    times = (
        f"{inputs.time}, one row every {wording.unit(inputs.frequency)}"
        if inputs.time
        else "rows are counted"
    )
    return [
        ("Forecast", f"{inputs.target}, {steps(inputs.horizon, inputs.frequency)} ahead"),
        (
            "From",
            f"the last {steps(inputs.context, inputs.frequency)} of {wording.listing(inputs.columns)}",
        ),
        ("Data", data),
        ("Time", times),
        ("Interval", "10 % to 90 % quantile, around the median"),
        ("Network", f"{cell}, {count(recurrent['hidden_size'], 'unit')}, {layers}"),
    ]


def _data_note(series: Series) -> str:
    rows = f" {len(series):,} rows"
    if len(series) <= figures.MOST_POINTS:
        return f"{rows}."
    return f"{rows}; drawn by the lowest and highest value of every few, so that no peak is lost."


def _stretches_note(shown: int, evaluation: Evaluation, inputs: ForecastInputs) -> str:
    total = count(evaluation.windows, "forecast")
    horizon = steps(inputs.horizon, inputs.frequency)
    first, last = wording.times(evaluation.times[[0, -1], [0, -1]])
    return (
        f"The test part from {first} to {last} holds {total}, one from every "
        f"{wording.unit(inputs.frequency)}; all are scored. Drawn are {shown} that do not overlap: each "
        f"covers {horizon} and knew nothing later than the moment before it begins."
    )


def _baselines_note(evaluation: Evaluation) -> str:
    note = (
        f"Every column is scored on the same {count(evaluation.windows, 'forecast')}. "
        "Less is better, save for the coverage, which should be 80 %."
    )
    if evaluation.imputed_targets:
        note += (
            f" {count(evaluation.imputed_targets, 'row')} of the part had to be imputed and are not scored."
        )
    return note


def _versions(model: ForecastModel) -> list[tuple[str, str]]:
    return [
        *model.card["versions"].items(),
        ("trained on", model.card["date"]),
        ("fingerprint of the data", model.card["data"]["fingerprint"]),
        ("fingerprint of the model", model.fingerprint),
    ]


def _shell(path: str, data: str) -> str:
    model, table = shlex.quote(path), shlex.quote(data)
    return "\n".join(
        [
            "# the steps after the last row of the data",
            f"recurra predict {model} {table} -o forecast.csv",
            "# how good it is on every forecast that a table allows; put newer data in place of this one",
            f"recurra evaluate {model} {table}",
        ]
    )


def _python(path: str, data: str) -> str:
    return "\n".join(
        [
            "import recurra",
            "",
            f"model = recurra.load({path!r})",
            "# a path, a data frame or an array",
            f"forecast = model.predict({data!r})",
            "forecast.time, forecast.point, forecast.quantiles",
            "# columns time, point, q0.1, q0.5, q0.9",
            "forecast.to_frame()",
        ]
    )
