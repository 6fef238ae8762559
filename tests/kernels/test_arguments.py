"""What is wrong with an argument of the kernels is said in one line: name, what came, what was expected."""

import re

import numpy as np
import pytest

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack, cell

T, N, I, H = 5, 2, 3, 4  # noqa: E741
F = np.float32
STACK = Stack(cell("lstm", input_size=I, hidden_size=H), 2, True)
PARAMETERS = STACK.initialise(np.random.default_rng(0))
PACKED = kernels.PackedStack(STACK, PARAMETERS)


def zeros(*shape):
    return np.zeros(shape, F)


def states(**changes):
    return {"h": zeros(4, N, H), "c": zeros(4, N, H)} | changes


def refused(message):
    return pytest.raises(InputError, match="^" + re.escape(message) + "$")


ARRAYS = [
    ("x", (T, N, I), "(T, N, 3)"),
    ("dropout_masks", (1, T, N, 2 * H), "(1, 5, 2, 8)"),
    ("state 'h'", (4, N, H), "(4, 2, 4)"),
    ("state 'c'", (4, N, H), "(4, 2, 4)"),
    ("noise 'recurrent'", (4, N, H), "(4, 2, 4)"),
    ("noise 'keep_h'", (4, T, N, H), "(4, 5, 2, 4)"),
    ("noise 'keep_c'", (4, T, N, H), "(4, 5, 2, 4)"),
]
GRADIENT_ARRAYS = [
    ("output", (T, N, 2 * H), "(5, 2, 8)"),
    ("d_output", (T, N, 2 * H), "(5, 2, 8)"),
    ("d_state_n 'h'", (4, N, H), "(4, 2, 4)"),
    ("d_state_n 'c'", (4, N, H), "(4, 2, 4)"),
]


def forward(name, value):
    """A call with that value for the argument, or for the entry of the dict."""
    argument, *entry = name.replace("'", "").split(" ")
    if entry:
        value = (states() if argument == "state" else {}) | {entry[0]: value}
    given = {"x": zeros(T, N, I), "state": None, "lengths": None, "dropout_masks": None, "noise": None}
    return PACKED.forward_train(**given | {argument: value})


def backward(name, value):
    argument, *entry = name.replace("'", "").split(" ")
    x = zeros(T, N, I)
    output, state_n, tape = PACKED.forward_train(x)
    given = {"x": x, "state": None, "lengths": None, "dropout_masks": None, "noise": None}
    given |= {"output": output, "tape": tape, "d_output": output, "d_state_n": state_n}
    if argument == "noise":
        given["tape"] = zeros(kernels.tape_size(STACK, T, N, noisy=True))
    if entry:
        before = given[argument] if argument == "d_state_n" else states() if argument == "state" else {}
        value = before | {entry[0]: value}
    return kernels.backward(STACK, PARAMETERS, **given | {argument: value})


CALLS = [(forward, *array) for array in ARRAYS] + [(backward, *array) for array in ARRAYS + GRADIENT_ARRAYS]


@pytest.mark.parametrize(("call", "name", "shape", "wanted"), CALLS)
def test_arrays_of_other_shapes_and_kinds(call, name, shape, wanted):
    for wrong in [(*shape[:-1], shape[-1] + 1), shape[1:], (1, *shape), (shape[0] + 1, *shape[1:]), ()]:
        if name == "x" and wrong == (T + 1, N, I) and call is forward:
            continue  # a longer sequence
        if name == "x" and wrong == (T + 1, N, I):
            # The rest was made for another x, which the first of them to be checked says.
            with refused("output must have shape (6, 2, 8), got (5, 2, 8)"):
                call(name, zeros(*wrong))
            continue
        with refused(f"{name} must have shape {wanted}, got {wrong}"):
            call(name, zeros(*wrong))
    for dtype in ("complex64", "object", "<U3", "datetime64[s]"):
        with refused(f"{name} must hold real numbers, got {np.dtype(dtype)}"):
            call(name, np.zeros(shape, dtype))
    with refused(f"{name} must be a NumPy array, got list"):
        call(name, zeros(*shape).tolist())


@pytest.mark.parametrize(("call", "name", "shape", "wanted"), CALLS)
def test_arrays_of_other_precision_and_layout_are_copied(call, name, shape, wanted):
    right = np.random.default_rng(0).integers(0, 2, shape)
    unaligned = np.zeros(right.size * 4 + 1, np.uint8)[1:].view(F).reshape(shape)
    unaligned[...] = right
    fortran = np.asfortranarray(right.astype(F))
    readonly = right.astype(F)
    readonly.flags.writeable = False
    backwards = np.ascontiguousarray(right.astype(F)[..., ::-1])[..., ::-1]
    want = call(name, right.astype(F))[0]
    for same in (right, right.astype(bool), right.astype(">f8"), right.astype(np.float16)):
        np.testing.assert_array_equal(call(name, same)[0], want)
    for same in (unaligned, fortran, readonly, backwards):
        np.testing.assert_array_equal(call(name, same)[0], want)


