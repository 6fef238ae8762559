"""Words as whole numbers, with their characters beside them: what a tagger sees of a sentence."""

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.data.text import normalise
from recurra.data.vocabulary import UNKNOWN, check_names, check_vocabulary, most_frequent

_LONGEST = 32


@dataclass(frozen=True)
class WordFeatures:
    """The words and characters that a tagger knows. Made by `fit` or `from_dict`.

    Words are looked up in lower case with their digits kept, characters as they are written: capitals and
    endings are what the characters are for. Both in Unicode's composed form (NFC).

    Attributes:
        words, characters: by id; id 0 is the unknown one, and the others come often first.
    """

    words: tuple[str, ...]
    characters: tuple[str, ...]

    @classmethod
    def fit(
        cls, sentences: Sequence[Sequence[str]], *, max_vocabulary: int = 50_000, min_count: int = 1
    ) -> "WordFeatures":
        """Learn the words and characters of training ``sentences``.

        Args:
            sentences: each a list of words.
            max_vocabulary: words at most, the unknown one among them; the rarest are left out.
            min_count: times that a word must come; by default every word is known, and the unknown one is
                learned by hiding words now and then.

        Raises InputError if an argument is wrong or there is no word.
        """
        positive_int("max_vocabulary", max_vocabulary)
        positive_int("min_count", min_count)
        counts: Counter[str] = Counter()
        for sentence in check_sentences(sentences):
            counts.update(sentence)
        words: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        for word, count in counts.items():
            words[normalise(word, lowercase=True)] += count
            for character in normalise(word, lowercase=False):
                characters[character] += count
        words.pop("", None)
        if not words:
            raise InputError("the sentences hold no words; give sentences to learn the vocabulary from")
        return cls(
            words=(UNKNOWN, *most_frequent(words, max_vocabulary - 1, min_count, "words")),
            characters=(UNKNOWN, *most_frequent(characters, len(characters), 1, "characters")),
        )

    @property
    def word_count(self) -> int:
        """The number of word ids, the unknown one among them."""
        return len(self.words)

    @property
    def character_count(self) -> int:
        """The number of character ids, the unknown one among them."""
        return len(self.characters)

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """The ids of each sentence, int64 (T_i, 1 + C_i) with C_i its longest word's characters, at least 1.

        Column 0 is the word, the others its characters, −1 past its end. Of a word of more than 32
        characters the first and the last 16 count: endings tell more than the middle. Raises InputError
        unless all are lists of words.
        """
        rows: dict[str, np.ndarray] = {}  # a word's ids are looked up once, however often it comes
        return [self._ids(sentence, rows) for sentence in check_sentences(sentences)]

    def _ids(self, sentence: Sequence[str], rows: dict[str, np.ndarray]) -> np.ndarray:
        for word in sentence:
            if word not in rows:
                rows[word] = self._word_ids(word)
        ids = np.full(
            (len(sentence), max((len(rows[word]) for word in sentence), default=2)), -1, dtype=np.int64
        )
        for row, word in zip(ids, sentence):
            row[: len(rows[word])] = rows[word]
        return ids if ids.shape[1] > 1 else np.pad(ids, ((0, 0), (0, 1)), constant_values=-1)

    def _word_ids(self, word: str) -> np.ndarray:
        """A word's own id and those of its characters, int64 (1 + C,)."""
        word_ids, character_ids = self._places
        written = normalise(word, lowercase=False)
        if len(written) > _LONGEST:
            written = written[: _LONGEST // 2] + written[-_LONGEST // 2 :]
        characters = [character_ids.get(character, 0) for character in written]
        return np.asarray([word_ids.get(normalise(word, lowercase=True), 0), *characters], dtype=np.int64)

    @functools.cached_property
    def _places(self) -> tuple[dict[str, int], dict[str, int]]:
        return (
            {word: place for place, word in enumerate(self.words)},
            {character: place for place, character in enumerate(self.characters)},
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"words": list(self.words), "characters": list(self.characters)}

    @classmethod
    def from_dict(cls, fields: Any, name: str = "words") -> "WordFeatures":
        """Undo `to_dict`; raises InputError that names the place below ``name`` if ``fields`` is not such."""
        check_names(fields, ("words", "characters"), name)
        return cls(
            words=check_vocabulary(fields["words"], f"{name}.words"),
            characters=check_vocabulary(fields["characters"], f"{name}.characters"),
        )


def check_sentences(sentences: Any, name: str = "sentences") -> list[Sequence[str]]:
    """Return ``sentences`` as a list; raise InputError unless they are lists of texts."""
    if isinstance(sentences, str):
        raise InputError(f"{name} must be a list of lists of words, got one text; cut it into words")
    sentences = list(sentences)
    for place, sentence in enumerate(sentences):
        if isinstance(sentence, str):
            raise InputError(f"{name}[{place}] must be a list of words, got one text; cut it into words")
        for index, word in enumerate(sentence):
            if not isinstance(word, str):
                raise InputError(f"{name}[{place}][{index}] must be text, got {type(word).__name__}")
    return sentences
