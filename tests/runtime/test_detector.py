"""Events in sound that goes on: those that the classifier is sure of, on pieces that begin every hop."""

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.data import AudioFeatures, Clip
from recurra.data.series_features import SeriesFeatures
from recurra.runtime import ClassificationModel, Linear, Pool, Recurrent
from recurra.runtime.detector import Detection, Detector
from recurra.runtime.sequence_model import sequence_artifact

RATE, STEP = 2000, 40  # samples a second, and from one step to the next: 50 steps a second
TIME = np.arange(3000) / RATE
SOUND = np.sin(2 * np.pi * np.repeat([80, 600, 250, 900, 120, 400], 500) * TIME).astype(np.float32)
SOUND += np.random.default_rng(1).normal(0, 0.1, len(SOUND)).astype(np.float32)
SETTINGS = {"threshold": 0.6, "refractory": 0.1, "window": 0.3, "hop": 0.06, "shortest": 0.1}


def classifier(*, bidirectional: bool = False) -> ClassificationModel:
    """Random weights, on steps of two frames: sure of something now and then."""
    features = AudioFeatures(
        RATE, SeriesFeatures(np.full(8, -5.0), np.full(8, 2.0)), window=20.0, hop=10.0, stack=2
    )
    stack = Stack(cell("gru", input_size=features.size, hidden_size=6), bidirectional=bidirectional)
    width = 12 if bidirectional else 6
    parts = [Recurrent("encoder", stack), Pool("mean"), Linear("head", width, 3)]
    rng = np.random.default_rng(18)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 0.8, shape).astype(np.float32) for name, shape in shapes.items()}
    fields = {"classes": ["go", "noise", "stop"], "counts": [3, 3, 3], "temperature": 0.5}
    return ClassificationModel(
        sequence_artifact("classify", parts, tensors, features, fields, source=None, history={}, card={})
    )


MODEL = classifier()


def events_by_pieces(labels: list[str], *, threshold, refractory, window, hop, shortest) -> list[Detection]:
    """What the model says of whole clips that are cut out of the sound, piece by piece."""
    window, hop, shortest = (round(seconds * RATE / STEP) for seconds in (window, hop, shortest))
    length = MODEL.features.step_samples
    codes = [MODEL.classes.tolist().index(label) for label in labels]
    events, heard_from, quiet_until = [], 0, 0.0
    for step in range((len(SOUND) - length) // STEP + 1):
        time = (step * STEP + length) / RATE
        starts = [
            start
            for start in range(0, step + 1, hop)
            if start >= heard_from and shortest <= step - start + 1 <= window
        ]
        if not starts:
            continue
        end = step * STEP + length
        clips = [Clip(SOUND[start * STEP : end], RATE) for start in starts]
        odds = MODEL.predict_proba(clips)[:, codes].max(axis=0)
        if odds.max() >= threshold and time >= quiet_until:
            events.append(Detection(time, labels[int(odds.argmax())], float(odds.max())))
            heard_from, quiet_until = step + 1, time + refractory
    return events


@pytest.mark.parametrize("labels", [["go", "noise", "stop"], ["stop"]])
@pytest.mark.parametrize("changed", [{}, {"refractory": 0}, {"hop": 0.02, "window": 0.2}, {"threshold": 0.8}])
def test_an_event_is_what_the_model_says_of_pieces(labels: list[str], changed: dict):
    settings = {**SETTINGS, **changed}
    found = Detector(MODEL, labels=labels, **settings).push(SOUND)
    assert found == events_by_pieces(labels, **settings)
    assert 0 < len(found) < 50


def test_the_cut_of_the_sound_does_not_matter():
    whole = Detector(MODEL, **SETTINGS).push(SOUND)
    for size in (1, 7, 999):
        detector = Detector(MODEL, **SETTINGS)
        pieces = [SOUND[start : start + size] for start in range(0, len(SOUND), size)]
        assert [event for piece in pieces for event in detector.push(piece)] == whole


def test_an_event_is_told_with_the_samples_that_make_it_sure():
    detector = Detector(MODEL, **SETTINGS)
    first = Detector(MODEL, **SETTINGS).push(SOUND)[0]
    sure = round(first.time * RATE)
    assert detector.push(SOUND[: sure - 1]) == []
    assert detector.push(SOUND[sure - 1 : sure]) == [first]


def test_events_keep_their_distance():
    times = [event.time for event in Detector(MODEL, **{**SETTINGS, "refractory": 0.35}).push(SOUND)]
    assert len(times) > 1
    assert min(np.diff(times)) >= 0.35


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["go", "stp"]}, "labels must be one of go, noise, stop, got 'stp'; did you mean 'stop'?"),
        ({"labels": []}, "labels must name at least one class to detect"),
        ({"threshold": 1.5}, "threshold must be above 0 and at most 1, got 1.5"),
        ({"threshold": 0}, "threshold must be a finite number above 0, got 0"),
        ({"refractory": -1}, "refractory must be a finite number above 0, got -1"),
        ({"window": 0}, "window must be a finite number above 0, got 0"),
        ({"window": 0.1}, "window must be at least 0.25 seconds, which a stream must have heard, got 0.1"),
    ],
)
def test_wrong_arguments(options: dict, message: str):
    with pytest.raises(InputError) as error:
        Detector(MODEL, **options)
    assert str(error.value) == message


def test_a_model_in_both_directions():
    with pytest.raises(InputError) as error:
        Detector(classifier(bidirectional=True))
    assert str(error.value) == (
        "a stream needs layers in one direction, but 'encoder' is bidirectional; give it whole sequences"
    )


def test_a_model_of_something_else():
    with pytest.raises(InputError) as error:
        Detector(object())
    assert str(error.value) == "a detector needs a classifier of audio clips"


def test_streams_are_made_when_they_begin():
    detector = Detector(MODEL, window=1e9)  # of as many from the first, no machine has the memory
    assert detector.push(SOUND) == Detector(MODEL, window=len(SOUND) / RATE).push(SOUND)
