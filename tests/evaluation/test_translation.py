import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError, MissingExtraError
from recurra.evaluation import BaselineOutputs, TranslationEvaluation, evaluate_translation

REFERENCES = [
    "a man in an orange hat starring at something .",
    "the boston terrier is running on lush green grass in front of a white fence .",
    "a girl in karate uniform breaking a stick with a front kick .",
    "five people wearing winter jackets and helmets stand in the snow .",
]
HYPOTHESES = [
    "a man in an orange hat is looking at something .",
    "a boston terrier runs on green grass in front of a white fence .",
    "a girl in karate uniform breaking a stick with a front kick .",
    "",
]


def test_bleu_and_chrf_are_those_of_the_command_line(tmp_path: Path):
    for name, texts in (("ref", REFERENCES), ("hyp", HYPOTHESES)):
        (tmp_path / name).write_text("".join(f"{text}\n" for text in texts))
    command = [sys.executable, "-m", "sacrebleu", "ref", "-i", "hyp", "-m", "bleu", "chrf", "-w", "10"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    bleu, chrf = json.loads(said)
    found = evaluate_translation(HYPOTHESES, REFERENCES)
    assert found.metrics["bleu"] == pytest.approx(bleu["score"], abs=1e-9)
    assert found.metrics["chrf"] == pytest.approx(chrf["score"], abs=1e-9)
    assert 40 < found.metrics["bleu"] < 60
    assert found.signatures == {"bleu": bleu["signature"], "chrf": chrf["signature"]}
    assert found.signatures["bleu"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.")
    assert found.notes == (f"BLEU: {bleu['signature']}", f"chrF: {chrf['signature']}")


def test_nothing_is_printed_of_texts_that_look_tokenised(capfd):
    evaluate_translation(REFERENCES[:1] * 200, REFERENCES[:1] * 200)
    assert capfd.readouterr() == ("", "")


def test_right_answers():
    found = evaluate_translation(REFERENCES, [f" {text}  " for text in REFERENCES])
    assert {key: round(value, 9) for key, value in found.metrics.items()} == {
        "bleu": 100,
        "chrf": 100,
        "exact": 1,
        "token_accuracy": 1,
    }
    assert found.bleu_standard_error == pytest.approx(0, abs=1e-9)


def test_words_and_signs_are_compared_whatever_stands_between_them():
    found = evaluate_translation(["Bye , moon !", "no"], ["Bye, moon!", "no."])
    assert (found.metrics["exact"], found.metrics["token_accuracy"]) == (1 / 2, 5 / 6)


def test_exact_and_token_accuracy_by_hand():
    references = ["a b c", "d e", "", "f"]
    hypotheses = ["a c b", "d  e f", "", ""]
    words = evaluate_translation(hypotheses, references)
    # Only the empty answer is right as a whole; a, d and e stand at their places.
    assert (words.metrics["exact"], words.metrics["token_accuracy"]) == (1 / 4, 3 / 6)
    characters = evaluate_translation(hypotheses, references, level="char")
    # "a", " " and " " of "a b c"; "d" and " " of "d e".
    assert (characters.metrics["exact"], characters.metrics["token_accuracy"]) == (1 / 4, 5 / 9)
    assert (words.count, words.level, characters.level) == (4, "word", "char")


def test_short_references_have_no_bleu():
    found = evaluate_translation(["cba", "x y z"], ["cba", "x y z"], level="char", source_lengths=[3, 5])
    assert math.isnan(found.metrics["bleu"])
    assert math.isnan(found.bleu_standard_error)
    assert found.metrics["chrf"] == pytest.approx(100)
    assert found.notes[2:] == (
        "No reference has 4 words, so BLEU, which counts so many in a row, is not defined.",
    )
    fields = found.to_dict()
    assert (fields["metrics"]["bleu"], fields["bleu_standard_error"]) == (None, None)
    assert fields["by_length"] == [
        {
            "shortest": 3,
            "longest": 5,
            "count": 2,
            "bleu": None,
            "exact": 1.0,
            "token_accuracy": 1.0,
            "hypothesis_length": 4.0,
            "reference_length": 4.0,
        }
    ]
    # Where they are long enough, and the answers are not, BLEU is 0.
    assert evaluate_translation(["a b", "a"], ["a b c d", "a"]).metrics["bleu"] == 0


def test_empty_references():
    found = evaluate_translation(["", "x"], ["", ""])
    assert (found.metrics["exact"], found.count) == (0.5, 2)
    assert [key for key, value in found.metrics.items() if math.isnan(value)] == [
        "bleu",
        "chrf",
        "token_accuracy",
    ]
    assert found.notes[3:] == ("2 of 2 references are empty: only an empty answer is right there.",)
    found = evaluate_translation(["a b c d", "x"], ["a b c d", ""])
    assert found.notes[2:] == ("1 of 2 references is empty: only an empty answer is right there.",)


def corpus(count: int, seed: int = 0) -> tuple[list[str], list[str], np.ndarray]:
    """Hypotheses, references, and the words of these."""
    rng = np.random.default_rng(seed)
    references = [rng.choice(list("abcdefgh"), size=rng.integers(1, 21)).tolist() for _ in range(count)]
    hypotheses = [[word if rng.random() < 0.8 else "x" for word in words] for words in references]
    lengths = np.array(list(map(len, references)))
    return [" ".join(words) for words in hypotheses], [" ".join(words) for words in references], lengths


def test_scores_by_length():
    hypotheses, references, lengths = corpus(200)
    found = evaluate_translation(hypotheses, references, source_lengths=lengths)
    assert len(found.by_length) == 5
    first = 0
    for scores in found.by_length:
        rows = [i for i, length in enumerate(lengths) if scores.shortest <= length <= scores.longest]
        assert scores.shortest > first
        first = scores.longest
        alone = evaluate_translation([hypotheses[i] for i in rows], [references[i] for i in rows])
        assert scores.count == len(rows) > 25
        # The sums are those of sacrebleu.
        for key in ("bleu", "exact", "token_accuracy"):
            assert getattr(scores, key) == pytest.approx(alone.metrics[key], abs=1e-9, nan_ok=True)
        assert scores.hypothesis_length == scores.reference_length == lengths[rows].mean()
    assert sum(scores.count for scores in found.by_length) == 200


def test_few_lengths_make_few_buckets():
    hypotheses, references, _ = corpus(30)
    for lengths, bounds in (
        ([1] * 30, [(1, 1, 30)]),
        ([1] * 15 + [7] * 15, [(1, 1, 15), (7, 7, 15)]),
        ([0] * 1 + list(range(29)), [(0, 8, 10), (9, 18, 10), (19, 28, 10)]),
    ):
        found = evaluate_translation(hypotheses, references, source_lengths=lengths).by_length
        assert [(scores.shortest, scores.longest, scores.count) for scores in found] == bounds
    assert evaluate_translation(hypotheses, references).by_length == ()


def test_the_standard_error_is_that_of_other_samples():
    # Of samples of 100 answers of one kind.
    samples = [evaluate_translation(*corpus(100, seed)[:2]) for seed in range(40)]
    actual = np.std([sample.metrics["bleu"] for sample in samples])
    assert np.mean([sample.bleu_standard_error for sample in samples]) == pytest.approx(actual, rel=0.3)
    assert evaluate_translation(*corpus(100)[:2]).bleu_standard_error == samples[0].bleu_standard_error
    assert math.isnan(evaluate_translation(["a b c d"], ["a b c d"]).bleu_standard_error)


def test_baselines_are_scored_on_the_same_answers():
    baselines = BaselineOutputs({"copy": REFERENCES}, {"nearest": "too few"}, {"copy": "as it is"})
    found = evaluate_translation(HYPOTHESES, REFERENCES, baselines=baselines)
    assert list(found.baselines) == ["copy"]
    assert found.baselines["copy"] == evaluate_translation(REFERENCES, REFERENCES).metrics
    assert (found.failed_baselines, found.baseline_notes) == ({"nearest": "too few"}, {"copy": "as it is"})
    assert [metric.key for metric in found.table] == ["bleu", "chrf", "exact", "token_accuracy"]
    fields = found.to_dict()
    assert json.loads(json.dumps(fields)) == fields
    assert fields["signatures"] == found.signatures
    assert fields["level"] == "word"
    assert (found.hypotheses, found.references) == (tuple(HYPOTHESES), tuple(REFERENCES))
    assert isinstance(found, TranslationEvaluation)


@pytest.mark.parametrize(
    ("hypotheses", "references", "options", "message"),
    [
        ([], [], {}, "references is empty, expected at least one text; give a part that has targets"),
        (["a"], ["a", "b"], {}, "hypotheses must be as many as the references, 2, got 1"),
        ("a", ["a"], {}, "hypotheses must be a list of texts, got one text; put it in a list"),
        (["a"], [["a"]], {}, "references[0] must be text, got list"),
        (["a", None], ["a", "b"], {}, "hypotheses[1] must be text, got NoneType"),
        (
            ["a"],
            ["a"],
            {"level": "words"},
            "level must be one of word, char, got 'words'; did you mean 'word'?",
        ),
        (
            ["a"],
            ["a"],
            {"baselines": BaselineOutputs({"copy": []}, {}, {})},
            "the hypotheses of copy must be as many as the references, 1, got 0",
        ),
        (
            ["a"],
            ["a"],
            {"source_lengths": [1, 2]},
            "source_lengths must be whole numbers, as many as the references, 1; got int64 of shape (2,)",
        ),
        (
            ["a"],
            ["a"],
            {"source_lengths": [1.5]},
            "source_lengths must be whole numbers, as many as the references, 1; "
            "got float64 of shape (1,)",
        ),
    ],
)  # fmt: skip
def test_bad_arguments(hypotheses, references, options, message):
    with pytest.raises(InputError) as caught:
        evaluate_translation(hypotheses, references, **options)
    assert str(caught.value) == message


def test_without_sacrebleu(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics.bleu", None)
    with pytest.raises(MissingExtraError) as caught:
        evaluate_translation(["a"], ["a"])
    assert str(caught.value) == ("sacrebleu is not installed; install it with: pip install 'recurra[report]'")
