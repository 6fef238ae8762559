"""Inside a trained model: gates over time, memory, attributions, predictions as they form, and training."""

from recurra.inspection.inside.attended import Attended, Posteriors, attended, posteriors
from recurra.inspection.inside.formed import Forming
from recurra.inspection.inside.forming import forming
from recurra.inspection.inside.inputs import BOUNDARY, Given, given
from recurra.inspection.inside.trace import LayerTrace, Trace, trace
from recurra.inspection.inside.units import Saturation, by_activity, by_cluster, saturation

__all__ = [
    "BOUNDARY",
    "Attended",
    "Forming",
    "Given",
    "LayerTrace",
    "Posteriors",
    "Saturation",
    "Trace",
    "attended",
    "by_activity",
    "by_cluster",
    "forming",
    "given",
    "posteriors",
    "saturation",
    "trace",
]
