import datetime as dt

import numpy as np
import polars as pl
import pytest

from recurra._base.errors import MissingExtraError
from recurra.data import impute, mauna_loa, read_series, season_length, split_rows


def test_the_record_is_the_one_that_was_measured():
    record = mauna_loa()
    assert record.schema == {"time": pl.Date, "co2": pl.Float64}
    assert record.height == 2284
    assert record["co2"].null_count() == 59
    assert record.row(0) == (dt.date(1958, 3, 29), 316.1)
    assert record.row(-1) == (dt.date(2001, 12, 29), 371.5)


def test_the_record_is_a_weekly_series_with_gaps():
    series = read_series(mauna_loa(), columns=["co2"])
    assert (series.time_name, series.frequency, season_length(series.frequency)) == ("time", "1w", 52)
    assert len(series) == 2284
    assert series.report.rows_added == 0
    assert series.report.missing == {"co2": 59}
    split = split_rows(series.time)
    filled = impute(series, split.parts)
    assert np.isfinite(filled.values).all()
    assert 310 < filled.values.min() < filled.values.max() < 375


def test_without_statsmodels_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "statsmodels.datasets", None)
    with pytest.raises(MissingExtraError) as caught:
        mauna_loa()
    assert str(caught.value) == "statsmodels is not installed; install it with: pip install 'recurra[report]'"
