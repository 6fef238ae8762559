import os
import sys
from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Clip, Sequences, read_audio, read_texts
from recurra.evaluation import evaluate_labels, evaluate_values, fit_label_baselines, fit_value_baselines

CLASSES = ("bad", "good")
REVIEWS = Sequences(
    "text",
    ["a fine film", "a fine, warm story", "not a fine film", "dull and cold", "so dull", "a warm film"] * 4,
)
VERDICTS = ["good", "good", "bad", "bad", "bad", "good"] * 4


def waves(count: int, seed: int) -> tuple[Sequences, list[str], np.ndarray]:
    """Sines of random length, phase and offset, with the classes slow and fast, and their frequencies."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.1, 0.5, size=count)
    series = [
        np.sin(w * np.arange(rng.integers(40, 80)) + rng.uniform(0, 6))[:, None].astype(np.float32)
        for w in frequency
    ]
    return Sequences("series", series), ["fast" if w > 0.3 else "slow" for w in frequency], frequency


def test_texts():
    baselines = fit_label_baselines(REVIEWS, VERDICTS, CLASSES)
    assert list(baselines.fitted) == ["majority class", "naive Bayes", "logistic regression"]
    assert baselines.failed == {}
    found = baselines.on(Sequences("text", ["A warm, FINE film!", "dull", "not a fine story"]))
    for name in ("naive Bayes", "logistic regression"):
        assert found.outputs[name].argmax(axis=1).tolist() == [1, 0, 0]
        assert found.outputs[name].sum(axis=1) == pytest.approx(1)
    assert found.outputs["majority class"].tolist() == [[0.5, 0.5]] * 3
    assert found.notes["majority class"] == "'bad' for all, 50.0 % of the training part"
    assert found.notes["naive Bayes"] == "whether each of the 1–2-grams of words is there, one pseudo-count"
    assert found.notes["logistic regression"] == "on TF-IDF of 1–2-grams of words, C = 100"


def test_names_are_read_by_character():
    texts = Sequences("text", ["Anna", "Maria", "Julia", "Lena", "Mark", "John", "Tom", "Frank"] * 3)
    baselines = fit_label_baselines(texts, (["f"] * 4 + ["m"] * 4) * 3, ("f", "m"))
    found = baselines.on(Sequences("text", ["Mila", "Dirk"]))
    assert found.outputs["naive Bayes"].argmax(axis=1).tolist() == [0, 1]
    assert found.notes["logistic regression"].startswith("on TF-IDF of 1–4-grams of characters, C = ")


def test_tokens_are_taken_as_they_are():
    items = [["walk", "UP"], ["walk", "up"]] * 6
    baselines = fit_label_baselines(Sequences("tokens", items), ["good", "bad"] * 6, CLASSES)
    found = baselines.on(Sequences("tokens", [["UP"], ["up"], []]))
    assert found.outputs["naive Bayes"][:2].argmax(axis=1).tolist() == [1, 0]
    assert found.outputs["naive Bayes"][2] == pytest.approx([0.5, 0.5])


def test_series():
    training, labels, _ = waves(200, 0)
    test, actual, _ = waves(100, 1)
    baselines = fit_label_baselines(training, labels, ("slow", "fast"))
    assert list(baselines.fitted) == ["majority class", "logistic regression"]
    outputs = baselines.on(test)
    found = evaluate_labels(actual, outputs.outputs["logistic regression"], ("slow", "fast"))
    assert found.metrics["accuracy"] > 0.9
    # Other features, of which only the length is left.
    flat = fit_label_baselines(training, labels, ("slow", "fast"), features=lambda xs: [0 * x for x in xs])
    blind = evaluate_labels(actual, flat.on(test).outputs["logistic regression"], ("slow", "fast"))
    assert blind.metrics["accuracy"] < 0.7


def test_audio_without_features_is_read_as_log_mel_frames():
    rng = np.random.default_rng(0)
    labels = ["low", "high"] * 10
    clips = [
        Clip(
            (np.sin((0.3 if label == "low" else 1.5) * np.arange(2000)) + rng.normal(0, 0.1, 2000)).astype(
                "f4"
            ),
            8000,
        )
        for label in labels
    ]
    sequences = Sequences("audio", clips)
    found = fit_label_baselines(sequences, labels, ("low", "high")).on(sequences)
    assert [("low", "high")[code] for code in found.outputs["logistic regression"].argmax(axis=1)] == labels


def test_wildly_unbalanced_classes():
    rng = np.random.default_rng(0)
    series = [rng.normal(size=(5, 2)).astype(np.float32) for _ in range(300)]
    labels = ["usual"] * 298 + ["rare", "once"]
    baselines = fit_label_baselines(Sequences("series", series), labels, ("once", "rare", "usual", "never"))
    found = baselines.on(Sequences("series", series[:3]))
    assert (found.failed, list(found.outputs)) == ({}, ["majority class", "logistic regression"])
    for output in found.outputs.values():
        assert output.argmax(axis=1).tolist() == [2, 2, 2]
        assert output[:, 3].tolist() == [0, 0, 0]


def test_one_class_has_a_majority_only():
    baselines = fit_label_baselines(waves(5, 0)[0], ["slow"] * 5, ("slow",))
    assert list(baselines.fitted) == ["majority class"]
    assert baselines.failed == {"logistic regression": "the training part has a single class"}


def test_texts_without_words_fail_by_name():
    baselines = fit_label_baselines(Sequences("tokens", [[], []]), CLASSES, CLASSES)
    reason = "empty vocabulary; perhaps the documents only contain stop words"
    assert baselines.failed == {"naive Bayes": reason, "logistic regression": reason}


def test_a_part_that_a_baseline_cannot_read_fails_by_name():
    training, labels, _ = waves(20, 0)
    found = fit_label_baselines(training, labels, ("slow", "fast")).on(
        Sequences("series", [np.zeros((4, 3), np.float32)])
    )
    assert list(found.outputs) == list(found.notes) == ["majority class"]
    assert found.failed == {
        "logistic regression": "X has 25 features, but StandardScaler is expecting 9 features as input."
    }


def test_without_scikit_learn(monkeypatch):
    for name in ("sklearn", "sklearn.feature_extraction.text", "sklearn.linear_model"):
        monkeypatch.setitem(sys.modules, name, None)
    reason = "scikit-learn is not installed; install it with: pip install 'recurra[report]'"
    baselines = fit_label_baselines(REVIEWS, VERDICTS, CLASSES)
    assert list(baselines.fitted) == ["majority class"]
    assert baselines.failed == {"naive Bayes": reason, "logistic regression": reason}
    assert fit_value_baselines(REVIEWS, np.arange(24.0)).failed == {"ridge regression": reason}


def test_numbers():
    training, _, frequency = waves(300, 0)
    test, _, actual = waves(200, 1)
    found = fit_value_baselines(training, frequency).on(test)
    mean = evaluate_values(actual, found.outputs["mean"], levels=(0.1, 0.5, 0.9), baselines=found)
    assert mean.metrics["r2"] == pytest.approx(0, abs=0.05)
    assert mean.metrics["coverage_80"] == pytest.approx(0.8, abs=0.07)
    assert mean.baselines["mean"] == mean.metrics
    ridge = mean.baselines["ridge regression"]
    assert ridge["r2"] > 0.9
    # The quantiles are of errors on folds, so that they are not too narrow for new sequences.
    assert ridge["coverage_80"] == pytest.approx(0.8, abs=0.07)
    assert ridge["mean_pinball"] < mean.metrics["mean_pinball"] / 3
    assert found.notes["ridge regression"] == "on summaries of each column over time, penalty 1"
    assert found.notes["mean"] == f"{frequency.mean():.4g} for all, the mean of the training part"


def test_numbers_of_texts():
    baselines = fit_value_baselines(REVIEWS, [5.0, 5.0, 1.0, 1.0, 1.0, 4.0] * 4)
    points = baselines.on(REVIEWS.take(slice(6))).outputs["ridge regression"].point
    assert points == pytest.approx([5, 5, 1, 1, 1, 4], abs=0.5)


def test_few_numbers_have_no_quantiles():
    training, _, frequency = waves(19, 0)
    found = fit_value_baselines(training, frequency).on(training)
    assert [output.quantiles for output in found.outputs.values()] == [None, None]
    baselines = fit_value_baselines(training.take(slice(2)), frequency[:2])
    assert baselines.failed == {
        "ridge regression": "the training part has 2 sequences, and it takes 3 or more"
    }


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        (["good"], CLASSES, "there are 24 sequences and 1 label; expected as many of each"),
        (
            VERDICTS,
            ["good"],
            "labels has 'bad', which is not in classes; give the classes of the training part",
        ),
    ],
)
def test_refusals(labels, classes, message):
    with pytest.raises(InputError) as caught:
        fit_label_baselines(REVIEWS, labels, classes)
    assert str(caught.value) == message


def test_refusals_of_numbers():
    with pytest.raises(InputError) as caught:
        fit_value_baselines(REVIEWS, [1.0] * 23 + [float("nan")])
    assert str(caught.value) == "labels[23] is nan, expected a finite number; leave out what has no label"


def data(name: str) -> Path:
    folder = os.environ.get("RECURRA_DATA")
    if folder is None:
        pytest.skip("RECURRA_DATA, the folder of the data sets, is not set")
    return Path(folder) / name


@pytest.mark.slow
def test_film_reviews():
    training, test = (
        read_texts(data("sentiment") / f"sst2.{part}.tsv", text=1, label=2, header=False)
        for part in ("train", "test")
    )
    found = fit_label_baselines(training.sequences, training.labels, ("0", "1")).on(test.sequences)
    accuracy = {
        name: evaluate_labels(test.labels, output, ("0", "1")).metrics["accuracy"]
        for name, output in found.outputs.items()
    }
    assert accuracy == pytest.approx(
        {"majority class": 0.499, "naive Bayes": 0.824, "logistic regression": 0.826}, abs=0.003
    )


@pytest.mark.slow
def test_spoken_digits():
    clips = read_audio(
        data("audio") / "free-spoken-digits.zip", label_pattern=r"(?P<label>\d)_(?P<group>\w+)_\d+"
    )
    held_out = np.array([int(Path(name).stem.split("_")[-1]) < 5 for name in clips.names])
    training, test = clips.take(~held_out), clips.take(held_out)
    digits = [str(digit) for digit in range(10)]
    found = fit_label_baselines(training.sequences, training.labels, digits).on(test.sequences)
    scores = evaluate_labels(test.labels, found.outputs["logistic regression"], digits)
    assert scores.count == 300
    assert scores.metrics["accuracy"] == pytest.approx(0.99, abs=0.005)
