"""Encoder, bridge and decoder as modules: parts, state, weights, dropout, compiler, types, learning."""

import copy
import dataclasses
import doctest
import functools
from pathlib import Path

import pytest
import torch

from recurra.nn import GRU, LSTM
from recurra.nn.attention import AdditiveAttention, GeneralAttention
from recurra.nn.bridge import Bridge
from recurra.nn.decoder import Decoder
from recurra.nn.encoder import Encoder
from recurra.nn.encoder_decoder import EncoderDecoder
from recurra.nn.schedules import ConstantForcing, LinearForcing
from tests.nn.encoder_decoders import ATTENTIONS, F64, build, data


def test_source_of_tokens():
    torch_embedding = torch.nn.Embedding(7, 3, **F64)
    encoder = Encoder(GRU(3, 4, bidirectional=True, **F64), torch_embedding)
    tokens = torch.randint(7, (5, 2))
    encoded = encoder(tokens, [5, 2])
    by_vectors = Encoder(encoder.layer)(torch_embedding(tokens), [5, 2])
    torch.testing.assert_close(encoded, by_vectors, rtol=0, atol=0)
    tokens[2:, 1] = 0
    torch.testing.assert_close(encoder(tokens, [5, 2])[:3], encoded[:3], rtol=0, atol=0)


def test_context_is_each_directions_own_last_step():
    encoder = Encoder(LSTM(3, 4, 2, bidirectional=True, **F64))
    encoded = encoder(torch.randn(5, 3, 3, **F64), [2, 0, 5])
    for n, length in enumerate([2, 0, 5]):
        want = torch.cat([encoded.output[length - 1, n, :4], encoded.output[0, n, 4:]])
        torch.testing.assert_close(encoded.context[n], want if length else torch.zeros(8, **F64))


def test_projected_states_cross_the_bridge_by_name():
    encoder, decoder = LSTM(3, 4, 2, bidirectional=True).stack, LSTM(3, 5, 2).stack
    bridge = Bridge(encoder, decoder)
    assert {name: tuple(p.shape) for name, p in bridge.named_parameters() if "weight" in name} == {
        "h_l0.weight": (5, 8),
        "h_l1.weight": (5, 8),
        "c_l0.weight": (5, 8),
        "c_l1.weight": (5, 8),
    }
    state = {"c": torch.randn(4, 3, 4), "h": torch.randn(4, 3, 4)}
    crossed = bridge(state)
    assert crossed.keys() == {"h", "c"}
    got = torch.tanh(torch.cat([state["c"][2], state["c"][3]], -1) @ bridge.c_l1.weight.T + bridge.c_l1.bias)
    torch.testing.assert_close(crossed["c"][1], got)


def test_state_is_a_value():
    model = build()
    source, tokens = data(model, 5, 1, 3)
    state = model.initial_state(source)
    tensors = [*state.recurrent.values(), state.feed, state.memory.values, state.memory.keys]
    before = [tensor.detach().clone() for tensor in tensors]
    first = model.step(tokens[0], state)[0]
    by_another_order = dict(reversed(state.recurrent.items()))
    other = model.step(tokens[0], dataclasses.replace(state, recurrent=by_another_order))[0]
    torch.testing.assert_close(other, first, rtol=0, atol=0)
    torch.testing.assert_close(tensors, before, rtol=0, atol=0)
    torch.testing.assert_close(model.step(tokens[0], state)[0], first, rtol=0, atol=0)
    with pytest.raises(AttributeError):
        state.feed = None


def test_weights_travel():
    model, other = build(num_layers=2), build(num_layers=2)
    source, tokens = data(model, 5, 4, 3)
    want = model(source, tokens).logits
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(other(source, tokens).logits, want, rtol=0, atol=0)
    torch.testing.assert_close(copy.deepcopy(model)(source, tokens).logits, want, rtol=0, atol=0)
    torch.testing.assert_close(
        model.float()(source.float(), tokens).logits.double(), want, rtol=1e-4, atol=1e-5
    )


def test_tied_embeddings_train_as_one():
    model = build(width=4)
    model.decoder.output.weight = model.decoder.embedding.weight
    source, tokens = data(model, 5, 4, 3)
    model(source, tokens).logits.sum().backward()
    assert len(list(model.parameters())) == len(list(build(width=4).parameters())) - 1
    assert model.decoder.embedding.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("attention", [None, "additive"])
