"""What is differentiated: one number of a network's output for each task, and its gradient there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of
from recurra._base.wording import count
from recurra.decoding import viterbi
from recurra.inspection.inside.inputs import BOUNDARY, Given
from recurra.inspection.symbols import visible
from recurra.runtime import (
    ClassificationModel,
    ForecastModel,
    RegressionModel,
    TaggingModel,
    TranscriptionModel,
)
from recurra.runtime.language import TextModel
from recurra.runtime.music import MusicModel
from recurra.runtime.transcript import BLANK

MEDIAN = 0.5
_STEP = 1e-5
"""To either side, for the slope of what takes a scaled number back to its unit: a line, or a smooth curve."""

Valued: TypeAlias = tuple[float, np.ndarray]
"""A number, and its gradient with respect to the network's output."""


@dataclass(frozen=True)
class Aim:
    """A number that a network's output, (O,) or (T, O), stands for.

    Attributes:
        what: it is.
        symbol: of which symbol or class; "" where there is none.
        step: whose output it is read from; None where all of the sequence has one.
        of: the number for an output, and its gradient there.
    """

    what: str
    symbol: str
    step: int | None
    of: Callable[[np.ndarray], Valued]

    @property
    def name(self) -> str:
        """What it is, of which symbol."""
        return f"{self.what} “{self.symbol}”" if self.symbol else self.what


def aim_of(model: Any, given: Given, output: np.ndarray, target: Any = None) -> Aim:
    """What a model says of the ``given`` sequence, of which its network has that ``output``.

    ``target`` chooses, None for what the model predicts: the class of a classifier; the step of a
    forecaster's horizon, from 1, None for their mean; where there is an output at every step, which one, from
    0, None for the last, or of a transcriber the last that is no blank. A regressor has no choice.

    Raises InputError for a target that there is not.
    """
    match model:
        case ClassificationModel():
            return _of_class(model, output, target)
        case RegressionModel():
            if target is not None:
                raise InputError(f"target must be None, as the model has one output, got {target!r}")
            return _of_number(model, output)
        case ForecastModel():
            return _of_horizon(model, given, output, target)
        case _:
            last = _last_said(output) if isinstance(model, TranscriptionModel) else len(output) - 1
            step = last if target is None else _whole("target", target, 0, len(output) - 1)
            return aim_at(model, output, step)


def aim_at(model: Any, output: np.ndarray, step: int) -> Aim:
    """What a model with an output at every step, (T, O), says at that one."""
    own = output[step]
    if isinstance(model, MusicModel):
        sign = np.where(own > 0, 1.0, -1.0)
        return Aim(
            "log-probability of the keys", "", step, _at(step, lambda logits: _log_sigmoids(logits, sign))
        )
    match model:
        case TaggingModel():
            # With a random field only whole paths have a probability; a step has an emission.
            name = "tag" if model.network.crf is None else "tag by its emission"
            k = _tag(model, output, step)
            symbol = str(model.classes[k])
        case TextModel():
            name, k = "next symbol", int(own.argmax())
            symbol = BOUNDARY if k == model.boundary else visible(model.features.vocabulary[k])
        case TranscriptionModel():
            name, k = "symbol", int(own.argmax())
            symbol = "blank" if k == BLANK else visible(model.symbols.vocabulary[k])
        case _:
            raise InputError(f"model must be one that Recurra loads, got {type(model).__name__}")
    return Aim(
        f"log-probability of the {name}",
        symbol,
        step,
        _at(step, lambda logits: log_probability(logits, k)),
    )


def aim_of_answer(tokens: np.ndarray, names: tuple[str, ...], target: Any = None) -> Aim:
    """Of an encoder-decoder's logits (T, V): the log-probability of its answer's ``tokens`` (T,).

    ``names`` are what the tokens are called; ``target`` is the step of one of them, None for all together.
    Raises InputError for a step that there is not.
    """
    steps = range(len(tokens)) if target is None else [_whole("target", target, 0, len(tokens) - 1)]

    def of(logits: np.ndarray) -> Valued:
        gradient, total = np.zeros_like(logits), 0.0
        for t in steps:
            value, gradient[t] = log_probability(logits[t], tokens[t])
            total += value
        return total, gradient

    if target is None:
        return Aim("log-probability of the answer", "", None, of)
    return Aim("log-probability of the symbol", names[steps[0]], None, of)


