"""Classes of sequences from a trained model: no PyTorch from here on."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from recurra.data.label_values import class_texts
from recurra.evaluation import BaselineOutputs, Baselines, ClassificationEvaluation, evaluate_labels
from recurra.runtime import schema
from recurra.runtime.class_model import ClassModel


class ClassificationModel(ClassModel):
    """A trained classifier of sequences."""

    task = "classify"
    pools = True
    fields: ClassVar[Mapping[str, schema.Field]] = {**ClassModel.fields, "temperature": schema.POSITIVE}

    temperature: float
    """Outputs are divided by it before their softmax."""

    def _adopt(self, fields: Mapping[str, Any]) -> None:
        super()._adopt(fields)
        self.temperature = float(fields["temperature"])

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each sequence (N,); X as for `predict_proba`."""
        return self.classes[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (N, K) float64, calibrated on the validation part; ``X`` as for `read`.

        Raises InputError for sequences that do not suit the model.
        """
        return self.probabilities(np.stack(self.outputs(self.read(X))))

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """From outputs of the network (N, K) to probabilities (N, K) float64.

        A softmax of the outputs divided by one temperature (Guo, Pleiss, Sun & Weinberger 2017).
        """
        return super().probabilities(outputs.astype(np.float64) / self.temperature)

    def evaluate(
        self, X: Any, y: Any = None, *, baselines: Baselines[np.ndarray] | None = None
    ) -> ClassificationEvaluation:
        """Score the model on labelled sequences, beside baselines.

        ``X`` and ``y`` are sequences and their classes; or ``X`` alone, labelled sequences or the
        `pathlib.Path` of a file such as the model was trained on. A class that training never saw counts as
        wrong. Without ``baselines``, fitted on a training part, there is the class most often seen in
        training. Raises InputError for data that does not suit the model.
        """
        data = self.labelled(X, y)
        sequences = self.read(data)
        labels, classes = class_texts(data.labels, self.classes), [str(name) for name in self.classes]
        return evaluate_labels(
            labels,
            self.predict_proba(sequences),
            classes,
            baselines=self._constant(len(labels)) if baselines is None else baselines.on(sequences),
        )

    def _constant(self, count: int) -> BaselineOutputs[np.ndarray]:
        shares, _, note = self._majority("for all")
        name = "majority class"
        return BaselineOutputs({name: np.tile(shares, (count, 1))}, {}, {name: note})
