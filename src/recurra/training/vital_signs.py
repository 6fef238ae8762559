"""What is measured of a run beside its losses, once an epoch: does it blow up, stall, or waste units?"""

import functools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.linalg import matrix_norm, vector_norm

from recurra.cells import Cell
from recurra.nn.layer import Layer

DEAD, SATURATED = 0.01, 0.99
"""Of |h|: a unit always under the first says nothing, one always over the second no longer learns."""

_DOUBLINGS = 8  # of the power: the radius to half a percent, some ten times as fast as all eigenvalues


@dataclass(frozen=True)
class VitalSigns:
    """Of the batches of an epoch, and of the weights that it was validated with (averaged, where they are).

    Attributes:
        gradient_norm_max: largest norm of the whole gradient among the batches, before clipping.
        clipped_norm: mean over the batches of that norm after clipping, min(norm, limit).
        clipped: share of the batches whose gradient was clipped.
        weight_norm: Frobenius norm of all parameters together.
        spectral_radius: largest |eigenvalue| of each recurrent matrix, gate by gate, such as
            ``{"encoder.weight_hh_l0": {"i": …, "f": …, "g": …, "o": …}}``. An Elman network has one matrix,
            by which its state is multiplied at every step. The gates of the others have one each (with an
            LSTM's projection, their product): that of the candidate (g, n) is what corresponds, the rest say
            how strongly the state acts on its gates. Left out where there is none (`recurra.nn.MinGRU`) and
            under layer normalisation, which divides its scale out again.
        dead_units: of each layer and direction (``encoder.h_l0``), the share of units whose |h| at the end
            (the beginning, in a backward direction) of every sequence of the validation part is under 0.01.
        saturated_units: the same with |h| over 0.99, where |h| can't exceed 1: not with ReLU or a
            projection, and not in `recurra.nn.MinGRU` and `recurra.nn.MinLSTM`.
    """

    gradient_norm_max: float
    clipped_norm: float
    clipped: float
    weight_norm: float
    spectral_radius: dict[str, dict[str, float]]
    dead_units: dict[str, float]
    saturated_units: dict[str, float]


@dataclass(frozen=True)
class Units:
    """The smallest and the largest |h| of each unit at the ends of what was read: (L·D, R) by layer."""

    lowest: dict[str, Tensor] = field(default_factory=dict)
    highest: dict[str, Tensor] = field(default_factory=dict)

    def note(self, name: str, _layer: Layer, _inputs: Any, results: tuple[Any, Any]) -> None:
        """Take what a call of the layer gave, as PyTorch hands it to hooks."""
        state = results[1][0] if isinstance(results[1], tuple) else results[1]
        h: Tensor = state.detach().abs()
        h = h.reshape(len(h), -1, h.size(-1))
        if h.size(1):
            high = h.amax(1)
            self.highest[name] = torch.maximum(self.highest.get(name, high), high)
        h = h[:, (h > 0).any(-1).any(0)]  # a row without a step is still at zero
        if h.size(1):
            low = h.amin(1)
            self.lowest[name] = torch.minimum(self.lowest.get(name, low), low)


@contextmanager
def watched(model: torch.nn.Module) -> Iterator[Units]:
    """What the units of the model's recurrent layers do while the block runs."""
    units = Units()
    hooks = [
        layer.register_forward_hook(functools.partial(units.note, name)) for name, layer in _layers(model)
    ]
    try:
        yield units
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def vital_signs(model: torch.nn.Module, norms: Sequence[float], clip_norm: float, units: Units) -> VitalSigns:
    """Of a model as it stands, after batches whose gradients had these norms before clipping."""
    clipped = [min(norm, clip_norm) for norm in norms]
    radii, dead, saturated = {}, {}, {}
    for name, layer in _layers(model):
        within, parameters = f"{name}." if name else "", dict(layer.named_parameters())
        for run in layer.stack.layers():
            weight, unit = f"{within}weight_hh{run.suffix}", f"{within}h{run.suffix}"
            if run.cell.has_recurrent_weights and not getattr(run.cell, "layer_norm", False):
                radius = spectral_radius(_recurrent_matrices(run.cell, run.parameters(parameters)))
                radii[weight] = dict(zip(run.cell.gates, radius.tolist()))
            if name in units.highest:
                dead[unit] = _share(units.highest[name][run.index] < DEAD)
            if name in units.lowest and _is_bounded(run.cell):
                saturated[unit] = _share(units.lowest[name][run.index] > SATURATED)
    squares = [vector_norm(weight, dtype=torch.float64).item() ** 2 for weight in model.parameters()]
    return VitalSigns(
        gradient_norm_max=max(norms),
        clipped_norm=math.fsum(clipped) / len(clipped),
        clipped=sum(norm > clip_norm for norm in norms) / len(norms),
        weight_norm=math.sqrt(math.fsum(squares)),
        spectral_radius=radii,
        dead_units=dead,
        saturated_units=saturated,
    )


def spectral_radius(matrices: Tensor) -> Tensor:
    """The largest |eigenvalue| of each matrix (G, R, R), to half a percent: (G,) float64.

    ρ(A) = lim ‖Aᵏ‖^(1/k) (Gelfand 1941), as (‖A²ᵏ‖ / ‖Aᵏ‖)^(1/k) with k = 128: the ratio does away with the
    factor by which the norm of any power exceeds the eigenvalue's.
    """
    power, log_norm, before = matrices, torch.zeros(len(matrices), dtype=torch.float64), torch.zeros(())
    for _ in range(_DOUBLINGS + 1):
        norm = matrix_norm(power, keepdim=True).clamp_min(torch.finfo(power.dtype).tiny)
        log_norm, before = 2 * log_norm + norm.flatten().double().log(), log_norm
        power = torch.matrix_power(power / norm, 2)
    return ((log_norm - before) / 2 ** (_DOUBLINGS - 1)).exp()


def _layers(model: torch.nn.Module) -> list[tuple[str, Layer]]:
    return [(name, module) for name, module in model.named_modules() if isinstance(module, Layer)]


def _recurrent_matrices(cell: Cell, parameters: dict[str, Tensor]) -> Tensor:
    """From h′ to each gate, and back to the size of h where it is projected: (G, R, R)."""
    matrices = parameters["weight_hh"].unflatten(0, (len(cell.gates), cell.hidden_size))
    return parameters["weight_hr"] @ matrices if "weight_hr" in parameters else matrices


def _is_bounded(cell: Cell) -> bool:
    """Whether no |h| exceeds 1, so that units near it are where their slope is flat."""
    tanh = getattr(cell, "nonlinearity", "tanh") == "tanh"
    return cell.has_recurrent_weights and tanh and not getattr(cell, "proj_size", 0)


def _share(units: Tensor) -> float:
    return units.double().mean().item()
