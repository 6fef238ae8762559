"""Events that were detected in a recording beside those that are in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import positive_float

_HOUR = 3600.0


@dataclass(frozen=True)
class Event:
    """What happened when: seconds from the start."""

    time: float
    label: str


@dataclass(frozen=True)
class DetectionScores:
    """How the events of a recording were detected.

    Attributes:
        hits: pairs (expected, detected), in time.
        missed: expected events that were not detected.
        false_alarms: detected events that belong to no expected one.
        duration: of the recording, in seconds.
    """

    hits: tuple[tuple[Event, Event], ...]
    missed: tuple[Event, ...]
    false_alarms: tuple[Event, ...]
    duration: float

    @property
    def false_alarms_an_hour(self) -> float:
        """The rate by which detectors are compared."""
        return len(self.false_alarms) * _HOUR / self.duration

    def to_dict(self) -> dict[str, Any]:
        """The numbers as plain JSON values."""
        return {
            "hits": len(self.hits),
            "misses": len(self.missed),
            "false_alarms": len(self.false_alarms),
            "false_alarms_per_hour": self.false_alarms_an_hour,
        }


def score_detections(
    detected: Sequence[Event], expected: Sequence[Event], *, tolerance: float, duration: float
) -> DetectionScores:
    """Match events with the expected ones, one to one, and count what is left on both sides.

    Each expected event, in time, takes the first detected one of its label that no other has taken and that
    is at most ``tolerance`` seconds away, before or after; no other way of matching has more hits. Raises
    InputError unless ``tolerance`` and ``duration`` are above 0 and times lie in the recording.
    """
    positive_float("tolerance", tolerance)
    positive_float("duration", duration)
    for event in expected:
        if not 0 <= event.time <= duration:
            raise InputError(
                f"the event {event.label!r} is expected at {event.time:g} s, but the recording goes from "
                f"0 to {duration:g} s"
            )
    left = sorted(detected, key=lambda event: event.time)
    hits, missed = [], []
    for event in sorted(expected, key=lambda event: event.time):
        near = (
            other
            for other in left
            if other.label == event.label and abs(other.time - event.time) <= tolerance
        )
        match = next(near, None)
        if match is None:
            missed.append(event)
        else:
            hits.append((event, match))
            left.remove(match)
    return DetectionScores(tuple(hits), tuple(missed), tuple(left), duration)
