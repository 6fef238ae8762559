"""The model file: one specification and its tensors, written by training and read by everything after it."""

from recurra.artifact.artifact import Artifact
from recurra.artifact.store import FORMAT, check_writable, load, save

__all__ = ["FORMAT", "Artifact", "check_writable", "load", "save"]
