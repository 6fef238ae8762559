"""Print how a model did beside the baselines."""

from typing import TYPE_CHECKING, Any

from rich.text import Text

from recurra.cli import console

if TYPE_CHECKING:
    from recurra.evaluation import Comparison, Evaluation


def say_scores(evaluation: "Evaluation | Comparison") -> None:
    """Print every metric of the model and of each baseline, the best in bold, and what they say."""
    from recurra.evaluation import Comparison
    from recurra.inspection import sequence_summary, summary

    notes = evaluation.notes if isinstance(evaluation, Comparison) else ()
    words: Any = sequence_summary if isinstance(evaluation, Comparison) else summary
    rows = [
        [score.metric.label, *(Text(text, "bold" if best else "") for text, best in score.cells)]
        for score in words.scores(evaluation)
    ]
    console.say_table(["Metric", *words.names(evaluation)], rows)
    for line in [*words.baseline_lines(evaluation), *notes, "", *words.verdict(evaluation)]:
        console.say(line)
