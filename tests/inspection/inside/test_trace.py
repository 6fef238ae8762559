"""Traces against the network's own kernels, and against the equations that their gates must fulfil."""

import itertools

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.cells import CELLS, OPTIONS, OPTIONS_OF, Stack, cell
from recurra.inspection.inside import given, trace
from recurra.inspection.inside.trace import trace_stack
from recurra.kernels import PackedStack
from recurra.runtime import Linear, Pool, Recurrent, Words, quantize
from tests.inspection.inside.models import (
    NAMES,
    PAIRS,
    inputs_of,
    model_of,
    regressor,
    regressor_of,
    translator_without_attention,
)

LSTM = ["input", "forget", "candidate", "output"]
CLOSE = {"rtol": 1e-5, "atol": 2e-6}


def traced(model, X, row=0):
    return trace(model, given(model, X, row))


def one_option_at_a_time():
    for name, kind in CELLS.items():
        yield pytest.param(name, {}, id=name)
        for option in OPTIONS_OF[name]:
            if option in kind.options():
                yield pytest.param(name, {option: OPTIONS[option].trials[1]}, id=f"{name}-{option}")
    yield pytest.param(
        "lstm", {"peephole": True, "layer_norm": True, "zoneout": 0.3, "proj_size": 2}, id="all"
    )
    yield pytest.param("gru", {"bias": False, "reset_after": False}, id="gru-no-bias")


EVERY_CELL = list(one_option_at_a_time())


def stack_over(kind, options, T=9, layers=2, both=True):
    rng = np.random.default_rng(4)
    stack = Stack(cell(kind, input_size=3, hidden_size=5, **options), layers, both)
    p = {name: rng.normal(0, 0.7, shape).astype("f") for name, shape in stack.parameter_shapes().items()}
    x = rng.normal(size=(T, 3)).astype("f")
    state = {
        name: rng.normal(0, 0.5, (shape[0], shape[2])).astype("f")
        for name, shape in stack.state_shapes(1).items()
    }
    steps = [str(t) for t in range(T)]
    return stack, p, x, state, trace_stack(stack, p, x, steps, state=state)


@pytest.mark.parametrize("T", [1, 9])
@pytest.mark.parametrize(("kind", "options"), EVERY_CELL)
def test_states_are_those_of_the_kernels(kind, options, T):
    stack, p, x, state, layers = stack_over(kind, options, T)
    packed = PackedStack(stack, p)
    output, final = packed.forward(x[:, None], {name: array[:, None] for name, array in state.items()})
    top = np.concatenate([layer.states["h"] for layer in layers[-2:]], axis=1)
    np.testing.assert_allclose(top, output[:, 0], **CLOSE)
    for name, arrays in final.items():
        for k, layer in enumerate(layers):
            last = 0 if "backwards" in layer.name else -1
            np.testing.assert_allclose(layer.states[name][last], arrays[k, 0], **CLOSE)
    assert [layer.name for layer in layers] == [
        "layer 1",
        "layer 1, backwards",
        "layer 2",
        "layer 2, backwards",
    ]
    assert {layer.cell for layer in layers} == {kind}
    assert all(layer.steps == tuple(map(str, range(T))) for layer in layers)
    for array in itertools.chain(*([*one.gates.values(), *one.states.values()] for one in layers)):
        assert array.dtype == np.float32
        assert len(array) == T


@pytest.mark.parametrize("backwards", [False, True])
def test_gates_of_an_lstm_make_its_states(backwards):
    _, _, _, state, layers = stack_over("lstm", {})
    layer, start = layers[backwards], state["c"][int(backwards)]
    assert list(layer.gates) == LSTM
    i, f, g, o = layer.gates.values()
    h, c = layer.states["h"], layer.states["c"]
    before = np.vstack([c[1:], start]) if backwards else np.vstack([start, c[:-1]])
    np.testing.assert_allclose(c, f * before + i * g, **CLOSE)
    np.testing.assert_allclose(h, o * np.tanh(c), **CLOSE)


