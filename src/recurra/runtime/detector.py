"""Detect events, such as a wake word, in sound that goes on, with a causal classifier of clips.

A classifier has learnt clips that begin where the word begins, and in sound that goes on nobody says where
that is. So every ``hop`` seconds a stream of the classifier starts anew, and lives for ``window`` seconds, as
long as a clip may be; one of them starts within half a hop of the word. At each step the probability of an
event is the largest over those of the living streams that have heard at least ``shortest`` seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_float
from recurra.data import AudioFeatures, FrameStream
from recurra.runtime.classification import ClassificationModel
from recurra.runtime.stepping import NetworkStream


@dataclass(frozen=True)
class Detection:
    """An event: when it was sure (seconds from the first sample), what, and how sure."""

    time: float
    label: str
    probability: float


class _Stream:
    """A stream and the steps that it has heard."""

    def __init__(self, network: NetworkStream) -> None:
        self.network, self.age = network, 0

    def step(self, row: np.ndarray) -> np.ndarray:
        self.age += 1
        return self.network.step(row)


class Detector:
    """Tells events in samples that are pushed as they come.

    An event is sure at the first step at which the probability of one of ``labels`` is at least
    ``threshold``. All streams then start anew, since they have heard it, and no other event is told for
    ``refractory`` seconds. The same samples give the same events, however they are cut into pieces.

    Args:
        model: a classifier of audio clips that reads from the start alone.
        labels: the classes that are events; None for all.
        threshold: the probability of an event, above 0 and at most 1.
        refractory: seconds from one event to the next at least; 0 for none.
        window: seconds that a stream lives for, about the length of the longest usual clip.
        hop: seconds from the start of one stream to that of the next; more often costs more time.
        shortest: seconds that a stream must have heard, about the length of the shortest usual clip.

    Raises InputError for a model that is none of audio, or reads from both ends, and for wrong arguments.
    """

    def __init__(
        self,
        model: ClassificationModel,
        *,
        labels: Sequence[str] | None = None,
        threshold: float = 0.9,
        refractory: float = 1.0,
        window: float = 1.0,
        hop: float = 0.1,
        shortest: float = 0.25,
    ) -> None:
        if not isinstance(model, ClassificationModel) or not isinstance(model.features, AudioFeatures):
            raise InputError("a detector needs a classifier of audio clips")
        names = [str(name) for name in model.classes]
        labels = names if labels is None else list(labels)
        if not labels:
            raise InputError("labels must name at least one class to detect")
        self._codes = np.array([names.index(one_of("labels", label, names)) for label in labels])
        self._labels = labels
        if not 0 < positive_float("threshold", threshold) <= 1:
            raise InputError(f"threshold must be above 0 and at most 1, got {threshold!r}")
        if refractory:
            positive_float("refractory", refractory)
        self._threshold, self._refractory = threshold, refractory
        features = model.features
        self._apart = features.stack * features.hop_samples  # samples from one step to the next
        sizes = {"window": window, "hop": hop, "shortest": shortest}
        steps = {
            name: max(1, round(positive_float(name, value) * features.rate / self._apart))
            for name, value in sizes.items()
        }
        if steps["shortest"] > steps["window"]:
            raise InputError(
                f"window must be at least {shortest:g} seconds, which a stream must have heard, "
                f"got {window:g}"
            )
        self._window, self._hop, self._shortest = steps["window"], steps["hop"], steps["shortest"]
        self._model, self._features = model, features
        NetworkStream(model.network)  # raises for a model that reads from both ends
        self._spare: list[NetworkStream] = []
        self._frames = FrameStream(features)
        self._living: list[_Stream] = []
        self._count = 0  # steps so far
        self._quiet_until = 0.0

    def push(self, samples: np.ndarray) -> list[Detection]:
        """The events that become sure with ``samples`` (n,), floats from −1 to 1 at the model's rate."""
        found = (self._step(row) for row in self._frames.push(samples))
        return [event for event in found if event is not None]

    def _step(self, row: np.ndarray) -> Detection | None:
        if self._count % self._hop == 0:
            self._living.append(
                _Stream(self._spare.pop() if self._spare else NetworkStream(self._model.network))
            )
        self._count += 1
        outputs = [(stream.step(row), stream.age) for stream in self._living]
        heard = [output for output, age in outputs if age >= self._shortest]
        event = self._event(np.stack(heard)) if heard else None
        for stream in list(self._living):
            if event is not None or stream.age >= self._window:
                self._living.remove(stream)
                stream.network.reset()
                self._spare.append(stream.network)
        return event

    def _event(self, outputs: np.ndarray) -> Detection | None:
        """What the ``outputs`` (n, K) of n streams make sure."""
        time = ((self._count - 1) * self._apart + self._features.step_samples) / self._features.rate
        odds = self._model.probabilities(outputs)[:, self._codes].max(axis=0)
        best = int(odds.argmax())
        if odds[best] < self._threshold or time < self._quiet_until:
            return None
        self._quiet_until = time + self._refractory
        return Detection(time, self._labels[best], float(odds[best]))
