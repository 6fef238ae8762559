"""Forecasts from a trained model: no PyTorch from here on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra.artifact import Artifact
from recurra.cells import Stack
from recurra.data import GapReport, Series, future_times, impute, last_context, make_windows, read_series
from recurra.evaluation import Evaluation, evaluate_forecasts
from recurra.runtime.forecast_inputs import MEDIAN, ForecastInputs
from recurra.runtime.model import Model
from recurra.runtime.network import Network, network_spec
from recurra.runtime.network_parts import Autoregression, Linear, Part, Pool, Recurrent

if TYPE_CHECKING:
    import polars as pl

_CHUNK = 256  # windows at a time, so that memory stays small; the bits are the same for any number


@dataclass(frozen=True, eq=False)
class Forecast:
    """The horizon after the last row of the data, step by step, in the target's unit."""

    time: np.ndarray  # (horizon,) datetime64[us], or int64 where rows are counted, from 1
    point: np.ndarray  # (horizon,) float64, the median
    quantiles: np.ndarray  # (horizon, Q) float64, rising along each row
    levels: tuple[float, ...]  # (Q,)
    target: str
    gaps: GapReport  # what was missing in the data, and how it was imputed
    utc: bool = False  # whether ``time`` is UTC, because the data had a time zone

    def to_frame(self) -> "pl.DataFrame":
        """A polars frame with the columns ``time``, ``point`` and one for each level: ``q0.1``, ``q0.5``, …

        ``time`` has the zone UTC where the data had a time zone, and none where it had none.
        Raises MissingExtraError where polars is not installed.
        """
        try:
            import polars as pl
        except ImportError as error:
            raise MissingExtraError.of("polars", "data") from error
        columns = {f"q{level:g}": self.quantiles[:, i] for i, level in enumerate(self.levels)}
        time = pl.Series("time", self.time)
        time = time.dt.replace_time_zone("UTC") if self.utc else time
        return pl.DataFrame({"time": time, "point": self.point, **columns})


class ForecastModel(Model):
    """A trained forecaster."""

    task = "forecast"

    def _take(self, artifact: Artifact) -> None:
        self.inputs = ForecastInputs.from_dict(artifact.preprocessing)
        _check_sizes(self.inputs, self.network)

    @property
    def context(self) -> int:
        """The rows that a forecast sees."""
        return self.inputs.context

    @property
    def horizon(self) -> int:
        """The rows that it foretells."""
        return self.inputs.horizon

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels of the quantiles."""
        return self.inputs.levels

    def predict(self, data: Any) -> Forecast:
        """Forecast the horizon after the last row of ``data``.

        ``data`` is a path (.csv, .tsv, .parquet), a data frame of any library, or an array (T, C) with the
        model's columns in order, the target first ((T,) if it is the only one), and NaN for what is missing.
        Of more rows than the context the last ones are used; gaps are imputed as in training. Where rows are
        counted, as in an array, the times are the row numbers that follow, the first row being 1.
        Raises InputError for data that does not suit the model, or too little of it.
        """
        series = self.read(data)
        quantiles = self.predict_windows(last_context(series, self.context))[0]
        return Forecast(
            time=future_times(series.time[-1], series.frequency, self.horizon),
            point=quantiles[:, self.levels.index(MEDIAN)],
            quantiles=quantiles,
            levels=self.levels,
            target=self.inputs.target,
            gaps=series.report,
            utc=series.utc,
        )

    def predict_windows(self, context: Any) -> np.ndarray:
        """Quantiles (W, horizon, Q), float64 in the target's unit, after each ``context`` (W, context, C).

        ``context`` is an array, or the contexts of `recurra.data.make_windows`, without NaN. A window gives
        the same bits alone and among others. Raises InputError for any other shape.
        """
        rows, columns = self.context, len(self.inputs.columns)
        if len(context.shape) != 3 or context.shape[1:] != (rows, columns):
            raise InputError(f"context must have shape (W, {rows}, {columns}), got {context.shape}")
        quantiles = np.empty((len(context), self.horizon, len(self.levels)))
        for start in range(0, len(context), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            window = np.asarray(context[chunk], dtype=np.float64)
            if not np.isfinite(window).all():
                raise InputError("context must be finite, without NaN; impute what is missing")
            self.inputs.check_windows(window)
            outputs = self.network(self.inputs.inputs(window))
            quantiles[chunk] = self.inputs.quantiles(outputs, window)
        return quantiles

    def evaluate(self, data: Any) -> Evaluation:
        """Score every window of ``data`` (as for `predict`) against what happened, beside simple baselines.

        Raises InputError for data that does not suit the model, or is too short for one window.
        """
        series = self.read(data)
        windows = make_windows(
            series, slice(0, len(series)), context=self.context, horizon=self.horizon, name="the data"
        )
        quantiles = self.predict_windows(windows.context)
        return evaluate_forecasts(
            series, windows, quantiles, levels=self.levels, scale=self.inputs.scale, train=None
        )

    def read(self, data: Any) -> Series:
        """``data``, as for `predict`, as a series without gaps; InputError where it does not suit."""
        inputs = self.inputs
        series = read_series(
            data, columns=inputs.columns, time=inputs.time, detect_time=False, frequency=inputs.frequency
        )
        series = impute(series, [slice(0, len(series))])
        inputs.check(series)
        return series


def forecast_artifact(
    inputs: ForecastInputs,
    stack: Stack,
    tensors: Mapping[str, np.ndarray],
    *,
    history: dict[str, Any],
    card: dict[str, Any],
) -> Artifact:
    """The artifact of a forecaster: a recurrent ``encoder``, its last output, and a linear ``head``.

    ``tensors``, float32: the stack's parameters after ``encoder.``, ``head.weight`` (horizon * Q, H) and
    ``head.bias`` (horizon * Q,); with ``autoregression.weight`` (horizon, context), an autoregression stands
    beside. Raises InputError where they do not fit.
    """
    parts: list[Part] = [
        Recurrent("encoder", stack),
        Pool(),
        Linear("head", stack.output_size, inputs.output_size),
    ]
    if "autoregression.weight" in tensors:
        parts.append(Autoregression("autoregression", inputs.context, inputs.horizon, len(inputs.levels)))
    spec = network_spec(parts)
    _check_sizes(inputs, Network(spec, tensors))
    return Artifact(
        task=ForecastModel.task,
        spec=spec,
        preprocessing=inputs.to_dict(),
        tensors=dict(tensors),
        inputs=[{"name": "context", "shape": ["N", inputs.context, inputs.input_size], "dtype": "float32"}],
        outputs=[{"name": "quantiles", "shape": ["N", inputs.output_size], "dtype": "float32"}],
        history=history,
        card=card,
    )


def _check_sizes(inputs: ForecastInputs, network: Network) -> None:
    if not network.pools:
        raise InputError("a forecaster's network must pool its sequence")
    if (network.input_size, network.output_size) != (inputs.input_size, inputs.output_size):
        raise InputError(
            f"the preprocessing gives {inputs.input_size} inputs and takes {inputs.output_size} outputs, "
            f"but the network has {network.input_size} and {network.output_size}"
        )
