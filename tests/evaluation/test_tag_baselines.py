import os
from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Sequences, read_conllu
from recurra.evaluation import evaluate_tags, fit_tag_baselines

CLASSES = ("DET", "NOUN", "VERB")
SENTENCES = Sequences("tokens", [["the", "walk"], ["The", "dogs", "walk"], ["I", "walk", "dogs"], ["Walk"]])
TAGS = [["DET", "NOUN"], ["DET", "NOUN", "VERB"], ["NOUN", "VERB", "NOUN"], ["NOUN"]]


def test_words():
    baselines = fit_tag_baselines(SENTENCES, TAGS, CLASSES)
    assert (list(baselines.fitted), baselines.failed) == (["most frequent tag"], {})
    found = baselines.on(Sequences("tokens", [["THE", "Walk", "walk", "cats"], []]))
    tagging = found.outputs["most frequent tag"]
    # In capitals as in lower case where training has no capitals; a word that it never saw as all words.
    assert tagging.tags == [["DET", "NOUN", "VERB", "NOUN"], []]
    overall = np.array([2 + 1, 5 + 1, 2 + 1]) / (9 + 3)
    lower = (np.array([0, 2, 2]) + overall) / 5
    assert tagging.probabilities is not None
    assert tagging.probabilities[0][3] == pytest.approx(overall)
    assert tagging.probabilities[0][2] == pytest.approx((np.array([0, 1, 2]) + lower) / 4)
    assert tagging.probabilities[1].shape == (0, 3)
    assert found.notes == {
        "most frequent tag": "the most frequent tag of each word in the training part, else 'NOUN'"
    }


def test_steps_of_series():
    rng = np.random.default_rng(0)

    def make(count: int) -> tuple[Sequences, list[list[str]]]:
        series = [rng.normal(size=(int(rng.integers(1, 9)), 2)).astype(np.float32) for _ in range(count)]
        return Sequences("series", series), [
            ["up" if x > 0.2 else "down" for x in array[:, 0]] for array in series
        ]

    training, tags = make(200)
    test, actual = make(50)
    baselines = fit_tag_baselines(training, tags, ("down", "up"))
    found = baselines.on(test)
    tagging = found.outputs["logistic regression"]
    scores = evaluate_tags(actual, tagging, ("down", "up"), baselines=found)
    assert scores.metrics["accuracy"] > 0.95
    assert scores.baselines["logistic regression"] == scores.metrics
    assert scores.baselines["most frequent tag"]["accuracy"] == pytest.approx(0.58, abs=0.08)
    assert found.notes["logistic regression"] == "on every step by itself, C = 1"
    share = np.mean([tag == "down" for row in tags for tag in row])
    assert found.notes["most frequent tag"] == (
        f"'down' at every step, {100 * share:.1f} % of the training part"
    )


def test_very_many_steps_are_thinned_out():
    long = np.linspace(-1, 1, 120_000, dtype=np.float32)[:, None]
    tags = [["up" if x > 0 else "down" for x in long[:, 0]]]
    found = fit_tag_baselines(Sequences("series", [long]), tags, ("down", "up")).on(
        Sequences("series", [long[::1000]])
    )
    assert found.notes["logistic regression"] == "on one step in 3 by itself, C = 1"
    assert found.outputs["logistic regression"].tags == [tags[0][::1000]]


def test_features_make_the_steps():
    series = Sequences("series", [np.arange(8, dtype=np.float32)[:, None]] * 3)
    tags = [["low", "low", "high", "high"]] * 3
    found = fit_tag_baselines(
        series, tags, ("low", "high"), features=lambda items: [item[::2] for item in items]
    ).on(series)
    assert found.outputs["logistic regression"].tags == tags


@pytest.mark.parametrize(
    ("tags", "classes", "message"),
    [
        (TAGS[:3], CLASSES, "there are 4 sequences and 3 labels; expected as many of each"),
        (
            [*TAGS[:3], ["NOUN", "VERB"]],
            CLASSES,
            "sequence 3 has 1 step and 2 tags; expected as many of each",
        ),
        (
            TAGS,
            ["DET", "NOUN"],
            "labels has 'VERB', which is not in classes; give the classes of the training part",
        ),
    ],
)
def test_refusals(tags, classes, message):
    with pytest.raises(InputError) as caught:
        fit_tag_baselines(SENTENCES, tags, classes)
    assert str(caught.value) == message


def test_parts_of_speech():
    folder = os.environ.get("RECURRA_DATA")
    if folder is None:
        pytest.skip("RECURRA_DATA, the folder of the data sets, is not set")
    training, dev, test = (
        read_conllu(Path(folder) / "tagging" / f"en_lines-ud-{part}.conllu")
        for part in ("train", "dev", "test")
    )
    classes = sorted({tag for row in training.labels for tag in row})
    baselines = fit_tag_baselines(training.sequences, training.labels, classes)
    accuracy = [
        evaluate_tags(
            part.labels, baselines.on(part.sequences).outputs["most frequent tag"], classes
        ).metrics["accuracy"]
        for part in (dev, test)
    ]
    assert accuracy == pytest.approx([0.8870, 0.8825], abs=0.0005)
