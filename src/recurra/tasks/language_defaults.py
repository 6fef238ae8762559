"""What a language model uses where it was not told: by what it is of."""

from dataclasses import dataclass

from recurra.tasks.language_network import LanguageSettings


@dataclass(frozen=True)
class LanguageDefaults(LanguageSettings):
    """The network's settings, and those of training, for one kind of symbols, or for keys."""

    bptt: int
    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    weight_decay: float
    average: float


CHAR = LanguageDefaults(
    embedding_size=64,  # a hundred characters need no more
    cell="lstm",
    hidden_size=512,
    num_layers=1,
    tied=False,  # a table of a hundred characters is not worth sharing
    input_dropout=0.1,
    dropout=0.4,
    embedding_dropout=0.0,  # a text without its e is no text
    weight_dropout=0.0,
    activation_penalty=0.0,
    change_penalty=0.0,
    bptt=64,
    epochs=12,
    batch_size=64,
    learning_rate=6e-3,  # one-cycle holds it for a short while only
    schedule="one-cycle",
    weight_decay=0.0,
    average=0.0,
)
WORD = LanguageDefaults(
    embedding_size=256,
    cell="lstm",
    hidden_size=256,
    num_layers=1,
    tied=True,  # most weights are in the table, and each symbol is seen too seldom to learn it twice
    input_dropout=0.3,
    dropout=0.5,
    embedding_dropout=0.1,
    weight_dropout=0.3,
    activation_penalty=2.0,
    change_penalty=1.0,
    bptt=64,
    epochs=20,
    batch_size=32,
    learning_rate=3e-3,
    schedule="one-cycle",
    weight_decay=0.01,
    average=0.0,
)
MUSIC = LanguageDefaults(
    embedding_size=1,  # keys enter as they are
    cell="lstm",
    hidden_size=220,
    num_layers=1,
    tied=False,
    input_dropout=0.1,  # a step has few keys, and the next is about them
    dropout=0.5,  # a few hundred pieces are soon known by heart
    embedding_dropout=0.0,
    weight_dropout=0.5,
    activation_penalty=0.0,
    change_penalty=0.0,
    bptt=256,  # most pieces whole
    epochs=200,  # of so few pieces, and with so much dropped
    batch_size=16,
    learning_rate=1e-2,
    schedule="cosine",
    weight_decay=0.0,
    average=0.0,
)

BY_LEVEL = {"char": CHAR, "word": WORD, "bpe": WORD, None: MUSIC}
