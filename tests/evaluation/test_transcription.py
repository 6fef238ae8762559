import json
import math
import sys

import numpy as np
import pytest

from recurra._base.errors import InputError, MissingExtraError
from recurra.data import Sequences
from recurra.evaluation import (
    BaselineOutputs,
    Confusion,
    evaluate_transcription,
    fit_transcription_baselines,
)

REFERENCES = ["one two three", "four five", "six", "seven seven"]
HYPOTHESES = ["one too three", "five", "six nine six", "seven  seven "]


def test_errors_by_hand():
    found = evaluate_transcription(HYPOTHESES, REFERENCES)
    assert (found.words, found.substitutions, found.deletions, found.insertions) == (8, 1, 1, 2)
    # Of the characters: w by o; "four " left out; " nine six" put in.
    assert found.metrics == {
        "word_error_rate": 4 / 8,
        "char_error_rate": (1 + 5 + 9) / (13 + 9 + 3 + 11),
        "exact": 1 / 4,
    }
    assert found.confusions == (
        Confusion(None, "nine", 1),
        Confusion(None, "six", 1),
        Confusion("four", None, 1),
        Confusion("two", "too", 1),
    )
    errors, words = np.array([1, 1, 2, 0]), np.array([3, 2, 1, 2])
    assert found.word_error_rate_standard_error == pytest.approx(
        math.sqrt(((errors - 0.5 * words) ** 2).sum()) / 8
    )
    assert (found.count, found.notes) == (4, ())
    assert (found.hypotheses, found.references) == (tuple(HYPOTHESES), tuple(REFERENCES))


def test_white_space_only_separates_and_case_counts():
    found = evaluate_transcription(["\ta\u00a0b\n", "A"], ["a b", "a"])
    assert found.metrics == {"word_error_rate": 1 / 3, "char_error_rate": 1 / 4, "exact": 0.5}


def test_the_most_frequent_confusions_come_first():
    said = ["a b"] * 3 + ["c"] * 2 + [f"w{i}" for i in range(30)]
    heard = ["a x"] * 3 + ["y"] * 2 + ["z"] * 30
    found = evaluate_transcription(heard, said).confusions
    assert found[:3] == (Confusion("b", "x", 3), Confusion("c", "y", 2), Confusion("w0", "z", 1))
    assert len(found) == 20


def test_several_words_replaced_at_once_are_confused_one_by_one():
    found = evaluate_transcription(["x y"], ["a b"])
    assert (found.substitutions, found.confusions) == (2, (Confusion("a", "x", 1), Confusion("b", "y", 1)))


def test_nothing_said():
    found = evaluate_transcription(["", "noise", "one"], ["", " ", "one"])
    assert found.metrics == {"word_error_rate": 1.0, "char_error_rate": 5 / 3, "exact": 2 / 3}
    assert (found.insertions, found.words) == (1, 1)
    assert found.notes == (
        "Nothing is said in 2 of 3 references: every word that is heard there was put in.",
    )
    found = evaluate_transcription(["", "noise"], ["", ""])
    assert found.metrics["exact"] == 0.5
    fields = found.to_dict()
    assert fields["metrics"] == {"word_error_rate": None, "char_error_rate": None, "exact": 0.5}
    assert fields["word_error_rate_standard_error"] is None


def test_nothing_heard():
    found = evaluate_transcription([""], ["one two"])
    assert found.metrics == {"word_error_rate": 1.0, "char_error_rate": 1.0, "exact": 0.0}
    assert found.deletions == 2


def test_the_baseline():
    baselines = fit_transcription_baselines(["two", "one", "one", "two", "three"])
    outputs = baselines.on(Sequences("text", ["any", "thing"]))
    assert outputs.outputs == {"commonest": ["two", "two"]}
    assert outputs.notes == {"commonest": "'two' for all, 40.0 % of the training part"}
    found = evaluate_transcription(["one", "two"], ["one", "two"], baselines=outputs)
    assert found.metrics == {"word_error_rate": 0.0, "char_error_rate": 0.0, "exact": 1.0}
    assert found.baselines == {"commonest": {"word_error_rate": 0.5, "char_error_rate": 3 / 6, "exact": 0.5}}
    assert (found.baseline_notes, found.failed_baselines) == (outputs.notes, {})
    assert found.word_error_rate_standard_error == 0
    fields = found.to_dict()
    assert json.loads(json.dumps(fields)) == fields
    assert (fields["words"], fields["substitutions"], fields["confusions"]) == (2, 0, [])
    long = fit_transcription_baselines(["word " * 20]).fitted["commonest"]
    assert long.note == f"{'word ' * 8 + '…'!r} for all, 100.0 % of the training part"


def test_confusions_as_json():
    (confusion,) = evaluate_transcription(["a"], ["b"]).to_dict()["confusions"]
    assert confusion == {"said": "b", "heard": "a", "count": 1}


@pytest.mark.parametrize(
    ("hypotheses", "references", "options", "message"),
    [
        ([], [], {}, "references is empty, expected at least one text; give a part that has texts"),
        (["a", "b"], ["a"], {}, "hypotheses must be as many as the references, 1, got 2"),
        (
            ["a"],
            ["a"],
            {"baselines": BaselineOutputs({"commonest": ["a", "b"]}, {}, {})},
            "the hypotheses of commonest must be as many as the references, 1, got 2",
        ),
        ([b"a"], ["a"], {}, "hypotheses[0] must be text, got bytes"),
    ],
)
def test_bad_arguments(hypotheses, references, options, message):
    with pytest.raises(InputError) as caught:
        evaluate_transcription(hypotheses, references, **options)
    assert str(caught.value) == message


def test_a_baseline_of_nothing():
    with pytest.raises(InputError) as caught:
        fit_transcription_baselines([])
    assert str(caught.value) == "texts is empty, expected at least one; give those of the training part"


def test_without_jiwer(monkeypatch):
    monkeypatch.setitem(sys.modules, "jiwer", None)
    with pytest.raises(MissingExtraError) as caught:
        evaluate_transcription(["a"], ["a"])
    assert str(caught.value) == "jiwer is not installed; install it with: pip install 'recurra[report]'"
