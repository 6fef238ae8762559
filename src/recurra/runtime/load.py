"""Load a model file as the model that its task names."""

import os
from typing import TypeAlias, get_args

from recurra import artifact
from recurra._base.errors import ArtifactError
from recurra.artifact.wording import shown
from recurra.runtime.classification import ClassificationModel
from recurra.runtime.forecast import ForecastModel
from recurra.runtime.language import TextModel
from recurra.runtime.music import MusicModel
from recurra.runtime.regression import RegressionModel
from recurra.runtime.tagging import TaggingModel
from recurra.runtime.transcription import TranscriptionModel
from recurra.runtime.translation import TranslationModel

Model: TypeAlias = (
    ForecastModel
    | ClassificationModel
    | RegressionModel
    | TaggingModel
    | TextModel
    | MusicModel
    | TranscriptionModel
    | TranslationModel
)

MODELS: dict[str, type[Model]] = {model.task: model for model in get_args(Model)}
"""The class of the models of each task."""


def load(path: str | os.PathLike[str]) -> Model:
    """Load a model file. Nothing in it is executed, and PyTorch is not needed.

    Raises ArtifactError, in one line that names the file and the fix, for anything but a whole, unaltered
    model that this version can read.
    """
    contents = artifact.load(path)
    if contents.task not in MODELS:
        raise ArtifactError(
            f"{path}: the model's task is {shown(contents.task)}, and this version knows "
            f"{', '.join(MODELS)}; update Recurra or give another file"
        )
    try:
        return MODELS[contents.task](contents)
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from None
