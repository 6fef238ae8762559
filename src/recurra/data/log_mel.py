"""Audio clips as a network sees them: the logarithm of the energy in bands of the mel scale, frame by frame.

Frames are windows of the Hann shape, their spectrum is the squared magnitude of the Fourier transform, and
the bands are triangles, spaced evenly in mel from 0 to half the rate with a peak of 1 (Davis & Mermelstein
1980). The scale is HTK's: mel(f) = 2595 log10(1 + f / 700) (O'Shaughnessy 1987). Frames may be stacked, a few
to a step, so that a network has fewer steps to take (Sak, Senior, Rao & Beaufays 2015).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_float, positive_int
from recurra.data.audio import Clip, check_rate, checked_samples, resample
from recurra.data.series_features import SeriesFeatures
from recurra.kernels import Linear

_QUIETEST = 1e-10  # below the noise of 16 bits, so that silence has a logarithm
_FRAMES = 1024  # transformed at a time
_MOST_MELS = 256
_MOST_FRAMES_A_STEP = 16
_LONGEST_WINDOW = 100.0
_LEAST_DEVIATION = 0.01  # of a log energy: a band that hardly varies in a clip is not blown up


@dataclass(frozen=True, eq=False)
class AudioFeatures:
    """Log-mel energies, scaled by band; step t has frames t·stack to t·stack + stack − 1, side by side.

    Frame f is made of the samples from f·hop to f·hop + window; with ``by_clip`` it has its middle at f·hop.

    Attributes:
        rate: samples a second; clips of another rate are resampled.
        scale: the fitted mean and deviation of each of the bands.
        window, hop: milliseconds of a frame, and from one frame to the next.
        stack: frames of a step; those at the end that do not fill a step are left out.
        by_clip: whether each clip is brought to a common loudness and colour first: an energy more than
            ``dynamic_range`` below the loudest is raised to there, so that the noise of the room does not
            count, and each band gets mean 0 and deviation 1 over the clip, so that the microphone does not
            (Viikki & Laurila 1998). Half a window of silence at either end marks where it begins and stops.
            That needs the whole clip: no streams.
        dynamic_range: decibels. The bands of speech vary by about 30 (French & Steinberg 1947; the speech
            intelligibility index, ANSI S3.5, counts no more); what lies below is mostly room.

    Raises InputError for sizes that do not fit each other.
    """

    rate: int
    scale: SeriesFeatures
    window: float = 25.0
    hop: float = 10.0
    stack: int = 1
    by_clip: bool = False
    dynamic_range: float = 30.0

    def __post_init__(self) -> None:
        check_rate("rate", self.rate)
        window, hop = positive_float("window", self.window), positive_float("hop", self.hop)
        if not hop <= window <= _LONGEST_WINDOW:
            raise InputError(
                f"window must be from hop to {_LONGEST_WINDOW:g} milliseconds, got window={window:g} and "
                f"hop={hop:g}"
            )
        if positive_int("stack", self.stack) > _MOST_FRAMES_A_STEP:
            raise InputError(f"stack must be at most {_MOST_FRAMES_A_STEP}, got {self.stack}")
        if not isinstance(self.by_clip, bool):
            raise InputError(f"by_clip must be True or False, got {self.by_clip!r}")
        positive_float("dynamic_range", self.dynamic_range)
        if self.hop_samples < 1:
            raise InputError(f"hop={hop:g} milliseconds is less than one sample at {self.rate} a second")
        _filters(self.rate, self.mels, self._transform_size)

    @classmethod
    def fit(
        cls,
        clips: Sequence[Clip],
        *,
        rate: int | None = None,
        mels: int = 40,
        window: float = 25.0,
        hop: float = 10.0,
        stack: int = 1,
        by_clip: bool = False,
        dynamic_range: float = 30.0,
    ) -> "AudioFeatures":
        """Learn the scales of the bands from ``clips``.

        ``rate`` is the commonest of the clips' where it is None, the lower of two equally common ones.
        Raises InputError for no clips, for one shorter than a step, for sizes that do not fit.
        """
        if not clips:
            raise InputError("there are no clips to learn from; give at least one")
        if positive_int("mels", mels) > _MOST_MELS:
            raise InputError(f"mels must be at most {_MOST_MELS}, got {mels}")
        if rate is None:
            rates = Counter(clip.rate for clip in clips)
            rate = min(rates, key=lambda each: (-rates[each], each))
        unit = SeriesFeatures(np.zeros(mels), np.ones(mels))
        unscaled = cls(rate, unit, window, hop, stack, by_clip, dynamic_range)
        return replace(unscaled, scale=SeriesFeatures.fit(unscaled._energies(clips)))

    @property
    def mels(self) -> int:
        """The bands."""
        return self.scale.size

    @property
    def size(self) -> int:
        """The columns of the features: the bands of every frame of a step, frame after frame."""
        return self.stack * self.mels

    @property
    def window_samples(self) -> int:
        """Samples of a frame."""
        return round(self.rate * self.window / 1000)

    @property
    def hop_samples(self) -> int:
        """Samples from the start of one frame to that of the next."""
        return round(self.rate * self.hop / 1000)

    @property
    def step_samples(self) -> int:
        """Samples of a step."""
        return self.window_samples + (self.stack - 1) * self.hop_samples

    def __call__(self, clips: Sequence[Clip]) -> list[np.ndarray]:
        """The features of each clip, (T, size) float32, T = (1 + (samples − window) // hop) // stack.

        With ``by_clip`` half a window of silence stands at either end, and counts among the samples.

        Raises InputError, naming the clip, where one is shorter than a step.
        """
        return [self._steps(energies) for energies in self._energies(clips)]

    def times(self, steps: np.ndarray) -> np.ndarray:
        """Seconds from the start of a clip to the middle of each of ``steps`` (n,), float64."""
        first = self.step_samples / 2 - self._margin
        return (steps * (self.stack * self.hop_samples) + first) / self.rate

    def resampled(self, clips: Sequence[Clip]) -> tuple[str, ...]:
        """Sentences for people: how many of ``clips`` are resampled, from which rate; none if none are."""
        others = Counter(clip.rate for clip in clips if clip.rate != self.rate)
        return tuple(
            f"{count:,} of {len(clips):,} clips resampled from {rate:,} to {self.rate:,} samples a second."
            for rate, count in sorted(others.items())
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; floats keep every bit."""
        return {
            "rate": self.rate,
            "window": self.window,
            "hop": self.hop,
            "stack": self.stack,
            "by_clip": self.by_clip,
            "dynamic_range": self.dynamic_range,
            "scale": self.scale.to_dict(),
        }

    @classmethod
    def from_dict(cls, fields: Any) -> "AudioFeatures":
        """Undo `to_dict`. Raises InputError, naming the field, for anything else."""
        names = ("rate", "window", "hop", "stack", "by_clip", "dynamic_range", "scale")
        if not isinstance(fields, dict) or set(fields) != set(names):
            raise InputError(f"the features of audio must be an object with {', '.join(names)}")
        scale = SeriesFeatures.from_dict(fields["scale"])
        if scale.size > _MOST_MELS:
            raise InputError(f"mels must be at most {_MOST_MELS}, got {scale.size}")
        return cls(**{**fields, "scale": scale})

    @property
    def _transform_size(self) -> int:
        return 1 << (self.window_samples - 1).bit_length()

    @property
    def _margin(self) -> int:
        """Samples of silence at either end of a clip."""
        return self.window_samples // 2 if self.by_clip else 0

    def _energies(self, clips: Sequence[Clip]) -> Iterator[np.ndarray]:
        """The log-mel energies of each clip before they are scaled, (T, mels) float64."""
        for clip in clips:
            samples = resample(clip, self.rate).samples
            least = max(1, self.step_samples - 2 * self._margin)
            if len(samples) < least:
                raise InputError(
                    f"{clip.name} has {len(samples)} samples at {self.rate} a second, fewer than the "
                    f"{least} of one step; leave it out or use a longer clip"
                )
            samples = np.pad(samples, self._margin)
            energies = log_mel(samples, self)
            yield _levelled(energies, self.dynamic_range) if self.by_clip else energies

    def _steps(self, energies: np.ndarray) -> np.ndarray:
        """Scaled and stacked: (frames, mels) to (T, size) float32."""
        steps = len(energies) // self.stack
        return self.scale.transform(energies)[: steps * self.stack].reshape(steps, self.size)


class FrameStream:
    """The features of a clip that arrives in pieces: the same bits as those of the whole clip.

    ``rate`` is that of the samples where it is known. Raises InputError where it is not the features' own,
    for a stream is not resampled, and for features by clip, which need the whole clip.
    """

    def __init__(self, features: AudioFeatures, *, rate: int | None = None) -> None:
        if features.by_clip:
            raise InputError(
                "features with by_clip=True need a whole clip and cannot be streamed; fit with by_clip=False"
            )
        if rate is not None and rate != features.rate:
            raise InputError(
                f"the stream has {rate} samples a second and the model {features.rate}; a stream is not "
                f"resampled, record it at {features.rate}"
            )
        self._features = features
        self._pending = np.zeros(0, np.float32)

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take ``samples`` (n,), floats from -1 to 1, n ≥ 0; return the steps they complete, (k, size).

        Raises InputError, and takes nothing, for integers, another shape, or values that are not finite.
        """
        features = self._features
        known = np.concatenate([self._pending, checked_samples(samples, "samples")])
        rows = features._steps(log_mel(known, features))
        self._pending = known[len(rows) * features.stack * features.hop_samples :].copy()
        return rows

    def state(self) -> dict[str, np.ndarray]:
        """What the stream remembers, by name: the ``samples`` (n,) float32 that later steps need."""
        return {"samples": self._pending.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state`. Raises InputError where it is not one of a stream with these features."""
        if not isinstance(state, dict) or set(state) != {"samples"}:
            raise InputError("the state of a stream of frames must have one array, samples")
        samples = checked_samples(state["samples"], "the samples of the state")
        if len(samples) >= self._features.step_samples:
            raise InputError(
                f"the samples of the state must be fewer than the {self._features.step_samples} of one "
                f"step, got {len(samples)}"
            )
        self._pending = samples.copy()


def log_mel(samples: np.ndarray, features: AudioFeatures) -> np.ndarray:
    """The log-mel energies (T, mels) float64, not scaled, of ``samples`` (n,) at the rate of ``features``.

    T is 0 where n is less than a window. A frame has the same bits whatever lies around it.
    """
    if len(samples) < features.window_samples:
        return np.zeros((0, features.mels))
    size, shape = features._transform_size, _hann(features.window_samples)
    filters = _filters(features.rate, features.mels, size)
    windows = np.lib.stride_tricks.sliding_window_view(samples, features.window_samples)
    windows = windows[:: features.hop_samples]
    energies = np.empty((len(windows), features.mels))
    for start in range(0, len(windows), _FRAMES):
        part = slice(start, start + _FRAMES)
        spectrum = np.fft.rfft(windows[part] * shape, size)
        energies[part] = filters(spectrum.real**2 + spectrum.imag**2)
    return np.log(np.maximum(energies, _QUIETEST))


def _levelled(energies: np.ndarray, dynamic_range: float) -> np.ndarray:
    """Log energies (T, mels), clamped below their peak, with mean 0 and deviation 1 in each band."""
    clamped = np.maximum(energies - energies.max(), -dynamic_range * (math.log(10) / 10))
    centred = clamped - clamped.mean(axis=0)
    return centred / np.maximum(np.sqrt((centred**2).mean(axis=0)), _LEAST_DEVIATION)


@lru_cache(maxsize=8)
def _hann(size: int) -> np.ndarray:
    """The periodic Hann window, (size,) float64."""
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    shape.flags.writeable = False
    return shape


@lru_cache(maxsize=8)
def _filters(rate: int, mels: int, size: int) -> Linear:
    """The bands as a product with the ``size // 2 + 1`` bins of a spectrum.

    Raises InputError where a band is so narrow that it has no bin.
    """
    top = 2595 * math.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, mels + 2) / 2595) - 1)
    bins = np.arange(size // 2 + 1) * (rate / size)
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    weight = np.maximum(0, np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak)))
    empty = mels - np.count_nonzero(weight.any(axis=1))
    if empty:
        raise InputError(
            f"mels={mels} is too many for {rate} samples a second: {empty} of them would hold no frequency "
            f"of a transform of {size} samples; use fewer, or a longer window"
        )
    return Linear(weight)
