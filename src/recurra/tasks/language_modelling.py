"""Language models: learn texts, names or music, then write them."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.data import Corpus, Piece
from recurra.evaluation import Comparison
from recurra.runtime.language import Generated, TextModel
from recurra.runtime.language_stream import LanguageStream
from recurra.runtime.model import Model
from recurra.runtime.music import MusicModel
from recurra.runtime.music_stream import MusicStream
from recurra.runtime.network_artifact import network_artifact
from recurra.runtime.writer import Writer
from recurra.tasks.card import plain
from recurra.tasks.language_card import language_card, part_fingerprint
from recurra.tasks.language_defaults import BY_LEVEL
from recurra.tasks.language_network import LanguageNetwork, language_loss
from recurra.tasks.language_settings import language_settings
from recurra.tasks.music_material import MusicMaterial
from recurra.tasks.saved import SavedEstimator
from recurra.tasks.text_material import TextMaterial
from recurra.tasks.training_settings import training_settings
from recurra.training import Listener, TrainingSettings, train
from recurra.training.truncated import TruncatedExamples


@dataclass(kw_only=True, eq=False, repr=False)
class LanguageModel(SavedEstimator):
    """Learns which symbol follows which in texts, or which keys follow which in music, and writes the like.

    What is None is chosen by the kind of symbols, see `recurra.tasks.language_defaults`.

    Args:
        level: how texts are cut: ``char``, which is the default, ``word`` or ``bpe``.
        max_vocabulary: symbols at most, the rarest left out.
        min_count: times that a symbol must come in the training part.
        vectors: a word2vec or GloVe file of word vectors to begin with.
        embedding_size: the width of a symbol's vector; that of ``vectors`` where they are given.
        tied: whether one table serves the symbols that enter and those that are foretold.
        cell: ``rnn``, ``lstm`` or ``gru``.
        hidden_size: units of each layer.
        num_layers: layers.
        input_dropout: of columns, or keys, that enter the layers, the same at every step.
        dropout: of columns between and after the layers, the same at every step.
        embedding_dropout: of symbols, gone wherever they stand in a batch.
        weight_dropout: of recurrent weights.
        activation_penalty: times the mean square of the outputs that dropout leaves, added to the loss.
        change_penalty: times the mean square of the outputs' change from a step to the next, added to it.
        bptt: steps that gradients reach back at most, no more than there are; states reach back to where the
            document began.
        epochs: passes over the training part at most, see `recurra.SequenceClassifier`.
        batch_size: documents side by side, or places of a single text.
        learning_rate: of Adam; the highest, where ``schedule`` varies it.
        schedule: ``one-cycle``, ``cosine`` or ``constant``.
        weight_decay: of matrices, decoupled from the gradient (AdamW).
        average: of a moving average of the weights, which is what is kept; 0 for none.
        clip_norm: the largest norm of a gradient.
        patience: epochs without a better validation loss before training stops; None for 5 at a constant
            learning rate, and never with a schedule.
        max_time: seconds of training at most, after which the best epoch so far is kept.
        validation_share: of the training part that `fit` holds out where it is given no validation part.
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

    level: str | None = None
    max_vocabulary: int | None = None
    min_count: int | None = None
    vectors: str | None = None
    embedding_size: int | None = None
    tied: bool | None = None
    cell: str | None = None
    hidden_size: int | None = None
    num_layers: int | None = None
    input_dropout: float | None = None
    dropout: float | None = None
    embedding_dropout: float | None = None
    weight_dropout: float | None = None
    activation_penalty: float | None = None
    change_penalty: float | None = None
    bptt: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    weight_decay: float | None = None
    average: float | None = None
    clip_norm: float = TrainingSettings.clip_norm
    patience: int | None = None
    max_time: float | None = None
    validation_share: float = 0.05
    seed: int = TrainingSettings.seed

    @classmethod
    def _models(cls) -> dict[str, type[Model]]:
        return {model.task: model for model in (TextModel, MusicModel)}

    def fit(
        self,
        X: Any,
        y: None = None,  # noqa: ARG002 - as scikit-learn calls it
        *,
        validation: Any = None,
        test: Any = None,
        on_event: Listener | None = None,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Train on documents.

        Args:
            X: one text, several, or a `recurra.data.Corpus`; pieces, or piano rolls (T_i, 88).
            validation: the same, by which the best epoch is chosen; None to hold out ``validation_share``:
                whole documents, or of a single one the middles of its tenths.
            test: the same, to be scored beside baselines at the end; None for no score.
            on_event: is told how training goes, see `recurra.training`.
            checkpoint: a file in which to keep the run, see `recurra.training.train`.
            resume: go on from that file.

        Raises InputError for settings or data that do not do, TrainingError if training diverges.
        """
        arguments = self.get_params()
        seed = TrainingSettings(seed=self.seed).seed
        kind: Any = MusicMaterial if _is_music(X) else TextMaterial
        parts: dict[str, Any] = {"training": kind.read(X, "X"), "validation": None, "test": None}
        if validation is None:
            parts["training"], parts["validation"] = kind.hold_out(
                parts["training"], self.validation_share, seed
            )
        for name, given in (("validation", validation), ("test", test)):
            if given is not None:
                parts[name] = kind.read(given, name, parts["training"])
        material = kind.of(parts["training"], arguments)
        for name in ("validation", "test"):
            if parts[name] is not None:
                material.check(parts[name], name)
        defaults = BY_LEVEL[(self.level or "char") if kind is TextMaterial else None]
        width = self.embedding_size if material.vectors is None else material.vectors.shape[1]
        sizes = language_settings({**arguments, "embedding_size": width}, defaults)
        batch_size = positive_int(
            "batch_size", defaults.batch_size if self.batch_size is None else self.batch_size
        )
        steps = {name: material.steps(parts[name]) for name in ("training", "validation")}
        bptt = _bptt(self.bptt, defaults.bptt, sum(map(len, steps["training"][0])))
        examples = {name: TruncatedExamples(*own, bptt=bptt) for name, own in steps.items()}
        batches = len(examples["training"].batches(batch_size, shuffle=False))
        settings = training_settings(arguments, defaults, batches * batch_size)
        network = LanguageNetwork(
            sizes, symbols=material.symbols, keys=material.keys, seed=seed, vectors=material.vectors
        )
        history = train(
            network,
            language_loss,
            examples["training"],
            examples["validation"],
            settings,
            on_event,
            carry=network.states(batch_size),
            checkpoint=checkpoint,
            resume=resume,
            fingerprint=_fingerprint(parts, arguments, material.preprocessing()),
        )
        artifact = network_artifact(
            material.model_class.task,
            network.parts(),
            network.tensors(),
            material.preprocessing(),
            output="logits",
            history=history.to_dict(),
            card={},
        )
        evaluation = None
        if parts["test"] is not None:
            evaluation = material.evaluate(material.model_class(artifact), parts)
        notes = (*material.part_notes(parts), *material.notes)
        card = language_card(parts, evaluation, settings=arguments, notes=notes)
        self._adopt(dataclasses.replace(artifact, card=card))
        self.evaluation_, self.parts_, self.notes_ = evaluation, parts, notes
        return self

    def generate(self, prompt: Any = None, **options: Any) -> list[Generated] | list[Piece]:
        """Write texts or pieces that go on from ``prompt``, see `model_`."""
        check_is_fitted(self)
        return self.model_.generate(*(() if prompt is None else (prompt,)), **options)

    def write(self, prompt: Any = None, **options: Any) -> Writer | Iterator[np.ndarray]:
        """Write one text or piece that goes on from ``prompt``, part by part as it is drawn, see `model_`."""
        check_is_fitted(self)
        return self.model_.write(*(() if prompt is None else (prompt,)), **options)

    def predict(self, X: Any) -> Any:
        """How probable each step of the documents is, see `model_`."""
        check_is_fitted(self)
        return self.model_.predict(X)

    def score(self, X: Any, y: None = None) -> float:  # noqa: ARG002 - as scikit-learn calls it
        """ln p of a token, or of a step of music, mean over ``X``: higher is better."""
        found = self.predict(X)
        steps = [own if isinstance(own, np.ndarray) else own.log_probabilities for own in found]
        return float(np.concatenate(steps).mean())

    def evaluate(self, X: Any) -> Comparison:
        """Score the model on documents, see `model_`."""
        check_is_fitted(self)
        return self.model_.evaluate(X)

    def stream(self, state: bytes | None = None) -> LanguageStream | MusicStream:
        """A stream of single steps, see `model_`."""
        check_is_fitted(self)
        return self.model_.stream(state)


def _is_music(X: Any) -> bool:
    """Whether ``X`` holds no text; `recurra.data.as_pieces` then says what is wrong with it.

    Raises InputError where it holds nothing at all.
    """
    if isinstance(X, str | Corpus | Piece):
        return isinstance(X, Piece)
    if not isinstance(X, Iterable):
        hint = "; read a file with recurra.data.read_corpus or read_music" if isinstance(X, Path) else ""
        kinds = "one text, several, a Corpus, pieces or piano rolls"
        raise InputError(f"X must be {kinds}, got {type(X).__name__}{hint}")
    return not isinstance(next(iter(X), ""), str)


def _bptt(given: Any, default: int, steps: int) -> int:
    """The steps of a stretch of a training part with that many ``steps``."""
    if given is None:
        return min(default, steps)
    if positive_int("bptt", given) > steps:
        raise InputError(
            f"the training part has {steps} steps, fewer than the {given} of one stretch; "
            "give more data or a smaller bptt"
        )
    return int(given)


def _fingerprint(
    parts: Mapping[str, Any], arguments: Mapping[str, Any], preprocessing: Mapping[str, Any]
) -> str:
    """Tells a run from any other whose weights would be others."""
    contents = {
        "preprocessing": preprocessing,
        "data": [part_fingerprint(parts[name]) for name in ("training", "validation")],
        "settings": {name: plain(value) for name, value in arguments.items()},
    }
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
