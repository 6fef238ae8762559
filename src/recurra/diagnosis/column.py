"""One column of a table: what it holds, what is wrong with it, its distribution and its course in time."""

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from recurra.data.columns import MISSING_VALUES
from recurra.diagnosis.distribution import Distribution, distribution
from recurra.diagnosis.seasonality import Seasonality, find_seasonality
from recurra.diagnosis.stationarity import Stationarity, find_stationarity

if TYPE_CHECKING:
    import polars as pl

_LARGEST = 1e150  # as for series: scores and scales square a number
_MOSTLY = 0.8  # numbers among the values of a column of text
_MOST_LABELS = 50
_MOST_COMMON = 5
_MOST_POINTS = 1500
_LEAST_OBSERVED = 0.5
_STOOD_STILL = 24
_SENTINELS = (99.0, 999.0, 9999.0, 99999.0, 999999.0)
_FAR = 10  # interquartile ranges


@dataclass(frozen=True, eq=False)
class Column:
    """A column of N rows.

    Attributes:
        name: of the column.
        kind: "numbers", "labels" (texts that come again and again), "texts", "times", "nothing" or "other".
        rows, missing: N, and how many are empty.
        infinite: values that are infinite, or too large (1e150) to compute with.
        wrong: values of a column of numbers that are none, and some of them.
        distinct: different values.
        common: the commonest values and how often each comes, five at most.
        mean_length: of texts, in characters; 0 for other columns.
        sentinel: a value that may stand for "missing", as −999 does; None if there is none.
        sentinels: how often it comes.
        still, still_from: the longest run of rows in which a value that moves otherwise does not, and its
            first row, counted from 1; 0 and 0 where there is none to speak of.
        distribution: of the numbers; None where there are none.
        stationarity, seasonality: in the order of time; None where they can't be told.
        trace_rows, trace: (P,) places on the grid of times and the numbers there, for a picture.
    """

    name: str
    kind: str
    rows: int
    missing: int
    infinite: int = 0
    wrong: int = 0
    wrong_values: tuple[str, ...] = ()
    distinct: int = 0
    common: dict[str, int] = field(default_factory=dict)
    mean_length: float = 0.0
    sentinel: float | None = None
    sentinels: int = 0
    still: int = 0
    still_from: int = 0
    distribution: Distribution | None = None
    stationarity: Stationarity | None = None
    seasonality: Seasonality | None = None
    trace_rows: np.ndarray = field(default_factory=lambda: np.empty(0), metadata={"picture": True})
    trace: np.ndarray = field(default_factory=lambda: np.empty(0), metadata={"picture": True})

    @property
    def constant(self) -> bool:
        """Whether all values that there are are the same."""
        return self.distinct == 1


def column_values(column: "pl.Series") -> tuple[str, np.ndarray, tuple[str, ...]]:
    """The kind of a ``column``, its values, and those that are none of the kind.

    Values are float64 (N,), NaN where missing, of numbers; of all others strings (object), "" where missing.
    """
    import polars as pl

    empty = np.full(len(column), "", dtype=object)
    if column.dtype == pl.Null or column.is_null().all():
        return "nothing", empty, ()
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return "numbers", column.cast(pl.Float64).fill_null(np.nan).to_numpy(), ()
    if column.dtype.is_temporal() and column.dtype != pl.Duration:
        return "times", column.cast(pl.String).fill_null("").to_numpy().astype(object), ()
    if not isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum):
        return "other", empty, ()
    text = column.cast(pl.String).str.strip_chars()
    text = text.set(text.is_in(MISSING_VALUES), None)
    if text.is_null().all():
        return "nothing", empty, ()
    cast = text.cast(pl.Float64, strict=False)
    wrong = text.filter(text.is_not_null() & cast.is_null())
    if len(wrong) <= (1 - _MOSTLY) * (len(text) - text.null_count()):
        return "numbers", cast.fill_null(np.nan).to_numpy(), tuple(wrong.to_list())
    values = text.fill_null("").to_numpy().astype(object)
    return ("labels" if text.n_unique() <= min(_MOST_LABELS, len(text) / 4) else "texts"), values, ()


def describe_column(
    name: str, column: "pl.Series", places: np.ndarray | None, *, deep: bool = True
) -> Column:
    """Describe a ``column`` (N,).

    Args:
        name: to call it by.
        column: as `recurra.data.read_table` has it.
        places: (N,) where each row is on a grid of times, −1 for nowhere; None if time has no meaning.
        deep: whether to look at the distribution and at time, too.

    Raises MissingExtraError without SciPy or statsmodels.
    """
    kind, values, wrong = column_values(column)
    if kind == "other":
        return Column(name, kind, len(column), int(column.null_count()))
    if kind != "numbers":
        return _text_column(name, kind, values)
    described = describe_numbers(name, values, places, deep=deep, wrong=wrong)
    if not column.dtype.is_integer():
        return described
    # Those beyond 2**53 are not told apart as floats.
    return dataclasses.replace(described, distinct=column.drop_nulls().n_unique())


