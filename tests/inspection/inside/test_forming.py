"""Predictions as they form, against what the models say of each prefix."""

import dataclasses
import itertools

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.data import SeriesFeatures, TextFeatures
from recurra.data.vocabulary import UNKNOWN
from recurra.decoding import Sampling, ctc_greedy
from recurra.inspection.inside import forming, given
from recurra.inspection.inside.prefixes import ends_of, prefixes
from recurra.runtime import (
    ClassificationModel,
    Crf,
    Embedding,
    Linear,
    NetworkStream,
    Pool,
    Recurrent,
    TaggingModel,
    TranscriptionModel,
)
from recurra.runtime.sequence_model import sequence_artifact
from tests.inspection.inside.models import FORECASTS, LANGUAGE, PAIRS, inputs_of, model_of, regressor

UNIT = SeriesFeatures(np.zeros(2), np.ones(2))


def formed(model, X, row=0):
    one = given(model, X, row)
    return one, forming(model, one)


def sentiment():
    """Its state is pushed up by «good», and far down by «not»; the class is the sign of the state."""
    words = TextFeatures("word", True, (UNKNOWN, "the", "movie", "was", "not", "good"))
    parts = [
        Embedding("embedding", 6, 1),
        Recurrent("encoder", Stack(cell("rnn", input_size=1, hidden_size=1))),
        Pool("last"),
        Linear("head", 1, 2),
    ]
    tensors = {
        "embedding.weight": np.array([[0], [0.3], [0.1], [0], [-3], [0.5]], np.float32),
        "encoder.weight_ih_l0": np.ones((1, 1), np.float32),
        "encoder.weight_hh_l0": np.ones((1, 1), np.float32),
        "encoder.bias_ih_l0": np.zeros(1, np.float32),
        "encoder.bias_hh_l0": np.zeros(1, np.float32),
        "head.weight": np.array([[-4], [4]], np.float32),
        "head.bias": np.zeros(2, np.float32),
    }
    fields = {"classes": ["bad", "fine"], "counts": [1, 1], "temperature": 1.0}
    made = sequence_artifact("classify", parts, tensors, words, fields, source=None, history={}, card={})
    return ClassificationModel(made)


def test_the_movie_was_not_good():
    _, found = formed(sentiment(), "The movie was not good")
    assert found.steps == ("the", "movie", "was", "not", "good")
    assert found.said == ("fine", "fine", "fine", "bad", "bad")
    assert (found.flips, found.final) == ((3,), "bad")
    assert (found.labels, found.unit, found.likeliest) == (("bad", "fine"), "probability", ())
    h, expected = 0.0, []
    for push in (0.3, 0.1, 0, -3, 0.5):
        h = np.tanh(push + h)
        expected.append(1 / (1 + np.exp(-8 * h)))
    np.testing.assert_allclose(found.values[:, 1], expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["classify", "classify-words"])
def test_classes_of_each_prefix(name):
    model, text = model_of(name), inputs_of(name)[2]
    one, found = formed(model, text)
    assert found.steps == one.steps
    joint = "" if name == "classify" else " "
    tokens = list(text) if name == "classify" else text.split()
    ahead = [joint.join(tokens[: t + 1]) for t in range(len(tokens))]
    np.testing.assert_array_equal(found.values, model.predict_proba(ahead))
    assert found.said == tuple(model.predict(ahead))
    assert found.final == found.said[-1]
    changed = [t for t in range(1, len(tokens)) if found.said[t] != found.said[t - 1]]
    assert found.flips == tuple(changed)


@pytest.mark.parametrize(("both", "layers"), [(False, 2), (True, 1)])
def test_numbers_of_each_prefix(both, layers):
    model = regressor("lstm", both=both, layers=layers)
    x = np.random.default_rng(1).normal(size=(6, 2))
    _, found = formed(model, [x])
    expected = model.predict_quantiles([x[: t + 1] for t in range(6)])
    np.testing.assert_array_equal(found.values, expected)
    assert found.labels == ("10 % quantile", "median", "90 % quantile")
    assert found.said == tuple(f"{median:.4g}" for median in expected[:, 1])
    assert (found.unit, found.final, found.flips) == ("value", found.said[-1], ())


