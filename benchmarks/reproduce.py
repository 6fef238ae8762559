"""Train on real data as the documentation reports it, with our layers or with PyTorch's in the same network.

    python -m benchmarks.reproduce sst2 --seeds 3
    python -m benchmarks.reproduce sst2 --seeds 3 --layers torch

``RECURRA_DATA`` names the folder of the data. Prints one table, with the baselines on the same test part.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from recurra import LanguageModel, Seq2Seq, SequenceClassifier, SequenceTagger
from recurra.data import (
    Labelled,
    Sequences,
    by_group,
    by_pattern,
    cut_corpus,
    hold_out,
    read_audio,
    read_conllu,
    read_corpus,
    read_music,
    read_pairs,
    read_texts,
)
from recurra.evaluation import (
    Baselines,
    fit_label_baselines,
    fit_language_baselines,
    fit_music_baselines,
    fit_tag_baselines,
    fit_translation_baselines,
)
from recurra.nn import words
from recurra.tasks.layers import LAYERS
from recurra.tasks.sequence_estimator import SequenceEstimator

DIGITS = r"^(?P<label>\d)_(?P<group>[a-z]+)_"


@dataclass(frozen=True)
class Run:
    """One training: what to fit, on what, and what it is judged by."""

    name: str
    estimator: SequenceEstimator | LanguageModel | Seq2Seq
    training: Any
    test: Any
    validation: Any = None
    metric: str = "accuracy"
    pretrained: tuple[LanguageModel, list[str], list[str]] | None = None
    """A language model to begin with, and the texts that it learns and is chosen by."""


def sst2(data: Path, seeds: int) -> Iterator[Run]:
    """Sentiment of sentences (Socher et al. 2013), without outside vectors."""
    training, test, validation = (
        read_texts(data / f"sentiment/sst2.{part}.tsv", text=1, label=2, header=False)
        for part in ("train", "test", "dev")
    )
    for seed in range(seeds):
        yield Run(f"seed {seed}", SequenceClassifier(seed=seed), training, test, validation)


def sst2_transfer(data: Path, seeds: int) -> Iterator[Run]:
    """The same, beginning with a language model of the training sentences."""
    for run in sst2(data, seeds):
        texts = [part.sequences.items for part in (run.training, run.validation)]
        model = LanguageModel(level="word", seed=run.estimator.seed, batch_size=64, epochs=6)
        yield replace(run, pretrained=(model, *texts))


def lines(data: Path, seeds: int) -> Iterator[Run]:
    """Parts of speech of the English LinES treebank, without outside vectors."""
    training, test, validation = (
        read_conllu(data / f"tagging/en_lines-ud-{part}.conllu") for part in ("train", "test", "dev")
    )
    for seed in range(seeds):
        yield Run(f"seed {seed}", SequenceTagger(seed=seed), training, test, validation)


def digits(data: Path, seeds: int) -> Iterator[Run]:
    """Spoken digits of speakers that training heard, indices 0 to 4 as test."""
    clips = read_audio(data / "audio/free-spoken-digits.zip", label_pattern=DIGITS)
    tested = by_pattern(clips.names, r"_[0-4]\.wav$")
    # Without groups: the speakers of the test part are those of the training part.
    known = Labelled(clips.sequences, clips.labels, None, clips.names)
    for seed in range(seeds):
        yield Run(f"seed {seed}", SequenceClassifier(seed=seed), known.take(~tested), known.take(tested))


def speakers(data: Path, seeds: int) -> Iterator[Run]:
    """Spoken digits of a speaker that training never heard, each of the six in turn."""
    clips = read_audio(data / "audio/free-spoken-digits.zip", label_pattern=DIGITS)
    for seed in range(seeds):
        for name in sorted(set(clips.groups or ())):
            tested = by_group(clips.groups or (), name)
            estimator = SequenceClassifier(seed=seed)
            yield Run(f"{name}, seed {seed}", estimator, clips.take(~tested), clips.take(tested))


def chorales(data: Path, seeds: int, cell: str, hidden_size: int) -> Iterator[Run]:
    """Bach's chorales as piano rolls, with about 300,000 weights."""
    music = read_music(data / "music/JSB_Chorales.mat")
    for seed in range(seeds):
        estimator = LanguageModel(cell=cell, hidden_size=hidden_size, seed=seed)
        yield Run(f"seed {seed}", estimator, music.training, music.test, music.validation, "nll")


def shakespeare(data: Path, seeds: int) -> Iterator[Run]:
    """Plays, character by character: the first nine tenths to learn from, the last to be scored on."""
    corpus = read_corpus(data / "text/tinyshakespeare.txt")
    rest, test = hold_out(corpus, 0.1, name="test_share", seed=0)
    for seed in range(seeds):
        estimator = LanguageModel(seed=seed, max_time=900.0)
        yield Run(f"seed {seed}", estimator, rest, test, metric="nats")


def names(data: Path, seeds: int) -> Iterator[Run]:
    """First names, character by character; a tenth is scored."""
    corpus = read_corpus(data / "text/names.txt", lines=True)
    training, validation, test = cut_corpus(corpus, validation_share=0.05, test_share=0.1, seed=0)
    for seed in range(seeds):
        yield Run(f"seed {seed}", LanguageModel(seed=seed), training, test, validation, "bits")


