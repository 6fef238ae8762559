"""Parts of texts and music that are held out: to choose the best epoch by, or for a test."""

import dataclasses
import numbers
from typing import TypeVar

import numpy as np

from recurra._base.errors import InputError
from recurra.data.corpus import Corpus
from recurra.data.piano_roll import Piece

_SPREAD = 10  # places that a single text is held out at
_LEAST = 500  # characters at each of them
_Whole = TypeVar("_Whole", Corpus, list[Piece])


def cut_corpus(
    corpus: Corpus, *, validation_share: float, test_share: float, seed: int
) -> tuple[Corpus, Corpus, Corpus]:
    """A training, a validation and a test part, by `hold_out`: the test part of the whole comes first, then
    the validation part, spread, of what is left.

    Raises InputError where a share is not between 0 and 1 or a part would be empty.
    """
    rest, test = hold_out(corpus, test_share, name="test_share", seed=seed)
    training, validation = hold_out(rest, validation_share, name="validation_share", seed=seed, spread=True)
    return training, validation, test


def hold_out(
    whole: _Whole, share: float, *, name: str, seed: int, spread: bool = False
) -> tuple[_Whole, _Whole]:
    """What is left of ``whole``, documents or pieces, and the ``share`` of it that is held out, rounded.

    Documents and pieces are drawn by ``seed``, and both parts keep their order. A single document is cut
    where its last characters are the share; or, with ``spread``, some in the middle of every tenth are, so
    that neither part lacks what the text is about in some place, and what follows the text goes on from the
    part that is left. Its parts have no end, because none of them begins and ends
    where a document does. Raises InputError, with the share's ``name``, where it is not between 0 and 1 or a
    part would be empty.
    """
    if isinstance(share, bool) or not isinstance(share, numbers.Real) or not 0 < float(share) < 1:
        raise InputError(f"{name} must be a number above 0 and below 1, got {share!r}")
    if isinstance(whole, Corpus) and len(whole) == 1:
        total = len(whole.texts[0])
        held = _amount(share, total, "characters", name)
        if not spread:
            return _cut(whole, [slice(total - held, total)])
        slices = _middles(total, held)
        what = (
            "middle of the text is" if len(slices) == 1 else f"middles of {len(slices)} parts of the text are"
        )
        note = f"The {what} held out, so what is learnt from is {len(slices) + 1} pieces of it."
        return _cut(dataclasses.replace(whole, notes=(*whole.notes, note)), slices)
    held = _amount(share, len(whole), "documents" if isinstance(whole, Corpus) else "pieces", name)
    mask = np.zeros(len(whole), bool)
    mask[np.random.default_rng(seed).permutation(len(whole))[:held]] = True
    if isinstance(whole, Corpus):
        return whole.take(~mask), whole.take(mask)
    return [whole[i] for i in np.flatnonzero(~mask)], [whole[i] for i in np.flatnonzero(mask)]


def _amount(share: float, total: int, units: str, name: str) -> int:
    """The ``share`` of ``total``, rounded; raises InputError where it is none, or all."""
    held = round(float(share) * total)
    if held == 0:
        raise InputError(f"{name} {share:g} of {total} {units} is none; give a larger share or more {units}")
    if held == total:
        raise InputError(
            f"{name} {share:g} of {total} {units} leaves none to train on; "
            f"give a smaller share or more {units}"
        )
    return held


def _middles(total: int, held: int) -> list[slice]:
    """Where ``held`` of ``total`` characters lie in the middles of its tenths, or of fewer parts."""
    places = min(_SPREAD, max(1, held // _LEAST))
    slices = []
    for k in range(places):
        length = held * (k + 1) // places - held * k // places
        start = (total * k // places + total * (k + 1) // places - length) // 2
        slices.append(slice(start, start + length))
    return slices


def _cut(corpus: Corpus, slices: list[slice]) -> tuple[Corpus, Corpus]:
    """The only document without its ``slices``, which are in order, and those."""
    note = ("The only document was cut into parts, so where it ends is not learnt.",) * corpus.ends
    cut = dataclasses.replace(corpus, ends=False, notes=corpus.notes + note)
    (text,) = corpus.texts
    ends = [0, *(held.stop for held in slices)]
    starts = [*(held.start for held in slices), len(text)]
    kept = [text[end:start] for end, start in zip(ends, starts, strict=True) if end < start]
    return dataclasses.replace(cut, texts=kept), dataclasses.replace(cut, texts=[text[s] for s in slices])
