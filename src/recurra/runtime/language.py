"""Texts from a trained language model, and how probable it finds texts: no PyTorch from here on."""

import dataclasses
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.artifact import Artifact, check_writable, replace_file
from recurra.data import Corpus, Sequences, TextFeatures, as_corpus, is_table, read_corpus, vectors_text
from recurra.decoding import Sampling
from recurra.evaluation import Baselines, LanguageEvaluation, evaluate_language
from recurra.runtime import schema
from recurra.runtime.language_stream import LanguageStream, log_softmax
from recurra.runtime.model import Model
from recurra.runtime.sequence_model import batches
from recurra.runtime.stepping import NetworkStream
from recurra.runtime.writer import Writer

LENGTH = 1_000
"""Tokens of a generated text at most, unless it is said."""

_LONG = 512  # tokens, from which a text is read alone, stretch by stretch
_MOST_VALUES = 2**24  # of the network's output at once
_UNITS = {"char": "character", "word": "word", "bpe": "token"}


@dataclass(frozen=True)
class Generated:
    """A text that a model wrote: it can be fluent and false.

    Attributes:
        prompt: what it goes on from.
        text: what comes after the prompt.
        tokens: how many were written.
        log_probability: natural, of these tokens and of the end, if it came, whatever the sampling.
        stopped: "length", "stop" (the text that was to stop it came) or "end" (of the document).
    """

    prompt: str
    text: str
    tokens: int
    log_probability: float
    stopped: str


@dataclass(frozen=True, eq=False)
class TextScore:
    """How probable a model finds a text.

    Attributes:
        tokens: as the model reads them; "" at last where the model foretells the end, too.
        log_probabilities: (T,) float64, natural, of each token after those before it.
        unknown: how many tokens training never saw; they were read as the unknown one.
    """

    tokens: tuple[str, ...]
    log_probabilities: np.ndarray
    unknown: int

    @property
    def log_probability(self) -> float:
        """Of the whole text."""
        return float(self.log_probabilities.sum())


