"""Words by what they are and by how they are spelt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from recurra import kernels
from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.runtime import schema
from recurra.runtime.network_parts.part import Bound, Part, Step, check_ids, within
from recurra.runtime.network_parts.spelling import END, KEYS, known_affixes


@dataclass(frozen=True)
class Words(Part):
    """A word's vector, beside those of its affixes and what a recurrent stack makes of its characters.

    From int64 (T, N, 1 + C) to (T, N, word_size + affix_size + 2·R): column 0 is the word's id, the others
    its characters' ids, -1 past its end. Zero past each row's length, where ids may be anything; elsewhere
    InputError for ids out of range.

    With ``affixes`` above 0 there are as many known ones, and the vectors of those that a word has are added
    up: ``affix.keys`` (affixes,) are their keys in ascending order, see
    `recurra.runtime.network_parts.spelling`, and ``affix.fold`` (characters,) is the id of each character in
    lower case, as which it counts there. With a ``character_stack``, of both directions, its last states
    stand beside: Lample, Ballesteros, Subramanian, Kawakami and Dyer, "Neural architectures for named entity
    recognition", NAACL 2016, section 4.1.
    """

    name: str
    words: int
    word_size: int
    characters: int
    affixes: int
    affix_size: int
    character_stack: Stack | None

    type = "words"
    fields: ClassVar = {
        "name": schema.TEXT,
        "words": schema.SIZE,
        "word_size": schema.SIZE,
        "characters": schema.SIZE,
        "affixes": schema.COUNT,
        "affix_size": schema.COUNT,
        "character_stack": schema.DICT_OR_NONE,
    }
    takes_ids = True

    def __post_init__(self) -> None:
        stack = self.character_stack
        if stack is not None and not stack.bidirectional:
            raise InputError(f"{self.name!r} needs a bidirectional stack over characters, got one direction")
        if (self.affixes > 0) != (self.affix_size > 0):
            raise InputError(
                f"{self.name!r} needs affixes and affix_size, or neither, got {self.affixes} and "
                f"{self.affix_size}"
            )

    def output_size(self, input_size: int) -> int:  # noqa: ARG002
        stack = self.character_stack
        return self.word_size + self.affix_size + (0 if stack is None else stack.output_size)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {"word.weight": (self.words, self.word_size)}
        if self.affixes:
            shapes["affix.weight"] = (self.affixes, self.affix_size)
            shapes |= {"affix.keys": (self.affixes,), "affix.fold": (self.characters,)}
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
        affix = _affixes(self, own) if self.affixes else None
        return _Words(self, own["word.weight"], affix, own.get("character.weight"), encoder)

    def to_dict(self) -> dict[str, Any]:
        stack = self.character_stack
        return {**super().to_dict(), "character_stack": None if stack is None else stack.to_dict()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str) -> Self:
        schema.check_fields(fields, cls.fields, name)
        stack = fields["character_stack"]
        return cls(**{**fields, "character_stack": None if stack is None else Stack.from_dict(stack)})


def _own_names(part: Words) -> list[str]:
    return [name.removeprefix(f"{part.name}.") for name in part.shapes()]


@dataclass(frozen=True, eq=False)
class _Affixes:
    """Vectors (A, D), their keys (A,) and each character in lower case (V,), both int64."""

    weight: np.ndarray
    keys: np.ndarray
    fold: np.ndarray

    def __call__(self, spelt: np.ndarray) -> np.ndarray:
        """(U, D), the sum over the known affixes of each word (U, C), in their order."""
        total = np.zeros((len(spelt), self.weight.shape[1]), np.float32)
        for place in known_affixes(spelt, self.fold, self.keys).T:
            known = place >= 0
            total[known] += self.weight[place[known]]
        return total


def _affixes(part: Words, own: Mapping[str, np.ndarray]) -> _Affixes:
    """Those of a part with ``own`` tensors; InputError for keys or characters that are none."""
    keys, fold = own["affix.keys"], own["affix.fold"]
    if not _are_below(keys, KEYS) or (np.diff(keys) <= 0).any():
        raise InputError(
            f"tensor '{part.name}.affix.keys' must hold whole numbers below {KEYS} in ascending order"
        )
    if not _are_below(fold, part.characters):
        raise InputError(f"tensor '{part.name}.affix.fold' must hold ids below {part.characters}")
    return _Affixes(own["affix.weight"], keys.astype(np.int64), fold.astype(np.int64))


def _are_below(numbers: np.ndarray, end: int) -> bool:
    return bool(((numbers >= 0) & (numbers < end) & (numbers == np.floor(numbers))).all())


@dataclass(frozen=True, eq=False)
class _Words(Bound):
    part: Words
    word: np.ndarray
    affix: _Affixes | None
    character: np.ndarray | None
    encoder: kernels.PackedStack | None

    def __call__(self, x: np.ndarray, lengths: np.ndarray, threads: int = 1) -> np.ndarray:
        live = within(x, lengths)
        own = x[live]
        check_ids("word ids", own[:, 0], self.part.words)
        vectors = [self.word[own[:, 0]]]
        spelt, places = self._spelt(own[:, 1:])
        if self.affix is not None:
            vectors.append(self.affix(spelt)[places])
        if self.character is not None and self.encoder is not None:
            vectors.append(_last_states(self.character, self.encoder, spelt, threads)[places])
        output = np.zeros((*x.shape[:2], self.part.output_size(1)), np.float32)
        output[live] = np.concatenate(vectors, axis=1)
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

    def stepping(self, input_size: int) -> Step:  # noqa: ARG002
        return _WordsStep(self)


def _last_states(
    character: np.ndarray, encoder: kernels.PackedStack, spelt: np.ndarray, threads: int
) -> np.ndarray:
    """(U, 2·R), of both directions over the characters (U, C)."""
    inside = spelt != END
    x = character[np.where(inside, spelt, 0)].transpose(1, 0, 2)
    _, states = encoder.forward(x, lengths=inside.sum(axis=1), threads=threads)
    return np.concatenate([states["h"][-2], states["h"][-1]], axis=1)


class _WordsStep(Step):
    def __init__(self, words: _Words) -> None:
        self._words = words
        self._one = np.ones(1, np.int64)

    def __call__(self, x: Any) -> np.ndarray:
        ids = np.asarray(x)
        if ids.dtype != np.int64 or ids.ndim != 1 or not ids.size:
            raise InputError(f"x must be int64 of shape (1 + C,), got {ids.dtype} of shape {ids.shape}")
        return self._words(ids[None, None], self._one)[0, 0]
