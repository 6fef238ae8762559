"""Decoding: which sequence of tokens a model means. NumPy only."""

from recurra.decoding.key_sampling import sample_keys
from recurra.decoding.model import OneStepModel
from recurra.decoding.sampling import Sampling, draw
from recurra.decoding.spans import Allowed, Span, allowed, scheme_of, spans
from recurra.decoding.viterbi import viterbi

__all__ = [
    "Allowed",
    "OneStepModel",
    "Sampling",
    "Span",
    "allowed",
    "draw",
    "sample_keys",
    "scheme_of",
    "spans",
    "viterbi",
]
