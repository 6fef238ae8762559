"""When each symbol of a text was emitted, under connectionist temporal classification."""

from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.decoding.ctc import check_frames


def ctc_frames(log_probabilities: Any, tokens: np.ndarray, blank: int) -> np.ndarray:
    """The frames (U,), int64, in which the ``tokens`` (U,) begin in their most probable alignment.

    Args:
        log_probabilities: (T, V), natural, of each symbol in each frame.
        tokens: a text, without blanks, such as a search found.
        blank: the id of the blank.

    The best path through the text with a blank before, between and after its symbols (Graves et al. 2006,
    section 4.1, with the maximum for the sum). Of the tokens of `ctc_greedy` these are its frames. Raises
    InputError for ids that are no symbols, a text of probability 0, such as one that needs more frames, and
    where `ctc_greedy` does.
    """
    scores = check_frames(log_probabilities, blank).astype(np.float64)
    tokens = np.asarray(tokens, np.int64)
    T, V = scores.shape
    if ((tokens < 0) | (tokens >= V) | (tokens == blank)).any():
        raise InputError(
            f"tokens must be symbols below {V} other than the blank, {blank}, got {tokens.tolist()}"
        )
    needed = len(tokens) + int((tokens[1:] == tokens[:-1]).sum())
    if needed > T:
        raise InputError(
            f"tokens need at least {needed} frames, with a blank between two of a kind, got {T} frames"
        )

    path = np.full(2 * len(tokens) + 1, blank)
    path[1::2] = tokens
    # Two places on, past a blank, where that parts no two of a kind.
    skips = np.zeros(len(path), bool)
    skips[3::2] = tokens[1:] != tokens[:-1]
    best = np.full(len(path), -np.inf)
    best[0] = 0  # so that the first frame is at either of the first two places
    back = np.zeros((T, len(path)), np.int64)  # how many places before
    for t, frame in enumerate(scores):
        came = np.full((3, len(path)), -np.inf)
        came[0], came[1, 1:] = best, best[:-1]
        came[2, 2:] = np.where(skips[2:], best[:-2], -np.inf)
        back[t] = came.argmax(axis=0)
        best = came.max(axis=0) + frame[path]

    place = len(path) - 1
    if len(tokens) and best[place - 1] >= best[place]:
        place -= 1
    if best[place] == -np.inf:
        raise InputError(f"tokens must be a text that these frames can mean, got {tokens.tolist()}")
    places = np.empty(T, np.int64)
    for t in reversed(range(T)):
        places[t] = place
        place -= back[t, place]
    return places.searchsorted(np.arange(1, len(path), 2))
