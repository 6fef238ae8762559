"""Recurra: train recurrent sequence models fast on a CPU, look inside, and run them without PyTorch.

Importing this module, loading a model and predicting with it need no PyTorch; ``Forecaster`` and ``nn``
import it when they are first used. Every part is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from recurra._base.errors import ArtifactError, InputError, MissingExtraError, RecurraError, TrainingError

if TYPE_CHECKING:
    from recurra import nn
    from recurra.runtime import load, quantize
    from recurra.tasks import (
        Forecaster,
        LanguageModel,
        Seq2Seq,
        SequenceClassifier,
        SequenceRegressor,
        SequenceTagger,
        Transcriber,
    )

    __version__: str

__all__ = [
    "ArtifactError",
    "Forecaster",
    "InputError",
    "LanguageModel",
    "MissingExtraError",
    "RecurraError",
    "Seq2Seq",
    "SequenceClassifier",
    "SequenceRegressor",
    "SequenceTagger",
    "TrainingError",
    "Transcriber",
    "__version__",
    "load",
    "nn",
    "quantize",
]


def __getattr__(name: str) -> Any:
    match name:
        case "nn":
            return importlib.import_module("recurra.nn")
        case "load" | "quantize":
            return getattr(importlib.import_module("recurra.runtime"), name)
        case (
            "Forecaster"
            | "LanguageModel"
            | "Seq2Seq"
            | "SequenceClassifier"
            | "SequenceRegressor"
            | "SequenceTagger"
            | "Transcriber"
        ):
            return getattr(importlib.import_module("recurra.tasks"), name)
        case "__version__":
            return importlib.import_module("importlib.metadata").version("recurra")
    raise AttributeError(f"module 'recurra' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
