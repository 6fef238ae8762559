"""A prediction as it forms, step by step."""

from dataclasses import dataclass

import numpy as np

LOG_PROBABILITY = "log-probability"


@dataclass(frozen=True, eq=False)
class Forming:
    """The prediction after each of n steps.

    Attributes:
        steps: (n,), what they are called. Not all of a long input where each prefix had to be read anew, but
            always the last; of a language model those after the boundary.
        labels: (K,), the columns of the values: classes, tags, "median", ….
        values: (n, K) float64.
        unit: of the values: "probability", "log-probability" (natural), or the name of what is foretold.
        final: the prediction for the whole input; of a language model what is most probable after it.
        flips: the places among the steps after which the most probable label is another than one step before.
            Of tags: steps whose tag is another once all has been read. Of texts: steps after which the text
            so far does not go on, but changes (the first token of a translation).
        said: (n,), the prediction after each step, as people write it; empty for a language model.
        likeliest: (n,), of a language model, what was most probable in the place of each symbol before it
            came, with probabilities, the highest first; of music, keys. Empty for other models.
    """

    steps: tuple[str, ...]
    labels: tuple[str, ...]
    values: np.ndarray
    unit: str
    final: str
    flips: tuple[int, ...]
    said: tuple[str, ...] = ()
    likeliest: tuple[tuple[tuple[str, float], ...], ...] = ()
