"""Files that are broken, foreign or made to harm: each is refused in one line that names file and fix."""

import copy
import json
import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import ArtifactError
from recurra.artifact import canonical, load, save

AGAIN = "copy or save it again"
DAMAGED = "restore it from a copy or save it again"
FOREIGN = "give a file that recurra fit has written"


@dataclass
class Parts:
    """A model file taken apart."""

    table: dict[str, Any]
    description: dict[str, Any]
    body: bytes
    metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes) -> "Parts":
        (length,) = struct.unpack("<Q", data[:8])
        table = json.loads(data[8 : 8 + length])
        return cls(table, json.loads(table.pop("__metadata__")["recurra"]), data[8 + length :])

    def bytes(self) -> bytes:
        metadata = {"recurra": canonical.dumps(self.description), **self.metadata}
        return file_of(json.dumps({"__metadata__": metadata, **self.table}).encode(), self.body)


def file_of(header: bytes, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + body


def refusal(path: Path, data: bytes) -> str:
    """What is said about a file with this content, less the path, with which it must begin."""
    path.write_bytes(data)
    with pytest.raises(ArtifactError) as error:
        load(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    return message.removeprefix(f"{path}: ")


@pytest.fixture
def good(make, tmp_path) -> bytes:
    path = tmp_path / "good.safetensors"
    save(make(), path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "model.safetensors"


def test_taking_apart_and_putting_together(good, path):
    path.write_bytes(Parts.of(good).bytes())
    load(path)


def test_cut_off_at_every_byte(good, path):
    (length,) = struct.unpack("<Q", good[:8])
    for size in range(len(good)):
        message = refusal(path, good[:size])
        if size == 0:
            assert message == f"the file is empty; {AGAIN}"
        elif size <= 8:
            assert message == (
                f"the file is too short for a model, {size} byte{'' if size == 1 else 's'}; {AGAIN}"
            )
        elif size < 8 + length:
            assert message == f"the file is cut off, {size} bytes of at least {8 + length}; {AGAIN}"
        else:
            assert message == f"the file is cut off, {size} bytes of {len(good)}; {AGAIN}"


def test_more_than_there_should_be(good, path):
    expected = f"the file is damaged (3 bytes after the last tensor); {DAMAGED}"
    assert refusal(path, good + b"abc") == expected


def test_every_byte_of_a_tensor_counts(good, path):
    (length,) = struct.unpack("<Q", good[:8])
    expected = f"the contents do not match their fingerprint, so they were altered; {DAMAGED}"
    for place in range(8 + length, len(good)):
        changed = bytearray(good)
        changed[place] ^= 1
        assert refusal(path, bytes(changed)) == expected


@settings(max_examples=300)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_only_the_story(shared, place, value):
    good, path, artifact = shared
    changed = bytearray(good)
    changed[place % len(good)] = value
    path.write_bytes(changed)
    try:
        message = None
        back = load(path)
    except ArtifactError as error:
        message, back = str(error), artifact
    assert back.fingerprint == artifact.fingerprint
    assert message is None or (message.startswith(f"{path}: ") and len(message.splitlines()) == 1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    from recurra.artifact import Artifact

    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    artifact = Artifact("forecast", {"a": 1}, {"b": 2}, {"w": np.ones(3)}, [], [], {"c": 3}, {"d": "e"})
    save(artifact, path)
    return path.read_bytes(), path, artifact


@pytest.mark.parametrize(
    "data",
    [
        b"time,load\n2020-01-01,3\n",
        b"PK\x03\x04" + b"\0" * 100,
        b"\x80\x04\x95" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"\0" * 100,
        b"\xff" * 100,
        file_of(b"{}", length=2**60),
        file_of(b"{}", length=2**64 - 1),
        file_of(b"{}" + b" " * 100, length=16 * 2**20 + 1),
        file_of(b"[]"),
        file_of(b" {}"),
        file_of(b"{", length=1),
        file_of(b"{}", length=0),
    ],
)
def test_not_a_safetensors_file(path, data):
    assert refusal(path, data) == f"not a safetensors file; {FOREIGN}"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"{nothing}", "it is not JSON: Expecting property name enclosed in double quotes at character 1"),
        (b'{"a":1} {}', "it is not JSON: Extra data at character 8"),
        (b'{"a":NaN}', "it holds NaN, which is no JSON number"),
        (b'{"a":1,"a":2}', "it holds a repeated key"),
        (b'{"a":"\xff"}', "it is not UTF-8 text"),
        (b'{"a":1e999}', "it holds a number that is not finite"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested deeper than 32 levels"),
        (b'{"__metadata__":{"recurra":1}}', "its metadata is not text"),
        (b'{"__metadata__":["recurra"]}', "its metadata is not text"),
    ],
)
def test_damaged_header(path, header, reason):
    assert refusal(path, file_of(header)) == f"the header is damaged ({reason}); {DAMAGED}"


def test_a_safetensors_file_of_somebody_else(path):
    foreign = f"a safetensors file, but not a Recurra model; {FOREIGN}"
    assert refusal(path, safetensors.numpy.save({"w": np.ones(3)})) == foreign
    assert refusal(path, safetensors.numpy.save({"w": np.ones(3, np.int8)}, {"format": "pt"})) == foreign
    assert refusal(path, file_of(b"{}")) == foreign


def test_a_pickle_is_not_executed(path, tmp_path):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "attacked"),)

    assert refusal(path, pickle.dumps(Attack())) == f"not a safetensors file; {FOREIGN}"
    assert not (tmp_path / "attacked").exists()


