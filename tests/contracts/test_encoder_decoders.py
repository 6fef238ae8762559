"""Every encoder-decoder at work against its module in training, and as a model to decode."""

import itertools

import numpy as np
import pytest
import torch

from recurra.runtime.encoder_decoder import ATTENTIONS as KINDS
from recurra.runtime.encoder_decoder import EncoderDecoder
from tests.contracts.encoder_decoders import ATTENTIONS, CELLS, LAYERS, READS, SYMBOLS, Kind, build, sources
from tests.decoding.contract import check_one_step_model

EVERY = [
    Kind(*options)
    for options in itertools.product(
        CELLS, ATTENTIONS, (1, 2), (True, False), READS, (False, True), (True, False)
    )
    if options[1] != "no attention" or options[-1]  # which always sees its context
]
EVERY += [
    Kind(cell, attention, num_layers=2)
    for cell, attention in itertools.product(LAYERS, ("no attention", "additive"))
    if cell not in CELLS
]


def padded(source):
    """(S, N, …) and the lengths; past them lies what changes nothing."""
    lengths = [len(own) for own in source]
    batch = np.ones((max(lengths), len(source), *source[0].shape[1:]), source[0].dtype)
    for n, own in enumerate(source):
        batch[: len(own), n] = own
    return torch.from_numpy(batch if batch.dtype == np.int64 else batch.astype(np.float64)), lengths


def run(model, source, tokens):
    """Log-probabilities (T, N, V) step by step."""
    state, found = model.initial_state(source), []
    for step in tokens:
        scores, state = model.step(step, state)
        found.append(scores)
    return np.stack(found)


def test_every_attention_has_a_case():
    assert set(ATTENTIONS) == {"no attention", *KINDS}


@pytest.mark.parametrize("kind", EVERY, ids=str)
def test_the_same_result(kind):
    module, spec, tensors = build(kind)
    assert {name: array.shape for name, array in tensors.items()} == spec.shapes()
    model = EncoderDecoder(spec.to_dict(), tensors)
    rng = np.random.default_rng(2)
    for lengths in ([5, 1, 8, 3], [1], [6]):
        source = sources(kind, lengths)
        tokens = rng.integers(SYMBOLS, size=(4, len(lengths)))
        tokens[0] = model.boundary
        with torch.no_grad():
            want = module(*padded(source)[:1], torch.from_numpy(tokens), lengths)
        log_probabilities = torch.log_softmax(want.logits, -1)
        np.testing.assert_allclose(run(model, source, tokens), log_probabilities, rtol=0, atol=1e-5)
        if model.has_attention:
            weights = model.attention(source, list(tokens[1:].T))
            for n, (own, length) in enumerate(zip(weights, lengths)):
                assert own.shape == (4, length)
                np.testing.assert_allclose(own, want.weights[:, n, :length], rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in EVERY if not kind.bidirectional], ids=str)
def test_a_model_to_decode(kind):
    _, spec, tensors = build(kind)
    model = EncoderDecoder(spec.to_dict(), tensors)
    check_one_step_model(model, sources(kind, [5, 1, 8, 3]), rows=4, vocabulary=SYMBOLS)
