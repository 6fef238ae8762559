"""Texts as counts of their word or character n-grams."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recurra._base.errors import MissingExtraError
from recurra.data import Sequences
from recurra.data.word_rule import split_words

_MOST_GRAMS = 100_000


@dataclass(frozen=True)
class TextGrams:
    """The n-grams of a training part.

    Attributes:
        counts: from sequences to the sparse (N, V) counts of the grams that the training part has.
        what: "1–2-grams of words", for people.
    """

    counts: Callable[[Sequences], Any]
    what: str

    @classmethod
    def fit(cls, sequences: Sequences) -> "TextGrams":
        """Learn the grams of ``sequences``, of kind text or tokens; of very many the most frequent.

        The grams of texts are of words in lower case; or of characters, if most texts are a single word,
        as names are.

        Raises MissingExtraError if scikit-learn is not installed.
        """
        try:
            from sklearn.feature_extraction.text import CountVectorizer
        except ImportError as error:
            raise MissingExtraError.of("scikit-learn", "report") from error

        split, most, what = _units(sequences)

        def grams(item: Any) -> list[str]:
            units = split(item)
            return [" ".join(units[i : i + n]) for n in range(1, most + 1) for i in range(len(units) - n + 1)]

        vectoriser = CountVectorizer(
            analyzer=grams,  # pyright: ignore[reportArgumentType]
            max_features=_MOST_GRAMS,
        )
        vectoriser.fit(sequences.items)
        return cls(lambda other: vectoriser.transform(other.items), f"1–{most}-grams of {what}")


def _units(sequences: Sequences) -> tuple[Callable[[Any], list[str]], int, str]:
    """How an item is split, the most units in a gram, and what the units are."""
    if sequences.kind == "tokens":
        return list, 2, "tokens"
    if 2 * sum(len(split_words(text)) > 1 for text in sequences.items) >= len(sequences):
        return lambda text: split_words(text.lower()), 2, "words"
    # The line breaks mark where the text begins and ends.
    return lambda text: ["\n", *text.lower(), "\n"], 4, "characters"
