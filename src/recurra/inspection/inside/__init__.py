"""Inside a trained model: gates over time, memory, attributions, predictions as they form, and training."""

from recurra.inspection.inside.attended import Attended, Posteriors, attended, posteriors
from recurra.inspection.inside.attribution import Attribution, attribution, by_input
from recurra.inspection.inside.differentiate import Gradient, gradients
from recurra.inspection.inside.formed import Forming
from recurra.inspection.inside.forming import forming
from recurra.inspection.inside.health import health
from recurra.inspection.inside.inputs import BOUNDARY, Given, given
from recurra.inspection.inside.jacobian import Spectrum, jacobian, spectrum
from recurra.inspection.inside.lags import layer_memory
from recurra.inspection.inside.memory import Memory, effective_length, memory
from recurra.inspection.inside.one_network import first_network
from recurra.inspection.inside.trace import LayerTrace, Trace, trace
from recurra.inspection.inside.units import Saturation, by_activity, by_cluster, saturation
from recurra.inspection.inside.weights import RecurrentMatrix, recurrent_matrices

__all__ = [
    "BOUNDARY",
    "Attended",
    "Attribution",
    "Forming",
    "Given",
    "Gradient",
    "LayerTrace",
    "Memory",
    "Posteriors",
    "RecurrentMatrix",
    "Saturation",
    "Spectrum",
    "Trace",
    "attended",
    "attribution",
    "by_activity",
    "by_cluster",
    "by_input",
    "effective_length",
    "first_network",
    "forming",
    "given",
    "gradients",
    "health",
    "jacobian",
    "layer_memory",
    "memory",
    "posteriors",
    "recurrent_matrices",
    "saturation",
    "spectrum",
    "trace",
]
