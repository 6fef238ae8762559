"""Audio: clips of samples, read from files and zip archives that nobody has to trust."""

import io
import math
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO

import numpy as np

from recurra._base.errors import InputError, MissingExtraError

_LOWEST_RATE, _HIGHEST_RATE = 1_000, 384_000
_MOST_SAMPLES = 2**27  # of all channels of a clip: 512 MiB as float32
_SUFFIXES = (".flac", ".wav")

_MOST_FILES = 65_535  # of a plain zip archive, and of a folder
_LARGEST_DIRECTORY = 16 * 2**20  # bytes: names of 200 characters for each of the files
_LARGEST_FILE, _LARGEST_TOTAL = 512 * 2**20, 4 * 2**30  # bytes, unpacked
_HIGHEST_RATIO, _SMALLEST_BOMB = 100, 2**20  # sound packs to a half; a mebibyte is no bomb
_MOST_CHUNKS = 1000  # of a WAV file, before its sound
_UNKNOWN = 0xFFFF0000  # and above: what programs announce that cannot seek back
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, ValueError)


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
    path = Path(source)
    if path.is_dir():
        files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
        names = _audio_names(files, str(path))
        return [read_clip(files[name], name=name) for name in names]
    if not path.exists():
        raise InputError(f"{path} does not exist; give a folder or a zip archive of WAV or FLAC files")
    try:
        with path.open("rb") as file:
            _check_directory(file, path)
            with zipfile.ZipFile(file) as archive:
                return list(_clips_in(archive, path))
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(f"{path} cannot be read as a zip archive: {error}") from error


def _clips_in(archive: zipfile.ZipFile, path: Path) -> Iterator[Clip]:
    """The clips of ``archive``, all of whose entries are checked before the first is read."""
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    for entry in entries:
        place = PureWindowsPath(entry.filename)  # knows both slashes, and drives
        if place.anchor or ".." in place.parts:
            raise InputError(
                f"{path} has the entry {entry.filename!r}, which leads out of it; it is not read"
            )
        if entry.filename.lower().endswith(".zip"):
            raise InputError(f"{path} holds another archive, {entry.filename}; unpack that first")
    names = _audio_names((entry.filename for entry in entries), str(path))
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) < len(entries):
        twice = next(
            name for name, count in Counter(entry.filename for entry in entries).items() if count > 1
        )
        raise InputError(f"{path} has several entries of one name, {twice}; make the archive again")
    for name in names:
        _check_entry(by_name[name], path)
    total = sum(by_name[name].file_size for name in names)
    if total > _LARGEST_TOTAL:
        raise InputError(
            f"{path} unpacks to {total:,} bytes of sound, more than {_LARGEST_TOTAL:,}; split it up"
        )
    for name in names:
        try:
            unpacked = archive.read(by_name[name])
        except _BROKEN as error:
            raise InputError(f"{path}: {name} is damaged: {error}") from error
        yield read_clip(io.BytesIO(unpacked), name=name)


def _check_entry(entry: zipfile.ZipInfo, path: Path) -> None:
    """Raise InputError unless ``entry`` is packed plainly and has sizes that sound can have."""
    if entry.flag_bits & 1:
        raise InputError(f"{path}: {entry.filename} is encrypted; make the archive again without a password")
    if entry.compress_type not in _PACKED:
        raise InputError(
            f"{path}: {entry.filename} is not packed by deflate; make the archive again with that"
        )
    if entry.file_size > _LARGEST_FILE:
        raise InputError(
            f"{path}: {entry.filename} unpacks to {entry.file_size:,} bytes, more than {_LARGEST_FILE:,}; "
            "cut it up"
        )
    if entry.file_size > max(_SMALLEST_BOMB, _HIGHEST_RATIO * entry.compress_size):
        raise InputError(
            f"{path}: {entry.filename} unpacks from {entry.compress_size:,} bytes to {entry.file_size:,}, "
            f"more than {_HIGHEST_RATIO} times as many; sound does not, so it is not read"
        )


def _check_directory(file: BinaryIO, path: Path) -> None:
    """Raise InputError unless the zip's directory is of a size that may be taken into memory."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 22 - 65_535 - 20))
    tail = file.read()
    file.seek(0)
    plain = tail[-22:-18] == b"PK\5\6" and tail.endswith(b"\0\0")
    end = len(tail) - 22 if plain else tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22:
        raise InputError(f"{path} is not a zip archive, or is cut short; give a folder or a whole archive")
    directory = struct.unpack_from("<I", tail, end + 12)[0]
    if tail[max(0, end - 20) : end].startswith(b"PK\6\7") or directory > _LARGEST_DIRECTORY:
        raise InputError(f"{path} is an archive of more than {_MOST_FILES:,} files or 4 GiB; split it up")


def _audio_names(names: Iterable[str], place: str) -> list[str]:
    """The names of sounds among ``names``, sorted; InputError, naming ``place``, for none or too many."""
    seen = {name: PurePosixPath(name) for name in names}
    if len(seen) > _MOST_FILES:
        raise InputError(f"{place} has {len(seen):,} files, more than {_MOST_FILES:,}; split it up")
    hidden = {name for name, path in seen.items() if any(p[0] == "." or p == "__MACOSX" for p in path.parts)}
    visible = {name: path.suffix.lower() for name, path in seen.items() if name not in hidden}
    sounds = sorted(name for name, suffix in visible.items() if suffix in _SUFFIXES)
    if not sounds:
        suffixes = Counter(suffix or "no suffix" for suffix in visible.values())
        found = ", ".join(f"{suffix} ({count})" for suffix, count in sorted(suffixes.items())[:10])
        raise InputError(f"{place} has no .wav or .flac files; it has {found or 'no files'}")
    return sounds


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
