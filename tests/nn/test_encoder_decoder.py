"""Encoder, bridge and decoder against NumPy row by row; whole against step by step; gradients; padding."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decoding.contract import check_one_step_model
from tests.nn.encoder_decoders import ATTENTIONS, LAYERS, build, data
from tests.nn.test_attention import by_hand as attention_by_hand


def row_by_hand(model, source, tokens):
    """Logits (T, V) and attention weights (T, S) of one row, its source (S, I) cut to its length, in NumPy.

    The recurrent steps are those of `recurra.cells`.
    """
    p = {name: tensor.numpy() for name, tensor in model.state_dict().items()}

    def part(name):
        return {key.removeprefix(name): array for key, array in p.items() if key.startswith(name)}

    stack = model.encoder.layer.stack
    S = len(source)
    memory, state = np.zeros((0, 1, stack.output_size)), stack.zero_state(1, np.float64)
    if S:
        memory, state, _ = stack.forward(part("encoder.layer."), source.numpy()[:, None], state)
    D = stack.num_directions
    context = np.concatenate([state["h"][-d, 0] for d in range(D, 0, -1)])
    bridged = {}
    for name, final in state.items():
        for layer in range(stack.num_layers):
            joined = np.concatenate([final[layer * D + d, 0] for d in range(D)])
            W, b = p[f"bridge.{name}_l{layer}.weight"], p[f"bridge.{name}_l{layer}.bias"]
            bridged.setdefault(name, []).append(np.tanh(W @ joined + b)[None])
    state = {name: np.stack(layers) for name, layers in bridged.items()}

    stack, attention = model.decoder.layer.stack, model.decoder.attention
    W_c, W_s = p["decoder.combine.weight"], p["decoder.output.weight"]
    feeds_back = attention is not None and stack.cell.input_size > p["decoder.embedding.weight"].shape[1]
    feed = context if attention is None else np.zeros(len(W_c) * feeds_back)
    logits, all_weights = [], []
    for token in tokens:
        x = np.concatenate([p["decoder.embedding.weight"][token], feed])
        output, state, _ = stack.forward(part("decoder.layer."), x[None, None], state)
        h = output[0, 0]
        if attention is not None:
            query = torch.from_numpy(output)
            contexts, weights = attention_by_hand(attention, query, torch.from_numpy(memory), [S])
            context = contexts[0, 0]
            all_weights.append(weights[0, 0])
        attended = np.tanh(W_c @ np.concatenate([context, h]))
        if feeds_back:
            feed = attended
        logits.append(W_s @ attended + p["decoder.output.bias"])
    return np.array(logits), np.array(all_weights)


def assert_as_by_hand(model, source, tokens, lengths):
    decoded = model(source, tokens, lengths)
    assert (decoded.weights is None) == (model.decoder.attention is None)
    for n, length in enumerate(lengths):
        logits, weights = row_by_hand(model, source[:length, n], tokens[:, n])
        np.testing.assert_allclose(decoded.logits[:, n].detach(), logits, rtol=1e-9, atol=1e-11)
        if decoded.weights is not None:
            got = decoded.weights[:, n].detach()
            np.testing.assert_allclose(got[:, :length], weights, rtol=1e-9, atol=1e-11)
            assert not got[:, length:].any()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", LAYERS)
def test_as_by_hand(cell, attention, num_layers, bidirectional):
    model = build(cell, attention, num_layers=num_layers, bidirectional=bidirectional)
    assert_as_by_hand(model, *data(model, 5, 4, 3), [2, 5, 0])


@pytest.mark.parametrize("input_feeding", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_tied_tables_and_input_feeding_as_by_hand(attention, tied, input_feeding):
    model = build(attention=attention, tied=tied, input_feeding=input_feeding)
    assert (model.decoder.output.weight is model.decoder.embedding.weight) == tied
    assert_as_by_hand(model, *data(model, 5, 4, 3), [2, 5, 0])


@settings(max_examples=40, deadline=None)
@given(
    cell=st.sampled_from(sorted(LAYERS)),
    attention=st.sampled_from(list(ATTENTIONS)),
    sizes=st.fixed_dictionaries(
        dict.fromkeys(["inputs", "vocabulary", "width", "hidden", "encoder_hidden"], st.integers(1, 5))
        | {"num_layers": st.integers(1, 2)}
        | dict.fromkeys(["bidirectional", "tied", "input_feeding"], st.booleans())
    ),
    S=st.integers(1, 4),
    T=st.integers(1, 3),
    draw=st.data(),
    N=st.integers(1, 3),
)
def test_any_shape(cell, attention, sizes, S, T, draw, N):
    model = build(cell, attention, **sizes)
    lengths = draw.draw(st.lists(st.integers(0, S), min_size=N, max_size=N))
    assert_as_by_hand(model, *data(model, S, T, N), lengths)


@pytest.mark.parametrize("input_feeding", [False, True])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", LAYERS)
def test_step_by_step_is_the_whole_sequence(cell, attention, input_feeding):
    model = build(cell, attention, num_layers=2, input_feeding=input_feeding)
    source, tokens = data(model, 5, 6, 3)
    whole = model(source, tokens, [4, 0, 5])
    state = model.initial_state(source, [4, 0, 5])
    for t in range(6):
        log_probabilities, state = model.step(tokens[t], state)
        torch.testing.assert_close(log_probabilities, whole.logits[t].log_softmax(-1))
    # And a part of the sequence after another.
    first = model.decoder(tokens[:2], model.initial_state(source, [4, 0, 5]))
    rest = model.decoder(tokens[2:], first.state)
    torch.testing.assert_close(torch.cat([first.logits, rest.logits]), whole.logits)
    for name, tensor in whole.state.recurrent.items():
        torch.testing.assert_close(state.recurrent[name], tensor)
        torch.testing.assert_close(rest.state.recurrent[name], tensor)
    torch.testing.assert_close(state.feed, whole.state.feed)


class AsOneStepModel:
    """A model of ours as decoding sees it, on arrays."""

    def __init__(self, model, lengths):
        self.model, self.lengths = model, lengths

    def initial_state(self, source):
        return self.model.initial_state(torch.from_numpy(source), self.lengths)

    @torch.no_grad()
    def step(self, tokens, state):
        log_probabilities, state = self.model.step(torch.from_numpy(tokens), state)
        return log_probabilities.numpy(), state

    def select(self, state, rows):
        return state.select(torch.from_numpy(rows))


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_decodes_as_a_one_step_model(attention):
    model = build(attention=attention, num_layers=2)
    source, _ = data(model, 5, 1, 3)
    check_one_step_model(AsOneStepModel(model, [4, 0, 5]), source.numpy(), rows=3, vocabulary=5, atol=1e-12)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_gradcheck(attention):
    model = build("gru", attention, inputs=2, vocabulary=3, hidden=3, encoder_hidden=2)
    source, tokens = data(model, 3, 2, 3)
    names = [name for name, _ in model.named_parameters()]

    def f(source, *parameters):
        decoded = torch.func.functional_call(model, dict(zip(names, parameters)), (source, tokens, [3, 0, 2]))
        return decoded.logits, decoded.state.recurrent["h"]

    tensors = [source, *model.parameters()]
    assert torch.autograd.gradcheck(f, [tensor.detach().requires_grad_() for tensor in tensors])


def loss_and_gradients(model, source, tokens, lengths, target_lengths):
    source = source.clone().requires_grad_()
    logits = model(source, tokens, lengths).logits
    live = torch.arange(len(tokens))[:, None] < torch.tensor(target_lengths)
    targets = tokens.roll(-1, 0)
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    loss = losses[live.flatten()].sum()
    tensors = [source, *model.parameters()]
    return [loss, *torch.autograd.grad(loss, tensors)]


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_padding_changes_nothing(attention):
    model = build(attention=attention)
    source, tokens = data(model, 5, 4, 3)
    lengths, target_lengths = [3, 0, 5], [1, 2, 3]
    want = loss_and_gradients(model, source, tokens, lengths, target_lengths)
    for n in range(3):
        source[lengths[n] :, n] = torch.nan
        tokens[target_lengths[n] + 1 :, n] = 0  # the last token of all is a target, so is not padding
    got = loss_and_gradients(model, source, tokens, lengths, target_lengths)
    torch.testing.assert_close(got, want, rtol=0, atol=0)
    assert all(tensor.isfinite().all() for tensor in got)
