"""A model beside its baselines: what the evaluations of classifiers, regressors and taggers share."""

from dataclasses import dataclass
from typing import Any, ClassVar

from recurra.evaluation.metric import Metric, plain


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """The metrics of a model and of the baselines on the very same labels.

    Attributes:
        METRICS: how the metrics of this task are shown, the one to read first in front.
        COUNTED: what ``count`` counts, as a noun in the singular.
        metrics: of the model, by key; NaN where one is not defined.
        baselines: name to the same metrics.
        failed_baselines: name to the reason why there is none, in plain words.
        baseline_notes: name to how the baseline was made.
        notes: what people should know about the labels, in sentences.
        count: the labels that were scored.
    """

    METRICS: ClassVar[tuple[Metric, ...]]
    COUNTED: ClassVar[str]

    metrics: dict[str, float]
    baselines: dict[str, dict[str, float]]
    failed_baselines: dict[str, str]
    baseline_notes: dict[str, str]
    notes: tuple[str, ...]
    count: int

    @property
    def table(self) -> tuple[Metric, ...]:
        """Those of `METRICS` that this evaluation has."""
        return tuple(metric for metric in self.METRICS if metric.key in self.metrics)

    def to_dict(self) -> dict[str, Any]:
        """The numbers as plain JSON values, without what has a row a label; what is not defined is None."""
        return {
            "metrics": plain(self.metrics),
            "baselines": {name: plain(metrics) for name, metrics in self.baselines.items()},
            "failed_baselines": dict(self.failed_baselines),
            "baseline_notes": dict(self.baseline_notes),
            "notes": list(self.notes),
            "count": self.count,
        }
