"""A language model that goes along one text, token by token."""

from typing import TYPE_CHECKING

import numpy as np

from recurra._base.errors import InputError
from recurra.runtime.stepping import NetworkStream
from recurra.runtime.stream_state import from_bytes, pack_network, to_bytes, unpack_network

if TYPE_CHECKING:
    from recurra.runtime.language import TextModel

_NEXT = "log_probabilities"
_MOST_STEPS, _MOST_VALUES = 1_024, 2**21  # of log-probabilities at once, so that memory stays small


class LanguageStream:
    """What a model says of the next token after each token of a text, with the bits of whole texts.

    ``state`` is what another stream of the same model gave; None is before the first token of a document.
    Raises InputError for a state that is not this model's.

    Attributes:
        log_probabilities: (V + 1,) float64, natural, of each token that may come next; at the end, of that
            the document is over. The unknown token is among them.
    """

    log_probabilities: np.ndarray

    def __init__(self, model: "TextModel", state: bytes | None = None) -> None:
        self._model = model
        self._network = NetworkStream(model.network)
        if state is None:
            self.reset()
        else:
            arrays = from_bytes(state, model.fingerprint)
            following = arrays.pop(_NEXT, np.empty(0))
            self._network.restore(unpack_network(arrays))
            if following.shape != (model.network.output_size,) or following.dtype != np.float64:
                raise InputError(f"state {_NEXT!r} must be float64 ({model.network.output_size},)")
            self.log_probabilities = following

    def step(self, token: int) -> np.ndarray:
        """`log_probabilities` after one more token, its id; raises InputError for an id that there is not."""
        self.log_probabilities = log_softmax(self._network.step(token))
        return self.log_probabilities

    def read(self, tokens: np.ndarray) -> np.ndarray:
        """Step along ``tokens`` (T,) int64: (T,) float64, the log-probability that each had when it came."""
        found = np.empty(len(tokens))
        most = max(1, min(_MOST_STEPS, _MOST_VALUES // len(self.log_probabilities)))
        for start in range(0, len(tokens), most):
            stretch = tokens[start : start + most]
            after = log_softmax(self._network.run(stretch))
            found[start] = self.log_probabilities[stretch[0]]
            found[start + 1 : start + len(stretch)] = after[np.arange(len(stretch) - 1), stretch[1:]]
            self.log_probabilities = after[-1].copy()
        return found

    def state(self) -> bytes:
        """The state after the last token, from which another stream of this model goes on alike."""
        arrays = {**pack_network(self._network.state()), _NEXT: self.log_probabilities}
        return to_bytes(arrays, self._model.fingerprint)

    def reset(self) -> None:
        """Go back to before the first token of a document."""
        self._network.reset()
        self.step(self._model.boundary)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """From float32 logits (…, V) to log-probabilities (…, V) float64, each row on its own."""
    scores = logits.astype(np.float64)
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)  # reduce: without the detours of max and sum
    scores -= np.log(np.add.reduce(np.exp(scores), axis=-1, keepdims=True))
    return scores