def test_a_newer_format_is_named_before_anything_else_is_read(good, path):
    parts = Parts.of(good)
    parts.description = {"format": 2, "weights": "elsewhere"}
    parts.table = {"w": {"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}}
    assert refusal(path, parts.bytes()) == (
        "written by a newer version of Recurra (format 2, this one reads up to 1); "
        "upgrade with: pip install --upgrade recurra"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.pop("format"), "it has no format number"),
        (lambda d: d.update(format=0), "it has no format number"),
        (lambda d: d.update(format=True), "it has no format number"),
        (lambda d: d.update(format="1"), "it has no format number"),
        (lambda d: d.update(format=1.0), "it has no format number"),
        (lambda d: d.pop("spec"), "spec is missing"),
        (lambda d: d.pop("fingerprint"), "fingerprint is missing"),
        (lambda d: d.update(spec=[]), "spec is not a dict"),
        (lambda d: d.update(task=None), "task is not a str"),
        (lambda d: d.update({"code\n": "import os"}), "'code\\n' is unknown"),
        (lambda d: d.update({"x" * 100: 0}), f"'{'x' * 57}...' is unknown"),
    ],
)
def test_damaged_description(good, path, change, reason):
    parts = Parts.of(good)
    change(parts.description)
    assert refusal(path, parts.bytes()) == f"the description is damaged ({reason}); {DAMAGED}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON: Expecting value at character 0"),
        ("3", "it has no format number"),
        ('{"format":1,"format":1}', "it holds a repeated key"),
        ('{"format":1,"card":{"mae":NaN}}', "it holds NaN, which is no JSON number"),
        ("[" * 50_000, "it is nested deeper than 32 levels"),
        ('{"format":' + "9" * 5_000 + "}", "it holds a number beyond 64 bits"),
    ],
)
def test_damaged_text_of_the_description(good, path, text, reason):
    parts = Parts.of(good)
    parts.metadata["recurra"] = text
    assert refusal(path, parts.bytes()) == f"the description is damaged ({reason}); {DAMAGED}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["input"].append(3), "inputs[1]"),
        (lambda d: d["output"][0].update(shape=[-1]), "outputs[0]"),
    ],
)
def test_damaged_signature(good, path, change, reason):
    parts = Parts.of(good)
    change(parts.description)
    assert refusal(path, parts.bytes()) == (
        f"the file is damaged ({reason} must have a name, a shape of sizes and axis letters, and a dtype); "
        f"{DAMAGED}"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["spec"].update(layers=[]),
        lambda d: d["preprocessing"].update(context=5),
        lambda d: d.update(fingerprint="0" * 64),
        lambda d: d.update(fingerprint=""),
    ],
)
def test_altered_contents(good, path, change):
    parts = Parts.of(good)
    change(parts.description)
    expected = f"the contents do not match their fingerprint, so they were altered; {DAMAGED}"
    assert refusal(path, parts.bytes()) == expected


