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

END = -1
"""Stands past the end of a word."""


@dataclass(frozen=True)
class Words(Part):
    """A word's vector, beside the last states of both directions of a recurrent stack over its characters.

    From int64 (T, N, 1 + C) to (T, N, word_size + 2·R): column 0 is the word's id, the others its characters'
    ids, -1 past its end. Zero past each row's length, where ids may be anything; elsewhere InputError for ids
    out of range. Lample, Ballesteros, Subramanian, Kawakami and Dyer, "Neural architectures for named entity
    recognition", NAACL 2016, section 4.1.
    """

    name: str
    words: int
    word_size: int
    characters: int
    character_size: int
    character_stack: Stack

    type = "words"
    takes_ids = True

    def __post_init__(self) -> None:
        stack = self.character_stack
        if not stack.bidirectional:
            raise InputError(f"{self.name!r} needs a bidirectional stack over characters, got one direction")
        if stack.cell.input_size != self.character_size:
            raise InputError(
                f"the stack over characters of {self.name!r} must take {self.character_size} inputs, as "
                f"character_size says, got {stack.cell.input_size}"
            )

    def output_size(self, input_size: int) -> int:  # noqa: ARG002
        return self.word_size + self.character_stack.output_size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        stack = self.character_stack.parameter_shapes()
        return {
            f"{self.name}.word.weight": (self.words, self.word_size),
            f"{self.name}.character.weight": (self.characters, self.character_size),
            **{f"{self.name}.encoder.{name}": shape for name, shape in stack.items()},
        }

    def bind(self, tensors: Mapping[str, np.ndarray]) -> Bound:
        stack = self.character_stack
        own = {name: tensors[f"{self.name}.encoder.{name}"] for name in stack.parameter_shapes()}
        return _Words(
            tensors[f"{self.name}.word.weight"].copy(),
            tensors[f"{self.name}.character.weight"].copy(),
            kernels.PackedStack(stack, own),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "name": self.name,
            "words": self.words,
            "word_size": self.word_size,
            "characters": self.characters,
            "character_size": self.character_size,
            "character_stack": self.character_stack.to_dict(),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str) -> "Words":
        sizes = dict.fromkeys(("words", "word_size", "characters", "character_size"), schema.SIZE)
        schema.check_fields(fields, {"name": schema.TEXT, **sizes, "character_stack": schema.DICT}, name)
        return cls(**{**fields, "character_stack": Stack.from_dict(fields["character_stack"])})


@dataclass(frozen=True, eq=False)
class _Words(Bound):
    word: np.ndarray
    character: np.ndarray
    encoder: kernels.PackedStack

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        live = within(x, lengths)
        own = x[live]
        check_ids("word ids", own[:, 0], len(self.word))
        size = self.word.shape[1]
        output = np.zeros((*x.shape[:2], size + self.encoder.stack.output_size), np.float32)
        output[live] = np.concatenate([self.word[own[:, 0]], self._spelling(own[:, 1:], threads)], axis=1)
        return output

    def _spelling(self, characters: np.ndarray, threads: int) -> np.ndarray:
        """(W, 2·R) of the characters (W, C) of each word; equal words are computed once."""
        characters, places = np.unique(characters, axis=0, return_inverse=True)
        inside = characters != END
        lengths = inside.sum(axis=1)
        if (inside[:, 1:] > inside[:, :-1]).any():
            raise InputError(f"character ids must be {END} past a word's end only, got one before another id")
        check_ids("character ids", characters[inside], len(self.character))
        x = self.character[np.where(inside, characters, 0)].transpose(1, 0, 2)
        _, states = self.encoder.forward(x, lengths=lengths, threads=threads)
        last = np.concatenate([states["h"][-2], states["h"][-1]], axis=1)
        return last[places.reshape(-1)]

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