@pytest.mark.parametrize("call", [forward, backward])
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x", None, "x must be a NumPy array, got NoneType"),
        ("state", [zeros(4, N, H)], "state must be a dict of arrays, got list"),
        ("state", zeros(4, N, H), "state must be a dict of arrays, got ndarray"),
        ("state", {}, "state 'h' is missing, got none"),
        ("state", {"h": zeros(4, N, H)}, "state 'c' is missing, got h"),
        ("state", states(n=zeros(4, N, H)), "state must be one of h, c, got 'n'"),
        ("state", {"h": None, "c": None}, "state 'h' must be a NumPy array, got NoneType"),
        ("noise", [zeros(4, N, H)], "noise must be a dict of arrays, got list"),
        (
            "noise",
            {"recurent": zeros(4, N, H)},
            "noise must be one of recurrent, keep_h, keep_c, got 'recurent'; did you mean 'recurrent'?",
        ),
        ("lengths", [5.0, 2.0], "lengths must be whole numbers, got float64"),
        ("lengths", [True, False], "lengths must be whole numbers, got bool"),
        ("lengths", [5, None], "lengths must be whole numbers, got object"),
        ("lengths", [[5], [2, 3]], "lengths must be 2 numbers, one for each row, got [[5], [2, 3]]"),
        ("lengths", 5, "lengths must be 2 numbers, one for each row, got shape ()"),
        ("lengths", [5, 6], "lengths must lie between 0 and the 5 steps given, got 6 in row 1"),
        ("lengths", [5, 2**62], f"lengths must lie between 0 and the 5 steps given, got {2**62} in row 1"),
        (
            "lengths",
            [-(2**63), 1],
            f"lengths must lie between 0 and the 5 steps given, got {-(2**63)} in row 0",
        ),
    ],
)
def test_other_arguments(call, name, value, message):
    with refused(message):
        call(name, value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("tape", None, "tape must be a NumPy array, got NoneType"),
        ("tape", zeros(7), "tape must have shape (2000,), got (7,)"),
        ("tape", zeros(2000, 1), "tape must have shape (2000,), got (2000, 1)"),
        ("tape", np.zeros(2000), "tape must be float32, as forward_train made it, got float64"),
        ("tape", np.zeros(2000, int), "tape must be float32, as forward_train made it, got int64"),
        ("tape", np.zeros(2000, complex), "tape must hold real numbers, got complex128"),
        ("d_output", None, "d_output must be a NumPy array, got NoneType"),
        ("d_state_n", {"h": zeros(4, N, H)}, "d_state_n 'c' is missing, got h"),
        ("d_state_n", (), "d_state_n must be a dict of arrays, got tuple"),
    ],
)
def test_arguments_of_backward(name, value, message):
    size = kernels.tape_size(STACK, T, N)
    if isinstance(value, np.ndarray) and 2000 in value.shape:
        value = np.resize(value, [size if n == 2000 else n for n in value.shape])
    with refused(message.replace("2000", str(size))):
        backward(name, value)


def test_a_strided_tape_is_copied():
    _, _, tape = PACKED.forward_train(zeros(T, N, I))
    np.testing.assert_array_equal(backward("tape", np.repeat(tape, 2)[::2])[0], backward("tape", tape)[0])


THREADS = [
    (0, "threads must be a whole number of at least 1, got 0"),
    (-1, "threads must be a whole number of at least 1, got -1"),
    (True, "threads must be a whole number of at least 1, got True"),
    (1.0, "threads must be a whole number of at least 1, got 1.0"),
    ("1", "threads must be a whole number of at least 1, got '1'"),
    (None, "threads must be a whole number of at least 1, got None"),
    (1025, "threads must be at most 1024, got 1025"),
    (10**30, f"threads must be at most 1024, got {10**30}"),
]


@pytest.mark.parametrize(("threads", "message"), THREADS)
def test_threads(threads, message):
    x = zeros(T, N, I)
    output, state_n, tape = PACKED.forward_train(x)
    with refused(message):
        kernels.PackedStack(STACK, PARAMETERS, threads=threads)
    with refused(message):
        PACKED.forward(x, threads=threads)
    with refused(message):
        PACKED.forward_train(x, threads=threads)
    with refused(message):
        kernels.backward(
            STACK, PARAMETERS, x, None, None, None, output, tape, output, state_n, threads=threads
        )
    with refused(message):
        kernels.Linear(zeros(2, 3))(zeros(3), threads=threads)
    assert PACKED.forward(x, threads=np.int16(2))[0].shape == output.shape


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (None, "parameters must be a dict of arrays, got NoneType"),
        ({}, "parameter weight_ih_l0 is missing, got none"),
        (PARAMETERS | {"bias_hh_l1": None}, "bias_hh_l1 must be a NumPy array, got NoneType"),
        (PARAMETERS | {"bias_hh_l1": zeros(3)}, "bias_hh_l1 must have shape (16,), got (3,)"),
        (
            PARAMETERS | {"bias_hh_l1": np.zeros(16, complex)},
            "bias_hh_l1 must hold real numbers, got complex128",
        ),
    ],
)
def test_parameters(parameters, message):
    with refused(message):
        kernels.PackedStack(STACK, parameters)
    with refused(message):
        kernels.backward(STACK, parameters, *[None] * 8)


