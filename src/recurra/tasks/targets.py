"""What an estimator of labelled sequences learns: labels as numbers, and the loss of outputs against them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra.decoding import Allowed, allowed, scheme_of
from recurra.tasks.classes import class_counts, class_weights, codes
from recurra.tasks.pinball import pinball
from recurra.tasks.sequence_network import SequenceNetwork

_ROUNDING = 1e-12  # the deviation of equal numbers, as a share of them, is below it


class Targets(ABC):
    """Base of the kinds of targets."""

    allowed: Allowed | None = None
    """What a sequence of tags may do, for a conditional random field."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """The width of the network's output."""

    @abstractmethod
    def encode(self, labels: Any, part: str) -> np.ndarray | list[np.ndarray]:
        """Labels of a part as `loss` has them, (N,) or N arrays (T_i,); InputError for an unknown one."""

    @abstractmethod
    def loss(
        self, network: SequenceNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The weighted sum over targets, and what they weigh together; both scalar."""

    @abstractmethod
    def fields(self) -> dict[str, Any]:
        """What the model file's preprocessing says of them."""


@dataclass(frozen=True, eq=False)
class ClassTargets(Targets):
    """One class a sequence: cross-entropy.

    Attributes:
        classes: (K,) in order.
        counts: (K,) of the training part.
        class_weights: (K,) float32, 1 on average over the training part.
        label_smoothing: the share of a target that is spread evenly over all classes (Szegedy et al. 2016).
    """

    classes: np.ndarray
    counts: np.ndarray
    class_weights: np.ndarray
    label_smoothing: float

    @classmethod
    def of(cls, labels: Any, class_weight: Any, label_smoothing: float) -> "ClassTargets":
        """Of training labels (N,); raises InputError for one class alone, or weights that do not fit."""
        classes, counts = class_counts(labels)
        return cls(classes, counts, class_weights(class_weight, classes, counts), label_smoothing)

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def encode(self, labels: Any, part: str) -> np.ndarray:
        return codes(np.asarray(labels), self.classes, part)

    def loss(
        self, network: SequenceNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        weights = weights * torch.from_numpy(self.class_weights)[targets]
        smoothing = self.label_smoothing if network.training else 0.0
        losses = torch.nn.functional.cross_entropy(
            network(x, lengths), targets, reduction="none", label_smoothing=smoothing
        )
        return (weights * losses).sum(), weights.sum()

    def fields(self) -> dict[str, Any]:
        return {"classes": self.classes.tolist(), "counts": self.counts.tolist()}


@dataclass(frozen=True, eq=False)
class ValueTargets(Targets):
    """One number a sequence: the pinball loss of its quantiles, in standard units.

    Attributes:
        mean, deviation: of the training labels.
        levels: (Q,) of the quantiles.
    """

    mean: float
    deviation: float
    levels: tuple[float, ...]

    @classmethod
    def of(cls, labels: np.ndarray, levels: tuple[float, ...]) -> "ValueTargets":
        """Of training labels (N,), finite float64."""
        deviation = float(labels.std())
        varies = deviation > _ROUNDING * np.abs(labels).max()
        return cls(float(labels.mean()), deviation if varies else 1.0, levels)

    @property
    def outputs(self) -> int:
        return len(self.levels)

    def encode(self, labels: Any, part: str) -> np.ndarray:  # noqa: ARG002
        return ((np.asarray(labels) - self.mean) / self.deviation).astype(np.float32)

    def loss(
        self, network: SequenceNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        losses = pinball(network(x, lengths), targets, self.levels)
        return (weights * losses).sum(), weights.sum()

    def fields(self) -> dict[str, Any]:
        return {"mean": self.mean, "deviation": self.deviation, "levels": list(self.levels)}


@dataclass(frozen=True, eq=False)
class TagTargets(Targets):
    """One class a step: cross-entropy at every step, or the likelihood of all tags of a sequence together.

    Attributes:
        classes: (K,) in order.
        counts: (K,) of the training part.
        label_smoothing: as for classes; without a conditional random field.
        allowed: the rules of tags in BIO or BIOES, less those that the training part breaks; None where any
            tag may follow any other.
    """

    classes: np.ndarray
    counts: np.ndarray
    label_smoothing: float
    allowed: Allowed | None

    @classmethod
    def of(cls, labels: list[list[Any]], label_smoothing: float) -> "TagTargets":
        """Of training labels, N lists of T_i; raises InputError for one class alone."""
        classes, counts = class_counts([label for own in labels for label in own])
        names = [str(name) for name in classes]
        if (scheme := scheme_of(names)) is None:
            return cls(classes, counts, label_smoothing, None)
        rules = allowed(names, scheme).including(codes(np.array(own), classes, "training") for own in labels)
        return cls(classes, counts, label_smoothing, rules)

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def encode(self, labels: Any, part: str) -> list[np.ndarray]:
        return [codes(np.array(own), self.classes, part) for own in labels]

    def loss(
        self, network: SequenceNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        outputs = network(x, lengths)
        count = (weights * lengths).sum()
        if network.crf is not None:
            return (weights * network.crf(outputs, lengths, targets)).sum(), count
        own = torch.arange(outputs.size(1)) < lengths[:, None]
        smoothing = self.label_smoothing if network.training else 0.0
        losses = torch.nn.functional.cross_entropy(
            outputs[own], targets[own], reduction="none", label_smoothing=smoothing
        )
        return (weights[:, None].expand_as(own)[own] * losses).sum(), count

    def fields(self) -> dict[str, Any]:
        return {"classes": self.classes.tolist(), "counts": self.counts.tolist()}
