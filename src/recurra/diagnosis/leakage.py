"""Columns that may tell the target what it should find out: leakage suspects.

What is nearly a function of the target at the same time is judged by its changes, not its level: two series
that merely rise together agree in level, but not in what they do from row to row.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recurra.diagnosis.finding import SERIOUS, WARNING, Finding
from recurra.diagnosis.words import share

_FEWEST_ROWS = 20
_COPY = 0.99  # the share of rows that are equal
_FUNCTION = 0.99  # of the variance of the changes
_SHIFTED = 0.98  # the correlation of the changes
_RUNS_WITH = 0.9  # the rank correlation
_DECIDES = 0.99  # the share of rows whose class is the commonest of their group
_MOST_LAGS = 400
_MOST_GROUPS = 500
_ROWS_A_GROUP = 20
_MOST_ROWS = 100_000
_LARGEST = 1e150


@dataclass(frozen=True)
class Leak:
    """One suspect.

    Attributes:
        column: its name.
        kind: "copy", "function", "ahead", "behind", "counter" or "class".
        strength: how much speaks for it, 0 to 1: a share of rows, of variance, or a correlation.
        lag: by how many steps it is ahead of the target or behind it; 0 at the same time.
        why: what speaks for it, in a sentence.
    """

    column: str
    kind: str
    strength: float
    lag: int
    why: str


def find_leaks(
    target: str, values: np.ndarray, columns: Mapping[str, np.ndarray], *, ordered: bool
) -> tuple[Leak, ...]:
    """The suspects among ``columns`` for the ``target``, the strongest first.

    Args:
        target: its name.
        values: (T,) float64 with NaN where missing, or of strings (object), where "" is missing.
        columns: by name, of the same kinds.
        ordered: whether rows follow one another in even steps of time, so that shifts mean something.
    """
    leaks, values = [], _usable(values)
    for name, column in ((name, _usable(column)) for name, column in columns.items()):
        if values.dtype == object or column.dtype == object:
            leak = _class_leak(target, values, name, column)
        else:
            leak = _number_leak(target, values[-_MOST_ROWS:], name, column[-_MOST_ROWS:], ordered=ordered)
        if leak is not None:
            leaks.append(leak)
    return tuple(sorted(leaks, key=lambda leak: -leak.strength))


def leak_findings(leaks: tuple[Leak, ...]) -> list[Finding]:
    """What is to be said of the suspects."""
    advice = {
        "ahead": "Leave it out: it would not be known when the forecast is made.",
        "behind": "Leave it out: the window of past values that the network sees holds it already.",
        "counter": "Leave it out: it is a number of the row, and new rows have numbers that were never seen.",
    }
    usual = "Leave it out, unless it is known before the target is."
    harmless = ("behind", "counter")
    return [
        Finding(
            WARNING if leak.kind in harmless else SERIOUS,
            leak.why,
            advice.get(leak.kind, usual),
            leak.column,
        )
        for leak in leaks
    ]


def _number_leak(target: str, y: np.ndarray, name: str, x: np.ndarray, *, ordered: bool) -> Leak | None:
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < _FEWEST_ROWS or not np.ptp(x[both]) or not np.ptp(y[both]):
        return None
    a, b = x[both], y[both]
    same = float((a == b).mean())
    if same >= _COPY:
        why = f"Column {name!r} equals the target {target!r} in {share(same, 1)} of the rows."
        return Leak(name, "copy", same, 0, why)
    if _counts(x[np.isfinite(x)]):
        rank = abs(_correlation(_ranks(a), _ranks(b)))
        if rank >= _RUNS_WITH:
            why = (
                f"Column {name!r} counts the rows, and the target {target!r} runs with it (rank correlation "
                f"{rank:.2f}): rows may be sorted by the target, or the target has a trend."
            )
            return Leak(name, "counter", rank, 0, why)
        return None
    lag, strength = _shift(x, y) if ordered else (0, 0.0)
    if lag:
        steps = f"{abs(lag)} step{'s' if abs(lag) > 1 else ''}"
        where = "ahead of" if lag > 0 else "behind"
        why = (
            f"Column {name!r} looks like the target {target!r} shifted: it is {steps} {where} it "
            f"(correlation of their changes {strength:.3f})."
        )
        return Leak(name, "ahead" if lag > 0 else "behind", strength, lag, why)
    explained = _explained(a, b)
    if explained >= _FUNCTION:
        why = (
            f"The target {target!r} is nearly a function of column {name!r} at the same time, which explains "
            f"{share(explained, 1)} of its changes."
        )
        return Leak(name, "function", explained, 0, why)
    return None


def _counts(x: np.ndarray) -> bool:
    """Whether a column counts rows, up or down: whole numbers whose step is the same nearly everywhere."""
    steps = np.diff(x)
    return bool((x == np.floor(x)).all() and steps[0] and (steps == np.median(steps)).mean() > 0.99)


def _shift(x: np.ndarray, y: np.ndarray) -> tuple[int, float]:
    """By how many steps ``x`` is ahead of ``y`` (T,), negative if behind; 0 if it is at no shift the same."""
    dx, dy = (_changes(column) for column in (x, y))
    length = len(dx)
    if not (dx.std() > 0 and dy.std() > 0):
        return 0, 0.0
    dx, dy = (dx - dx.mean()) / dx.std(), (dy - dy.mean()) / dy.std()
    size = 1 << (2 * length - 1).bit_length()
    most = min(_MOST_LAGS, length // 4)
    # c[k] is the mean of x[t] y[t + k].
    products = np.fft.irfft(np.conj(np.fft.rfft(dx, size)) * np.fft.rfft(dy, size), size)
    lags = np.arange(-most, most + 1)
    correlation = products[lags] / (length - np.abs(lags))
    best = int(np.argmax(np.abs(correlation)))
    lag, here = int(lags[best]), abs(float(correlation[most]))
    if not lag or abs(correlation[best]) < _SHIFTED - 0.1 or here > 0.9 * abs(correlation[best]):
        return 0, 0.0
    # The scale of the means above is that of all rows; only these are compared.
    first, second = (dx[:-lag], dy[lag:]) if lag > 0 else (dx[-lag:], dy[:lag])
    exact = abs(_correlation(first, second))
    return (lag, exact) if exact >= _SHIFTED else (0, 0.0)


def _changes(column: np.ndarray) -> np.ndarray:
    """From row to row (T − 1,), 0 where one is missing."""
    return np.nan_to_num(np.diff(np.where(np.isfinite(column), column, np.nan)), nan=0.0)


def _explained(x: np.ndarray, y: np.ndarray) -> float:
    """The share of the variance of the changes of ``y`` (T,) that the best function of ``x`` (T,) explains.

    The function is a straight line, or one that is straight between the means of groups of like ``x``.
    """
    changes = float(np.diff(y).var())
    if not changes > 0:
        return 0.0
    slope, intercept = np.polyfit((x - x.mean()) / x.std(), y, 1)
    curves = [slope * (x - x.mean()) / x.std() + intercept]
    groups = _groups(x)
    if groups.any():
        sizes = np.bincount(groups)
        middles, means = np.bincount(groups, x) / sizes, np.bincount(groups, y) / sizes
        curves.append(np.interp(x, middles, means))
    return max(1 - float(np.diff(y - curve).var()) / changes for curve in curves)


def _groups(x: np.ndarray) -> np.ndarray:
    """The group of each row of ``x`` (T,), from 0: at most 500 of like values, of about 20 rows or more."""
    amount = min(_MOST_GROUPS, len(x) // _ROWS_A_GROUP)
    edges = np.unique(np.quantile(x, np.linspace(0, 1, amount + 1)[:-1]))
    return np.unique(np.searchsorted(edges, x, side="right"), return_inverse=True)[1]


def _class_leak(target: str, y: np.ndarray, name: str, x: np.ndarray) -> Leak | None:
    """Where one of both is no number: whether groups of like ``x`` have one class of ``y``, or one value."""
    keep = _present(x) & _present(y)
    if keep.sum() < _FEWEST_ROWS:
        return None
    x, y = x[keep], y[keep]
    groups = _codes(x) if x.dtype == object else _groups(x)
    classes = _codes(y) if y.dtype == object else None
    amount = int(groups.max()) + 1
    if amount < 2 or len(x) / amount < _ROWS_A_GROUP / 4:
        return None
    if classes is None:
        sizes = np.bincount(groups, minlength=amount)
        means = np.bincount(groups, y, minlength=amount) / np.maximum(sizes, 1)
        inside, total = float(((y - means[groups]) ** 2).sum() / (len(y) - amount)), float(y.var(ddof=1))
        strength = 1 - inside / total if total else 0.0
        what = f"explains {share(strength, 1)} of its variance"
    else:
        kinds = int(classes.max()) + 1
        table = np.zeros((amount, kinds)) if amount * kinds <= 10_000_000 else None
        if table is None or kinds < 2 or kinds > len(y) / 5:
            return None
        np.add.at(table, (groups, classes), 1)
        strength, alone = float(table.max(axis=1).sum() / len(y)), float(table.sum(axis=0).max() / len(y))
        if 1 - alone < 5 * (1 - strength) or alone == 1:
            return None
        what = (
            f"tells it in {share(strength, 1)} of the rows, where the commonest value alone is right in "
            f"{share(alone, 1)}"
        )
    if strength < _DECIDES:
        return None
    return Leak(name, "class", strength, 0, f"Column {name!r} gives the target {target!r} away: it {what}.")


def _usable(column: np.ndarray) -> np.ndarray:
    """Numbers too large to square as missing ones."""
    return column if column.dtype == object else np.where(np.abs(column) < _LARGEST, column, np.nan)


def _present(column: np.ndarray) -> np.ndarray:
    return column != "" if column.dtype == object else np.isfinite(column)


def _codes(column: np.ndarray) -> np.ndarray:
    return np.unique(column.astype(str), return_inverse=True)[1]


def _ranks(values: np.ndarray) -> np.ndarray:
    unique, places, sizes = np.unique(values, return_inverse=True, return_counts=True)
    del unique
    return (np.cumsum(sizes) - (sizes + 1) / 2)[places]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0
