"""The header of a safetensors file, read as if it were an attack: every size is checked before it is used.

A safetensors file is eight bytes (the header's length, little-endian), the header (JSON: tensor name to
dtype, shape and offsets, and ``__metadata__``, text to text), and the tensors' bytes without holes.
"""

import math
from dataclasses import dataclass
from typing import Any, BinaryIO

from recurra._base.errors import ArtifactError
from recurra.artifact import canonical
from recurra.artifact.artifact import DTYPES, MAX_AXES
from recurra.artifact.wording import AGAIN, DAMAGED, FOREIGN, shown

MAX_HEADER = 16 * 2**20  # parsed JSON takes some twenty times its text
PREFIX = 8
_NAMES = {"F32": ("float32", 4), "F64": ("float64", 8)}


@dataclass(frozen=True)
class Header:
    """The checked parts of a header: where the tensors begin, the metadata and the table of tensors."""

    start: int
    metadata: dict[str, str]
    table: dict[str, Any]


def read_header(file: BinaryIO, size: int) -> Header:
    """Read and check the header of a file of ``size`` bytes, from its start; raises ArtifactError."""
    if size == 0:
        raise ArtifactError(f"the file is empty; {AGAIN}")
    if size <= PREFIX:
        raise ArtifactError(f"the file is too short for a model, {_bytes(size)}; {AGAIN}")
    length = int.from_bytes(file.read(PREFIX), "little")
    start = file.read(1)
    if length > MAX_HEADER or length < 2 or start != b"{":
        raise ArtifactError(f"not a safetensors file; {FOREIGN}")
    if PREFIX + length > size:
        raise ArtifactError(f"the file is cut off, {size} bytes of at least {PREFIX + length}; {AGAIN}")
    try:
        header = canonical.loads(start + file.read(length - 1))
    except ValueError as error:
        raise ArtifactError(f"the header is damaged ({error}); {DAMAGED}") from None
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ArtifactError(f"the header is damaged (its metadata is not text); {DAMAGED}")
    return Header(PREFIX + length, metadata, header)


def check_table(header: Header, size: int) -> None:
    """Check that the tensors of a file of ``size`` bytes fill it exactly; raises ArtifactError."""
    end = 0
    spans = [(*_span(name, entry), name) for name, entry in header.table.items()]
    for start, stop, name in sorted(spans):
        if start != end:
            raise _bad(name, "overlaps another or leaves a hole")
        end = stop
    if header.start + end > size:
        raise ArtifactError(f"the file is cut off, {size} bytes of {header.start + end}; {AGAIN}")
    if header.start + end < size:
        raise ArtifactError(
            f"the file is damaged ({_bytes(size - header.start - end)} after the last tensor); {DAMAGED}"
        )


def _span(name: str, entry: Any) -> tuple[int, int]:
    """First and past-the-last byte of a tensor, after its dtype and shape were found to agree with them."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _bad(name, "must have dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _NAMES:
        raise _bad(name, f"must be {' or '.join(DTYPES)}")
    if not _sizes(shape) or len(shape) > MAX_AXES:
        raise _bad(name, f"must have a shape of at most {MAX_AXES} sizes")
    if not _sizes(offsets) or len(offsets) != 2:
        raise _bad(name, "must have two offsets")
    if offsets[1] - offsets[0] != math.prod(shape) * _NAMES[dtype][1]:
        raise _bad(name, "has a shape that does not match its bytes")
    return offsets[0], offsets[1]


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def _bad(name: str, what: str) -> ArtifactError:
    return ArtifactError(f"the header is damaged (tensor {shown(name)} {what}); {DAMAGED}")
