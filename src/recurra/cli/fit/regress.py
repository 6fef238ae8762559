"""recurra fit regress: train a regressor of sequences."""

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.fit.classify import DATA
from recurra.cli.fit.output import Output
from recurra.cli.fit.parts import Parts
from recurra.cli.fit.reading import Reading
from recurra.cli.fit.sequences import fit_sequences
from recurra.cli.fit.settings import PooledNetwork, ValueTraining
from recurra.cli.grouped import grouped


@grouped
def regress(
    data: Annotated[Path, typer.Argument(metavar="DATA", help=DATA)],
    *,
    reading: Reading,
    parts: Parts,
    network: PooledNetwork,
    training: ValueTraining,
    output: Output,
) -> None:
    """Train a regressor: one number, with quantiles, for each text, series or audio clip.

    It is scored on the test part beside simple baselines, and written with a report. Labels are numbers;
    shares of DATA keep groups whole.
    """
    fit_sequences(
        "regress",
        data,
        lambda: reading.source(data, numeric=True),
        parts,
        network,
        training,
        output,
        reading=reading,
    )
