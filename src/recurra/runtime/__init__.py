"""Trained models at work, on NumPy and the native core alone: load, predict, evaluate."""

from recurra.runtime.classification import ClassificationModel
from recurra.runtime.forecast import Forecast, ForecastModel, forecast_artifact
from recurra.runtime.forecast_inputs import ForecastInputs
from recurra.runtime.load import load
from recurra.runtime.network import Network, network_spec
from recurra.runtime.network_parts import (
    AttentionPool,
    Autoregression,
    Bag,
    Crf,
    CrfScores,
    Embedding,
    Ensemble,
    Linear,
    Part,
    Pool,
    Recurrent,
    Words,
)
from recurra.runtime.quantize import quantize
from recurra.runtime.regression import RegressionModel
from recurra.runtime.sequence_model import SequenceModel
from recurra.runtime.sequence_stream import SequenceStream
from recurra.runtime.stepping import NetworkStream
from recurra.runtime.tagging import TaggingModel
from recurra.runtime.transcript import Transcript, Transcription
from recurra.runtime.transcription import TranscriptionModel
from recurra.runtime.transcription_stream import TranscriptionStream

__all__ = [
    "AttentionPool",
    "Autoregression",
    "Bag",
    "ClassificationModel",
    "Crf",
    "CrfScores",
    "Embedding",
    "Ensemble",
    "Forecast",
    "ForecastInputs",
    "ForecastModel",
    "Linear",
    "Network",
    "NetworkStream",
    "Part",
    "Pool",
    "Recurrent",
    "RegressionModel",
    "SequenceModel",
    "SequenceStream",
    "TaggingModel",
    "Transcript",
    "Transcription",
    "TranscriptionModel",
    "TranscriptionStream",
    "Words",
    "forecast_artifact",
    "load",
    "network_spec",
    "quantize",
]
