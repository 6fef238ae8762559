import json
import math

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Sequences, TextFeatures
from recurra.evaluation import BaselineOutputs, NGram, evaluate_language, fit_language_baselines

TOKENS = "�abcdefgh"


def decode(ids) -> str:
    return "".join(TOKENS[i] for i in ids)


def ids(text: str) -> np.ndarray:
    return np.array([TOKENS.index(character) for character in text], np.int64)


def even(documents, nats: float, ends: bool) -> list[np.ndarray]:
    return [np.full(len(document) + ends, -nats) for document in documents]


def test_by_hand():
    documents = [ids("ab"), ids("cde")]
    logs = [np.log([1 / 2, 1 / 4, 1 / 2]), np.log([1 / 8, 1 / 2, 1 / 2, 1 / 4])]
    found = evaluate_language(documents, logs, ends=True, characters=7, decode=decode)
    assert found.metrics == pytest.approx(
        {"nats": 11 * math.log(2) / 7, "bits": 11 / 7, "perplexity": 2 ** (11 / 7)}
    )
    assert (found.count, found.characters, found.notes, found.baselines) == (7, 7, (), {})
    # Off the mean 11/7 bits by 4 − 33/7 and 7 − 44/7.
    assert found.standard_error == pytest.approx(math.log(2) * math.sqrt(2 * 2 * (5 / 7) ** 2) / 7)
    for row, given in zip(found.log_probabilities, logs):
        np.testing.assert_array_equal(row, given)


def test_bits_are_of_characters_whatever_the_tokens_are():
    documents = [np.array([1, 2, 1])]
    logs = [np.log([1 / 16, 1 / 4, 1 / 4])]
    words = evaluate_language(
        documents,
        logs,
        ends=False,
        characters=10,
        decode=lambda ids: " ".join(["?", "one", "to"][i] for i in ids),
        words=True,
    )
    assert words.metrics == pytest.approx(
        {"nats": 8 / 3 * math.log(2), "bits": 0.8, "perplexity": 2 ** (8 / 3)}
    )
    assert math.isnan(words.standard_error)
    assert words.notes == (
        "Bits a character are too low to be compared with those of characters or byte pairs: words tell no "
        "blanks, and not what an unknown word is.",
    )


def test_baselines_are_scored_on_the_same_tokens():
    documents = [ids("abc"), ids("d")]
    other = even(documents, 3.0, False)
    outputs = BaselineOutputs({"n-gram": other}, {"longer": "too large"}, {"n-gram": "of order 2"})
    found = evaluate_language(
        documents, even(documents, 2.0, False), ends=False, characters=4, decode=decode, baselines=outputs
    )
    assert found.metrics["nats"] == 2
    assert found.baselines["n-gram"] == pytest.approx(
        {"nats": 3, "bits": 3 / math.log(2), "perplexity": math.exp(3)}
    )
    assert (found.failed_baselines, found.baseline_notes) == (
        {"longer": "too large"},
        {"n-gram": "of order 2"},
    )


def test_unknown_tokens_are_said():
    documents = [np.array([0, 1, 0]), np.array([2])]
    found = evaluate_language(documents, even(documents, 1.0, True), ends=True, characters=6, decode=decode)
    assert found.notes == (
        "2 of 6 tokens are not in the vocabulary and taken as the unknown token, which is easier to tell "
        "than what it stands for.",
    )
    documents = [np.array([0, 1])]
    found = evaluate_language(documents, even(documents, 1.0, False), ends=False, characters=2, decode=decode)
    assert found.notes == (
        "1 of 2 tokens is not in the vocabulary and taken as the unknown token, which is easier to tell "
        "than what it stands for.",
    )


def test_what_is_impossible():
    documents = [ids("ab"), ids("b")]
    logs = [np.array([-1.0, -np.inf]), np.array([-800.0])]
    found = evaluate_language(documents, logs, ends=False, characters=3, decode=decode)
    assert found.to_dict()["metrics"] == {"nats": None, "bits": None, "perplexity": None}
    assert found.to_dict()["standard_error"] is None
    found = evaluate_language(documents[1:], logs[1:], ends=False, characters=1, decode=decode)
    assert found.to_dict()["metrics"] == {"nats": 800, "bits": 800 / math.log(2), "perplexity": None}


def test_to_dict_is_plain():
    documents = [ids("ab"), ids("ccc")]
    found = evaluate_language(documents, even(documents, 1.5, True), ends=True, characters=7, decode=decode)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [metric.key for metric in found.table] == list(plain["metrics"]) == ["nats", "bits", "perplexity"]
    assert (plain["count"], plain["characters"], plain["standard_error"]) == (7, 7, 0)


