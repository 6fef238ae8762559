"""Sequence to sequence: learn what a source becomes, as a translation, an answer, a caption."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra.data import Pairs, TextFeatures, as_pairs, hold_out_pairs
from recurra.decoding import Beam, Sampling
from recurra.evaluation import TranslationEvaluation, fit_translation_baselines
from recurra.runtime.sequence_model import KINDS
from recurra.runtime.translation import (
    Translation,
    TranslationModel,
    check_columns,
    translation_artifact,
)
from recurra.tasks.card import plain
from recurra.tasks.saved import SavedEstimator
from recurra.tasks.seq2seq_card import seq2seq_card
from recurra.tasks.seq2seq_defaults import DEFAULTS
from recurra.tasks.seq2seq_examples import PairExamples
from recurra.tasks.seq2seq_features import fit_features
from recurra.tasks.seq2seq_network import Seq2SeqNetwork, seq2seq_loss
from recurra.tasks.seq2seq_notes import pair_notes
from recurra.tasks.seq2seq_settings import seq2seq_settings
from recurra.tasks.training_settings import training_settings
from recurra.training import Listener, TrainingSettings, train


@dataclass(kw_only=True, eq=False, repr=False)
class Seq2Seq(SavedEstimator):
    """Turn a source into a text: a sentence into its translation, a question into an answer, a vector or a
    series of numbers into a caption.

    An encoder reads the source, in both directions; a decoder writes the text, one symbol after the other,
    and looks back at the source before each (Bahdanau et al. 2014; Luong et al. 2015). What is None is chosen
    by the data, or is that of `recurra.tasks.seq2seq_defaults`.

    Args:
        level: how sources are cut, and targets: ``char``, ``word`` or ``bpe``; None for byte pairs where
            texts have five words or more on average, else characters.
        target_level: how targets are cut, if not as sources are.
        shared: whether sources and targets have one vocabulary and one table of vectors.
        max_vocabulary: symbols of a vocabulary at most, the rarest left out; None for 6,000 byte pairs.
        min_count: times that a symbol must come in the training part.
        embedding_size: the width of a symbol's vector.
        cell: ``rnn``, ``lstm`` or ``gru``.
        hidden_size: units of each layer of the decoder, and of the encoder in both directions together.
        num_layers: layers of either.
        bidirectional: whether the encoder reads from both ends.
        attention: ``additive``, ``general`` (multiplicative), ``dot``, or ``none`` for the plain context
            vector.
        input_feeding: whether the decoder is told where it looked before; None for True where it looks.
        tied: whether one table serves the symbols that the decoder reads and those that it writes.
        dropout: of what enters the layers, of what is between them, and of what the output is made of.
        label_smoothing: the share of a target that is spread over all symbols (Szegedy et al. 2016).
        teacher_forcing: the probability of feeding the decoder the truth, rather than its own guess, at the
            end of training, towards which it falls evenly from 1 (scheduled sampling, Bengio et al. 2015).
        epochs: passes over the training part at most, see `recurra.SequenceClassifier`.
        batch_size: pairs for each step of the optimiser.
        learning_rate: of Adam; the highest, where ``schedule`` varies it.
        schedule: ``one-cycle``, ``cosine`` or ``constant``.
        weight_decay: of matrices, decoupled from the gradient (AdamW).
        average: of a moving average of the weights, which is what is kept; 0 for none.
        clip_norm: the largest norm of a gradient.
        patience: epochs without a better validation loss before training stops; None for 5 at a constant
            learning rate, and never with a schedule.
        max_time: seconds of training at most, after which the best epoch so far is kept.
        validation_share: of the training pairs that `fit` holds out where it is given no validation part.
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

    model_class = TranslationModel

    level: str | None = None
    target_level: str | None = None
    shared: bool = False
    max_vocabulary: int | None = None
    min_count: int | None = None
    embedding_size: int | None = None
    cell: str | None = None
    hidden_size: int | None = None
    num_layers: int | None = None
    bidirectional: bool | None = None
    attention: str | None = None
    input_feeding: bool | None = None
    tied: bool | None = None
    dropout: float | None = None
    label_smoothing: float | None = None
    teacher_forcing: float | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str = DEFAULTS.schedule
    weight_decay: float | None = None
    average: float | None = None
    clip_norm: float = TrainingSettings.clip_norm
    patience: int | None = None
    max_time: float | None = None
    validation_share: float = 0.05
    seed: int = TrainingSettings.seed

    model_: TranslationModel = field(init=False)

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: Any = None,
        test: Any = None,
        columns: Mapping[str, Any] | None = None,
        on_event: Listener | None = None,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Train on sources and the texts that they become.

        Args:
            X: N sources, as `recurra.data.as_pairs` takes them; or pairs, without ``y``. Those that are empty
                are left out.
            y: N texts.
            validation: sources and texts ``(X, y)``, or pairs, by which the best epoch is chosen; None to
                hold out ``validation_share`` of the training ones.
            test: the same, to be scored beside baselines at the end; None for no score.
            columns: how the table was read, so that the model can read others: "source", "target", "header".
            on_event: is told how training goes, see `recurra.training`.
            checkpoint: a file in which to keep the run, see `recurra.training.train`.
            resume: go on from that file.

        Raises InputError for settings or data that do not do, TrainingError if training diverges.
        """
        arguments = self.get_params()
        sizes = seq2seq_settings(arguments)
        if columns is not None:
            check_columns(columns, "columns")
            columns = dict(columns)
        seed = TrainingSettings(seed=self.seed).seed
        training = _learnable(as_pairs(X, y))
        if validation is None:
            training, held = hold_out_pairs(
                training, self.validation_share, name="validation_share", seed=seed
            )
        else:
            held = _part(validation, "validation", training)
            held = _named("validation", held.learnable)
        tested = None if test is None else _part(test, "test", training)
        parts = {"training": training, "validation": held, "test": tested}
        source, target, notes = fit_features(training, arguments)
        examples = {
            name: PairExamples(source(part.sources.items), target(part.targets or []), target.size)
            for name, part in (("training", training), ("validation", held))
        }
        settings = training_settings(arguments, DEFAULTS, len(training))
        network = Seq2SeqNetwork(
            sizes,
            source=source.size if isinstance(source, TextFeatures) else None,
            source_size=source.size,
            symbols=target.size + 1,
            shared=bool(self.shared),
            steps=settings.epochs * math.ceil(len(training) / settings.batch_size),
            seed=seed,
        )
        history = train(
            network,
            seq2seq_loss,
            examples["training"],
            examples["validation"],
            settings,
            on_event,
            checkpoint=checkpoint,
            resume=resume,
            fingerprint=_fingerprint(parts, arguments),
        )
        artifact = translation_artifact(
            network.spec(),
            network.tensors(),
            source,
            target,
            longest=max(map(len, examples["training"].targets)),
            columns=columns,
            history=history.to_dict(),
        )
        evaluation = None
        if tested is not None:
            level = "char" if target.level == "char" else "word"
            baselines = fit_translation_baselines(training, level=level)
            evaluation = TranslationModel(artifact).evaluate(tested, baselines=baselines)
        notes = (*pair_notes(parts, source), *notes)
        card = seq2seq_card(parts, evaluation, settings=arguments, notes=notes)
        self._adopt(dataclasses.replace(artifact, card=card))
        self.evaluation_, self.parts_, self.notes_ = evaluation, parts, notes
        return self

    def predict(self, X: Any, *, beam: Beam | None = None) -> list[str]:
        """The best text for each source, as `recurra.load` would give it of the saved file, see `model_`."""
        check_is_fitted(self)
        return self.model_.predict(X, beam=beam)

    def translate(
        self, X: Any, *, beam: Beam | None = None, attention: bool = False
    ) -> list[list[Translation]]:
        """The best texts for each source with their scores, and where each token looks, see `model_`."""
        check_is_fitted(self)
        return self.model_.translate(X, beam=beam, attention=attention)

    def sample(
        self, X: Any, *, sampling: Sampling | None = None, samples: int = 1, seed: int = 0
    ) -> list[list[Translation]]:
        """Texts that are drawn for each source, see `model_`."""
        check_is_fitted(self)
        return self.model_.sample(X, sampling=sampling, samples=samples, seed=seed)

    def evaluate(self, X: Any, y: Any = None, *, beam: Beam | None = None) -> TranslationEvaluation:
        """Score the model on sources and the right texts, see `model_`."""
        check_is_fitted(self)
        return self.model_.evaluate(X, y, beam=beam)

    def score(self, X: Any, y: Any = None) -> float:
        """The share of sources whose text is right as a whole: higher is better."""
        return self.evaluate(X, y).metrics["exact"]


def _learnable(pairs: Pairs) -> Pairs:
    if pairs.sources.kind not in ("text", "series"):
        raise InputError(f"X must hold {KINDS['text']} or {KINDS['series']}, got {KINDS[pairs.sources.kind]}")
    return pairs.learnable()


def _part(given: Any, name: str, training: Pairs) -> Pairs:
    """The part as pairs of the kind of the ``training`` ones; InputError names it."""
    if not isinstance(given, Pairs):
        if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 2:
            raise InputError(f"{name} must be (X, y) or pairs, got {type(given).__name__}")
        given = _named(name, partial(as_pairs, *given))
    if given.targets is None:
        raise InputError(f"{name} must have the right text of each source, got none")
    kind, wanted = given.sources.kind, training.sources.kind
    if kind != wanted:
        raise InputError(f"{name} must hold {KINDS[wanted]}, as the training part does, got {KINDS[kind]}")
    if not len(given):
        raise InputError(f"{name} must have at least one pair, got none; leave it out, or give some")
    if given.columns not in (None, training.columns):
        raise InputError(
            f"{name} must hold arrays of {training.columns} columns, as the training part does, got "
            f"{given.columns}"
        )
    return given


def _named(name: str, make: Callable[[], Pairs]) -> Pairs:
    """What ``make`` makes; its InputError says of which part it is."""
    try:
        return make()
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _fingerprint(parts: Mapping[str, Pairs | None], arguments: Mapping[str, Any]) -> str:
    """Tells a run from any other whose weights would be others."""
    learnt = [part for name in ("training", "validation") if (part := parts[name]) is not None]
    contents = {
        "data": [part.fingerprint() for part in learnt],
        "settings": {name: plain(value) for name, value in arguments.items()},
    }
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
