"""Windows: the context that a forecast sees and the target that it is scored on, at every origin of a part.

An origin is the row of a window's last context value. A forecast at an origin may use nothing that was observed
after it, yet an imputed value inside a gap is drawn from both of its ends. So where an origin lies inside a gap the
window carries the last observed value of that column forward instead.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.data.series import Series


@dataclass(frozen=True)
class Contexts:
    """The contexts of all windows, as if an array (W, context, C), float64; indexing makes only the rows asked for."""

    values: np.ndarray
    last_seen: np.ndarray
    origins: np.ndarray
    length: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(W, context, C)."""
        return len(self.origins), self.length, self.values.shape[1]

    def __len__(self) -> int:
        return len(self.origins)

    def __getitem__(self, index: int | slice | np.ndarray) -> np.ndarray:
        """The contexts at ``index``, a slice or an array of window numbers: a new array (n, context, C)."""
        origins = self.origins[index]
        rows = origins[..., None] + np.arange(1 - self.length, 1)
        rows = np.minimum(rows[..., None], self.last_seen[origins][..., None, :])
        return np.take_along_axis(self.values, rows.reshape(-1, self.shape[2]), axis=0).reshape(rows.shape)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)


@dataclass(frozen=True)
class Windows:
    """Every window of a part, one a row.

    Attributes:
        context: (W, context, C) float64, made when indexed.
        target: (W, horizon) float64, a view of the series; imputed where ``observed`` is False.
        observed: (W, horizon) bool.
        origins: (W,) int64, the row of the last context value.
        time: (W, horizon), the times of the targets.
    """

    context: Contexts
    target: np.ndarray
    observed: np.ndarray
    origins: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.origins)


def make_windows(
    series: Series, part: slice, *, context: int, horizon: int, name: str, first_row: int = 0
) -> Windows:
    """Every window (stride 1) of an imputed ``series`` whose ``horizon`` targets all lie in ``part``.

    The context may reach back before the part, to ``first_row``. A window needs every column to have been observed
    at or before its origin. Raises InputError, calling the part ``name``, if there is no window.
    """
    context, horizon = positive_int("context", context), positive_int("horizon", horizon)
    last_seen = last_observed(series.observed)
    ready = int(np.argmax((last_seen >= first_row).all(axis=1)))
    first = max(part.start - 1, first_row + context - 1, ready)
    stop = part.stop - horizon
    if stop <= first:
        rows = part.stop - max(part.start - context, first_row)
        raise InputError(
            f"{name} has too few rows for one window: {rows}, of which {part.stop - part.start} may be targets; "
            f"context {context} and horizon {horizon} need {context + horizon}; "
            "give more rows, or a shorter context or horizon"
        )
    origins = np.arange(first, stop)
    targets = slice(first + 1, stop + horizon)
    return Windows(
        context=Contexts(series.values, last_seen, origins, context),
        target=sliding_window_view(series.values[targets, 0], horizon),
        observed=sliding_window_view(series.observed[targets, 0], horizon),
        origins=origins,
        time=sliding_window_view(series.time[targets], horizon),
    )


def last_context(series: Series, context: int) -> np.ndarray:
    """The context (1, context, C) of a forecast after the last row of an imputed ``series``.

    Raises InputError if the series is shorter than the context.
    """
    if len(series) < context:
        raise InputError(f"the data has {len(series)} rows; a forecast needs the last {context}")
    origin = np.asarray([len(series) - 1])
    return Contexts(series.values, last_observed(series.observed), origin, context)[:]


def last_observed(observed: np.ndarray) -> np.ndarray:
    """For every row of ``observed`` (T, C), the last row up to it that has a value, int64 (T, C); -1 if none has."""
    rows = np.arange(len(observed))[:, None]
    return np.maximum.accumulate(np.where(observed, rows, -1), axis=0)
