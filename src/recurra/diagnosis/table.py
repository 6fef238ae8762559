"""Describe a table: one series in the order of its times, or several, each with a key."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data.columns import check_columns, find_time, times
from recurra.diagnosis.balance import Balance, balance, balance_findings
from recurra.diagnosis.clock import Clock, clock_findings, read_clock
from recurra.diagnosis.column import Column, column_values, describe_column
from recurra.diagnosis.column_findings import column_findings
from recurra.diagnosis.description import Description
from recurra.diagnosis.finding import HINT, SERIOUS, WARNING, Finding, by_importance
from recurra.diagnosis.leakage import Leak, find_leaks, leak_findings
from recurra.diagnosis.lengths import length_findings, measure
from recurra.diagnosis.words import share, some

if TYPE_CHECKING:
    import polars as pl

_MOST_DEEP = 50
_FEW_ROWS = 30
_MANY_REPEATED = 0.01
_POSSIBLE = 10  # different rows for each row of the table


def describe_table(
    frame: "pl.DataFrame",
    *,
    target: str | None = None,
    time: str | None = None,
    series: str | None = None,
    columns: Sequence[str] | None = None,
    source: str = "the data",
) -> Description:
    """Describe what `recurra.data.read_table` returns.

    Args:
        frame: the table.
        target: the column to be learnt: suspects of leakage are looked for.
        time: the column of times; None to find it, or to count rows. ``series`` needs it.
        series: the column that says which series a row belongs to; None where all rows are one.
        columns: to look at; None for all.
        source: what messages call the data.

    Raises InputError where a column is missing or named twice, or times can't be read; MissingExtraError
    without SciPy or statsmodels.
    """
    roles = {"target": target, "time": time, "series": series}
    named = {role: name for role, name in roles.items() if name is not None}
    check_columns(frame, list(dict.fromkeys([*named.values(), *(columns or ())])), source)
    _check_roles(named)
    if series is not None and time is None:
        raise InputError("series needs time, the column that orders the rows of each series")
    whole = series is None
    rows = np.arange(frame.height) if whole else _longest(frame, series)
    clock, grid, places, findings, notes = _in_time(
        frame, time, rows, whole=whole, target=target, source=source
    )
    taken = (series, time if clock is None else clock.column)
    names = [name for name in columns or frame.columns if name not in taken]
    names = names if target is None else [target, *(name for name in names if name != target)]
    if len(names) > _MOST_DEEP:
        notes.append(
            f"Of {len(names):,} columns the first {_MOST_DEEP} were looked at closely; name others by "
            "--column."
        )
    described = tuple(
        describe_column(name, frame[name], places, deep=place < _MOST_DEEP)
        for place, name in enumerate(names)
    )
    read = {name: column_values(frame[name])[1] for name in names} if target is not None else {}
    leaks = _leaks(target, read, places, whole=whole) if target is not None else ()
    balances = _balances(target, described, read, frame, series)
    size: dict[str, int | float] = {"rows": frame.height, "columns": frame.width}
    lengths = {}
    if series is not None:
        lengths["series"] = measure(np.array(frame[series].value_counts()["count"].to_numpy()), "step")
        size["series"] = lengths["series"].count
        findings += length_findings(lengths["series"], "series")
        notes.append(
            "Times and the course of columns in time are those of the longest series, "
            f"{count(len(rows), 'row')}."
        )
        findings += _repeated_times(frame, series, taken[1])
    findings += [*_small(frame), *_repeated(frame), *leak_findings(leaks)]
    findings += column_findings(described, target, None if clock is None else clock.frequency, whole=whole)
    findings += [finding for each in balances for finding in balance_findings(each)]
    drawn = [column.name for column in described if column.distribution and column.distribution.drawn]
    if drawn:
        notes.append(f"Fits, exponents and Q-Q plots are of 50,000 values drawn at random: {some(drawn)}.")
    return Description(
        source=source,
        kind="table" if whole else "series",
        size=size,
        findings=by_importance(findings),
        notes=tuple(notes),
        target=target,
        clock=clock,
        times=grid,
        columns=described,
        leaks=leaks,
        lengths=lengths,
        balances=balances,
    )


def _check_roles(named: dict[str, str]) -> None:
    """Raise InputError where one column is named in two roles."""
    for role, name in named.items():
        for other, same in named.items():
            if role < other and name == same:
                raise InputError(f"{role} and {other} must be different columns, got {name!r} for both")


def _longest(frame: "pl.DataFrame", series: str) -> np.ndarray:
    """The rows of the longest series, (n,); of those of one length the first."""
    keys = frame[series]
    counts = keys.value_counts(sort=True)
    most = counts.filter(counts["count"] == counts["count"].max())[series]
    first = keys.is_in(most.implode()).arg_max() or 0
    return np.flatnonzero(keys.eq_missing(keys[first]).to_numpy())


def _in_time(
    frame: "pl.DataFrame", time: str | None, rows: np.ndarray, *, whole: bool, target: str | None, source: str
) -> tuple[Clock | None, np.ndarray | None, np.ndarray, list[Finding], list[str]]:
    """The clock of some ``rows``, its grid, the place of each row of the table on it; findings and notes."""
    findings, notes, found = [], [], None
    asked = time is not None
    if not asked:
        time, note = find_time(frame, [] if target is None else [target])
        notes.append(note)
    if time is not None:
        try:
            found = times(frame, time, source)
        except InputError as error:
            if asked:
                raise
            reason = str(error).removeprefix(f"time column {time!r} of {source} ")
            findings.append(
                Finding(
                    SERIOUS,
                    f"Column {time!r} looks like times, but {reason.split(';')[0]}.",
                    "Correct it, so that rows can be put in order of time; here they are counted.",
                    time,
                )
            )
    places = np.full(frame.height, -1, dtype=np.int64)
    if found is None or time is None:
        places[rows] = np.arange(len(rows))
        return None, None, places, findings, notes
    when, utc, more = found
    clock, places[rows], grid = read_clock(when[rows], time, utc=utc)
    return clock, grid, places, [*findings, *clock_findings(clock, whole=whole)], [*notes, *more]


def _leaks(
    target: str, values: dict[str, np.ndarray], places: np.ndarray, *, whole: bool
) -> tuple[Leak, ...]:
    """The suspects, of a whole series on its grid, so that shifts are told in steps."""
    if whole:
        kept = np.flatnonzero(places >= 0)
        length = int(places.max()) + 1
        gridded = {}
        for name, column in values.items():
            grid = np.full(length, "", dtype=object) if column.dtype == object else np.full(length, np.nan)
            grid[places[kept]] = column[kept]
            gridded[name] = grid
        values = gridded
    others = {name: column for name, column in values.items() if name != target}
    return find_leaks(target, values[target], others, ordered=whole)


def _balances(
    target: str | None,
    columns: Sequence[Column],
    values: dict[str, np.ndarray],
    frame: "pl.DataFrame",
    series: str | None,
) -> tuple[Balance, ...]:
    """How often each value of a target that is no number comes; once a series where it has but one."""
    if target is None or columns[0].kind == "numbers":
        return ()
    labels = values[target]
    if series is not None:
        firsts = frame.select(series, target).unique(maintain_order=True)
        if firsts[series].n_unique() == firsts.height:
            labels = column_values(firsts[target])[1]
    found = balance(label for label in labels if label)
    return () if found is None else (found,)


def _repeated_times(frame: "pl.DataFrame", series: str, time: str | None) -> list[Finding]:
    again = frame.height - frame.select(series, time).n_unique()
    if not again:
        return []
    return [
        Finding(
            SERIOUS,
            f"{count(again, 'row')} of {frame.height:,} {'repeats' if again == 1 else 'repeat'} a time of "
            "the series.",
            "Keep one row for each time of a series.",
            time or "",
        )
    ]


def _small(frame: "pl.DataFrame") -> list[Finding]:
    if frame.height >= _FEW_ROWS:
        return []
    advice = "Collect more: nothing can be learnt from so few, and most of what follows is left to chance."
    return [
        Finding(
            WARNING, f"There {'is' if frame.height == 1 else 'are'} {count(frame.height, 'row')}.", advice
        )
    ]


def _repeated(frame: "pl.DataFrame") -> list[Finding]:
    import polars as pl

    try:
        distinct = [frame[name].n_unique() for name in frame.columns]
        again = frame.height - frame.n_unique()
    except pl.exceptions.PolarsError:  # columns of lists or objects can't be compared
        return []
    few = math.prod(distinct) < _POSSIBLE * frame.height and max(distinct) < frame.height / 2
    if not again or few:  # where few different rows are possible, some are equal by chance
        return []
    verb = "repeats" if again == 1 else "repeat"
    return [
        Finding(
            WARNING if again > _MANY_REPEATED * frame.height else HINT,
            f"{count(again, 'row')} of {frame.height:,} ({share(again, frame.height)}) {verb} another one "
            "whole.",
            "Keep one of each, unless what happened twice stands there twice.",
        )
    ]
