"""Steps along an axis: what they are called on a page, and how many of them a picture shows."""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra.inspection import figures
from recurra.inspection.inside.inputs import BOUNDARY
from recurra.inspection.wording import listing

MOST_POINTS = 1000
"""Of a curve, and columns of a heat map: a screen does not show more."""
MOST_ROWS = 300
"""Of a table."""

_LONGEST, _LONGEST_TIME = 14, 20  # letters of a name below an axis


def safe(name: str, longest: int = 2 * _LONGEST) -> str:
    """A name for a picture, where plotly would take ``<b>`` for a command; what is too long is cut."""
    return html.escape(name if len(name) <= longest else f"{name[: longest - 1]}…", quote=False)


def are_words(steps: Sequence[str]) -> bool:
    """Whether steps are symbols, all of which people want to read, and not points of time."""
    times = [step for step in steps if step != BOUNDARY]
    return len(set(times)) < len(times) or not all(step[:1].isdigit() for step in times)


def listed(steps: Sequence[str], places: Sequence[int]) -> str:
    """Some of the steps in a sentence: ``“not” and “good”``, ``steps 3 and 7``, ``0.02 s and 0.14 s``."""
    shown = [steps[place] for place in places]
    if are_words(steps):
        return listing([f"“{name}”" for name in shown])
    plain = all(name.isdigit() for name in shown)
    return f"{'step' + 's' * (len(shown) > 1) + ' ' if plain else ''}{listing(shown)}"


def axis(steps: Sequence[str]) -> dict[str, Any]:
    """For the page's script, which writes as many of the names below the axis as there is room for."""
    return {"steps": ticks(steps), "words": are_words(steps)}


def ticks(steps: Sequence[str]) -> list[str]:
    """What stands below an axis: short names; times without the seconds where there are none."""
    if are_words(steps):
        return [safe(step, _LONGEST) for step in steps]
    seconds = {step for step in steps if step.count(":") == 2}  # midnight is a date alone
    spare = ":00" if all(step.endswith(":00") for step in seconds) else ""
    return [safe(step.removesuffix(spare) if step in seconds else step, _LONGEST_TIME) for step in steps]


def bins(T: int, most: int = MOST_POINTS) -> np.ndarray:
    """Where each of at most ``most`` runs of steps of about the same length begins."""
    return np.unique(np.linspace(0, T, min(T, most), endpoint=False).astype(np.int64))


def bin_names(steps: Sequence[str], starts: np.ndarray) -> list[str]:
    """What each run of steps is called: by its first and its last."""
    ends = [*starts[1:].tolist(), len(steps)]
    runs = [(str(steps[start]), str(steps[end - 1])) for start, end in zip(starts.tolist(), ends)]
    return [first if first == last else f"{first} … {last}" for first, last in runs]


def means(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Of ``values`` (T, …) over each run of steps."""
    lengths = np.diff(starts, append=len(values))
    sums = np.add.reduceat(np.asarray(values, np.float64), starts, axis=0)
    return sums / lengths.reshape(-1, *[1] * (values.ndim - 1))


def figure(traces: list[Any], steps: Sequence[str], **layout: Any) -> Any:
    """A figure in the page's style along named steps; x is the place of a step, from 0."""
    x = {"range": [-0.5, len(steps) - 0.5], **layout.pop("x", {})}
    return figures.figure(traces, x=x, meta=axis(steps), **layout)


def log_axis(values: Sequence[np.ndarray]) -> dict[str, Any]:
    """A logarithmic axis with ticks at powers of ten, and between them the more the fewer there are."""
    known = np.concatenate([np.asarray(one, float) for one in values])
    known = known[np.isfinite(known) & (known > 0)]
    if not len(known):
        return {"type": "log"}
    low, high = np.log10(known.min()), np.log10(known.max())
    powers = np.arange(np.floor(low), np.ceil(high) + 1)
    every = max(1, -(-len(powers) // 7))
    near = [1, 1.5, 2, 3, 4, 5, 7] if high - low < 0.7 else [1, 2, 5] if high - low < 2 else [1]
    ticks = [k * 10.0**power for power in powers[::every] for k in near]
    room = max(0.05 * (high - low), 0.1)
    names = [f"{tick:.0e}" if not 1e-3 <= tick < 1e4 else f"{tick:g}" for tick in ticks]
    return {
        "type": "log",
        "range": [low - room, high + room],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [name.replace("e-0", "e-").replace("e+0", "e").replace("-", "−") for name in names],
    }


def whole_axis(amount: int) -> dict[str, Any]:
    """An axis of so many whole numbers, each of which is named once where they are few."""
    return {"tickformat": "d", **({"dtick": 1} if amount < 10 else {})}


def table_rows(amount: int) -> tuple[np.ndarray, str]:
    """Which rows of a long table are shown, evenly spaced, and a note on what is left out."""
    rows = figures.every(amount, MOST_ROWS)
    return rows, "" if len(rows) == amount else f"{len(rows):,} of {amount:,} steps, evenly spaced."
