"""What a transcriber learns: texts as symbols, and how probable they are in sequences that are longer."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra._base.validation import one_of
from recurra.data import TextFeatures
from recurra.runtime.transcript import BLANK, LEVELS, written
from recurra.tasks.sequence_network import LabelNetwork
from recurra.tasks.targets import Targets

_ALL = 1_000_000  # symbols: one that is left out could never be written


@dataclass(frozen=True, eq=False)
class TextTargets(Targets):
    """A text a sequence: connectionist temporal classification (Graves et al. 2006).

    At each step the network writes a symbol or nothing, the blank. A text's probability is that of all ways
    to write it: what is written at each step, a symbol at steps in a row once, and no blanks. The blank is 0,
    which stands for what `TextFeatures` does not know: no text that is learnt has any other use for it.

    Attributes:
        symbols: those of the training texts.
        commonest: of these texts.
    """

    symbols: TextFeatures
    commonest: str

    @classmethod
    def of(cls, texts: Any, level: Any) -> "TextTargets":
        """Of training texts (N,), cut by ``level``, "char" or "word"; InputError for another."""
        one_of("level", level, LEVELS)
        symbols = TextFeatures.fit(texts, level=level, max_vocabulary=_ALL, min_count=1)
        return cls(symbols, Counter(written(text, symbols) for text in texts).most_common(1)[0][0])

    @property
    def outputs(self) -> int:
        return self.symbols.size

    def encode(self, labels: Any, part: str) -> list[np.ndarray]:  # noqa: ARG002
        return self.symbols(labels)

    def loss(
        self, network: LabelNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The weighted sum of −ln p of the texts, and how many symbols they and their ends are.

        A target of 0 is padding.
        """
        counts = (targets != BLANK).sum(dim=1)
        repeats = ((targets[:, 1:] == targets[:, :-1]) & (targets[:, 1:] != BLANK)).sum(dim=1)
        # A clip that augmentation has made too quick for its text teaches nothing this time.
        learnt = weights * (counts + repeats <= lengths)
        losses = torch.nn.functional.ctc_loss(
            network(x, lengths).log_softmax(dim=2).transpose(0, 1),
            targets,
            lengths,
            counts,
            blank=BLANK,
            reduction="none",
            zero_infinity=True,
        )
        return (learnt * losses).sum(), (weights * (counts + 1)).sum()

    def fields(self) -> dict[str, Any]:
        return {"symbols": self.symbols.to_dict(), "commonest": self.commonest}


def least_steps(ids: np.ndarray) -> int:
    """Steps that a text of symbols ``ids`` (L,) needs: one each, and a blank between two that are alike."""
    return len(ids) + int(np.count_nonzero(ids[1:] == ids[:-1]))
