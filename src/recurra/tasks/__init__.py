"""Tasks: estimators that go from a user's data to a trained model, after scikit-learn."""

from recurra._base.errors import MissingExtraError

try:
    import sklearn as _sklearn  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError.of("scikit-learn", "train") from error

from recurra.tasks.classification import SequenceClassifier
from recurra.tasks.forecasting import Forecaster
from recurra.tasks.language_modelling import LanguageModel
from recurra.tasks.regression import SequenceRegressor
from recurra.tasks.seq2seq import Seq2Seq
from recurra.tasks.tagging import SequenceTagger
from recurra.tasks.transcription import Transcriber

__all__ = [
    "Forecaster",
    "LanguageModel",
    "Seq2Seq",
    "SequenceClassifier",
    "SequenceRegressor",
    "SequenceTagger",
    "Transcriber",
]
