"""What a language model is and how it is trained: options that are the estimator's arguments, by their names.

Defaults are the estimator's, which brings PyTorch; a test holds the texts of the help to them.
"""

from dataclasses import dataclass
from typing import Annotated

from recurra.cli.fit.settings import NETWORK, TRAINING, VOCABULARY, Training, Vocabulary
from recurra.cli.option import option

_REGULARISERS = "Regularisers"


@dataclass(frozen=True, kw_only=True)
class LanguageLayers(Vocabulary):
    """Symbols, sizes, and what keeps the network from learning its texts by heart."""

    level: Annotated[
        str | None,
        option(
            "NAME",
            "How texts are cut: char, word or bpe. Default: char, which needs least and writes any word.",
            VOCABULARY,
        ),
    ] = None
    embedding_size: Annotated[
        int | None,
        option(
            "N",
            "The width of a symbol's vector. Default: 64; word 256, bpe 256, and --hidden-size where tied; "
            "or that of --vectors.",
            VOCABULARY,
        ),
    ] = None
    tied: Annotated[
        bool | None,
        option(
            "",
            "Let one table serve the symbols that enter and those that are foretold. Default: untied; word "
            "tied, bpe tied, where --embedding-size is --hidden-size.",
            VOCABULARY,
            "--tied/--untied",
        ),
    ] = None
    cell: Annotated[
        str | None,
        option("NAME", "rnn, lstm or gru. Default: lstm, which remembers longest.", NETWORK),
    ] = None
    hidden_size: Annotated[
        int | None,
        option("N", "Units in each layer. Default: 512; word 256, bpe 256, music 220.", NETWORK),
    ] = None
    num_layers: Annotated[int | None, option("N", "Layers. Default: 1.", NETWORK)] = None
    input_dropout: Annotated[
        float | None,
        option(
            "X",
            "The share of columns, or keys, left out before the layers, the same at every step. Default: "
            "0.1; word 0.3, bpe 0.3.",
            _REGULARISERS,
        ),
    ] = None
    dropout: Annotated[
        float | None,
        option(
            "X",
            "The same between and after the layers. Default: 0.4; word 0.5, bpe 0.5, music 0.5.",
            _REGULARISERS,
        ),
    ] = None
    embedding_dropout: Annotated[
        float | None,
        option(
            "X",
            "The share of symbols left out, wherever they stand in a batch. Default: 0; word 0.1, bpe 0.1.",
            _REGULARISERS,
        ),
    ] = None
    weight_dropout: Annotated[
        float | None,
        option(
            "X",
            "The share of recurrent weights left out. Default: 0; word 0.3, bpe 0.3, music 0.5.",
            _REGULARISERS,
        ),
    ] = None
    activation_penalty: Annotated[
        float | None,
        option("X", "What large outputs of the last layer cost. Default: 0; word 2, bpe 2.", _REGULARISERS),
    ] = None
    change_penalty: Annotated[
        float | None,
        option("X", "What their change from step to step costs. Default: 0; word 1, bpe 1.", _REGULARISERS),
    ] = None


@dataclass(frozen=True, kw_only=True)
class LanguageTraining(Training):
    """Of language models; what differs from other estimators."""

    bptt: Annotated[
        int | None,
        option(
            "N",
            "Steps that gradients reach back; memory reaches back to where the text began. Default: 64; "
            "music 256.",
            TRAINING,
        ),
    ] = None
    epochs: Annotated[
        int | None,
        option(
            "N",
            "Passes over the training part. Default: 12; word 20, bpe 20, music 200; more of little data.",
            TRAINING,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        option(
            "N",
            "Texts side by side, or places of a single one. Default: 64; word 32, bpe 32, music 16.",
            TRAINING,
        ),
    ] = None
    learning_rate: Annotated[
        float | None,
        option(
            "X",
            "The highest step size. Default: 0.006; word 0.003, bpe 0.003, music 0.01.",
            TRAINING,
        ),
    ] = None
    schedule: Annotated[
        str | None,
        option(
            "NAME",
            "How the step size goes: one-cycle, cosine or constant. Default: one-cycle, up and "
            "then down to 0; music cosine.",
            TRAINING,
        ),
    ] = None
    weight_decay: Annotated[
        float | None,
        option(
            "X", "What weights shrink by, as in AdamW. Default: 0; word 0.01, bpe 0.01, music 0.", TRAINING
        ),
    ] = None
