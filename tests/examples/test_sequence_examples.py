"""The examples of labelled sequences run, learn more than their baselines, and make the data they tell of."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "budget", "first"),
    [
        (
            "action_from_frames",
            ["--clips", "60", "--epochs", "1"],
            r"clips of people whom training never saw",
        ),
        ("label_frames", ["--recordings", "4", "--epochs", "1"], r"frames of 50 recordings"),
        ("answer_spans", ["--pairs", "40", "--epochs", "1"], r"500 questions about new passages"),
        ("digits_by_rows", ["--epochs", "1"], r"accuracy on 360 images"),
    ],
)
def test_as_a_script(name, budget, first):
    command = [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *budget]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].endswith(first)
    scored = [line.split("  ")[0].strip() for line in lines[1:4]]
    expected = {
        "action_from_frames": ["model", "majority class", "logistic regression"],
        "label_frames": ["model", "most frequent tag", "logistic regression"],
        "answer_spans": ["model", "most frequent tag", ""],
        "digits_by_rows": ["rows", "", ""],
    }
    assert scored == expected[name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "metric", "least", "baseline"),
    [
        ("action_from_frames", "accuracy", 0.97, "logistic regression"),
        ("label_frames", "accuracy", 0.93, "logistic regression"),
        ("answer_spans", "sentence_accuracy", 0.9, "most frequent tag"),
    ],
)
def test_what_is_learnt(name, metric, least, baseline):
    module = example(name)
    learnt = module.learn(module.parse([]))
    assert learnt.metrics_[metric] > least
    assert learnt.metrics_[metric] > learnt.baselines_[baseline][metric] + 0.1


def test_clips_of_actions():
    module = example("action_from_frames")
    frames, actions, people = module.clips(60, seed=1)
    assert {clip.shape[1] for clip in frames} == {22}
    assert min(map(len, frames)) >= 30
    assert max(map(len, frames)) < 60
    assert set(actions) == set(module.ACTIONS)
    assert set(people) <= set(range(20))


def test_circles_pass_through_the_same_poses_in_reverse():
    module = example("action_from_frames")
    phase = np.linspace(0, 1, 41)
    forwards, backwards = (module.move(f"circle {way}", phase, 0.0) for way in ("forwards", "backwards"))
    np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-12)
    assert not np.allclose(forwards, backwards)


def test_recordings_have_a_label_for_each_frame():
    module = example("label_frames")
    for frames, labels in zip(*module.recordings(5, seed=1)):
        assert frames.shape == (len(labels), 4)
        assert labels[0] == "rest"
    assert module.starts(["rest"] * 20 + ["wave"] * 10) == [(0.0, "rest"), (1.0, "wave")]


def test_pairs_hold_their_answer():
    module = example("answer_spans")
    for words, tags in zip(*module.pairs(200, seed=1)):
        assert len(words) == len(tags)
        assert tags.count("B-answer") == 1
        assert "O" in tags[tags.index("B-answer") + tags.count("I-answer") + 1 :] or words[-1] == "."
        answer = module.answer(words, tags)
        assert any(answer in values.split(",") for values in module.KINDS.values())
        assert words.index(answer.split()[0]) > words.index("‖")


def test_digits_are_told_as_rows_come_in():
    module = example("digits_by_rows")
    data = load_digits()
    images, labels = data.images[:200], data.target[:200]
    classifier = module.learn(images, labels, module.parse(["--epochs", "6"]))
    probabilities = module.by_row(classifier, images[:3])
    assert probabilities.shape == (3, 8, 10)
    np.testing.assert_array_equal(probabilities[:, -1], classifier.predict_proba(images[:3]))
    np.testing.assert_array_equal(probabilities[:, 2], classifier.predict_proba(images[:3, :3]))


@pytest.mark.slow
def test_digits_are_learnt():
    module = example("digits_by_rows")
    data = load_digits()
    order = np.random.default_rng(1).permutation(len(data.images))
    images, labels = data.images[order], data.target[order]
    classifier = module.learn(images[:1440], labels[:1440], module.parse([]))
    assert classifier.score(images[1440:], labels[1440:]) > 0.95
