"""Inside a trained model: gates over time, memory, attributions, predictions as they form, and training."""

from recurra.inspection.inside.inputs import BOUNDARY, Given, given
from recurra.inspection.inside.trace import LayerTrace, Trace, trace

__all__ = [
    "BOUNDARY",
    "Given",
    "LayerTrace",
    "Trace",
    "given",
    "trace",
]
