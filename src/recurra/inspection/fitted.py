"""What a report needs of a fitted estimator."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from recurra.artifact import Artifact

_Model = TypeVar("_Model", covariant=True)
_Part = TypeVar("_Part", covariant=True)


class Fitted(Protocol[_Model, _Part]):
    """An estimator that was fitted here, and not loaded: it still has its parts."""

    @property
    def artifact_(self) -> Artifact: ...
    @property
    def model_(self) -> _Model: ...
    @property
    def evaluation_(self) -> Any: ...
    @property
    def parts_(self) -> Mapping[str, _Part]: ...
    @property
    def notes_(self) -> tuple[str, ...]: ...
