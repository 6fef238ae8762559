"""The native module refuses whatever is not exactly what it reads: always an error, never a crash or a write.

`make sanitize` runs this file once more, against a build that stops at any access outside an array.
"""

import copy
import itertools
import math

import numpy as np
import pytest

import recurra.kernels._native as native

T, N, I, H, R = 3, 4, 5, 7, 2  # noqa: E741
REFUSED = (TypeError, ValueError)
DTYPES = [np.float32, np.float64]
UNTOUCHED = 9.0


def of(name, dtype):
    return getattr(native, name + ("32" if dtype is np.float32 else "64"))


def random(dtype, *shape):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


def room(dtype, *shape):
    return np.full(shape, UNTOUCHED, dtype)


def lstm_weights(make):
    """Every array that an LSTM may have."""
    shapes = {"weight_ih": (4 * H, I), "weight_hh": (4 * H, R), "bias_ih": (4 * H,), "bias_hh": (4 * H,)}
    shapes |= {"weight_hr": (R, H)} | {f"weight_c{gate}": (H,) for gate in "ifo"}
    shapes |= {f"ln_{part}_weight": (4 * H,) for part in ("ih", "hh")}
    shapes |= {"ln_c_weight": (H,), "ln_c_bias": (H,)}
    return {name: make(*shape) for name, shape in shapes.items()}


