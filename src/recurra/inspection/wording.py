"""Words and numbers for people: how metrics are called, how numbers, times and durations are written."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from recurra._base.wording import count
from recurra.data.frequency import Frequency
from recurra.evaluation.metric import Metric

MISSING = "–"
MODEL = "model"  # how the model's own row is called beside the baselines'


METRICS = (
    Metric("mae", "MAE", "mean absolute error, in the target's unit"),
    Metric("rmse", "RMSE", "root of the mean squared error: large misses weigh more"),
    Metric("mse", "MSE", "mean squared error"),
    Metric("smape", "sMAPE", "absolute error as a share of the mean of actual and forecast", suffix=" %"),
    Metric("mase", "MASE", "MAE in units of the seasonal naive error on the training part; below 1 beats it"),
    Metric("pinball", "Pinball", "mean quantile loss: judges the whole interval, not only the middle"),
    Metric(
        "coverage",
        "Coverage",
        "share of actual values inside the 10–90 % interval; 80 % is right",
        0.8,
        100.0,
        " %",
    ),
    Metric("scaled_mae", "Scaled MAE", "MAE in standard deviations of the training part"),
    Metric("scaled_mse", "Scaled MSE", "MSE in variances of the training part"),
)


def best_of(metric: Metric, values: Mapping[str, float]) -> list[str]:
    """The names of the values that are nearest to the metric's best; none where no value is finite."""
    distances = {name: abs(value - metric.best) for name, value in values.items() if math.isfinite(value)}
    return [name for name, distance in distances.items() if distance == min(distances.values())]


def numbers(
    values: Iterable[float | None], *, resolution: float | None = None, scale: float = 1.0, suffix: str = ""
) -> list[str]:
    """Write numbers that stand side by side, all with the same decimals; a dash for what is not a number.

    The smallest gets three significant figures, or, where given, ``resolution`` gets two. They are multiplied
    by ``scale`` before and followed by ``suffix``.
    """
    scaled = [None if value is None or not math.isfinite(value) else scale * float(value) for value in values]
    sizes = [abs(value) for value in scaled if value]
    largest = max(sizes, default=0.0)
    if largest >= 1e7 or 0 < largest < 1e-4:
        texts = [MISSING if value is None else f"{value:.3g}{suffix}" for value in scaled]
    else:
        smallest, figures = max(min(sizes, default=1.0), largest / 100), 3
        if resolution:
            smallest, figures = scale * resolution, 2
        decimals = min(max(0, figures - 1 - math.floor(math.log10(smallest))), 8)
        texts = [MISSING if value is None else f"{value:,.{decimals}f}{suffix}" for value in scaled]
    return [text.replace("-", "−") for text in texts]


def metric_texts(metric: Metric, values: Iterable[float | None]) -> list[str]:
    """Values of one metric side by side; a share or a score, whose best is not 0, to a thousandth.

    What is above 1 is neither, as perplexity has no upper end; but a score of which 100 is the best, as BLEU,
    is written to a tenth.
    """
    values, most = list(values), max(metric.best, 1.0)
    score = metric.best and all(value is None or not value > most for value in values)
    resolution = 0.01 * most if score else None
    return numbers(values, resolution=resolution, scale=metric.scale, suffix=metric.suffix)


def number(value: float | None) -> str:
    """One number with three significant figures."""
    return numbers([value])[0]


def change(ours: float, theirs: float) -> str:
    """How an error compares with another, in words that go before the other: ``25 % less than``."""
    if theirs == 0:
        return "as much as" if ours == 0 else "more than"
    percent = 100 * (ours / theirs - 1)
    if abs(percent) < 0.5:
        return "about as much as"
    if percent >= 100:
        return f"{ours / theirs:.1f} times as much as"
    return f"{abs(percent):.0f} % {'less' if percent < 0 else 'more'} than"


def times(values: np.ndarray, *, utc: bool = False) -> list[str]:
    """Write datetimes without the clock where every one is midnight, and row numbers as they are.

    With ``utc`` every one has a clock, and ends in Z, as ISO 8601 marks UTC.
    """
    values = np.asarray(values)
    if values.dtype.kind != "M":
        return [f"row {value:,}" for value in values.ravel().tolist()]
    flat = values.ravel().astype("datetime64[us]")
    rounded = (flat.astype(f"datetime64[{unit}]") for unit in ("m" if utc else "D", "m", "s", "us"))
    exact = next(times for times in rounded if np.array_equal(times, flat))
    texts = np.datetime_as_string(exact, timezone="UTC" if utc else "naive")
    return [text.replace("T", " ") for text in texts.tolist()]


def unit(frequency: str | None) -> str:
    """What one step is: ``week`` for ``1w``, ``step of 15 minutes`` for ``15m``, ``row`` without times."""
    if frequency is None:
        return "row"
    step = Frequency.parse(frequency)
    name = step.noun
    if step.count == 1:
        return name
    return f"step of {step.count}" if step.unit == "i" else f"step of {step.count} {name}s"


def steps(amount: int, frequency: str | None) -> str:
    """``52 weeks``, ``96 steps of 15 minutes``, ``1 row``."""
    first, *rest = unit(frequency).split(" ", 1)
    return " ".join([count(amount, first), *rest])


def listing(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def settings(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """An estimator's arguments by name, in words."""
    rows = []
    for name, value in values.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        rows.append((name.replace("_", " "), "default" if value is None else text or "none"))
    return rows
