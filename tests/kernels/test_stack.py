"""The kernels against the NumPy cells, which are their definition."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import CELLS as ALL_CELLS
from recurra.cells import Stack, cell
from recurra.cells.options import OPTIONS
from recurra.cells.registry import OPTIONS_OF

CELLS = [("rnn", {}), ("rnn", {"nonlinearity": "relu"}), ("lstm", {}), ("gru", {})]
EPSILON = {np.float32: 2.0**-24, np.float64: 2.0**-53}


@st.composite
def problems(draw, max_layers=2):
    """A random stack with parameters, input, states, lengths and noise; biases and states are not zero."""
    name = draw(st.sampled_from(sorted(ALL_CELLS)))
    own = [option for option in OPTIONS_OF[name] if option in OPTIONS]
    options = {option: draw(st.sampled_from(OPTIONS[option].trials)) for option in own}
    T, N = draw(st.integers(1, 9)), draw(st.sampled_from([*range(16), 50, 100]))
    smallest = options.get("proj_size", 0) + 1
    I, H = draw(st.integers(1, 20)), draw(st.integers(smallest, 40))  # noqa: E741
    made = cell(name, input_size=I, hidden_size=H, bias=draw(st.booleans()), **options)
    stack = Stack(made, draw(st.integers(1, max_layers)), draw(st.booleans()))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    p = {k: rng.normal(0, 0.5, s) for k, s in stack.parameter_shapes().items()}
    x = rng.normal(size=(T, N, I))
    state = {k: rng.normal(size=s) for k, s in stack.state_shapes(N).items()}
    lengths = rng.integers(0, T + 1, N) if draw(st.booleans()) else None
    masks = rng.binomial(1, 0.6, (stack.num_layers - 1, T, N, stack.output_size)) / 0.6
    noise, runs, R = {}, len(stack.layers()), stack.cell.output_size
    if made.has_recurrent_weights and draw(st.booleans()):
        noise["recurrent"] = rng.binomial(1, 0.6, (runs, N, R)) / 0.6
    if "zoneout" in own and draw(st.booleans()):
        noise["keep_h"] = rng.binomial(1, 0.3, (runs, T, N, R)).astype(float)
        if name == "lstm":
            noise["keep_c"] = rng.binomial(1, 0.3, (runs, T, N, H)).astype(float)
    return stack, p, x, state, lengths, masks, noise, draw(st.sampled_from([1, 2])), rng


def cast(arrays, dtype):
    return {name: array.astype(dtype) for name, array in arrays.items()}


def assert_close(got, want, dtype, steps, width, amplified=1.0):
    # Rounding of `width` products a step, carried through `steps` steps, amplified by the recurrent weights.
    tolerance = 64 * EPSILON[dtype] * width * steps * amplified if dtype is np.float32 else 1e-10
    scale = max(1.0, float(np.abs(want).max(initial=0)))
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=120, deadline=None)
@given(problem=problems())
def test_forward_and_backward_agree_with_the_cells(dtype, problem):
    stack, p, x, state, lengths, masks, noise, threads, rng = problem
    T, N, width = *x.shape[:2], stack.cell.input_size + stack.cell.hidden_size
    # The oracle computes in float64 from the very values that the kernels are given.
    p, state = cast(p, dtype), cast(state, dtype)
    x, masks, noise = x.astype(dtype), masks.astype(dtype), cast(noise, dtype)
    p64, state64, x64, masks64 = cast(p, float), cast(state, float), x.astype(float), masks.astype(float)
    noise64 = cast(noise, float)
    # A row of nearly equal values is divided by little more than the square root of 1e-5.
    amplified = 30.0 if getattr(stack.cell, "layer_norm", False) else 1.0

    output, state_n, tape = kernels.PackedStack(stack, p).forward_train(
        x, state, lengths, masks, noise, threads=threads
    )
    want, want_n, tapes = stack.forward(p64, x64, state64, lengths, masks64, noise=noise64)
    steps = T * stack.num_layers
    assert output.dtype == dtype
    assert_close(output, want, dtype, steps, width, amplified)
    for name in state:
        assert_close(state_n[name], want_n[name], dtype, steps, width, amplified)

    d_output = rng.normal(size=output.shape).astype(dtype)
    d_state_n = cast({k: rng.normal(size=v.shape) for k, v in state.items()}, dtype)
    dx, d_state, d_p = kernels.backward(
        stack, p, x, state, lengths, masks, output, tape, d_output, d_state_n, noise, threads=threads
    )
    want_dx, want_d_state, want_d_p = stack.backward(
        p64, tapes, d_output.astype(float), cast(d_state_n, float), masks64
    )
    # ReLU's slope jumps at 0, where rounding decides on which side float32 falls.
    if not (dtype is np.float32 and getattr(stack.cell, "nonlinearity", "") == "relu"):
        steps *= 4 * max(N, 1)
        assert_close(dx, want_dx, dtype, steps, width, amplified)
        for name in state:
            assert_close(d_state[name], want_d_state[name], dtype, steps, width, amplified)
        for name, gradient in d_p.items():
            assert_close(gradient, want_d_p[name], dtype, steps, width, amplified)


@settings(max_examples=150, deadline=None)
@given(problem=problems(max_layers=2), order=st.randoms(use_true_random=False))
def test_a_row_has_the_same_bits_in_every_company(problem, order):
    stack, p, x, state, lengths, _, _, _, _ = problem
    T, N = x.shape[:2]
    p, state, x = cast(p, np.float32), cast(state, np.float32), x.astype(np.float32)
    lengths = np.full(N, T) if lengths is None else lengths
    packed = kernels.PackedStack(stack, p)
    output, state_n = packed.forward(x, state, lengths)
    training, training_n, _ = packed.forward_train(x, state, lengths)
    np.testing.assert_array_equal(training, output)
    two, two_n = packed.forward(x, state, lengths, threads=2)
    np.testing.assert_array_equal(two, output)
    if T and not stack.bidirectional:
        (first,), first_n = packed.forward(x[:1], state)
        stepped, stepped_n = packed.step_rows(np.ascontiguousarray(x[0]), state)
        np.testing.assert_array_equal(stepped, first)
        for name in state:
            np.testing.assert_array_equal(stepped_n[name], first_n[name])
    permutation = list(range(N))
    order.shuffle(permutation)
    shuffled, _ = packed.forward(
        x[:, permutation], {k: v[:, permutation] for k, v in state.items()}, lengths[permutation]
    )
    np.testing.assert_array_equal(shuffled, output[:, permutation])
    for row in range(N):
        own = {k: v[:, row : row + 1] for k, v in state.items()}
        length = int(lengths[row])
        alone, alone_n = packed.forward(np.ascontiguousarray(x[:length, row : row + 1]), own)
        np.testing.assert_array_equal(alone, output[:length, row : row + 1])
        for name in state:
            for final in (state_n, two_n, training_n):
                np.testing.assert_array_equal(alone_n[name], final[name][:, row : row + 1])
        assert not output[length:, row].any()
        if not stack.bidirectional:
            stepped = {k: v[:, 0] for k, v in own.items()}
            for t in range(length):
                y, stepped = packed.step(x[t, row], stepped)
                np.testing.assert_array_equal(y, output[t, row])
            for name in state:
                np.testing.assert_array_equal(stepped[name], state_n[name][:, row])


def test_units_shared_by_threads_give_the_same_bits():
    rng = np.random.default_rng(0)
    for name, options in CELLS:
        stack = Stack(cell(name, input_size=70, hidden_size=333, **options))
        p = cast({k: rng.normal(0, 0.1, s) for k, s in stack.parameter_shapes().items()}, np.float32)
        packed, packed_by_two = (kernels.PackedStack(stack, p, threads=threads) for threads in (1, 2))
        for N in (1, 2, 5):
            x = rng.normal(size=(12, N, 70)).astype(np.float32)
            lengths = rng.integers(0, 13, N)
            one, one_n, tape = packed.forward_train(x, None, lengths, threads=1)
            two, two_n, _ = packed_by_two.forward_train(x, None, lengths, threads=2)
            np.testing.assert_array_equal(one, two)
            np.testing.assert_array_equal(one_n["h"], two_n["h"])
            d = [rng.normal(size=one.shape).astype(np.float32), cast(one_n, np.float32)]
            first = kernels.backward(stack, p, x, None, lengths, None, one, tape, *d, threads=1)
            second = kernels.backward(stack, p, x, None, lengths, None, one, tape, *d, threads=2)
            np.testing.assert_array_equal(first[0], second[0])
            for k in p:
                np.testing.assert_array_equal(first[2][k], second[2][k])


def test_strided_input_is_read_in_place():
    rng = np.random.default_rng(1)
    stack = Stack(cell("gru", input_size=3, hidden_size=5), 2, True)
    packed = kernels.PackedStack(stack, stack.initialise(rng))
    batch_first = rng.normal(size=(4, 7, 3)).astype(np.float32)
    want, _ = packed.forward(np.ascontiguousarray(batch_first.transpose(1, 0, 2)))
    np.testing.assert_array_equal(packed.forward(batch_first.transpose(1, 0, 2))[0], want)
    backwards = batch_first[:, ::-1].transpose(1, 0, 2)
    np.testing.assert_array_equal(
        packed.forward(backwards)[0], packed.forward(np.ascontiguousarray(backwards))[0]
    )
    every_other = np.repeat(batch_first, 2, axis=2)[:, :, ::2].transpose(1, 0, 2)
    np.testing.assert_array_equal(packed.forward(every_other)[0], want)


def test_backward_leaves_its_inputs_and_repeats_itself():
    rng = np.random.default_rng(2)
    stack = Stack(cell("lstm", input_size=3, hidden_size=5), 2)
    p = stack.initialise(rng, np.float64)
    x = rng.normal(size=(6, 4, 3))
    output, state_n, tape = kernels.PackedStack(stack, p).forward_train(x)
    kept = [a.copy() for a in (x, output, tape, *p.values())]
    results = [
        kernels.backward(stack, p, x, None, None, None, output, tape, output, state_n) for _ in range(2)
    ]
    for before, after in zip(kept, (x, output, tape, *p.values())):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(results[0][0], results[1][0])
    without_dx, _, d_p = kernels.backward(
        stack, p, x, None, None, None, output, tape, output, state_n, need_dx=False
    )
    assert without_dx is None
    np.testing.assert_array_equal(d_p["weight_ih_l0"], results[0][2]["weight_ih_l0"])


def test_nan_stays_in_its_row_and_infinity_gives_limits():
    stack = Stack(cell("gru", input_size=2, hidden_size=3))
    packed = kernels.PackedStack(stack, stack.initialise(np.random.default_rng(3)))
    x = np.ones((4, 8, 2), np.float32)
    x[1, 3, 0] = np.nan
    output, state_n = packed.forward(x)
    assert np.isnan(output[1:, 3]).all()
    assert np.isfinite(np.delete(output, 3, axis=1)).all()
    assert np.isnan(state_n["h"][0, 3]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros((5, 2, 4))}, "x must have shape (T, N, 3), got (5, 2, 4)"),
        ({"x": np.zeros((5, 3))}, "x must have shape (T, N, 3), got (5, 3)"),
        ({"lengths": [1]}, "lengths must be 2 numbers, one for each row, got shape (1,)"),
        ({"lengths": [1, 6]}, "lengths must lie between 0 and the 5 steps given, got 6 in row 1"),
        ({"lengths": [-1, 2]}, "lengths must lie between 0 and the 5 steps given, got -1 in row 0"),
        ({"state": {"h": np.zeros((1, 2, 4))}}, "state 'c' is missing, got h"),
        (
            {"state": {"h": np.zeros((1, 2, 5)), "c": np.zeros((1, 2, 4))}},
            "state 'h' must have shape (1, 2, 4), got (1, 2, 5)",
        ),
    ],
)
def test_wrong_arguments_are_refused_by_name(change, message):
    stack = Stack(cell("lstm", input_size=3, hidden_size=4))
    packed = kernels.PackedStack(stack, stack.initialise(np.random.default_rng(0)))
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        packed.forward(**({"x": np.zeros((5, 2, 3))} | change))


def test_wrong_parameters_are_refused_by_name():
    stack = Stack(cell("lstm", input_size=3, hidden_size=4))
    p = stack.initialise(np.random.default_rng(0))
    for change, message in [
        (
            {"weight_hh_l0": np.zeros((16, 5), np.float32)},
            "weight_hh_l0 must have shape (16, 4), got (16, 5)",
        ),
        (
            {"weight_hh_l0": np.zeros((16, 4))},
            "weight_hh_l0 is float64 but weight_ih_l0 is float32; give all of them one precision",
        ),
        (
            {"weight_ih_l0": np.zeros((16, 3), np.int64)},
            "weight_ih_l0 must be float32 or float64, got int64; convert it with astype",
        ),
    ]:
        with pytest.raises(InputError, match=re.escape(message) + "$"):
            kernels.PackedStack(stack, p | change)
    del p["weight_hh_l0"]
    with pytest.raises(InputError, match="parameter weight_hh_l0 is missing, got weight_ih_l0, bias_ih_l0"):
        kernels.PackedStack(stack, p)