class Calls:
    """A right call of every function that takes arrays, as function and keyword arguments."""

    def __init__(self, dtype):
        def given(*shape):
            return random(dtype, *shape)

        def written(*shape):
            return room(dtype, *shape)

        size = T * N * native.tape_per_step("lstm", H, R, True, True, True)[dtype is np.float64]
        weights = lstm_weights(given)
        layer = of("Layer", dtype)("lstm", weights, 1)
        small = of("Layer", dtype)("gru", {"weight_ih": given(6, 2), "weight_hh": given(6, 2)}, 1)
        plain, wide = (
            of("Layer", dtype)("lstm", {"weight_ih": given(8, width), "weight_hh": given(8, 2)}, 1)
            for width in (2, 3)
        )
        noise = {"recurrent": given(N, R), "keep_h": given(T, N, R), "keep_c": given(T, N, H)}
        states = {"h0": given(N, R), "c0": given(N, H)}
        lengths = np.array([3, 0, 1, 2])
        self.of = {
            "Layer": (of("Layer", dtype), {"cell": "lstm", "weights": weights, "threads": 1}),
            "Layer.forward": (
                layer.forward,
                {"x": given(T, N, I), **states, "lengths": lengths, "reverse": True, "y": written(T, N, R)}
                | {"h_n": written(N, R), "c_n": written(N, H), "tape": written(size), **noise}
                | {"zoneout": 0.5, "threads": 1},
            ),
            "Layer.step": (
                layer.step,
                {"x": given(I), "h": given(R), "c": given(H), "h_new": written(R), "c_new": written(H)}
                | {"zoneout": 0.5},
            ),
            "backward": (
                of("backward", dtype),
                {"cell": "lstm", "weights": weights, "x": given(T, N, I), **states, "lengths": lengths}
                | {"reverse": True, "y": given(T, N, R), "tape": given(size), "dy": given(T, N, R)}
                | {"dh_n": given(N, R), "dc_n": given(N, H), "dx": written(T, N, I), "dh0": written(N, R)}
                | {"dc0": written(N, H), "gradients": lstm_weights(written), **noise}
                | {"zoneout": 0.5, "threads": 1},
            ),
            "Stream": (of("Stream", dtype), {"layers": [small, small], "zoneout": 0.5}),
            "Stream.step": (of("Stream", dtype)([layer], 0.5).step, {"x": given(I)}),
            "Stream.read_state": (
                of("Stream", dtype)([layer], 0.5).read_state,
                {"h": written(1, R), "c": written(1, H)},
            ),
            "Stream.write_state": (
                of("Stream", dtype)([layer], 0.5).write_state,
                {"h": given(1, R), "c": given(1, H)},
            ),
            "Projected": (of("Projected", dtype), {"layer": small, "x": given(N, 2)}),
            "Stream.step_of": (
                of("Stream", dtype)([small], 0.0).step_of,
                {"inputs": of("Projected", dtype)(small, given(N, 2)), "index": N - 1},
            ),
            "step_rows_of": (
                of("step_rows_of", dtype),
                {"layer": wide, "inputs": of("Projected", dtype)(plain, given(I, 2)), "h": given(N, 2)}
                | {"places": np.array([I - 1, 0, 0, 1]), "x": given(N, 3), "c": given(N, 2)}
                | {"h_new": written(N, 2), "c_new": written(N, 2), "threads": 1},
            ),
            "Linear": (of("Linear", dtype), {"weight": given(H, I), "bias": given(H)}),
            "Linear.forward": (
                of("Linear", dtype)(given(H, I), None).forward,
                {"x": given(N, I), "y": written(N, H), "threads": 1},
            ),
            "Linear.row": (
                of("Linear", dtype)(given(H, I), None).row,
                {"x": given(I), "y": written(H)},
            ),
            "activations": (
                of("activations", dtype),
                {"x": given(H), "sigmoid": written(H), "tanh": written(H)},
            ),
            "log_softmax": (of("log_softmax", dtype), {"x": given(N, H), "y": written(N, H)}),
            "additive": (
                of("additive", dtype),
                {"query": given(N, H), "key": given(T, H), "v": given(H), "values": given(T, I)}
                | {"context": written(N, I), "shares": written(N, T)},
            ),
            "highest": (
                of("highest", dtype),
                {"x": given(N, H), "totals": np.arange(N) / 8, "groups": np.arange(N) // 2, "most": R}
                | {"row": room(np.int64, N, R), "column": room(np.int64, N, R), "sum": room(float, N, R)},
            ),
            "tanh": (of("tanh", dtype), {"x": given(N, H), "y": written(N, H)}),
            "mask": (of("mask", dtype), {"key": 1, "below": 2**31, "value": 2.0, "mask": written(N)}),
        }


CALLS = {dtype: Calls(dtype).of for dtype in DTYPES}
NAMES = list(CALLS[np.float32])
OPTIONAL = {"lengths", "tape", "dx", "recurrent", "keep_h", "keep_c", "bias"}
STRIDED = {"x", "y", "dy", "dx", "keep_h", "keep_c"}
"""Arrays over steps and rows, which only need a contiguous last axis."""


def arrays_in(arguments):
    """Each array by its path: its name, or those of the dict around it and its own."""
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            yield (name,), value
        elif isinstance(value, dict):
            yield from (((name, inner), array) for inner, array in value.items())


def written_in(arguments):
    return {path: array for path, array in arrays_in(arguments) if (array == UNTOUCHED).all()}


def changed(arguments, changes):
    """The arguments with something else, or nothing (`del`), at those paths."""
    arguments = {k: dict(v) if isinstance(v, dict) else v for k, v in arguments.items()}
    for (*outer, name), value in changes.items():
        holder = arguments[outer[0]] if outer else arguments
        if value is MISSING:
            del holder[name]
        else:
            holder[name] = value
    return arguments


MISSING = object()


def assert_refused(function, arguments, changes):
    written = written_in(arguments).values()
    with pytest.raises(REFUSED):
        function(**changed(arguments, changes))
    assert all((array == UNTOUCHED).all() for array in written)


def misaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    return memory.view(array.dtype).reshape(array.shape)


def swapped(array):
    return array.astype(array.dtype.newbyteorder())


def nonsense(array, *, strided=False, free_axis=None):
    """What may not stand in the array's place."""
    other = {np.dtype("f4"): "f8", np.dtype("f8"): "f4", np.dtype("i8"): "i4"}[array.dtype]
    yield from (array.tolist(), 1, 1.5, "array", b"bytes" * 8, object(), {}, ..., memoryview(b"12345678"))
    yield from (array.astype(kind) for kind in (other, "i1", "u8", "f2", "c8", "c16", "?", "O", "S8"))
    yield from (
        swapped(array),
        misaligned(array),
        np.zeros(array.shape, [("a", array.dtype), ("b", "i1")])["a"],
    )
    yield from (array[0], array[None], array[..., None], array.reshape(-1, 1), array.ravel()[0])
    yield np.zeros((), array.dtype)
    for k, size in enumerate(array.shape):
        free = {1, size - 1, size + 1} if k == free_axis else set()
        for wrong in {0, 1, size - 1, size + 1} - {size} - free:
            yield np.zeros((*array.shape[:k], wrong, *array.shape[k + 1 :]), array.dtype)
        # Sizes that no memory holds, without the memory.
        yield np.broadcast_to(array[:1].reshape(-1)[0], (*array.shape[:k], 2**40, *array.shape[k + 1 :]))
    yield np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)[..., ::2]
    if array.shape[-1] > 1:
        yield from (np.broadcast_to(array[..., :1], array.shape), array[..., ::-1])
    if array.ndim > 1 and array.shape[0] > 1 and not strided:
        yield from (array[::-1], np.repeat(array, 2, axis=0)[::2], np.asfortranarray(array))


