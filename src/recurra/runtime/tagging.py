"""A label for each step of a sequence from a trained model: no PyTorch from here on."""

from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.label_values import check_steps, class_texts, step_labels
from recurra.decoding import viterbi
from recurra.evaluation import BaselineOutputs, Baselines, Tagging, TaggingEvaluation, evaluate_tags
from recurra.runtime.class_model import ClassModel
from recurra.runtime.sequence_stream import SequenceStream


class TaggingModel(ClassModel):
    """A trained tagger."""

    task = "tag"
    pools = False

    def predict(self, X: Any) -> list[list[Any]]:
        """The tag of each step of each sequence, N lists of T_i; ``X`` as for `read`.

        The most probable tag of a step, or with a conditional random field the most probable path (Viterbi).
        Raises InputError for sequences that do not suit the model.
        """
        return [self.classes[codes].tolist() for codes in self._codes(self.outputs(self.read(X)))]

    def predict_proba(self, X: Any) -> list[np.ndarray]:
        """Probabilities of each step's tags, N arrays (T_i, K) float64.

        Raises InputError for a model with a conditional random field, whose tags have none of their own.
        """
        if self.network.crf is not None:
            raise InputError(
                "predict_proba needs a model without a conditional random field, which weighs whole "
                "sequences; fit with crf=False"
            )
        return [self.probabilities(output) for output in self.outputs(self.read(X))]

    def evaluate(
        self, X: Any, y: Any = None, *, baselines: Baselines[Tagging] | None = None
    ) -> TaggingEvaluation:
        """Score the model on tagged sequences, beside baselines; as `ClassificationModel.evaluate`.

        Without ``baselines`` there is the tag most often seen in training.
        """
        data = self.labelled(X, y)
        sequences = self.read(data)
        outputs = self.outputs(sequences)
        labels = step_labels(data.labels)
        check_steps(labels, list(map(len, outputs)), data.names)
        classes = [str(name) for name in self.classes]
        tags = [[classes[code] for code in codes] for codes in self._codes(outputs)]
        odds = None if self.network.crf is not None else [self.probabilities(output) for output in outputs]
        return evaluate_tags(
            [class_texts(row, self.classes) for row in labels],
            Tagging(tags, odds),
            classes,
            baselines=self._constant(tags) if baselines is None else baselines.on(sequences),
        )

    def stream(self, state: bytes | None = None) -> SequenceStream:
        """Probabilities (K,) at each step, see `recurra.runtime.sequence_stream.SequenceStream`.

        Raises InputError for a model with a conditional random field, which decides once all steps are in.
        """
        if self.network.crf is not None:
            raise InputError(
                "a stream needs a model without a conditional random field, which decides once all steps are "
                "in; fit with crf=False and bidirectional=False"
            )
        return super().stream(state)

    def _codes(self, outputs: list[np.ndarray]) -> list[np.ndarray]:
        if self.network.crf is None:
            return [output.argmax(axis=1) for output in outputs]
        return [viterbi(output[:, None], np.array([len(output)]), *self.network.crf)[0] for output in outputs]

    def _constant(self, tags: list[list[str]]) -> BaselineOutputs[Tagging]:
        shares, most, note = self._majority("at every step")
        name = "most frequent tag"
        constant = Tagging(
            [[most] * len(row) for row in tags], [np.tile(shares, (len(row), 1)) for row in tags]
        )
        return BaselineOutputs({name: constant}, {}, {name: note})
