"""The arguments of an encoder-decoder, checked, with its defaults."""

from collections.abc import Mapping
from typing import Any

from recurra._base.errors import InputError
from recurra._base.validation import below_one, flag, one_of, positive_int, probability
from recurra.tasks.layers import LAYERS
from recurra.tasks.seq2seq_defaults import DEFAULTS
from recurra.tasks.seq2seq_network import Seq2SeqSettings
from recurra.tasks.training_settings import filled_in

ATTENTIONS = ("additive", "general", "dot", "none")


def seq2seq_settings(arguments: Mapping[str, Any]) -> Seq2SeqSettings:
    """The network's; raises InputError for an argument that is none, or does not go with another."""
    chosen = filled_in(arguments, DEFAULTS)
    hidden, bidirectional = (
        positive_int("hidden_size", chosen["hidden_size"]),
        flag("bidirectional", chosen["bidirectional"]),
    )
    if bidirectional and hidden % 2:
        raise InputError(
            f"hidden_size must be even, as both directions of the encoder share it, got {hidden}; "
            "give an even one or bidirectional=False"
        )
    attention = one_of("attention", chosen["attention"], ATTENTIONS)
    if attention == "none" and arguments["input_feeding"]:
        raise InputError("input_feeding=True needs attention, got attention='none'; leave it out")
    return Seq2SeqSettings(
        embedding_size=positive_int("embedding_size", chosen["embedding_size"]),
        cell=one_of("cell", chosen["cell"], LAYERS),
        hidden_size=hidden,
        num_layers=positive_int("num_layers", chosen["num_layers"]),
        bidirectional=bidirectional,
        attention=attention,
        input_feeding=flag("input_feeding", chosen["input_feeding"]) and attention != "none",
        tied=flag("tied", chosen["tied"]),
        dropout=below_one("dropout", chosen["dropout"]),
        label_smoothing=below_one("label_smoothing", chosen["label_smoothing"]),
        teacher_forcing=probability("teacher_forcing", chosen["teacher_forcing"]),
    )
