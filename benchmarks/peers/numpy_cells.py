"""One step of one row as NumPy's users write it: one product with both weights side by side."""

from collections.abc import Callable

import numpy as np
import torch

Step = Callable[[np.ndarray], np.ndarray]


def stepper(layer: torch.nn.RNNBase) -> Step:
    """A function from x (I,) to h (H,), with the weights of a torch.nn.LSTM or GRU; it keeps the state."""
    return {"LSTM": _lstm, "GRU": _gru}[layer.mode](layer)


def _lstm(layer: torch.nn.RNNBase) -> Step:
    weight_ih, weight_hh, bias_ih, bias_hh = _weights(layer)
    weight = np.ascontiguousarray(np.hstack([weight_ih, weight_hh]))
    bias, H = bias_ih + bias_hh, layer.hidden_size
    h, c = np.zeros(H, np.float32), np.zeros(H, np.float32)

    def step(x: np.ndarray) -> np.ndarray:
        nonlocal h, c
        gates = weight @ np.concatenate((x, h)) + bias
        g = np.tanh(gates[2 * H : 3 * H])
        i, f, _, o = (1 / (1 + np.exp(-gates))).reshape(4, H)
        c = f * c + i * g
        h = o * np.tanh(c)
        return h

    return step


def _gru(layer: torch.nn.RNNBase) -> Step:
    weight_ih, weight_hh, bias_ih, bias_hh = _weights(layer)
    H = layer.hidden_size
    h = np.zeros(H, np.float32)

    def step(x: np.ndarray) -> np.ndarray:
        nonlocal h
        from_x, from_h = weight_ih @ x + bias_ih, weight_hh @ h + bias_hh
        r, z = (1 / (1 + np.exp(-(from_x[: 2 * H] + from_h[: 2 * H])))).reshape(2, H)
        n = np.tanh(from_x[2 * H :] + r * from_h[2 * H :])
        h = n + z * (h - n)
        return h

    return step


def _weights(layer: torch.nn.RNNBase) -> list[np.ndarray]:
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return [getattr(layer, name).detach().numpy() for name in names]
