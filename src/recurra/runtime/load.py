"""Load a model file as the model that its task names."""

import os

from recurra import artifact
from recurra._base.errors import ArtifactError
from recurra.runtime.forecast import ForecastModel


def load(path: str | os.PathLike[str]) -> ForecastModel:
    """Load a model file. Nothing in it is executed, and PyTorch is not needed.

    Raises ArtifactError, in one line that names the file and the fix, for anything but a whole, unaltered
    model that this version can read.
    """
    contents = artifact.load(path)
    try:
        return ForecastModel(contents)
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from None
