"""The native kernels on NumPy arrays: the only importer of the native module.

They compute what `recurra.cells` defines, in float32 or float64; the precision of the parameters decides.
"""

from recurra.kernels.arguments import Inputs
from recurra.kernels.linear import Linear
from recurra.kernels.masks import random_mask
from recurra.kernels.native import activations, available, in_use
from recurra.kernels.projected import Projected, SymbolStack
from recurra.kernels.quantized import QuantizedStack
from recurra.kernels.rowwise import additive_attention, highest, log_softmax, tanh
from recurra.kernels.stack import PackedStack, backward, differentiate
from recurra.kernels.stream import StackStream, largest_difference
from recurra.kernels.tape import new_tape, tape_size

__all__ = [
    "Inputs",
    "Linear",
    "PackedStack",
    "Projected",
    "QuantizedStack",
    "StackStream",
    "SymbolStack",
    "activations",
    "additive_attention",
    "available",
    "backward",
    "differentiate",
    "highest",
    "in_use",
    "largest_difference",
    "log_softmax",
    "new_tape",
    "random_mask",
    "tanh",
    "tape_size",
]
