"""What is left of a run beside the weights."""

from dataclasses import asdict, dataclass
from typing import Any

from recurra.training.events import EpochEnd


@dataclass(frozen=True)
class History:
    """Every epoch, the one (counted from 1) whose weights were kept, and why there was no other epoch.

    ``stopped`` is "epochs" where all were done, "early" where ``patience`` ran out, "time" where time did.
    """

    epochs: tuple[EpochEnd, ...]
    best_epoch: int
    stopped: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, the same for the same run: no times. ``score`` only where there is one.

        An epoch's figures and its `VitalSigns` stand side by side.
        """
        names = ["epoch", "loss", "validation_loss", "gradient_norm"]
        if self.epochs[0].score is not None:
            names.append("score")
        return {
            "epochs": [
                {name: getattr(epoch, name) for name in names} | asdict(epoch.signs) for epoch in self.epochs
            ],
            "best_epoch": self.best_epoch,
            "stopped": self.stopped,
        }
