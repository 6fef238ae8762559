"""Whether a network can be trained on this machine, which is asked before any of its memory is taken."""

import os

from recurra import cells
from recurra._base.errors import InputError
from recurra.cells import count_parameters

_COPIES = 5  # weights, gradients, Adam's two moments, the best weights so far
_FLOAT32 = 4
_MOST_LAYERS = 1000  # each takes time to make, however few its weights
_MOST_NETWORKS = 1000


def check_memory(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int,
    *,
    directions: int = 1,
    symbols: int = 0,
    more: int = 0,
    networks: int = 1,
) -> None:
    """Raise InputError unless this machine can train a stack of these sizes: it has the memory, and the stack
    no more than 1000 layers.

    ``symbols`` is how many there are vectors (``input_size``,) of, which are trained with the stack,
    ``more`` how many other weights are, and ``networks`` how many of them all are trained side by side, 1000
    at most.
    """
    if networks > _MOST_NETWORKS:
        raise InputError(f"ensemble_size must be at most {_MOST_NETWORKS}, got {networks}")
    if num_layers > _MOST_LAYERS:
        raise InputError(f"num_layers must be at most {_MOST_LAYERS}, got {num_layers}")
    stack = count_weights(cell, input_size, hidden_size, num_layers, directions)
    weights = networks * (stack + symbols * input_size + more)
    needed = weights * _FLOAT32 * _COPIES
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        vectors = f" and embedding_size {input_size}" if symbols else ""
        fewer = "hidden_size, num_layers or embedding_size" if symbols else "hidden_size or num_layers"
        if networks > 1:
            vectors = f"{vectors.replace(' and', ',')} and ensemble_size {networks}"
            fewer = f"ensemble_size, {fewer}"
        raise InputError(
            f"hidden_size {hidden_size} with num_layers {num_layers}{vectors} makes {weights:,} weights, "
            f"which take {needed // 2**30:,} GiB to train, but this machine has {memory // 2**30:,}; "
            f"give a smaller {fewer}"
        )


def count_weights(cell: str, input_size: int, hidden_size: int, num_layers: int, directions: int) -> int:
    """Of a stack of these sizes."""
    first, other = (
        directions * count_parameters(cells.cell(cell, input_size=size, hidden_size=hidden_size))
        for size in (input_size, directions * hidden_size)
    )
    return first + (num_layers - 1) * other
