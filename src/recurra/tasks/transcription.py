"""Transcription: what is said in a clip, or written by the strokes of a pen, without knowing where."""

import dataclasses
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra._base.validation import flag
from recurra.data import AudioFeatures, SeriesFeatures, Source, as_labelled
from recurra.data.label_values import text_labels
from recurra.evaluation import TranscriptionEvaluation, fit_transcription_baselines
from recurra.runtime.features import Features
from recurra.runtime.sequence_model import KINDS, sequence_artifact
from recurra.runtime.transcript import Transcription, written
from recurra.runtime.transcription import TranscriptionModel
from recurra.runtime.transcription_stream import TranscriptionStream
from recurra.tasks.augmentation import augmented
from recurra.tasks.layers import tensors
from recurra.tasks.saved import SavedEstimator
from recurra.tasks.sequence_card import run_fingerprint, sequence_card
from recurra.tasks.sequence_network import SequenceNetwork
from recurra.tasks.sequence_parts import Parts
from recurra.tasks.sequence_settings import network_settings
from recurra.tasks.training_settings import training_settings
from recurra.tasks.transcription_defaults import BY_KIND, MASKED_TIME
from recurra.tasks.transcription_examples import transcription_examples
from recurra.tasks.transcription_targets import TextTargets
from recurra.training import Listener, TrainingSettings, train


@dataclass(kw_only=True, eq=False, repr=False)
class Transcriber(SavedEstimator):
    """Tell the text of a longer sequence: what is said in a clip, or what an array (T, I) spells.

    A recurrent network writes a character, a word or nothing at each step, and is taught by connectionist
    temporal classification (Graves et al. 2006), which needs no place for any of them: only the clip and its
    text. What is None is chosen by the kind of the sequences, see `recurra.tasks.transcription_defaults`.

    Args:
        level: how texts are cut: ``char`` or ``word``; the model writes what stands in the training part.
        cell: ``rnn``, ``lstm`` or ``gru``.
        hidden_size: units of each layer and direction.
        num_layers: layers.
        bidirectional: whether a second direction reads from the end; False for streams.
        dropout: of columns that enter and leave the recurrent layers, the same at every step.
        weight_dropout: of recurrent weights (Merity et al. 2017).
        epochs: passes over the training part at most, see `recurra.SequenceClassifier`.
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
            for clips.
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

    model_class = TranscriptionModel

    level: str = "char"
    cell: str | None = None
    hidden_size: int | None = None
    num_layers: int | None = None
    bidirectional: bool | None = None
    dropout: float | None = None
    weight_dropout: float | None = None
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

    model_: TranscriptionModel = field(init=False)

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
        """Train on sequences and their texts.

        Args:
            X: N clips, or arrays (T_i, I); or labelled ones, as `recurra.data.read_transcripts` gives them,
                without ``y``. What has fewer steps than its text needs is left out, see ``notes_``.
            y: their texts. Any white space in them is one blank.
            sample_weight: (N,) what each sequence counts; None for 1. One that weighs 0 is left out.
            groups: N names of what must not be in two parts, as for `recurra.SequenceClassifier.fit`.
            validation: sequences and texts ``(X, y)``, or labelled ones, by which the best epoch is chosen;
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
        if kind not in BY_KIND:
            raise InputError(f"X must hold {' or '.join(KINDS[own] for own in BY_KIND)}, got {KINDS[kind]}")
        defaults = BY_KIND[kind]
        sizes = network_settings(arguments, defaults, pools=False)
        augments = self._augments(kind)
        parts = Parts.of(
            given,
            text_labels,
            sample_weight=sample_weight,
            validation=validation,
            test=test,
            share=self.validation_share,
            seed=TrainingSettings(seed=self.seed).seed,
            even=False,
        )
        targets = TextTargets.of(parts.training.labels, self.level)
        features = _features(parts.training.sequences.items, kind, defaults.stack, sizes.bidirectional)
        parts, examples, notes = transcription_examples(parts, features, targets)
        settings = training_settings(arguments, defaults, len(parts.training))
        if augments and isinstance(features, AudioFeatures):
            augment = partial(augmented, features=features, masked_time=MASKED_TIME)
            examples["training"] = dataclasses.replace(examples["training"], augment=augment)
        network = SequenceNetwork(features, sizes, targets.outputs, seed=settings.seed)
        history = train(
            network,
            targets.loss,
            examples["training"],
            examples["validation"],
            settings,
            on_event,
            checkpoint=checkpoint,
            resume=resume,
            fingerprint=run_fingerprint(parts, arguments),
        )
        artifact = sequence_artifact(
            self.model_class.task,
            network.parts(),
            tensors(network),
            features,
            targets.fields(),
            source=source,
            history=history.to_dict(),
            card={},
        )
        evaluation = None
        if parts.test is not None:
            texts: Any = parts.training.labels
            baselines = fit_transcription_baselines([written(text, targets.symbols) for text in texts])
            evaluation = self.model_class(artifact).evaluate(parts.test, baselines=baselines)
        notes = (*parts.notes, *notes)
        card = sequence_card(
            self.model_class.task, parts.by_name(), evaluation, settings=arguments, notes=notes
        )
        self._adopt(dataclasses.replace(artifact, card=card))
        self.evaluation_, self.parts_, self.notes_ = evaluation, parts.by_name(), notes
        return self

    def predict(self, X: Any, *, beam: int | None = None) -> list[str]:
        """The text of each sequence, as `recurra.load` would give it of the saved file, see `model_`."""
        check_is_fitted(self)
        return self.model_.predict(X, beam=beam)

    def transcribe(self, X: Any, *, beam: int | None = None, n_best: int = 1) -> list[Transcription]:
        """The texts that each sequence may have, how probable, and when symbols begin, see `model_`."""
        check_is_fitted(self)
        return self.model_.transcribe(X, beam=beam, n_best=n_best)

    def evaluate(self, X: Any, y: Any = None) -> TranscriptionEvaluation:
        """Score the model on sequences and their texts, see `model_`."""
        check_is_fitted(self)
        return self.model_.evaluate(X, y)

    def score(self, X: Any, y: Any = None) -> float:
        """1 less the word error rate: higher is better."""
        return 1 - self.evaluate(X, y).metrics["word_error_rate"]

    def stream(self, state: bytes | None = None) -> TranscriptionStream:
        """What a sequence says so far, see `model_`; InputError for a model in both directions."""
        check_is_fitted(self)
        return self.model_.stream(state)

    def _augments(self, kind: str) -> bool:
        """Whether training varies its sequences."""
        if self.augment is None:
            return kind == "audio"
        if flag("augment", self.augment) and kind != "audio":
            raise InputError("augment is for audio, got True with sequences of kind 'series'; leave it out")
        return bool(self.augment)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = tags.target_tags.required = True
        return tags


def _features(items: list[Any], kind: str, stack: int, bidirectional: bool) -> Features:
    if kind == "series":
        return SeriesFeatures.fit(items)
    return AudioFeatures.fit(items, stack=stack, by_clip=bidirectional)
