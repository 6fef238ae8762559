"""What summaries are made of: tables of texts, and scores beside those of the baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recurra.evaluation import Metric
from recurra.inspection import wording
from recurra.inspection.wording import metric_texts


@dataclass(frozen=True)
class Table:
    """Texts by row; the first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Score:
    """One metric of the model and of every baseline: (text, whether it is the best) each."""

    metric: Metric
    cells: Sequence[tuple[str, bool]]


def score_rows(metrics: Sequence[Metric], by_name: Mapping[str, Mapping[str, float]]) -> list[Score]:
    """A row a metric, with the values of all that ``by_name`` has; none for one that none of them has."""
    rows = []
    for metric in metrics:
        values = {name: found[metric.key] for name, found in by_name.items()}
        best = wording.best_of(metric, values)
        if best:
            texts = metric_texts(metric, values.values())
            rows.append(Score(metric, [(text, name in best) for name, text in zip(values, texts)]))
    return rows


def baseline_lines(notes: Mapping[str, str], failed: Mapping[str, str]) -> list[str]:
    """How each baseline was made, and why there is none where it could not be."""
    made = [f"{name}: {note}." for name, note in notes.items()]
    return made + [f"No {name}: {reason}." for name, reason in failed.items()]
