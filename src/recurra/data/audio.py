"""Audio: clips of samples, read from files and zip archives that nobody has to trust."""

import io
import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra.data.archive import Kind, read_members

_LOWEST_RATE, _HIGHEST_RATE = 1_000, 384_000
_MOST_SAMPLES = 2**27  # of all channels of a clip: 512 MiB as float32
_MOST_CHUNKS = 1000  # of a WAV file, before its sound
_UNKNOWN = 0xFFFF0000  # and above: what programs announce that cannot seek back
_SOUND = Kind(
    suffixes=(".wav", ".flac"),
    files="WAV or FLAC files",
    content="sound",
    largest_file=512 * 2**20,
    largest_total=4 * 2**30,
    highest_ratio=100,  # sound packs to a half
)


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
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate", check_rate(f"the rate of {self.name}", self.rate))


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


def check_rate(name: str, rate: Any) -> int:
    """``rate`` as an int; InputError, naming ``name``, unless it is a possible number of samples a second."""
    whole = isinstance(rate, int | np.integer) and not isinstance(rate, bool)
    if not whole or not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise InputError(
            f"{name} must be a whole number from {_LOWEST_RATE} to {_HIGHEST_RATE} samples a second, "
            f"got {rate!r}"
        )
    return int(rate)


def resample(clip: Clip, rate: int) -> Clip:
    """``clip`` at ``rate`` samples a second, by a polyphase low-pass filter; the clip itself if it has it.

    Raises InputError where the result would be too long, MissingExtraError without SciPy.
    """
    if clip.rate == check_rate("rate", rate):
        return clip
    try:
        from scipy.signal import resample_poly
    except ImportError as error:
        raise MissingExtraError.of("scipy", "data") from error
    common = math.gcd(rate, clip.rate)
    if len(clip.samples) * rate // clip.rate > _MOST_SAMPLES:
        raise InputError(f"{clip.name} is too long to be resampled to {rate} samples a second; cut it up")
    samples = resample_poly(clip.samples, rate // common, clip.rate // common)
    return Clip(samples.astype(np.float32, copy=False), rate, clip.name)


def read_clip(source: str | Path | BinaryIO, *, name: str | None = None) -> Clip:
    """Read a WAV or FLAC file, or the seekable file object of one; channels are averaged.

    Integer samples are divided by their full scale. ``name`` is for messages, the file's own by default.
    Raises InputError for what is not such a file, is cut short, has no samples or some that are not finite;
    MissingExtraError without soundfile.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            with path.open("rb") as file:
                return read_clip(file, name=name or path.name)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{str(path)!r} is not the name of a file: {error}") from error
    try:
        import soundfile
    except ImportError as error:
        raise MissingExtraError.of("soundfile", "data") from error
    name = name or Path(str(getattr(source, "name", "clip"))).name
    _check_header(source, name)
    try:
        with soundfile.SoundFile(source) as sound:
            if sound.frames * sound.channels > _MOST_SAMPLES:
                raise InputError(
                    f"{name} has {sound.frames} samples in {sound.channels} channels, more than "
                    f"{_MOST_SAMPLES} in all; cut it up"
                )
            channels, rate, announced = (
                sound.read(dtype="float32", always_2d=True),
                sound.samplerate,
                sound.frames,
            )
    except soundfile.LibsndfileError as error:
        raise InputError(f"{name} cannot be read as WAV or FLAC: {error.error_string}") from error
    if len(channels) != announced:
        raise InputError(f"{name} is damaged: {len(channels)} of {announced} samples can be read")
    mono = channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1, dtype=np.float64)
    return Clip(mono, rate, name)


def read_clips(source: str | Path) -> list[Clip]:
    """The WAV and FLAC files in a folder or a zip archive, and in the folders within, sorted by name.

    A clip's name is its path in there. Other files are left out, as are hidden ones. An archive is read in
    place: nothing is written to disk, and its directory is checked before memory is taken.

    Raises InputError where there are no such files, or one cannot be read, and for archives with damage,
    encryption, archives within, paths that lead out, or sizes that no collection of sound has.
    """
    return [read_clip(file, name=name) for name, file in read_members(source, _SOUND)]


def _check_header(file: BinaryIO, name: str) -> None:
    """Raise InputError unless ``file`` begins as WAV or FLAC does, with all the bytes that it announces.

    The library beneath knows many more formats, and reads what there is of a WAV file that is cut short.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if not (head[:4] == b"fLaC" or (head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:] == b"WAVE")):
        raise InputError(
            f"{name} is not a WAV or FLAC file; it begins with {head!r}" if head else f"{name} is empty"
        )
    order = {b"RIFF": "<", b"RIFX": ">"}.get(head[:4])
    for _ in range(_MOST_CHUNKS if order else 0):
        chunk = file.read(8)
        if len(chunk) < 8:
            raise InputError(f"{name} is cut short: it has no sound")
        announced = struct.unpack(f"{order}4xI", chunk)[0]
        follow = size - file.tell()
        if chunk[:4] == b"data":
            if announced > follow and announced < _UNKNOWN:
                raise InputError(f"{name} is cut short: {follow} of {announced} bytes of sound are there")
            break
        file.seek(announced + announced % 2, io.SEEK_CUR)
    file.seek(0)