every_call = pytest.mark.parametrize(
    ("function", "arguments"),
    [
        pytest.param(*call, id=f"{name} {np.dtype(dtype)}")
        for dtype in DTYPES
        for name, call in CALLS[dtype].items()
    ],
)


@every_call
def test_right_calls_are_answered_and_fill_what_they_write(function, arguments):
    made = {k: v for k, v in arguments.items() if k in ("layers", "layer", "inputs")}
    arguments = copy.deepcopy({k: v for k, v in arguments.items() if k not in made}) | made
    written = written_in(arguments).values()
    function(**arguments)
    assert not any((array == UNTOUCHED).all() for array in written)


@every_call
def test_wrong_arrays_are_refused(function, arguments):
    for path, array in arrays_in(arguments):
        strided = len(path) == 1 and path[0] in STRIDED and array.ndim == 3
        # The width of the inputs is what these say it is, and so are the numbers of those to be projected, of
        # those to be looked through and of what is to be drawn.
        any_width = path == ("weight",) or (path[-1] == "weight_ih" and "x" not in arguments)
        any_width |= path == ("x",) and "most" in arguments
        any_count = function.__name__.startswith("mask") or arguments.keys() == {"layer", "x"}
        free_axis = 1 if any_width else 0 if any_count else None
        for wrong in nonsense(array, strided=strided, free_axis=free_axis):
            if function.__name__.startswith("mask") and not np.size(wrong):
                continue  # nothing is drawn
            assert_refused(function, arguments, {path: wrong})


@every_call
def test_what_is_written_must_be_writable_with_a_place_for_every_value(function, arguments):
    for path, array in written_in(arguments).items():
        fixed = array.copy()
        fixed.flags.writeable = False
        assert_refused(function, arguments, {path: fixed})
        for axis in (k for k, size in enumerate(array.shape[:-1]) if size > 1):
            strides = tuple(stride * (k != axis) for k, stride in enumerate(array.strides))
            twice = np.lib.stride_tricks.as_strided(array, strides=strides)
            assert_refused(function, arguments, {path: twice})


@every_call
def test_what_is_written_must_share_no_memory(function, arguments):
    for path, array in written_in(arguments).items():
        for other_path, other in arrays_in(arguments):
            if path == other_path or other.dtype != array.dtype:
                continue
            # The last value of one is the first of the other.
            memory = room(array.dtype, array.size + other.size - 1)
            mine = memory[: array.size].reshape(array.shape)
            theirs = memory[array.size - 1 :].reshape(other.shape)
            with pytest.raises(ValueError, match="must not share memory with"):
                function(**changed(arguments, {path: mine, other_path: theirs}))
            assert (memory == UNTOUCHED).all()


@every_call
def test_none_and_missing_and_unknown_arguments_are_refused(function, arguments):
    for name in arguments:
        if name not in OPTIONAL:
            assert_refused(function, arguments, {(name,): None})
        assert_refused(function, arguments, {(name,): MISSING})
    assert_refused(function, arguments, {("unknown",): 1})
    with pytest.raises(TypeError):
        function(*range(100))


