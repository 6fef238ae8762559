"""The classic experiments, each a short script that states a claim and checks it over several seeds."""

from recurra.labs.lab import Check, Lab, Picture, Result, Table
from recurra.labs.registry import LABS, find, run

__all__ = ["LABS", "Check", "Lab", "Picture", "Result", "Table", "find", "run"]
