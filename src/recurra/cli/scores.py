"""Print how a model did beside the baselines."""

from typing import TYPE_CHECKING

from rich.text import Text

from recurra.cli import console

if TYPE_CHECKING:
    from recurra.evaluation import Evaluation


def say_scores(evaluation: "Evaluation") -> None:
    """Print every metric of the model and of each baseline, the best in bold, and what they say."""
    from recurra.inspection import summary

    rows = [
        [score.metric.label, *(Text(text, "bold" if best else "") for text, best in score.cells)]
        for score in summary.scores(evaluation)
    ]
    console.say_table(["Metric", *summary.names(evaluation)], rows)
    for line in [*summary.baseline_lines(evaluation), "", *summary.verdict(evaluation)]:
        console.say(line)
