"""recurra predict: forecast from a model file. No PyTorch."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recurra._base.errors import InputError
from recurra.cli import console

if TYPE_CHECKING:
    from recurra.runtime import Forecast


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as recurra fit writes it.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="CSV, TSV or Parquet with the model's columns.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            metavar="OUT",
            help="The file to write, ending in .csv or .parquet. Printed as CSV if not given.",
        ),
    ] = None,
) -> None:
    """Forecast the steps after the last row of DATA.

    The columns are time, point (the median) and the quantiles q0.1, q0.5 and q0.9. Where the times in DATA
    have a time zone, time is UTC and says so. What was missing in DATA and had to be imputed is said on
    standard error.
    """
    from recurra.artifact.writing import check_writable, replace_file
    from recurra.runtime import load

    if output is not None:
        for name, path in (("model", model), ("data", data)):
            if output.resolve() == path.resolve():
                raise InputError(f"-o names the {name} itself, {output}; give another file name")
        if output.suffix.lower() not in _WRITERS:
            raise InputError(f"-o must end in {' or '.join(_WRITERS)}, got {output}")
        check_writable(output)
    forecast = load(model).predict(data)
    console.note(forecast.gaps.lines())
    if output is None:
        console.out.file.write(_csv(forecast).decode())
    else:
        replace_file(output, _WRITERS[output.suffix.lower()](forecast))


def _csv(forecast: "Forecast") -> bytes:
    import polars as pl

    from recurra.inspection.wording import times

    frame = forecast.to_frame()
    if forecast.time.dtype.kind == "M":
        frame = frame.with_columns(pl.Series("time", times(forecast.time, utc=forecast.utc)))
    return frame.write_csv().encode()


def _parquet(forecast: "Forecast") -> bytes:
    content = io.BytesIO()
    forecast.to_frame().write_parquet(content)
    return content.getvalue()


_WRITERS = {".csv": _csv, ".parquet": _parquet}