SCALARS = {
    "cell": ["", "LSTM", "rnn", "lstm\0", 3, b"lstm", "gru", "min_gru", "rnn_tanh"],
    "reverse": [1, 0.0, "yes", np.ones(2)],
    "zoneout": [-0.1, 1.1, math.nan, math.inf, -math.inf, "0.5", 1j, 10**400],
    "threads": [0, -1, 1025, 2**31, 2**63, 10**30, -(10**30), 1.0, "1", np.ones(1)],
    "weights": [[], (), "weights", {}, {1: np.ones(1)}, {None: None}],
    "gradients": [[], (), "gradients", {}, {1: np.ones(1)}, {None: None}],
    "most": [0, -1, R + 1, 2**62, 2**63, -(2**63), 10**30, 1.0, "1", None, np.int64(1), np.ones(1)],
    "layer": [None, 1, "layer", [], native.Layer32, np.ones(3)],
    "inputs": [None, 1, "inputs", [], native.Projected32, np.ones(3)],
    "index": [-1, N, 2**62, 2**63, -(2**63), 10**30, 1.0, "1", None, True, np.int64(1), np.ones(1)],
    "layers": [(), [], [None], [1], "layers", {}, [native.Linear32], [np.ones(3)]],
}


@every_call
def test_wrong_scalars_and_containers_are_refused(function, arguments):
    for name in arguments.keys() & SCALARS.keys():
        for wrong in SCALARS[name]:
            assert_refused(function, arguments, {(name,): wrong})


@every_call
def test_a_layer_has_all_its_arrays_and_no_more(function, arguments):
    for path, _ in arrays_in(arguments):
        if len(path) == 2:
            assert_refused(function, arguments, {path: MISSING})
            assert_refused(function, arguments, {path: None})
    for group in {"weights", "gradients"} & arguments.keys():
        for extra in ("weight", "weight_hr_l0", "", "ln_hh_bias"):
            assert_refused(function, arguments, {(group, extra): random(np.float32, H)})


def test_none_of_the_highest_is_refused():
    function, arguments = CALLS[np.float32]["highest"]
    rooms = {("row",): room(np.int64, N, 0), ("column",): room(np.int64, N, 0), ("sum",): room(float, N, 0)}
    assert_refused(function, arguments, {("most",): 0, **rooms})


def test_sizes_that_no_layer_has_are_refused():
    f = np.float32
    for cell, weights in [
        ("rnn_tanh", {"weight_ih": (0, 3), "weight_hh": (0, 0)}),
        ("rnn_tanh", {"weight_ih": (3, 0), "weight_hh": (3, 3)}),
        ("lstm", {"weight_ih": (3, 3), "weight_hh": (3, 0)}),
        ("lstm", {"weight_ih": (13, 3), "weight_hh": (13, 3)}),
        ("lstm", {"weight_ih": (12, 3), "weight_hh": (12, 3), "weight_hr": (3, 3)}),
        ("lstm", {"weight_ih": (12, 3), "weight_hh": (12, 0), "weight_hr": (0, 3)}),
        ("gru", {"weight_ih": (9, 3), "weight_hh": (9, 2), "weight_hr": (2, 3)}),
        ("gru", {"weight_ih": (9, 3), "weight_hh": (9, 3), "weight_ci": (3,)}),
        ("gru", {"weight_ih": (9, 3), "weight_hh": (9, 3), "bias_hh": (9,)}),
        ("min_gru", {"weight_ih": (6, 3), "weight_hh": (6, 3)}),
        ("min_gru", {"weight_ih": (6, 3), "ln_ih_weight": (6,), "ln_hh_weight": (6,)}),
        ("min_lstm", {"weight_ih": (9, 3), "bias_ih": (9,), "bias_hh": (9,)}),
    ]:
        with pytest.raises(ValueError, match=r"must|is missing|is none of"):
            native.Layer32(cell, {name: np.zeros(shape, f) for name, shape in weights.items()}, 1)
    for shape in [(0, 3), (3, 0), (0, 0)]:
        with pytest.raises(ValueError, match=r"weight must have shape \(M, K\), both at least 1"):
            native.Linear32(np.zeros(shape, f), None)


@pytest.mark.parametrize("lengths", [[4, 0, 0, 0], [0, -1, 0, 0], [0, 0, 2**62, 0], [0, 0, 0, -(2**63)]])
@pytest.mark.parametrize("name", ["Layer.forward", "backward"])
def test_lengths_outside_the_steps_are_refused(name, lengths):
    function, arguments = CALLS[np.float32][name]
    assert_refused(function, arguments, {("lengths",): np.array(lengths)})


