"""Decoding: which sequence of tokens a model means. NumPy only."""

from recurra.decoding.model import OneStepModel
from recurra.decoding.spans import Allowed, Span, allowed, scheme_of, spans
from recurra.decoding.viterbi import viterbi

__all__ = ["Allowed", "OneStepModel", "Span", "allowed", "scheme_of", "spans", "viterbi"]
