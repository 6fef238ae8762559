"""Estimators that are saved as a model file and made from one again."""

import inspect
from pathlib import Path
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from recurra import artifact as artifacts
from recurra._base.errors import ArtifactError
from recurra.artifact import Artifact


class SavedEstimator(BaseEstimator):
    """Base of estimators that, once fitted, are an artifact and the model at work that it makes."""

    model_class: ClassVar[Any]
    """The class of ``model_``, of estimators that have but one."""
    later: ClassVar[dict[str, Any]] = {}
    """The settings that files of earlier versions lack, as they were then."""

    @classmethod
    def _models(cls) -> dict[str, Any]:
        """The classes of ``model_``, by task."""
        return {cls.model_class.task: cls.model_class}

    def save(self, path: str | Path) -> None:
        """Write the model to ``path``, whole or not at all; raises InputError if it cannot be written."""
        check_is_fitted(self)
        artifacts.save(self.artifact_, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The estimator that was saved to ``path``; raises ArtifactError for a file that is none."""
        artifact = artifacts.load(path)
        settings = artifact.card.get("settings")
        settings = {**cls.later, **settings} if isinstance(settings, dict) else {}
        known = inspect.signature(cls).parameters.keys()
        if artifact.task not in cls._models() or settings.keys() != known:
            raise ArtifactError(
                f"{path} does not hold the settings of a {cls.__name__}; use recurra.load to predict with it"
            )
        estimator = cls(**settings)
        estimator._adopt(artifact)
        return estimator

    def _adopt(self, artifact: Artifact) -> None:
        self.artifact_ = artifact
        self.model_ = self._models()[artifact.task](artifact)
        self.history_ = artifact.history
        self.metrics_, self.baselines_ = artifact.card.get("metrics"), artifact.card.get("baselines")

    def __getstate__(self) -> dict[str, Any]:
        """Without the model at work, whose packed weights stay in memory; it is made from the artifact."""
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "model_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "artifact_" in state:
            self.model_ = self._models()[self.artifact_.task](self.artifact_)
