"""What a transcriber says of one sequence."""

from dataclasses import dataclass

import numpy as np

from recurra.data import TextFeatures

LEVELS = ("char", "word")
"""How texts may be cut into symbols."""

BLANK = 0
"""The symbol of steps that write nothing; `TextFeatures` has it for what it does not know."""


@dataclass(frozen=True)
class Transcript:
    """A text that a sequence may say.

    Attributes:
        text: its symbols joined, words by blanks.
        log_probability: natural: read greedily, of the most probable way to write it; by a beam, of all ways
            that the beam has kept.
        symbols: its characters or words, (L,).
        times: where each of them begins, (L,): seconds from the start of a clip, or steps of a series.
    """

    text: str
    log_probability: float
    symbols: tuple[str, ...]
    times: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Transcription:
    """What one sequence says.

    Attributes:
        transcripts: at least one, the most probable first.
        probabilities: (T, V) float64 of the blank, in column 0, and of each symbol, at each step.
        times: (T,) float64, where each step has its middle: seconds of a clip, or steps of a series.
    """

    transcripts: list[Transcript]
    probabilities: np.ndarray
    times: np.ndarray


def written(text: str, symbols: TextFeatures) -> str:
    """``text`` as a model of these symbols would write it if it could: composed, or words apart."""
    return " ".join(symbols.tokens(text)) if symbols.level == "word" else symbols.normalise(text)
