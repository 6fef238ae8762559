"""Forecasting: the steps after a window of a series, with quantiles."""

import dataclasses
from typing import Any, ClassVar, Self

from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_int
from recurra.artifact import Artifact
from recurra.data import (
    TRANSFORMS,
    Scaler,
    Series,
    Share,
    Split,
    TargetTransform,
    check_transform,
    format_time,
    impute,
    make_windows,
    read_series,
    split_rows,
)
from recurra.evaluation import Evaluation, TargetScale, evaluate_forecasts
from recurra.runtime import Forecast, ForecastInputs, ForecastModel, forecast_artifact
from recurra.tasks.card import forecast_card
from recurra.tasks.forecast_network import ForecastNetwork, PinballLoss, WindowExamples
from recurra.tasks.layers import LAYERS, tensors
from recurra.tasks.memory import check_memory
from recurra.tasks.saved import SavedEstimator
from recurra.training import Listener, TrainingSettings, train

LEVELS = (0.1, 0.5, 0.9)
_LEAST_CONTEXT = 32


class Forecaster(SavedEstimator):
    """Forecast a column of a table ``horizon`` steps ahead, with the quantiles 0.1, 0.5 and 0.9.

    A recurrent network reads the last ``context`` rows, centred on their own end so that a trend does not
    break it, and a linear autoregression stands beside it. It learns from the training part, stops by the
    validation part and is scored on the test part.

    Args:
        target: the column to forecast.
        horizon: steps to forecast.
        time: the column of times; None for the only one with dates, or else to count rows.
        context: rows that a forecast sees; None for four seasons, or two horizons if that is more.
        past: a list of other columns to learn from, known up to the last row only; None for none.
        target_transform: what the target goes through before it is learnt, and back after: ``standard``,
            ``robust``, ``log``, ``box-cox`` or ``yeo-johnson``, see `recurra.data.TargetTransform`. The other
            columns are scaled by their means and deviations whatever it is.
        cell: ``rnn``, ``lstm`` or ``gru``.
        hidden_size: units of each layer.
        num_layers: layers.
        epochs: passes over the training part at most; training stops early when validation stops improving.
        batch_size: windows for each step of the optimiser.
        learning_rate: of Adam.
        clip_norm: the largest norm of a gradient.
        seed: the same seed gives the same model.
        train, validation, test: the parts, in order of time: a fraction, a number of rows, or a first day.

    Attributes, once fitted:
        model_: the model at work, without PyTorch; what `recurra.load` returns for the saved file.
        artifact_: what the saved file holds.
        context_: the rows that a forecast sees.
        history_: loss, validation loss and gradient norm by epoch, and the best epoch.
        metrics_, baselines_: of the test part, on the same windows; None for what is not defined.

    Attributes, once fitted here and not loaded:
        series_: the data as a regular series, imputed.
        split_: its parts.
        windows_: how many windows each part has.
        evaluation_: the test part's, with every forecast.
    """

    model_class = ForecastModel
    later: ClassVar[dict[str, Any]] = {"target_transform": "standard"}
    model_: ForecastModel

    def __init__(
        self,
        *,
        target: str,
        horizon: int,
        time: str | None = None,
        context: int | None = None,
        past: list[str] | None = None,
        target_transform: str = "standard",
        cell: str = "lstm",
        hidden_size: int = 64,
        num_layers: int = 1,
        epochs: int = TrainingSettings.epochs,
        batch_size: int = TrainingSettings.batch_size,
        learning_rate: float = TrainingSettings.learning_rate,
        clip_norm: float = TrainingSettings.clip_norm,
        seed: int = TrainingSettings.seed,
        train: Share = 0.7,
        validation: Share = 0.1,
        test: Share = 0.2,
    ) -> None:
        self.target = target
        self.horizon = horizon
        self.time = time
        self.context = context
        self.past = past
        self.target_transform = target_transform
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.seed = seed
        self.train = train
        self.validation = validation
        self.test = test

    def fit(self, data: Any, *, on_event: Listener | None = None) -> Self:
        """Train on ``data``: a path (.csv, .tsv, .parquet), a data frame of any library, or an array.

        ``on_event`` is told how training goes, see `recurra.training`. Raises InputError for settings or
        data that do not do, TrainingError if training diverges.
        """
        settings = self._settings()
        horizon = positive_int("horizon", self.horizon)
        context = None if self.context is None else positive_int("context", self.context)
        hidden_size = positive_int("hidden_size", self.hidden_size)
        num_layers = positive_int("num_layers", self.num_layers)
        past = self.past or []
        check_memory(self.cell, 1 + len(past), hidden_size, num_layers)
        series = read_series(data, columns=[self.target, *past], time=self.time)
        split = split_rows(series.time, train=self.train, validation=self.validation, test=self.test)
        scale = TargetScale.fit(series, split.train)
        series = impute(series, split.parts)
        transform = self._transform(series, split)
        if context is None:
            rows = split.train.stop - split.train.start
            context = default_context(scale.season, horizon, rows)
        windows = {
            name: make_windows(
                series,
                part,
                context=context,
                horizon=horizon,
                name=f"the {name} part",
                first_row=split.train.start,
            )
            for name, part in zip(("training", "validation", "test"), split.parts)
        }
        for name, part in windows.items():
            if not part.observed.any():
                first, last = format_time(part.time[0, 0]), format_time(part.time[-1, -1])
                raise InputError(
                    f"target {self.target!r} has no values in the {name} part, from {first} to {last}, where "
                    "forecasts are held against them; give data with values there, or other parts"
                )
        inputs = ForecastInputs(
            target=self.target,
            past=tuple(past),
            time=series.time_name,
            frequency=series.frequency,
            context=context,
            horizon=horizon,
            levels=LEVELS,
            scaler=Scaler.fit(windows["training"], target_transform=transform),
            scale=scale,
        )
        network = ForecastNetwork(inputs, self.cell, hidden_size, num_layers, seed=settings.seed)
        history = train(
            network,
            PinballLoss(LEVELS),
            WindowExamples(windows["training"], inputs),
            WindowExamples(windows["validation"], inputs),
            settings,
            on_event,
        )

        artifact = forecast_artifact(
            inputs, network.encoder.stack, tensors(network), history=history.to_dict(), card={}
        )
        test = windows["test"]
        evaluation = evaluate_forecasts(
            series,
            test,
            ForecastModel(artifact).predict_windows(test.context),
            levels=LEVELS,
            scale=scale,
            train=split.train,
        )
        counts = {name: len(part) for name, part in windows.items()}
        card = forecast_card(series, split, counts, evaluation, settings=self.get_params(), context=context)
        self._adopt(dataclasses.replace(artifact, card=card))
        self.series_, self.split_, self.windows_, self.evaluation_ = series, split, counts, evaluation
        return self

    def predict(self, data: Any) -> Forecast:
        """Forecast the horizon after the last row of ``data``, as `recurra.runtime.ForecastModel` does."""
        check_is_fitted(self)
        return self.model_.predict(data)

    def evaluate(self, data: Any) -> Evaluation:
        """Score every window of ``data`` beside the baselines, as `recurra.runtime.ForecastModel` does."""
        check_is_fitted(self)
        return self.model_.evaluate(data)

    def score(self, data: Any) -> float:
        """Minus the scaled mean absolute error over every window of ``data``: at best 0."""
        return -self.evaluate(data).metrics["scaled_mae"]

    def _adopt(self, artifact: Artifact) -> None:
        super()._adopt(artifact)
        self.context_ = self.model_.context

    def _transform(self, series: Series, split: Split) -> TargetTransform:
        """That of the training part's observed targets; InputError where it refuses a value of any part."""
        name, target = self.target_transform, f"target {self.target!r}"
        rows = slice(split.train.start, split.test.stop)
        values, time = series.values[rows, 0], series.time[rows]
        check_transform(TargetTransform(name), values, target, lambda row: f"at {format_time(time[row])}")
        return TargetTransform.fit(name, series.values[split.train, 0][series.observed[split.train, 0]])

    def _settings(self) -> TrainingSettings:
        """Check names and how to train; sizes are checked where they are read, parts with the data."""
        if not isinstance(self.target, str):
            raise InputError(f"target must be the name of a column, got {self.target!r}")
        if not isinstance(self.time, str | None):
            raise InputError(f"time must be the name of a column, or None, got {self.time!r}")
        past = [] if self.past is None else self.past
        # No tuple: a model file has only lists, and a loaded forecaster has the arguments that were given.
        if not isinstance(past, list) or not all(isinstance(name, str) for name in past):
            raise InputError(f"past must be a list of names of columns, or None, got {self.past!r}")
        one_of("target_transform", self.target_transform, TRANSFORMS)
        one_of("cell", self.cell, LAYERS)
        return TrainingSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            clip_norm=self.clip_norm,
            seed=self.seed,
        )


def default_context(season: int, horizon: int, rows: int) -> int:
    """Four seasons, or two horizons if that is more; less where ``rows``, those of training, are few.

    A forecast must be able to tell a season from a trend, and half of the rows must be left as origins.
    """
    return max(1, min(max(4 * season, 2 * horizon, _LEAST_CONTEXT), (rows - horizon) // 2))
