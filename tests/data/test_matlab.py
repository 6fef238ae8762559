"""MATLAB files: what SciPy reads, and whatever the bytes, they are read or refused."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.data import matlab
from recurra.data.matlab import find_cells

scipy_io = pytest.importorskip("scipy.io")
ARRAYS = [np.arange(6.0).reshape(2, 3), np.eye(4, 2, dtype=np.uint8), np.zeros((0, 88)), np.ones((1, 1))]


def cells(*items) -> np.ndarray:
    made = np.empty((1, len(items)), object)
    for i, item in enumerate(items):
        made[0, i] = item
    return made


def mat(compressed: bool = True, **variables) -> bytes:
    file = io.BytesIO()
    scipy_io.savemat(file, variables, do_compression=compressed)
    return file.getvalue()


def read(content: bytes) -> dict[str, list[np.ndarray]]:
    return {name: list(found.matrices()) for name, found in find_cells(content, "x.mat").items()}


def element(kind: int, body: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "II", kind, len(body)) + body + bytes(-len(body) % 8)


def array(kind: int, *parts: bytes, shape=(1, 1), name=b"a", order="<") -> bytes:
    """An array of class ``kind`` by hand."""
    head = element(6, struct.pack(order + "II", kind, 0), order)
    head += element(5, struct.pack(f"{order}{len(shape)}i", *shape), order) + element(1, name, order)
    return element(14, head + b"".join(parts), order)


def file(*variables: bytes, order: bytes = b"IM") -> bytes:
    version = b"\0\1" if order == b"IM" else b"\1\0"
    return b"by hand".ljust(124) + version + order + b"".join(variables)


@pytest.mark.parametrize("compressed", [True, False])
def test_cells_of_any_type_of_number(compressed):
    types = [np.dtype(kind) for kind in "bBhHiIqQfd"]
    items = ARRAYS + [np.array([[0, 1], [1, 2]], kind) for kind in types]
    content = mat(compressed, a=cells(*items), title="text", number=np.eye(2), s={"f": 1}, b=cells(np.eye(2)))
    found = read(content)
    assert list(found) == ["a", "b"]
    for one, item in zip(found["a"], items, strict=True):
        assert one.shape == item.shape
        assert (one == item).all()


def test_the_other_order_of_bytes():
    values = element(9, struct.pack(">4d", 1, 2, 3, 4), ">")
    inner = array(6, values, shape=(2, 2), name=b"", order=">")
    content = file(array(1, inner, shape=(1, 1), name=b"rolls", order=">"), order=b"MI")
    assert scipy_io.loadmat(io.BytesIO(content))["rolls"][0, 0].tolist() == [[1, 3], [2, 4]]
    assert read(content)["rolls"][0].tolist() == [[1, 3], [2, 4]]


def test_the_chorales_are_what_scipy_reads(real_data):
    path = real_data / "music" / "JSB_Chorales.mat"
    expected, found = scipy_io.loadmat(path), read(path.read_bytes())
    assert sorted(found) == ["testdata", "traindata", "validdata"]
    for name, rolls in found.items():
        for roll, other in zip(rolls, expected[name][0], strict=True):
            assert (roll == other).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.mat is empty"),
        (
            b"not a file of MATLAB",
            "x.mat is not a MATLAB file of version 5 to 7; it begins with b'not a file o'",
        ),
        (
            b"\x89HDF\r\n\x1a\n" + bytes(200),
            "x.mat is a MATLAB file of version 7.3 (HDF5), which is not read; save it with save(..., '-v7')",
        ),
        (
            b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(384) + b"\x89HDF\r\n\x1a\n",
            "x.mat is a MATLAB file of version 7.3 (HDF5), which is not read; save it with save(..., '-v7')",
        ),
        (mat(a=cells(np.eye(3)))[:-20], "x.mat is cut short or damaged; save it again"),
        (file(element(15, b"nonsense")), "x.mat is cut short or damaged; save it again"),
        (mat(a=cells(cells(np.eye(3)))), "x.mat: a{1} holds no matrix of real numbers"),
        (mat(a=cells(np.eye(3), "text")), "x.mat: a{2} holds no matrix of real numbers"),
        (mat(a=cells({"b": 1})), "x.mat: a{1} holds no matrix of real numbers"),
        (mat(a=cells(1j * np.eye(3))), "x.mat: a{1} holds no matrix of real numbers"),
        (mat(a=cells(np.zeros((2, 2, 2)))), "x.mat: a{1} holds no matrix of real numbers"),
        (
            file(array(1, element(14, b""), shape=(1, 1))),
            "x.mat: a{1} holds no matrix",
        ),
        (
            file(array(1, array(9, element(2, b"\1\2")), shape=(1, 2))),
            "x.mat: a{1} is cut short or damaged; save it again",
        ),
        (
            file(array(1, array(9, element(2, b"\1")), shape=(1, 2**30))),
            "x.mat: a is cut short or damaged; save it again",
        ),
        (file(array(1, shape=(1, -1))), "x.mat is cut short or damaged; save it again"),
        (file(array(1, shape=(1,) * 33)), "x.mat is cut short or damaged; save it again"),
        (file(element(14, b"")), "x.mat is cut short or damaged; save it again"),
    ],
    ids=[
        "empty",
        "text",
        "7.3",
        "7.3 behind a header",
        "cut short",
        "not packed",
        "cells in a cell",
        "text in a cell",
        "a struct in a cell",
        "complex",
        "three axes",
        "an empty cell",
        "too few numbers",
        "too few cells",
        "negative",
        "many axes",
        "no head",
    ],
)
def test_what_cannot_be_read_is_refused(refusal, content, message):
    assert refusal(read, content) == message


def test_a_bomb_is_refused(refusal, monkeypatch):
    monkeypatch.setattr(matlab, "_LARGEST", 100_000)
    bomb = zlib.compress(array(1, bytes(200_000)))
    content = file(struct.pack("<II", 15, len(bomb)) + bomb)
    assert refusal(read, content) == "x.mat unpacks to more than 100,000 bytes; split it up"
    half = zlib.compress(array(1, bytes(60_000)))
    halves = [struct.pack("<II", 15, len(half)) + half] * 2
    assert refusal(read, file(*halves)) == "x.mat unpacks to more than 100,000 bytes; split it up"


def test_cells_within_cells_do_not_end_the_process(refusal):
    """As they do with SciPy 1.17."""
    head = element(6, struct.pack("<II", 1, 0)) + element(5, struct.pack("<ii", 1, 1)) + element(1, b"")
    depth = 200_000
    deep = b"".join(struct.pack("<II", 14, (depth - i) * (8 + len(head))) + head for i in range(depth))
    got = refusal(read, file(deep + element(14, b"")))
    assert got.endswith("{1} holds no matrix of real numbers")


PLAIN = mat(False, a=cells(*ARRAYS), b=cells(np.eye(2)))
PACKED = mat(True, a=cells(*ARRAYS), b=cells(np.eye(2)))


@settings(max_examples=500, deadline=None)
@given(
    content=st.sampled_from([PLAIN, PACKED]),
    changes=st.lists(st.tuples(st.integers(124, 2000), st.integers(0, 255)), min_size=1, max_size=5),
    cut=st.integers(0, 200),
)
def test_whatever_the_bytes_a_file_is_read_or_refused(content, changes, cut):
    changed = bytearray(content)
    for at, value in changes:
        changed[at % len(changed)] = value
    try:
        found = read(bytes(changed[: len(changed) - cut]) if cut < 100 else bytes(changed))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it need not be refused
        return
    assert all(array.ndim == 2 for arrays in found.values() for array in arrays)
