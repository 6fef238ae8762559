"""Where a model looks: attention over a source or over steps, and what a transcriber hears at each step."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra.decoding import ctc_greedy
from recurra.inspection.inside.inputs import Given
from recurra.inspection.inside.trace import written_tokens
from recurra.inspection.symbols import visible
from recurra.runtime import AttentionPool, Network
from recurra.runtime.transcript import BLANK
from recurra.runtime.transcription import TranscriptionModel
from recurra.runtime.translation import TranslationModel


@dataclass(frozen=True, eq=False)
class Attended:
    """How much each row looks at each step of the input.

    Attributes:
        rows: of an encoder-decoder the tokens that it writes, and the end; of a pool "all steps".
        columns: (T,), the steps.
        weights: (rows, T), each row adding up to 1.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class Posteriors:
    """What a transcriber (CTC) hears at each step.

    Attributes:
        steps: (T,).
        symbols: (V,), "blank" first.
        values: (T, V) float64, the probability of each.
        text: what they come to, read greedily.
    """

    steps: tuple[str, ...]
    symbols: tuple[str, ...]
    values: np.ndarray
    text: str


def attended(model: Any, given: Given) -> Attended | None:
    """Where the loaded ``model`` looks as it answers the input; None for one without attention."""
    if isinstance(model, TranslationModel):
        if not model.network.has_attention:
            return None
        tokens = model.answer(given.x)
        (weights,) = model.network.attention([given.x], [tokens])
        return Attended(written_tokens(model, tokens), given.steps, weights)
    network: Network = model.network
    pool = next((part for part in network.parts if isinstance(part, AttentionPool)), None)
    if pool is None:
        return None
    x = next(x for part, x, _ in network.walk(given.x[None]) if part is pool)
    return Attended(("all steps",), given.steps, _pooled(pool.name, model.tensors, x[:, 0])[None])


def _pooled(name: str, p: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """softmax over t of vᵀ tanh(W x_t + b): (T,) for x (T, I)."""
    W, b, v = (p[f"{name}.{own}"] for own in ("key.weight", "key.bias", "score.weight"))
    scores = np.tanh(x @ W.T + b) @ v[0]
    odds = np.exp(scores - scores.max())
    return odds / odds.sum()


def posteriors(model: Any, given: Given) -> Posteriors | None:
    """What a loaded transcriber hears at each step of the input; None for other models."""
    if not isinstance(model, TranscriptionModel):
        return None
    known = model.log_probabilities(model.network(given.x[None])[0])
    tokens, _ = ctc_greedy(known, BLANK)
    symbols = ("blank", *map(visible, model.symbols.vocabulary[BLANK + 1 :]))
    return Posteriors(given.steps, symbols, np.exp(known), model.symbols.decode(tokens))
