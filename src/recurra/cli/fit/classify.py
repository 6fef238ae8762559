"""recurra fit classify: train a classifier of sequences."""

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.fit.output import Output
from recurra.cli.fit.parts import Parts
from recurra.cli.fit.reading import Reading
from recurra.cli.fit.sequences import fit_sequences
from recurra.cli.fit.settings import ClassTraining, PooledNetwork
from recurra.cli.grouped import grouped

DATA = "A table of texts or of series (CSV, TSV, JSONL or Parquet), or a folder or zip of audio clips."


@grouped
def classify(
    data: Annotated[Path, typer.Argument(metavar="DATA", help=DATA)],
    *,
    reading: Reading,
    parts: Parts,
    network: PooledNetwork,
    training: ClassTraining,
    output: Output,
) -> None:
    """Train a classifier: one class for each text, series or audio clip.

    It is scored on the test part beside simple baselines, and written with a report. Shares of DATA keep
    the classes in proportion, and groups whole.
    """
    fit_sequences(
        "classify",
        data,
        lambda: reading.source(data, numeric=False),
        parts,
        network,
        training,
        output,
        reading=reading,
    )
