"""Detected events are matched with the expected ones, one to one, and what is left is counted."""

import itertools

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.evaluation.detections import Event, score_detections


def test_hits_misses_and_false_alarms():
    detected = [Event(1.2, "yes"), Event(1.3, "yes"), Event(5.0, "no"), Event(9.0, "yes")]
    expected = [Event(5.4, "yes"), Event(1.0, "yes"), Event(9.5, "yes"), Event(9.6, "yes")]
    scores = score_detections(detected, expected, tolerance=0.5, duration=60.0)
    assert scores.hits == ((Event(1.0, "yes"), Event(1.2, "yes")), (Event(9.5, "yes"), Event(9.0, "yes")))
    assert scores.missed == (Event(5.4, "yes"), Event(9.6, "yes"))  # "no" is another event
    assert scores.false_alarms == (Event(1.3, "yes"), Event(5.0, "no"))
    assert scores.to_dict() == {"hits": 2, "misses": 2, "false_alarms": 2, "false_alarms_per_hour": 120.0}


def test_nothing_detected_and_nothing_expected():
    scores = score_detections([], [Event(1.0, "yes")], tolerance=0.5, duration=2.0)
    assert (scores.hits, scores.missed, scores.false_alarms_an_hour) == ((), (Event(1.0, "yes"),), 0.0)
    assert score_detections([Event(1.0, "yes")], [], tolerance=0.5, duration=2.0).false_alarms_an_hour == 1800


def test_no_matching_has_more_hits():
    rng = np.random.default_rng(0)
    for _ in range(200):
        detected = [Event(float(time), "a") for time in rng.uniform(0, 4, 4)]
        expected = [Event(float(time), "a") for time in rng.uniform(0, 4, 4)]
        scores = score_detections(detected, expected, tolerance=0.7, duration=4.0)
        most = max(
            sum(abs(one.time - other.time) <= 0.7 for one, other in zip(expected, order))
            for order in itertools.permutations(detected)
        )
        assert len(scores.hits) == most


@pytest.mark.parametrize(
    ("event", "options", "message"),
    [
        (
            Event(3.0, "yes"),
            {},
            "the event 'yes' is expected at 3 s, but the recording goes from 0 to 2 s",
        ),
        (Event(1.0, "yes"), {"tolerance": 0}, "tolerance must be a finite number above 0, got 0"),
        (Event(1.0, "yes"), {"duration": 0}, "duration must be a finite number above 0, got 0"),
    ],
)
def test_bad_input(event: Event, options: dict, message: str):
    with pytest.raises(InputError) as error:
        score_detections([], [event], **{"tolerance": 0.5, "duration": 2.0, **options})
    assert str(error.value) == message
