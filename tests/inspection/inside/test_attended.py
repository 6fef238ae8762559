"""Attention and posteriors, against what the models themselves say."""

import numpy as np
import pytest

from recurra.inspection.inside import attended, given, posteriors
from tests.inspection.inside.models import NAMES, PAIRS, inputs_of, model_of, translator_without_attention


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("name", PAIRS)
def test_where_a_translation_looks(name, row):
    model, X = model_of(name), inputs_of(name)
    one = given(model, X, row)
    found = attended(model, one)
    answer = model.translate(X, attention=True)[row][0]
    np.testing.assert_array_equal(found.weights, answer.attention)
    assert found.rows == (*(token.replace(" ", "␣") for token in answer.tokens), "■")
    assert found.columns == one.steps


def test_weights_of_a_pool_make_what_it_gives():
    model = model_of("classify")
    one = given(model, "éb x ba")
    found = attended(model, one)
    _, _, (pool, x, after), _ = model.network.walk(one.x[None])
    assert pool.type == "attention_pool"
    assert (found.rows, found.columns) == (("all steps",), one.steps)
    assert found.weights.shape == (1, 7)
    np.testing.assert_allclose(found.weights @ x[:, 0], after, rtol=1e-5)
    np.testing.assert_allclose(found.weights.sum(), 1, rtol=1e-6)


def test_models_without_attention():
    for name in NAMES:
        if name not in (*PAIRS, "classify"):
            model = model_of(name)
            assert attended(model, given(model, inputs_of(name))) is None
    model = translator_without_attention()
    assert attended(model, given(model, "ab")) is None


@pytest.mark.parametrize("row", range(3))
def test_what_a_transcriber_hears(row):
    model, X = model_of("transcribe"), inputs_of("transcribe")
    one = given(model, X, row)
    found = posteriors(model, one)
    (heard,) = model.transcribe(X[row : row + 1])
    np.testing.assert_array_equal(found.values, heard.probabilities)
    assert found.text == heard.transcripts[0].text
    assert found.symbols == ("blank", "é", "␣", "b")
    assert found.steps == one.steps == tuple(f"{time:.2f} s" for time in heard.times)


def test_other_models_hear_nothing():
    assert posteriors(model_of("tag"), given(model_of("tag"), inputs_of("tag"))) is None
    assert posteriors(model_of("translate"), given(model_of("translate"), "ab")) is None