@pytest.mark.parametrize("name", FORECASTS)
def test_forecasts_after_each_row_of_a_window(name):
    """A prefix of the window as the network reads it, zeros standing before the first row of the bypass."""
    model, data = model_of(name), inputs_of(name)
    if model.inputs.time is not None:
        pl = pytest.importorskip("polars")
        days = np.arange("2024-02-01", "2024-02-08", dtype="datetime64[D]")
        data = pl.DataFrame({"time": days, "CO₂": data[:, 0], "wind": data[:, 1]})
    one, found = formed(model, data)
    for t in range(5):
        outputs = model.network(one.x[None, : t + 1])
        quantiles = model.inputs.quantiles(outputs, one.values[None])[0]
        np.testing.assert_array_equal(found.values[t], quantiles.reshape(-1))
        assert found.said[t] == f"{quantiles[0, 1]:.4g} … {quantiles[1, 1]:.4g}"
    np.testing.assert_array_equal(found.values[-1], model.predict(data).quantiles.reshape(-1))
    assert found.labels == (
        "10 % quantile, 1 step ahead",
        "median, 1 step ahead",
        "90 % quantile, 1 step ahead",
        "10 % quantile, 2 steps ahead",
        "median, 2 steps ahead",
        "90 % quantile, 2 steps ahead",
    )
    assert (found.unit, found.steps) == ("CO₂", one.steps)


def test_a_window_without_its_values():
    model = model_of("forecast-gru")
    one = dataclasses.replace(given(model, inputs_of("forecast-gru")), values=None)
    with pytest.raises(InputError) as error:
        forming(model, one)
    assert str(error.value) == (
        "given must have the values of a forecaster's window; make it with given(model, X)"
    )


def tagger(*, both, crf):
    stack = Stack(cell("gru", input_size=2, hidden_size=3), bidirectional=both)
    parts = [Recurrent("encoder", stack), Linear("head", stack.output_size, 3)]
    parts += [Crf("crf", 3)] if crf else []
    rng = np.random.default_rng(5)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 1.5, shape).astype(np.float32) for name, shape in shapes.items()}
    fields = {"classes": ["O", "B", "I"], "counts": [3, 2, 1]}
    made = sequence_artifact("tag", parts, tensors, UNIT, fields, source=None, history={}, card={})
    return TaggingModel(made)


def marginals_of_the_last_tag(emissions, crf):
    """By trying all paths."""
    odds = np.zeros(3)
    for path in itertools.product(range(3), repeat=len(emissions)):
        score = crf.start[path[0]] + crf.end[path[-1]] + sum(emissions[t, k] for t, k in enumerate(path))
        score += sum(crf.transitions[a, b] for a, b in itertools.pairwise(path))
        odds[path[-1]] += np.exp(float(score))
    return odds / odds.sum()


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("crf", [False, True])
def test_tags_as_they_come(crf, both):
    model = tagger(both=both, crf=crf)
    x = np.random.default_rng(3).normal(size=(5, 2))
    _, found = formed(model, [x])
    ahead = [x[: t + 1] for t in range(5)]
    assert found.said == tuple(tags[-1] for tags in model.predict(ahead))
    (last,) = model.predict([x])
    assert found.final == " ".join(last)
    assert found.flips == tuple(t for t in range(5) if last[t] != found.said[t])
    if crf:
        outputs = [model.network(one.astype(np.float32)[None])[0] for one in ahead]
        expected = [marginals_of_the_last_tag(output, model.network.crf) for output in outputs]
        np.testing.assert_allclose(found.values, expected, rtol=1e-5)
    else:
        np.testing.assert_array_equal(found.values, [odds[-1] for odds in model.predict_proba(ahead)])
        assert both or found.flips == ()


def test_a_later_step_changes_a_tag():
    x = np.random.default_rng(3).normal(size=(40, 2))
    _, found = formed(tagger(both=True, crf=False), [x])
    assert found.flips


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("name", LANGUAGE)
def test_what_a_language_model_foretold(name, row):
    model, X = model_of(name), inputs_of(name)
    one, found = formed(model, X, row)
    score = model.predict(X)[row]
    np.testing.assert_allclose(found.values[:, 0], score.log_probabilities[: len(found.steps)], rtol=1e-6)
    assert found.steps == one.steps[1:]
    assert (found.labels, found.unit) == (("log-probability",), "log-probability")
    stream = model.stream()
    for t, likeliest in enumerate(found.likeliest):
        order = np.argsort(-stream.log_probabilities, kind="stable")[:5]
        assert [p for _, p in likeliest] == list(np.exp(stream.log_probabilities[order]))
        stream.step(one.x[t + 1])
    assert len(found.likeliest) == len(found.steps)
    best = stream.log_probabilities.argmax()
    assert found.final.endswith(f" ({100 * np.exp(stream.log_probabilities[best]):.3g} %)")


def test_likely_symbols_are_named():
    _, found = formed(model_of("language-char"), "ab é")
    assert {name for row in found.likeliest for name, _ in row} <= {"unknown", "a", "b", "␣", "é", "■"}
    _, found = formed(model_of("language-word"), "the cat")
    names = {name for row in found.likeliest for name, _ in row}
    assert names == {"unknown", "the", "cat", "ä", "■"}