def test_dropout_only_in_training(attention):
    model = build(attention=attention)
    model.encoder.dropout.p = model.decoder.dropout.p = 0.5
    source, tokens = data(model, 5, 4, 3)
    assert not torch.equal(model(source, tokens).logits, model(source, tokens).logits)
    model.eval()
    torch.testing.assert_close(model(source, tokens).logits, model(source, tokens).logits, rtol=0, atol=0)


def test_dropout_zeroes_what_enters_encoder_decoder_and_output():
    model = build(width=50, inputs=50)
    entered = {}
    for name in ("encoder.layer", "decoder.layer", "decoder.output"):
        keep = functools.partial(lambda name, module, inputs: entered.update({name: inputs[0]}), name)
        model.get_submodule(name).register_forward_pre_hook(keep)
    model.encoder.dropout.p = model.decoder.dropout.p = 0.5
    source, tokens = data(model, 20, 1, 40)
    model(source, tokens)
    for name, width in (("encoder.layer", 50), ("decoder.layer", 50), ("decoder.output", 4)):
        x = entered[name][..., :width]
        assert (x == 0).double().mean().item() == pytest.approx(0.5, abs=2.5 / x.numel() ** 0.5)
    x = entered["encoder.layer"]
    torch.testing.assert_close(x, torch.where(x == 0, 0.0, 2 * source))


# The compiler itself does what PyTorch deprecates.
@pytest.mark.filterwarnings("ignore:.*Function'> should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_compiles_without_a_break(attention):
    torch.compiler.reset()
    model = build(attention=attention)
    source, tokens = data(model, 5, 3, 3)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    results = []
    for call in (compiled, model):
        logits = call(source, tokens, torch.tensor([4, 0, 5])).logits
        results.append([logits, *torch.autograd.grad(logits.square().sum(), list(model.parameters()))])
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_half_types_and_autocast(attention, dtype):
    model = build(attention=attention)
    source, tokens = data(model, 5, 4, 3)
    want = model(source, tokens, [5, 0, 2]).logits
    model, source = model.to(dtype), source.to(dtype)
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.float32):
        logits = model(source, tokens, [5, 0, 2]).logits
    assert logits.dtype == torch.bfloat16
    torch.testing.assert_close(logits.double(), want, rtol=0.1, atol=0.05)
    logits.float().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_empty_batch():
    model = build()
    source, tokens = data(model, 5, 4, 0)
    assert model(source, tokens, []).logits.shape == (4, 0, 5)


def reversals(count, generator):
    """Sources (S, N) of tokens 2…6, their lengths, and begin (0), the reversal, then only end (1)."""
    S = 6
    lengths = torch.randint(1, S + 1, (count,), generator=generator)
    source = torch.randint(2, 7, (S, count), generator=generator)
    target = torch.ones(S + 2, count, dtype=torch.int64)
    target[0] = 0
    for n, length in enumerate(lengths.tolist()):
        target[1 : length + 1, n] = source[:length, n].flip(0)
    return source, lengths, target


@pytest.mark.parametrize(
    ("attention", "truth"), [("additive", ConstantForcing()), ("general", LinearForcing(slope=0.004))]
)
def test_learns_to_reverse(attention, truth):
    H, V, updates = 48, 7, 160
    encoder = Encoder(GRU(16, H // 2, bidirectional=True), torch.nn.Embedding(V, 16))
    kind = AdditiveAttention(H, H, H) if attention == "additive" else GeneralAttention(H, H)
    decoder = Decoder(GRU(16 + H, H), torch.nn.Embedding(V, 16), H, kind)
    model = EncoderDecoder(encoder, decoder)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    slower = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, updates)
    generator = torch.Generator().manual_seed(0)
    for update in range(updates):
        source, lengths, target = reversals(64, generator)
        logits = model(source, target[:-1], lengths, truth=truth(update)).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target[1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        slower.step()

    model.eval()
    source, lengths, target = reversals(200, generator)
    with torch.no_grad():
        state = model.initial_state(source, lengths)
        tokens = [target[0]]
        for _ in range(len(target) - 1):
            log_probabilities, state = model.step(tokens[-1], state)
            tokens.append(log_probabilities.argmax(-1))
    exact = (torch.stack(tokens) == target).all(0).float().mean()
    assert exact > 0.95


def test_examples_of_the_page_on_attention():
    page = Path(__file__).parents[2] / "docs" / "attention.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0
