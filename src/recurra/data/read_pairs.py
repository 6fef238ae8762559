"""Sources and targets from two files that are aligned by line, or from two columns of a table."""

from pathlib import Path

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data.corpus import is_table
from recurra.data.pairs import Pairs
from recurra.data.read_texts import apart
from recurra.data.rows import Column, Rows, read_rows
from recurra.data.sequences import Sequences
from recurra.data.text_file import check_file, decoded, read_bytes


def read_pairs(
    path: str | Path,
    target_path: str | Path | None = None,
    *,
    source: Column | None = None,
    target: Column | None = None,
    header: bool = True,
) -> Pairs:
    """Read a source and its target from each line of two files of plain text, or from each row of a table.

    Args:
        path: of the sources, a line each; or, alone, a .csv, .tsv, .jsonl or .parquet file.
        target_path: of the targets, line by line those of the sources.
        source, target: the columns of a table.
        header: whether the first line of a .csv or .tsv names the columns.

    Lines, and values of a table, may be empty and keep their places. Raises InputError where a file cannot be
    read, is binary or not UTF-8, files differ in their number of lines, a column is missing, or all sources
    or all targets are empty.
    """
    path = Path(path)
    if target_path is None:
        return _from_table(path, source, target, header)
    for role, column in (("source", source), ("target", target)):
        if column is not None:
            raise InputError(
                f"{role} names the column of a table, and two files have a text on each line; "
                f"leave {role} out, or give a table alone"
            )
    target_path = Path(target_path)
    sources, targets = _plain_lines(path), _plain_lines(target_path)
    if len(sources) != len(targets):
        raise InputError(
            f"{path} has {count(len(sources), 'line')} and {target_path} "
            f"{len(targets):,}; each line of the one must stand beside its line of the other"
        )
    for file, lines in ((path, sources), (target_path, targets)):
        if not any(map(str.strip, lines)):
            raise InputError(f"{file} has nothing but empty lines; give a file with texts in it")
    return Pairs(Sequences("text", sources), targets, _line_names(path, sources))


def read_sources(path: str | Path, *, source: Column | None = None, header: bool = True) -> Pairs:
    """Read sources alone: each line of plain text, or the column ``source`` of a table, without targets.

    ``source`` may be None where a table has but one column. Empty ones are kept. Raises InputError where the
    file cannot be read, is binary or not UTF-8, or the column is missing.
    """
    path = Path(path)
    if not is_table(path):
        if source is not None:
            raise InputError(
                f"source names the column of a table, and {path} has a text on each line; leave source out"
            )
        lines = _plain_lines(path)
        return Pairs(Sequences("text", lines), None, _line_names(path, lines))
    check_file(path)
    rows = read_rows(path, header=header)
    if source is None and len(rows.names) > 1:
        raise InputError(
            f"source must name the column of {path} that holds the sources: {', '.join(rows.names)}"
        )
    texts = _texts(rows, 1 if source is None else source, "source")
    return Pairs(Sequences("text", texts), None, rows.places_named())


def _from_table(path: Path, source: Column | None, target: Column | None, header: bool) -> Pairs:
    check_file(path)
    if not is_table(path):
        raise InputError(
            f"{path} has sources and no targets; give the file of their targets, too, or a .csv, .tsv, "
            ".jsonl or .parquet file with both"
        )
    rows = read_rows(path, header=header)
    if source is None or target is None:
        role = "source" if source is None else "target"
        raise InputError(
            f"{role} must name the column of {path} that holds the {role}s: {', '.join(rows.names)}"
        )
    apart(rows, source=source, target=target)
    sources, targets = _texts(rows, source, "source"), _texts(rows, target, "target")
    for column, texts in ((source, sources), (target, targets)):
        if not any(texts):
            raise InputError(f"column {column!r} of {path} is empty in all rows; name a column with texts")
    return Pairs(Sequences("text", sources), targets, rows.places_named())


def _texts(rows: Rows, column: Column, role: str) -> list[str]:
    """As `Rows.texts`, but what is empty there is the empty text."""
    name = rows.find(column, role)
    values = rows.columns[rows.names.index(name)]
    # NaN, which is what a missing text may be, is the value that differs from itself.
    full = [
        row
        for row, value in enumerate(values)
        if value is not None and value == value and not (isinstance(value, str) and not value.strip())
    ]
    filled = Rows(rows.source, [name], [[values[row] for row in full]], [rows.places[row] for row in full])
    found = dict(zip(full, filled.texts(name, role)))
    return [found.get(row, "") for row in range(len(values))]


def _plain_lines(path: Path) -> list[str]:
    """The lines of a file of plain text, those that are empty, too."""
    check_file(path)
    if is_table(path):
        raise InputError(
            f"{path} is a table by its name; give it alone with the columns source and target, "
            "or name a file of plain text"
        )
    content = read_bytes(path)
    zero = content.find(0)
    if zero >= 0:
        raise InputError(
            f"{path} is binary or UTF-16, with a zero at byte {zero}; give a text that is saved as UTF-8"
        )
    text = decoded(path, content)
    if not text:
        raise InputError(f"{path} is empty; it needs a text on each line")
    # Not splitlines: a text may hold any of Unicode's other line ends. Old Macs ended lines by \r alone.
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    return text.removesuffix("\n").split("\n")


def _line_names(path: Path, lines: list[str]) -> list[str]:
    return [f"{path.name}, line {number}" for number in range(1, len(lines) + 1)]