@pytest.mark.parametrize("options", [{}, {"reset_after": False}])
def test_gates_of_a_gru_make_its_state(options):
    _, p, x, state, (layer, *_) = stack_over("gru", options)
    assert list(layer.gates) == ["reset", "update", "candidate"]
    r, z, n = layer.gates.values()
    h = layer.states["h"]
    before = np.vstack([state["h"][0], h[:-1]])
    np.testing.assert_allclose(h, (1 - z) * n + z * before, **CLOSE)
    W, b = p["weight_hh_l0"][10:], p["bias_hh_l0"][10:]
    past = r * (before @ W.T + b) if not options else (r * before) @ W.T + b
    own = x @ p["weight_ih_l0"][10:].T + p["bias_ih_l0"][10:]
    np.testing.assert_allclose(n, np.tanh(own + past), **CLOSE)


def test_gates_of_the_minimal_cells_make_their_states():
    _, _, _, state, (layer, *_) = stack_over("min_gru", {})
    assert list(layer.gates) == ["update", "candidate"]
    z, n = layer.gates.values()
    h = layer.states["h"]
    before = np.vstack([state["h"][0], h[:-1]])
    np.testing.assert_allclose(h, (1 - z) * before + z * n, **CLOSE)
    _, _, _, state, (layer, *_) = stack_over("min_lstm", {})
    assert list(layer.gates) == ["input", "forget", "candidate"]
    i, f, n = layer.gates.values()
    h = layer.states["h"]
    before = np.vstack([state["h"][0], h[:-1]])
    np.testing.assert_allclose(h, (f * before + i * n) / (f + i), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "options", "bounded"),
    [
        ("rnn", {}, ("h",)),
        ("rnn", {"nonlinearity": "relu"}, ()),
        ("lstm", {}, ("candidate", "h")),
        ("lstm", {"proj_size": 2}, ("candidate",)),
        ("gru", {}, ("candidate", "h")),
        ("min_gru", {}, ()),
        ("min_lstm", {}, ()),
    ],
)
def test_what_a_tanh_bounds(kind, options, bounded):
    *_, (layer, *_) = stack_over(kind, options)
    assert layer.bounded == bounded


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PAIRS])
def test_every_part_of_every_model(name):
    """The layers give what the network's own parts give, and its output is the model's."""
    model = model_of(name)
    one = given(model, inputs_of(name))
    found = trace(model, one)
    layers = list(found.layers)
    for part, _, after in model.network.walk(one.x[None]):
        if isinstance(part, Words):
            forwards, backwards = layers.pop(0), layers.pop(0)
            assert [forwards.name, backwards.name] == [
                "characters, layer 1",
                "characters, layer 1, backwards",
            ]
            sizes = (one.x[:, 1:] >= 0).sum(axis=1)
            ends = np.cumsum(sizes)
            H = backwards.states["h"].shape[1]
            np.testing.assert_allclose(forwards.states["h"][ends - 1], after[:, 0, -2 * H : -H], **CLOSE)
            np.testing.assert_allclose(backwards.states["h"][ends - sizes], after[:, 0, -H:], **CLOSE)
            assert "".join(forwards.steps) == "".join(one.steps).replace("R", "�")
        if isinstance(part, Recurrent):
            D = part.stack.num_directions
            own, layers = layers[: D * part.stack.num_layers], layers[D * part.stack.num_layers :]
            assert own[-1].name.startswith(f"layer {part.stack.num_layers}")
            assert all(layer.steps == one.steps for layer in own)
            top = np.concatenate([layer.states["h"] for layer in own[-D:]], axis=1)
            np.testing.assert_allclose(top, after[:, 0], **CLOSE)
    assert not layers
    np.testing.assert_array_equal(found.output, model.network(one.x[None])[0], strict=True)
    assert found.given is one


