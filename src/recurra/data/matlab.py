"""Cell arrays of matrices from MATLAB files of version 5 to 7, which nobody has to trust.

SciPy's reader follows cells within cells as deep as a file says, and a deep one ends the process. Here a cell
holds a matrix of real numbers and nothing else. The format: "MAT-File Format", The MathWorks.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from recurra._base.errors import InputError

_HEADER = 128  # bytes
_LARGEST = 2**30  # bytes, unpacked
_HDF5 = b"\x89HDF\r\n\x1a\n"
_TYPES = {1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 9: "d", 12: "q", 13: "Q"}  # stored
_MATRIX, _COMPRESSED = 14, 15  # types of elements
_CELLS, _NUMBERS = 1, range(6, 16)  # classes of arrays
_COMPLEX = 0x800
_MOST_AXES = 32
_CUT_SHORT = "is cut short or damaged; save it again"


class Cells(NamedTuple):
    """A variable whose matrices are not read yet."""

    size: int
    content: memoryview
    order: str
    what: str

    def matrices(self) -> Iterator[np.ndarray]:
        """The matrices, of the type in which they are stored.

        Raises InputError for a cell that holds anything else than a matrix of real numbers.
        """
        rest = self.content
        for i in range(self.size):
            kind, body, rest = _element(rest, self.order, self.what)
            what = f"{self.what}{{{i + 1}}}"
            if kind != _MATRIX or not body:
                raise InputError(f"{what} holds no matrix")
            yield _numbers(body, self.order, what)


def find_cells(content: bytes, source: str) -> dict[str, Cells]:
    """The cell arrays among the variables of a file with ``content``, by name; ``source`` is for messages.

    Raises InputError for what is not such a file, is cut short, or unpacks to more than a gibibyte.
    """
    if content[:8] == _HDF5 or content[512:520] == _HDF5:
        raise InputError(
            f"{source} is a MATLAB file of version 7.3 (HDF5), which is not read; save it with "
            "save(..., '-v7')"
        )
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise InputError(
            f"{source} is not a MATLAB file of version 5 to 7; it begins with {content[:12]!r}"
            if content
            else f"{source} is empty"
        )
    found: dict[str, Cells] = {}
    for variable in _variables(memoryview(content)[_HEADER:], order, source):
        flags, shape, name, rest = _head(variable, order, source)
        if flags & 0xFF == _CELLS:
            found[name] = Cells(math.prod(shape), rest, order, f"{source}: {name}")
    return found


def _variables(rest: memoryview, order: str, source: str) -> Iterator[memoryview]:
    """The bodies of the arrays of a file, unpacked."""
    left = _LARGEST
    while rest:
        kind, body, rest = _element(rest, order, source)
        if kind == _COMPRESSED:
            try:
                unpacked = zlib.decompressobj().decompress(body, left + 1)
            except zlib.error as error:
                raise InputError(f"{source} {_CUT_SHORT}") from error
            left -= len(unpacked)
            if left < 0:
                raise InputError(f"{source} unpacks to more than {_LARGEST:,} bytes; split it up")
            kind, body, _ = _element(memoryview(unpacked), order, source)
        if kind == _MATRIX:
            yield body


def _numbers(body: memoryview, order: str, what: str) -> np.ndarray:
    """The matrix that an array's ``body`` holds; raises InputError for another class, or damage."""
    flags, shape, _, rest = _head(body, order, what)
    if flags & 0xFF not in _NUMBERS or flags & _COMPLEX or len(shape) != 2:
        raise InputError(f"{what} holds no matrix of real numbers")
    kind, values, _ = _element(rest, order, what)
    dtype = np.dtype(order + _TYPES.get(kind, "b"))
    if kind not in _TYPES or len(values) != math.prod(shape) * dtype.itemsize:
        raise InputError(f"{what} {_CUT_SHORT}")
    return np.frombuffer(values, dtype).reshape(shape, order="F")


def _head(body: memoryview, order: str, what: str) -> tuple[int, tuple[int, ...], str, memoryview]:
    """The flags, shape and name of an array, and the rest of its body."""
    _, flags, rest = _element(body, order, what)
    _, shape, rest = _element(rest, order, what)
    _, name, rest = _element(rest, order, what)
    sizes = np.frombuffer(shape[: min(len(shape), _MOST_AXES * 4) // 4 * 4], order + "i4").tolist()
    if len(flags) < 4 or not sizes or len(shape) > _MOST_AXES * 4 or min(sizes) < 0:
        raise InputError(f"{what} {_CUT_SHORT}")
    return (
        struct.unpack_from(order + "I", flags)[0],
        tuple(sizes),
        bytes(name).decode("ascii", "replace"),
        rest,
    )


def _element(data: memoryview, order: str, what: str) -> tuple[int, memoryview, memoryview]:
    """The type and the body of the first element of ``data``, and what follows it."""
    if len(data) < 8:
        raise InputError(f"{what} {_CUT_SHORT}")
    kind, size = struct.unpack_from(order + "II", data)
    start, step = 8, 8 + (size if kind == _COMPRESSED else -(-size // 8) * 8)
    if kind >> 16:  # a small element: its size shares a word with its type
        kind, size, start, step = kind & 0xFFFF, min(kind >> 16, 4), 4, 8
    if len(data) < start + size:
        raise InputError(f"{what} {_CUT_SHORT}")
    return kind, data[start : start + size], data[step:]