OVERLAP = "overlaps another or leaves a hole"
MISMATCH = "has a shape that does not match its bytes"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda w: w.update(shape=[-2, -3]), "must have a shape of at most 8 sizes"),
        (lambda w: w.update(shape=[2**40, 2**40, 2**40]), MISMATCH),
        (lambda w: w.update(shape=[2**32, 2**32]), MISMATCH),
        (lambda w: w.update(shape=[2**62, 4, 0, 6]), MISMATCH),
        (lambda w: w.update(shape=[2.0, 3]), "must have a shape of at most 8 sizes"),
        (lambda w: w.update(shape=[True, 6]), "must have a shape of at most 8 sizes"),
        (lambda w: w.update(shape="6"), "must have a shape of at most 8 sizes"),
        (lambda w: w.update(shape=[1] * 100_000), "must have a shape of at most 8 sizes"),
        (lambda w: w.update(shape=[2, 2]), MISMATCH),
        (lambda w: w.update(dtype="F64"), MISMATCH),
        (lambda w: w.update(dtype="I64"), "must be float32 or float64"),
        (lambda w: w.update(dtype="F4"), "must be float32 or float64"),
        (lambda w: w.update(dtype=["F32"]), "must be float32 or float64"),
        (lambda w: w.update(data_offsets=[16, 2**60]), MISMATCH),
        (lambda w: w.update(data_offsets=[-24, 0]), "must have two offsets"),
        (lambda w: w.update(data_offsets=[40, 16]), MISMATCH),
        (lambda w: w.update(data_offsets=[16]), "must have two offsets"),
        (lambda w: w.update(data_offsets=None), "must have two offsets"),
        (lambda w: w.update(data_offsets=[0, 24]), OVERLAP),
        (lambda w: w.update(data_offsets=[8, 32]), OVERLAP),
        (lambda w: w.update(data_offsets=[17, 41]), OVERLAP),
        (lambda w: w.pop("shape"), "must have dtype, shape and data_offsets"),
        (lambda w: w.update(extra=1), "must have dtype, shape and data_offsets"),
    ],
)
def test_damaged_table(good, path, change, reason):
    parts = Parts.of(good)
    assert parts.table["head.weight"]["data_offsets"] == [16, 40]
    change(parts.table["head.weight"])
    message = refusal(path, parts.bytes())
    # Where two tensors overlap, the one that begins later or ends later is named.
    names = ["head.weight", "head.bias"] if reason == OVERLAP else ["head.weight"]
    assert message in [f"the header is damaged (tensor {name!r} {reason}); {DAMAGED}" for name in names]


def test_a_tensor_more_or_less(good, path):
    parts = Parts.of(good)
    more, less = copy.deepcopy(parts), copy.deepcopy(parts)
    more.table["extra\n"] = {"dtype": "F32", "shape": [2**58], "data_offsets": [40, 40 + 2**60]}
    size = len(more.bytes())
    expected = f"the file is cut off, {size} bytes of {size + 2**60}; {AGAIN}"
    assert refusal(path, more.bytes()) == expected
    del less.table["head.bias"]
    assert refusal(path, less.bytes()) == (
        f"the header is damaged (tensor 'head.weight' {OVERLAP}); {DAMAGED}"
    )


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(lambda size: (b"{}", 2**60), id="header length"),
        pytest.param(lambda size: (b"{}", size), id="header as long as the file"),
        pytest.param(lambda size: (b'{"__metadata__":{}}', None), id="no description"),
        pytest.param(
            lambda size: (
                b'{"__metadata__":{"recurra":"{\\"format\\":1}"},"w":{"dtype":"F32","shape":[1],'
                b'"data_offsets":[0,%d]}}' % size,
                None,
            ),
            id="offsets",
        ),
    ],
)
def test_a_huge_file_takes_no_memory_before_its_header_is_sound(path, header: Callable):
    size = 2**40  # a sparse file: nothing on the disk
    text, length = header(size)
    with path.open("wb") as file:
        file.write(file_of(text, length=length))
        file.truncate(size)
    tracemalloc.start()
    try:
        with pytest.raises(ArtifactError):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_places_that_are_no_file(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    long = "x" * 300
    reasons = {
        "missing": "there is no such file; check the path",
        "folder": "it is a folder; give the model file itself",
        "pipe": "it is not a regular file; give the model file itself",
        "pipe/model": "it cannot be read (Not a directory); check the path",
        long: "it cannot be read (File name too long); check the path",
    }
    for name, reason in reasons.items():
        with pytest.raises(ArtifactError) as error:
            load(tmp_path / name)
        assert str(error.value) == f"{tmp_path / name}: {reason}"
