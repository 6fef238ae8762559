"""What is wrong with a training, told from what its history has measured, with the usual remedy.

Each sign has a threshold of its own, beside it; they were set so that sound fits of every task stay silent. A
warning is a hint where to look, no verdict: a model may be good in spite of it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.wording import count
from recurra.inspection.inside.memory import Memory

Epochs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Warning:  # noqa: A001 - what it is, and nobody raises it
    """One thing that does not look sound.

    Attributes:
        text: what was seen, with its numbers: a sentence.
        remedy: what usually helps: a sentence.
    """

    text: str
    remedy: str


def health(history: Mapping[str, Any], memory: Memory | None = None) -> tuple[Warning, ...]:
    """What does not look sound in a training, the gravest first; nothing where all does.

    Args:
        history: as a model file keeps it. What older files did not measure is not judged.
        memory: of the trained model in some input, to tell whether gradients vanish or explode over time.
    """
    epochs = history.get("epochs", [])
    best = next((epoch for epoch in epochs if epoch["epoch"] == history.get("best_epoch")), None)
    found = [
        _diverging(epochs) or _spiking(epochs),
        _gradients_over_time(memory, _has_gates(epochs)),
        _clipped(epochs),
        _growing(epochs),
        _radius(best),
        _units(best, "dead_units"),
        _units(best, "saturated_units"),
        _overfitting(epochs, best),
        _unfinished(epochs, history),
    ]
    return tuple(warning for warning in found if warning is not None)


_LOST = 1e-5
"""Of the gradient. Beside a sum of the latest, of 1, float32 keeps two digits of this, and of 1e-7 none."""
_REACHES = 1e-3
"""Of the largest gradient by an input: more, and what the states forget comes by a pool or attention."""
_EXPLODED = 1e3
"""Of the gradient. Clipped to the norm of a usual one, all other parts of it shrink to a thousandth."""


def _gradients_over_time(memory: Memory | None, has_gates: bool) -> Warning | None:
    if memory is None or len(memory.lags) < 2 or not memory.by_state[0]:
        return None
    gains = memory.by_state / memory.by_state[0]
    if gains[-1] < _LOST:
        lost = np.flatnonzero(gains >= _LOST)[-1] + 1
        lag = int(memory.state_lags[lost])
        if memory.by_input[lag:].max() > _REACHES * memory.by_input.max():
            return None
        steps = count(lag, "step")
        gates = "a larger forget bias, attention or a mean over the steps, or shorter sequences"
        plain = "an LSTM or a GRU, or orthogonal initialisation"
        return Warning(
            f"Gradients shrink to {_small(gains[lost])} of themselves over {steps}: "
            "what is longer ago is hardly learnt.",
            f"If that should matter, try {gates if has_gates else plain}.",
        )
    if gains[-1] > _EXPLODED:
        steps = count(int(memory.lags[-1]), "step")
        return Warning(
            f"Gradients grow to {gains[-1]:,.0f} times themselves over {steps}.",
            f"Clip them to a lower norm, {'or' if has_gates else 'try an LSTM or a GRU, or'} "
            "begin with orthogonal recurrent weights and a lower learning_rate.",
        )
    return None


_BACK = 0.5
"""Of all that the loss has fallen: noise between epochs, also of small data, takes a tenth or two of it."""
_NOTICEABLE = 0.1
"""Of the first epoch's loss: less is noise where nothing is learnt, or about a loss near its floor."""


def _diverging(epochs: Epochs) -> Warning | None:
    losses = [epoch["loss"] for epoch in epochs]
    if len(losses) < 2 or losses[-1] - losses[0] <= _NOTICEABLE * abs(losses[0]):
        return None
    return Warning(
        f"The training loss ended above where it began, at {losses[-1]:.3g} after {losses[0]:.3g}.",
        "Give a lower learning_rate, a tenth of it to begin with, and look for extreme values in the data.",
    )


def _spiking(epochs: Epochs) -> Warning | None:
    losses = [epoch["loss"] for epoch in epochs]
    for i in range(2, len(losses)):
        rise, gained = losses[i] - losses[i - 1], losses[0] - min(losses[:i])
        if rise > _BACK * gained and rise > _NOTICEABLE * abs(losses[0]):
            return Warning(
                f"The training loss jumped from {losses[i - 1]:.3g} to {losses[i]:.3g} in epoch {i + 1}.",
                "Give a lower learning_rate or clip_norm, and look for extreme values in the data.",
            )
    return None


_MOST = 0.5
"""Of the batches: clipping is for the rare steep place, not to set the length of most steps."""


