import json

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Sequences
from recurra.evaluation import BaselineOutputs, evaluate_music, fit_music_baselines


def pieces(*rolls) -> Sequences:
    return Sequences("series", [np.array(roll, np.float32) for roll in rolls])


ROLLS = pieces([[1, 0], [1, 1], [0, 1], [0, 0]], [[1, 1]], [[0, 1], [1, 1]])


def test_by_hand():
    logs = [np.array([-1.0, -2.0, -6.0]), np.empty(0), np.array([-3.0])]
    outputs = BaselineOutputs({"other": [2 * row for row in logs]}, {"third": "none"}, {"other": "twice"})
    found = evaluate_music(ROLLS, logs, baselines=outputs)
    assert (found.metrics, found.baselines) == ({"nll": 3.0}, {"other": {"nll": 6.0}})
    assert (found.count, found.failed_baselines, found.baseline_notes) == (
        4,
        {"third": "none"},
        {"other": "twice"},
    )
    assert found.notes == ("The first step of each piece is not scored, since nothing comes before it.",)
    # No piece is off the mean of 3.
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (plain["metrics"], plain["standard_error"]) == ({"nll": 3.0}, 0.0)


def test_the_baselines_by_hand():
    found = fit_music_baselines(ROLLS).on(pieces([[1, 0], [0, 0], [1, 1]]))
    assert found.notes == {
        "each key's share": "each key is on as often as in the training part, whatever came before",
        "repeat the last step": "each key stays on, or comes on, as often as in the training part",
    }
    # After the first step key 0 is on in 2 of 4 steps and key 1 in 3; both together in 5 of 8.
    of_all = 5.5 / 9
    first, second = (2 + of_all) / 5, (3 + of_all) / 5
    np.testing.assert_allclose(
        found.outputs["each key's share"][0],
        np.log([(1 - first) * (1 - second), first * second]),
        rtol=1e-12,
    )
    # Key 0 stays on in 1 of 2 and comes on in 1 of 2, key 1 in 2 of 3 and 1 of 1: 3 of 5 and 2 of 3.
    stays, comes = 3.5 / 6, 2.5 / 4
    stay = (1 + stays) / 3
    come = np.array([(1 + comes) / 3, (1 + comes) / 2])
    np.testing.assert_allclose(
        found.outputs["repeat the last step"][0],
        np.log([(1 - stay) * (1 - come[1]), come[0] * come[1]]),
        rtol=1e-12,
    )


def test_a_key_that_never_sounded_is_not_impossible():
    training = pieces(np.tile([[1, 0], [1, 0]], (500, 1)))
    for rows in fit_music_baselines(training).on(pieces([[0, 0], [1, 1], [0, 1]])).outputs.values():
        assert np.isfinite(rows[0]).all()
        assert (rows[0] < 0).all()


def test_steps_have_probability_1_together():
    random = np.random.default_rng(0)
    training = pieces(*(random.random((9, 3)) < 0.3 for _ in range(4)))
    fitted = fit_music_baselines(training)
    before = [1, 0, 1]
    every = [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    outputs = fitted.on(pieces(*([before, step] for step in every))).outputs
    for rows in outputs.values():
        assert np.exp(np.concatenate(rows)).sum() == pytest.approx(1)


def test_booleans_are_rolls():
    rolls = [np.array([[True, False], [True, True]])]
    found = fit_music_baselines(Sequences("series", rolls)).on(Sequences("series", rolls))
    want = fit_music_baselines(pieces(*rolls)).on(pieces(*rolls))
    for name, rows in want.outputs.items():
        np.testing.assert_array_equal(found.outputs[name][0], rows[0])


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        (
            [np.zeros(4), np.zeros(0), np.zeros(1)],
            "log_probabilities[0] must have shape (3,), one for each step, got (4,)",
        ),
        (
            [np.zeros(3), np.zeros(0), np.ones(1)],
            "log_probabilities[2] has 1, expected logarithms of probabilities",
        ),
    ],
    ids=["shape", "above 0"],
)
def test_refusals(logs, message):
    with pytest.raises(InputError) as caught:
        evaluate_music(ROLLS, logs)
    assert str(caught.value) == message


def test_pieces_of_one_step_say_nothing():
    short = pieces([[1, 0]], [[0, 1]])
    with pytest.raises(InputError) as caught:
        fit_music_baselines(short)
    assert str(caught.value) == "no piece has a second step; give longer pieces"
    with pytest.raises(InputError) as caught:
        evaluate_music(short, [np.empty(0)] * 2)
    assert (
        str(caught.value)
        == "log_probabilities has no steps, expected at least one; give sequences that have some"
    )