def test_the_stretches_that_surprise_most():
    """1,600 characters of one document in stretches of 80."""
    text = "abcdefgh" * 200
    nats = np.full(1600, 0.5)
    nats[800:880] = 2.0
    nats[160:170] = 1.5  # 0.625 a character of its stretch
    outputs = BaselineOutputs({"n-gram": [-2 * nats]}, {}, {})
    found = evaluate_language(
        [ids(text)], [-nats], ends=False, characters=1600, decode=decode, baselines=outputs
    )
    first, second, third = found.stretches[:3]
    assert len(found.stretches) == 10
    assert (first.document, first.first, first.stop, first.text) == (0, 800, 880, text[800:880])
    assert (first.nats, first.baselines) == (pytest.approx(2), {"n-gram": pytest.approx(4)})
    assert (second.first, second.nats) == (160, pytest.approx(0.625))
    assert (third.first, third.nats) == (0, pytest.approx(0.5))


def test_a_short_document_is_one_stretch_and_its_end_a_character():
    documents = [ids("abc"), ids("d"), ids("")]
    logs = [np.array([-1.0, -1.0, -1.0, -3.0]), np.array([-5.0, -1.0]), np.array([-2.0])]
    found = evaluate_language(documents, logs, ends=True, characters=7, decode=decode)
    assert [(s.document, s.first, s.stop, s.text, s.nats) for s in found.stretches] == [
        (1, 0, 2, "d", 3.0),
        (2, 0, 1, "", 2.0),
        (0, 0, 4, "abc", 1.5),
    ]


def test_stretches_of_words_have_as_many_characters():
    documents = [np.ones(100, np.int64)]
    found = evaluate_language(
        documents,
        even(documents, 1.0, False),
        ends=False,
        characters=1000,
        decode=lambda ids: " ".join(["some word"] * len(ids)),
    )
    assert {stretch.text.count("some word") for stretch in found.stretches} <= {8, 9}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"log_probabilities": [np.zeros(2)]},
            "log_probabilities[0] must have shape (3,), one for each step, got (2,)",
        ),
        ({"characters": 0}, "characters must be a whole number of at least 1, got 0"),
        (
            {"documents": [], "log_probabilities": []},
            "log_probabilities has no steps, expected at least one; give sequences that have some",
        ),
        (
            {"baselines": BaselineOutputs({"n-gram": []}, {}, {})},
            "log_probabilities of n-gram has 0 sequences and 1 are scored; give as many of each",
        ),
    ],
    ids=["shape", "characters", "nothing", "baseline"],
)
def test_refusals(options, message):
    given = {"documents": [ids("ab")], "log_probabilities": [np.zeros(3)], "characters": 3}
    with pytest.raises(InputError) as caught:
        evaluate_language(**{**given, **options}, ends=True, decode=decode)
    assert str(caught.value) == message


@pytest.mark.parametrize("ends", [False, True])
def test_the_ngram_baseline_tells_the_same_tokens(ends):
    random = np.random.default_rng(0)
    training, validation, test = (
        Sequences("text", ["".join(random.choice(["ba", "na", "ne"], 9)) for _ in range(n)])
        for n in (40, 9, 5)
    )
    features = TextFeatures.fit(training.items, level="char")
    baselines = fit_language_baselines(training, validation, features, ends=ends)
    model = NGram.choose(features(training.items), features(validation.items), size=features.size, ends=ends)
    assert model.order > 1
    outputs = baselines.on(test)
    assert outputs.notes == {
        "n-gram": f"interpolated modified Kneser-Ney of characters, order {model.order}, which suits the "
        "validation part best"
    }
    for row, want in zip(outputs.outputs["n-gram"], model.log_probabilities(features(test.items))):
        np.testing.assert_array_equal(row, want)
    documents = features(test.items)
    found = evaluate_language(
        documents,
        outputs.outputs["n-gram"],
        ends=ends,
        characters=sum(map(len, test.items)) + 5 * ends,
        decode=features.decode,
        baselines=outputs,
    )
    assert found.metrics == found.baselines["n-gram"]
    # A syllable of two characters is one of three: 0.79 bits a character.
    assert 0.79 < found.metrics["bits"] < 1.2
    assert found.metrics["bits"] * math.log(2) == pytest.approx(found.metrics["nats"])


def test_a_baseline_that_fails_is_named():
    texts = Sequences("text", ["ab"])
    features = TextFeatures.fit(["ab"], level="char")
    baselines = fit_language_baselines(texts, Sequences("text", [""]), features, ends=False)
    assert baselines.on(texts).failed == {
        "n-gram": "the validation documents have no tokens; give some to choose the order by"
    }
