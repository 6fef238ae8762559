"""Words by what they are and by how they are spelt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step, check_ids, within
from recurra.runtime.network_parts.spelling import END, KEYS, known_ngrams


@dataclass(frozen=True)
class Words(Part):
    """A word's vector, with the n-grams that spell it, beside what a recurrent stack makes of its characters.

    From int64 (T, N, 1 + C) to (T, N, word_size + 2·R): column 0 is the word's id, the others its characters'
    ids, -1 past its end. Zero past each row's length, where ids may be anything; elsewhere InputError for ids
    out of range. With ``ngrams`` above 0, the mean of the vectors of those of the word's n-grams that are
    among as many known ones is added to its own: ``ngram.keys`` (ngrams,) are their keys, in ascending order,
    see `recurra.runtime.network_parts.spelling`. With a ``character_stack``, of both directions, its last
    states stand beside. Bojanowski, Grave, Joulin and Mikolov, "Enriching word vectors with subword
    information", TACL 2017; Lample, Ballesteros, Subramanian, Kawakami and Dyer, "Neural architectures for
    named entity recognition", NAACL 2016, section 4.1.
    """

    name: str
    words: int
    word_size: int
    characters: int
    ngrams: int
    character_stack: Stack | None

    type = "words"
    takes_ids = True

    def __post_init__(self) -> None:
        stack = self.character_stack
        if stack is not None and not stack.bidirectional:
            raise InputError(f"{self.name!r} needs a bidirectional stack over characters, got one direction")

    def output_size(self, input_size: int) -> int:  # noqa: ARG002
        stack = self.character_stack
        return self.word_size + (0 if stack is None else stack.output_size)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {"word.weight": (self.words, self.word_size)}
        if self.ngrams:
            shapes |= {"ngram.weight": (self.ngrams, self.word_size), "ngram.keys": (self.ngrams,)}
        if (stack := self.character_stack) is not None:
            shapes["character.weight"] = (self.characters, stack.cell.input_size)
            shapes |= {f"encoder.{name}": shape for name, shape in stack.parameter_shapes().items()}
        return {f"{self.name}.{name}": shape for name, shape in shapes.items()}

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        own = {name: tensors[f"{self.name}.{name}"].copy() for name in _own_names(self)}
        encoder = None
        if (stack := self.character_stack) is not None:
            weights = {name: own[f"encoder.{name}"] for name in stack.parameter_shapes()}
            encoder = kernels.PackedStack(stack, weights)
        ngram = (_checked_keys(self, own["ngram.keys"]), own["ngram.weight"]) if self.ngrams else None
        return _Words(self, own["word.weight"], ngram, own.get("character.weight"), encoder)

    def to_dict(self) -> dict[str, Any]:
        stack = self.character_stack
        return {
            "type": self.type,
            "name": self.name,
            "words": self.words,
            "word_size": self.word_size,
            "characters": self.characters,
            "ngrams": self.ngrams,
            "character_stack": None if stack is None else stack.to_dict(),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str) -> "Words":
        sizes = dict.fromkeys(("words", "word_size", "characters"), schema.SIZE)
        known = {"name": schema.TEXT, **sizes, "ngrams": schema.COUNT, "character_stack": schema.DICT_OR_NONE}
        schema.check_fields(fields, known, name)
        stack = fields["character_stack"]
        return cls(**{**fields, "character_stack": None if stack is None else Stack.from_dict(stack)})


def _own_names(part: Words) -> list[str]:
    return [name.removeprefix(f"{part.name}.") for name in part.shapes()]


def _checked_keys(part: Words, keys: np.ndarray) -> np.ndarray:
    """The keys as int64; InputError unless they are such, ascending."""
    whole = (keys >= 0) & (keys < KEYS) & (keys == np.floor(keys))
    if not whole.all() or (np.diff(keys) <= 0).any():
        raise InputError(
            f"tensor '{part.name}.ngram.keys' must hold whole numbers below {KEYS} in ascending order"
        )
    return keys.astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Words(Bound):
    part: Words
    word: np.ndarray
    ngram: tuple[np.ndarray, np.ndarray] | None
    """Keys (K,) int64, and vectors (K, word_size)."""
    character: np.ndarray | None
    encoder: kernels.PackedStack | None

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        live = within(x, lengths)
        own = x[live]
        check_ids("word ids", own[:, 0], self.part.words)
        vectors = self.word[own[:, 0]]
        spelt, places = self._spelt(own[:, 1:])
        if self.ngram is not None:
            vectors = vectors + _ngram_mean(spelt, *self.ngram)[places]
        if self.encoder is not None:
            vectors = np.concatenate([vectors, self._states(spelt, threads)[places]], axis=1)
        output = np.zeros((*x.shape[:2], vectors.shape[1]), np.float32)
        output[live] = vectors
        return output

    def _spelt(self, characters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The spellings (U, C) that there are among ``characters`` (W, C), and which one each word has (W,).

        So that equal words are computed once. InputError for characters that there are not.
        """
        spelt, places = np.unique(characters, axis=0, return_inverse=True)
        inside = spelt != END
        if (inside[:, 1:] > inside[:, :-1]).any():
            raise InputError(f"character ids must be {END} past a word's end only, got one before another id")
        check_ids("character ids", spelt[inside], self.part.characters)
        return spelt, places.reshape(-1)

    def _states(self, spelt: np.ndarray, threads: int) -> np.ndarray:
        """(U, 2·R), the last states of both directions over the characters (U, C)."""
        inside = spelt != END
        x = self.character[np.where(inside, spelt, 0)].transpose(1, 0, 2)
        _, states = self.encoder.forward(x, lengths=inside.sum(axis=1), threads=threads)
        return np.concatenate([states["h"][-2], states["h"][-1]], axis=1)

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return _WordsStep(self)


class _WordsStep(Step):
    def __init__(self, words: _Words) -> None:
        self._words = words
        self._one = np.ones(1, np.int64)

    def __call__(self, x: Any) -> np.ndarray:
        ids = np.asarray(x)
        if ids.dtype != np.int64 or ids.ndim != 1 or not ids.size:
            raise InputError(f"x must be int64 of shape (1 + C,), got {ids.dtype} of shape {ids.shape}")
        return self._words(ids[None, None], self._one)[0, 0]


def _ngram_mean(spelt: np.ndarray, keys: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(U, D), the mean of the ``vectors`` of each word's known n-grams, added up in their order."""
    places = known_ngrams(spelt, keys)
    total = np.zeros((len(spelt), vectors.shape[1]), np.float32)
    for place in places.T:
        known = place >= 0
        total[known] += vectors[place[known]]
    count = (places >= 0).sum(axis=1, dtype=np.float32)
    return total / np.maximum(count, np.float32(1))[:, None]
