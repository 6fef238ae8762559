"""Transforms of a target: a rising curve that makes its distribution easier to learn, and the way back.

Box & Cox 1964 for values above 0, Yeo & Johnson 2000 for any. Both are computed through expm1 and log1p, so
that exponents near 0 lose no digits.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra._base.validation import one_of

TRANSFORMS = ("standard", "robust", "log", "box-cox", "yeo-johnson")
"""The names of the transforms; ``standard`` is what is used where nothing else is asked for."""

_ABOVE_ZERO = ("log", "box-cox")
_EXPONENTS = (-5.0, 5.0)  # beyond them a curve is a step, which no network can follow
_TINY = 1e-200  # below it λ is as good as 0 to the last digit, and products with it would lose digits
_BEYOND = 1e6
_ROUNDING = 1e-12  # the deviation of equal numbers, as a share of them, is below it
_NORMAL = 1.3489795003921634  # the interquartile range of the normal distribution with deviation 1


@dataclass(frozen=True)
class TargetTransform:
    """A rising curve of single values, and how what comes out of it is centred and scaled.

    ========================  ==================================================
    ``standard``, ``robust``  x
    ``log``                   log x, the Box-Cox curve with exponent 0
    ``box-cox``               (z^λ − 1) / λ of z = x / exp(centre)
    ``yeo-johnson``           ((z + 1)^λ − 1) / λ of z = (x − centre) / unit ≥ 0,
                              −((1 − z)^(2−λ) − 1) / (2 − λ) of z < 0
    ========================  ==================================================

    The geometric mean that Box-Cox divides by, and the mean and deviation of Yeo-Johnson, keep the digits of
    values that lie far from 0; they only shift and stretch what comes out of Box-Cox.

    Attributes:
        name: one of `TRANSFORMS`.
        exponent: λ.
        centre: the mean of the logarithms for ``box-cox``, of the values for ``yeo-johnson``, else 0.
        unit: the deviation for ``yeo-johnson``, else 1.
        largest: the largest absolute value of the training part, for the end of the way back.
    """

    name: str = "standard"
    exponent: float = 1.0
    centre: float = 0.0
    unit: float = 1.0
    largest: float = 1.0

    @classmethod
    def fit(cls, name: str, values: np.ndarray) -> "TargetTransform":
        """That of training ``values`` (n,), finite; the exponent has the highest likelihood from −5 to 5.

        ``values`` must do, see `refused`. Raises MissingExtraError where an exponent is to be found and SciPy
        is not installed.
        """
        one_of("target_transform", name, TRANSFORMS)
        values = np.ascontiguousarray(values, np.float64)
        largest = float(np.abs(values).max()) or 1.0
        match name:
            case "log":
                return cls(name, exponent=0.0, largest=largest)
            case "box-cox":
                logs = np.log(values)
                centre = float(logs.mean())
                return cls(name, _exponent("boxcox_llf", np.exp(logs - centre)), centre, 1.0, largest)
            case "yeo-johnson":
                centre, unit = mean_and_deviation(values)
                return cls(name, _exponent("yeojohnson_llf", (values - centre) / unit), centre, unit, largest)
            case _:
                return cls(name)

    @property
    def curved(self) -> bool:
        """Whether it is more than a choice of centre and scale."""
        return self.name not in ("standard", "robust")

    def refused(self, values: np.ndarray) -> np.ndarray:
        """Where ``values`` have no transform: a truth value for each."""
        return values <= 0 if self.name in _ABOVE_ZERO else np.zeros(np.shape(values), bool)

    def forward(self, values: np.ndarray) -> np.ndarray:
        """The transform of ``values`` of any shape, none of them `refused`; float64."""
        # Contiguous, so that NumPy takes one path, with one rounding, for all.
        x = np.ascontiguousarray(values, np.float64)
        if not self.curved:
            return x
        if self.name in _ABOVE_ZERO:
            return _power(np.log(x) - self.centre, self.exponent)
        z = (x - self.centre) / self.unit
        return np.copysign(_power(np.log1p(np.abs(z)), self._exponents(z)), z)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Undo `forward`, for any ``values``; float64.

        It never falls and is always finite: below what Box-Cox can reach lies 0, and no answer is further
        from 0 than a million times the largest value of the training part.
        """
        y = np.ascontiguousarray(values, np.float64)
        if not self.curved:
            return y
        with np.errstate(divide="ignore", over="ignore"):
            if self.name in _ABOVE_ZERO:
                x = np.exp(_log(y, self.exponent) + self.centre)
            else:
                z = np.expm1(_log(np.abs(y), self._exponents(y)))
                x = np.copysign(z, y) * self.unit + self.centre
        return np.clip(x, -_BEYOND * self.largest, _BEYOND * self.largest)

    def centre_and_scale(self, values: np.ndarray) -> tuple[float, float]:
        """What to subtract from ``values`` that came out of `forward`, and what to divide by then.

        The mean and the deviation; for ``robust`` the median, and the interquartile range in units in which
        that of the normal distribution is its deviation, unless half of the values are the same.
        """
        if self.name == "robust":
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
            if high - low > _ROUNDING * np.abs(values).max():
                return float(middle), float((high - low) / _NORMAL)
        return mean_and_deviation(values)

    def describe(self) -> str:
        """What it does to a target, in a few words; nothing for ``standard``."""
        match self.name:
            case "standard":
                return ""
            case "robust":
                return "centred on the median and divided by the interquartile range"
            case "log":
                return "learnt by the logarithm"
            case _:
                who = {"box-cox": "Box-Cox", "yeo-johnson": "Yeo-Johnson"}[self.name]
                return f"learnt on the {who} curve with the exponent {self.exponent:.3g}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; floats keep every bit."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TargetTransform":
        """Undo `to_dict`."""
        return cls(**values)

    def _exponents(self, signed: np.ndarray) -> np.ndarray:
        return np.where(signed < 0, 2 - self.exponent, self.exponent)


