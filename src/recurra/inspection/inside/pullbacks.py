"""The parts of a network in float64, each with its pullback: the chain rule, one file for the closed list.

What takes whole sequences takes them time-major, (T, N, ·), every row T steps long; rows are (N, ·). A
pullback takes the gradient of a part's output and gives that of its input.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from recurra import kernels
from recurra.runtime.network_parts import (
    AttentionPool,
    Autoregression,
    Crf,
    Linear,
    Part,
    Pool,
    Recurrent,
    Tied,
)

Tensors: TypeAlias = Mapping[str, np.ndarray]
Pullback: TypeAlias = Callable[[np.ndarray], np.ndarray]


def pulled(part: Part, tensors: Tensors, x: np.ndarray) -> tuple[np.ndarray, Pullback]:
    """The output of a part for its input x, float64, and its pullback.

    Of every part but those that begin with ids; ``tensors``, all of the network's, are float64. A part that
    stands beside the others takes the network's inputs.
    """
    match part:
        case Recurrent():
            return _recurrent(part, tensors, x)
        case Pool():
            return _pool(part.how, x)
        case AttentionPool():
            return _attention_pool(part, tensors, x)
        case Linear():
            owner = part.embedding if isinstance(part, Tied) else part.name
            W, b = tensors[f"{owner}.weight"], tensors[f"{part.name}.bias"]
            return x @ W.T + b, lambda d: d @ W
        case Autoregression():
            return _autoregression(part, tensors, x)
        case Crf():
            return x, lambda d: d
        case _:
            raise TypeError(f"no pullback for {type(part).__name__}")


def _recurrent(part: Recurrent, tensors: Tensors, x: np.ndarray) -> tuple[np.ndarray, Pullback]:
    p = {name: tensors[f"{part.name}.{name}"] for name in part.stack.parameter_shapes()}
    zero = part.stack.zero_state(x.shape[1], x.dtype)
    output, _, tape = kernels.PackedStack(part.stack, p).forward_train(x, zero)

    def pull(d: np.ndarray) -> np.ndarray:
        dx, _, _ = kernels.backward(part.stack, p, x, zero, None, None, output, tape, d, zero)
        assert dx is not None  # noqa: S101 - it was asked for
        return dx

    return output, pull


def _pool(how: str, x: np.ndarray) -> tuple[np.ndarray, Pullback]:
    T, _, size = x.shape
    match how:
        case "mean":
            return x.mean(axis=0), lambda d: np.repeat(d[None] / T, T, axis=0)
        case "max":
            highest = x.argmax(axis=0)[None]
            return x.max(axis=0), lambda d: np.where(np.arange(T)[:, None, None] == highest, d, 0.0)
        case "mean_max":
            (mean, pull_mean), (highest, pull_highest) = _pool("mean", x), _pool("max", x)
            both = np.concatenate([mean, highest], axis=1)
            return both, lambda d: pull_mean(d[:, :size]) + pull_highest(d[:, size:])

    forward = size // 2 if how == "ends" else size  # the width that is read at the last step

    def pull(d: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(x)
        dx[-1, :, :forward] += d[:, :forward]
        dx[0, :, forward:] += d[:, forward:]
        return dx

    return np.concatenate([x[-1, :, :forward], x[0, :, forward:]], axis=1), pull


def _attention_pool(part: AttentionPool, tensors: Tensors, x: np.ndarray) -> tuple[np.ndarray, Pullback]:
    """y = Σ_t w_t x_t, w = softmax over t of vᵀ k_t, k_t = tanh(W x_t + b)"""
    W, b = tensors[f"{part.name}.key.weight"], tensors[f"{part.name}.key.bias"]
    v = tensors[f"{part.name}.score.weight"][0]
    k = np.tanh(x @ W.T + b)
    scores = k @ v
    w = np.exp(scores - scores.max(axis=0))
    w /= w.sum(axis=0)

    def pull(d: np.ndarray) -> np.ndarray:
        d_w = np.einsum("tni,ni->tn", x, d)
        d_scores = w * (d_w - (w * d_w).sum(axis=0))
        return w[:, :, None] * d + (d_scores[:, :, None] * v * (1 - k**2)) @ W

    return np.einsum("tn,tni->ni", w, x), pull


def _autoregression(part: Autoregression, tensors: Tensors, x: np.ndarray) -> tuple[np.ndarray, Pullback]:
    """W times the last values of the first column, alike for all levels."""
    steps = min(len(x), part.context)
    W = tensors[f"{part.name}.weight"][:, part.context - steps :]

    def pull(d: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(x)
        dx[len(x) - steps :, :, 0] = (d.reshape(len(d), part.horizon, part.levels).sum(axis=2) @ W).T
        return dx

    return np.repeat(x[len(x) - steps :, :, 0].T @ W.T, part.levels, axis=1), pull
