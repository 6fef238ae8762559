"""Files of language models that do not fit together: each is refused in one line that names the place."""

import copy
import dataclasses
import functools
import operator
from collections.abc import Iterator

import numpy as np
import pytest

import recurra
from recurra import artifact as artifacts
from recurra._base.errors import ArtifactError, InputError, RecurraError
from recurra.artifact import Artifact
from recurra.artifact.wording import DAMAGED
from recurra.cells import Stack, cell
from recurra.runtime import Embedding, Linear, Pool, Recurrent, network_spec
from recurra.runtime.load import MODELS
from recurra.runtime.network_artifact import network_artifact
from recurra.runtime.network_parts import Part
from tests.runtime.test_language import made
from tests.runtime.test_music import made as made_music


def changed(artifact: Artifact, **sections: object) -> Artifact:
    """With ``sections`` in place of its own; a function takes a copy of its own and alters it."""
    found = {}
    for name, change in sections.items():
        if callable(change):
            own = copy.deepcopy(dict(getattr(artifact, name)))
            change(own)
            found[name] = own
        else:
            found[name] = change
    return dataclasses.replace(artifact, **found)


def refused(artifact: Artifact, tmp_path) -> str:
    artifacts.save(artifact, tmp_path / "model")
    with pytest.raises(ArtifactError) as error:
        recurra.load(tmp_path / "model")
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 400
    start = f"{tmp_path / 'model'}: the model is damaged ("
    assert text.startswith(start)
    assert text.endswith(f"); {DAMAGED}")
    return text.removeprefix(start).removesuffix(f"); {DAMAGED}")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ends": 1}, "preprocessing.ends must be true or false, got 1"),
        ({"ends": None}, "preprocessing.ends must be true or false, got None"),
        ({"lines": "yes"}, "preprocessing.lines must be true or false, got 'yes'"),
        ({"column": True}, "preprocessing.column must be text, a whole number or null, got True"),
        ({"column": ["text"]}, "preprocessing.column must be text, a whole number or null, got ['text']"),
        ({"features": []}, "preprocessing.features must be a dict, got []"),
        ({"more": 1}, "preprocessing must not have 'more'"),
    ],
    ids=str,
)
def test_wrong_preprocessing_of_texts(fields, message, tmp_path):
    assert refused(changed(made(), preprocessing=lambda own: own.update(fields)), tmp_path) == message


@pytest.mark.parametrize("name", ["features", "ends", "lines", "column"])
def test_missing_preprocessing_of_texts(name, tmp_path):
    left = ", ".join(sorted({"features", "ends", "lines", "column"} - {name}))
    got = refused(changed(made(), preprocessing=lambda own: own.pop(name)), tmp_path)
    assert got == f"preprocessing must have {name}, got only {left}"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"level": "chars"}, "preprocessing.features.level must be one of char, word, bpe, got 'chars'"),
        ({"lowercase": 1}, "preprocessing.features.lowercase must be true or false, got 1"),
        ({"merges": []}, "preprocessing.features.merges must be null at level 'char'"),
    ],
    ids=str,
)
def test_wrong_features(fields, message, tmp_path):
    wrong = changed(made(), preprocessing=lambda own: own["features"].update(fields))
    assert refused(wrong, tmp_path) == message


@pytest.mark.parametrize("vocabulary", [None, [], "abc", [1, 2], ["a", "b"], ["\ufffd", "a", "a"]], ids=str)
def test_wrong_vocabularies(vocabulary, tmp_path):
    wrong = changed(made(), preprocessing=lambda own: own["features"].update(vocabulary=vocabulary))
    assert refused(wrong, tmp_path).startswith(("preprocessing.features.vocabulary", "spec.layers[0]"))


@pytest.mark.parametrize("merges", [None, 3, [["a"]], [["a", "b", "c"]], [["zz", "zz"]], [[1, 2]]], ids=str)
def test_wrong_merges(merges, tmp_path):
    wrong = changed(made("bpe"), preprocessing=lambda own: own["features"].update(merges=merges))
    assert refused(wrong, tmp_path).startswith("preprocessing.features.merges")


def test_a_vocabulary_of_another_size(tmp_path):
    wrong = changed(made(), preprocessing=lambda own: own["features"]["vocabulary"].append("Q"))
    size = len(wrong.preprocessing["features"]["vocabulary"]) + 1
    assert refused(wrong, tmp_path) == (
        f"spec.layers[0] must be an embedding of {size} symbols, as the features say"
    )


def of_parts(*parts: Part) -> Artifact:
    """A model of texts with other layers, whose tensors fit them."""
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return dataclasses.replace(made(), spec=network_spec(parts), tensors=tensors)


SIZE = made().spec["layers"][0]["count"]
EMBEDDING = Embedding("embedding", SIZE, 5)


