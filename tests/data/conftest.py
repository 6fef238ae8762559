from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from recurra.data import Series, array_series

Make = Callable[..., Series]


@pytest.fixture
def make_series() -> Make:
    """A series that counts rows, from columns of numbers; None is missing."""

    def make(*columns: Sequence[Any], names: Sequence[str] = ("y", "x", "z")) -> Series:
        values = np.array([[np.nan if v is None else v for v in column] for column in columns], dtype=float).T
        return array_series(values, names[: len(columns)])

    return make
