"""recurra fit language-model: train a model that writes texts or music."""

import re
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra.cli.fit.language_data import LanguageParts, LanguageReading
from recurra.cli.fit.language_settings import LanguageLayers, LanguageTraining
from recurra.cli.fit.output import Output
from recurra.cli.fit.run import Job, Story, fit
from recurra.cli.fit.settings import arguments
from recurra.cli.grouped import grouped
from recurra.cli.language import parts_table, sample, sizes
from recurra.cli.models import learnt
from recurra.cli.option import with_options

if TYPE_CHECKING:
    from recurra.tasks import LanguageModel


@grouped
def language_model(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Plain text, a table with a text in each row (CSV, TSV, JSONL or Parquet), or music.",
        ),
    ],
    *,
    reading: LanguageReading,
    parts: LanguageParts,
    network: LanguageLayers,
    training: LanguageTraining,
    output: Output,
) -> None:
    """Train a language model: it learns texts, names or music, and then writes the like.

    It is scored on the test part beside an n-gram model, or simple models of keys, and written with a report.
    Defaults that differ by --level, or for --music, follow it by name. recurra generate writes with it.
    """

    def begin() -> Job:
        parts.check()
        reading.check(data)
        asked = arguments(network, training)
        output.check(data, parts.validation_file, parts.test_file)
        given = parts.cut(data, reading, asked.get("seed", 0))
        if (share := parts.validation_share(given)) is not None:
            asked["validation_share"] = share
        from recurra import tasks  # brings PyTorch, which takes seconds: not before the data is read
        from recurra.inspection.language_report import language_report

        return Job(tasks.LanguageModel(**asked), given, language_report, _story)

    names = [field.name for group in (reading, network, training) for field in fields(group)]
    fit(begin, data, output, resume=training.resume, in_options=partial(_in_options, names=names))


def _in_options(message: str, names: list[str]) -> str:
    """``message`` in the words of the command line."""
    message = message.replace("validation_share", "--validation").replace("smaller bptt", "smaller --bptt")
    message = re.sub(r"^text names ", "--text names ", message)
    message = re.sub(r"\bleave (lines|text) out$", r"leave --\1 out", message)
    return with_options(message, names).replace("--no-tied", "--untied")


def _story(estimator: "LanguageModel") -> Story:
    parts: dict[str, Any] = {name: part for name, part in estimator.parts_.items() if part is not None}
    names = {"training": "train", "validation": "validation", "test": "test"}
    return Story(
        title=learnt(estimator.model_),
        parts=parts_table(parts),
        split={names[name]: sizes(part) for name, part in parts.items()},
        notes=estimator.notes_,
        sample=sample(estimator.model_),
    )
