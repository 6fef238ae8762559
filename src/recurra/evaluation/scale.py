"""The scale of a target in its training part, by which errors of different series are compared."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data import Series, season_length


@dataclass(frozen=True)
class TargetScale:
    """What the scaled metrics divide by.

    Attributes:
        mean, deviation: of the observed targets of the training part.
        naive_error: mean absolute difference of its targets one season apart, the scale of MASE; NaN if
            no two of them were observed.
        season: the steps in that season; 1 where the frequency has none or the part is no longer than it.
    """

    mean: float
    deviation: float
    naive_error: float
    season: int

    @classmethod
    def fit(cls, series: Series, part: slice) -> "TargetScale":
        """Measure the target of ``series``, imputed or not, in the training ``part``.

        Raises InputError if the target is constant there, or as good as, or was never observed.
        """
        seen = series.observed[part, 0]
        target = np.where(seen, series.values[part, 0], np.nan)
        values = target[seen]
        if len(values) == 0:
            raise InputError(
                f"target {series.names[0]!r} has no values in the training part, so there is nothing to "
                "learn; choose another target, or more rows for training"
            )
        if np.ptp(values) == 0:
            raise InputError(
                f"target {series.names[0]!r} is constant in the training part ({values[0]:g} in all "
                f"{len(values)} observed rows), so there is nothing to learn; "
                "choose another target, or more rows for training"
            )
        if values.std() == 0:
            raise InputError(
                f"target {series.names[0]!r} varies by {np.ptp(values):g} in the training part, too little "
                "to compute with; give it in a smaller unit"
            )
        season = season_length(series.frequency)
        season = season if len(target) > season else 1
        differences = np.abs(target[season:] - target[:-season])
        known = differences[~np.isnan(differences)]
        return cls(
            mean=float(values.mean()),
            deviation=float(values.std()),
            naive_error=float(known.mean()) if len(known) else float("nan"),
            season=season,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; a ``naive_error`` that is not known is None."""
        return {**asdict(self), "naive_error": None if np.isnan(self.naive_error) else self.naive_error}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TargetScale":
        """Undo `to_dict`."""
        error = values["naive_error"]
        return cls(**{**values, "naive_error": float("nan") if error is None else error})
