"""How many parameters a cell or a stack has, by formula."""

from recurra._base.errors import InputError
from recurra.cells.cell import Cell
from recurra.cells.stack import Stack


def count_parameters(of: Cell | Stack, biases: int = 2) -> int:
    """The number of parameters of a cell, or of all runs of a stack: G·H (I + R + biases) and the options'.

    ``biases``: 2 as PyTorch stores them, b_ih and b_hh, or 1 as textbooks count, their sum. A cell without
    W_hh has one anyway. The initial state that a layer may learn is not counted: it is no part of a stack.
    Raises InputError for other numbers of biases and for what is neither a cell nor a stack.
    """
    if not isinstance(of, Cell | Stack):
        raise InputError(
            f"of must be a cell or a stack, got {type(of).__name__}; "
            "for a layer of recurra.nn give its .stack"
        )
    if biases not in (1, 2):
        raise InputError(f"biases must be 1 or 2, got {biases!r}")
    if isinstance(of, Stack):
        return sum(count_parameters(run.cell, biases) for run in of.layers())
    H, R, rows = of.hidden_size, of.output_size, len(of.gates) * of.hidden_size
    count = rows * of.input_size
    count += rows * R if of.has_recurrent_weights else 0
    count += rows * (biases if of.has_recurrent_weights else 1) if of.bias else 0
    count += R * H if R != H else 0  # the projection
    count += 3 * H if getattr(of, "peephole", False) else 0
    if getattr(of, "layer_norm", False):
        count += 2 * rows + (2 * H if "c" in of.states else 0)
    return count