def test_a_word_without_characters_has_none_to_trace():
    found = traced(model_of("tag-words"), [["to", "", "be"]])
    assert found.layers[0].steps == ("t", "o", "b", "e")
    assert found.layers[2].steps == ("to", "", "be")


@pytest.mark.parametrize("name", [*PAIRS, "without attention"])
def test_encoder_and_decoder(name):
    """The decoder's states are those that the runtime goes through, from where the bridge puts it."""
    plain = name not in PAIRS
    model = translator_without_attention() if plain else model_of(name)
    X = inputs_of("translate" if plain else name)
    one = given(model, X)
    found = trace(model, one)
    answer = model.translate(X[:1])[0][0]
    L = sum(layer.name.startswith("decoder") for layer in found.layers)
    encoder, decoder = found.layers[:-L], found.layers[-L:]
    D = len(encoder) // L
    names = [f"encoder layer {i + 1}{back}" for i in range(L) for back in ("", ", backwards")[:D]]
    assert [layer.name for layer in found.layers] == names + [f"decoder layer {i + 1}" for i in range(L)]
    assert all(layer.steps == one.steps for layer in encoder)
    assert all(
        layer.steps == (*(token.replace(" ", "␣") for token in answer.tokens), "■") for layer in decoder
    )
    state, network = model.network.initial_state([one.x]), model.network
    for name, start in state.recurrent.items():
        for layer in range(L):
            ends = [
                run.states[name][0 if run.name.endswith("backwards") else -1]
                for run in encoder[D * layer : D * (layer + 1)]
            ]
            W, b = (model.tensors[f"bridge.{name}_l{layer}.{own}"] for own in ("weight", "bias"))
            np.testing.assert_allclose(np.tanh(W @ np.concatenate(ends) + b), start[layer, 0], **CLOSE)
    total = 0.0
    tokens = [model.target.vocabulary.index(token) for token in answer.tokens]
    for t, (token, following) in enumerate(itertools.pairwise([network.boundary, *tokens, network.boundary])):
        known, state = network.step(np.array([token]), state)
        np.testing.assert_array_equal(found.output[t], known[0])
        total += found.output[t][following]
        for name, arrays in state.recurrent.items():
            for layer in range(L):
                np.testing.assert_allclose(decoder[layer].states[name][t], arrays[layer, 0], **CLOSE)
    assert len(found.output) == len(tokens) + 1
    assert answer.ended
    assert total == pytest.approx(answer.log_probability, abs=1e-5)


def test_the_norm_is_that_of_h():
    layer = traced(model_of("classify"), "ab").layers[0]
    h = layer.states["h"].astype(np.float64)
    np.testing.assert_allclose(layer.norm, (h**2).sum(axis=1) ** 0.5, rtol=1e-6)


def test_layers_of_two_stacks_are_counted_on():
    lower = Stack(cell("gru", input_size=2, hidden_size=3), 2, bidirectional=True)
    upper = Stack(cell("lstm", input_size=6, hidden_size=4))
    model = regressor_of(Recurrent("a", lower), Recurrent("b", upper), Pool(), Linear("head", 4, 3))
    found = traced(model, [np.ones((3, 2))])
    assert [(layer.name, layer.cell) for layer in found.layers] == [
        ("layer 1", "gru"),
        ("layer 1, backwards", "gru"),
        ("layer 2", "gru"),
        ("layer 2, backwards", "gru"),
        ("layer 3", "lstm"),
    ]


def message_of(call):
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


def test_what_cannot_be_traced():
    model = regressor("lstm")
    one = given(model, [np.ones((3, 2))])
    assert message_of(lambda: trace(quantize(model, "int8"), one)) == (
        "model has rounded weights, whose gates can't be seen; trace it as it was loaded"
    )
    assert message_of(lambda: trace("lstm", one)) == "model must be one that recurra.load gives, got str"
    assert message_of(lambda: trace(model_of("classify"), one)) == (
        "x must be int64 of shape (N, T), got float32 of shape (1, 3, 2)"
    )