def translation(data: Path, seeds: int) -> Iterator[Run]:
    """Captions of images from German to English (Multi30k, Elliott et al. 2016), lower-cased."""
    parts = ("train", "test2016", "val")
    training, test, validation = (
        read_pairs(data / f"translation/{part}.de", data / f"translation/{part}.en") for part in parts
    )
    for seed in range(seeds):
        yield Run(f"seed {seed}", Seq2Seq(seed=seed), training, test, validation, "bleu")


TASKS: dict[str, Callable[[Path, int], Iterator[Run]]] = {
    "sst2": sst2,
    "sst2-transfer": sst2_transfer,
    "lines": lines,
    "digits": digits,
    "speakers": speakers,
    "chorales-lstm": partial(chorales, cell="lstm", hidden_size=220),
    "chorales-gru": partial(chorales, cell="gru", hidden_size=260),
    "shakespeare": shakespeare,
    "names": names,
    "translation": translation,
}


def main() -> None:
    """Run one task, and print what each training reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--layers", choices=("recurra", "torch"), default="recurra")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="an estimator's argument"
    )
    arguments = parser.parse_args()
    if "RECURRA_DATA" not in os.environ:
        parser.error("set RECURRA_DATA to the folder of the data")
    changes = dict(map(_setting, arguments.set))
    console, rows, fitted_on, fitted = Console(), [], None, None
    if arguments.layers == "torch":
        use_torch_layers()
    for run in TASKS[arguments.task](Path(os.environ["RECURRA_DATA"]), arguments.seeds):
        own = run.estimator.get_params()
        if arguments.layers == "torch" and "weight_dropout" in own and "weight_dropout" not in changes:
            own["weight_dropout"] = 0.0
            console.print("torch.nn has no weight dropout: weight_dropout is 0, whatever the default.")
        run.estimator.set_params(**{**own, **changes})
        start = time.perf_counter()
        begins: dict[str, Any] = {}
        if run.pretrained is not None:
            model, texts, held_out = run.pretrained
            begins = {"pretrained": model.fit(texts, validation=held_out)}
        run.estimator.fit(run.training, validation=run.validation, **begins)
        seconds = time.perf_counter() - start
        if run.training is not fitted_on:  # runs that share a training part follow one another
            fitted_on, fitted = run.training, baselines(run.estimator, run.training)
        evaluation = run.estimator.model_.evaluate(run.test, baselines=fitted)
        scores = {"model": evaluation.metrics, **evaluation.baselines}
        rows.append({"seconds": seconds, **{name: own[run.metric] for name, own in scores.items()}})
        console.print(f"{run.name}: {rows[-1]['model']:.4f} in {seconds:.0f} s")
    table = Table("", *rows[0])
    for how, reduce in (("mean", statistics.mean), ("least", min), ("most", max)):
        table.add_row(how, *(_shown(name, reduce(row[name] for row in rows)) for name in rows[0]))
    console.print(table)


def baselines(estimator: Any, part: Any) -> Baselines[Any]:
    """The baselines, fitted on the training part."""
    if isinstance(estimator, LanguageModel):
        model, parts = estimator.model_, estimator.parts_
        if model.task == "music":
            return fit_music_baselines(Sequences("series", [piece.roll for piece in part]))
        training, validation = (Sequences("text", parts[name].texts) for name in ("training", "validation"))
        return fit_language_baselines(training, validation, model.features, ends=model.ends)
    if isinstance(estimator, Seq2Seq):
        return fit_translation_baselines(part)
    labels: Any = part.labels
    if estimator.task == "tag":
        return fit_tag_baselines(part.sequences, labels, sorted({tag for row in labels for tag in row}))
    return fit_label_baselines(part.sequences, labels, sorted(set(labels)))


def _shown(name: str, value: float) -> str:
    return f"{value:.0f}" if name == "seconds" else f"{value:.4f}"


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, {"True": True, "False": False, "None": None}.get(value, value)


def use_torch_layers() -> None:
    """Let networks be made of PyTorch's layers, with PackedSequence for ragged rows."""
    for cell, layer in LAYERS.items():
        LAYERS[cell] = packed(getattr(torch.nn, layer.__name__), layer)
    words.LSTM = LAYERS["lstm"]


def packed(theirs: Any, ours: Any) -> Any:
    """A class of PyTorch's layer that is called as ours, for networks without weight dropout."""

    class Packed(theirs):
        def __init__(self, *sizes: int, weight_dropout: float = 0.0, **options: Any) -> None:
            super().__init__(*sizes, **options)
            if weight_dropout:
                raise SystemExit("torch.nn has no weight dropout; give --set weight_dropout=0")
            self.stack = ours(*sizes, **options).stack

        def forward(self, x: Tensor, hx: Any = None, lengths: Any = None) -> Any:
            if lengths is None:
                return super().forward(x, hx)
            steps = x.size(1 if self.batch_first else 0)
            own = pack_padded_sequence(
                x, torch.as_tensor(lengths), batch_first=self.batch_first, enforce_sorted=False
            )
            output, state = super().forward(own, hx)
            return pad_packed_sequence(output, batch_first=self.batch_first, total_length=steps)[0], state

    return Packed


if __name__ == "__main__":
    main()
