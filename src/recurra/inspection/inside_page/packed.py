"""Gates and states of a layer for the page's script: whole numbers of 8 or 16 bits, as base64."""

import base64
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.wording import count
from recurra.inspection.inside.inspection import Layer
from recurra.inspection.inside_page import steps

MOST_UNITS = 256
_BUDGET = 5_000_000  # bytes of all heat maps of a page; base64 adds a third, plotly's own script 5 MB
_FINE = 1_500_000  # up to here values have 16 bits
_SEEN = 0.995  # of all values are told apart by their colours where a few lie far beyond the others
_FEWEST = 50  # columns, however many units there are


def packed(models: Sequence[Sequence[Layer]]) -> list[list[dict[str, Any]]]:
    """The layers of each of some models, for one page.

    Time is averaged over runs of steps, and of more than 256 units the most active are kept.
    """
    shown = [[part for layer in layers for part in _parts(layer)] for layers in models]
    sizes = [min(MOST_UNITS, part.units) * len(part.quantities) for parts in shown for part in parts]
    total = sum(
        size * min(len(part.steps), steps.MOST_POINTS) for size, part in zip(sizes, itertools.chain(*shown))
    )
    bits = 16 if 2 * total <= _FINE else 8
    most = int(min(steps.MOST_POINTS, max(_FEWEST, _BUDGET // sum(sizes))))
    return [[_packed(part, most, bits) for part in parts] for parts in shown]


def pack(values: np.ndarray, low: float, high: float, bits: int) -> str:
    """``values`` (T, H) between ``low`` and ``high`` as whole numbers, unit by unit, as base64.

    With - and _ in place of + and /: in JSON on a page a slash takes six letters.
    """
    codes = np.rint((np.clip(values, low, high).T - low) * ((2**bits - 1) / (high - low)))
    return base64.urlsafe_b64encode(codes.astype("<u1" if bits == 8 else "<u2").tobytes()).decode()


@dataclass(frozen=True)
class _Part:
    """Gates and states (T, H) of a layer that have the same units."""

    name: str
    steps: tuple[str, ...]
    quantities: Mapping[str, np.ndarray]
    orders: Mapping[str, np.ndarray]

    @property
    def units(self) -> int:
        return next(iter(self.quantities.values())).shape[1]


def _parts(layer: Layer) -> list[_Part]:
    """A layer, with its state first; a state that is projected from its cells has units of its own."""
    trace = layer.trace
    states = {"state h" if name == "h" else f"cell state {name}": own for name, own in trace.states.items()}
    gates = {name if name == "candidate" else f"{name} gate": own for name, own in trace.gates.items()}
    found = {**states, **gates}
    H = max(own.shape[1] for own in found.values())
    wide = {name: own for name, own in found.items() if own.shape[1] == H}
    if len(wide) == len(found):
        return [_Part(trace.name, trace.steps, found, layer.orders)]
    narrow = {name: own for name, own in found.items() if own.shape[1] != H}
    return [
        _Part(f"{trace.name}, projected", trace.steps, narrow, layer.orders),
        _Part(f"{trace.name}, cells", trace.steps, wide, {"as stored": np.arange(H)}),
    ]


def _packed(part: _Part, most: int, bits: int) -> dict[str, Any]:
    starts = steps.bins(len(part.steps), most)
    activity = np.argsort(-np.abs(next(iter(part.quantities.values()))).mean(axis=0), kind="stable")
    kept = np.sort(activity[:MOST_UNITS])
    place = {int(unit): i for i, unit in enumerate(kept)}
    labels = steps.bin_names(part.steps, starts)
    return {
        "name": part.name,
        "labels": labels,
        "steps": steps.ticks(labels),
        "words": steps.are_words(part.steps),
        "units": kept.tolist(),
        "orders": {
            name: [place[unit] for unit in order.tolist() if unit in place]
            for name, order in part.orders.items()
        },
        "note": _note(len(part.steps), len(starts), part.units, len(kept), bits),
        "quantities": [
            _quantity(name, steps.means(values[:, kept], starts), bits)
            for name, values in part.quantities.items()
        ],
    }


def _quantity(name: str, values: np.ndarray, bits: int) -> dict[str, Any]:
    values = np.nan_to_num(values)
    high, reach = 1.0, 1.0
    if not name.endswith("gate") and (most := float(np.abs(values).max(initial=0))) > 0:
        high, reach = most, float(np.quantile(np.abs(values), _SEEN)) or most
    low = 0.0 if name.endswith("gate") else -high
    return {
        "name": name,
        "bits": bits,
        "low": low,
        "high": high,
        "reach": reach if reach < high / 2 else high,
        "units": values.shape[1],
        "data": pack(values, low, high, bits),
    }


def _note(T: int, columns: int, H: int, kept: int, bits: int) -> str:
    texts = [f"{count(T, 'step')} of {count(H, 'unit')}, counted from 0."]
    if columns < T:
        texts.append(f"Each column is the mean of {T / columns:.3g} steps.")
    if kept < H:
        texts.append(f"Shown are the {kept} most active units.")
    if bits == 8:
        texts.append("Values are rounded to 1/255 of their range.")
    return " ".join(texts)
