"""A causal model of labelled sequences that goes along one sequence, step by step."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra._base.errors import InputError
from recurra.data import AudioFeatures, FrameStream, SeriesFeatures, TextFeatures, TextWords, WordFeatures
from recurra.runtime.features import Features
from recurra.runtime.stepping import NetworkStream
from recurra.runtime.stream_state import from_bytes, pack_network, to_bytes, unpack_network

if TYPE_CHECKING:
    from recurra.runtime.sequence_model import SequenceModel

_UNITS = {"char": "character", "word": "word", "bpe": "token"}


class SequenceStream:
    """What the model says of a sequence after each step of it: the same bits as of the sequence up to there.

    ``read`` makes a network's output (O,) what `step` returns. ``state`` is what another stream of the same
    model gave. Raises InputError for a model in both directions, whose steps need what comes later, for one
    whose audio features need the whole clip, and for a state that is not this model's.
    """

    def __init__(
        self,
        model: "SequenceModel",
        read: Callable[[np.ndarray], np.ndarray],
        state: bytes | None = None,
    ) -> None:
        self._model, self._read = model, read
        self._network = NetworkStream(model.network)
        self._frames = _frames(model.features)
        if state is not None:
            self._take(from_bytes(state, model.fingerprint))

    def step(self, x: Any) -> np.ndarray:
        """The model's answer, float64, after one more step ``x``, as whole sequences have it.

        ``x`` is an array (I,) or a number where there is one column; a token of a text; a word. Raises
        InputError for anything else, and for a model of audio, which takes samples, see `push`.
        """
        return self._read(self._network.step(self._input(x)))

    def push(self, samples: np.ndarray) -> np.ndarray:
        """The answers (k, O) float64 to the k frames that ``samples`` (n,), at the model's rate, complete."""
        if self._frames is None:
            raise InputError("push takes samples of audio; use step(x), as the model is of other sequences")
        rows = self._frames.push(samples)
        answers = [self._read(self._network.step(row)) for row in rows]
        return np.stack(answers) if answers else np.empty((0, self._model.output_size))

    def state(self) -> bytes:
        """The state after the last step, from which another stream of this model goes on alike."""
        return to_bytes(self._arrays(), self._model.fingerprint)

    def reset(self) -> None:
        """Go back to before the first step."""
        self._network.reset()
        self._frames = _frames(self._model.features)

    def _input(self, x: Any) -> Any:
        match self._model.features:
            case SeriesFeatures() as features:
                row = _numbers(x)
                if row.shape != (features.size,) or not np.isfinite(row).all():
                    raise InputError(f"x must be {features.size} finite numbers, got {x!r}")
                return features([row[None]])[0][0]
            case WordFeatures() as features:
                if not isinstance(x, str):
                    raise InputError(f"x must be a word, as text, got {x!r}")
                return features([[x]])[0][0]
            case TextFeatures() | TextWords() as features:
                ids = features([x])[0] if isinstance(x, str) else []
                if len(ids) != 1:
                    raise InputError(f"x must be one {_UNITS[features.level]} of a text, got {x!r}")
                return ids[0]
            case _:
                raise InputError("a stream of audio takes samples: use push(samples)")

    def _arrays(self) -> dict[str, np.ndarray]:
        """All that the stream remembers, by name."""
        arrays = pack_network(self._network.state())
        if self._frames is not None:
            arrays |= self._frames.state()
        return arrays

    def _take(self, arrays: dict[str, np.ndarray]) -> None:
        """Remember what another stream's `_arrays` gave; InputError for anything else."""
        if self._frames is not None:
            self._frames.restore({name: arrays.pop(name) for name in arrays.keys() & {"samples"}})
        self._network.restore(unpack_network(arrays))


def _frames(features: Features) -> FrameStream | None:
    return FrameStream(features) if isinstance(features, AudioFeatures) else None


def _numbers(x: Any) -> np.ndarray:
    try:
        return np.atleast_1d(np.asarray(x, np.float32))
    except (TypeError, ValueError):
        return np.empty(0, np.float32)