@pytest.mark.filterwarnings("ignore:nanobind")
def test_what_goes_with_other_cells_is_refused():
    f = np.float32
    shapes = {"gru": {"weight_ih": (9, 2), "weight_hh": (9, 3)}, "min_gru": {"weight_ih": (6, 2)}}
    for cell, weights in shapes.items():
        layer = native.Layer32(cell, {name: random(f, *shape) for name, shape in weights.items()}, 1)
        right = {
            "x": random(f, 2, 1, 2),
            "h0": random(f, 1, 3),
            "c0": None,
            "lengths": None,
            "reverse": False,
        }
        right |= {"y": room(f, 2, 1, 3), "h_n": room(f, 1, 3), "c_n": None, "tape": None, "recurrent": None}
        right |= {"keep_h": None, "keep_c": None, "zoneout": 0.0, "threads": 1}
        layer.forward(**copy.deepcopy(right))
        wrong = {"c0": random(f, 1, 3), "c_n": random(f, 1, 3), "keep_c": random(f, 2, 1, 3)}
        if cell == "min_gru":
            wrong |= {"recurrent": random(f, 1, 3), "keep_h": random(f, 2, 1, 3), "zoneout": 0.5}
        for name, value in wrong.items():
            assert_refused(layer.forward, right, {(name,): value})
        other = native.Layer32("rnn_tanh", {"weight_ih": random(f, 3, 3), "weight_hh": random(f, 3, 3)}, 1)
        for layers in (
            [layer, layer],
            [layer, other],
            [native.Layer64],
            [native.Layer32.__new__(native.Layer32)],
        ):
            with pytest.raises(REFUSED):
                native.Stream32(layers, 0.0)


@pytest.mark.filterwarnings("ignore:nanobind")
def test_projected_inputs_that_do_not_go_with_a_layer_are_refused():
    f = np.float32

    def layer(cell="gru", **extra):
        rows = {"gru": 9, "min_gru": 6, "gru_reset_before": 9, "lstm": 12}[cell]
        weights = {"weight_ih": random(f, rows, 2)} | extra
        return native.Layer32(
            cell, weights if cell == "min_gru" else weights | {"weight_hh": random(f, rows, 3)}, 1
        )

    own, x = layer(), random(f, 4, 2)
    inputs = native.Projected32(own, x)
    native.Stream32([own], 0.0).step_of(inputs, 3)
    for stream in (native.Stream32([layer()], 0.0), native.Stream32([own], 0.5)):
        with pytest.raises(ValueError, match="inputs must be projected by the first layer of this stream"):
            stream.step_of(inputs, 3)
    step = {"inputs": inputs, "places": np.array([3]), "x": x[:1], "h": random(f, 1, 3), "c": None}
    step |= {"h_new": room(f, 1, 3), "c_new": None, "threads": 1}
    native.step_rows_of32(own, **step)
    larger = native.Layer32("gru", {"weight_ih": random(f, 12, 2), "weight_hh": random(f, 12, 4)}, 1)
    tanh = native.Layer32("rnn_tanh", {"weight_ih": random(f, 3, 2), "weight_hh": random(f, 3, 3)}, 1)
    for other in (larger, tanh, layer("gru_reset_before")):
        with pytest.raises(ValueError, match="layer must be plain, and inputs projected by one of the same"):
            native.step_rows_of32(other, **step)
    for place in (-1, 4, 2**62, -(2**63)):
        with pytest.raises(ValueError, match=f"index must lie between 0 and 3, got {place}"):
            native.step_rows_of32(own, **step | {"places": np.array([place])})
    for none in (native.Projected32.__new__(native.Projected32), native.Projected64):
        with pytest.raises(TypeError):
            native.Stream32([own], 0.0).step_of(none, 0)
    with pytest.raises(ValueError, match=r"x must have 1 to \d+ rows, got 0"):
        native.Projected32(own, x[:0])
    peephole = {f"weight_c{gate}": random(f, 3) for gate in "ifo"}
    for other in (layer("min_gru"), layer("gru_reset_before"), layer("lstm", **peephole)):
        assert other.start_size() == 0
        with pytest.raises(ValueError, match="layer must be a plain rnn_tanh, rnn_relu, lstm or gru"):
            native.Projected32(other, x)


