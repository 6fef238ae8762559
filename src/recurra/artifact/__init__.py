"""The model file: one specification and its tensors, written by training and read by everything after it."""

from recurra.artifact.artifact import Artifact
from recurra.artifact.store import FORMAT, load, save
from recurra.artifact.writing import check_writable, replace_file

__all__ = ["FORMAT", "Artifact", "check_writable", "load", "replace_file", "save"]
