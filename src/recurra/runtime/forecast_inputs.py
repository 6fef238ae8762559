"""From the user's numbers to a forecasting network's inputs, and from its outputs back: one implementation.

Training and prediction both go through here, so they cannot disagree.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_int
from recurra.data import Scaler
from recurra.data.frequency import Frequency
from recurra.data.series import IMPUTATION_RULE
from recurra.evaluation import TargetScale
from recurra.runtime import schema
from recurra.runtime.schema import check_fields

_DAY = np.timedelta64(1, "D")
CALENDAR = ("hour of day", "day of week", "day of year")
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
    "calendar": schema.TEXTS,
}
_SCALER = {
    "centred": schema.FLAG,
    "mean": schema.NUMBERS,
    "deviation": schema.POSITIVES,
    "target_mean": schema.NUMBER,
    "target_deviation": schema.POSITIVE,
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
    calendar: tuple[str, ...] = ()  # cycles whose phase is an input, as sine and cosine

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
        for cycle in self.calendar:
            one_of("calendar", cycle, CALENDAR)
        if self.calendar and (self.frequency is None or self.frequency.endswith("i")):
            raise InputError(f"a calendar needs a time column of dates, got frequency {self.frequency!r}")
        C = len(self.columns)
        if self.scaler.mean.shape != (C,) or self.scaler.deviation.shape != (C,):
            raise InputError(f"the scaler must be fitted on {C} columns, got {self.scaler.mean.size}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data, the target first."""
        return (self.target, *self.past)

    @property
    def input_size(self) -> int:
        """The network's inputs a step: the columns, then a sine and a cosine for each cycle."""
        return len(self.columns) + 2 * len(self.calendar)

    @property
    def output_size(self) -> int:
        """The network's outputs: every quantile of every step of the horizon."""
        return self.horizon * len(self.levels)

    def context_times(self, time: np.ndarray, origins: np.ndarray) -> np.ndarray | None:
        """The times (W, context) of windows that end at rows ``origins`` (W,) of a series with ``time`` (T,).

        None for a model without a calendar, which does not ask for them.
        """
        if not self.calendar:
            return None
        return time[origins[:, None] + np.arange(1 - self.context, 1)]

    def inputs(self, context: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
        """The network's inputs (W, context, I), float32, for ``context`` (W, context, C) in the data's units.

        ``times`` (W, context), datetime64, is needed for a calendar only; InputError without.
        """
        scaled = self.scaler.transform(context)
        if not self.calendar:
            return scaled
        if times is None or times.dtype.kind != "M":
            raise InputError(
                f"the model uses the {' and '.join(self.calendar)}; give data with a column of dates"
            )
        phases = np.stack([_phase(cycle, times) for cycle in self.calendar], axis=-1) * (2 * math.pi)
        return np.concatenate([scaled, np.sin(phases), np.cos(phases)], axis=-1, dtype=np.float32)

    def targets(self, target: np.ndarray, context: np.ndarray) -> np.ndarray:
        """What the network's outputs are held against, (W, horizon) float32, for ``target`` in its unit."""
        return self.scaler.transform_target(target, context)

    def quantiles(self, outputs: np.ndarray, context: np.ndarray) -> np.ndarray:
        """The quantiles (W, horizon, Q), float64 in the target's unit, of network outputs (W, horizon * Q).

        Quantiles that cross are put in order (Chernozhukov, Fernández-Val & Galichon 2010), which never makes
        them worse.
        """
        ordered = np.sort(outputs.reshape(-1, self.horizon, len(self.levels)), axis=-1)
        return self.scaler.inverse_target(ordered, context)

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
            "calendar": list(self.calendar),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "ForecastInputs":
        """Undo `to_dict`; raises InputError, naming the field, for what it would not have written."""
        check_fields(fields, _FIELDS, "preprocessing")
        check_fields(fields["scaler"], _SCALER, "preprocessing.scaler")
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
            scaler=Scaler.from_dict(fields["scaler"]),
            scale=TargetScale.from_dict(fields["scale"]),
            calendar=tuple(fields["calendar"]),
        )


def _phase(cycle: str, times: np.ndarray) -> np.ndarray:
    """How much of the cycle has passed at each of ``times``, in [0, 1)."""
    match cycle:
        case "hour of day":
            return (times - times.astype("datetime64[D]")) / _DAY
        case "day of week":
            return (times - np.datetime64("1970-01-05")) / (7 * _DAY) % 1  # a Monday
        case _:
            year = times.astype("datetime64[Y]")
            length = (year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")
            return (times - year) / length
