"""Audio: clips of samples, read from files and zip archives that nobody has to trust."""

from dataclasses import dataclass, field

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int

_LOWEST_RATE, _HIGHEST_RATE = 1_000, 384_000


@dataclass(frozen=True, eq=False)
class Clip:
    """Sound from one microphone.

    Attributes:
        samples: (n,) float32, at least one, full scale is −1 to 1.
        rate: samples a second.
        name: where it comes from, for messages: "0_theo_1.wav".

    Raises InputError where the samples are not finite floats in one channel, or the rate is out of range.
    """

    samples: np.ndarray = field(repr=False)
    rate: int
    name: str = "clip"

    def __post_init__(self) -> None:
        samples = checked_samples(self.samples, f"the samples of {self.name}")
        if not len(samples):
            raise InputError(f"{self.name} has no samples; give a clip with sound in it, or leave it out")
        rate = positive_int(f"the rate of {self.name}", self.rate)
        if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
            raise InputError(
                f"the rate of {self.name} must be from {_LOWEST_RATE} to {_HIGHEST_RATE} samples a second, "
                f"got {rate}"
            )
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate", rate)


def checked_samples(samples: np.ndarray, what: str) -> np.ndarray:
    """``samples`` (n,) as contiguous float32; InputError, naming ``what``, unless they are finite floats."""
    array = np.asarray(samples)
    if array.dtype.kind != "f":
        raise InputError(
            f"{what} must be floats from -1 to 1, got dtype {array.dtype}; divide integer samples by their "
            "full scale"
        )
    if array.ndim != 1:
        raise InputError(f"{what} must have shape (n,), one channel, got {array.shape}; average the channels")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(array).all():
        first = int(np.argmin(np.isfinite(array)))
        raise InputError(f"{what} must be finite, got {array[first]} at sample {first}")
    return array
