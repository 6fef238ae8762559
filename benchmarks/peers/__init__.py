"""Recurra's peers, each used as its own users would; those that are not installed are left out and named."""

import importlib
import importlib.metadata
import importlib.util
import os
from typing import Any

MODULES = {"ONNX Runtime": ("onnx", "onnxruntime"), "Keras on JAX": ("keras", "jax")}


def installed(peer: str) -> bool:
    """Whether everything that the peer needs is here."""
    return all(importlib.util.find_spec(name) is not None for name in MODULES[peer])


def missing() -> list[str]:
    """The peers that cannot take part."""
    return [peer for peer in MODULES if not installed(peer)]


def load(name: str) -> Any:
    """A module of a peer, which a checkout without the `bench` extra lacks."""
    os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is first imported
    return importlib.import_module(name)


def versions() -> dict[str, str]:
    """The versions of all that is compared."""
    names = ["numpy", "torch", *(name for modules in MODULES.values() for name in modules)]
    return {name: importlib.metadata.version(name) for name in names if importlib.util.find_spec(name)}
