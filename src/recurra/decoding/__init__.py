"""Decoding: which sequence of tokens a model means. NumPy only."""

from recurra.decoding.beam import Beam, beam_search
from recurra.decoding.ctc import CtcReader, ctc_greedy
from recurra.decoding.ctc_alignment import ctc_frames
from recurra.decoding.ctc_search import ctc_beam
from recurra.decoding.drawing import sample
from recurra.decoding.hypothesis import Hypothesis
from recurra.decoding.key_sampling import sample_keys
from recurra.decoding.model import OneStepModel
from recurra.decoding.sampling import Sampling, draw
from recurra.decoding.spans import Allowed, Span, allowed, scheme_of, spans
from recurra.decoding.viterbi import viterbi

__all__ = [
    "Allowed",
    "Beam",
    "CtcReader",
    "Hypothesis",
    "OneStepModel",
    "Sampling",
    "Span",
    "allowed",
    "beam_search",
    "ctc_beam",
    "ctc_frames",
    "ctc_greedy",
    "draw",
    "sample",
    "sample_keys",
    "scheme_of",
    "spans",
    "viterbi",
]
