"""A model of music that goes along one piece, step by step."""

from typing import TYPE_CHECKING

import numpy as np

from recurra._base.errors import InputError
from recurra.data import KEYS
from recurra.runtime.stepping import NetworkStream
from recurra.runtime.stream_state import from_bytes, pack_network, to_bytes, unpack_network

if TYPE_CHECKING:
    from recurra.runtime.music import MusicModel

_NEXT = "logits"


class MusicStream:
    """What a model says of the next step after each step of a piece, with the bits of whole pieces.

    ``state`` is what another stream of the same model gave; None is before the first step. Raises InputError
    for a state that is not this model's.

    Attributes:
        logits: (88,) float32: each key sounds at the next step with probability σ(logits).
    """

    logits: np.ndarray

    def __init__(self, model: "MusicModel", state: bytes | None = None) -> None:
        self._model = model
        self._network = NetworkStream(model.network)
        if state is None:
            self.reset()
        else:
            arrays = from_bytes(state, model.fingerprint)
            following = arrays.pop(_NEXT, np.empty(0))
            if following.shape != (KEYS,) or following.dtype != np.float32:
                raise InputError(f"state {_NEXT!r} must be float32 ({KEYS},)")
            self._network.restore(unpack_network(arrays))
            self.logits = following

    def step(self, keys: np.ndarray) -> np.ndarray:
        """`logits` after one more step, which ``keys`` (88,) sound; raises InputError for another shape."""
        keys = np.asarray(keys)
        if keys.shape != (KEYS,):
            raise InputError(f"keys must have shape ({KEYS},), got {keys.shape}")
        self.logits = self._network.step(keys.astype(np.float32))
        return self.logits

    def read(self, roll: np.ndarray) -> None:
        """Step along ``roll`` (T, 88)."""
        if len(roll):
            self.logits = self._network.run(roll.astype(np.float32))[-1].copy()

    def state(self) -> bytes:
        """The state after the last step, from which another stream of this model goes on alike."""
        arrays = {**pack_network(self._network.state()), _NEXT: self.logits}
        return to_bytes(arrays, self._model.fingerprint)

    def reset(self) -> None:
        """Go back to before the first step, which silence stands before."""
        self._network.reset()
        self.step(np.zeros(KEYS))
