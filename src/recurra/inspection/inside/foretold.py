"""What a language model foretold in the place of each symbol of a text, or of the keys of a piece."""

from functools import partial
from itertools import pairwise

import numpy as np

from recurra import kernels
from recurra.data import LOWEST_NOTE
from recurra.inspection.inside.formed import LOG_PROBABILITY, Forming
from recurra.inspection.inside.inputs import BOUNDARY, Given
from recurra.inspection.symbols import note_name, texts_of, visible
from recurra.runtime import NetworkStream
from recurra.runtime.language import TextModel
from recurra.runtime.language_stream import log_softmax
from recurra.runtime.music import MusicModel

_LIKELIEST = 5
_MOST_VALUES = 2**21  # of log-probabilities at once, so that memory stays small
_UNKNOWN = 0

Likeliest = tuple[tuple[str, float], ...]


def symbols_foretold(model: TextModel, given: Given) -> Forming:
    """The log-probability of each symbol, and what was most probable before it came."""
    stream, ids = NetworkStream(model.network), given.x
    stretch = max(1, _MOST_VALUES // model.network.output_size)
    values, likeliest = np.empty(len(ids)), []
    following = np.append(ids[1:], 0)  # after the last one nothing is known
    for start in range(0, len(ids), stretch):
        known = log_softmax(stream.run(ids[start : start + stretch]))
        rows = np.arange(len(known))
        values[start : start + len(known)] = known[rows, following[start : start + len(known)]]
        own, tokens, logs = kernels.highest(known, np.zeros(len(known)), rows, _LIKELIEST)
        best = list(zip(map(partial(_name, model), tokens.tolist()), np.exp(logs).tolist()))
        ends = own.searchsorted(rows, side="right").tolist()
        likeliest += [tuple(best[begin:end]) for begin, end in pairwise([0, *ends])]
    symbol, odds = likeliest[-1][0]
    return _foretold(given, values, likeliest, f"{symbol} ({100 * odds:.3g} %)")


def keys_foretold(model: MusicModel, given: Given) -> Forming:
    """The log-probability of each step, all keys together, and the most probable keys before it came."""
    logits = NetworkStream(model.network).run(given.x).astype(np.float64)
    odds = 1 / (1 + np.exp(-logits))
    sounding = np.concatenate([given.x[1:], given.x[:1]]) > 0  # after the last step nothing is known
    values = -np.logaddexp(0.0, np.where(sounding, -logits, logits)).sum(axis=1)
    best = np.argsort(-odds, axis=1, kind="stable")[:, :_LIKELIEST]
    likeliest = [
        tuple((note_name(LOWEST_NOTE + key), float(p[key])) for key in row) for row, p in zip(best, odds)
    ]
    expected = [note_name(LOWEST_NOTE + key) for key in np.flatnonzero(odds[-1] > 0.5)]
    return _foretold(given, values, likeliest, " ".join(expected) or "silence")


def _foretold(given: Given, values: np.ndarray, likeliest: list[Likeliest], final: str) -> Forming:
    """Of what was foretold after each step, that which something came after."""
    return Forming(
        given.steps[1:],
        (LOG_PROBABILITY,),
        values[:-1, None],
        LOG_PROBABILITY,
        final,
        (),
        likeliest=tuple(likeliest[:-1]),
    )


def _name(model: TextModel, token: int) -> str:
    if token == model.boundary:
        return BOUNDARY
    if token == _UNKNOWN:
        return "unknown"
    return visible(texts_of(model.features, [model.features.vocabulary[token]])[0])
