"""Connectionist temporal classification: a distribution over symbols and a blank for each frame.

An alignment, one symbol or blank a frame, means the symbols that are left when those that repeat the frame
before are taken out, and then the blanks; a text is as probable as all its alignments together. Graves,
Fernández, Gomez and Schmidhuber, "Connectionist temporal classification: labelling unsegmented sequence data
with recurrent neural networks", ICML 2006.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.errors import InputError


def ctc_greedy(log_probabilities: Any, blank: int) -> tuple[np.ndarray, np.ndarray]:
    """What the most probable alignment means: "best path decoding", section 3.2 of Graves et al. 2006.

    Args:
        log_probabilities: (T, V), natural, of each symbol in each frame; of equal ones the lower id.
        blank: the id of the blank.

    Returns tokens (U,) and the frames (U,) in which they begin, both int64, U ≤ T. Raises InputError for
    another shape, a blank that is no symbol, and a frame in which no symbol can be or one is NaN.
    """
    return CtcReader(blank).read(log_probabilities)


class CtcReader:
    """`ctc_greedy` for frames that arrive in pieces: all that is read is what the whole would give."""

    def __init__(self, blank: int) -> None:
        self._blank = blank
        self.reset()

    def read(self, log_probabilities: Any) -> tuple[np.ndarray, np.ndarray]:
        """The tokens (U,) that begin in the next T frames, and which (U,), counted from the very first frame.

        Arguments and errors are those of `ctc_greedy`; after an error nothing was read.
        """
        best = check_frames(log_probabilities, self._blank).argmax(axis=1)
        before = np.concatenate([[self._last], best])
        begins = np.flatnonzero((best != before[:-1]) & (best != self._blank))
        frames = self._frames + begins
        self._last, self._frames = int(before[-1]), self._frames + len(best)
        return best[begins], frames

    def state(self) -> dict[str, np.ndarray]:
        """What was ``last``, a symbol or the blank, and how many ``frames`` were read: each () int64."""
        return {"last": np.array(self._last, np.int64), "frames": np.array(self._frames, np.int64)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a `state`; raises InputError for what is none."""
        arrays = dict(state)
        if set(arrays) != {"last", "frames"}:
            got = ", ".join(sorted(map(str, arrays))) or "none"
            raise InputError(f"the state of a reader must have the arrays last and frames, got {got}")
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray) or array.shape != () or array.dtype != np.int64 or array < 0:
                raise InputError(
                    f"state {name!r} must be a whole number of at least 0, int64 (), got {array!r}"
                )
        self._last, self._frames = int(arrays["last"]), int(arrays["frames"])

    def reset(self) -> None:
        """Go back to before the first frame."""
        self._last, self._frames = self._blank, 0


def check_frames(log_probabilities: Any, blank: int) -> np.ndarray:
    """``log_probabilities`` as they are, (T, V); raises InputError unless each frame has some symbol."""
    scores = np.asarray(log_probabilities)
    if scores.ndim != 2 or not scores.shape[1]:
        raise InputError(
            f"log_probabilities must have shape (T, V), a row for each frame, got {scores.shape}"
        )
    if not 0 <= blank < scores.shape[1]:
        raise InputError(f"blank must be one of the {scores.shape[1]} symbols, from 0, got {blank}")
    peak = scores.max(axis=1)
    wrong = np.flatnonzero(~np.isfinite(peak))
    if len(wrong):
        raise InputError(
            f"log_probabilities must have a finite highest value, got {peak[wrong[0]]:g} in frame {wrong[0]}"
        )
    return scores
