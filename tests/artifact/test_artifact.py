"""What an artifact takes, copies and refuses, and what its fingerprint covers."""

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from recurra._base.errors import InputError


def test_everything_is_copied(make):
    weight = np.ones((2, 3), np.float32)
    spec = {"sizes": (1, np.int64(2)), "rate": np.float32(0.5), "on": True, "none": None}
    artifact = make(spec=spec, tensors={"w": weight})
    weight[:] = 7
    spec["sizes"] = ()
    assert artifact.spec == {"sizes": [1, 2], "rate": 0.5, "on": True, "none": None}
    assert type(artifact.spec["sizes"][1]) is int
    assert type(artifact.spec["rate"]) is float
    np.testing.assert_array_equal(artifact.tensors["w"], np.ones((2, 3)))
    with pytest.raises(ValueError, match="read-only"):
        artifact.tensors["w"][0, 0] = 1


def test_tensors_are_contiguous_and_native(make):
    columns = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    artifact = make(tensors={"f": columns, "big": columns.astype(">f4"), "strided": columns[:, ::2]})
    for name, expected in {"f": columns, "big": columns, "strided": columns[:, ::2]}.items():
        tensor = artifact.tensors[name]
        np.testing.assert_array_equal(tensor, expected)
        assert tensor.flags.c_contiguous
        assert tensor.dtype.isnative


def test_fingerprint_is_the_documented_hash(make):
    """Computed here once more from the words of docs/model-file.md."""
    artifact = make()
    tensors = {
        name: {
            "dtype": str(tensor.dtype),
            "shape": list(tensor.shape),
            "sha256": hashlib.sha256(tensor.tobytes()).hexdigest(),
        }
        for name, tensor in artifact.tensors.items()
    }
    contents = {"spec": artifact.spec, "preprocessing": artifact.preprocessing, "tensors": tensors}
    text = json.dumps(contents, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert artifact.fingerprint == hashlib.sha256(text.encode()).hexdigest()


def test_fingerprint_covers_the_model_and_not_its_story(make):
    artifact = make()
    same = make(card={"rows": 1}, history={}, tensors=dict(reversed(artifact.tensors.items())))
    assert same.fingerprint == artifact.fingerprint
    weight, bias = artifact.tensors["head.weight"], artifact.tensors["head.bias"]
    changed = [
        make(spec={"layers": []}),
        make(preprocessing={"target": "load", "context": 5}),
        make(tensors={"head.weight": weight.reshape(3, 2), "head.bias": bias}),
        make(tensors={"head.weight": weight, "bias": bias}),
        make(tensors={"head.weight": weight, "head.bias": np.nextafter(bias, 1)}),
        make(tensors={"head.weight": weight}),
    ]
    assert len({artifact.fingerprint, *(other.fingerprint for other in changed)}) == 7


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"task": 3}, "task must be a str, got int"),
        ({"spec": []}, "spec must be a dict, got list"),
        (
            {"card": {"metrics": {"mae": float("nan")}}},
            "card.metrics.mae must be a finite number, got nan",
        ),
        (
            {"history": {"loss": [1.0, np.float32("inf")]}},
            "history.loss[1] must be a finite number, got np.float32(inf)",
        ),
        ({"card": {"rows": 2**63}}, "card.rows must fit in 64 bits, got 9223372036854775808"),
        ({"card": {"name": "a\ud800"}}, "card.name must be text that UTF-8 can hold, got 'a\\ud800'"),
        ({"card": {1: 2}}, "card must have text as keys, got 1"),
        (
            {"card": {"a": np.zeros(2)}},
            "card.a must be text, a number, a list, a dict or None, got ndarray",
        ),
        ({"card": {"a": b"x"}}, "card.a must be text, a number, a list, a dict or None, got bytes"),
        (
            {"inputs": [{"name": "x", "shape": ["N", -1], "dtype": "float32"}]},
            "inputs[0] must have a name, a shape of sizes and axis letters, and a dtype",
        ),
        (
            {"outputs": [{"name": "x", "shape": ["N"]}]},
            "outputs[0] must have a name, a shape of sizes and axis letters, and a dtype",
        ),
        (
            {"outputs": ["y"]},
            "outputs[0] must have a name, a shape of sizes and axis letters, and a dtype",
        ),
        ({"tensors": {"w": np.zeros(2, np.int64)}}, "tensor w must be float32 or float64, got int64"),
        ({"tensors": {"w": np.zeros((1,) * 9)}}, "tensor w must have at most 8 axes, got 9"),
        (
            {"tensors": {"__metadata__": np.zeros(2)}},
            "tensors must have text as names, and not __metadata__, got '__metadata__'",
        ),
        ({"tensors": {3: np.zeros(2)}}, "tensors must have text as names, and not __metadata__, got 3"),
    ],
)
def test_what_a_file_cannot_hold_is_refused(make, parts, message):
    with pytest.raises(InputError) as error:
        make(**parts)
    assert str(error.value) == message


def test_nesting_is_bounded(make):
    value: list[Any] = []
    for _ in range(29):
        value = [value]
    deepest = {"a": value}  # 31 levels, which the description makes 32
    assert make(card=deepest).card == deepest
    with pytest.raises(InputError) as error:
        make(card={"a": [value]})
    assert str(error.value) == f"card.a{'[0]' * 30} is nested deeper than 32 levels"
