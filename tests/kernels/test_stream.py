"""A stream steps to the bits that whole sequences give, from one thread or several."""

import re
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import CELLS, Stack, cell
from recurra.cells.options import OPTIONS
from recurra.cells.registry import OPTIONS_OF


def random_stack(rng, name, layers, sizes, dtype, **options):
    stack = Stack(cell(name, input_size=sizes[0], hidden_size=sizes[1], **options), layers)
    p = {k: rng.normal(0, 0.5, s).astype(dtype) for k, s in stack.parameter_shapes().items()}
    return kernels.PackedStack(stack, p)


def random_state(rng, packed):
    shapes = packed.stack.state_shapes(1)
    return {name: rng.normal(size=shape).astype(packed.dtype) for name, shape in shapes.items()}


def of_row(state):
    return {name: array[:, 0] for name, array in state.items()}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_stream_gives_the_bits_of_forward(data):
    name = data.draw(st.sampled_from(sorted(CELLS)))
    own = [option for option in OPTIONS_OF[name] if option in OPTIONS]
    options = {option: data.draw(st.sampled_from(OPTIONS[option].trials)) for option in own}
    sizes = data.draw(st.integers(1, 20)), data.draw(st.integers(3, 40))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    packed = random_stack(rng, name, data.draw(st.integers(1, 3)), sizes, dtype, **options)
    x = rng.normal(size=(data.draw(st.integers(1, 9)), 1, sizes[0])).astype(dtype)
    state = random_state(rng, packed) if data.draw(st.booleans()) else None
    output, state_n = packed.forward(x, state)

    stream = kernels.StackStream(packed, None if state is None else of_row(state))
    half = len(x) // 2
    got = [stream.step(row) for row in x[:half, 0]]
    # The rest in another stream, from the state in between.
    other = kernels.StackStream(packed, stream.state())
    got += [other.step(row) for row in x[half:, 0]]
    np.testing.assert_array_equal(got, output[:, 0], strict=True)
    for key, array in other.state().items():
        np.testing.assert_array_equal(array, state_n[key][:, 0], strict=True)

    other.reset()
    want, _ = packed.forward(x)
    np.testing.assert_array_equal([other.step(row) for row in x[:, 0]], want[:, 0])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def packed(rng):
    return random_stack(rng, "lstm", 2, (3, 5), np.float32)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_steps_at_once_are_steps_one_by_one(data):
    name = data.draw(st.sampled_from(["rnn", "lstm", "gru", "min_gru", "min_lstm"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    packed = random_stack(
        rng, name, data.draw(st.integers(1, 3)), (3, data.draw(st.integers(1, 40))), np.float32
    )
    if name in ("rnn", "lstm", "gru") and data.draw(st.booleans()):
        p = {k: rng.normal(size=s).astype(np.float32) for k, s in packed.stack.parameter_shapes().items()}
        packed = kernels.QuantizedStack(packed.stack, p, "int8")
    x = rng.normal(size=(data.draw(st.integers(0, 9)), 3)).astype(np.float32)
    state = {
        name: rng.normal(size=a.shape).astype(np.float32)
        for name, a in kernels.StackStream(packed).state().items()
    }
    one, other = kernels.StackStream(packed, state), kernels.StackStream(packed, state)
    want = np.array([one.step(row) for row in x], np.float32).reshape(len(x), packed.stack.output_size)
    np.testing.assert_array_equal(other.run(x), want, strict=True)
    for key, array in one.state().items():
        np.testing.assert_array_equal(other.state()[key], array, strict=True)


PLAIN = {
    "lstm": {},
    "gru": {},
    "rnn": {},
    "rnn relu": {"nonlinearity": "relu"},
}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_steps_of_projected_inputs_have_the_bits_of_steps(data):
    name = data.draw(st.sampled_from(sorted(PLAIN)))
    sizes = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 90))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    layers = data.draw(st.integers(1, 3))
    packed = random_stack(rng, name.split()[0], layers, sizes, dtype, **PLAIN[name])
    symbols = rng.normal(size=(data.draw(st.integers(1, 130)), sizes[0])).astype(dtype)
    inputs = kernels.Projected(packed, symbols)
    state = of_row(random_state(rng, packed))
    one, other = kernels.StackStream(packed, state), kernels.StackStream(packed, state)
    ids = rng.integers(0, len(symbols), data.draw(st.integers(1, 12)))
    for place in ids.tolist():
        np.testing.assert_array_equal(one.step_of(inputs, place), other.step(symbols[place]), strict=True)
    for key, array in other.state().items():
        np.testing.assert_array_equal(one.state()[key], array, strict=True)
    size = kernels.Projected.bytes_of(packed, len(symbols))
    gates = {"lstm": 4, "gru": 3}.get(name, 1)
    assert size >= len(symbols) * gates * sizes[1] * packed.dtype.itemsize


def test_projected_inputs_are_a_copy_and_keep_their_layer(rng, packed):
    symbols = rng.normal(size=(4, 3))
    inputs = kernels.Projected(packed, symbols)  # of another precision
    stream, other = kernels.StackStream(packed), kernels.StackStream(packed)
    want = other.step(symbols[2].astype(np.float32))
    symbols[:] = 7
    for same in (2, np.int64(2), np.uint8(2)):
        stream.reset()
        np.testing.assert_array_equal(stream.step_of(inputs, same), want)
    native, layer = inputs.native, packed.layers[0]
    held = sys.getrefcount(layer)
    del inputs, native
    assert sys.getrefcount(layer) == held - 1


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (4, "index must lie between 0 and 3, got 4"),
        (-1, "index must lie between 0 and 3, got -1"),
        (2**70, f"index must lie between 0 and 3, got {2**70}"),
        (1.0, "index must be a whole number, got float"),
        (np.float32(1), "index must be a whole number, got float32"),
        ("1", "index must be a whole number, got str"),
        (None, "index must be a whole number, got NoneType"),
    ],
)
def test_rows_that_there_are_not_are_refused_and_change_nothing(packed, index, message):
    inputs = kernels.Projected(packed, np.ones((4, 3), np.float32))
    stream = kernels.StackStream(packed)
    before = stream.step_of(inputs, 0), stream.state()
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        stream.step_of(inputs, index)
    for name, array in stream.state().items():
        np.testing.assert_array_equal(array, before[1][name])


