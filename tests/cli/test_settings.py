"""The options of a fit are the estimators' arguments, and the help tells their true defaults."""

import dataclasses
import re

import pytest

from recurra.cli.fit.duration import seconds
from recurra.cli.fit.language_settings import LanguageLayers, LanguageTraining
from recurra.cli.fit.pair_settings import PairNetwork, PairTraining
from recurra.cli.fit.settings import ClassTraining, Network, PooledNetwork, TagTraining, ValueTraining
from recurra.cli.fit.transcription_settings import TranscriptionLayers, TranscriptionTraining

GROUPS = {
    "SequenceClassifier": (PooledNetwork, ClassTraining),
    "SequenceRegressor": (PooledNetwork, ValueTraining),
    "SequenceTagger": (Network, TagTraining),
    "LanguageModel": (LanguageLayers, LanguageTraining),
    "Seq2Seq": (PairNetwork, PairTraining),
    "Transcriber": (TranscriptionLayers, TranscriptionTraining),
}
OTHERWISE = {"validation_share"}  # which the command line calls --validation


@pytest.mark.parametrize("name", GROUPS)
def test_every_argument_has_an_option(name: str) -> None:
    from recurra import tasks

    options = {field.name for group in GROUPS[name] for field in dataclasses.fields(group)}
    options -= {"resume", "pretrained"}  # which the estimators take when they fit
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


def test_the_help_tells_the_true_transform_of_numbers(run) -> None:
    from recurra.data import TRANSFORMS
    from recurra.tasks import SequenceRegressor

    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("fit", "regress", "--help").stdout).split())
    described = text.partition("--transform NAME ")[2].partition(" --")[0]
    *others, last = TRANSFORMS
    assert f"{', '.join(others)} or {last}" in described
    assert f"Default: {SequenceRegressor().target_transform}," in described


def test_the_help_tells_the_true_defaults_of_language_models(run) -> None:
    from recurra.runtime import language, music
    from recurra.tasks import LanguageModel
    from recurra.tasks.language_defaults import BY_LEVEL

    def described(name: str, *command: str) -> str:
        text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run(*command, "--help").stdout).split())
        (found,) = re.findall(rf" --{name.replace('_', '-')} [A-Z]+ (.*?)(?= --\S+ [A-Z]+ |$)", text)
        return found

    fit, own = ("fit", "language-model"), LanguageModel().get_params()
    shown = {"clip_norm": own["clip_norm"], "seed": own["seed"], "validation": own["validation_share"]}
    for name, value in shown.items():
        assert f"Default: {value:g}" in described(name, *fit), name
    # A tied head needs vectors as wide as the layers, and keys have no symbols.
    of_texts = ("embedding_size", "embedding_dropout", "activation_penalty", "change_penalty")
    kinds = {"char": "char", "word": "word", "bpe": "bpe", "music": None}
    for name in (
        *of_texts, "cell", "hidden_size", "num_layers", "input_dropout", "dropout", "weight_dropout", "bptt",
        "epochs", "batch_size", "learning_rate", "schedule", "weight_decay", "average",
    ):  # fmt: skip
        values = {kind: getattr(BY_LEVEL[level], name) for kind, level in kinds.items()}
        if name in of_texts:
            del values["music"]
        texts = {kind: v if isinstance(v, str) else f"{v:g}" for kind, v in values.items()}
        assert f"Default: {texts['char']}" in described(name, *fit), name
        for kind, text in texts.items():
            assert text == texts["char"] or f"{kind} {text}" in described(name, *fit), (name, kind)
    assert [BY_LEVEL[level].tied for level in ("char", "word", "bpe")] == [False, True, True]
    lengths = f"Default: {language.LENGTH}; music {music.LENGTH}."
    assert lengths in described("length", "generate")


def test_the_help_tells_the_true_defaults_of_encoder_decoders(run) -> None:
    from recurra.tasks.seq2seq_defaults import DEFAULTS

    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("fit", "translate", "--help").stdout).split())
    for name in (
        "cell", "embedding_size", "hidden_size", "num_layers", "attention", "dropout", "label_smoothing",
        "teacher_forcing", "epochs", "batch_size", "learning_rate", "weight_decay",
    ):  # fmt: skip
        value = getattr(DEFAULTS, name)
        described = text.partition(f"--{name.replace('_', '-')} ")[2].partition(" --")[0]
        assert f"Default: {value if isinstance(value, str) else f'{value:g}'}" in described, name
    assert (DEFAULTS.bidirectional, DEFAULTS.input_feeding, DEFAULTS.tied) == (True, True, True)


def test_the_help_tells_the_true_defaults_of_transcribers(run) -> None:
    from recurra.tasks import Transcriber
    from recurra.tasks.transcription_defaults import AUDIO

    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("fit", "transcribe", "--help").stdout).split())
    own = Transcriber().get_params()
    for name in (
        "level", "cell", "hidden_size", "num_layers", "dropout", "weight_dropout", "epochs", "batch_size",
        "learning_rate", "schedule", "weight_decay", "average", "clip_norm", "seed",
    ):  # fmt: skip
        value = getattr(AUDIO, name) if own[name] is None else own[name]
        shown = value if isinstance(value, str) else f"{value:g}"
        described = text.partition(f"--{name.replace('_', '-')} ")[2].partition(" --")[0]
        assert f"Default: {shown}" in described, name


@pytest.mark.parametrize(
    ("text", "span"), [("90s", 90), ("10m", 600), ("1h", 3600), ("1.5h", 5400), ("45", 45), (" 2m ", 120)]
)
def test_spans_of_time(text: str, span: float) -> None:
    assert seconds("--max-time", text) == span
