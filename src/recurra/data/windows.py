"""Windows: what a forecast sees and what it is scored on, at every origin of a part.

An origin is the row of a window's last context value. A forecast may use nothing that was observed after
its origin, yet what is imputed inside a gap is drawn from both of its ends. So where an origin lies in a
gap of a column, the window carries the last observed value of that column forward instead.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra._base.wording import count
from recurra.data.series import Series


@dataclass(frozen=True)
class Contexts:
    """The contexts of all windows: an array (W, context, C) of which indexing makes the rows asked for.

    Attributes:
        values: (T, C) float64, imputed.
        last_seen: (T, C) int64, see `last_observed`.
        origins: (W,) int64.
        length: the context, in rows.
    """

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

    def __getitem__(self, index: Any) -> np.ndarray:
        """The contexts of the windows at ``index``, as of an array, and always a copy."""
        picked = self.origins[index]
        origins = np.ravel(picked)
        views = sliding_window_view(self.values, self.length, axis=0)
        contexts = np.ascontiguousarray(views[origins - self.length + 1].swapaxes(1, 2))
        in_gap = np.flatnonzero((self.last_seen[origins] < origins[:, None]).any(axis=1))
        rows = origins[in_gap, None, None] + np.arange(1 - self.length, 1)[:, None]
        rows = np.minimum(rows, self.last_seen[origins[in_gap], None])
        contexts[in_gap] = self.values[rows, np.arange(self.values.shape[1])]
        return contexts.reshape(*np.shape(picked), *contexts.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or np.float64, copy=False)


@dataclass(frozen=True)
class Windows:
    """Every window of a part, in order of time.

    Attributes:
        context: (W, context, C) float64, made when it is indexed.
        target: (W, horizon) float64, a view of the series; imputed where ``observed`` is False.
        observed: (W, horizon) bool.
        origins: (W,) int64, the row of the last context value.
        time: (W, horizon), of the targets.
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
    """Every window, at stride 1, whose ``horizon`` targets all lie in ``part`` of an imputed ``series``.

    The context may reach back before the part, as far as ``first_row``. A window is left out while some
    column has not been observed at all from there to its origin. Raises InputError, which calls the part
    ``name``, if there is no window.
    """
    context, horizon = positive_int("context", context), positive_int("horizon", horizon)
    last_seen = last_observed(series.observed)
    ready = (last_seen >= first_row).all(axis=1)
    first = max(part.start - 1, first_row + context - 1, int(np.argmax(ready)))
    stop = part.stop - horizon
    if stop <= first or not ready.any():
        rows = part.stop - max(part.start - context, first_row)
        raise InputError(
            f"{name} is too short for one window of context {context} and horizon {horizon}: it has "
            f"{count(part.stop - part.start, 'row')}, {rows} with those before it that a context may use; "
            "give more rows, or a shorter context or horizon"
        )
    origins, targets = np.arange(first, stop), slice(first + 1, part.stop)
    return Windows(
        context=Contexts(series.values, last_seen, origins, context),
        target=sliding_window_view(series.values[targets, 0], horizon),
        observed=sliding_window_view(series.observed[targets, 0], horizon),
        origins=origins,
        time=sliding_window_view(series.time[targets], horizon),
    )


def last_context(series: Series, context: int) -> np.ndarray:
    """The context (1, context, C) of the forecast after the last row of an imputed ``series``.

    Raises InputError if the series is shorter than the context.
    """
    if len(series) < context:
        raise InputError(
            f"the data has {count(len(series), 'row')}, but a forecast needs the last {context}; give more"
        )
    origin = np.asarray([len(series) - 1])
    return Contexts(series.values, last_observed(series.observed), origin, context)[:]


def last_observed(observed: np.ndarray) -> np.ndarray:
    """The last row up to each row of ``observed`` (T, C) that has a value, int64 (T, C); -1 if none has."""
    rows = np.arange(len(observed))[:, None]
    return np.maximum.accumulate(np.where(observed, rows, -1), axis=0)
