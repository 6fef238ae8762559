"""Events in a recording, told the moment they are sure, and how many of them were right."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.cli import console
from recurra.cli.models import resampled
from recurra.cli.option import flag, option, with_options

if TYPE_CHECKING:
    import numpy as np

    from recurra.evaluation.detections import DetectionScores, Event
    from recurra.runtime import ClassificationModel

_PANEL, _SCORE = "Events in sound", "Score"
_PIECE = 0.1  # seconds of sound at a time


@dataclass(frozen=True, kw_only=True)
class Detecting:
    """How events are told."""

    label: Annotated[
        list[str] | None,
        option("LABEL", "A class that is an event. May be repeated. Default: all.", _PANEL),
    ] = None
    background: Annotated[
        list[str] | None, option("LABEL", "A class that is none, such as noise. May be repeated.", _PANEL)
    ] = None
    threshold: Annotated[
        float | None, option("X", "The probability from which on an event is sure. Default: 0.9.", _PANEL)
    ] = None
    refractory: Annotated[
        float | None, option("S", "Seconds from one event to the next at least. Default: 1.", _PANEL)
    ] = None
    window: Annotated[
        float | None,
        option(
            "S",
            "Seconds that the model listens back for an event: its longest usual clip. Default: 1.",
            _PANEL,
        ),
    ] = None
    expected: Annotated[
        Path | None,
        option("FILE", "A table of the events that there are, columns time (seconds) and label.", _SCORE),
    ] = None
    tolerance: Annotated[
        float | None,
        option("S", "Seconds that a hit may be off its time in --expected. Default: 0.5.", _SCORE),
    ] = None

    def given(self) -> list[str]:
        """The options that were given, as the user writes them."""
        return [flag(field.name) for field in fields(self) if getattr(self, field.name) is not None]


def detect(model: "ClassificationModel", path: Path, asked: Detecting, *, json: bool) -> None:
    """Print each event in the recording at ``path`` when it is sure, and at the end how many there were."""
    from recurra.data import Sequences, read_clip, resample
    from recurra.evaluation.detections import Event, score_detections
    from recurra.runtime.detector import Detector

    labels = _labels(model, asked)
    settings = {
        name: getattr(asked, name)
        for name in ("threshold", "refractory", "window")
        if getattr(asked, name) is not None
    }
    if asked.tolerance is not None and asked.expected is None:
        raise InputError("--tolerance needs --expected, a table of the events that there are")
    try:
        detector = Detector(model, labels=labels, **settings)
    except InputError as error:
        raise InputError(with_options(str(error), settings)) from error
    expected = None if asked.expected is None else _expected(asked.expected, labels)
    clip = read_clip(path)
    if not json:
        console.note(resampled(model, Sequences("audio", [clip])))
    clip = resample(clip, model.features.rate)  # pyright: ignore[reportAttributeAccessIssue]
    duration = len(clip.samples) / clip.rate
    found: list[Event] = []
    for piece in _pieces(clip.samples, round(_PIECE * clip.rate)):
        for event in detector.push(piece):
            found.append(Event(event.time, event.label))
            if json:
                console.say_json(vars(event))
            else:
                console.say(f"{event.time:9.2f} s  {event.label}  {event.probability:.3f}")
            console.out.file.flush()
    scores = None
    if expected is not None:
        tolerance = 0.5 if asked.tolerance is None else asked.tolerance
        try:
            scores = score_detections(found, expected, tolerance=tolerance, duration=duration)
        except InputError as error:
            raise InputError(with_options(str(error), ["tolerance"])) from error
    if json:
        console.say_json(_summary(found, duration, scores))
    else:
        _say(found, duration, scores)


def _labels(model: "ClassificationModel", asked: Detecting) -> list[str]:
    """The classes that are events."""
    from recurra._base.validation import one_of

    names = [str(name) for name in model.classes]
    if asked.label and asked.background:
        raise InputError("--label and --background exclude one another; give one of them")
    for name in asked.background or ():
        one_of("--background", name, names)
    for name in asked.label or ():
        one_of("--label", name, names)
    labels = asked.label or [name for name in names if name not in (asked.background or ())]
    if not labels:
        raise InputError("--background must leave a class to detect, got all of them")
    return labels


def _expected(path: Path, labels: list[str]) -> "list[Event]":
    from recurra.data.rows import read_rows
    from recurra.evaluation.detections import Event

    rows = read_rows(path)
    events = [
        Event(float(time), label.strip())
        for time, label in zip(rows.numbers("time", "time"), rows.texts("label", "label"))
    ]
    for event, place in zip(events, rows.places):
        if event.label not in labels:
            raise InputError(
                f"{path}, {place} has the label {event.label!r}, which is not detected; those that are: "
                f"{', '.join(labels)}"
            )
    return events


def _pieces(samples: "np.ndarray", size: int) -> "Iterator[np.ndarray]":
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def _summary(found: "list[Event]", duration: float, scores: "DetectionScores | None") -> dict[str, Any]:
    return {
        "events": len(found),
        "seconds": duration,
        "events_per_hour": 3600 * len(found) / duration,
        **({} if scores is None else scores.to_dict()),
    }


def _say(found: "list[Event]", duration: float, scores: "DetectionScores | None") -> None:
    from recurra.inspection.wording import number

    hourly = number(3600 * len(found) / duration)
    console.say(f"{count(len(found), 'event')} in {duration:,.1f} s, {hourly} an hour.")
    if scores is None:
        return
    expected = len(scores.hits) + len(scores.missed)
    console.say(
        f"{len(scores.hits):,} of {expected:,} expected were hit, {len(scores.missed):,} missed; "
        f"{count(len(scores.false_alarms), 'false alarm')}, {number(scores.false_alarms_an_hour)} an hour."
    )
