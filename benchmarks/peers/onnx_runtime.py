"""A recurrent layer in ONNX Runtime: on buffers bound once, which is its quickest way, or at every step."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.peers import load

# Where ONNX keeps each of PyTorch's gates: i, f, g, o and r, z, n.
ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}
STATES = {"LSTM": ("h", "c"), "GRU": ("h",)}


class OnnxLayer:
    """The layer of torch.nn with the same weights, for sequences of one shape (T, N, I).

    ``x`` (T, N, I), ``y`` (T, 1, N, H) and the states are this object's own arrays, bound to the session:
    write ``x``, `run`, read ``y``. The final states of one run are the initial ones of the next if it is
    told to ``carry`` them: two bindings then read and write two sets of states in turn.
    """

    def __init__(self, layer: torch.nn.RNNBase, T: int, N: int, threads: int, *, carry: bool = False) -> None:
        self.session = _session(layer, threads)
        H = layer.hidden_size
        self.x = np.zeros((T, N, layer.input_size), np.float32)
        self.y = np.zeros((T, 1, N, H), np.float32)
        first, second = self._states = [  # kept, as the bindings know the memory alone
            {name: np.zeros((1, N, H), np.float32) for name in STATES[layer.mode]} for _ in range(2)
        ]
        turns = [(first, second), (second, first)] if carry else [(first, second)]
        self._bindings = itertools.cycle([self._bind(*turn) for turn in turns])

    def run(self) -> np.ndarray:
        """Read ``x``, write ``y`` and the states."""
        self.session.run_with_iobinding(next(self._bindings))
        return self.y

    def stepper(self) -> Callable[[np.ndarray], np.ndarray]:
        """One step of one row: from x (I,) to y (H,), which the next step overwrites."""
        into, out = self.x[0, 0], self.y[0, 0, 0]

        def step(x: np.ndarray) -> np.ndarray:
            into[:] = x
            self.run()
            return out

        return step

    def _bind(self, before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> object:
        binding = self.session.io_binding()
        for name, array in {"x": self.x, **{f"{n}_0": a for n, a in before.items()}}.items():
            binding.bind_input(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        for name, array in {"y": self.y, **{f"{n}_n": a for n, a in after.items()}}.items():
            binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return binding


def binding_stepper(layer: torch.nn.RNNBase) -> Callable[[np.ndarray], np.ndarray]:
    """One step of one row in one thread, with bindings as the documentation shows them.

    The states stay the runtime's own values; inputs and outputs are bound anew at every step.
    """
    session, value = _session(layer, threads=1), load("onnxruntime").OrtValue.ortvalue_from_numpy
    binding, names = session.io_binding(), STATES[layer.mode]
    states = [value(np.zeros((1, 1, layer.hidden_size), np.float32)) for _ in names]

    def step(x: np.ndarray) -> np.ndarray:
        nonlocal states
        binding.bind_cpu_input("x", x[None, None])
        for name, state in zip(names, states):
            binding.bind_ortvalue_input(f"{name}_0", state)
        for name in ("y", *(f"{name}_n" for name in names)):
            binding.bind_output(name)
        session.run_with_iobinding(binding)
        y, *states = binding.get_outputs()
        return y.numpy()[0, 0, 0]

    return step


def _session(layer: torch.nn.RNNBase, threads: int) -> Any:
    ort = load("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(_model(layer), options, providers=["CPUExecutionProvider"])


def _model(layer: torch.nn.RNNBase) -> bytes:
    """A graph of the one node, with the layer's weights in ONNX's order."""
    helper, numpy_helper = load("onnx.helper"), load("onnx.numpy_helper")
    float32 = load("onnx").TensorProto.FLOAT
    order, states, H = ORDER[layer.mode], STATES[layer.mode], layer.hidden_size

    def rows(name: str) -> np.ndarray:
        gates = np.split(getattr(layer, name).detach().numpy(), len(order))
        return np.concatenate([gates[k] for k in order])

    weights = {
        "W": rows("weight_ih_l0")[None],
        "R": rows("weight_hh_l0")[None],
        "B": np.concatenate([rows("bias_ih_l0"), rows("bias_hh_l0")])[None],
    }
    node = helper.make_node(
        layer.mode,
        ["x", "W", "R", "B", "", *(f"{name}_0" for name in states)],
        ["y", *(f"{name}_n" for name in states)],
        hidden_size=H,
        **({"linear_before_reset": 1} if layer.mode == "GRU" else {}),
    )

    def value(name: str, *shape: int | str) -> object:
        return helper.make_tensor_value_info(name, float32, shape)

    graph = helper.make_graph(
        [node],
        "layer",
        [value("x", "T", "N", layer.input_size), *(value(f"{name}_0", 1, "N", H) for name in states)],
        [value("y", "T", 1, "N", H), *(value(f"{name}_n", 1, "N", H) for name in states)],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 21)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
