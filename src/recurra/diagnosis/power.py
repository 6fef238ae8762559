"""Powers that make values more Normal: Box & Cox (1964) for those above 0, Yeo & Johnson (2000) for any."""

from dataclasses import dataclass, field

import numpy as np

from recurra.data import TargetTransform
from recurra.diagnosis.quantiles import Quantiles, quantiles

_FEWEST = 8
_ROUND = {-1.0: "1/x", -0.5: "1/√x", 0.0: "the logarithm", 0.5: "the square root", 1.0: "x itself", 2.0: "x²"}


@dataclass(frozen=True, eq=False)
class Power:
    """The exponent of maximum likelihood, and what it does to the Q-Q plot.

    Attributes:
        kind: "Box-Cox" or "Yeo-Johnson".
        exponent: λ; 1 leaves values as they are, 0 takes their logarithm.
        before, after: the straightness of the Q-Q plot without and with it, see `Quantiles`.
        quantiles: the Q-Q plot with it.
    """

    kind: str
    exponent: float
    before: float
    after: float
    quantiles: Quantiles = field(metadata={"picture": True})

    @property
    def near(self) -> str:
        """A well-known function that Box-Cox with such an exponent is about; "" where there is none."""
        close = [name for power, name in _ROUND.items() if abs(self.exponent - power) <= 0.1]
        return close[0] if close and self.kind == "Box-Cox" else ""

    @property
    def helps(self) -> bool:
        """Whether it takes away most of what a bent Q-Q plot lacks of a straight line."""
        return self.before < 0.98 and (1 - self.after) < 0.5 * (1 - self.before)

    @property
    def option(self) -> str:
        """How ``--transform`` calls it."""
        return self.kind.lower()


def find_power(values: np.ndarray) -> Power | None:
    """The power for finite ``values`` (n,), as ``--transform`` would find it.

    None for fewer than 8, for equal ones, and where it would bend them past the range of numbers. Raises
    MissingExtraError without SciPy.
    """
    before = quantiles(values)
    if len(values) < _FEWEST or before is None:
        return None
    kind = "Box-Cox" if values.min() > 0 else "Yeo-Johnson"
    with np.errstate(all="ignore"):
        transform = TargetTransform.fit(kind.lower(), values)
        straightened = transform.forward(values)
    after = quantiles(straightened) if np.isfinite(straightened).all() else None
    if after is None:
        return None
    return Power(kind, transform.exponent, before.straightness, after.straightness, after)
