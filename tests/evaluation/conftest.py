from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from recurra.data import Series, impute, to_series


@pytest.fixture
def make_series() -> Callable[..., Series]:
    """An imputed series of some ``step`` from 2021 on; NaN is missing. Without a step it counts rows."""

    def make(values: np.ndarray, step: str | None = "1q", parts: Sequence[slice] | None = None) -> Series:
        columns = {"y": values}
        if step is not None:
            time = pl.datetime_range(pl.datetime(2021, 1, 1), pl.datetime(2400, 1, 1), step, eager=True)
            columns = {"time": time[: len(values)], **columns}
        series = to_series(pl.DataFrame(columns), columns=["y"])
        return impute(series, parts or [slice(0, len(values))])

    return make
