"""What the network is and how it is trained: options that are the estimators' own arguments, by their names.

Defaults are the estimators', which bring PyTorch; a test holds the texts of the help to them.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from recurra._base.errors import InputError
from recurra.cli.fit.duration import seconds
from recurra.cli.option import option

NETWORK, VOCABULARY, TRAINING = "Network", "Vocabulary", "Training"  # panels of the help


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Of every estimator that reads texts."""

    max_vocabulary: Annotated[
        int | None, option("N", "Words or other symbols at most, the rarest left out.", VOCABULARY)
    ] = None
    min_count: Annotated[
        int | None,
        option("N", "Times that a symbol must come in the training part to be known.", VOCABULARY),
    ] = None
    vectors: Annotated[
        str | None,
        option("FILE", "Word vectors to begin with, in word2vec's or GloVe's form.", VOCABULARY),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Network(Vocabulary):
    """Of every estimator of labelled sequences."""

    cell: Annotated[
        str | None,
        option(
            "NAME",
            "rnn, lstm or gru. Default: lstm, which remembers longest; series gru, audio gru.",
            NETWORK,
        ),
    ] = None
    hidden_size: Annotated[
        int | None,
        option("N", "Units in each layer and direction. Default: 64; tokens 192, series 128.", NETWORK),
    ] = None
    num_layers: Annotated[int | None, option("N", "Layers. Default: 1; tokens 2, audio 2.", NETWORK)] = None
    bidirectional: Annotated[
        bool | None,
        option(
            "",
            "Read from the start alone, as a model for recurra stream must. Default: from both ends, since a "
            "label may hang on either.",
            NETWORK,
            " /--no-bidirectional",
        ),
    ] = None
    dropout: Annotated[
        float | None,
        option(
            "X",
            "The share of columns left out while training, at every layer. Default: 0.5; tokens 0.4, "
            "series 0.2, audio 0.3. Small data is learnt by heart without it.",
            NETWORK,
        ),
    ] = None
    weight_dropout: Annotated[
        float | None,
        option(
            "X",
            "The share of recurrent weights left out. Default: 0.2; tokens 0, series 0, audio 0.",
            NETWORK,
        ),
    ] = None
    ensemble_size: Annotated[
        int | None,
        option(
            "N",
            "Networks that learn side by side and answer together, in N times the time. Default: 1; 3 make "
            "fewer errors.",
            NETWORK,
        ),
    ] = None
    embedding_size: Annotated[
        int | None,
        option("N", "The width of a word's vector. Default: 100, or that of --vectors.", VOCABULARY),
    ] = None
    word_dropout: Annotated[
        float | None,
        option(
            "X",
            "A word that comes n times is made unknown in X / (X + n) of them while training. Default: 0.5.",
            VOCABULARY,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class PooledNetwork(Network):
    """Of a sequence that gets one label."""

    pool: Annotated[
        str | None,
        option(
            "NAME",
            "How the steps become one row: last, mean, max, mean_max or attention. Default: max, which finds "
            "a clue wherever it stands; series mean_max, audio mean_max.",
            NETWORK,
        ),
    ] = None
    level: Annotated[
        str | None,
        option(
            "NAME",
            "How texts are cut: word, char or bpe. Default: word, best where data is small.",
            VOCABULARY,
        ),
    ] = None
    pretrained: Annotated[
        Path | None,
        option(
            "MODEL",
            "A model of recurra fit language-model whose vocabulary, vectors and layers to begin with.",
            VOCABULARY,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Training:
    """Of every estimator."""

    max_time: Annotated[
        str | None,
        option(
            "TIME",
            "Stop after 90s, 10m or 1h, score the best epoch so far and keep it. Default: no limit.",
            TRAINING,
        ),
    ] = None
    resume: Annotated[
        bool,
        option(
            "",
            "Go on from the checkpoint that an interrupted run has left beside MODEL, ending in .checkpoint; "
            "from the start if there is none. A run that is done removes it.",
            TRAINING,
            "--resume",
        ),
    ] = False
    epochs: Annotated[
        int | None,
        option(
            "N",
            "Passes over the training part. Default: 8; tokens 14, series 40, audio 30; more of few "
            "sequences.",
            TRAINING,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        option("N", "Sequences in each step. Default: 32, for many steps in an epoch.", TRAINING),
    ] = None
    learning_rate: Annotated[
        float | None, option("X", "The highest step size. Default: 0.003; series 0.002.", TRAINING)
    ] = None
    schedule: Annotated[
        str | None,
        option(
            "NAME",
            "How the step size goes: one-cycle, cosine or constant. Default: one-cycle, up and then down to "
            "0, which gets far in few epochs.",
            TRAINING,
        ),
    ] = None
    weight_decay: Annotated[
        float | None, option("X", "What weights shrink by, as in AdamW. Default: 0.01.", TRAINING)
    ] = None
    average: Annotated[
        float | None,
        option("X", "Keep a moving average of the weights, such as 0.999. Default: 0, none.", TRAINING),
    ] = None
    clip_norm: Annotated[
        float | None,
        option("X", "The largest gradient. Default: 1, since long sequences make some explode.", TRAINING),
    ] = None
    patience: Annotated[
        int | None,
        option(
            "N",
            "Epochs without a better validation loss before training stops. Default: 5 with --schedule "
            "constant, else it goes to the end of the schedule.",
            TRAINING,
        ),
    ] = None
    seed: Annotated[
        int | None,
        option("N", "Default: 0. The same seed, data and settings give the same model.", TRAINING),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ClassTraining(Training):
    """Of classes."""

    class_weight: Annotated[
        str | None,
        option(
            "balanced",
            "Let every class weigh the same, however rare. Default: every sequence does.",
            TRAINING,
        ),
    ] = None
    label_smoothing: Annotated[
        float | None,
        option("X", "The share of a label spread over all. Default: 0.1; series 0.", TRAINING),
    ] = None
    bag: Annotated[
        bool | None,
        option(
            "",
            "Decide without naive Bayes on words and pairs of words. Default: it helps where texts are cut "
            "into words, as it knows what is rare.",
            TRAINING,
            " /--no-bag",
        ),
    ] = None
    augment: Annotated[
        bool | None,
        option(
            "",
            "Leave clips as they are. Default: training varies their pace and voice, so that it learns more "
            "speakers than there are.",
            TRAINING,
            " /--no-augment",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ValueTraining(Training):
    """Of numbers."""

    target_transform: Annotated[
        str | None,
        option(
            "NAME",
            "What labels go through before they are learnt, and back after: standard, robust, log, box-cox "
            "or yeo-johnson. Default: standard, which divides by the deviation.",
            TRAINING,
            "--transform",
        ),
    ] = None
    augment: Annotated[
        bool | None,
        option(
            "",
            "Vary the pace and voice of clips while training, for labels that do not change with them.",
            TRAINING,
            "--augment",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TagTraining(Training):
    """Of labels that each step has."""

    crf: Annotated[
        bool | None,
        option(
            "",
            "Weigh the labels of all steps together, by a conditional random field.",
            TRAINING,
            "--crf",
        ),
    ] = None
    label_smoothing: Annotated[
        float | None,
        option("X", "The share of a label spread over all. Default: 0.1; series 0; 0 with --crf.", TRAINING),
    ] = None


def arguments(*groups: Any) -> dict[str, Any]:
    """The estimator's arguments that were given, by name; InputError for one that can't be read."""
    given = {field.name: getattr(group, field.name) for group in groups for field in fields(group)}
    del given["resume"]  # how it is fitted, and no argument
    if given["max_time"] is not None:
        given["max_time"] = seconds("--max-time", given["max_time"])
    if given["seed"] is not None and not 0 <= given["seed"] < 2**63:
        raise InputError(f"--seed must be a whole number from 0 to 2**63 - 1, got {given['seed']}")
    if given.get("class_weight") not in (None, "balanced"):
        raise InputError(f"--class-weight must be balanced or left out, got {given['class_weight']!r}")
    return {name: value for name, value in given.items() if value is not None}