def test_projected_inputs_go_with_their_own_stack(rng, packed):
    x = np.ones((4, 3), np.float32)
    other = kernels.Projected(random_stack(rng, "lstm", 2, (3, 5), np.float32), x)
    message = "inputs must be Projected of this stream's stack, got Projected of another stack"
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.StackStream(packed).step_of(other, 0)
    p = {k: rng.normal(size=s).astype(np.float32) for k, s in packed.stack.parameter_shapes().items()}
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.StackStream(kernels.QuantizedStack(packed.stack, p, "int8")).step_of(other, 0)
    message = "inputs must be Projected of this stream's stack, got ndarray"
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.StackStream(packed).step_of(x, 0)
    with pytest.raises(InputError, match=re.escape("x must have shape (V, 3), got (4, 2)") + "$"):
        kernels.Projected(packed, x[:, :2])
    with pytest.raises(InputError, match=re.escape("x must hold at least one row, got shape (0, 3)") + "$"):
        kernels.Projected(packed, x[:0])


@pytest.mark.parametrize(
    ("name", "options", "bidirectional"),
    [
        ("lstm", {"peephole": True}, False),
        ("lstm", {"proj_size": 2}, False),
        ("lstm", {"layer_norm": True}, False),
        ("gru", {"zoneout": 0.1}, False),
        ("gru", {"reset_after": False}, False),
        ("min_gru", {}, False),
        ("min_lstm", {}, False),
        ("rnn", {}, True),
    ],
)
def test_other_stacks_have_no_projected_inputs(rng, name, options, bidirectional):
    stack = Stack(cell(name, input_size=3, hidden_size=5, **options), 1, bidirectional)
    packed = kernels.PackedStack(stack, stack.initialise(rng))
    assert kernels.Projected.bytes_of(packed, 7) == 0
    message = (
        "packed must be a stack of plain rnn, lstm or gru cells in one direction, "
        f"got {packed.stack.to_dict()}"
    )
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.Projected(packed, np.ones((4, 3), stack.initialise(rng)["weight_ih_l0"].dtype))


def test_outputs_and_states_are_the_callers_own(rng, packed):
    state = of_row(random_state(rng, packed))
    stream = kernels.StackStream(packed, state)
    x = rng.normal(size=3).astype(np.float32)
    before = {name: array.copy() for name, array in stream.state().items()}
    state["h"][:] = 7
    stream.state()["c"][:] = 7
    first = stream.step(x)
    kept = first.copy()
    second = stream.step(x)
    assert (first != second).any()
    np.testing.assert_array_equal(first, kept)
    second[:] = 7
    stream.set_state(before)
    np.testing.assert_array_equal(stream.step(x), first)


