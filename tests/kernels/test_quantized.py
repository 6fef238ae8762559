"""Streams with rounded weights: bfloat16 has the bits of the rounded values, int8 sums whole numbers."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recurra.kernels._native as native
from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack, cell

CELLS = [("rnn", {}), ("rnn", {"nonlinearity": "relu"}), ("lstm", {}), ("gru", {})]
F = np.float32


def random_stack(rng, name, layers, sizes, **options):
    stack = Stack(cell(name, input_size=sizes[0], hidden_size=sizes[1], **options), layers)
    return stack, {k: rng.normal(0, 0.4, s).astype(F) for k, s in stack.parameter_shapes().items()}


def random_state(rng, stack):
    return {name: rng.normal(size=(s[0], s[2])).astype(F) for name, s in stack.state_shapes(1).items()}


def nearest_bfloat16(values):
    """The nearest float32 whose lower half is zero, of two equally near the one with an even last bit."""
    below = (values.view(np.uint32) & np.uint32(0xFFFF0000)).view(F)
    above = (below.view(np.uint32) + np.uint32(0x10000)).view(F)
    down, up = np.abs(values.astype(float) - below), np.abs(values.astype(float) - above)
    odd = below.view(np.uint32) >> 16 & 1 == 1
    return np.where((up < down) | ((up == down) & odd), above, below)


def whole(values):
    """Whole numbers from -127 to 127 and what one stands for, along the last axis."""
    largest = np.abs(values).max(-1, keepdims=True)
    inverse = np.divide(F(127), largest, out=np.zeros_like(largest), where=largest > 0)
    return np.rint(values * inverse).astype(np.int64), (largest / F(127)).astype(float)


def product(weight, vector):
    (q, scale), (n, own) = whole(weight), whole(vector)
    return (q @ n) * (scale[:, 0] * own[0])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def int8_step(stack, p, x, state):
    """One step in NumPy: the sums in whole numbers, the rest in float64."""
    h_new, c_new = [], []
    for k, run in enumerate(stack.layers()):
        own = {name: array.astype(float) for name, array in run.parameters(p).items()}
        zeros = np.zeros(len(own["weight_ih"]))
        a = product(run.parameters(p)["weight_ih"], x) + own.get("bias_ih", zeros)
        b = product(run.parameters(p)["weight_hh"], state["h"][k]) + own.get("bias_hh", zeros)
        h = state["h"][k].astype(float)
        if stack.cell.name == "lstm":
            i, f, g, o = np.split(a + b, 4)
            c = sigmoid(f) * state["c"][k] + sigmoid(i) * np.tanh(g)
            c_new.append(c)
            h = sigmoid(o) * np.tanh(c)
        elif stack.cell.name == "gru":
            (r, z, n), (r_h, z_h, n_h) = np.split(a, 3), np.split(b, 3)
            n, z = np.tanh(n + sigmoid(r + r_h) * n_h), sigmoid(z + z_h)
            h = (1 - z) * n + z * h
        else:
            h = np.tanh(a + b) if stack.cell.nonlinearity == "tanh" else np.maximum(a + b, 0)
        h_new.append(h)
        x = h.astype(F)
    return {"h": np.array(h_new), **({"c": np.array(c_new)} if c_new else {})}


def check_int8(rng, kind, layers, sizes, bias=True, steps=3):
    """One layer after the other against NumPy; returns the outputs of some steps."""
    name, options = kind
    stack, p = random_stack(rng, name, layers, sizes, bias=bias, **options)
    state = random_state(rng, stack)
    stream = kernels.StackStream(kernels.QuantizedStack(stack, p, "int8"), state)
    outputs = []
    for _ in range(steps):
        x = rng.normal(size=sizes[0]).astype(F)
        want = int8_step(stack, p, x, state)
        outputs.append(stream.step(x))
        state = stream.state()
        # Only the first layer gets just what NumPy's gets: its output's rounding can move a whole number.
        for key, array in state.items():
            np.testing.assert_allclose(array[0], want[key][0], rtol=2e-5, atol=2e-5)
            np.testing.assert_allclose(array, want[key], atol=0.1)
        np.testing.assert_array_equal(outputs[-1], state["h"][-1])
    return np.array(outputs)


def check_bfloat16(rng, kind, layers, sizes, bias=True, steps=4):
    """The bits of the stream whose float32 weights have the rounded values."""
    name, options = kind
    stack, p = random_stack(rng, name, layers, sizes, bias=bias, **options)
    rounded = {k: nearest_bfloat16(a) if k.startswith("weight") else a for k, a in p.items()}
    state = random_state(rng, stack)
    stream = kernels.StackStream(kernels.QuantizedStack(stack, p, "bfloat16"), state)
    exact = kernels.StackStream(kernels.PackedStack(stack, rounded), state)
    x = rng.normal(size=(steps, sizes[0])).astype(F)
    got = np.array([stream.step(row) for row in x])
    np.testing.assert_array_equal(got, [exact.step(row) for row in x], strict=True)
    for key, array in stream.state().items():
        np.testing.assert_array_equal(array, exact.state()[key])
    return got


CHECKS = {"bfloat16": check_bfloat16, "int8": check_int8}


@pytest.mark.parametrize("weights", CHECKS)
@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(CELLS),
    layers=st.integers(1, 3),
    sizes=st.tuples(st.integers(1, 40), st.one_of(st.integers(1, 40), st.integers(100, 300))),
    bias=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_steps(weights, kind, layers, sizes, bias, seed):
    CHECKS[weights](np.random.default_rng(seed), kind, layers, sizes, bias)


def digest_of_many():
    """Checks every cell at sizes around those of panels, and returns what identifies the outputs."""
    rng, digest = np.random.default_rng(0), hashlib.sha256()
    for check in CHECKS.values():
        for kind in CELLS:
            for sizes in ((1, 1), (3, 16), (17, 33), (64, 129), (5, 256)):
                digest.update(check(rng, kind, 2, sizes).tobytes())
    return digest.hexdigest()


def test_every_variant_is_right_and_those_that_fuse_give_the_same_bits():
    code = "from tests.kernels.test_quantized import digest_of_many as d; print(d())"
    found = {}
    for variant in kernels.available():
        environment = os.environ | {"RECURRA_KERNELS": variant}
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        found[variant] = ran.stdout
    assert len({digest for variant, digest in found.items() if variant != "baseline"}) <= 1


@pytest.mark.parametrize("hidden", [5, 40])
def test_the_largest_sums_are_exact(hidden):
    """Every product is 127², as many of them as there may be."""
    stack = Stack(cell("rnn", input_size=65536, hidden_size=hidden, nonlinearity="relu"))
    p = {name: np.ones(shape, F) for name, shape in stack.parameter_shapes().items()}
    p["weight_hh_l0"][:] = 0
    p["weight_ih_l0"][1::2] = -1
    stream = kernels.StackStream(kernels.QuantizedStack(stack, p, "int8"))
    for sign in (1, -1):
        stream.reset()
        want = np.where(np.arange(hidden) % 2, -sign, sign) * 65536.0 + 2
        np.testing.assert_allclose(stream.step(np.full(65536, sign, F)), np.maximum(want, 0), rtol=1e-6)


@pytest.mark.parametrize("weights", CHECKS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_stays_nan(weights, bad):
    rng = np.random.default_rng(1)
    stack, p = random_stack(rng, "gru", 1, (5, 20))
    p["weight_ih_l0"][3, 2] = bad if np.isnan(bad) else 1
    packed = kernels.QuantizedStack(stack, p, weights)
    if np.isnan(bad):
        assert np.isnan(kernels.StackStream(packed).step(np.ones(5, F))[3])
        assert np.isfinite(np.delete(kernels.StackStream(packed).step(np.ones(5, F)), 3)).all()
    if np.isnan(bad) or weights == "int8":
        stream = kernels.StackStream(packed)
        assert np.isnan(stream.step(np.array([0, bad, 1, 2, 3], F))).all()


@pytest.mark.parametrize("scale", [0, 1e-45, 1e-36, 1e-25, 1e30])
def test_values_of_any_magnitude(scale):
    rng = np.random.default_rng(2)
    stack, p = random_stack(rng, "rnn", 1, (7, 20), nonlinearity="relu")
    p["weight_ih_l0"] *= F(scale)
    x = rng.normal(size=7).astype(F)
    exact, rounded = (
        kernels.StackStream(packed).step(x)
        for packed in (kernels.PackedStack(stack, p), kernels.QuantizedStack(stack, p, "int8"))
    )
    np.testing.assert_allclose(rounded, exact, atol=0.05 * max(1, scale))
    p["weight_ih_l0"][:] = 1
    stream = kernels.StackStream(kernels.QuantizedStack(stack, p, "int8"))
    want = np.maximum(F(scale) * 7 + p["bias_ih_l0"] + p["bias_hh_l0"], 0)
    np.testing.assert_allclose(stream.step(np.full(7, scale, F)), want, rtol=1e-5, atol=1e-20)


def test_the_weights_are_copied_and_take_less_room():
    rng = np.random.default_rng(3)
    stack, p = random_stack(rng, "lstm", 2, (9, 30))
    x = rng.normal(size=9).astype(F)
    packed = kernels.QuantizedStack(stack, p, "int8")
    want = kernels.StackStream(packed).step(x)
    for array in p.values():
        array[:] = 0
    np.testing.assert_array_equal(kernels.StackStream(packed).step(x), want)


def test_largest_difference():
    rng = np.random.default_rng(4)
    stack, p = random_stack(rng, "gru", 1, (9, 30))
    x = rng.normal(size=(20, 9)).astype(F)
    exact = kernels.PackedStack(stack, p)

    def difference(packed):
        return kernels.largest_difference(kernels.StackStream(exact), kernels.StackStream(packed), x)

    assert difference(exact) == 0
    stream, other = (
        kernels.StackStream(packed) for packed in (exact, kernels.QuantizedStack(stack, p, "int8"))
    )
    want = np.abs([stream.step(row) - other.step(row) for row in x]).max()
    assert difference(kernels.QuantizedStack(stack, p, "int8")) == want
    assert 0 < difference(kernels.QuantizedStack(stack, p, "bfloat16")) < want < 0.2
    for wrong, message in (
        (x[0], "x must have shape (T, 9), got (9,)"),
        (x[:0], "x must hold at least one step, got shape (0, 9)"),
    ):
        with pytest.raises(InputError, match=re.escape(message) + "$"):
            kernels.largest_difference(stream, other, wrong)


@pytest.mark.parametrize(
    ("name", "options", "dtype", "weights", "message"),
    [
        ("gru", {}, F, "int4", "weights must be one of bfloat16, int8, got 'int4'; did you mean 'int8'?"),
        ("gru", {}, float, "int8", "weights='int8' needs float32 parameters, got float64; convert them"),
        ("min_gru", {}, F, "int8", "weights='int8' goes with rnn, lstm, gru, got min_gru"),
        (
            "gru",
            {"reset_after": False},
            F,
            "int8",
            "weights='int8' goes with plain cells only, got reset_after=False",
        ),
        (
            "lstm",
            {"layer_norm": True},
            F,
            "bfloat16",
            "weights='bfloat16' goes with plain cells only, got layer_norm=True",
        ),
        (
            "lstm",
            {"peephole": True},
            F,
            "int8",
            "weights='int8' goes with plain cells only, got peephole=True",
        ),
        ("lstm", {"proj_size": 2}, F, "int8", "weights='int8' goes with plain cells only, got proj_size=2"),
        ("rnn", {"zoneout": 0.5}, F, "int8", "weights='int8' goes with plain cells only, got zoneout=0.5"),
    ],
)
def test_what_is_refused_by_name(name, options, dtype, weights, message):
    stack = Stack(cell(name, input_size=3, hidden_size=5, **options))
    p = {k: np.zeros(shape, dtype) for k, shape in stack.parameter_shapes().items()}
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.QuantizedStack(stack, p, weights)


def test_sizes_and_directions_that_are_refused():
    large = Stack(cell("rnn", input_size=65537, hidden_size=1))
    p = {k: np.zeros(shape, F) for k, shape in large.parameter_shapes().items()}
    message = "weights='int8' goes with at most 65536 inputs and units, got 65537 and 1"
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.QuantizedStack(large, p, "int8")
    both = Stack(cell("rnn", input_size=3, hidden_size=5), 1, True)
    p = {k: np.zeros(shape, F) for k, shape in both.parameter_shapes().items()}
    message = "a stream needs a stack in one direction, got bidirectional=True; give forward whole sequences"
    with pytest.raises(InputError, match=re.escape(message) + "$"):
        kernels.StackStream(kernels.QuantizedStack(both, p, "int8"))


def test_the_native_layer_refuses_what_it_can_not_read():
    plain = {"weight_ih": np.zeros((12, 2), F), "weight_hh": np.zeros((12, 3), F)}
    gru = {"weight_ih": np.zeros((9, 2), F), "weight_hh": np.zeros((9, 3), F)}
    layer = native.QuantizedLayer("lstm", plain, "int8")
    wide = {"weight_ih": np.zeros((1, 65537), F), "weight_hh": np.zeros((1, 1), F)}
    for arguments, message in (
        (("lstm", plain, "int4"), "storage must be bfloat16 or int8, got 'int4'"),
        (
            ("lstm", plain | {f"weight_c{g}": np.zeros(3, F) for g in "ifo"}, "int8"),
            "int8 weights go with a plain rnn_tanh, rnn_relu, lstm or gru only",
        ),
        (
            ("min_gru", {"weight_ih": np.zeros((6, 2), F)}, "int8"),
            "int8 weights go with a plain rnn_tanh, rnn_relu, lstm or gru only",
        ),
        (
            ("gru_reset_before", gru, "bfloat16"),
            "bfloat16 weights go with a plain rnn_tanh, rnn_relu, lstm or gru only",
        ),
        (("rnn_tanh", wide, "int8"), "int8 weights go with at most 65536 inputs and units, got (65537, 1)"),
        (("lstm", plain | {"bias": np.zeros(12, F)}, "int8"), "bias is none of this layer's arrays"),
        (("lstm", {"weight_ih": plain["weight_ih"]}, "int8"), "weight_hh is missing"),
    ):
        with pytest.raises(ValueError, match=re.escape(message) + "$"):
            native.QuantizedLayer(*arguments)
    with pytest.raises(ValueError, match=re.escape("rounded weights take no zoneout, got 0.500000") + "$"):
        native.QuantizedStream([layer], 0.5)
    other = native.Layer32("lstm", plain, 1)
    for layers in ([other], [None], [layer, other]):
        with pytest.raises(TypeError, match="layers must be layers of this stream's precision"):
            native.QuantizedStream(layers, 0.0)
    with pytest.raises(TypeError, match="layers must be layers of this stream's precision"):
        native.Stream32([layer], 0.0)
    stream = native.QuantizedStream([layer], 0.0)
    for x in (np.zeros(3, F), np.zeros((1, 2), F)):
        with pytest.raises(ValueError, match="x must have shape"):
            stream.step(x)
    with pytest.raises(TypeError):
        stream.step(np.zeros(2))