@pytest.mark.parametrize(
    ("x", "state", "message"),
    [
        (zeros(4), None, "x must have shape (3,), got (4,)"),
        (zeros(1, 3), None, "x must have shape (3,), got (1, 3)"),
        ([1, 2, 3], None, "x must be a NumPy array, got list"),
        (np.zeros(3, complex), None, "x must hold real numbers, got complex128"),
        (zeros(3), {"h": zeros(2, 4)}, "state 'c' is missing, got h"),
        (
            zeros(3),
            {"h": zeros(2, 1, 4), "c": zeros(2, 4)},
            "state 'h' must have shape (2, 4), got (2, 1, 4)",
        ),
    ],
)
def test_step(x, state, message):
    stack = Stack(cell("lstm", input_size=I, hidden_size=H), 2)
    with refused(message):
        kernels.PackedStack(stack, stack.initialise(np.random.default_rng(0))).step(x, state)
    with refused("step needs a stack in one direction, got bidirectional=True; give forward whole sequences"):
        PACKED.step(x, state)


@pytest.mark.parametrize(
    ("weight", "bias", "message"),
    [
        (None, None, "weight must be a NumPy array, got NoneType"),
        (zeros(3), None, "weight must have shape (M, K), got (3,)"),
        (zeros(0, 3), None, "weight must have shape (M, K), both at least 1, got (0, 3)"),
        (np.zeros((2, 3), int), None, "weight must be float32 or float64, got int64; convert it with astype"),
        (zeros(2, 3), zeros(3), "bias must have shape (2,), got (3,)"),
        (zeros(2, 3), [0.0, 0.0], "bias must be a NumPy array, got list"),
        (zeros(2, 3), np.zeros(2), "bias is float64 but weight is float32; give all of them one precision"),
    ],
)
def test_weights_of_a_linear_map(weight, bias, message):
    with refused(message):
        kernels.Linear(weight, bias)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0, 2.0, 3.0], "x must be a NumPy array, got list"),
        (zeros(4), "x must have shape (..., 3), got (4,)"),
        (zeros(3, 4), "x must have shape (..., 3), got (3, 4)"),
        (zeros(), "x must have shape (..., 3), got ()"),
        (np.zeros(3, complex), "x must hold real numbers, got complex128"),
    ],
)
def test_inputs_of_a_linear_map(x, message):
    with refused(message):
        kernels.Linear(zeros(2, 3))(x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0, 2.0, 3.0], "x must be a NumPy array, got list"),
        (zeros(4), "x must have shape (3,), got (4,)"),
        (zeros(1, 3), "x must have shape (3,), got (1, 3)"),
        (np.zeros(3, complex), "x must hold real numbers, got complex128"),
    ],
)
def test_a_row_of_a_linear_map(x, message):
    with refused(message):
        kernels.Linear(zeros(2, 3)).row(x)


@pytest.mark.parametrize("dtype", [F, np.float64])
@pytest.mark.parametrize("outputs", [1, 2, 16, 67])
def test_a_row_of_a_linear_map_has_the_bits_of_many(outputs, dtype):
    rng = np.random.default_rng(0)
    linear = kernels.Linear(*(rng.normal(size=shape).astype(dtype) for shape in [(outputs, 5), (outputs,)]))
    x = rng.normal(size=(7, 5)).astype(F)
    want = linear(x.astype(dtype))
    for row, expected in zip(x, want):
        for same in (row.astype(dtype), row, row.astype(">f4"), np.repeat(row, 2)[::2]):
            np.testing.assert_array_equal(linear.row(same), expected, strict=True)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(3, int), "x must be float32 or float64, got int64; convert it with astype"),
        (np.zeros(3, ">f4"), "x must be float32 or float64, got >f4; convert it with astype"),
        (zeros(3, 3), "x must have shape (K,), got (3, 3)"),
        ([0.0], "x must be a NumPy array, got list"),
    ],
)
def test_activations(x, message):
    with refused(message):
        kernels.activations(x)


def test_activations_of_any_layout():
    x = np.linspace(-3, 3, 8, dtype=F)
    for same in (x, np.repeat(x, 2)[::2], x[::-1].copy()[::-1]):
        sigmoid, tanh = kernels.activations(same)
        np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-x)), rtol=1e-6)
        np.testing.assert_allclose(tanh, np.tanh(x), rtol=1e-6)
