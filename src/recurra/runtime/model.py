"""What all models at work share: a network from an artifact, and what the file says of it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from recurra._base.errors import ArtifactError, InputError
from recurra.artifact import Artifact
from recurra.artifact.wording import DAMAGED, FOREIGN, brief, shown
from recurra.runtime.network import Network

N = TypeVar("N")


class Model(ABC, Generic[N]):
    """A trained model. Raises ArtifactError for an artifact that is none, or does not fit together."""

    task: ClassVar[str]
    """What the model file calls what it does."""
    network_type: ClassVar[Any] = Network
    """N, made of the artifact's specification and tensors; InputError where they do not fit."""
    network: N

    def __init__(self, artifact: Artifact) -> None:
        if artifact.task != self.task:
            raise ArtifactError(f"the model's task is {shown(artifact.task)}, not '{self.task}'; {FOREIGN}")
        try:
            self.network = self.network_type(artifact.spec, artifact.tensors)
            self._take(artifact)
        except InputError as error:
            raise ArtifactError(f"the model is damaged ({brief(error)}); {DAMAGED}") from None
        self.spec = artifact.spec
        self.tensors = artifact.tensors
        """The weights by name, read-only, for who looks inside; the network works with packed copies."""
        self.card = artifact.card
        self.history = artifact.history
        self.fingerprint = artifact.fingerprint

    @abstractmethod
    def _take(self, artifact: Artifact) -> None:
        """Take the preprocessing; InputError where it is not right, or does not fit `network`."""
