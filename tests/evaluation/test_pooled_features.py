import numpy as np
import pytest

from recurra.evaluation.pooled_features import pooled_features


def test_by_hand():
    array = np.array([[0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [11, 1]], dtype=np.float32)
    (row,) = pooled_features([array])
    names = ("mean", "deviation", "least", "greatest", "first", "second", "third", "change")
    found = dict(zip(names, row[:-1].reshape(-1, 2).tolist()))
    assert found == {
        "mean": [3.5, 1.0],
        "deviation": [pytest.approx(array[:, 0].std()), 0.0],
        "least": [0.0, 1.0],
        "greatest": [11.0, 1.0],
        "first": [0.5, 1.0],
        "second": [2.5, 1.0],
        "third": [7.5, 1.0],
        "change": [pytest.approx(11 / 5), 0.0],
    }
    assert row[-1] == pytest.approx(np.log(7))


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_short_series_have_all_features(steps):
    rows = pooled_features([np.full((steps, 3), 2.0, np.float32), np.zeros((9, 3), np.float32)])
    assert rows.shape == (2, 8 * 3 + 1)
    assert rows[0, 4 * 3 : 7 * 3].tolist() == [2.0 if steps else 0.0] * 9
