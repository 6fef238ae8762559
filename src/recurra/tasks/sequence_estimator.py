"""What the estimators of labelled sequences share: from sequences and labels to a saved, scored model."""

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.data import AudioFeatures, Labelled, Source, as_labelled
from recurra.evaluation import Baselines, Comparison
from recurra.runtime.features import Features
from recurra.runtime.sequence_model import SequenceModel, sequence_artifact
from recurra.runtime.sequence_stream import SequenceStream
from recurra.tasks.augmentation import augmented
from recurra.tasks.layers import tensors
from recurra.tasks.network_ensemble import build_network
from recurra.tasks.saved import SavedEstimator
from recurra.tasks.sequence_card import run_fingerprint, sequence_card
from recurra.tasks.sequence_defaults import BY_KIND, SequenceDefaults
from recurra.tasks.sequence_examples import SequenceExamples
from recurra.tasks.sequence_features import fit_features, fit_vectors, symbol_counts
from recurra.tasks.sequence_network import LabelNetwork, NetworkSettings
from recurra.tasks.sequence_parts import Parts
from recurra.tasks.sequence_settings import network_settings
from recurra.tasks.targets import Targets
from recurra.tasks.training_settings import training_settings
from recurra.tasks.transfer import Pretrained
from recurra.training import Listener, TrainingSettings, train


