"""What a network says of each beginning of an input, as if the input ended there."""

from dataclasses import dataclass

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime import Network, NetworkStream
from recurra.runtime.sequence_model import batches

_MOST_STEPS = 2**14  # of all prefixes together, where each has to be read anew: about a second
_FEWEST = 16


@dataclass(frozen=True, eq=False)
class Prefixes:
    """Of n prefixes of an input (T, ·), the longest last, which is the whole input.

    Attributes:
        ends: (n,) int64, the last step of each.
        outputs: n of (O,), or of (length, O) where the network does not pool.
        causal: whether a step's output is the same in every prefix that has it.
    """

    ends: np.ndarray
    outputs: list[np.ndarray]
    causal: bool


def prefixes(network: Network, x: np.ndarray) -> Prefixes:
    """All prefixes of x (T, ·) where the network can go step by step; else those that `ends_of` chooses.

    Each output has the bits of the prefix alone.
    """
    try:
        stream = NetworkStream(network)
    except InputError:  # it needs what comes later
        stream = None
    if stream is not None:
        steps, ends = stream.run(x), np.arange(len(x))
        return Prefixes(ends, list(steps) if network.pools else [steps[: t + 1] for t in ends], True)
    ends = ends_of(len(x))
    outputs = [np.empty(0, np.float32)] * len(ends)
    for rows, padded, lengths in batches([x[: end + 1] for end in ends], _MOST_STEPS):
        for row, output, length in zip(rows, network(padded, lengths), lengths):
            outputs[row] = output if network.pools else output[:length]
    return Prefixes(ends, outputs, False)


def ends_of(T: int) -> np.ndarray:
    """The last steps of prefixes of an input of T steps: all, or of a long one some, evenly spread."""
    most = max(_FEWEST, 2 * _MOST_STEPS // (T + 1))
    return np.arange(T) if most >= T else np.unique(np.linspace(0, T - 1, most).round().astype(np.int64))
