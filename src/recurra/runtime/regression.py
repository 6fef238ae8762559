"""Numbers of sequences from a trained model, with quantiles: no PyTorch from here on."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra.data import TargetTransform
from recurra.data.label_values import number_labels
from recurra.evaluation import BaselineOutputs, Baselines, Estimates, RegressionEvaluation, evaluate_values
from recurra.runtime import schema
from recurra.runtime.sequence_model import SequenceModel
from recurra.runtime.sequence_stream import SequenceStream
from recurra.runtime.transform import read_transform

MEDIAN = 0.5

_TRANSFORM = {"curve": schema.DICT, "mean": schema.NUMBER, "deviation": schema.POSITIVE}


class RegressionModel(SequenceModel):
    """A trained regressor of sequences."""

    task = "regress"
    pools = True
    fields: ClassVar[Mapping[str, schema.Field]] = {
        "levels": schema.NUMBERS,
        "mean": schema.NUMBER,
        "deviation": schema.POSITIVE,
        "target_transform": schema.DICT_OR_MISSING,  # as in older files, and those of the standard one
    }

    levels: tuple[float, ...]
    """(Q,) of the quantiles, ascending, with 0.5."""
    target_transform: TargetTransform
    """The curve that the numbers were learnt on."""

    @property
    def output_size(self) -> int:
        return len(self.levels)

    def _adopt(self, fields: Mapping[str, Any]) -> None:
        self.levels = tuple(fields["levels"])
        self._mean = float(fields["mean"])
        self.target_transform = TargetTransform()
        self._centre, self._scale = self._mean, float(fields["deviation"])
        if "target_transform" in fields:
            own, place = fields["target_transform"], "preprocessing.target_transform"
            schema.check_fields(own, _TRANSFORM, place)
            self.target_transform = read_transform(own["curve"], f"{place}.curve")
            self._centre, self._scale = float(own["mean"]), float(own["deviation"])
        if list(self.levels) != sorted(set(self.levels)) or MEDIAN not in self.levels:
            raise InputError(f"levels must ascend and have 0.5 among them, got {list(self.levels)}")

    def predict(self, X: Any) -> np.ndarray:
        """The median (N,) float64 for each sequence, in the target's unit; ``X`` as for `read`."""
        return self.predict_quantiles(X)[:, self.levels.index(MEDIAN)]

    def predict_quantiles(self, X: Any) -> np.ndarray:
        """Quantiles (N, Q) float64 of `levels`, rising along each row, in the target's unit.

        Raises InputError for sequences that do not suit the model.
        """
        return self.quantiles(np.stack(self.outputs(self.read(X))))

    def quantiles(self, outputs: np.ndarray) -> np.ndarray:
        """From outputs of the network (N, Q) to quantiles (N, Q) float64; those that cross are sorted."""
        curved = self._centre + self._scale * outputs.astype(np.float64)
        return np.sort(self.target_transform.inverse(curved), axis=1)

    def evaluate(
        self, X: Any, y: Any = None, *, baselines: Baselines[Estimates] | None = None
    ) -> RegressionEvaluation:
        """Score the model on sequences and their numbers, beside baselines, as a classifier does.

        Without ``baselines`` there is the mean of the training part.
        """
        data = self.labelled(X, y)
        sequences = self.read(data)
        quantiles = self.predict_quantiles(sequences)
        return evaluate_values(
            number_labels(data.labels),
            Estimates(quantiles[:, self.levels.index(MEDIAN)], quantiles),
            levels=self.levels,
            baselines=self._constant(len(quantiles)) if baselines is None else baselines.on(sequences),
        )

    def stream(self, state: bytes | None = None) -> SequenceStream:
        """Quantiles (Q,) after each step, see `recurra.runtime.sequence_stream.SequenceStream`."""
        return SequenceStream(self, lambda output: self.quantiles(output[None])[0], state)

    def _constant(self, count: int) -> BaselineOutputs[Estimates]:
        note = f"{self._mean:.4g} for all, the mean of the training part"
        return BaselineOutputs({"mean": Estimates(np.full(count, self._mean))}, {}, {"mean": note})
