"""Files of models of sequence to sequence that do not fit together: each is refused, and the place named."""

import copy
import dataclasses
import functools
import operator

import numpy as np
import pytest

from recurra._base.errors import InputError, RecurraError
from recurra.runtime.translation import TranslationModel, translation_artifact
from tests.runtime.test_language_artifact import ODD, changed, places, refused
from tests.runtime.test_translation import LONGEST, SOURCES, made, series

FIELDS = {"source", "target", "longest", "columns"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"longest": 0}, "preprocessing.longest must be a whole number of at least 1, got 0"),
        ({"longest": 2.0}, "preprocessing.longest must be a whole number of at least 1, got 2.0"),
        ({"source": None}, "preprocessing.source must be a dict, got None"),
        ({"source": {}}, "features.kind must be one of text, words of text, tokens, series, audio, got None"),
        ({"target": []}, "preprocessing.target must be a dict, got []"),
        ({"columns": "de"}, "preprocessing.columns must be a dict or null, got 'de'"),
        ({"columns": {}}, "preprocessing.columns must have source, got only nothing"),
        (
            {"columns": {"source": 1.5, "target": None, "header": True}},
            "preprocessing.columns.source must be text, a whole number or null, got 1.5",
        ),
        (
            {"columns": {"source": 1, "target": "en", "header": None}},
            "preprocessing.columns.header must be true or false, got None",
        ),
        (
            {"columns": {"source": 1, "target": "en", "header": True, "more": 1}},
            "preprocessing.columns must not have 'more'",
        ),
        ({"more": 1}, "preprocessing must not have 'more'"),
    ],
    ids=str,
)
def test_wrong_preprocessing(fields, message, tmp_path):
    assert refused(changed(made(), preprocessing=lambda own: own.update(fields)), tmp_path) == message


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_missing_preprocessing(name, tmp_path):
    left = ", ".join(sorted(FIELDS - {name}))
    got = refused(changed(made(), preprocessing=lambda own: own.pop(name)), tmp_path)
    assert got == f"preprocessing must have {name}, got only {left}"


def test_sources_of_another_kind(tmp_path):
    words = {"kind": "tokens", "words": ["\ufffd", "a"], "characters": ["\ufffd", "a"]}
    wrong = changed(made(), preprocessing=lambda own: own.update(source=words))
    assert refused(wrong, tmp_path) == "preprocessing.source must be of texts or series"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"level": "chars"}, "{}.level must be one of char, word, bpe, got 'chars'"),
        ({"lowercase": 1}, "{}.lowercase must be true or false, got 1"),
        ({"merges": []}, "{}.merges must be null at level 'char'"),
    ],
    ids=str,
)
def test_wrong_features(fields, message, tmp_path):
    for side, name in (("source", "text"), ("target", "preprocessing.target")):
        wrong = changed(made(), preprocessing=lambda own, side=side: own[side].update(fields))
        assert refused(wrong, tmp_path) == message.format(name)


def test_a_vocabulary_of_another_size(tmp_path):
    good = made()
    source, target = good.spec["encoder"]["embedding"]["count"], good.spec["decoder"]["embedding"]["count"]
    longer = changed(good, preprocessing=lambda own: own["source"]["vocabulary"].append("Q"))
    assert refused(longer, tmp_path) == (
        f"the preprocessing reads {source + 1} source symbols, but the network has {source}"
    )
    longer = changed(good, preprocessing=lambda own: own["target"]["vocabulary"].append("Q"))
    assert refused(longer, tmp_path) == (
        f"the preprocessing reads {target + 1} target symbols, but the network has {target}"
    )


def test_other_columns(tmp_path):
    wider = changed(
        made(series=True),
        preprocessing=lambda own: own["source"].update(mean=[0.0] * 3, deviation=[1.0] * 3),
    )
    assert refused(wider, tmp_path) == "the preprocessing reads 3 columns, but the network has 2"


def test_texts_for_a_network_of_vectors_and_the_other_way_round(tmp_path):
    texts, arrays = made(), made(series=True)
    count = texts.spec["encoder"]["embedding"]["count"]
    wrong = dataclasses.replace(arrays, preprocessing=texts.preprocessing)
    assert refused(wrong, tmp_path) == (
        f"the preprocessing reads {count} source symbols, but the network has none"
    )
    wrong = dataclasses.replace(texts, preprocessing=arrays.preprocessing)
    assert refused(wrong, tmp_path) == (
        f"the preprocessing reads no source symbols, but the network has {count}"
    )


@pytest.mark.parametrize("shared", [False, True])
def test_missing_and_foreign_tensors(shared, tmp_path):
    good = made(shared=shared)
    assert ("encoder.embedding.weight" in good.tensors) == (not shared)
    for name in good.tensors:
        wrong = changed(good, tensors=lambda own, name=name: own.pop(name))
        assert refused(wrong, tmp_path) == f"tensor {name!r} is missing"
    wrong = changed(good, tensors=lambda own: own.update(more=np.zeros(2, np.float32)))
    assert refused(wrong, tmp_path) == "tensor 'more' belongs to no layer"


def test_an_artifact_is_not_made_of_tensors_that_do_not_fit():
    good = made()
    model = TranslationModel(good)
    features = model.source, model.target
    with pytest.raises(InputError) as error:
        translation_artifact(
            good.spec,
            {name: array for name, array in good.tensors.items() if name != "decoder.combine.weight"},
            *features,
            longest=LONGEST,
            columns=None,
            history={},
        )
    assert str(error.value) == "tensor 'decoder.combine.weight' is missing"


@pytest.mark.parametrize("kind", ["char", "word", "bpe", "shared", "series"])
def test_whatever_stands_in_a_file_is_taken_or_refused(kind):
    good = made(
        kind if kind in ("char", "word", "bpe") else "char",
        shared=kind == "shared",
        series=kind == "series",
        columns={"source": 1, "target": "en", "header": True},
    )
    X = series(3) if kind == "series" else SOURCES[:1]
    refusals = []
    for section in ("spec", "preprocessing"):
        for *path, last in places(getattr(good, section)):
            for odd in ODD:
                own = copy.deepcopy(getattr(good, section))
                place = functools.reduce(operator.getitem, path, own)
                place[last] = odd
                try:
                    TranslationModel(dataclasses.replace(good, **{section: own})).predict(X)
                except RecurraError as error:
                    refusals.append(str(error))
    assert len(refusals) > 200
    assert not [message for message in refusals if "\n" in message or len(message) > 400]


def test_the_inputs_and_outputs_are_named():
    size = made().spec["decoder"]["embedding"]["count"]
    tokens = {"name": "tokens", "shape": ["N", "T"], "dtype": "int64"}
    assert made().inputs == [{"name": "source", "shape": ["N", "S"], "dtype": "int64"}, tokens]
    assert made(series=True).inputs == [
        {"name": "source", "shape": ["N", "S", 2], "dtype": "float32"},
        tokens,
    ]
    assert made().outputs == [{"name": "logits", "shape": ["N", "T", size], "dtype": "float32"}]
