"""Texts as sequences of whole numbers: by character, by word or by byte pairs."""

import functools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_int
from recurra.data.byte_pairs import Merge, byte_alphabet, learn_merges, make_tokenizer
from recurra.data.vocabulary import UNKNOWN, check_names, check_vocabulary, most_frequent
from recurra.data.word_rule import split_words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LEVELS = ("char", "word", "bpe")

# Rows of a network's table that a few thousand sentences can fill; the rest of a text is rare.
_MAX_VOCABULARY = {"char": 5_000, "word": 20_000, "bpe": 4_000}
# From here on there are enough words that come once to learn from them what an unknown word is.
_MANY_WORDS = 10_000


@dataclass(frozen=True)
class TextFeatures:
    """A vocabulary and the rule that cuts texts into its tokens. Made by `fit` or `from_dict`.

    Every text is brought to Unicode's composed form (NFC) first, so that equal texts have equal tokens.
    "char" takes code points, not graphemes: a character that was never seen whole (a letter with a new
    accent, a new emoji of known parts) still has known parts, and joining them gives the text back. "word"
    takes the words of `split_words`. "bpe" takes byte pairs, which know every text.

    Attributes:
        level: "char", "word" or "bpe".
        lowercase: whether texts are brought to lower case.
        vocabulary: the tokens by id. Id 0 is the unknown token; then come the most frequent first, of byte
            pairs the bytes and then the pairs in the order of ``merges``.
        merges: the pairs that byte-pair encoding joins, in order; None at the other levels.
    """

    level: str
    lowercase: bool
    vocabulary: tuple[str, ...]
    merges: tuple[Merge, ...] | None = None

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        *,
        level: str,
        lowercase: bool | None = None,
        max_vocabulary: int | None = None,
        min_count: int | None = None,
    ) -> "TextFeatures":
        """Learn the vocabulary of ``texts``.

        Args:
            texts: to learn from; nothing but training texts.
            level: "char", "word" or "bpe".
            lowercase: None for words alone: the others would not give the text back.
            max_vocabulary: tokens at most, the unknown one among them; None for 5,000 characters, 20,000
                words or 4,000 byte pairs. The rarest are left out.
            min_count: times that a token must come; None for 2 where there are 10,000 words or more, so
                that the unknown token is learned from those that come once, else for 1 (2 for byte pairs).

        Raises:
            InputError: an argument is wrong, or the texts hold nothing to learn.
            MissingExtraError: level "bpe" without the tokenizers library.
        """
        one_of("level", level, LEVELS)
        if not isinstance(lowercase, bool | None):
            raise InputError(f"lowercase must be True, False or None, got {lowercase!r}")
        lowercase = level == "word" if lowercase is None else lowercase
        size = (
            _MAX_VOCABULARY[level]
            if max_vocabulary is None
            else positive_int("max_vocabulary", max_vocabulary)
        )
        least = None if min_count is None else positive_int("min_count", min_count)
        if level == "bpe":
            if size <= len(byte_alphabet()):
                raise InputError(
                    "max_vocabulary must be at least 257 for bpe, the 256 bytes and the unknown token; "
                    f"got {size}"
                )
            prepared = [normalise(text, lowercase) for text in check_texts(texts)]
            if not any(prepared):
                raise InputError("the texts hold no characters; give texts to learn the vocabulary from")
            tokens, merges = learn_merges(prepared, size=size - 1, min_count=least or 2)
            return cls(level, lowercase, (UNKNOWN, *tokens), tuple(merges))
        counts: Counter[str] = Counter()
        for text in check_texts(texts):
            text = normalise(text, lowercase)
            counts.update(split_words(text) if level == "word" else text)
        least = least or (2 if level == "word" and counts.total() >= _MANY_WORDS else 1)
        kind = "words" if level == "word" else "characters"
        if not counts:
            raise InputError(f"the texts hold no {kind}; give texts to learn the vocabulary from")
        return cls(level, lowercase, (UNKNOWN, *most_frequent(counts, size - 1, least, kind)))

    @property
    def size(self) -> int:
        """V, the number of ids: 0 to V−1."""
        return len(self.vocabulary)

    def normalise(self, text: str) -> str:
        """``text`` as it is cut into tokens: composed, and in lower case if so chosen."""
        return normalise(text, self.lowercase)

    def tokens(self, text: str) -> list[str]:
        """The tokens of ``text``, known or not; those of "bpe" in its byte alphabet, where Ġ is a space."""
        text = self.normalise(text)
        if self.level == "bpe":
            return self._tokenizer.encode(text).tokens
        return split_words(text) if self.level == "word" else list(text)

    def __call__(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The ids of each text, int64 (T_i,) or (0,) if empty; raises InputError unless all are texts."""
        ids = self._ids
        rows = ([ids.get(token, 0) for token in self.tokens(text)] for text in check_texts(texts))
        return [np.asarray(row, dtype=np.int64) for row in rows]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ``ids``; words with a space between them, an unknown token as �.

        At the levels "char" and "bpe" ``decode(ids of text)`` is ``normalise(text)``, if all is known.
        Raises InputError if an id is not one of the vocabulary.
        """
        places = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids))
        if places.ndim != 1 or (places.size and not np.issubdtype(places.dtype, np.integer)):
            raise InputError(
                f"ids must be whole numbers in one row, got {places.dtype} of shape {places.shape}"
            )
        if places.size and (places.min() < 0 or places.max() >= self.size):
            wrong = places[(places < 0) | (places >= self.size)][0]
            raise InputError(f"ids must be between 0 and {self.size - 1}, the vocabulary's last, got {wrong}")
        tokens = [self.vocabulary[place] for place in places]
        if self.level == "bpe":
            return self._tokenizer.decoder.decode(tokens)
        return (" " if self.level == "word" else "").join(tokens)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "level": self.level,
            "lowercase": self.lowercase,
            "vocabulary": list(self.vocabulary),
            "merges": None if self.merges is None else [list(pair) for pair in self.merges],
        }

    @classmethod
    def from_dict(cls, fields: Any, name: str = "text") -> "TextFeatures":
        """Undo `to_dict`; raises InputError that names the place below ``name`` if ``fields`` is not such."""
        check_names(fields, ("level", "lowercase", "vocabulary", "merges"), name)
        level, lowercase = fields["level"], fields["lowercase"]
        if not isinstance(level, str) or level not in LEVELS:
            raise InputError(f"{name}.level must be one of {', '.join(LEVELS)}, got {level!r}")
        if not isinstance(lowercase, bool):
            raise InputError(f"{name}.lowercase must be true or false, got {lowercase!r}")
        vocabulary = check_vocabulary(fields["vocabulary"], f"{name}.vocabulary")
        if level == "bpe":
            return cls(level, lowercase, vocabulary, _check_merges(fields["merges"], vocabulary, name))
        if fields["merges"] is not None:
            raise InputError(f"{name}.merges must be null at level {level!r}")
        return cls(level, lowercase, vocabulary)

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {token: place for place, token in enumerate(self.vocabulary)}

    @functools.cached_property
    def _tokenizer(self) -> "Tokenizer":
        # The tokenizer numbers its own tokens from 0; it never sees the unknown one.
        ids = {token: place - 1 for token, place in self._ids.items() if place}
        return make_tokenizer(ids, self.merges or ())