class TextModel(Model):
    """A trained model of texts."""

    task = "language-model"
    fields: ClassVar[Mapping[str, schema.Field]] = {
        "features": schema.DICT,
        "ends": schema.FLAG,
        "lines": schema.FLAG,
        "column": schema.COLUMN_OR_NONE,
    }

    def _take(self, artifact: Artifact) -> None:
        fields = artifact.preprocessing
        schema.check_fields(fields, self.fields, "preprocessing")
        self.features = TextFeatures.from_dict(fields["features"], "preprocessing.features")
        self.ends: bool = fields["ends"]
        """Whether documents have an end, which the model foretells, too."""
        self.lines: bool = fields["lines"]
        """Whether a text file has a document on each line."""
        self.column: str | int | None = fields["column"]
        """That holds the documents of a table."""
        size, first = self.features.size + 1, artifact.spec["layers"][0]
        if (first.get("type"), first.get("count")) != ("embedding", size):
            raise InputError(f"spec.layers[0] must be an embedding of {size} symbols, as the features say")
        if self.network.pools or self.network.output_size != size:
            raise InputError(f"the network must give {size} outputs at every step")
        NetworkStream(self.network)  # refuses layers that read from the end

    @property
    def boundary(self) -> int:
        """The id of what stands before and after every document: one above those of the features."""
        return self.features.size

    def generate(
        self,
        prompt: str = "",
        *,
        length: int = LENGTH,
        sampling: Sampling | None = None,
        stop: str | None = None,
        seed: int = 0,
        samples: int = 1,
    ) -> list[Generated]:
        """Texts that go on from ``prompt``; the same arguments give the same texts.

        Raises InputError where `write` does, and for ``samples`` that are no number.
        """
        generator, count = generator_of(seed), positive_int("samples", samples)
        writer_of = self._writers(prompt, length, sampling, stop)
        found = []
        for _ in range(count):
            writer = writer_of(generator)
            text = "".join(writer)
            found.append(Generated(prompt, text, writer.tokens, writer.log_probability, writer.stopped))
        return found

    def write(
        self,
        prompt: str = "",
        *,
        length: int = LENGTH,
        sampling: Sampling | None = None,
        stop: str | None = None,
        seed: int | np.random.Generator = 0,
    ) -> Writer:
        """A text that goes on from ``prompt``, in pieces as they are drawn.

        Args:
            prompt: what it begins with; empty for the beginning of a document.
            length: tokens to write at most.
            sampling: how each token is drawn; None as the model says.
            stop: a text to stop before; None for none.
            seed: of the random numbers, or the generator to take them from.

        Raises InputError for arguments out of range, and for a prompt with tokens that training never saw.
        """
        generator = generator_of(seed)
        return self._writers(prompt, length, sampling, stop)(generator)

    def _writers(
        self, prompt: str, length: int, sampling: Sampling | None, stop: str | None
    ) -> Callable[[np.random.Generator], Writer]:
        """Makes any number of writers, see `write`, that go on from ``prompt``, which is read once."""
        if not isinstance(prompt, str):
            raise InputError(f"prompt must be text, got {type(prompt).__name__}")
        if stop is not None and (not isinstance(stop, str) or not stop):
            raise InputError(f"stop must be text of at least one character, or None, got {stop!r}")
        if stop is not None and self.features.level == "word" and re.search(r"[^\S ]|  ", stop):
            raise InputError(
                "stop must have no white space but single blanks, as words have nothing else between them, "
                f"got {stop!r}"
            )
        if sampling is not None and not isinstance(sampling, Sampling):
            raise InputError(f"sampling must be a Sampling or None, got {type(sampling).__name__}")
        tokens = self.features([prompt])[0]
        if len(unknown := np.flatnonzero(tokens == 0)):
            wrong = self.features.tokens(prompt)[unknown[0]]
            raise InputError(
                f"prompt has the {_UNITS[self.features.level]} {wrong!r}, which training never saw; "
                "leave it out"
            )
        writer = partial(
            Writer,
            features=self.features,
            ends=self.ends,
            before=tokens,
            apart=not prompt or prompt[-1].isspace(),
            length=positive_int("length", length),
            sampling=Sampling() if sampling is None else sampling,
            stop=None if stop is None else self.features.normalise(stop),
        )
        stream = self.stream()
        stream.read(tokens)
        state = stream.state()
        return lambda generator: writer(stream=self.stream(state), generator=generator)

    def predict(self, X: Any) -> list[TextScore]:
        """How probable the model finds each text; ``X`` as for `read`."""
        texts = self.read(X).texts
        ids = self.features(texts)
        unknown = [int((own == 0).sum()) for own in ids]
        ending = ("",) if self.ends else ()
        tokens = [(*self.features.tokens(text), *ending) for text in texts]
        return [TextScore(*score) for score in zip(tokens, self.log_probabilities(ids), unknown)]

    def log_probabilities(self, documents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Of each token of D ``documents`` (T_d,) int64, and of their end if they have one: float64."""
        pairs = [shifted(ids, self.boundary, ends=self.ends) for ids in documents]
        inputs, targets = [x for x, _ in pairs], [own for _, own in pairs]
        found: list[np.ndarray] = [np.empty(0)] * len(targets)
        short = [d for d, own in enumerate(targets) if 0 < len(own) <= _LONG]
        most = max(1, _MOST_VALUES // self.network.output_size)
        for rows, x, lengths in batches([inputs[d] for d in short], most):
            for d, output, length in zip(np.array(short)[rows], self.network(x, lengths), lengths):
                found[d] = log_softmax(output[:length])[np.arange(length), targets[d]]
        for d, own in enumerate(targets):
            if len(own) > _LONG:
                found[d] = self.stream().read(own)
        return found

    def evaluate(self, X: Any, *, baselines: Baselines[list[np.ndarray]] | None = None) -> LanguageEvaluation:
        """Score the model on texts, ``X`` as for `read`, beside ``baselines`` that were fitted in training.

        Raises InputError for data that does not suit the model.
        """
        corpus = self.read(X)
        documents = self.features(corpus.texts)
        return evaluate_language(
            documents,
            self.log_probabilities(documents),
            ends=self.ends,
            characters=corpus.characters,
            decode=self.features.decode,
            words=self.features.level == "word",
            baselines=None if baselines is None else baselines.on(Sequences("text", corpus.texts)),
        )

    def stream(self, state: bytes | None = None) -> LanguageStream:
        """A stream along one text, see `LanguageStream`."""
        return LanguageStream(self, state)

    def save_vectors(self, path: str | os.PathLike[str]) -> None:
        """Write the vectors of the vocabulary as a text file of word2vec's, whole or not at all.

        Without the unknown token and symbols of white space, see `recurra.data.vectors_text`. Raises
        InputError if it cannot be written.
        """
        words = self.features.vocabulary[1:]
        table = self.network.table[1 : len(words) + 1]  # pyright: ignore[reportOptionalSubscript]
        check_writable(path)
        replace_file(path, vectors_text(words, table).encode())

    def read(self, X: Any) -> Corpus:
        """``X`` as documents: texts, one text, a `Corpus`, or the `pathlib.Path` of a file.

        Of a table each row is one; of plain text each line, where the model was trained on lines or on a
        table. They end if those of the training part do. Raises InputError for anything else.
        """
        if isinstance(X, Path) and is_table(X):
            X = read_corpus(X, text=self.column)
        elif isinstance(X, Path):
            X = read_corpus(X, lines=self.lines or self.column is not None)
        return dataclasses.replace(as_corpus(X, ends=self.ends), ends=self.ends)


def shifted(ids: np.ndarray, boundary: int, *, ends: bool) -> tuple[np.ndarray, np.ndarray]:
    """What a network reads (S,) and foretells (S,) of a document's ``ids`` (T,), and of its end if any."""
    targets = np.append(ids, boundary) if ends else ids
    return np.concatenate([[boundary], targets])[: len(targets)], targets


def generator_of(seed: Any) -> np.random.Generator:
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed must be a whole number of at least 0, got {seed!r}")
    return np.random.default_rng(int(seed))