def describe_numbers(
    name: str,
    values: np.ndarray,
    places: np.ndarray | None,
    *,
    deep: bool = True,
    wrong: tuple[str, ...] = (),
) -> Column:
    """As `describe_column`, of float64 (N,), NaN where missing; ``wrong`` are texts that are no numbers."""
    usable = np.isfinite(values) & (np.abs(np.nan_to_num(values)) < _LARGEST)
    numbers = values[usable]
    unique, amounts = np.unique(numbers, return_counts=True)
    most = np.argsort(-amounts, kind="stable")[:_MOST_COMMON]
    sentinel, sentinels = _sentinel(unique, amounts, numbers)
    still, still_from = _still(values)
    described = {}
    if deep and len(numbers):
        described["distribution"] = distribution(numbers)
        if places is not None:
            described |= _in_time(np.where(usable, values, np.nan), places)
    return Column(
        name=name,
        kind="numbers",
        rows=len(values),
        missing=int(np.isnan(values).sum()) - len(wrong),
        infinite=int((~usable & ~np.isnan(values)).sum()),
        wrong=len(wrong),
        wrong_values=tuple(dict.fromkeys(wrong))[:3],
        distinct=len(unique),
        common={f"{unique[i]:.10g}": int(amounts[i]) for i in most},
        sentinel=sentinel,
        sentinels=sentinels,
        still=still,
        still_from=still_from,
        **described,
    )


def _text_column(name: str, kind: str, values: np.ndarray) -> Column:
    there = values[values != ""].astype(str)
    unique, amounts = np.unique(there, return_counts=True)
    most = np.argsort(-amounts, kind="stable")[:_MOST_COMMON]
    return Column(
        name=name,
        kind=kind,
        rows=len(values),
        missing=len(values) - len(there),
        distinct=len(unique),
        common={str(unique[i]): int(amounts[i]) for i in most},
        mean_length=float(np.char.str_len(there).mean()) if len(there) else 0.0,
    )


def _in_time(values: np.ndarray, places: np.ndarray) -> dict:
    """What can be told of ``values`` (N,) in the order of their ``places``; gaps are interpolated."""
    kept = places >= 0
    length = int(places.max(initial=-1)) + 1
    grid = np.full(length, np.nan)
    grid[places[kept]] = values[kept]
    seen = np.flatnonzero(np.isfinite(grid))
    rows = _extremes(grid)
    found = {"trace_rows": rows, "trace": grid[rows]}
    if len(seen) < _LEAST_OBSERVED * length or not len(seen):
        return found
    filled = np.interp(np.arange(seen[0], seen[-1] + 1), seen, grid[seen])
    seasonality = find_seasonality(filled)
    return {**found, "stationarity": find_stationarity(filled), "seasonality": seasonality}


def _extremes(values: np.ndarray) -> np.ndarray:
    """Places to draw: the lowest and the highest of each stretch, and one of each stretch without any."""
    if len(values) <= _MOST_POINTS:
        return np.arange(len(values))
    stretches = np.array_split(np.arange(len(values)), _MOST_POINTS // 2)
    low = [part[np.argmin(np.where(np.isnan(values[part]), np.inf, values[part]))] for part in stretches]
    high = [part[np.argmax(np.where(np.isnan(values[part]), -np.inf, values[part]))] for part in stretches]
    return np.unique(np.concatenate([low, high]))


def _sentinel(unique: np.ndarray, amounts: np.ndarray, numbers: np.ndarray) -> tuple[float | None, int]:
    """A round value of nines far from all others, and how often it comes."""
    if len(unique) < 3:
        return None, 0
    for place in (0, -1):
        value = float(unique[place])
        others = numbers[numbers != value]
        low, middle, high = np.quantile(others, [0.25, 0.5, 0.75])
        beyond = abs(value - middle) > _FAR * max(high - low, np.ptp(others) / _FAR)
        if abs(value) in _SENTINELS and beyond:
            return value, int(amounts[place])
    return None, 0


def _still(values: np.ndarray) -> tuple[int, int]:
    """The longest run of equal ``values`` (N,) and its first row from 1, if they hardly ever repeat."""
    if len(values) < 2:
        return 0, 0
    same = values[1:] == values[:-1]
    if not same.any() or len(np.unique(values)) < len(values) / 20:
        return 0, 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    starts, lengths = edges[::2], edges[1::2] - edges[::2] + 1
    longest = int(np.argmax(lengths))
    usual = np.quantile(lengths, 0.9) if len(lengths) > 1 else 1
    if lengths[longest] < max(_STOOD_STILL, 3 * usual):
        return 0, 0
    return int(lengths[longest]), int(starts[longest]) + 1
