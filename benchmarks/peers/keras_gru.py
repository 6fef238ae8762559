"""A GRU trained by Keras on JAX: one compiled function from parameters and input to all gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.peers import load

# Keras keeps z, r, n where PyTorch keeps r, z, n; the exchange is its own inverse.
ORDER = (1, 0, 2)


def trainer(layer: torch.nn.GRU, x: torch.Tensor, dy: torch.Tensor) -> Callable[[], Any]:
    """A function that returns the gradients of sum(y·dy), of x and then the parameters, as Keras has them.

    ``x`` (N, T, I) and ``dy`` (N, T, H); the parameters are ``layer``'s.
    """
    jax, keras = load("jax"), load("keras")
    N, T, I = x.shape  # noqa: E741
    gru = keras.layers.GRU(layer.hidden_size, return_sequences=True, reset_after=True)
    gru.build((N, T, I))
    gru.set_weights(_to_keras(layer))
    fixed = [jax.numpy.asarray(variable.value) for variable in gru.non_trainable_variables]
    parameters = [jax.numpy.asarray(variable.value) for variable in gru.trainable_variables]
    given, weight = jax.numpy.asarray(x.detach().numpy()), jax.numpy.asarray(dy.numpy())

    def loss(given: Any, parameters: Any) -> Any:
        output, _ = gru.stateless_call(parameters, fixed, given)
        return (output * weight).sum()

    gradients = jax.jit(jax.grad(loss, argnums=(0, 1)))
    return lambda: jax.block_until_ready(gradients(given, parameters))


def to_torch(gradients: Any) -> list[np.ndarray]:
    """What a trainer returns, as torch.nn.GRU has it: x, weight_ih, weight_hh, bias_ih, bias_hh."""
    x, (kernel, recurrent, bias) = gradients
    weights = [_exchange(np.asarray(array).T) for array in (kernel, recurrent)]
    return [np.asarray(x), *weights, *(_exchange(row) for row in np.asarray(bias))]


def _to_keras(layer: torch.nn.GRU) -> list[np.ndarray]:
    weight_ih, weight_hh, bias_ih, bias_hh = (
        _exchange(getattr(layer, f"{name}_l0").detach().numpy())
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    return [weight_ih.T, weight_hh.T, np.stack([bias_ih, bias_hh])]


def _exchange(array: np.ndarray) -> np.ndarray:
    gates = np.split(array, len(ORDER))
    return np.concatenate([gates[k] for k in ORDER])
