"""Word vectors that others have trained, from files of word2vec (text and binary) and GloVe (text)."""

import os
import re
from collections.abc import Sequence, Set
from pathlib import Path
from typing import BinaryIO

import numpy as np

from recurra._base.errors import InputError
from recurra.data.text_file import check_file

_LONGEST_LINE = 1 << 20
_LONGEST_WORD = 1 << 12
_CHUNK = 1 << 20
_MOST_NUMBERS = 10_000
_HEADER = re.compile(rb"([0-9]{1,12}) ([0-9]{1,12})[ \t]*(\r?\n)?")
_SPACE = re.compile(r"[\s\x00-\x1f]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
# The sign and exponent of a float32 from 0.0005 to 32: as characters, none that a numeral has.
_EXPONENTS = frozenset([*range(0x3A, 0x42), *range(0xBA, 0xC2)])


def read_vectors(path: str | Path, wanted: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of the ``wanted`` words, V of them, read line by line.

    A first line of two whole numbers, words and dimensions, is word2vec's, and floats in binary may follow
    it; without it, the file is GloVe's. Words are compared as they are written; of one that comes twice in
    the file, the first vector counts.

    Returns:
        found: (V,) bool, whether the file has the word.
        vectors: (V, D) float32, zeros where it has not.

    Raises InputError for a path that is none, and, with the line or the word's number, for a file that is
    damaged, cut short or has no vectors. No memory is taken for what the file only claims to hold.
    """
    try:
        path = Path(path)
    except TypeError as error:
        raise InputError(
            f"path must be that of a file of word vectors, as text or a Path, got {path!r}"
        ) from error
    check_file(path)
    places: dict[bytes, list[int]] = {}
    for place, word in enumerate(wanted):
        places.setdefault(word.encode(errors="surrogatepass"), []).append(place)
    try:
        with path.open("rb") as file:
            size, rows = _read(path, file, places.keys())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    found = np.zeros(len(wanted), dtype=bool)
    vectors = np.zeros((len(wanted), size), dtype=np.float32)
    for word, row in rows.items():
        found[places[word]] = True
        vectors[places[word]] = row
    return found, vectors


def vectors_text(words: Sequence[str], vectors: np.ndarray) -> str:
    """``vectors`` (V, D) of the ``words`` as a text file of word2vec's, which `read_vectors` reads again.

    With nine digits, so that every float32 comes back as it was. The format has white space between words
    and numbers, so that words with white space in them, or of none but it, are left out.
    """
    rows = [(word, row) for word, row in zip(words, vectors, strict=True) if word and not _SPACE.search(word)]
    lines = (f"{word} {' '.join(f'{value:.9g}' for value in row)}\n" for word, row in rows)
    return f"{len(rows)} {vectors.shape[1]}\n" + "".join(lines)


def _read(path: Path, file: BinaryIO, wanted: Set[bytes]) -> tuple[int, dict[bytes, np.ndarray]]:
    """The numbers of each vector, D, and the vectors (D,) of the ``wanted`` words that the file has."""
    header = _HEADER.fullmatch(file.readline(_LONGEST_LINE))
    if header is None:
        file.seek(0)
        size, _, rows = _read_text(path, file, wanted, first=1)
        return size, rows
    count, size = int(header[1]), int(header[2])
    if not count or not 1 <= size <= _MOST_NUMBERS:
        raise InputError(
            f"the first line of {path} must say how many words it has, and 1 to {_MOST_NUMBERS} numbers for "
            f"each, got {count} and {size}"
        )
    start = file.tell()
    # Not a line: a byte of a float may be the end of one.
    sample = file.read(_LONGEST_WORD)
    file.seek(start)
    if not _is_text(sample, size):
        return size, _read_binary(path, file, wanted, count=count, size=size)
    size, seen, rows = _read_text(path, file, wanted, first=2, size=size)
    if seen != count:
        raise InputError(
            f"{path} must have as many words as its first line says, {count}, got {seen}; "
            "it is cut short or damaged"
        )
    return size, rows


def _is_text(sample: bytes, size: int) -> bool:
    """Whether the begin of a first row, a word and ``size`` numbers, is text.

    Floats in binary hold control characters or are no UTF-8, nearly always; 0.02 and 0.7 are neither.
    """
    if _CONTROL.search(sample):
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        # A row that is longer than the sample may end within a character.
        if error.start < len(sample) - 3 or error.reason != "unexpected end of data":
            return False
    highest = sample.partition(b" ")[2][: 4 * size][3::4]
    return 2 * sum(byte in _EXPONENTS for byte in highest) <= len(highest)


def _read_text(
    path: Path, file: BinaryIO, wanted: Set[bytes], *, first: int, size: int | None = None
) -> tuple[int, int, dict[bytes, np.ndarray]]:
    """The size of the vectors, how many words there are, and the vectors of the wanted ones."""
    rows: dict[bytes, np.ndarray] = {}
    seen = 0
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=first):
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise InputError(f"{path}, line {number} is longer than any vector; it is not a file of vectors")
        line = line.rstrip(b" \t\r\n")
        spaces = line.count(b" ")
        if size is None:
            size = spaces
            if not 1 <= size <= _MOST_NUMBERS:
                raise InputError(
                    f"{path}, line {number} must have a word and 1 to {_MOST_NUMBERS} numbers after spaces, "
                    f"got {size}; it is not a file of vectors"
                )
        if spaces < size:
            raise InputError(
                f"{path}, line {number} must have {size} numbers after its word, got {spaces}; it is damaged"
            )
        # A few words of GloVe's hold spaces.
        word, *texts = line.rsplit(b" ", size) if spaces > size else line.split(b" ", 1)
        if not seen or (word in wanted and word not in rows):
            row = _numbers(b" ".join(texts).split(b" "), f"{path}, line {number}")
            if word in wanted:
                rows[word] = row
        seen += 1
    if size is None or not seen:
        raise InputError(f"{path} is empty; it needs a word and its vector on each line")
    return size, seen, rows


def _read_binary(
    path: Path, file: BinaryIO, wanted: Set[bytes], *, count: int, size: int
) -> dict[bytes, np.ndarray]:
    """The vectors of the wanted words: each a word, a space and ``size`` float32, maybe a line end."""
    cut = InputError(
        f"{path} is too short for what its first line says, words ({count}) and numbers for each ({size}); "
        "it is cut short or damaged"
    )
    width = 4 * size
    if os.fstat(file.fileno()).st_size - file.tell() < count * (2 + width):
        raise cut
    rows: dict[bytes, np.ndarray] = {}
    buffer, start = b"", 0
    for number in range(1, count + 1):
        space = buffer.find(b" ", start)
        if space < 0 or space + 1 + width > len(buffer):
            buffer, start = buffer[start:] + file.read(_CHUNK + width), 0
            space = buffer.find(b" ")
            if space < 0 or space + 1 + width > len(buffer):
                raise cut
        word = buffer[start:space].lstrip(b"\n")
        if not word or len(word) > _LONGEST_WORD:
            raise InputError(f"{path} has no word where word {number} must begin; it is damaged")
        if word in wanted and word not in rows:
            row = np.frombuffer(buffer, "<f4", size, offset=space + 1).astype(np.float32)
            if not np.isfinite(row).all():
                raise InputError(f"{path} has a number that is not finite in word {number}; it is damaged")
            rows[word] = row
        start = space + 1 + width
    if (buffer[start:] + file.read(1)).strip(b"\n"):
        raise InputError(f"{path} has more words than its first line says, {count}; it is damaged")
    return rows


def _numbers(texts: list[bytes], place: str) -> np.ndarray:
    """``texts`` as float32; raises InputError, with its place, for what is not a finite number."""
    try:
        row = np.asarray([float(text) for text in texts])
    except ValueError as error:
        raise InputError(f"{place} has numbers that cannot be read: {error}") from error
    with np.errstate(over="ignore"):
        row = row.astype(np.float32)
    if not np.isfinite(row).all():
        raise InputError(f"{place} has a number that is not finite in float32; it is damaged")
    return row
