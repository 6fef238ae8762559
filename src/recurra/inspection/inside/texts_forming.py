"""Texts as they form: what has been heard of a sequence so far, and how a translation of it would begin."""

import numpy as np

from recurra.decoding import ctc_greedy
from recurra.inspection.inside.formed import LOG_PROBABILITY, Forming
from recurra.inspection.inside.inputs import Given
from recurra.inspection.inside.prefixes import ends_of, prefixes
from recurra.runtime.transcript import BLANK
from recurra.runtime.transcription import TranscriptionModel
from recurra.runtime.translation import TranslationModel

_FIRST = 8  # tokens of a translation
_UNKNOWN = 0  # of a translation's ids; it is never written


def transcript_forming(model: TranscriptionModel, given: Given) -> Forming:
    """The text that is read greedily of each prefix, and the log-probability of its most probable way."""
    found = prefixes(model.network, given.x)
    own = found.outputs[-1:] if found.causal else found.outputs
    known = [model.log_probabilities(output) for output in own]
    if found.causal:
        tokens, begins = ctc_greedy(known[0], BLANK)
        written = [tokens[begins <= end] for end in found.ends]
        values = known[0].max(axis=1).cumsum()
    else:
        written = [ctc_greedy(one, BLANK)[0] for one in known]
        values = np.array([one.max(axis=1).sum() for one in known])
    said = tuple(model.symbols.decode(tokens) for tokens in written)
    flips = tuple(i for i in range(1, len(said)) if not said[i].startswith(said[i - 1]))
    steps = tuple(given.steps[end] for end in found.ends)
    return Forming(steps, (LOG_PROBABILITY,), values[:, None], LOG_PROBABILITY, said[-1], flips, said)


def translation_forming(model: TranslationModel, given: Given) -> Forming:
    """How the translation of each prefix would begin, written greedily."""
    ends = ends_of(len(given.x))
    tokens, values = _greedy(model, [given.x[: end + 1] for end in ends])
    begun = [own[own != model.network.boundary] for own in tokens]
    said = tuple(model.target.decode(own) + "…" * (len(own) == _FIRST) for own in begun)
    flips = tuple((np.flatnonzero(np.diff(tokens[:, 0])) + 1).tolist())
    return Forming(
        tuple(given.steps[end] for end in ends),
        (LOG_PROBABILITY,),
        values[:, None],
        LOG_PROBABILITY,
        model.target.decode(model.answer(given.x)),
        flips,
        said,
    )


def _greedy(model: TranslationModel, sources: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The first tokens (N, 8) for each source, boundaries after an end, and their log-probabilities (N,)."""
    network = model.network
    state = network.initial_state(sources)
    tokens = np.full((len(sources), _FIRST + 1), network.boundary)
    total, open_ = np.zeros(len(sources)), np.ones(len(sources), bool)
    for t in range(_FIRST):
        known, state = network.step(tokens[:, t], state)
        known[:, _UNKNOWN] = -np.inf
        best = known.argmax(axis=1)
        total += np.where(open_, known.max(axis=1), 0)
        open_ &= best != network.boundary
        tokens[open_, t + 1] = best[open_]
    return tokens[:, 1:], total
