"""Evaluation: metrics, and simple baselines on the same windows or sequences. No PyTorch."""

from recurra.evaluation.answers import LengthScores
from recurra.evaluation.baselines import BASELINES, BaselineForecast, baseline_forecasts
from recurra.evaluation.calibration import fit_temperature
from recurra.evaluation.class_scores import ClassScores
from recurra.evaluation.classification import ClassificationEvaluation, evaluate_labels
from recurra.evaluation.comparison import Comparison
from recurra.evaluation.ets import ETS
from recurra.evaluation.fitted_baselines import Baseline, BaselineOutputs, Baselines
from recurra.evaluation.forecast import Evaluation, evaluate_forecasts
from recurra.evaluation.label_baselines import fit_label_baselines, fit_value_baselines
from recurra.evaluation.language import LanguageEvaluation, Stretch, evaluate_language
from recurra.evaluation.language_baselines import fit_language_baselines
from recurra.evaluation.metric import Metric
from recurra.evaluation.metrics import METRICS, error_by_step, forecast_metrics
from recurra.evaluation.music import MusicEvaluation, evaluate_music, fit_music_baselines
from recurra.evaluation.ngram import NGram
from recurra.evaluation.regression import Estimates, RegressionEvaluation, evaluate_values
from recurra.evaluation.reliability import Reliability
from recurra.evaluation.scale import TargetScale
from recurra.evaluation.span_scores import SpanScores
from recurra.evaluation.tag_baselines import fit_tag_baselines
from recurra.evaluation.tagging import Tagging, TaggingEvaluation, evaluate_tags
from recurra.evaluation.transcription import (
    Confusion,
    TranscriptionEvaluation,
    evaluate_transcription,
    fit_transcription_baselines,
)
from recurra.evaluation.translation import TranslationEvaluation, evaluate_translation
from recurra.evaluation.translation_baselines import fit_translation_baselines

__all__ = [
    "BASELINES",
    "ETS",
    "METRICS",
    "Baseline",
    "BaselineForecast",
    "BaselineOutputs",
    "Baselines",
    "ClassScores",
    "ClassificationEvaluation",
    "Comparison",
    "Confusion",
    "Estimates",
    "Evaluation",
    "LanguageEvaluation",
    "LengthScores",
    "Metric",
    "MusicEvaluation",
    "NGram",
    "RegressionEvaluation",
    "Reliability",
    "SpanScores",
    "Stretch",
    "Tagging",
    "TaggingEvaluation",
    "TargetScale",
    "TranscriptionEvaluation",
    "TranslationEvaluation",
    "baseline_forecasts",
    "error_by_step",
    "evaluate_forecasts",
    "evaluate_labels",
    "evaluate_language",
    "evaluate_music",
    "evaluate_tags",
    "evaluate_transcription",
    "evaluate_translation",
    "evaluate_values",
    "fit_label_baselines",
    "fit_language_baselines",
    "fit_music_baselines",
    "fit_tag_baselines",
    "fit_temperature",
    "fit_transcription_baselines",
    "fit_translation_baselines",
    "fit_value_baselines",
    "forecast_metrics",
]
