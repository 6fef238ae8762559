"""recurra fit translate: train a model from one text to another."""

from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra.cli.fit.output import Output
from recurra.cli.fit.pair_data import PairParts, PairReading
from recurra.cli.fit.pair_settings import PairNetwork, PairTraining
from recurra.cli.fit.run import Job, Story, fit
from recurra.cli.fit.settings import arguments
from recurra.cli.grouped import grouped
from recurra.cli.models import learnt
from recurra.cli.option import with_options

if TYPE_CHECKING:
    from recurra.data import Pairs
    from recurra.tasks import Seq2Seq

_SAMPLES, _SHORT = 3, 100


@grouped
def translate(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA [TARGETS]",
            help="Sources and targets: two text files whose lines belong together, or a table (CSV, TSV, "
            "JSONL or Parquet) with --source and --target.",
        ),
    ],
    *,
    reading: PairReading,
    parts: PairParts,
    network: PairNetwork,
    training: PairTraining,
    output: Output,
) -> None:
    """Train a model that turns one text into another: translation, question and answer, a short summary.

    It is scored on the test part beside the source itself, a word-by-word dictionary and the nearest training
    pair, and written with a report. recurra predict answers with it.
    """

    def begin() -> Job:
        parts.check()
        columns = reading.columns(data)
        asked = arguments(network, training)
        output.check(*data, *parts.files())
        given: dict[str, Any] = parts.cut(data, columns, asked.get("seed", 0))
        if (share := parts.validation_share(given)) is not None:
            asked["validation_share"] = share
        from recurra import tasks  # brings PyTorch, which takes seconds: not before the data is read
        from recurra.inspection.pair_report import pair_report

        return Job(tasks.Seq2Seq(**asked), {**given, "columns": columns}, pair_report, _story)

    names = [field.name for group in (reading, network, training) for field in fields(group)]
    fit(begin, data[0], output, resume=training.resume, in_options=partial(_in_options, names=names))


def _in_options(message: str, names: list[str]) -> str:
    """``message`` in the words of the command line."""
    message = message.replace("validation_share", "--validation")
    return with_options(message, names).replace("--no-tied", "--untied")


def _story(estimator: "Seq2Seq") -> Story:
    from recurra.inspection.tables import Table

    parts: dict[str, Pairs] = {name: part for name, part in estimator.parts_.items() if part is not None}
    names = {"training": "train", "validation": "validation", "test": "test"}
    return Story(
        title=learnt(estimator.model_),
        parts=Table(["Part", "Pairs"], [[name, f"{len(part):,}"] for name, part in parts.items()]),
        split={names[name]: {"pairs": len(part)} for name, part in parts.items()},
        notes=estimator.notes_,
        sample=_sample(estimator),
    )


def _sample(estimator: "Seq2Seq") -> list[str]:
    """What the model makes of the first sources of the test part, beside the right text."""
    test = estimator.parts_["test"]
    if test is None or test.sources.kind != "text":
        return []
    first = test.take(slice(_SAMPLES))
    rows = zip(first.sources.items, estimator.predict(first), first.targets or [])
    return [f"{_short(source)} → {_short(text)} (right: {_short(right)})" for source, text, right in rows]


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
