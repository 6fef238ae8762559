"""Text that a language model writes, piece by piece, as it is drawn."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from recurra.data import TextFeatures
from recurra.decoding import Sampling, draw
from recurra.runtime.language_stream import LanguageStream

_UNKNOWN = 0
_LATELY = 64  # tokens that the repetition penalty looks back
_HALF = "\ufffd"  # is read for bytes that are no character, or not all of one yet
_MOST_HALF = 3  # bytes, and so tokens, of such an end


class Writer:
    """Pieces of text that go on where ``stream`` stands; iterate over it once.

    Never writes the unknown token; ends with the document where ``ends``, else after ``length`` tokens, or
    before the text ``stop``. ``before`` (T,) are the tokens that the stream has read; ``apart`` is whether a
    word can follow them without a space.

    Attributes:
        tokens: how many were written so far.
        log_probability: of them under the model, whatever the sampling.
        stopped: "length", "stop" or "end", once it has.
    """

    def __init__(
        self,
        stream: LanguageStream,
        features: TextFeatures,
        *,
        ends: bool,
        before: np.ndarray,
        apart: bool,
        length: int,
        sampling: Sampling,
        stop: str | None,
        generator: np.random.Generator,
    ) -> None:
        self._stream, self._features, self._ends, self._length = stream, features, ends, length
        self._sampling, self._stop, self._generator = sampling, stop, generator
        self._lately, self._apart = deque(before.tolist(), maxlen=_LATELY), apart
        self.tokens, self.log_probability, self.stopped = 0, 0.0, "length"

    def __iter__(self) -> Iterator[str]:
        return self._pieces() if self._stop is None else self._until(self._stop)

    def _until(self, stop: str) -> Iterator[str]:
        """The text up to ``stop``."""
        held = ""  # what may be the beginning of it
        for piece in self._pieces():
            held += piece
            if (place := held.find(stop)) >= 0:
                self.stopped = "stop"
                held = held[:place]
                break
            ready = len(held) - _overlap(held, stop)
            if ready:
                yield held[:ready]
                held = held[ready:]
        if held:
            yield held

    def _pieces(self) -> Iterator[str]:
        """Text of one token, or of a few where it takes them to make a character."""
        features, sampling, generator = self._features, self._sampling, self._generator
        boundary = features.size
        whole = None if features.level == "bpe" else features.vocabulary  # the text of a token by itself
        between = " " if features.level == "word" else ""
        pending: list[int] = []  # the last tokens whose bytes may not be all of a character yet
        told = 0  # characters of them that were given
        never = np.zeros(boundary + 1)
        never[_UNKNOWN] = -np.inf
        if not self._ends:
            never[boundary] = -np.inf
        lately = self._lately if sampling.repetition_penalty != 1 else ()
        for _ in range(self._length):
            likely = self._stream.log_probabilities
            token = draw(sampling.probabilities(likely + never, lately), generator)
            self.log_probability += float(likely[token])
            if token == boundary:
                self.stopped = "end"
                break
            self._stream.step(token)
            self.tokens += 1
            self._lately.append(token)
            if whole is not None:
                yield whole[token] if self._apart else between + whole[token]
                self._apart = False
                continue
            pending.append(token)
            text = features.decode(pending)
            is_half = text.endswith(_HALF)
            if told < (sure := len(text) - is_half):
                yield text[told:sure]
            pending = pending[-_MOST_HALF:] if is_half else []
            told = len(features.decode(pending)) - 1 if is_half else 0
        if pending:
            yield features.decode(pending)[told:]


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` are a beginning of ``stop``."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
