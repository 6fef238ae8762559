"""Recurra: train recurrent sequence models fast on a CPU, look inside, and run them without PyTorch.

Importing this module, loading a model and predicting with it need no PyTorch; ``Forecaster`` and ``nn``
import it when they are first used.
"""

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from recurra._base.errors import ArtifactError, InputError, MissingExtraError, RecurraError, TrainingError
from recurra.runtime import load

if TYPE_CHECKING:
    from recurra import nn
    from recurra.tasks import Forecaster

__version__ = version("recurra")

__all__ = [
    "ArtifactError",
    "Forecaster",
    "InputError",
    "MissingExtraError",
    "RecurraError",
    "TrainingError",
    "__version__",
    "load",
    "nn",
]


def __getattr__(name: str) -> Any:
    if name == "nn":
        return importlib.import_module("recurra.nn")
    if name == "Forecaster":
        return importlib.import_module("recurra.tasks").Forecaster
    raise AttributeError(f"module 'recurra' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