def check_transform(
    transform: TargetTransform, values: np.ndarray, name: str, place: Callable[[int], str]
) -> None:
    """Raise InputError unless ``transform`` takes all ``values`` (n,), which are called ``name``.

    ``place`` tells of a row where it stands, as in ``at 2020-05-01``.
    """
    refused = np.flatnonzero(transform.refused(values))
    if len(refused):
        first = refused[0]
        raise InputError(
            f"{name} must be above 0 for the transform {transform.name}, got {values[first]:g} "
            f"{place(first)}; fit with yeo-johnson, which takes any number"
        )


def mean_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Of ``values``, float64; the deviation of equal ones is 1."""
    deviation = float(values.std())
    varies = deviation > _ROUNDING * np.abs(values).max()
    return float(values.mean()), deviation if varies else 1.0


def _power(log: np.ndarray, exponent: Any) -> np.ndarray:
    """(x^λ − 1) / λ for the ``log`` of x; that itself where λ is 0."""
    zero = np.abs(exponent) < _TINY
    return np.where(zero, log, np.expm1(exponent * log) / np.where(zero, 1.0, exponent))


def _log(power: np.ndarray, exponent: Any) -> np.ndarray:
    """Undo `_power`; where no x has that ``power``, the nearest infinity."""
    zero = np.abs(exponent) < _TINY
    inner = np.log1p(np.maximum(exponent * power, -1.0))
    return np.where(zero, power, inner / np.where(zero, 1.0, exponent))


def _exponent(likelihood: str, values: np.ndarray) -> float:
    """The exponent under which ``values``, about 1 or 0, are likeliest to be normal; 1 for equal ones."""
    if values.std() <= _ROUNDING * np.abs(values).max():
        return 1.0
    try:
        from scipy import optimize, stats
    except ImportError as error:
        raise MissingExtraError.of("scipy", "data") from error
    of = getattr(stats, likelihood)
    with np.errstate(over="ignore", invalid="ignore"):
        found = optimize.minimize_scalar(lambda own: -of(own, values), bounds=_EXPONENTS, method="bounded")
    return float(found.x)