@pytest.mark.parametrize("row", range(3))
def test_what_a_model_of_music_foretold(row):
    model, X = model_of("music"), inputs_of("music")
    _, found = formed(model, X, row)
    np.testing.assert_allclose(found.values[:, 0], model.predict(X)[row], rtol=1e-6)
    stream = NetworkStream(model.network)
    first = 1 / (1 + np.exp(-stream.step(np.zeros(88, np.float32)).astype(np.float64)))
    name, p = found.likeliest[0][0]
    assert p == pytest.approx(first.max())
    assert name == given(model, X).inputs[first.argmax()]
    assert [p for _, p in found.likeliest[0]] == pytest.approx(np.sort(first)[::-1][:5])


def transcriber(*, both):
    stack = Stack(cell("lstm", input_size=2, hidden_size=3), bidirectional=both)
    parts = [Recurrent("encoder", stack), Linear("head", stack.output_size, 4)]
    rng = np.random.default_rng(38)
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: rng.normal(0, 1.5, shape).astype(np.float32) for name, shape in shapes.items()}
    symbols = TextFeatures("char", False, (UNKNOWN, "é", " ", "b"))
    fields = {"symbols": symbols.to_dict(), "commonest": "b"}
    made = sequence_artifact("transcribe", parts, tensors, UNIT, fields, source=None, history={}, card={})
    return TranscriptionModel(made)


@pytest.mark.parametrize("both", [False, True])
def test_the_text_heard_so_far(both):
    model = transcriber(both=both)
    x = 2 * np.random.default_rng(4).normal(size=(12, 2))
    _, found = formed(model, [x])
    heard = model.transcribe([x[: t + 1] for t in range(12)])
    assert found.said == tuple(one.transcripts[0].text for one in heard)
    assert len(set(found.said)) > 3
    expected = [one.transcripts[0].log_probability for one in heard]
    np.testing.assert_allclose(found.values[:, 0], expected, rtol=1e-9)
    grows = [t for t in range(1, 12) if not found.said[t].startswith(found.said[t - 1])]
    assert found.flips == tuple(grows)
    assert bool(found.flips) == both
    assert found.final == model.predict([x])[0]


def test_the_text_of_a_clip():
    model, X = model_of("transcribe"), inputs_of("transcribe")
    one, found = formed(model, X, 2)
    for t in range(len(one.x)):
        known = model.log_probabilities(model.network(one.x[None, : t + 1])[0])
        assert found.said[t] == model.symbols.decode(ctc_greedy(known, 0)[0])
    assert found.final == model.predict(X)[2]


@pytest.mark.parametrize("name", PAIRS)
def test_how_a_translation_of_each_prefix_would_begin(name):
    model, source = model_of(name), inputs_of(name)[2]
    one, found = formed(model, [source])
    ahead = [source[: t + 1] for t in range(len(source))]
    greedy = [own[0] for own in model.sample(ahead, sampling=Sampling(temperature=0))]
    for said, answer in zip(found.said, greedy):
        assert said == answer.text[:8] + "…" * (len(answer.tokens) >= 8)
    for value, answer in zip(found.values[:, 0], greedy):
        if len(answer.tokens) < 8:
            assert value == pytest.approx(answer.log_probability, abs=1e-5)
    first = [answer.tokens[:1] for answer in greedy]
    assert found.flips == tuple(t for t in range(1, len(first)) if first[t] != first[t - 1])
    assert found.final == model.predict([source])[0]
    assert found.steps == one.steps


def test_long_inputs_read_from_both_ends_show_some_prefixes_and_the_whole():
    model = regressor("gru", both=True)
    x = np.random.default_rng(1).normal(size=(1000, 2))
    one = given(model, [x])
    found = forming(model, one)
    assert 30 <= len(found.steps) < 40
    assert (found.steps[0], found.steps[-1]) == ("1", "1000")
    np.testing.assert_array_equal(found.values[-1], model.predict_quantiles([x])[0])
    assert len(forming(regressor("gru"), one).steps) == 1000


def test_prefixes_stay_within_their_budget():
    assert ends_of(180).tolist() == list(range(180))
    for T in (1, 2, 181, 5000):
        ends = ends_of(T)
        assert (ends[0], ends[-1]) == (0, T - 1)
        assert len(ends) >= min(T, 16)
        assert (np.diff(ends) > 0).all()
        assert T > 2000 or (ends + 1).sum() <= 2**14 + T


@pytest.mark.parametrize("both", [False, True])
def test_a_prefix_has_the_bits_that_it_has_alone(both):
    model = tagger(both=both, crf=False)
    x = np.random.default_rng(6).normal(size=(7, 2)).astype(np.float32)
    found = prefixes(model.network, x)
    assert found.causal == (not both)
    for end, output in zip(found.ends, found.outputs):
        np.testing.assert_array_equal(output, model.network(x[None, : end + 1])[0])


def test_only_loaded_models():
    one = given(model_of("classify"), "ab")
    with pytest.raises(InputError) as error:
        forming("classify", one)
    assert str(error.value) == "model must be one that recurra.load gives, got str"
