"""A transcriber at work: greedy and by a beam, whole and as it hears, and files that do not fit together."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from recurra._base.errors import ArtifactError, InputError
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import AudioFeatures, Clip, SeriesFeatures, TextFeatures
from recurra.data.vocabulary import UNKNOWN
from recurra.decoding import ctc_beam, ctc_greedy
from recurra.runtime import Linear, Recurrent, TranscriptionModel, quantize
from recurra.runtime.features import Features
from recurra.runtime.sequence_model import sequence_artifact
from recurra.runtime.stream_state import from_bytes, to_bytes

CHARACTERS = TextFeatures("char", False, (UNKNOWN, "e", "é", " "))
WORDS = TextFeatures("word", True, (UNKNOWN, "one", "two", "oh"))
SERIES = SeriesFeatures(np.zeros(2), np.ones(2))
FIX = "restore it from a copy or save it again"


def made(features: Features = SERIES, *, both: bool = False, **fields: Any) -> Artifact:
    """A transcriber of random weights, large enough that it writes this and that."""
    rng = np.random.default_rng(6)
    size = features.size  # pyright: ignore[reportAttributeAccessIssue]
    stack = Stack(cell("gru", input_size=size, hidden_size=8), 1, bidirectional=both)
    parts = [Recurrent("encoder", stack), Linear("head", 16 if both else 8, 4)]
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 1.5, shape).astype(np.float32) for name, shape in shapes.items()}
    return sequence_artifact(
        "transcribe",
        parts,
        tensors,
        features,
        {"symbols": CHARACTERS.to_dict(), "commonest": "e", **fields},
        source=None,
        history={},
        card={},
    )


MODEL = TranscriptionModel(made())
X = [np.random.default_rng(i).normal(0, 2, (12 + i, 2)).astype(np.float32) for i in range(6)]


def log_probabilities(model: TranscriptionModel, x: Any) -> np.ndarray:
    output = model.outputs(model.read([x]))[0].astype(np.float64)
    return output - np.log(np.exp(output).sum(axis=1, keepdims=True))


def test_what_is_read_greedily():
    for x, text, found in zip(X, MODEL.predict(X), MODEL.transcribe(X)):
        known = log_probabilities(MODEL, x)
        tokens, steps = ctc_greedy(known, 0)
        assert len(tokens) > 2
        (best,) = found.transcripts
        assert best.text == text == "".join(CHARACTERS.vocabulary[token] for token in tokens)
        assert best.symbols == tuple(text)
        assert best.times == tuple(steps)
        assert best.log_probability == pytest.approx(known.max(axis=1).sum())
        np.testing.assert_allclose(found.probabilities, np.exp(known), rtol=1e-12)
        np.testing.assert_array_equal(found.times, np.arange(len(x)))


def test_what_is_read_by_a_beam():
    for x, text, found in zip(X, MODEL.predict(X, beam=6), MODEL.transcribe(X, beam=6, n_best=3)):
        expected = ctc_beam(log_probabilities(MODEL, x), 0, 6, 3)
        assert found.transcripts[0].text == text
        assert [own.text for own in found.transcripts] == [CHARACTERS.decode(own.tokens) for own in expected]
        for one, other in zip(found.transcripts, expected):
            assert one.log_probability == pytest.approx(other.log_probability)
            assert len(one.times) == len(one.symbols)
            assert list(one.times) == sorted(set(one.times))
        scores = [own.log_probability for own in found.transcripts]
        assert scores == sorted(scores, reverse=True)


def test_all_ways_to_write_a_text_are_at_least_as_probable_as_one():
    greedy, beam = MODEL.transcribe(X), MODEL.transcribe(X, beam=50)
    for one, other in zip(greedy, beam):
        assert other.transcripts[0].log_probability >= one.transcripts[0].log_probability


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": 0}, "beam must be a whole number of at least 1, got 0"),
        ({"beam": 2.5}, "beam must be a whole number of at least 1, got 2.5"),
        ({"beam": 5, "n_best": 0}, "n_best must be a whole number of at least 1, got 0"),
        ({"beam": 5, "n_best": 6}, "n_best must be at most 5 with a beam of 5, got 6; give beam=6 or more"),
        ({"n_best": 2}, "n_best must be at most 1 without a beam, got 2; give beam=2 or more"),
    ],
)
def test_beams_that_can_not_be(options, message):
    with pytest.raises(InputError) as raised:
        MODEL.transcribe(X, **options)
    assert str(raised.value) == message


def test_what_it_can_not_read():
    with pytest.raises(InputError) as raised:
        MODEL.predict(["a text"])
    assert str(raised.value) == "X must hold arrays, as the training part does, got texts"


def test_words_have_a_blank_between_them():
    model = TranscriptionModel(made(symbols=WORDS.to_dict()))
    assert model.predict(X) == [
        " ".join({"e": "one", "é": "two", " ": "oh"}[own] for own in text) for text in MODEL.predict(X)
    ]


def test_texts_are_compared_as_the_model_writes_them():
    texts = MODEL.predict(X)
    decomposed = [f" {text} \n".replace("é", "e\N{COMBINING ACUTE ACCENT}") for text in texts]
    assert decomposed[0] != texts[0]
    found = MODEL.evaluate(X, decomposed)
    assert found.references == tuple(" ".join(text.split()) for text in texts)
    assert found.metrics["word_error_rate"] == 0
    assert found.baseline_notes == {"commonest": "'e' for all, the commonest of the training part"}
    assert found.baselines["commonest"]["exact"] == 0


def clip(samples: int) -> Clip:
    return Clip(np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32), 8000)


SOUND = TranscriptionModel(made(AudioFeatures.fit([clip(4000)], mels=8, stack=2)))


def test_times_of_clips_are_seconds():
    (found,) = SOUND.transcribe([clip(2000)])
    np.testing.assert_allclose(found.times, 0.0175 + 0.02 * np.arange(len(found.probabilities)))
    assert set(found.transcripts[0].times) <= set(found.times.tolist())


@pytest.mark.parametrize("pieces", [1, 7, 400])
def test_a_stream_of_samples_says_what_the_clip_does(pieces):
    whole = clip(4000)
    (found,) = SOUND.transcribe([whole])
    stream, answers = SOUND.stream(), []
    assert (stream.text, stream.symbols, stream.times) == ("", (), ())
    for i, piece in enumerate(np.array_split(whole.samples, pieces)):
        answers.extend(stream.push(piece))
        if i == pieces // 2:
            stream = SOUND.stream(stream.state())
    best = found.transcripts[0]
    assert len(best.text) > 2
    assert (stream.text, stream.symbols, stream.times) == (best.text, best.symbols, best.times)
    np.testing.assert_array_equal(answers, found.probabilities)


def test_a_stream_of_steps_says_what_the_series_does_up_to_there():
    stream = MODEL.stream()
    for t, row in enumerate(X[0], start=1):
        stream.step(row)
        assert stream.text == MODEL.predict([X[0][:t]])[0]
    stream.reset()
    assert (stream.text, stream.times) == ("", ())
    stream.step(X[1][0])
    assert stream.text == MODEL.predict([X[1][:1]])[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"symbols": np.array([1, 4])},
        {"symbols": np.array([0, 1])},
        {"steps": np.array([-1, 2])},
        {"steps": np.array([1])},
        {"steps": np.array([1.0, 2.0])},
        {"symbols": np.array([[1, 2]])},
        {"steps": None},
    ],
    ids=str,
)
def test_states_that_no_stream_gave(changes):
    stream = MODEL.stream()
    for row in X[0]:
        stream.step(row)
    arrays = from_bytes(stream.state(), MODEL.fingerprint)
    arrays |= {"symbols": np.array([1, 2]), "steps": np.array([1, 2])}
    MODEL.stream(to_bytes(arrays, MODEL.fingerprint))
    wrong = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
    with pytest.raises(InputError) as raised:
        MODEL.stream(to_bytes(wrong, MODEL.fingerprint))
    assert str(raised.value) == (
        "the state of a transcriber must have the symbols so far, from 1 to 3, and their steps"
    )


def test_a_model_in_both_directions_has_no_stream():
    with pytest.raises(InputError) as raised:
        TranscriptionModel(made(both=True)).stream()
    assert str(raised.value) == (
        "a stream needs layers in one direction, but 'encoder' is bidirectional; give it whole sequences"
    )


def test_rounded_weights_still_stream():
    small = quantize(SOUND, "int8")
    stream = small.stream()
    stream.push(clip(4000).samples)
    assert stream.text == small.predict([clip(4000)])[0]


@pytest.mark.parametrize(
    ("artifact", "problem"),
    [
        (
            made(symbols=TextFeatures.fit(["ab"], level="bpe").to_dict()),
            "symbols.level must be one of char, word, got 'bpe'",
        ),
        (
            made(symbols={**CHARACTERS.to_dict(), "vocabulary": [UNKNOWN, "e"]}),
            "the preprocessing reads 2 outputs, but the network has 4",
        ),
        (made(symbols=[]), "preprocessing.symbols must be a dict, got []"),
        (made(commonest=3), "preprocessing.commonest must be text, got 3"),
    ],
)
def test_fields_that_do_not_fit(artifact, problem):
    with pytest.raises(ArtifactError) as raised:
        TranscriptionModel(artifact)
    assert str(raised.value) == f"the model is damaged ({problem}); {FIX}"


def test_a_model_of_texts_transcribes_nothing():
    artifact = made()
    fields = json.loads(json.dumps(artifact.preprocessing))
    fields["features"] = {"kind": "text", **CHARACTERS.to_dict()}
    with pytest.raises(ArtifactError) as raised:
        TranscriptionModel(dataclasses.replace(artifact, preprocessing=fields))
    assert str(raised.value) == (
        f"the model is damaged (the kind of sequences must be one of audio, series, got 'text'); {FIX}"
    )
