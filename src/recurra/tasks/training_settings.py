"""The arguments of training of estimators of sequences, checked, with the defaults of their kind."""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from recurra._base.validation import positive_float, positive_int
from recurra.tasks.language_defaults import LanguageDefaults
from recurra.tasks.seq2seq_defaults import Seq2SeqDefaults
from recurra.tasks.sequence_defaults import SequenceDefaults
from recurra.training import TrainingSettings

Defaults: TypeAlias = SequenceDefaults | LanguageDefaults | Seq2SeqDefaults
"""Of one kind of sequences."""

_LEAST_STEPS = 500  # of the optimiser: with fewer, a network of any size has hardly begun to learn
_MOST_EPOCHS = 200  # and more passes over a handful of sequences teach nothing new


def training_settings(arguments: Mapping[str, Any], defaults: Defaults, sequences: int) -> TrainingSettings:
    """Those of training on that many ``sequences``, or stretches; InputError for an argument that is none.

    Where no ``epochs`` are asked for, there are those that the kind of sequences is used to, and more where
    the sequences are so few that the optimiser would make less than 500 steps: up to 200.
    """
    chosen = filled_in(arguments, defaults)
    batch_size = positive_int("batch_size", chosen["batch_size"])
    epochs, patience, max_time = (arguments[name] for name in ("epochs", "patience", "max_time"))
    if epochs is None:
        needed = math.ceil(_LEAST_STEPS / math.ceil(sequences / batch_size))
        epochs = max(defaults.epochs, min(needed, _MOST_EPOCHS))
    if patience is None:
        patience = TrainingSettings.patience if chosen["schedule"] == "constant" else epochs
    return TrainingSettings(
        epochs=epochs,
        batch_size=batch_size,
        **{name: chosen[name] for name in ("learning_rate", "schedule", "weight_decay", "average")},
        **{name: arguments[name] for name in ("clip_norm", "seed")},
        patience=patience,
        max_seconds=None if max_time is None else positive_float("max_time", max_time),
    )


def filled_in(arguments: Mapping[str, Any], defaults: Defaults) -> dict[str, Any]:
    """The arguments, those that are None as the kind of sequences has them."""
    return {
        name: getattr(defaults, name, None) if value is None else value for name, value in arguments.items()
    }
