"""recurra fit forecast: train a forecaster, score it, write it and its report."""

import time as clock
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra._base.errors import RecurraError
from recurra.cli import console
from recurra.cli.fit.output import check_outputs, report_beside
from recurra.cli.option import option, with_options
from recurra.cli.progress import training_progress
from recurra.cli.scores import say_scores

if TYPE_CHECKING:
    from recurra.tasks import Forecaster


def _column(metavar: str, help: str) -> Any:  # noqa: A002
    return option(metavar, help, "Columns and steps")


def _network(metavar: str, help: str) -> Any:  # noqa: A002
    return option(metavar, help, "Network")


def _training(metavar: str, help: str) -> Any:  # noqa: A002
    return option(metavar, help, "Training")


def _part(help: str) -> Any:  # noqa: A002
    return option("S", help, "Parts, one after the other in time")


def _output(metavar: str, help: str, *names: str) -> Any:  # noqa: A002
    return option(metavar, help, "Output", *names)


# Defaults are the estimator's, which brings PyTorch; a test holds these texts to them.
def forecast(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="CSV, TSV or Parquet: one row for each time.")],
    *,
    target: Annotated[str, _column("COL", "The column to forecast.")],
    horizon: Annotated[int, _column("N", "Steps to forecast.")],
    time: Annotated[
        str | None,
        _column(
            "COL", "The column of times. Default: the only one with dates; without one, rows are counted."
        ),
    ] = None,
    context: Annotated[
        int | None,
        _column(
            "N", "Steps to look back. Default: four seasons, or two horizons, so that a trend shows, too."
        ),
    ] = None,
    past: Annotated[
        list[str] | None,
        _column("COL", "Another column to learn from, known up to the last row only. May be repeated."),
    ] = None,
    target_transform: Annotated[
        str | None,
        option(
            "NAME",
            "What the target goes through before it is learnt, and back after: standard, robust, log, "
            "box-cox or yeo-johnson. Default: standard, which divides by the deviation.",
            "Columns and steps",
            "--transform",
        ),
    ] = None,
    cell: Annotated[
        str | None, _network("rnn|lstm|gru", "The recurrent cell. Default: lstm, which remembers longest.")
    ] = None,
    hidden_size: Annotated[
        int | None, _network("N", "Units in each layer. Default: 64, plenty for one series and quick.")
    ] = None,
    num_layers: Annotated[
        int | None, _network("N", "Layers. Default: 1; more seldom help on a single series.")
    ] = None,
    epochs: Annotated[
        int | None, _training("N", "Passes over the training part. Default: 100; most runs stop long before.")
    ] = None,
    batch_size: Annotated[
        int | None, _training("N", "Windows in each step. Default: 64, for many steps in an epoch.")
    ] = None,
    learning_rate: Annotated[
        float | None, _training("X", "Step size. Default: 0.001, as Adam's authors recommend.")
    ] = None,
    clip_norm: Annotated[
        float | None,
        _training("X", "The largest gradient. Default: 1, since long sequences make some explode."),
    ] = None,
    seed: Annotated[
        int | None, _training("N", "Default: 0. The same seed, data and settings give the same model.")
    ] = None,
    train: Annotated[str | None, _part("To learn from. Default: 0.7")] = None,
    validation: Annotated[str | None, _part("To decide when to stop. Default: 0.1")] = None,
    test: Annotated[str | None, _part("To be scored on, unseen until the end. Default: 0.2")] = None,
    model: Annotated[Path, _output("MODEL", "The model file to write, such as load.safetensors.", "-o")],
    report: Annotated[
        Path | None, _output("FILE", "The report to write. Default: beside MODEL, ending in .report.html.")
    ] = None,
    json: Annotated[
        bool, _output("", "Print one JSON object, for machines, and no progress.", "--json")
    ] = False,
    quiet: Annotated[bool, _output("", "Print nothing but errors.", "--quiet")] = False,
) -> None:
    """Train a forecaster on a table, score it beside simple baselines, and write it with a report.

    S says what a part takes: with a decimal point a fraction of the rows, as an integer a number of rows, as
    an ISO date the first day of the part. Fractions before a date share the rows up to it, so a single one
    takes them all. Rows after the test part are not used. Gaps and missing values are imputed, and the output
    says how.
    """
    from recurra.data import parse_share

    shares = {"train": train, "validation": validation, "test": test}
    asked = {
        "target": target, "time": time, "horizon": horizon, "context": context, "past": past,
        "target_transform": target_transform, "cell": cell, "hidden_size": hidden_size,
        "num_layers": num_layers, "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate,
        "clip_norm": clip_norm, "seed": seed, **shares,
    }  # fmt: skip
    start = clock.perf_counter()
    report = report_beside(model) if report is None else report
    try:
        asked |= {name: parse_share(name, share) for name, share in shares.items() if share is not None}
        forecaster = train_forecaster(data, model, report, asked, show=not (json or quiet))
    except RecurraError as error:
        raise type(error)(with_options(str(error), asked)) from error
    seconds = clock.perf_counter() - start
    if json:
        console.say_json(_summary(forecaster, model, report, seconds))
    elif not quiet:
        say_forecaster(forecaster)
        console.say()
        console.say_files({"Model": model, "Report": report}, seconds)


def train_forecaster(
    data: Path, model: Path, report: Path, asked: dict[str, Any], *, show: bool
) -> "Forecaster":
    """Train on ``data`` as ``asked`` (None: the default), and write ``model`` and ``report``."""
    from recurra.artifact.writing import replace_file

    check_outputs({"-o": model, "--report": report}, (data,))
    from recurra.inspection.report import forecast_report
    from recurra.tasks import Forecaster  # brings PyTorch, which takes seconds: not before it is needed

    forecaster = Forecaster(**{name: value for name, value in asked.items() if value is not None})
    with training_progress() if show else nullcontext() as on_event:
        forecaster.fit(data, on_event=on_event)
    page = forecast_report(
        forecaster.model_,
        forecaster.evaluation_,
        forecaster.series_,
        forecaster.split_,
        data=str(data),
        path=str(model),
    )
    forecaster.save(model)
    replace_file(report, page.encode())
    return forecaster


def say_forecaster(forecaster: "Forecaster") -> None:
    """Print what the data was and how good the forecasts are."""
    from recurra.inspection import summary
    from recurra.inspection.wording import steps

    series, split, inputs = forecaster.series_, forecaster.split_, forecaster.model_.inputs
    ahead, back = (steps(amount, inputs.frequency) for amount in (inputs.horizon, inputs.context))
    console.say(f"{inputs.target}: the next {ahead} from the last {back}")
    parts = summary.parts(series, split, forecaster.windows_)
    console.say_table(parts.columns, parts.rows)
    if how := inputs.scaler.target_transform.describe():
        console.say(f"{inputs.target} is {how}.")
    for line in summary.data_lines(series, split):
        console.say(line)
    console.say()
    say_scores(forecaster.evaluation_)


def _summary(forecaster: "Forecaster", model: Path, report: Path, seconds: float) -> dict[str, Any]:
    series, windows = forecaster.series_, forecaster.windows_
    split = forecaster.split_.to_dict(series.time)
    for name, part in (("train", "training"), ("validation", "validation"), ("test", "test")):
        split[name]["windows"] = windows[part]
    return {
        "model": str(model),
        "report": str(report),
        "seconds": seconds,
        **forecaster.evaluation_.to_dict(),
        "split": split,
        "fingerprint": forecaster.model_.fingerprint,
    }