def normalise(text: str, lowercase: bool) -> str:
    """``text`` in Unicode's composed form (NFC), in lower case if asked.

    Raises InputError for half a surrogate pair, which is no character and cannot be saved.
    """
    if text.isascii():
        return text.lower() if lowercase else text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"a text holds half a surrogate pair at character {error.start + 1}, which is no character; "
            "decode the text anew from its bytes"
        ) from error
    text = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", text.lower()) if lowercase else text


def check_texts(texts: Any, name: str = "texts") -> list[str]:
    """Return ``texts`` as a list; raise InputError unless they are texts."""
    if isinstance(texts, str):
        raise InputError(f"{name} must be a list of texts, got one text; put it in a list")
    texts = list(texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"{name}[{place}] must be text, got {type(text).__name__}")
    return texts


def _check_merges(merges: Any, vocabulary: tuple[str, ...], name: str) -> tuple[Merge, ...]:
    """Return ``merges``; raise InputError unless they join tokens of a ``vocabulary`` that has all bytes."""
    known = set(vocabulary[1:])
    missing = sorted(byte_alphabet() - known)
    if missing:
        raise InputError(f"{name}.vocabulary must have the 256 bytes at level 'bpe'; it lacks {missing[0]!r}")
    if not isinstance(merges, list):
        raise InputError(f"{name}.merges must be a list of pairs at level 'bpe', got {merges!r}")
    for index, pair in enumerate(merges):
        is_pair = isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        if not is_pair or not {*pair, "".join(pair)} <= known:
            raise InputError(
                f"{name}.merges[{index}] must be two tokens of the vocabulary that join to one, got {pair!r}"
            )
    return tuple((left, right) for left, right in merges)
