"""Decoding: which sequence of tokens a model means. NumPy only."""

from recurra.decoding.model import OneStepModel

__all__ = ["OneStepModel"]