def test_a_start_of_its_own_is_copied_and_reset_goes_back_to_it(rng, packed):
    start, state = (of_row(random_state(rng, packed)) for _ in range(2))
    x = rng.normal(size=3).astype(np.float32)
    want = kernels.StackStream(packed, start).step(x)
    begun = kernels.StackStream(packed, start=start)
    resumed = kernels.StackStream(packed, state, start=start)
    start["h"][:] = 7
    np.testing.assert_array_equal(begun.step(x), want)
    np.testing.assert_array_equal(resumed.step(x), kernels.StackStream(packed, state).step(x))
    resumed.reset()
    np.testing.assert_array_equal(resumed.step(x), want)
    with pytest.raises(InputError, match=re.escape("start 'c' is missing, got h") + "$"):
        kernels.StackStream(packed, start={"h": start["h"]})


def test_inputs_of_other_precision_and_layout_are_copied(rng, packed):
    x = rng.integers(-3, 3, 3)
    stream = kernels.StackStream(packed)
    want = stream.step(x.astype(np.float32))
    misaligned = np.zeros(13, np.uint8)[1:].view(np.float32)
    misaligned[:] = x
    readonly = x.astype(np.float32)
    readonly.flags.writeable = False
    for same in (
        x,
        x.astype(float),
        x.astype(">f4"),
        np.repeat(x.astype("f4"), 2)[::2],
        misaligned,
        readonly,
    ):
        stream.reset()
        np.testing.assert_array_equal(stream.step(same), want, strict=True)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(4, np.float32), "x must have shape (3,), got (4,)"),
        (np.zeros((1, 3), np.float32), "x must have shape (3,), got (1, 3)"),
        (np.zeros((), np.float32), "x must have shape (3,), got ()"),
        (np.zeros(3, complex), "x must hold real numbers, got complex128"),
        ([0.0, 0.0, 0.0], "x must be a NumPy array, got list"),
        (None, "x must be a NumPy array, got NoneType"),
    ],
)
def test_wrong_inputs_are_refused_and_change_nothing(packed, x, message):
    stream = kernels.StackStream(packed)
    stream.step(np.ones(3, np.float32))
    before = stream.state()
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        stream.step(x)
    for name, array in stream.state().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"h": np.zeros((2, 5))}, "state 'c' is missing, got h"),
        (
            {"h": np.zeros((2, 1, 5)), "c": np.zeros((2, 5))},
            "state 'h' must have shape (2, 5), got (2, 1, 5)",
        ),
        ({"h": np.zeros((2, 5)), "c": "c"}, "state 'c' must be a NumPy array, got str"),
        ([], "state must be a dict of arrays, got list"),
    ],
)
def test_wrong_states_are_refused(packed, state, message):
    stream = kernels.StackStream(packed)
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        stream.set_state(state)
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.StackStream(packed, state)


def test_no_state_and_no_second_direction(packed, rng):
    message = "state must be a dict of arrays, got NoneType; reset() goes back to the start"
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.StackStream(packed).set_state(None)
    stack = Stack(cell("gru", input_size=3, hidden_size=5), 1, True)
    both = kernels.PackedStack(stack, stack.initialise(rng))
    message = "a stream needs a stack in one direction, got bidirectional=True; give forward whole sequences"
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.StackStream(both)


def test_a_stream_outlives_what_it_was_made_of(rng):
    stream = kernels.StackStream(random_stack(rng, "gru", 3, (3, 5), np.float64))
    stream.packed = None
    x = rng.normal(size=3)
    assert all(np.isfinite(stream._step(x)).all() for _ in range(10))


def test_threads_take_turns(rng):
    packed = random_stack(rng, "gru", 2, (4, 64), np.float32)
    x = np.ones(4, np.float32)
    alone = kernels.StackStream(packed)
    want = {alone.step(x).tobytes() for _ in range(4 * 500)}
    shared, got = kernels.StackStream(packed), []

    def work():
        got.extend([shared.step(x).tobytes() for _ in range(500)])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(got) == 2000
    assert set(got) == want
    for name, array in shared.state().items():
        np.testing.assert_array_equal(array, alone.state()[name])
