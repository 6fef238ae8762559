"""What the estimators of labelled sequences share: from sequences and labels to a saved, scored model."""

import dataclasses
import hashlib
import json
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from recurra import artifact as artifacts
from recurra._base.errors import ArtifactError, InputError
from recurra._base.validation import one_of, positive_int, probability
from recurra.artifact import Artifact
from recurra.data import Labelled, Source, as_labelled, split_labels
from recurra.evaluation import Baselines, Comparison
from recurra.runtime.features import Features
from recurra.runtime.sequence_model import SequenceModel, checked_kind, sequence_artifact
from recurra.runtime.sequence_stream import SequenceStream
from recurra.tasks.sequence_card import sequence_card
from recurra.tasks.sequence_defaults import BY_KIND, SequenceDefaults
from recurra.tasks.sequence_examples import SequenceExamples
from recurra.tasks.sequence_features import fit_features, fit_vectors
from recurra.tasks.sequence_network import LAYERS, POOLS, NetworkSettings, SequenceNetwork
from recurra.tasks.targets import Targets
from recurra.training import Listener, TrainingSettings, train


@dataclass(kw_only=True, eq=False, repr=False)
class SequenceEstimator(BaseEstimator):
    """Base of `SequenceClassifier`, `SequenceRegressor` and `SequenceTagger`.

    What is None is chosen by the kind of the sequences, see `recurra.tasks.sequence_defaults`.

    Args:
        level: how texts are cut: ``char``, ``word`` or ``bpe``.
        max_vocabulary: symbols at most, the rarest left out.
        min_count: times that a symbol must come in the training part.
        vectors: a word2vec or GloVe file of word vectors to begin with.
        embedding_size: the width of a symbol's vector; that of ``vectors`` where they are given.
        cell: ``rnn``, ``lstm`` or ``gru``.
        hidden_size: units of each layer and direction.
        num_layers: layers.
        bidirectional: whether a second direction reads from the end; False for streams.
        dropout: of columns that enter and leave the recurrent layers, the same at every step.
        word_dropout: of symbols, which become the unknown one.
        weight_dropout: of recurrent weights (Merity et al. 2017).
        epochs: passes over the training part at most.
        batch_size: sequences for each step of the optimiser.
        learning_rate: of Adam; the highest, where ``schedule`` varies it.
        schedule: ``one-cycle``, ``cosine`` or ``constant``.
        weight_decay: of matrices, decoupled from the gradient (AdamW).
        average: of a moving average of the weights, which is what is kept; 0 for none.
        clip_norm: the largest norm of a gradient.
        patience: epochs without a better validation loss before training stops; None for 5 at a constant
            learning rate, and never with a schedule.
        max_time: seconds of training at most, after which the best epoch so far is kept.
        validation_share: of the sequences that `fit` holds out where it is given no validation part.
        seed: the same seed gives the same model, unless ``max_time`` ends training.

    Attributes, once fitted:
        model_: the model at work, without PyTorch; what `recurra.load` returns for the saved file.
        artifact_: what the saved file holds.
        history_: loss, validation loss and gradient norm by epoch, the best epoch, and why training stopped.
        metrics_, baselines_: of the test part; None if there was none.

    Attributes, once fitted here and not loaded:
        evaluation_: of the test part; None if there was none.
        parts_: the parts "training", "validation" and "test", None where there was none.
        notes_: what was done to the data, in sentences for people.
    """

    task: ClassVar[str]
    model_class: ClassVar[type[SequenceModel]]

    level: str | None = None
    max_vocabulary: int | None = None
    min_count: int | None = None
    vectors: str | None = None
    embedding_size: int | None = None
    cell: str = "lstm"
    hidden_size: int | None = None
    num_layers: int | None = None
    bidirectional: bool = True
    dropout: float | None = None
    word_dropout: float | None = None
    weight_dropout: float = 0.0
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str = "one-cycle"
    weight_decay: float | None = None
    average: float | None = None
    clip_norm: float = TrainingSettings.clip_norm
    patience: int | None = None
    max_time: float | None = None
    validation_share: float = 0.1
    seed: int = TrainingSettings.seed

    @abstractmethod
    def _targets(self, labels: Any) -> Targets:
        """What is learnt from training labels."""

    @abstractmethod
    def _baselines(self, training: Labelled, features: Features) -> Baselines[Any]:
        """The baselines, fitted on the training part."""

    def _fields(
        self, targets: Targets, network: SequenceNetwork, validation: SequenceExamples
    ) -> dict[str, Any]:
        """The task's own fields of the preprocessing, for a trained network."""
        return targets.fields()

    def _pool(self, defaults: SequenceDefaults) -> str | None:
        """How steps become one row; None where each step has a label."""
        return one_of("pool", getattr(self, "pool", None) or defaults.pool, POOLS)

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        validation: Any = None,
        test: Any = None,
        source: Source | None = None,
        on_event: Listener | None = None,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Train on sequences and their labels.

        Args:
            X: N sequences, as `recurra.data.as_sequences` takes them; or labelled ones, as the readers of
                `recurra.data` give them, without ``y``.
            y: their labels.
            sample_weight: (N,) what each sequence counts, at least 0; None for 1.
            groups: N names of what must not be in two parts, such as speakers; None for none.
            validation: sequences and labels ``(X, y)``, or labelled ones, by which the best epoch is chosen;
                None to hold out ``validation_share`` of the training ones.
            test: the same, to be scored beside baselines at the end; None for no score.
            source: how the sequences were read, so that the model can read other files.
            on_event: is told how training goes, see `recurra.training`.
            checkpoint: a file in which to keep the run, see `recurra.training.train`.
            resume: go on from that file.

        Raises InputError for settings or data that do not do, TrainingError if training diverges.
        """
        given = as_labelled(X, y, groups=groups)
        kind = given.sequences.kind
        defaults = BY_KIND[kind]
        settings = self._training_settings(defaults)
        network_settings = self._network_settings(defaults)
        parts, weights = self._parts(given, sample_weight, validation, test, settings.seed)
        training, held_out = parts["training"], parts["validation"]

        targets = self._targets(training.labels)
        features = fit_features(training.sequences.items, kind, self.get_params())
        vectors, notes = fit_vectors(self.vectors, self.embedding_size, features)
        if vectors is not None:
            network_settings = dataclasses.replace(network_settings, embedding_size=vectors.shape[1])
        network = SequenceNetwork(
            features,
            network_settings,
            targets.outputs,
            seed=settings.seed,
            allowed=targets.allowed,
            vectors=vectors,
        )
        examples = {
            name: self._examples(parts[name], features, targets, weights[name], name)
            for name in ("training", "validation")
        }
        history = train(
            network,
            targets.loss,
            examples["training"],
            examples["validation"],
            settings,
            on_event,
            checkpoint=checkpoint,
            resume=resume,
            fingerprint=_fingerprint(training, held_out, self.get_params()),
        )
        artifact = sequence_artifact(
            self.task,
            network.parts(),
            network.tensors(),
            features,
            self._fields(targets, network, examples["validation"]),
            source=source,
            history=history.to_dict(),
            card={},
        )
        evaluation = None
        if parts["test"] is not None:
            model = self.model_class(artifact)
            evaluation = model.evaluate(parts["test"], baselines=self._baselines(training, features))
        notes = (*given.notes, *notes)
        card = sequence_card(self.task, parts, evaluation, settings=self.get_params(), notes=notes)
        self._adopt(dataclasses.replace(artifact, card=card))
        self.evaluation_, self.parts_, self.notes_ = evaluation, parts, notes
        return self

    def predict(self, X: Any) -> Any:
        """What the model says of each sequence, as `recurra.load` would of the saved file, bit for bit."""
        check_is_fitted(self)
        return self.model_.predict(X)  # pyright: ignore[reportAttributeAccessIssue]

    def evaluate(self, X: Any, y: Any = None) -> Comparison:
        """Score the model on labelled sequences, see `model_`."""
        check_is_fitted(self)
        return self.model_.evaluate(X, y)  # pyright: ignore[reportAttributeAccessIssue]

    def stream(self, state: bytes | None = None) -> SequenceStream:
        """A stream of single steps, see `model_`; raises InputError for a model in both directions."""
        check_is_fitted(self)
        return self.model_.stream(state)  # pyright: ignore[reportAttributeAccessIssue]

    def save(self, path: str | Path) -> None:
        """Write the model to ``path``, whole or not at all; raises InputError if it cannot be written."""
        check_is_fitted(self)
        artifacts.save(self.artifact_, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The estimator that was saved to ``path``; raises ArtifactError for a file that is none."""
        artifact = artifacts.load(path)
        settings = artifact.card.get("settings")
        known = {field.name for field in dataclasses.fields(cls) if field.init}
        if artifact.task != cls.task or not isinstance(settings, dict) or settings.keys() != known:
            raise ArtifactError(
                f"{path} does not hold the settings of a {cls.__name__}; use recurra.load to predict with it"
            )
        estimator = cls(**settings)
        estimator._adopt(artifact)
        return estimator

    def _adopt(self, artifact: Artifact) -> None:
        self.artifact_ = artifact
        self.model_ = self.model_class(artifact)
        self.history_ = artifact.history
        self.metrics_, self.baselines_ = artifact.card.get("metrics"), artifact.card.get("baselines")

    def _parts(
        self, given: Labelled, sample_weight: Any, validation: Any, test: Any, seed: int
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The parts by name, and the weights of those that are learnt from."""
        weights = _weights(sample_weight, len(given))
        if validation is None:
            rows, held = split_labels(
                given.labels, groups=given.groups, fraction=self.validation_share, seed=seed
            )
            parts = {"training": given.take(rows), "validation": given.take(held)}
            by_part = {"training": weights[rows], "validation": weights[held]}
        else:
            held_out = _labelled(validation, "validation")
            parts = {"training": given, "validation": held_out}
            by_part = {"training": weights, "validation": np.ones(len(held_out), np.float32)}
        parts["test"] = None if test is None else _labelled(test, "test")
        for part in parts.values():
            if part is not None:
                checked_kind(part.sequences, given.sequences.kind)
        return parts, by_part

    def _examples(
        self, part: Labelled, features: Features, targets: Targets, weights: np.ndarray, name: str
    ) -> SequenceExamples:
        inputs = features(part.sequences.items)
        return SequenceExamples(inputs, targets.encode(part.labels, name), weights)

    def _network_settings(self, defaults: SequenceDefaults) -> NetworkSettings:
        def size(name: str) -> int:
            return positive_int(name, self._chosen(name, defaults))

        if not isinstance(self.bidirectional, bool | np.bool):
            raise InputError(f"bidirectional must be True or False, got {self.bidirectional!r}")
        return NetworkSettings(
            embedding_size=size("embedding_size"),
            cell=one_of("cell", self.cell, LAYERS),
            hidden_size=size("hidden_size"),
            num_layers=size("num_layers"),
            bidirectional=bool(self.bidirectional),
            pool=self._pool(defaults),
            dropout=probability("dropout", self._chosen("dropout", defaults)),
            word_dropout=probability("word_dropout", self._chosen("word_dropout", defaults)),
            weight_dropout=probability("weight_dropout", self.weight_dropout),
            crf=bool(getattr(self, "crf", False)),
        )

    def _training_settings(self, defaults: SequenceDefaults) -> TrainingSettings:
        names = ("epochs", "batch_size", "learning_rate", "weight_decay", "average")
        chosen = {name: self._chosen(name, defaults) for name in names}
        patience = self.patience
        if patience is None:
            patience = TrainingSettings.patience if self.schedule == "constant" else chosen["epochs"]
        return TrainingSettings(
            **chosen,
            clip_norm=self.clip_norm,
            patience=patience,
            seed=self.seed,
            max_seconds=self.max_time,
            schedule=self.schedule,
        )

    def _chosen(self, name: str, defaults: SequenceDefaults) -> Any:
        value = getattr(self, name)
        return getattr(defaults, name) if value is None else value


def _labelled(part: Any, name: str) -> Labelled:
    if isinstance(part, Labelled):
        return as_labelled(part)
    if isinstance(part, tuple) and len(part) == 2:
        return as_labelled(*part)
    raise InputError(f"{name} must be labelled sequences or (X, y), got {type(part).__name__}")


def _weights(sample_weight: Any, count: int) -> np.ndarray:
    """(N,) float32, 1 on average; raises InputError where they do not fit."""
    if sample_weight is None:
        return np.ones(count, np.float32)
    weights = np.asarray(sample_weight, np.float64)
    if weights.ndim == 0:
        weights = np.full(count, weights)
    if weights.shape != (count,):
        raise InputError(f"sample_weight must have shape ({count},), got {weights.shape}")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise InputError("sample_weight must be finite, at least 0, and above 0 for some sequence")
    return (weights / weights.mean()).astype(np.float32)


def _fingerprint(training: Labelled, held_out: Labelled, settings: dict[str, Any]) -> str:
    """Tells a run from any other whose weights would be others."""
    contents = {
        "sequences": [part.sequences.fingerprint() for part in (training, held_out)],
        "labels": [[str(label) for label in part.labels] for part in (training, held_out)],
        "settings": {name: repr(value) for name, value in settings.items()},
    }
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
