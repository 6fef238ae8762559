"""The files of one kind in a folder or a zip archive, which nobody has to trust."""

import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from recurra._base.errors import InputError

_MOST_FILES = 65_535  # of a plain zip archive, and of a folder
_LARGEST_DIRECTORY = 16 * 2**20  # bytes: names of 200 characters for each of the files
_SMALLEST_BOMB = 2**20  # a mebibyte is none
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, ValueError)


@dataclass(frozen=True)
class Kind:
    """What is looked for.

    Attributes:
        suffixes: in lower case: (".wav", ".flac").
        files: what such files are called, for messages: "WAV or FLAC files".
        content: what is in them, for messages: "sound".
        largest_file, largest_total: in bytes, unpacked.
        highest_ratio: of unpacked to packed bytes; what packs better is no such file.
    """

    suffixes: tuple[str, ...]
    files: str
    content: str
    largest_file: int
    largest_total: int
    highest_ratio: int


def read_members(source: str | Path, kind: Kind) -> Iterator[tuple[str, Path | BinaryIO]]:
    """The name, a path in there, and the place or the bytes of each file of ``kind``, sorted by name.

    Other files are left out, as are hidden ones. An archive is read in place: nothing is written to disk,
    and its directory is checked before memory is taken.

    Raises InputError where there are no such files, and for archives with damage, encryption, archives
    within, paths that lead out, or sizes that no collection of the kind has.
    """
    path = Path(source)
    if path.is_dir():
        files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
        for name in _wanted(files, kind, str(path)):
            yield name, files[name]
        return
    if not path.exists():
        raise InputError(f"{path} does not exist; give a folder or a zip archive of {kind.files}")
    try:
        with path.open("rb") as file:
            _check_directory(file, path)
            with zipfile.ZipFile(file) as archive:
                yield from _unpack(archive, kind, path)
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(f"{path} cannot be read as a zip archive: {error}") from error


def _unpack(archive: zipfile.ZipFile, kind: Kind, path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """The files of ``archive``, all of whose entries are checked before the first is read."""
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    for entry in entries:
        place = PureWindowsPath(entry.filename)  # knows both slashes, and drives
        if place.anchor or ".." in place.parts:
            raise InputError(
                f"{path} has the entry {entry.filename!r}, which leads out of it; it is not read"
            )
        if entry.filename.lower().endswith(".zip"):
            raise InputError(f"{path} holds another archive, {entry.filename}; unpack that first")
    names = _wanted((entry.filename for entry in entries), kind, str(path))
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) < len(entries):
        twice = next(
            name for name, count in Counter(entry.filename for entry in entries).items() if count > 1
        )
        raise InputError(f"{path} has several entries of one name, {twice}; make the archive again")
    for name in names:
        _check_entry(by_name[name], kind, path)
    total = sum(by_name[name].file_size for name in names)
    if total > kind.largest_total:
        raise InputError(
            f"{path} unpacks to {total:,} bytes of {kind.content}, more than {kind.largest_total:,}; "
            "split it up"
        )
    for name in names:
        try:
            unpacked = archive.read(by_name[name])
        except _BROKEN as error:
            raise InputError(f"{path}: {name} is damaged: {error}") from error
        yield name, io.BytesIO(unpacked)


def _check_entry(entry: zipfile.ZipInfo, kind: Kind, path: Path) -> None:
    """Raise InputError unless ``entry`` is packed plainly and has sizes that its kind can have."""
    if entry.flag_bits & 1:
        raise InputError(f"{path}: {entry.filename} is encrypted; make the archive again without a password")
    if entry.compress_type not in _PACKED:
        raise InputError(
            f"{path}: {entry.filename} is not packed by deflate; make the archive again with that"
        )
    if entry.file_size > kind.largest_file:
        raise InputError(
            f"{path}: {entry.filename} unpacks to {entry.file_size:,} bytes, more than "
            f"{kind.largest_file:,}; cut it up"
        )
    if entry.file_size > max(_SMALLEST_BOMB, kind.highest_ratio * entry.compress_size):
        raise InputError(
            f"{path}: {entry.filename} unpacks from {entry.compress_size:,} bytes to {entry.file_size:,}, "
            f"more than {kind.highest_ratio} times as many; {kind.content} does not, so it is not read"
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


def _wanted(names: Iterable[str], kind: Kind, place: str) -> list[str]:
    """The names of ``kind`` among ``names``, sorted; InputError, naming ``place``, for none or too many."""
    seen = {name: PurePosixPath(name) for name in names}
    if len(seen) > _MOST_FILES:
        raise InputError(f"{place} has {len(seen):,} files, more than {_MOST_FILES:,}; split it up")
    hidden = {name for name, path in seen.items() if any(p[0] == "." or p == "__MACOSX" for p in path.parts)}
    visible = {name: path.suffix.lower() for name, path in seen.items() if name not in hidden}
    wanted = sorted(name for name, suffix in visible.items() if suffix in kind.suffixes)
    if not wanted:
        suffixes = Counter(suffix or "no suffix" for suffix in visible.values())
        found = ", ".join(f"{suffix} ({count})" for suffix, count in sorted(suffixes.items())[:10])
        sought = " or ".join(kind.suffixes)
        raise InputError(f"{place} has no {sought} files; it has {found or 'no files'}")
    return wanted
