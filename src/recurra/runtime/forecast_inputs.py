"""From the user's numbers to a forecasting network's inputs, and from its outputs back: one implementation.

Training and prediction both go through here, so they cannot disagree.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_int
from recurra._base.wording import count
from recurra.data import Scaler, Series, check_transform, format_time
from recurra.data.frequency import Frequency
from recurra.data.series import IMPUTATION_RULE
from recurra.evaluation import TargetScale
from recurra.runtime import schema
from recurra.runtime.schema import check_fields
from recurra.runtime.transform import read_transform

MEDIAN = 0.5

_FIELDS = {
    "target": schema.TEXT,
    "past": schema.TEXTS,
    "time": schema.TEXT_OR_NONE,
    "frequency": schema.TEXT_OR_NONE,
    "context": schema.SIZE,
    "horizon": schema.SIZE,
    "levels": schema.NUMBERS,
    "imputation": schema.TEXT,
    "scaler": schema.DICT,
    "scale": schema.DICT,
}
_SCALER = {
    "centred": schema.FLAG,
    "mean": schema.NUMBERS,
    "deviation": schema.POSITIVES,
    "target_mean": schema.NUMBER,
    "target_deviation": schema.POSITIVE,
    "target_transform": schema.DICT_OR_MISSING,  # as in older files, and those of the standard one
}
_SCALE = {
    "mean": schema.NUMBER,
    "deviation": schema.POSITIVE,
    "naive_error": schema.ERROR_OR_NONE,
    "season": schema.SIZE,
}


@dataclass(frozen=True, eq=False)
class ForecastInputs:
    """What a forecaster reads and how: columns, sizes, scales. InputError where they do not fit together.

    The network's outputs are the horizon's steps with their quantiles, column ``step * Q + level``.
    """

    target: str
    past: tuple[str, ...]  # other columns, known up to the last row only
    time: str | None  # the column of times; None where rows are counted
    frequency: str | None  # the step between times; None where rows are counted
    context: int  # rows that a forecast sees
    horizon: int  # rows that it foretells
    levels: tuple[float, ...]  # of the quantiles
    scaler: Scaler
    scale: TargetScale  # the training part's target, for metrics without a unit

    def __post_init__(self) -> None:
        names = self.columns if self.time is None else (*self.columns, self.time)
        if not all(isinstance(name, str) for name in names):
            raise InputError(f"columns must be named by text, got {names!r}")
        if len(set(names)) < len(names):
            raise InputError(f"columns must differ, got {', '.join(names)}")
        if (self.time is None) != (self.frequency is None):
            raise InputError(f"time and frequency go together, got {self.time!r} and {self.frequency!r}")
        if self.frequency is not None:
            Frequency.parse(self.frequency)
        positive_int("context", self.context)
        positive_int("horizon", self.horizon)
        if list(self.levels) != sorted({level for level in self.levels if 0 < level < 1}) or (
            MEDIAN not in self.levels
        ):
            raise InputError(f"levels must rise between 0 and 1 and hold {MEDIAN}, got {self.levels!r}")
        C = len(self.columns)
        if self.scaler.mean.shape != (C,) or self.scaler.deviation.shape != (C,):
            raise InputError(
                f"the scaler must be fitted on {count(C, 'column')}, got {self.scaler.mean.size}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data, the target first."""
        return (self.target, *self.past)

    @property
    def input_size(self) -> int:
        """The network's inputs a step: the columns."""
        return len(self.columns)

    @property
    def output_size(self) -> int:
        """The network's outputs: every quantile of every step of the horizon."""
        return self.horizon * len(self.levels)

    def check(self, series: Series) -> None:
        """Raise InputError, which says when, if the target's transform refuses a value of ``series``."""
        check_transform(
            self.scaler.target_transform,
            series.values[:, 0],
            f"target {self.target!r}",
            lambda row: f"at {format_time(series.time[row])}",
        )

    def check_windows(self, context: np.ndarray) -> None:
        """Raise InputError if the target's transform refuses a value of ``context`` (W, context, C)."""
        check_transform(
            self.scaler.target_transform,
            context[:, :, 0].ravel(),
            f"target {self.target!r}",
            lambda place: f"in row {place % self.context} of a context",
        )

    def inputs(self, context: np.ndarray) -> np.ndarray:
        """The network's inputs (W, context, I), float32, for ``context`` (W, context, C) in their units."""
        return self.scaler.transform(context)

    def targets(self, target: np.ndarray, context: np.ndarray) -> np.ndarray:
        """What the network's outputs are held against, (W, horizon) float32, for ``target`` in its unit."""
        return self.scaler.transform_target(target, context)

    def quantiles(self, outputs: np.ndarray, context: np.ndarray) -> np.ndarray:
        """The quantiles (W, horizon, Q), float64 in the target's unit, of network outputs (W, horizon * Q).

        Quantiles that cross are put in order (Chernozhukov, Fernández-Val & Galichon 2010), which never makes
        them worse.
        """
        outputs = outputs.reshape(-1, self.horizon, len(self.levels))
        return np.sort(self.scaler.inverse_target(outputs, context), axis=-1)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values from which `from_dict` makes the same again."""
        return {
            "target": self.target,
            "past": list(self.past),
            "time": self.time,
            "frequency": self.frequency,
            "context": self.context,
            "horizon": self.horizon,
            "levels": list(self.levels),
            "imputation": IMPUTATION_RULE,
            "scaler": self.scaler.to_dict(),
            "scale": self.scale.to_dict(),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "ForecastInputs":
        """Undo `to_dict`; raises InputError, naming the field, for what it would not have written."""
        check_fields(fields, _FIELDS, "preprocessing")
        scaler = fields["scaler"]
        check_fields(scaler, _SCALER, "preprocessing.scaler")
        if "target_transform" in scaler:
            read_transform(scaler["target_transform"], "preprocessing.scaler.target_transform")
        check_fields(fields["scale"], _SCALE, "preprocessing.scale")
        one_of("imputation", fields["imputation"], [IMPUTATION_RULE])
        return cls(
            target=fields["target"],
            past=tuple(fields["past"]),
            time=fields["time"],
            frequency=fields["frequency"],
            context=fields["context"],
            horizon=fields["horizon"],
            levels=tuple(fields["levels"]),
            scaler=Scaler.from_dict(scaler),
            scale=TargetScale.from_dict(fields["scale"]),
        )
