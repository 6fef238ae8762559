"""recurra describe: what data are like, before any model."""

import re
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recurra._base.errors import InputError
from recurra.cli import console
from recurra.cli.describe_reading import Reading
from recurra.cli.grouped import grouped
from recurra.cli.option import with_options
from recurra.cli.output import check_output

if TYPE_CHECKING:
    from recurra.diagnosis import Column, Description, Lengths

_PAGES = (".html", ".htm")
_STYLES = {"serious": "bold red", "warning": "yellow", "hint": "cyan"}
_MOST_COLUMNS = 20
_ROLES = ("target", "time", "series", "columns", "spoken")


@grouped
def describe(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table (CSV, TSV, Parquet, JSONL), texts (.txt, a line each), words (.conllu), clips or "
            "MIDI in a folder or a zip, or piano rolls.",
        ),
    ],
    targets: Annotated[
        Path | None,
        typer.Argument(
            metavar="TARGETS", help="What the lines of DATA become, line by line, as in a translation."
        ),
    ] = None,
    *,
    reading: Reading,
    test_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Other texts, words, clips or pairs, such as the test part: what it shares with DATA, and "
            "what is unknown in it.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="PAGE", help="The page to write, ending in .html.", show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Know the data before the model: what is wrong with them, what they look like, and what to do.

    Tables are looked through for gaps, duplicates, constants, leaks, seasons and drift, and each column's
    distribution is measured; sequences for their lengths, labels, words and repeats. Sums are printed;
    the page has all of it, with pictures.
    """
    from recurra.diagnosis import describe as describe_data

    start = time.perf_counter()
    if output is not None:
        files = {"data": data, "targets": targets, "test file": test_file}
        check_output(output, {name: path for name, path in files.items() if path is not None}, _PAGES)
    way = reading.check(targets)
    if test_file is not None and way == "targets":
        raise InputError(
            "--test-file is for one file, got TARGETS, too; give a table with --source and --target"
        )
    read, roles = reading.reader(way, targets), reading.roles(way)
    test = None if test_file is None else _second(read(test_file), way)
    try:
        found = describe_data(read(data), **roles, test=test, name=str(data))
    except InputError as error:
        message = re.sub(r"^test (?=is for|must)", "--test-file ", with_options(str(error), _ROLES))
        raise InputError(message.replace("--columns", "--column")) from error
    if output is not None:
        _write(output, found)
    seconds = time.perf_counter() - start
    if json:
        page = {} if output is None else {"page": str(output)}
        console.say_json({"data": str(data), **page, "seconds": seconds, **found.to_dict()})
        return
    _say(found)
    if output is not None:
        console.say_files({"Page": output}, seconds)


def _second(test: object, way: str) -> object:
    """The second file, read by its name where DATA are."""
    from recurra.diagnosis.reading import read

    return read(test) if isinstance(test, Path) and way == "no way" else test


def _write(output: Path, found: "Description") -> None:
    from recurra.artifact.writing import replace_file
    from recurra.inspection.describe_page import describe_page

    replace_file(output, describe_page(found).encode())


def _say(found: "Description") -> None:
    sizes = ", ".join(
        _counted(amount, name) if isinstance(amount, int) else f"{amount:,.1f} {name}"
        for name, amount in found.size.items()
    )
    console.say(f"{found.source}: {sizes}", "bold")
    for note in found.notes:
        console.say(note)
    if found.clock is not None:
        console.say(
            f"{found.clock.column}: {found.clock.first} to {found.clock.last}, step: {found.clock.step}"
        )
    _say_columns(found)
    _say_lengths(found.lengths)
    for labels in found.balances:
        shown = ", ".join(f"{label} {amount:,}" for label, amount in list(labels.counts.items())[:6])
        more = ", …" if labels.distinct > 6 else ""
        console.say(f"{labels.distinct:,} {labels.what}s: {shown}{more}")
    for name, words in found.vocabularies.items():
        console.say(f"{words.distinct:,} different {name} of {words.total:,}; {words.once:,} come once")
    console.say(f"\n{found.verdict()}", "bold")
    for finding in found.findings:
        console.say(_indented(finding.level, finding.what), _STYLES[finding.level])
        console.say(_indented("", finding.advice), "dim")


def _counted(amount: int, names: str) -> str:
    return f"{amount:,} {names}" if amount != 1 or names == "series" else f"1 {names.removesuffix('s')}"


def _indented(level: str, sentence: str) -> str:
    """A sentence beside its level, wrapped so that levels stand alone on the left."""
    width = max(console.out.width, 40)
    return textwrap.fill(sentence, width, initial_indent=f"{level:<9}", subsequent_indent=" " * 9)


def _say_columns(found: "Description") -> None:
    if not found.columns:
        return
    rows = [_row(column, found.frequency) for column in found.columns[:_MOST_COLUMNS]]
    console.say_table(["Column", "Missing", "Mean", "Deviation", "Follows", "Level", "Season"], rows)
    if len(found.columns) > _MOST_COLUMNS:
        console.say(f"{len(found.columns) - _MOST_COLUMNS:,} more columns are on the page.")


def _row(column: "Column", frequency: str | None) -> list[str]:
    from recurra.diagnosis.periods import period_text
    from recurra.diagnosis.words import cut, figure

    values = column.distribution
    seasons = column.seasonality.seasons if column.seasonality else ()
    return [
        cut(column.name),
        f"{column.missing:,}",
        column.kind if values is None else figure(values.mean),
        "" if values is None else figure(values.deviation),
        "" if values is None else values.follows,
        "" if column.stationarity is None else column.stationarity.verdict,
        period_text(seasons[0].period, frequency).split(" (")[0] if seasons else "",
    ]


def _say_lengths(by_name: "dict[str, Lengths]") -> None:
    from recurra.diagnosis.words import figure, share

    if not by_name:
        return
    rows = [
        [
            name,
            *(figure(lengths.quantiles[place]) for place in ("lowest", "median", "95 %", "highest")),
            *(share(part, 1) for part in (lengths.padding.random, lengths.padding.bucketed)),
        ]
        for name, lengths in by_name.items()
    ]
    console.say_table(
        ["Lengths", "Lowest", "Median", "95 %", "Highest", "Padding, random", "Of like length"], rows
    )
