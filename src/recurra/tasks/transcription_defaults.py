"""What a transcriber uses where it was not told: by the kind of the sequences."""

from recurra.tasks.sequence_defaults import SequenceDefaults

AUDIO = SequenceDefaults(
    num_layers=2,  # sounds first, then what they make up
    dropout=0.2,  # clips are varied, too, and the loss of a whole text is hard enough to learn
    epochs=30,  # what is varied is never the same twice
    batch_size=16,  # a clip has many symbols
    learning_rate=3e-3,
    stack=2,  # 50 steps a second: people say no more than half as many characters
)
SERIES = SequenceDefaults(
    num_layers=2,
    dropout=0.2,
    epochs=40,
    batch_size=16,
    learning_rate=3e-3,
)

MASKED_TIME = 0.0  # of clips in training: what a gap hides is to be written all the same

BY_KIND = {"audio": AUDIO, "series": SERIES}
