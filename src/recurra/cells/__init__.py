"""The recurrent cells: equations, derivatives and initial weights, in NumPy: the oracle of all the rest."""

from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.counting import count_parameters
from recurra.cells.elman import Elman
from recurra.cells.gru import GRU
from recurra.cells.lengths import check_lengths
from recurra.cells.linear_recurrence import LinearRecurrence
from recurra.cells.lstm import LSTM
from recurra.cells.min_gru import MinGRU
from recurra.cells.min_lstm import MinLSTM
from recurra.cells.options import LAYER_OPTIONS, OPTIONS, Option
from recurra.cells.registry import CELLS, OPTIONS_OF, cell
from recurra.cells.stack import Direction, Stack

__all__ = [
    "CELLS",
    "GRU",
    "LAYER_OPTIONS",
    "LSTM",
    "OPTIONS",
    "OPTIONS_OF",
    "Array",
    "Arrays",
    "Cell",
    "Direction",
    "Elman",
    "LinearRecurrence",
    "MinGRU",
    "MinLSTM",
    "Option",
    "Stack",
    "cell",
    "check_lengths",
    "count_parameters",
]
