"""What `recurra.Seq2Seq` uses where it was not told."""

from dataclasses import dataclass

from recurra.tasks.seq2seq_network import Seq2SeqSettings


@dataclass(frozen=True)
class Seq2SeqDefaults(Seq2SeqSettings):
    """The network's settings, and those of training."""

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    weight_decay: float
    average: float


DEFAULTS = Seq2SeqDefaults(
    embedding_size=256,
    cell="gru",
    hidden_size=512,
    num_layers=1,
    bidirectional=True,
    attention="additive",
    input_feeding=True,
    tied=True,  # a table of thousands of symbols has most of the weights
    dropout=0.3,
    label_smoothing=0.1,  # there is more than one right answer
    teacher_forcing=1.0,
    epochs=10,
    batch_size=64,
    learning_rate=2e-3,  # one-cycle holds it for a short while only
    schedule="one-cycle",
    weight_decay=0.0,
    average=0.0,
)
