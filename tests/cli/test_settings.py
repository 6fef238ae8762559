"""The options of a fit are the estimators' arguments, and the help tells their true defaults."""

import dataclasses
import re

import pytest

from recurra.cli.fit.duration import seconds
from recurra.cli.fit.settings import ClassTraining, Network, PooledNetwork, TagTraining, ValueTraining

GROUPS = {
    "SequenceClassifier": (PooledNetwork, ClassTraining),
    "SequenceRegressor": (PooledNetwork, ValueTraining),
    "SequenceTagger": (Network, TagTraining),
}
OTHERWISE = {"validation_share"}  # which the command line calls --validation


@pytest.mark.parametrize("name", GROUPS)
def test_every_argument_has_an_option(name: str) -> None:
    from recurra import tasks

    options = {field.name for group in GROUPS[name] for field in dataclasses.fields(group)} - {"resume"}
    arguments = set(getattr(tasks, name)().get_params()) - OTHERWISE
    unfit = {"SequenceTagger": {"level", "augment"}}.get(name, set())  # whose steps are labelled as they are
    assert options == arguments - unfit


def test_the_help_tells_the_true_defaults(run) -> None:
    from recurra.tasks import SequenceClassifier
    from recurra.tasks.sequence_defaults import BY_KIND

    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("fit", "classify", "--help").stdout).split())

    def described(name: str) -> str:
        return text.partition(f"--{name.replace('_', '-')} ")[2].partition(" --")[0]

    def shown(value: object) -> str:
        return value if isinstance(value, str) else f"{value:g}"

    own = SequenceClassifier().get_params()
    for name in ("schedule", "clip_norm", "seed"):
        assert f"Default: {shown(own[name])}" in described(name), name
    of_texts = {"embedding_size": ["text"], "word_dropout": ["text"]}
    for name in (
        "cell", "hidden_size", "num_layers", "pool", "dropout", "epochs", "batch_size", "learning_rate",
        "weight_decay", "weight_dropout", "average", "label_smoothing", "embedding_size", "word_dropout",
    ):  # fmt: skip
        values = {kind: getattr(BY_KIND[kind], name) for kind in of_texts.get(name, BY_KIND)}
        common = values["text"]
        assert f"Default: {shown(common)}" in described(name), name
        for kind, value in values.items():
            assert value == common or f"{kind} {shown(value)}" in described(name), (name, kind)


@pytest.mark.parametrize(
    ("text", "span"), [("90s", 90), ("10m", 600), ("1h", 3600), ("1.5h", 5400), ("45", 45), (" 2m ", 120)]
)
def test_spans_of_time(text: str, span: float) -> None:
    assert seconds("--max-time", text) == span
