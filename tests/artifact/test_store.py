"""Saving and loading: the same model back, the same bytes for the same model, and where a file may go."""

import json
import os
import stat
import struct
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file

from recurra._base.errors import InputError
from recurra.artifact import FORMAT, Artifact, check_writable, load, save

_floats = st.sampled_from([np.float32, np.float64])
_tensors = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name != "__metadata__"),
    _floats.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))),
)


@given(tensors=_tensors, text=st.text(st.characters(exclude_categories=["Cs"])), number=st.floats(-9e9, 9e9))
def test_round_trip(tmp_path_factory, tensors, text, number):
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    artifact = Artifact("forecast", {text: [number]}, {"a": text}, tensors, [], [], {"b": number}, {"c": {}})
    save(artifact, path)
    back = load(path)
    for part in ("task", "spec", "preprocessing", "inputs", "outputs", "history", "card", "fingerprint"):
        assert getattr(back, part) == getattr(artifact, part)
    assert back.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert back.tensors[name].dtype == tensor.dtype
        assert back.tensors[name].shape == tensor.shape
        assert back.tensors[name].tobytes() == tensor.tobytes()


def test_the_same_model_gives_the_same_bytes(make, tmp_path):
    a, b = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    artifact = make()
    save(artifact, a)
    shuffled = make(
        tensors=dict(reversed(artifact.tensors.items())),
        preprocessing={"context": 4, "target": "load"},
        card=dict(reversed(artifact.card.items())),
    )
    save(shuffled, b)
    assert a.read_bytes() == b.read_bytes()
    save(load(a), b)
    assert a.read_bytes() == b.read_bytes()


def test_any_safetensors_reader_opens_it(make, tmp_path):
    path = tmp_path / "model.safetensors"
    artifact = make()
    save(artifact, path)
    tensors = load_file(path)
    assert tensors.keys() == artifact.tensors.keys()
    np.testing.assert_array_equal(tensors["head.weight"], artifact.tensors["head.weight"])
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    assert list(metadata) == ["recurra"]
    description = json.loads(metadata["recurra"])
    assert description == {
        "format": FORMAT,
        "task": "forecast",
        "spec": artifact.spec,
        "preprocessing": artifact.preprocessing,
        "history": artifact.history,
        "card": artifact.card,
        "input": artifact.inputs,
        "output": artifact.outputs,
        "fingerprint": artifact.fingerprint,
    }


def test_a_new_file_has_the_usual_permissions_and_a_link_stays(make, tmp_path):
    real, link = tmp_path / "real.safetensors", tmp_path / "link.safetensors"
    link.symlink_to(real)
    previous = os.umask(0o027)
    try:
        save(make(), link)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert load(link).fingerprint == make().fingerprint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.safetensors", "real.safetensors"]


def test_relative_paths(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(make(), "model.safetensors")
    assert load("model.safetensors").fingerprint == make().fingerprint


def test_a_place_that_cannot_be_written_is_refused_with_the_fix(make, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    long = "x" * 300
    reasons = {
        "missing/m.safetensors": f": the folder {tmp_path}/missing does not exist; create it first",
        "file/m.safetensors": f": {tmp_path}/file is not a folder; give another path",
        long: ": File name too long; give another path or free this one",
    }
    messages = {name: f"{tmp_path}/{name} cannot be written{reason}" for name, reason in reasons.items()}
    messages["folder"] = (
        f"{tmp_path}/folder is a folder; give a file name, such as {tmp_path}/folder/model.safetensors"
    )
    messages["pipe"] = f"{tmp_path}/pipe is not a regular file; give another file name"
    for name, message in messages.items():
        for attempt in (check_writable, lambda path: save(make(), path)):
            with pytest.raises(InputError) as error:
                attempt(tmp_path / name)
            assert str(error.value) == message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "pipe"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that not even root may write")
def test_a_folder_that_refuses_new_files_is_refused():
    with pytest.raises(InputError) as error:
        check_writable("/proc/model.safetensors")
    assert str(error.value) == (
        "/proc/model.safetensors cannot be written: No such file or directory; "
        "give another path or free this one"
    )


def test_checking_leaves_nothing_and_keeps_what_is_there(tmp_path):
    path = tmp_path / "model.safetensors"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    check_writable(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_description_that_could_not_be_read_is_not_written(make, tmp_path):
    small, large = tmp_path / "small.safetensors", tmp_path / "large.safetensors"
    save(make(card={"notes": ""}), small)
    length = int.from_bytes(small.read_bytes()[:8], "little")
    with pytest.raises(InputError) as error:
        save(make(card={"notes": "x" * 2**24}), large)
    assert str(error.value) == (
        f"a model's description must fit in 16777216 bytes, got {length + 2**24}; shorten it"
    )
    assert list(tmp_path.iterdir()) == [small]
