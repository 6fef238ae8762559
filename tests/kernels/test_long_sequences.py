"""Over 100,000 steps nothing overflows, and what decays ends at zero instead of lingering among denormals."""

import itertools

import numpy as np
import pytest

from recurra import kernels
from recurra.cells import CELLS, Stack, cell
from recurra.cells.options import OPTIONS
from recurra.cells.registry import OPTIONS_OF

T, I, H = 100_000, 1, 3  # noqa: E741
IMPULSES = 2000
"""Steps between two inputs that are not zero: enough for any state to decay through all denormals."""


def one_option_at_a_time():
    for name in sorted(CELLS):
        yield pytest.param(name, {}, id=name)
        for option in OPTIONS_OF[name]:
            if option in OPTIONS:
                for trial in OPTIONS[option].trials[1:]:
                    yield pytest.param(name, {option: trial}, id=f"{name} {option}={trial}")


every_cell = pytest.mark.parametrize(("name", "options"), list(one_option_at_a_time()))


def decaying(name, options, dtype):
    """A stack whose states shrink by a constant factor a step, and so do its gradients going back."""
    stack = Stack(cell(name, input_size=I, hidden_size=H, **options))
    p = {}
    for key, shape in stack.parameter_shapes().items():
        gain = key.startswith("ln_") and "bias" not in key
        p[key] = np.full(shape, 1.0 if gain else 0.0, dtype)
    p["weight_ih_l0"][:, 0] = np.linspace(0.1, 0.5, len(p["weight_ih_l0"]))
    if name == "rnn":
        # Normalising multiplies what is small by 316.
        p["weight_hh_l0"] = (0.5 / 316 if options.get("layer_norm") else 0.5) * np.eye(H, dtype=dtype)
    if "weight_hr_l0" in p:
        p["weight_hr_l0"][:] = np.eye(*p["weight_hr_l0"].shape)
    return stack, p


def assert_zero_or_normal(name, array):
    assert np.isfinite(array).all(), name
    smallest = np.finfo(array.dtype).tiny
    denormal = (array != 0) & (abs(array) < smallest)
    assert not denormal.any(), f"{name}: {denormal.sum()} denormals"


def denormals_work(dtype):
    """Whether this thread computes with denormals, as Python and NumPy expect."""
    small = np.full(1, np.finfo(dtype).tiny, dtype)
    return bool((small / 4 * 4 == small).all()) and 1e-310 * 1.0 == 1e-310 and 1e-310 / 2 > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_cell
def test_what_decays_ends_at_zero(name, options, dtype):
    stack, p = decaying(name, options, dtype)
    packed = kernels.PackedStack(stack, p)
    x = np.zeros((T, 1, I), dtype)
    x[::IMPULSES] = 1
    output, state_n, tape = packed.forward_train(x)
    d_output = np.zeros_like(output)
    d_output[IMPULSES - 1 :: IMPULSES] = 1
    d_output[::IMPULSES] = 1
    dx, d_state, d_p = kernels.backward(stack, p, x, None, None, None, output, tape, d_output, state_n)
    everything = {"output": output, "dx": dx} | state_n | d_state | d_p
    for key, array in everything.items():
        assert_zero_or_normal(key, array)
    assert output.any()
    assert dx.any()
    assert denormals_work(dtype)
    # NumPy, which does not flush, goes through denormals on the same way.
    lingering, _, _ = stack.forward(p, x[: IMPULSES - 1], stack.zero_state(1, dtype))
    with pytest.raises(AssertionError, match="denormals"):
        assert_zero_or_normal("the cells' output", lingering)


@every_cell
def test_denormals_that_come_in_are_nothing(name, options):
    stack, p = decaying(name, options, np.float32)
    packed = kernels.PackedStack(stack, p)
    smallest = np.finfo(np.float32).smallest_subnormal
    x = np.full((8, 2, I), smallest)
    state = {key: np.full(shape, smallest) for key, shape in stack.state_shapes(2).items()}
    output, state_n = packed.forward(x, state)
    nothing, nothing_n = packed.forward(np.zeros_like(x))
    np.testing.assert_array_equal(output, nothing)
    for key in state_n:
        np.testing.assert_array_equal(state_n[key], nothing_n[key])
    stream = kernels.StackStream(packed, {key: array[:, 0] for key, array in state.items()})
    np.testing.assert_array_equal([stream.step(row) for row in x[:, 0]], nothing[:, 0])
    assert denormals_work(np.float32)


@every_cell
def test_large_random_weights_neither_overflow_nor_lose_the_gradient_to_nan(name, options):
    rng = np.random.default_rng(0)
    stack = Stack(cell(name, input_size=I, hidden_size=H, **options))
    # An Elman cell with ReLU grows without bound unless its weights shrink.
    size = 0.2 if options.get("nonlinearity") == "relu" else 3.0
    p = {k: rng.normal(0, size, s).astype(np.float32) for k, s in stack.parameter_shapes().items()}
    x = rng.normal(0, 10, (T, 1, I)).astype(np.float32)
    output, state_n, tape = kernels.PackedStack(stack, p).forward_train(x)
    assert_zero_or_normal("output", output)
    # A gradient of the last step alone: those of chaotic cells grow with every step that they go back.
    d_output = np.zeros_like(output)
    d_output[-1] = 1
    zeros = {key: np.zeros_like(array) for key, array in state_n.items()}
    dx, _, d_p = kernels.backward(stack, p, x, None, None, None, output, tape, d_output, zeros)
    for key, array in {"dx": dx, **d_p}.items():
        assert not np.isnan(array).any(), key
    assert denormals_work(np.float32)


def test_denormals_work_again_after_a_call_that_failed():
    stack = Stack(cell("gru", input_size=I, hidden_size=H))
    packed = kernels.PackedStack(stack, stack.initialise(np.random.default_rng(0)))
    for wrong, threads in itertools.product([np.zeros((3, 1, 2), "f"), np.zeros((3, 1, I), "f")], [1, 2]):
        try:
            packed.forward(wrong, threads=threads)
        except ValueError:
            assert wrong.shape[2] == 2
        assert denormals_work(np.float32)
        assert denormals_work(np.float64)
