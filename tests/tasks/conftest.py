"""A small series that a forecaster learns in a second: a weekly pattern on a slow wave, with some noise."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from recurra.tasks import Forecaster

_DAYS = 500
_SMALL: dict[str, Any] = {
    "target": "load",
    "horizon": 7,
    "context": 21,
    "hidden_size": 16,
    "epochs": 25,
    "batch_size": 32,
    "learning_rate": 0.01,
}


@pytest.fixture(scope="session")
def frame() -> pl.DataFrame:
    t = np.arange(_DAYS)
    noise = np.random.default_rng(0).normal(size=_DAYS)
    load = 50 + 5 * np.sin(2 * np.pi * t / 7) + 20 * np.sin(2 * np.pi * t / 90) + 0.3 * noise
    return pl.DataFrame(
        {
            "day": [dt.date(2020, 1, 1) + dt.timedelta(days=int(day)) for day in t],
            "load": load,
            "wind": np.random.default_rng(1).normal(size=_DAYS),
        }
    )


@pytest.fixture(scope="session")
def make() -> Callable[..., Forecaster]:
    """Make a forecaster that learns well in a second or two."""
    return lambda **settings: Forecaster(**{**_SMALL, **settings})


@pytest.fixture(scope="session")
def quick() -> Callable[..., Forecaster]:
    """Make a forecaster that learns little, fast."""
    return lambda **settings: Forecaster(**{**_SMALL, "hidden_size": 4, "epochs": 2, **settings})


@pytest.fixture(scope="session")
def fitted(make, frame) -> Forecaster:
    return make().fit(frame)
