"""The cells against torch.nn in float64: values, final states and every gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.cells import GRU, LSTM, Elman, Stack

TORCH_CELLS = {
    "rnn-tanh": Elman,
    "rnn-relu": lambda *sizes, **options: Elman(*sizes, nonlinearity="relu", **options),
    "lstm": LSTM,
    "lstm-projection": lambda I, H, **options: LSTM(I, H, proj_size=(H + 1) // 2 - (H == 1), **options),  # noqa: E741
    "gru": GRU,
}


@pytest.fixture(params=TORCH_CELLS.values(), ids=TORCH_CELLS)
def torch_cell(request):
    """Makes a cell that torch.nn has too."""
    return request.param


def torch_layer(stack, p):
    """The torch.nn layer with the same parameters, loaded strictly: all names and shapes agree."""
    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[stack.cell.name]
    options = {"nonlinearity", "proj_size"} & stack.cell.options().keys()
    options = {option: getattr(stack.cell, option) for option in options}
    layer = kind(
        stack.cell.input_size,
        stack.cell.hidden_size,
        stack.num_layers,
        bias=stack.cell.bias,
        bidirectional=stack.bidirectional,
        dtype=torch.float64,
        **options,
    )
    assert list(layer.state_dict()) == list(stack.parameter_shapes())
    layer.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in p.items()})
    return layer


def torch_row(layer, x, state, d_output, d_state_n):
    """One row (T, I) through torch.nn, alone; its gradients, by the names that `assert_agrees` gives them."""
    x = torch.tensor(x, requires_grad=True)
    state = {name: torch.tensor(array, requires_grad=True) for name, array in state.items()}
    output, state_n = layer(x, (state["h"], state["c"]) if "c" in state else state["h"])
    state_n = dict(zip(state, state_n if "c" in state else [state_n]))
    loss = (output * torch.from_numpy(d_output)).sum()
    loss = loss + sum((state_n[s] * torch.from_numpy(d_state_n[s])).sum() for s in state)
    loss.backward()
    return (
        {"output": output.detach(), "dx": x.grad}
        | {f"{s}_n": state_n[s].detach() for s in state}
        | {f"d_{s}": state[s].grad for s in state}
    )


def assert_agrees(problem, lengths):
    stack, x, states = problem.stack, problem.x, problem.stack.cell.states
    T, N, _ = x.shape
    output, state_n, tapes = stack.forward(problem.p, x, problem.state, lengths)
    dx, d_state, d_p = stack.backward(problem.p, tapes, problem.d_output, problem.d_state_n)
    layer = torch_layer(stack, problem.p)

    for n, length in enumerate([T] * N if lengths is None else lengths):
        assert not output[length:, n].any()
        assert not dx[length:, n].any()
        state, d_state_n = ({s: a[s][:, n] for s in states} for a in (problem.state, problem.d_state_n))
        got = {"output": output[:length, n], "dx": dx[:length, n]}
        got |= {f"{s}_n": state_n[s][:, n] for s in states} | {f"d_{s}": d_state[s][:, n] for s in states}
        if length == 0:
            for s in states:
                np.testing.assert_array_equal(got[f"{s}_n"], state[s])
                np.testing.assert_array_equal(got[f"d_{s}"], d_state_n[s])
            continue
        want = torch_row(layer, x[:length, n], state, problem.d_output[:length, n], d_state_n)
        assert got.keys() == want.keys()
        for name in got:
            np.testing.assert_allclose(got[name], want[name], rtol=1e-10, atol=1e-11, err_msg=name)

    for name, parameter in layer.named_parameters():
        want_gradient = 0.0 if parameter.grad is None else parameter.grad  # None: every length was 0
        np.testing.assert_allclose(d_p[name], want_gradient, rtol=1e-9, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("lengths", [None, [3, 5, 0, 1]])
def test_stack(torch_cell, draw, num_layers, bidirectional, bias, lengths):
    stack = Stack(torch_cell(3, 4, bias=bias), num_layers, bidirectional)
    assert_agrees(draw(stack, T=5, N=4), lengths)


cells = st.builds(
    lambda kind, I, H, bias: kind(I, H, bias=bias),  # noqa: E741
    st.sampled_from(list(TORCH_CELLS.values())),
    st.integers(1, 6),
    st.integers(1, 9),
    st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), stack=st.builds(Stack, cells, st.integers(1, 3), st.booleans()))
def test_any_shape(draw, data, stack):
    T, N = data.draw(st.integers(1, 6), "T"), data.draw(st.integers(1, 5), "N")
    lengths = data.draw(st.none() | st.lists(st.integers(0, T), min_size=N, max_size=N), "lengths")
    assert_agrees(draw(stack, T, N, seed=data.draw(st.integers(0, 99), "seed")), lengths)


def test_equations_also_run_on_torch(make_cell, draw):
    problem = draw(Stack(make_cell(3, 4, bias=False), 2, True), T=4, N=3)
    p, state = ({k: torch.from_numpy(a) for k, a in named.items()} for named in (problem.p, problem.state))
    masks = np.random.default_rng(0).random((1, 4, 3, 8))
    masks = masks[..., : problem.stack.output_size]
    noise = {"noise": problem.noise}
    torch_noise = {"noise": {k: torch.from_numpy(a) for k, a in problem.noise.items()}, "xp": torch}
    lengths = np.array([4, 0, 2])
    x, torch_lengths, torch_masks = map(torch.from_numpy, (problem.x, lengths, masks))
    got, got_n, _ = problem.stack.forward(p, x, state, torch_lengths, torch_masks, **torch_noise)
    want, want_n, _ = problem.stack.forward(problem.p, problem.x, problem.state, lengths, masks, **noise)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)
    for name in want_n:
        np.testing.assert_allclose(got_n[name], want_n[name], rtol=1e-12, atol=1e-14)
