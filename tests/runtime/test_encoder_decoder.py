"""Encoder-decoders at work: the bits of a row, states, attention over given targets, specifications."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from recurra._base.errors import ArtifactError
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.runtime.encoder_decoder import (
    Additive,
    DecoderSpec,
    Dot,
    EncoderDecoder,
    EncoderDecoderSpec,
    EncoderSpec,
    General,
    Table,
)
from recurra.runtime.model import Model

ATTENTIONS = {"no attention": None, "additive": Additive(33), "dot": Dot(), "general": General()}
SOURCE, V, WIDTH, H = 50, 301, 24, 40


def specification(attention="additive", *, ids=True, shared=False):
    """Wide enough that products take more than one block."""
    own = None if not ids else Table(V - 1 if shared else SOURCE, WIDTH)
    return EncoderDecoderSpec(
        EncoderSpec(own, Stack(cell("lstm", input_size=WIDTH, hidden_size=H // 2), 2, True)),
        DecoderSpec(
            Table(V, WIDTH),
            Stack(cell("lstm", input_size=WIDTH + H, hidden_size=H), 2),
            ATTENTIONS[attention],
            input_feeding=True,
            tied=False,
        ),
        shared,
    )


def tensors_of(spec, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.4, shape).astype(np.float32) for name, shape in spec.shapes().items()}


def made(attention="additive", **options):
    spec = specification(attention, **options)
    return EncoderDecoder(spec.to_dict(), tensors_of(spec))


@pytest.fixture
def source():
    """Thirty, as long as 1 to 40."""
    rng = np.random.default_rng(1)
    return [
        rng.integers(SOURCE, size=length) for length in rng.permutation(np.r_[1, 40, rng.integers(1, 41, 28)])
    ]


def run(model, state, tokens):
    """Log-probabilities (T, N, V)."""
    found = []
    for step in tokens:
        scores, state = model.step(step, state)
        found.append(scores)
    return np.stack(found)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_row_has_the_same_bits_in_any_company(attention, source):
    model = made(attention)
    tokens = np.random.default_rng(2).integers(V, size=(4, 30))
    together = run(model, model.initial_state(source), tokens)
    for n, own in enumerate(source):
        alone = run(model, model.initial_state([own]), tokens[:, n : n + 1])
        np.testing.assert_array_equal(alone[:, 0], together[:, n])
    threaded = run(model, model.initial_state(source, threads=3), tokens)
    np.testing.assert_array_equal(threaded, together)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("beams", [2, 5, 17])
def test_a_beam_has_the_bits_of_its_rows(attention, beams, source):
    model = made(attention)
    tokens = np.random.default_rng(2).integers(V, size=(3, 3, beams))
    apart = [
        run(model, model.select(model.initial_state([own]), np.zeros(1, np.int64)), tokens[:, n, b : b + 1])
        for n, own in enumerate(source[:3])
        for b in range(beams)
    ]
    places = np.repeat(np.arange(3), beams)
    start = model.initial_state(source[:3])
    np.testing.assert_array_equal(
        run(model, model.select(start, places), tokens.reshape(3, -1)), np.concatenate(apart, axis=1)
    )
    # The rows of one source need not stand together.
    order = np.random.default_rng(3).permutation(3 * beams)
    np.testing.assert_array_equal(
        run(model, model.select(start, places[order]), tokens.reshape(3, -1)[:, order]),
        np.concatenate(apart, axis=1)[:, order],
    )


def test_rows_of_one_source_share_its_memory(source):
    model = made()
    state = model.select(model.initial_state(source[:2]), np.array([1, 0, 1]))
    first, second, third = state.memories
    assert first is third
    assert first is not second
    _, after = model.step(np.zeros(3, np.int64), state)
    assert after.memories == state.memories


def test_selected_states_are_apart_from_the_first(source):
    model = made()
    before = model.initial_state(source[:2])
    after = model.select(before, np.arange(2))
    after.feed[:] = 7
    after.recurrent["h"][:] = 7
    assert not before.feed.any()
    assert not (before.recurrent["h"] == 7).any()


def test_no_sources():
    model = made()
    state = model.initial_state([])
    scores, state = model.step(np.empty(0, np.int64), state)
    assert scores.shape == (0, V)
    assert model.attention([], []) == []


def test_probabilities_where_one_symbol_has_them_all(source):
    spec = specification()
    tensors = tensors_of(spec)
    tensors["decoder.output.weight"][:] = 0
    tensors["decoder.output.bias"][:] = np.where(np.arange(V) == 3, 1e4, -1e4)
    model = EncoderDecoder(spec.to_dict(), tensors)
    scores, _ = model.step(np.array([model.boundary]), model.initial_state(source[:1]))
    np.testing.assert_array_equal(scores[0], np.where(np.arange(V) == 3, 0, -2e4))


@pytest.mark.parametrize("attention", ["additive", "dot", "general"])
def test_where_given_targets_look(attention, source):
    model = made(attention)
    rng = np.random.default_rng(4)
    targets = [rng.integers(V - 1, size=length) for length in (3, 0, 7, 7)]
    weights = model.attention(source[:4], targets, threads=2)
    for own, target, words in zip(weights, targets, source):
        assert own.shape == (len(target) + 1, len(words))
        np.testing.assert_allclose(own.sum(1), 1, atol=1e-6)
        assert (own >= 0).all()
        np.testing.assert_array_equal(own, model.attention([words], [target])[0])
    # What comes later changes nothing before.
    np.testing.assert_array_equal(model.attention(source[2:3], [targets[2][:4]])[0], weights[2][:5])


def test_what_a_model_reads_and_writes():
    model = made()
    assert (model.takes_ids, model.input_size, model.source_symbols) == (True, None, SOURCE)
    assert (model.target_symbols, model.boundary, model.has_attention) == (V, V - 1, True)
    model = made("no attention", ids=False)
    assert (model.takes_ids, model.input_size, model.source_symbols) == (False, WIDTH, None)
    assert not model.has_attention
    assert made(shared=True).source_symbols == V - 1


def test_later_changes_of_the_tensors_do_not_show(source):
    spec = specification()
    tensors = tensors_of(spec)
    model = EncoderDecoder(spec.to_dict(), tensors)
    tokens = np.zeros((2, 3), np.int64)
    before = run(model, model.initial_state(source[:3]), tokens)
    for array in tensors.values():
        array[:] = 0
    np.testing.assert_array_equal(run(model, model.initial_state(source[:3]), tokens), before)


@pytest.mark.parametrize(
    ("attention", "ids", "shared"),
    [
        (attention, *reads)
        for attention, reads in itertools.product(ATTENTIONS, [(True, False), (True, True), (False, False)])
    ],
)
def test_a_specification_comes_back(attention, ids, shared):
    spec = specification(attention, ids=ids, shared=shared)
    assert EncoderDecoderSpec.from_dict(json.loads(json.dumps(spec.to_dict())), most_layers=99) == spec


def test_a_specification_in_the_file():
    spec = specification(shared=True).to_dict()
    assert set(spec) == {"encoder", "decoder", "shared"}
    assert spec["shared"] is True
    assert spec["encoder"]["embedding"] == {"count": V - 1, "size": WIDTH}
    assert Stack.from_dict(spec["encoder"]["layer"]).bidirectional
    decoder = spec["decoder"]
    assert decoder.pop("layer")["input_size"] == WIDTH + H
    assert decoder == {
        "embedding": {"count": V, "size": WIDTH},
        "attention": {"type": "additive", "size": 33},
        "input_feeding": True,
        "tied": False,
    }
    assert specification("general").to_dict()["decoder"]["attention"] == {"type": "general"}
    assert specification("no attention", ids=False).to_dict()["decoder"]["attention"] is None


class Translator(Model[EncoderDecoder]):
    task = "translate"
    network_type = EncoderDecoder

    def _take(self, artifact):
        pass


def test_a_model_may_have_an_encoder_decoder():
    spec = specification()
    artifact = Artifact(
        task="translate",
        spec=spec.to_dict(),
        preprocessing={},
        tensors=tensors_of(spec),
        inputs=[{"name": "source", "shape": ["N", "S"], "dtype": "int64"}],
        outputs=[{"name": "target", "shape": ["N", "T"], "dtype": "int64"}],
        history={},
        card={},
    )
    assert Translator(artifact).network.target_symbols == V
    broken = replace(artifact, spec=spec.to_dict() | {"shared": 1})
    with pytest.raises(ArtifactError) as error:
        Translator(broken)
    assert str(error.value) == (
        "the model is damaged (spec.shared must be true or false, got 1); "
        "restore it from a copy or save it again"
    )