def lstm(inputs: int, *, both: bool = False) -> Recurrent:
    return Recurrent("encoder", Stack(cell("lstm", input_size=inputs, hidden_size=4), bidirectional=both))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            (EMBEDDING, lstm(5, both=True), Linear("head", 8, SIZE)),
            "a stream needs layers in one direction, but 'encoder' is bidirectional; give it whole sequences",
        ),
        (
            (EMBEDDING, lstm(5), Linear("head", 4, SIZE - 1)),
            f"the network must give {SIZE} outputs at every step",
        ),
        (
            (EMBEDDING, lstm(5), Pool("last"), Linear("head", 4, SIZE)),
            f"the network must give {SIZE} outputs at every step",
        ),
        (
            (lstm(1), Linear("head", 4, SIZE)),
            f"spec.layers[0] must be an embedding of {SIZE} symbols, as the features say",
        ),
        (
            (Embedding("embedding", SIZE - 1, 5), lstm(5), Linear("head", 4, SIZE)),
            f"spec.layers[0] must be an embedding of {SIZE} symbols, as the features say",
        ),
        (
            (EMBEDDING, lstm(6), Linear("head", 4, SIZE)),
            "'encoder' takes 6 inputs, but the part before it gives 5",
        ),
    ],
    ids=range(6),
)
def test_networks_that_are_none_of_texts(parts, message, tmp_path):
    assert refused(of_parts(*parts), tmp_path) == message


@pytest.mark.parametrize("tied", [True, False])
def test_missing_and_foreign_tensors(tied, tmp_path):
    good = made(tied=tied)
    for name in good.tensors:
        wrong = changed(good, tensors=lambda own, name=name: own.pop(name))
        assert refused(wrong, tmp_path) == f"tensor {name!r} is missing"
    wrong = changed(good, tensors=lambda own: own.update(more=np.zeros(2, np.float32)))
    assert refused(wrong, tmp_path) == "tensor 'more' belongs to no layer"
    assert ("head.weight" in good.tensors) == (not tied)
    wrong = changed(good, tensors=lambda own: own.update({"head.bias": np.zeros(2, np.float32)}))
    assert refused(wrong, tmp_path) == f"tensor 'head.bias' must be float32 ({SIZE},), got float32 (2,)"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps_per_beat": 0}, "preprocessing.steps_per_beat must be a number above 0, got 0"),
        ({"steps_per_beat": "2"}, "preprocessing.steps_per_beat must be a number above 0, got '2'"),
        ({"steps_per_beat": 1e9}, "steps_per_beat must be a number from 0.5 to 96, got 1000000000.0"),
        ({"beats_per_minute": True}, "preprocessing.beats_per_minute must be a number above 0, got True"),
        ({"beats_per_minute": 1e-9}, "beats_per_minute must be a number from 3.6 to 60,000,000, got 1e-09"),
        ({"ends": True}, "preprocessing must not have 'ends'"),
    ],
    ids=str,
)
def test_wrong_preprocessing_of_music(fields, message, tmp_path):
    assert refused(changed(made_music(), preprocessing=lambda own: own.update(fields)), tmp_path) == message


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            (lstm(88, both=True), Linear("head", 8, 88)),
            "a stream needs layers in one direction, but 'encoder' is bidirectional; give it whole sequences",
        ),
        (
            (lstm(88), Linear("head", 4, 87)),
            "the network of a model of music must take and give 88 keys at every step",
        ),
        (
            (lstm(87), Linear("head", 4, 88)),
            "the network of a model of music must take and give 88 keys at every step",
        ),
        (
            (lstm(88), Pool("mean"), Linear("head", 4, 88)),
            "the network of a model of music must take and give 88 keys at every step",
        ),
        (
            (EMBEDDING, lstm(5), Linear("head", 4, 88)),
            "the network of a model of music must take and give 88 keys at every step",
        ),
    ],
    ids=range(5),
)
def test_networks_that_are_none_of_music(parts, message, tmp_path):
    other = of_parts(*parts)
    wrong = dataclasses.replace(made_music(), spec=other.spec, tensors=other.tensors)
    assert refused(wrong, tmp_path) == message


ODD = (None, True, -1, 0, 2**70, 1.5, 1e308, "", "lstm", [], [[]], [None], {}, {"type": "crf"})


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Of every value within, but for all of a long list only the first few."""
    if path:
        yield path
    inside = (
        value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    )
    for key, own in inside:
        yield from places(own, (*path, key))


@pytest.mark.parametrize("kind", ["char", "word", "bpe", "tied", "music"])
def test_whatever_stands_in_a_file_is_taken_or_refused(kind):
    good = made_music() if kind == "music" else made("char" if kind == "tied" else kind, tied=kind == "tied")
    loaded, refusals = MODELS[good.task], []
    for section in ("spec", "preprocessing"):
        for *path, last in places(getattr(good, section)):
            for odd in ODD:
                own = copy.deepcopy(getattr(good, section))
                place = functools.reduce(operator.getitem, path, own)
                place[last] = odd
                try:
                    loaded(dataclasses.replace(good, **{section: own})).generate(length=2)
                except RecurraError as error:
                    refusals.append(str(error))
    assert len(refusals) > 200
    assert not [message for message in refusals if "\n" in message or len(message) > 400]


def test_the_inputs_and_outputs_are_named():
    size = SIZE
    assert made().inputs == [{"name": "sequence", "shape": ["N", "T"], "dtype": "int64"}]
    assert made().outputs == [{"name": "logits", "shape": ["N", "T", size], "dtype": "float32"}]
    assert made_music().inputs == [{"name": "sequence", "shape": ["N", "T", 88], "dtype": "float32"}]
    assert made_music().outputs == [{"name": "logits", "shape": ["N", "T", 88], "dtype": "float32"}]


def test_an_artifact_is_not_made_of_tensors_that_do_not_fit():
    with pytest.raises(InputError) as error:
        network_artifact("language-model", [EMBEDDING], {}, {}, output="logits", history={}, card={})
    assert str(error.value) == "tensor 'embedding.weight' is missing"
