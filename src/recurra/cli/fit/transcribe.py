"""recurra fit transcribe: train a model that writes what it hears."""

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.fit.output import Output
from recurra.cli.fit.parts import Parts
from recurra.cli.fit.sequences import fit_sequences
from recurra.cli.fit.transcription_settings import (
    TranscriptionLayers,
    TranscriptionTraining,
    TranscriptReading,
)
from recurra.cli.grouped import grouped


@grouped
def transcribe(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table with the file of a clip and what is said in it in each row (CSV, TSV, JSONL or "
            "Parquet).",
        ),
    ],
    *,
    reading: TranscriptReading,
    parts: Parts,
    network: TranscriptionLayers,
    training: TranscriptionTraining,
    output: Output,
) -> None:
    """Train a transcriber: it hears a clip and writes what is said, without being told where.

    It is scored on the test part, by the errors in words and in characters, and written with a report. Clips
    that are too short for their texts are left out of training, and named.
    """
    fit_sequences("transcribe", data, reading.source, parts, network, training, output, reading=reading)
