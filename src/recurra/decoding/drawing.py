"""Sequences drawn from a model, a token at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.decoding.beam import check_max_lengths
from recurra.decoding.hypothesis import Hypothesis
from recurra.decoding.model import OneStepModel, State
from recurra.decoding.sampling import Sampling, draw


def sample(
    model: OneStepModel[Any, State],
    state: State,
    rows: int,
    sampling: Sampling,
    *,
    start: int,
    end: int,
    never: Sequence[int] = (),
    max_lengths: Any,
    generators: Sequence[np.random.Generator],
) -> list[Hypothesis]:
    """One sequence for each of N sources, which are drawn together and know nothing of one another.

    Args:
        model: gives the distributions.
        state: of N rows, before ``start``.
        rows: N, one for each source.
        sampling: how to draw a token; the repetition penalty is for those that the sequence has.
        start: the id of what stands before the first token.
        end: the id of what stands after the last token.
        never: ids that are never written.
        max_lengths: (N,) tokens at most for each source, at least 0.
        generators: N, of each source's random numbers: one number for each token and one for what comes after
            the last of them.

    Returns N hypotheses, whose score is the log-probability under the model, whatever the sampling; at
    temperature 0 they are those of a beam of size 1. Raises InputError for ``max_lengths`` and ``generators``
    that are none, and where the model says that no token can follow, or NaN.
    """
    limits = check_max_lengths(max_lengths, rows)
    if len(generators) != rows:
        raise InputError(f"generators must be {rows}, one for each source, got {len(generators)}")
    forbidden = np.array(never, np.int64)
    tokens: list[list[int]] = [[] for _ in range(rows)]
    total, ended = [0.0] * rows, [False] * rows

    source = np.arange(rows)
    last = np.full(rows, start, np.int64)
    while len(source):
        log_probabilities, state = model.step(last, state)
        scores = np.array(log_probabilities, np.float64)
        scores[:, forbidden] = -np.inf
        goes_on = []
        for row, own in enumerate(source.tolist()):
            token = draw(sampling.probabilities(scores[row], tokens[own]), generators[own])
            ended[own] = token == end
            if ended[own] or len(tokens[own]) < limits[own]:
                total[own] += float(scores[row, token])
            if not ended[own] and len(tokens[own]) < limits[own]:
                tokens[own].append(token)
                goes_on.append(row)
        last = np.array([tokens[own][-1] for own in source[goes_on]], np.int64)
        if len(goes_on) < len(source):
            source, state = source[goes_on], model.select(state, np.array(goes_on, np.int64))
    return [
        Hypothesis(np.array(own, np.int64), value, value, is_over)
        for own, value, is_over in zip(tokens, total, ended)
    ]
