"""recurra fit tag: train a tagger of sequences."""

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.fit.output import Output
from recurra.cli.fit.parts import Parts
from recurra.cli.fit.reading import TagReading
from recurra.cli.fit.sequences import fit_sequences
from recurra.cli.fit.settings import Network, TagTraining
from recurra.cli.grouped import grouped


@grouped
def tag(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A .conllu file, a file with a word on each line, or a table of series "
            "(CSV, TSV, JSONL or Parquet).",
        ),
    ],
    *,
    reading: TagReading,
    parts: Parts,
    network: Network,
    training: TagTraining,
    output: Output,
) -> None:
    """Train a tagger: one label for each word of a sentence, or for each step of a series.

    It is scored on the test part beside simple baselines, and written with a report. Labels such as B-PER
    and I-PER are taken for spans, which are scored whole.
    """
    fit_sequences(
        "tag", data, lambda: reading.source(data), parts, network, training, output, reading=reading
    )
