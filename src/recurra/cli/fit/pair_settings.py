"""What an encoder-decoder is and how it is trained: options that are the estimator's arguments.

Defaults are the estimator's, which brings PyTorch; a test holds the texts of the help to them.
"""

from dataclasses import dataclass
from typing import Annotated

from recurra.cli.fit.settings import NETWORK, TRAINING, VOCABULARY, Training
from recurra.cli.option import option

_REGULARISERS = "Regularisers"


@dataclass(frozen=True, kw_only=True)
class PairNetwork:
    """Symbols and sizes."""

    level: Annotated[
        str | None,
        option(
            "NAME",
            "How sources and targets are cut: char, word or bpe. Default: bpe where texts have five words or "
            "more on average, else char.",
            VOCABULARY,
        ),
    ] = None
    target_level: Annotated[
        str | None, option("NAME", "How targets are cut, if not as sources are.", VOCABULARY)
    ] = None
    shared: Annotated[
        bool | None,
        option("", "Let sources and targets share one vocabulary and its vectors.", VOCABULARY, "--shared"),
    ] = None
    max_vocabulary: Annotated[
        int | None,
        option("N", "Symbols at most, the rarest left out. Default: 6000 of bpe.", VOCABULARY),
    ] = None
    min_count: Annotated[
        int | None,
        option("N", "Times that a symbol must come in the training part to be known.", VOCABULARY),
    ] = None
    embedding_size: Annotated[
        int | None, option("N", "The width of a symbol's vector. Default: 256.", VOCABULARY)
    ] = None
    tied: Annotated[
        bool | None,
        option(
            "",
            "Let the symbols that are read and those that are written have tables of their own. Default: "
            "they share one.",
            VOCABULARY,
            " /--untied",
        ),
    ] = None
    cell: Annotated[str | None, option("NAME", "rnn, lstm or gru. Default: gru.", NETWORK)] = None
    hidden_size: Annotated[
        int | None,
        option(
            "N",
            "Units in each layer of the decoder, and of the encoder's directions together. Default: 512.",
            NETWORK,
        ),
    ] = None
    num_layers: Annotated[int | None, option("N", "Layers of either. Default: 1.", NETWORK)] = None
    bidirectional: Annotated[
        bool | None,
        option(
            "", "Read sources from the start alone. Default: from both ends.", NETWORK, " /--no-bidirectional"
        ),
    ] = None
    attention: Annotated[
        str | None,
        option(
            "NAME",
            "How the decoder looks at the source: additive, general, dot, or none for one vector of it all. "
            "Default: additive.",
            NETWORK,
        ),
    ] = None
    input_feeding: Annotated[
        bool | None,
        option(
            "",
            "Do not tell the decoder where it looked before, which trains faster. Default: tell it.",
            NETWORK,
            " /--no-input-feeding",
        ),
    ] = None
    dropout: Annotated[
        float | None,
        option(
            "X", "The share of what enters the layers, and the output, left out. Default: 0.3.", _REGULARISERS
        ),
    ] = None
    label_smoothing: Annotated[
        float | None,
        option("X", "The share of a target spread over all symbols. Default: 0.1.", _REGULARISERS),
    ] = None


@dataclass(frozen=True, kw_only=True)
class PairTraining(Training):
    """Of encoder-decoders; what differs from other estimators."""

    teacher_forcing: Annotated[
        float | None,
        option(
            "X",
            "The probability of feeding the truth rather than a guess at the end of training, towards which "
            "it falls from 1. Default: 1, always the truth.",
            TRAINING,
        ),
    ] = None
    epochs: Annotated[
        int | None,
        option("N", "Passes over the training part. Default: 10; more of few pairs.", TRAINING),
    ] = None
    batch_size: Annotated[int | None, option("N", "Pairs in each step. Default: 64.", TRAINING)] = None
    learning_rate: Annotated[
        float | None, option("X", "The highest step size. Default: 0.002.", TRAINING)
    ] = None
    weight_decay: Annotated[
        float | None, option("X", "What weights shrink by, as in AdamW. Default: 0.", TRAINING)
    ] = None