def log_probability(logits: np.ndarray, k: int, temperature: float = 1.0) -> Valued:
    """ln softmax(logits / temperature)_k"""
    scores = logits / temperature
    scores = scores - scores.max()
    odds = np.exp(scores)
    gradient = -odds / odds.sum()
    gradient[k] += 1
    return float(scores[k] - np.log(odds.sum())), gradient / temperature


def _log_sigmoids(logits: np.ndarray, sign: np.ndarray) -> Valued:
    """Σ_k ln σ(±z_k), whose derivative is ±σ(∓z_k)"""
    away = np.logaddexp(0.0, -sign * logits)
    return -float(away.sum()), sign * np.exp(-np.logaddexp(0.0, sign * logits))


def _of_class(model: ClassificationModel, output: np.ndarray, target: Any) -> Aim:
    names = [str(name) for name in model.classes]
    k = int(output.argmax()) if target is None else names.index(one_of("target", str(target), names))
    return Aim(
        "log-probability of the class",
        names[k],
        None,
        lambda logits: log_probability(logits, k, model.temperature),
    )


def _of_number(model: RegressionModel, output: np.ndarray) -> Aim:
    def inverse(z: np.ndarray) -> np.ndarray:
        return model.quantiles(np.repeat(z[:, None], len(model.levels), axis=1))[:, 0]

    return Aim("median", "", None, _median(output[None], model.levels, inverse, np.ones(1)))


def _of_horizon(model: ForecastModel, given: Given, output: np.ndarray, target: Any) -> Aim:
    H, Q, values = model.horizon, len(model.levels), given.values
    if values is None:
        raise InputError("given must have the values of its window, got None; make it with given(model, X)")
    chosen = range(H) if target is None else [_whole("target", target, 1, H) - 1]
    weights = np.zeros(H)
    weights[chosen] = 1 / len(chosen)

    def inverse(z: np.ndarray) -> np.ndarray:
        return model.inputs.quantiles(np.repeat(z, Q)[None], values[None])[0, :, 0]

    which = f"mean of {count(H, 'step')}" if target is None else f"step {target} of {H}"
    name = f"median of {model.inputs.target} ({which})"
    return Aim(name, "", None, _median(output.reshape(H, Q), model.levels, inverse, weights))


def _median(
    outputs: np.ndarray,
    levels: tuple[float, ...],
    inverse: Callable[[np.ndarray], np.ndarray],
    weights: np.ndarray,
) -> Callable[[np.ndarray], Valued]:
    """The weighted sum of the medians of H steps, of outputs (H, Q), in the unit that ``inverse`` gives.

    Quantiles that cross are sorted, so that the median may be another output.
    """
    H, Q = outputs.shape
    places = np.arange(H) * Q + outputs.argsort(axis=1, kind="stable")[:, levels.index(MEDIAN)]

    def of(output: np.ndarray) -> Valued:
        z, gradient = output[places], np.zeros_like(output)
        gradient[places] = weights * (inverse(z + _STEP) - inverse(z - _STEP)) / (2 * _STEP)
        return float(weights @ inverse(z)), gradient

    return of


def _last_said(output: np.ndarray) -> int:
    """The last step whose most probable symbol is no blank, the last of all where none is."""
    said = np.flatnonzero(output.argmax(axis=1) != BLANK)
    return int(said[-1]) if len(said) else len(output) - 1


def _tag(model: TaggingModel, output: np.ndarray, step: int) -> int:
    if model.network.crf is None:
        return int(output[step].argmax())
    return int(viterbi(output[:, None], np.array([len(output)]), *model.network.crf)[0][step])


def _at(step: int, of: Callable[[np.ndarray], Valued]) -> Callable[[np.ndarray], Valued]:
    """``of`` that step of an output (T, O)."""

    def whole(output: np.ndarray) -> Valued:
        gradient = np.zeros_like(output)
        value, gradient[step] = of(output[step])
        return value, gradient

    return whole


def _whole(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise InputError(f"{name} must be a whole number between {least} and {most}, got {value!r}")
    return int(value)
