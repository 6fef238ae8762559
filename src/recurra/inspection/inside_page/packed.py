"""Gates and states of a layer for the page's script: whole numbers of 8 or 16 bits, as base64."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recurra._base.wording import count
from recurra.inspection.inside.inspection import Layer
from recurra.inspection.inside_page import steps

MOST_UNITS = 256
_BUDGET = 5_000_000  # bytes of all heat maps of a page; base64 adds a third, plotly's own script 5 MB
_FINE = 1_500_000  # up to here values have 16 bits
_FEWEST = 50  # columns, however many units there are


def packed(models: Sequence[Sequence[Layer]]) -> list[list[dict[str, Any]]]:
    """The layers of each of some models, for one page.

    Time is averaged over runs of steps, and of more than 256 units the most active are kept.
    """
    sizes = [_units(layer) * len(_quantities(layer)) for layers in models for layer in layers]
    columns = [min(len(layer.trace.steps), steps.MOST_POINTS) for layers in models for layer in layers]
    total = sum(size * T for size, T in zip(sizes, columns))
    bits = 16 if 2 * total <= _FINE else 8
    most = int(min(steps.MOST_POINTS, max(_FEWEST, _BUDGET // sum(sizes))))
    return [[_layer(layer, most, bits) for layer in layers] for layers in models]


def pack(values: np.ndarray, low: float, high: float, bits: int) -> str:
    """``values`` (T, H) between ``low`` and ``high`` as whole numbers, unit by unit, as base64."""
    codes = np.rint((np.clip(values, low, high).T - low) * ((2**bits - 1) / (high - low)))
    return base64.b64encode(codes.astype("<u1" if bits == 8 else "<u2").tobytes()).decode()


def _units(layer: Layer) -> int:
    return min(MOST_UNITS, max(values.shape[1] for values in _quantities(layer).values()))


def _quantities(layer: Layer) -> Mapping[str, np.ndarray]:
    """What is shown, by name: the state that the layer tells first, then its cell state and its gates."""
    trace = layer.trace
    h, *others = trace.states
    states = {"state h" if name == "h" else f"cell state {name}": trace.states[name] for name in [h, *others]}
    gates = {name if name == "candidate" else f"{name} gate": values for name, values in trace.gates.items()}
    return {**states, **gates}


def _layer(layer: Layer, most: int, bits: int) -> dict[str, Any]:
    trace = layer.trace
    starts = steps.bins(len(trace.steps), most)
    quantities = _quantities(layer)
    H = max(values.shape[1] for values in quantities.values())
    # A projected state is narrower than the gates: a unit is then one of the cells, and h has its own.
    wide = {name: values for name, values in quantities.items() if values.shape[1] == H}
    narrow = {name: values for name, values in quantities.items() if values.shape[1] != H}
    activity = np.argsort(-np.abs(next(iter(wide.values()))).mean(axis=0), kind="stable")
    kept = np.sort(activity[:MOST_UNITS])
    place = {int(unit): i for i, unit in enumerate(kept)}
    orders = {
        name: [place[unit] for unit in order.tolist() if unit in place]
        for name, order in layer.orders.items()
        if len(order) == H
    } or {"as stored": list(range(len(kept)))}
    labels = steps.bin_names(trace.steps, starts)
    return {
        "name": trace.name,
        "labels": labels,
        "steps": steps.ticks(labels),
        "words": steps.are_words(trace.steps),
        "units": kept.tolist(),
        "orders": orders,
        "note": _note(len(trace.steps), len(starts), H, len(kept), bits, list(narrow)),
        "quantities": [
            _quantity(name, steps.means(values[:, kept], starts), bits) for name, values in wide.items()
        ],
    }


def _quantity(name: str, values: np.ndarray, bits: int) -> dict[str, Any]:
    values = np.nan_to_num(values)
    low, high = (0.0, 1.0) if name.endswith("gate") else (-1.0, 1.0)
    if not name.endswith("gate") and (most := float(np.abs(values).max(initial=0))) > 0:
        low, high = -most, most
    return {
        "name": name,
        "bits": bits,
        "low": low,
        "high": high,
        "units": values.shape[1],
        "data": pack(values, low, high, bits),
    }


def _note(T: int, columns: int, H: int, kept: int, bits: int, narrow: list[str]) -> str:
    texts = [f"{count(T, 'step')} of {count(H, 'unit')}, counted from 0."]
    if columns < T:
        texts.append(f"Each column is the mean of {T / columns:.3g} steps.")
    if kept < H:
        texts.append(f"Shown are the {kept} most active units.")
    if narrow:
        texts.append("The state h is a projection of these units, narrower than they are.")
    if bits == 8:
        texts.append("Values are rounded to 1/255 of their range.")
    return " ".join(texts)
