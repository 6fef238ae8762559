"""Models of labelled sequences whose files do not fit together, and their reading of files."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurra._base.errors import ArtifactError, InputError
from recurra.artifact import Artifact
from recurra.data import Labelled, as_sequences
from recurra.runtime import ClassificationModel, RegressionModel, TaggingModel
from recurra.runtime.sequence_model import batches
from tests.golden.test_sequences_1 import made_now

MODELS: dict[str, Any] = {"classify": ClassificationModel, "regress": RegressionModel, "tag": TaggingModel}
FIX = "restore it from a copy or save it again"


def changed(task: str, **fields: Any) -> Artifact:
    artifact = made_now(task)
    return dataclasses.replace(artifact, preprocessing={**artifact.preprocessing, **fields})


@pytest.mark.parametrize(
    ("task", "fields", "problem"),
    [
        (
            "classify",
            {"classes": ["a"]},
            "preprocessing.classes must be a list of at least two texts, numbers or truth values, all of one "
            "kind, got ['a']",
        ),
        (
            "classify",
            {"classes": ["a", "a", "b"]},
            "preprocessing.classes must be a list of at least two texts, numbers or truth values, all of one "
            "kind, got ['a', 'a', 'b']",
        ),
        (
            "classify",
            {"classes": ["a", "b"], "counts": [1, 2]},
            "the preprocessing reads 2 outputs, but the network has 3",
        ),
        ("classify", {"counts": [1, 2]}, "there are 3 classes, but counts of 2"),
        ("tag", {"counts": [1, 2]}, "there are 3 classes, but counts of 2"),
        ("classify", {"temperature": 0}, "preprocessing.temperature must be a number above 0, got 0"),
        ("classify", {"extra": 0}, "preprocessing must not have 'extra'"),
        (
            "regress",
            {"levels": [0.1, 0.9, 0.5]},
            "levels must ascend and have 0.5 among them, got [0.1, 0.9, 0.5]",
        ),
        (
            "regress",
            {"levels": [0.1, 0.4, 0.9]},
            "levels must ascend and have 0.5 among them, got [0.1, 0.4, 0.9]",
        ),
        ("regress", {"deviation": -1}, "preprocessing.deviation must be a number above 0, got -1"),
        (
            "regress",
            {"target_transform": {"curve": {}, "mean": 0.0}},
            "preprocessing.target_transform must have deviation, got only curve, mean",
        ),
        (
            "regress",
            {"target_transform": {"curve": {"name": "log"}, "mean": 0.0, "deviation": 1.0}},
            "preprocessing.target_transform.curve must have exponent, got only name",
        ),
        ("regress", {"source": 3}, "preprocessing.source must be a dict or null, got 3"),
    ],
)
def test_fields_that_do_not_fit(task, fields, problem):
    with pytest.raises(ArtifactError) as raised:
        MODELS[task](changed(task, **fields))
    assert str(raised.value) == f"the model is damaged ({problem}); {FIX}"


@pytest.mark.parametrize(
    ("task", "other"), [("classify", "regress"), ("regress", "tag"), ("tag", "classify")]
)
def test_a_model_of_another_task(task, other):
    with pytest.raises(ArtifactError) as raised:
        MODELS[task](made_now(other))
    assert str(raised.value) == (
        f"the model's task is '{other}', not '{task}'; give a file that recurra fit has written"
    )
    network = dataclasses.replace(made_now(other), task=task)
    with pytest.raises(ArtifactError):
        MODELS[task](network)


def test_a_network_without_a_pool_is_no_classifier():
    tagger = made_now("tag")
    fields = {**made_now("classify").preprocessing, "features": tagger.preprocessing["features"]}
    with pytest.raises(ArtifactError) as raised:
        ClassificationModel(dataclasses.replace(tagger, task="classify", preprocessing=fields))
    assert str(raised.value) == (
        f"the model is damaged (the network of the task 'classify' must pool its sequence); {FIX}"
    )


def test_features_that_the_network_does_not_read():
    series = made_now("regress").preprocessing["features"]
    with pytest.raises(ArtifactError) as raised:
        ClassificationModel(changed("classify", features=series))
    assert str(raised.value) == (
        "the model is damaged (spec.layers[0].type must be 'recurrent', as the features say, got "
        f"'embedding'); {FIX}"
    )


def test_batches_have_every_row_once_and_about_one_length():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(length, 2)).astype(np.float32) for length in rng.integers(1, 400, 600)]
    seen = []
    for rows, x, lengths in batches(arrays):
        assert x.shape[:2] == (len(rows), lengths.max())
        assert len(rows) * lengths.max() <= 2**15
        for row, own, length in zip(rows, x, lengths):
            np.testing.assert_array_equal(own[:length], arrays[row])
            assert not own[length:].any()
        seen.extend(rows.tolist())
    assert sorted(seen) == list(range(600))


def test_files_are_read_as_the_training_file_was(tmp_path):
    model = ClassificationModel(made_now("classify"))
    assert model.source is not None
    lines = tmp_path / "lines.txt"
    lines.write_text("ab é\nb\n")
    np.testing.assert_array_equal(model.predict_proba(lines), model.predict_proba(["ab é", "b"]))
    with pytest.raises(InputError) as raised:
        RegressionModel(made_now("regress")).predict(Path("some.csv"))
    assert str(raised.value) == (
        "some.csv can't be read, as the model was trained on arrays and on no file; read it with "
        "recurra.data and give the arrays"
    )


def test_an_empty_sequence_is_named_by_where_it_comes_from():
    model = ClassificationModel(made_now("classify"))
    data = Labelled(as_sequences(["a", ""]), None, None, ["a.tsv, line 1", "a.tsv, line 2"])
    with pytest.raises(InputError) as raised:
        model.predict(data)
    assert str(raised.value) == (
        "a.tsv, line 2 is empty; give every sequence at least one step, or leave it out"
    )
