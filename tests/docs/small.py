"""Commands of the documentation with a small budget."""

import shlex

from typer.testing import CliRunner

from recurra.cli.app import app

BUDGET = {"--epochs": "1", "--hidden-size": "8"}

CLIPS = r"fit classify clips.zip --label-pattern '^(?P<label>\d)_(?P<group>[a-z]+)_'"
MODELS = {
    "load.safetensors": "fit forecast load.csv --target load --horizon 24",
    "before.safetensors": "fit forecast load.csv --target load --horizon 24",
    "after.safetensors": "fit forecast load.csv --target load --horizon 24",
    "reviews.safetensors": "fit classify reviews.csv --text review --label verdict",
    "digits.safetensors": CLIPS,
}
"""How models are made that a page uses and does not train."""


def small(line: str) -> list[str]:
    """The words of a command, with a small budget where it trains."""
    words = shlex.split(line)
    budget = BUDGET if words[:1] == ["fit"] else {}
    return words + [word for pair in budget.items() if pair[0] not in words for word in pair]


def execute(words: list[str]) -> str:
    """What a command prints, which must succeed; a line stands on its standard input."""
    result = CliRunner().invoke(app, words, input="two dogs\n", catch_exceptions=False)
    assert result.exit_code == 0, f"recurra {shlex.join(words)}\n{result.output}"
    return result.stdout