def _clipped(epochs: Epochs) -> Warning | None:
    """In the later half of the epochs: gradients are often large at first."""
    later = [epoch for epoch in epochs[len(epochs) // 2 :] if "clipped" in epoch]
    share = _mean([epoch["clipped"] for epoch in later])
    if share <= _MOST:
        return None
    norm = _mean([epoch["gradient_norm"] for epoch in later])
    return Warning(
        f"In the later epochs the gradients of {_percent(share)} of the batches were clipped; "
        f"their norm was {norm:.3g} on average.",
        "Give a clip_norm nearer to that, or a lower learning_rate where the loss is restless; "
        "bring inputs and targets to a scale of about 1.",
    )


_GROWN = 3.0
"""Times the norm after the first epoch. Sound fits end within a half more; none that was seen tripled."""


def _growing(epochs: Epochs) -> Warning | None:
    norms = [epoch["weight_norm"] for epoch in epochs if "weight_norm" in epoch]
    if not norms or norms[-1] <= _GROWN * norms[0]:
        return None
    return Warning(
        f"The weights grew to {norms[-1] / norms[0]:.1f} times their norm after the first epoch.",
        "Give a lower learning_rate, or weight_decay.",
    )


_RADIUS = {"h": 2.0} | dict.fromkeys("iforz", 8.0)
"""By gate. Twice at every step is a thousand times in ten, but for what tanh's slope takes; σ's is a quarter
at most. The candidates g and n are not judged: sound LSTMs were seen with 9, as the input gate tames it."""


def _radius(epoch: Mapping[str, Any] | None) -> Warning | None:
    radii = [
        (radius / _RADIUS[gate], radius, f"{name}, {gate}" if len(gates) > 1 else name)
        for name, gates in (epoch or {}).get("spectral_radius", {}).items()
        for gate, radius in gates.items()
        if gate in _RADIUS
    ]
    share, radius, name = max(radii, default=(0.0, 0.0, ""))
    if share <= 1:
        return None
    return Warning(
        f"The spectral radius of {name} is {radius:.3g}, far above 1, "
        "where gradients may explode and units saturate.",
        "Give a lower learning_rate, or weight_decay; begin with orthogonal recurrent weights.",
    )


_UNITS = 0.25
"""Of a layer's units. One in some tens is dead by chance; without a quarter, a smaller layer would do."""


def _units(epoch: Mapping[str, Any] | None, kind: str) -> Warning | None:
    shares = ((share, name) for name, share in (epoch or {}).get(kind, {}).items())
    share, name = max(shares, default=(0.0, ""))
    if share < _UNITS:
        return None
    if kind == "dead_units":
        return Warning(
            f"{_percent(share)} of the units {name} are dead: "
            "under 0.01 at the end of every validation sequence.",
            "Give a smaller hidden_size, or a lower learning_rate if they died in training.",
        )
    return Warning(
        f"{_percent(share)} of the units {name} are saturated: "
        "over 0.99 at the end of every validation sequence, where they hardly learn.",
        "Give a lower learning_rate, and bring inputs to a scale of about 1; "
        "an LSTM or a GRU saturates less than a plain RNN.",
    )


_RISE = 0.05
"""Of the first epoch's loss: near its floor a loss may double and mean nothing."""


def _overfitting(epochs: Epochs, best: Mapping[str, Any] | None) -> Warning | None:
    if best is None or "validation_loss" not in best:
        return None
    lowest = min(epochs, key=lambda epoch: epoch["validation_loss"])
    since = epochs[lowest["epoch"] :]
    last, later = epochs[-1], [epoch["validation_loss"] for epoch in since[len(since) // 2 :]]
    rise = (
        min(later, default=-math.inf) - lowest["validation_loss"]
    )  # at every one, as losses may be restless
    fall = lowest["loss"] - last["loss"]
    if rise <= _RISE * abs(epochs[0]["validation_loss"]) or fall <= _RISE * abs(epochs[0]["loss"]):
        return None
    return Warning(
        f"The model overfits: after epoch {lowest['epoch']} the training loss still fell from "
        f"{lowest['loss']:.3g} to {last['loss']:.3g}, but the validation loss rose from "
        f"{lowest['validation_loss']:.3g} to {last['validation_loss']:.3g}. "
        f"The weights of epoch {best['epoch']} were kept.",
        "More data helps most; else more dropout or weight_decay, or a smaller hidden_size.",
    )


_STILL = 0.02
"""Of the best epoch's loss, in the last fifth of the epochs: what another fifth might gain."""


def _unfinished(epochs: Epochs, history: Mapping[str, Any]) -> Warning | None:
    if (
        history.get("stopped") not in ("epochs", "time")
        or history.get("best_epoch") != len(epochs)
        or len(epochs) < 2
    ):
        return None
    name = "score" if "score" in epochs[-1] else "validation_loss"
    before, last = epochs[-1 - max(1, len(epochs) // 5)][name], epochs[-1][name]
    if before - last <= _STILL * abs(last):
        return None
    what = "score" if name == "score" else "loss"
    more = "epochs" if history["stopped"] == "epochs" else "time"
    return Warning(
        f"The validation {what} was still falling when training ended, to {last:.3g} in epoch {len(epochs)}.",
        f"Give more {more}.",
    )


def _has_gates(epochs: Epochs) -> bool:
    """Whether any layer is other than Elman's, as far as was measured."""
    radii = epochs[-1].get("spectral_radius", {}) if epochs else {}
    return not radii or any(len(gates) > 1 for gates in radii.values())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _small(number: float) -> str:
    return f"{number:.0e}".replace("e-0", "e-") if number > 0 else "0"