@pytest.mark.parametrize("wrong", [0, -1, 2**41, 2**62, 2**63, 10**30, 1.0, None, "7"])
def test_sizes_of_tapes_that_cannot_be_are_refused(wrong):
    right = {
        "cell": "lstm",
        "hidden": H,
        "projection": R,
        "layer_norm": True,
        "peephole": True,
        "noise": True,
    }
    assert all(size > 0 for size in native.tape_per_step(**right))
    with pytest.raises(REFUSED):
        native.tape_per_step(**right | {"hidden": wrong})
    if wrong != 0:
        with pytest.raises(REFUSED):
            native.tape_per_step(**right | {"projection": wrong})
    for change in [{"cell": "gru"}, {"cell": "min_gru", "projection": 0, "peephole": False}, {"cell": "x"}]:
        with pytest.raises(REFUSED):
            native.tape_per_step(**right | change)
    for switch, value in itertools.product(["layer_norm", "peephole", "noise"], [1, None, "True"]):
        with pytest.raises(TypeError):
            native.tape_per_step(**right | {switch: value})


@pytest.mark.filterwarnings("ignore:nanobind")
def test_objects_that_were_never_made_are_refused():
    for kind, method in [
        ("Layer32", "forward"),
        ("Layer64", "step"),
        ("Linear32", "forward"),
        ("Stream32", "step"),
        ("Stream64", "step_of"),
    ]:
        empty = getattr(native, kind).__new__(getattr(native, kind))
        with pytest.raises(TypeError):
            getattr(empty, method)(np.zeros(3, np.float32))


class Liar(dict):
    """A dict whose lookups answer with what it does not hold."""

    def __getitem__(self, key):
        return np.zeros(1, np.float32)

    def __contains__(self, key):
        return True


def test_arrays_that_lie_are_refused_or_read_as_they_are():
    function, arguments = CALLS[np.float32]["Layer"]
    function(**arguments | {"weights": Liar(arguments["weights"])})

    class Pretender:
        shape, dtype = (H,), np.dtype(np.float32)

        def __init__(self, answer):
            self.answer = answer

        def __dlpack__(self, **kwargs):
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        def __dlpack_device__(self):
            return (1, 0)

    function, arguments = CALLS[np.float32]["activations"]
    for answer in [None, 3, "capsule", RuntimeError("no"), np.zeros(H, np.float32)]:
        for key in arguments:
            assert_refused(function, arguments, {(key,): Pretender(answer)})


@pytest.mark.parametrize(("steps", "rows"), [(0, 4), (2**40, 0), (0, 0)])
def test_no_steps_or_no_rows_are_answered(steps, rows):
    f = np.float32
    layer = native.Layer32("gru", {"weight_ih": random(f, 9, 2), "weight_hh": random(f, 9, 3)}, 1)
    h0, h_n = random(f, rows, 3), room(f, rows, 3)
    y, tape = np.empty((steps, rows, 3), f), np.empty(0, f)
    rest = [None] * 3 + [0.0, 2]
    layer.forward(np.empty((steps, rows, 2), f), h0, None, None, False, y, h_n, None, tape, *rest)
    np.testing.assert_array_equal(h_n, h0)


@pytest.mark.parametrize("wrong", [-1, -(2**63), 2**63, 10**30, 1.0, None, "7", np.ones(1)])
def test_memory_of_no_size_is_refused(wrong):
    with pytest.raises(REFUSED):
        native.new_bytes(wrong)


def test_memory_is_writable_apart_and_outlives_its_arrays():
    with pytest.raises(MemoryError):
        native.new_bytes(2**62)
    for size in (0, 1, 63, 64, 10**6):
        first, second = native.new_bytes(size), native.new_bytes(size)
        assert (first.shape, first.dtype) == ((size,), np.uint8)
        assert not np.shares_memory(first, second)
        view = first[: size // 2]
        first[:], second[:] = 1, 2
        del first
        for again in (native.new_bytes(size) for _ in range(3)):
            again[:] = 3
        assert (view == 1).all()
        assert (second == 2).all()


def test_every_function_has_its_nonsense():
    arrays = {name.split(".")[0] + bits for name in CALLS[np.float32] for bits in ("32", "64")}
    rest = {"tape_per_step", "new_bytes", "variant", "variants"}
    elsewhere = {"QuantizedLayer", "QuantizedStream"}  # in test_quantized.py
    assert {name for name in vars(native) if not name.startswith("_")} == arrays | rest | elsewhere
