"""What an estimator of labelled sequences learns: labels as numbers, and the loss of outputs against them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra._base.validation import one_of
from recurra.data import TRANSFORMS, TargetTransform, check_transform, mean_and_deviation
from recurra.decoding import Allowed, allowed, scheme_of
from recurra.tasks.classes import class_counts, class_weights, codes
from recurra.tasks.pinball import pinball
from recurra.tasks.sequence_network import LabelNetwork


class Targets(ABC):
    """Base of the kinds of targets."""

    allowed: Allowed | None = None
    """What a sequence of tags may do, for a conditional random field."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """The width of the network's output."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of how labels are learnt, in sentences."""
        return ()

    @abstractmethod
    def encode(self, labels: Any, part: str) -> np.ndarray | list[np.ndarray]:
        """Labels of a part as `loss` has them, (N,) or N arrays (T_i,); InputError for an unknown one."""

    @abstractmethod
    def loss(
        self, network: LabelNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
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
        self, network: LabelNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
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
    """One number a sequence: the pinball loss of its quantiles, on the transform's curve and in its scale.

    Attributes:
        mean, deviation: of the training labels.
        levels: (Q,) of the quantiles.
        transform: of the labels, fitted on those of the training part.
        centre, scale: of the transformed training labels, see `TargetTransform.centre_and_scale`.
    """

    mean: float
    deviation: float
    levels: tuple[float, ...]
    transform: TargetTransform
    centre: float
    scale: float

    @classmethod
    def of(cls, labels: np.ndarray, levels: tuple[float, ...], transform: str) -> "ValueTargets":
        """Of training labels (N,), finite float64; InputError where the transform refuses one."""
        one_of("target_transform", transform, TRANSFORMS)
        _check(TargetTransform(transform), labels, "training")
        own = TargetTransform.fit(transform, labels)
        return cls(*mean_and_deviation(labels), levels, own, *own.centre_and_scale(own.forward(labels)))

    @property
    def outputs(self) -> int:
        return len(self.levels)

    @property
    def notes(self) -> tuple[str, ...]:
        how = self.transform.describe()
        return (f"The labels are {how}.",) if how else ()

    def encode(self, labels: Any, part: str) -> np.ndarray:
        values = np.asarray(labels, np.float64)
        _check(self.transform, values, part)
        return ((self.transform.forward(values) - self.centre) / self.scale).astype(np.float32)

    def loss(
        self, network: LabelNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        losses = pinball(network(x, lengths), targets, self.levels)
        return (weights * losses).sum(), weights.sum()

    def fields(self) -> dict[str, Any]:
        fields = {"mean": self.mean, "deviation": self.deviation, "levels": list(self.levels)}
        if self.transform.name == "standard":
            return fields
        own = {"curve": self.transform.to_dict(), "mean": self.centre, "deviation": self.scale}
        return {**fields, "target_transform": own}


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
        self, network: LabelNetwork, x: Tensor, lengths: Tensor, targets: Tensor, weights: Tensor
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


def _check(transform: TargetTransform, labels: np.ndarray, part: str) -> None:
    check_transform(transform, labels, "y", lambda _: f"in the {part} part")
