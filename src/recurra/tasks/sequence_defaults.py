"""What an estimator of labelled sequences uses where it was not told: by the kind of the sequences."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SequenceDefaults:
    """Sizes, regularisers and training for one kind of sequences."""

    embedding_size: int = 128  # a few thousand words need no more
    cell: str = "lstm"  # counts and keeps longer than the others
    hidden_size: int = 128  # the kernels are at their best from here on, and small data does not need more
    num_layers: int = 1  # a second one seldom pays on a few thousand sequences
    bidirectional: bool = True  # a label of the whole may hang on either end
    pool: str = "max"  # a clue counts wherever it stands
    dropout: float = 0.5  # small data is learnt by heart without it
    word_dropout: float = 0.0
    weight_dropout: float = 0.0
    label_smoothing: float = 0.0
    epochs: int = 15
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    average: float = 0.0
    stack: int = 1  # of clips only


TEXT = SequenceDefaults(
    embedding_size=100,
    hidden_size=64,  # a few thousand texts are soon learnt by heart: fewer units, fewer passes
    word_dropout=0.5,  # so that rare words teach what an unknown one is like
    weight_dropout=0.2,
    label_smoothing=0.1,  # people do not agree on every text
    epochs=8,
    learning_rate=3e-3,  # one-cycle holds it for a few hundred steps only
)
TOKENS = SequenceDefaults(
    embedding_size=100,
    hidden_size=192,
    num_layers=2,  # a label for each word has as many examples as there are words
    dropout=0.4,
    word_dropout=0.5,
    label_smoothing=0.1,
    epochs=14,
    learning_rate=3e-3,
)
SERIES = SequenceDefaults(
    cell="gru",  # settled sooner than the LSTM on few sequences, and as well on many
    pool="mean_max",  # a level or a rhythm that lasts, beside what happens once
    dropout=0.2,
    epochs=40,
)
AUDIO = SequenceDefaults(
    cell="gru",  # sounds are short: a third fewer weights do as well
    num_layers=2,  # sounds first, then what they make up
    hidden_size=64,
    pool="mean_max",  # which sounds there are, and how long they last
    dropout=0.3,  # clips are varied, too
    label_smoothing=0.1,
    epochs=30,  # what is varied is never the same twice
    learning_rate=3e-3,
    stack=2,  # half the steps to take, and no less to hear
)

BY_KIND = {"text": TEXT, "tokens": TOKENS, "series": SERIES, "audio": AUDIO}
