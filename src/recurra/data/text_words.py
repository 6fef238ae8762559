"""Texts as sequences of words with their characters beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data.text import check_texts, normalise
from recurra.data.vocabulary import check_names
from recurra.data.word_rule import split_words
from recurra.data.words import WordFeatures


@dataclass(frozen=True)
class TextWords:
    """The words of texts, cut by `split_words` and read by `WordFeatures`. Made by `fit` or `from_dict`.

    Attributes:
        lowercase: whether texts are brought to lower case, their characters, too.
        words: the words and characters that are known.
    """

    lowercase: bool
    words: WordFeatures

    level = "word"

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        *,
        lowercase: bool = True,
        max_vocabulary: int = 50_000,
        min_count: int = 1,
    ) -> "TextWords":
        """Learn the words of training ``texts``; arguments and errors as for `WordFeatures.fit`."""
        if not isinstance(lowercase, bool):
            raise InputError(f"lowercase must be True or False, got {lowercase!r}")
        sentences = [_cut(text, lowercase) for text in check_texts(texts)]
        if not any(sentences):
            raise InputError("the texts hold no words; give texts to learn the vocabulary from")
        return cls(lowercase, WordFeatures.fit(sentences, max_vocabulary=max_vocabulary, min_count=min_count))

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words by id; id 0 is the unknown one."""
        return self.words.words

    @property
    def word_count(self) -> int:
        """The number of word ids, the unknown one among them."""
        return self.words.word_count

    @property
    def character_count(self) -> int:
        """The number of character ids, the unknown one among them."""
        return self.words.character_count

    def tokens(self, text: str) -> list[str]:
        """The words of ``text``, known or not."""
        return _cut(text, self.lowercase)

    def __call__(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The ids of each text, int64 (T_i, 1 + C_i), see `WordFeatures`; InputError unless all are texts."""
        return self.words([self.tokens(text) for text in check_texts(texts)])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"lowercase": self.lowercase, "words": self.words.to_dict()}

    @classmethod
    def from_dict(cls, fields: Any, name: str = "text") -> "TextWords":
        """Undo `to_dict`; raises InputError that names the place below ``name`` if ``fields`` is not such."""
        check_names(fields, ("lowercase", "words"), name)
        if not isinstance(fields["lowercase"], bool):
            raise InputError(f"{name}.lowercase must be true or false, got {fields['lowercase']!r}")
        return cls(fields["lowercase"], WordFeatures.from_dict(fields["words"], f"{name}.words"))


def _cut(text: str, lowercase: bool) -> list[str]:
    return split_words(normalise(text, lowercase))
