"""A causal transcriber that goes along one sequence and writes as it hears."""

from typing import TYPE_CHECKING

import numpy as np

from recurra._base.errors import InputError
from recurra.decoding import CtcReader
from recurra.runtime.sequence_stream import SequenceStream
from recurra.runtime.transcript import BLANK

if TYPE_CHECKING:
    from recurra.runtime.transcription import TranscriptionModel

_READER, _SYMBOLS, _STEPS = "reader.", "symbols", "steps"


class TranscriptionStream(SequenceStream):
    """What a sequence says so far: what the model reads greedily of the sequence up to there.

    `step` and `push` give the probabilities (V,) of the blank and of each symbol at a step; `text` is what
    they come to. Raises InputError as `SequenceStream` does.
    """

    _model: "TranscriptionModel"

    def __init__(self, model: "TranscriptionModel", state: bytes | None = None) -> None:
        self._reader = CtcReader(BLANK)
        self._tokens: list[int] = []
        self._steps: list[int] = []
        super().__init__(model, self._hear, state)

    @property
    def text(self) -> str:
        """The text so far."""
        return self._model.symbols.decode(self._tokens)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The characters or words so far, (L,)."""
        return tuple(self._model.symbols.vocabulary[token] for token in self._tokens)

    @property
    def times(self) -> tuple[float, ...]:
        """Where each of them begins, (L,): seconds from the first sample, or steps of a series."""
        return tuple(self._model.times(np.array(self._steps, np.int64)).tolist())

    def reset(self) -> None:
        """Go back to before the first step."""
        super().reset()
        self._reader.reset()
        self._tokens, self._steps = [], []

    def _hear(self, output: np.ndarray) -> np.ndarray:
        known = self._model.log_probabilities(output[None])
        tokens, steps = self._reader.read(known)
        self._tokens += tokens.tolist()
        self._steps += steps.tolist()
        return np.exp(known[0])

    def _arrays(self) -> dict[str, np.ndarray]:
        reader = {f"{_READER}{name}": array for name, array in self._reader.state().items()}
        heard = {_SYMBOLS: np.array(self._tokens, np.int64), _STEPS: np.array(self._steps, np.int64)}
        return {**super()._arrays(), **reader, **heard}

    def _take(self, arrays: dict[str, np.ndarray]) -> None:
        reader = {name: arrays.pop(name) for name in list(arrays) if name.startswith(_READER)}
        heard = [arrays.pop(name, None) for name in (_SYMBOLS, _STEPS)]
        super()._take(arrays)
        self._reader.restore({name.removeprefix(_READER): array for name, array in reader.items()})
        self._tokens, self._steps = _checked(heard, self._model.symbols.size)


def _checked(heard: list[np.ndarray | None], size: int) -> tuple[list[int], list[int]]:
    """Symbols below ``size`` and the steps where they begin; InputError where a state has none such."""
    symbols, steps = (
        array if array is not None and array.ndim == 1 and array.dtype == np.int64 else np.array([-1])
        for array in heard
    )
    if len(symbols) != len(steps) or (steps < 0).any() or ((symbols <= BLANK) | (symbols >= size)).any():
        raise InputError(
            f"the state of a transcriber must have the symbols so far, from 1 to {size - 1}, and their steps"
        )
    return symbols.tolist(), steps.tolist()