@dataclass(kw_only=True, eq=False, repr=False)
class SequenceEstimator(SavedEstimator):
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
        bidirectional: whether a second direction reads from the end; False for streams. None for True, but
            False where `fit` is given a pretrained model of several layers.
        dropout: of columns that enter and leave the recurrent layers, the same at every step.
        word_dropout: of symbols, which become the unknown one: with probability p / (p + n) if they stand n
            times in the training part (Kiperwasser & Goldberg 2016).
        weight_dropout: of recurrent weights (Merity et al. 2017).
        ensemble_size: networks that learn side by side, each from weights and masks of its own, and answer
            together by the mean of their outputs; as many times the time and memory.
        epochs: passes over the training part at most; None for what the kind of sequences is used to, or as
            many, up to 200, as make 500 steps of the optimiser where the sequences are few.
        batch_size: sequences for each step of the optimiser.
        learning_rate: of Adam; the highest, where ``schedule`` varies it.
        schedule: ``one-cycle``, ``cosine`` or ``constant``.
        weight_decay: of matrices, decoupled from the gradient (AdamW).
        average: of a moving average of the weights, which is what is kept; 0 for none.
        clip_norm: the largest norm of a gradient.
        patience: epochs without a better validation loss before training stops; None for 5 at a constant
            learning rate, and never with a schedule.
        max_time: seconds of training at most, after which the best epoch so far is kept.
        augment: whether training varies the pace and voice of clips, see `recurra.tasks.augmentation`; None
            for clips with one class each, which such changes do not touch as a rule.
        validation_share: of the sequences that `fit` holds out where it is given no validation part.
        seed: the same seed gives the same model, but for ``max_time``, whose clock no two runs share.

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
    later: ClassVar[dict[str, Any]] = {"ensemble_size": 1}

    level: str | None = None
    max_vocabulary: int | None = None
    min_count: int | None = None
    vectors: str | None = None
    embedding_size: int | None = None
    cell: str | None = None
    hidden_size: int | None = None
    num_layers: int | None = None
    bidirectional: bool | None = None
    dropout: float | None = None
    word_dropout: float | None = None
    weight_dropout: float | None = None
    ensemble_size: int = 1
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str = "one-cycle"
    weight_decay: float | None = None
    average: float | None = None
    clip_norm: float = TrainingSettings.clip_norm
    patience: int | None = None
    max_time: float | None = None
    augment: bool | None = None
    validation_share: float = 0.1
    seed: int = TrainingSettings.seed

    @abstractmethod
    def _labels(self, labels: Any) -> Any:
        """A user's labels as `Labelled` has them; raises InputError for what are none."""

    @abstractmethod
    def _targets(self, labels: Any, defaults: SequenceDefaults) -> Targets:
        """What is learnt from training labels."""

    @abstractmethod
    def _baselines(self, training: Labelled, features: Features) -> Baselines[Any]:
        """The baselines, fitted on the training part."""

    def _fields(
        self,
        targets: Targets,
        network: LabelNetwork,  # noqa: ARG002
        validation: SequenceExamples,  # noqa: ARG002
    ) -> dict[str, Any]:
        """The task's own fields of the preprocessing, for a trained network."""
        return targets.fields()

    def _bag(
        self, features: Features, targets: Targets, training: SequenceExamples
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """What stands beside the network, see `LabelNetwork`; None for nothing."""

    def _augments(self, kind: str, network: NetworkSettings) -> bool:
        """Whether training varies its sequences."""
        if not isinstance(self.augment, bool | np.bool | None):
            raise InputError(f"augment must be True, False or None, got {self.augment!r}")
        if self.augment and network.pool is None:
            raise InputError(
                "augment must be False or None where each step has a label, which a change of pace would "
                "shift, got True"
            )
        return self.task == "classify" and kind == "audio" if self.augment is None else bool(self.augment)

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        pretrained: SavedEstimator | str | Path | None = None,
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
            sample_weight: (N,) what each sequence counts; None for 1. One that weighs 0 is left out.
            groups: N names of what must not be in two parts, such as speakers; None for none. Where there are
                so few that one is more than ``validation_share``, they are all learnt from, and validation
                takes some sequences of each: a schedule ends well without being watched, and what a whole
                group would teach is worth more.
            pretrained: a fitted `LanguageModel` of texts, or the path of its file, whose embedding and layers
                the network begins with, see `recurra.tasks.transfer`; it settles how texts are cut, and the
                sizes of the network. Words are spelt beside its vectors.
            validation: sequences and labels ``(X, y)``, or labelled ones, by which the best epoch is chosen;
                None to hold out ``validation_share`` of the training ones.
            test: the same, to be scored beside baselines at the end; None for no score.
            source: how the sequences were read, so that the model can read other files.
            on_event: is told how training goes, see `recurra.training`.
            checkpoint: a file in which to keep the run, see `recurra.training.train`.
            resume: go on from that file.

        Raises InputError for settings or data that do not do, TrainingError if training diverges.
        """
        arguments = self.get_params()
        given = as_labelled(X, y, groups=groups)
        kind = given.sequences.kind
        defaults = BY_KIND[kind]
        sizes = network_settings(arguments, defaults, pools=self.model_class.pools)
        augments = self._augments(kind, sizes)
        parts = Parts.of(
            given,
            self._labels,
            sample_weight=sample_weight,
            validation=validation,
            test=test,
            share=self.validation_share,
            seed=TrainingSettings(seed=self.seed).seed,
        )
        training = parts.training
        settings = training_settings(arguments, defaults, len(training))
        targets = self._targets(training.labels, defaults)
        start = None if pretrained is None else Pretrained.of(pretrained, kind, arguments)
        if start is None:
            features = fit_features(
                training.sequences.items,
                kind,
                arguments,
                stack=1 if sizes.pool is None else defaults.stack,  # labels are of single frames
            )
        else:
            features, sizes = start.features_for(training.sequences.items), start.sizes(sizes)
        vectors, notes = fit_vectors(self.vectors, self.embedding_size, features)
        if vectors is not None:
            sizes = dataclasses.replace(sizes, embedding_size=vectors.shape[1])
        examples = self._examples(parts, features, targets)
        if augments and isinstance(features, AudioFeatures):
            augment = partial(augmented, features=features)
            examples["training"] = dataclasses.replace(examples["training"], augment=augment)
        network = build_network(
            features,
            sizes,
            targets.outputs,
            positive_int("ensemble_size", self.ensemble_size),
            seed=settings.seed,
            allowed=targets.allowed,
            vectors=vectors,
            bag=self._bag(features, targets, examples["training"]),
            counts=symbol_counts(features, examples["training"].inputs),
        )
        if start is not None:
            for member in network.members:
                start.begin(member)
        history = train(
            network,
            network.learning(targets.loss),
            examples["training"],
            examples["validation"],
            settings,
            on_event,
            rates=None if start is None else start.rates,
            checkpoint=checkpoint,
            resume=resume,
            fingerprint=run_fingerprint(parts, arguments, None if start is None else start.fingerprint),
        )
        artifact = sequence_artifact(
            self.task,
            network.parts(),
            tensors(network),
            features,
            self._fields(targets, network, examples["validation"]),
            source=source,
            history=history.to_dict(),
            card={},
        )
        evaluation = None
        if parts.test is not None:
            model = self.model_class(artifact)
            evaluation = model.evaluate(parts.test, baselines=self._baselines(training, features))
        if start is not None:
            notes += start.notes(history.best_epoch)
        notes = (*parts.notes, *targets.notes, *notes)
        card = sequence_card(self.task, parts.by_name(), evaluation, settings=arguments, notes=notes)
        self._adopt(dataclasses.replace(artifact, card=card))
        self.evaluation_, self.parts_, self.notes_ = evaluation, parts.by_name(), notes
        return self

    def predict(self, X: Any) -> Any:
        """What the model says of each sequence, as `recurra.load` would of the saved file, bit for bit."""
        check_is_fitted(self)
        return self.model_.predict(X)

    def evaluate(self, X: Any, y: Any = None) -> Comparison:
        """Score the model on labelled sequences, see `model_`."""
        check_is_fitted(self)
        return self.model_.evaluate(X, y)

    def stream(self, state: bytes | None = None) -> SequenceStream:
        """A stream of single steps, see `model_`; raises InputError for a model in both directions."""
        check_is_fitted(self)
        return self.model_.stream(state)

    def _examples(self, parts: Parts, features: Features, targets: Targets) -> dict[str, SequenceExamples]:
        """What is learnt from and what chooses the best epoch; InputError where labels do not fit."""
        weights = {"training": parts.training_weights, "validation": parts.validation_weights}
        examples = {}
        for name, own in weights.items():
            part: Labelled = getattr(parts, name)
            inputs = features(part.sequences.items)
            self._check_lengths(part, inputs)
            examples[name] = SequenceExamples(inputs, targets.encode(part.labels, name), own)
        if parts.test is not None:  # refuse before training what could not be scored after it
            self._check_lengths(parts.test, features(parts.test.sequences.items))
        return examples

    def _check_lengths(self, part: Labelled, inputs: list[np.ndarray]) -> None:
        """Raise InputError where the labels of a part do not fit the lengths of its inputs."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = tags.input_tags.string = True
        tags.target_tags.required = True
        return tags
