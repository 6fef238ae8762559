"""Sources and the texts that they become: what a model of sequence to sequence learns from."""

import dataclasses
import hashlib
import json
import numbers
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data.audio import Clip
from recurra.data.sequences import Sequences
from recurra.data.text import check_texts, normalise
from recurra.data.word_rule import split_words


@dataclass(frozen=True, eq=False)
class Pairs:
    """N sources, and the text that each becomes. A source without anything in it becomes the empty text.

    Texts are brought to Unicode's composed form (NFC), and those of nothing that can be seen, such as blanks
    and zero-width spaces, are made empty.

    Attributes:
        sources: N of one kind.
        targets: N texts; None where they are not known.
        names: where each comes from: "train.de, line 3".
        notes: what was left out or changed, in sentences for people.

    Raises InputError where numbers of sources, targets and names differ, a target is no text, or a text has
    half a surrogate pair, which is no character.
    """

    sources: Sequences
    targets: list[str] | None
    names: list[str]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, values in (("targets", self.targets), ("names", self.names)):
            if values is not None and len(values) != len(self.sources):
                raise InputError(
                    f"{name} must be as many as the sources, {len(self.sources):,}, got {len(values):,}"
                )
        if self.sources.kind == "text":
            object.__setattr__(self, "sources", Sequences("text", _composed(self.sources.items)))
        if self.targets is not None:
            object.__setattr__(self, "targets", _composed(check_texts(self.targets, "targets")))

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def columns(self) -> int | None:
        """Of sources that are arrays; None of others, and where no array has a step."""
        widths = (item.shape[1] for item in self.sources.items if self.sources.kind == "series" and len(item))
        return next(widths, None)

    def known_to(self, other: "Pairs") -> int:
        """How many have a source that ``other`` has, too."""
        known = {_key(item) for item in other.sources.items}
        return sum(_key(item) in known for item in self.sources.items)

    def take(self, index: np.ndarray | slice) -> "Pairs":
        """The pairs at ``index``: whole numbers, a mask or a slice."""
        rows = np.arange(len(self))[index]
        return Pairs(
            sources=self.sources.take(rows),
            targets=None if self.targets is None else [self.targets[row] for row in rows],
            names=[self.names[row] for row in rows],
            notes=self.notes,
        )

    def learnable(self) -> "Pairs":
        """Those to learn from: without the pairs whose source is empty, with a note of how many these are.

        An empty target stays, as an answer that ends at once. Raises InputError where there are no targets,
        all of them are empty, or no source is left.
        """
        if self.targets is None:
            raise InputError("training needs targets, got sources alone; give the text that each becomes")
        full = self.sources.lengths() > 0
        empty = len(self) - int(full.sum())
        if empty == len(self):
            raise InputError(
                f"none of {count(empty, 'source')} has anything in it, so there is nothing to learn from; "
                "give sources that are not empty"
            )
        pairs = self.take(full)
        if not any(pairs.targets or ()):
            raise InputError(
                f"none of {count(len(pairs), 'target')} has anything in it, so there is nothing to learn; "
                "give targets that are not empty"
            )
        if not empty:
            return self
        note = f"{empty:,} of {len(self):,} sources {'is' if empty == 1 else 'are'} empty and left out."
        return dataclasses.replace(pairs, notes=(*pairs.notes, note))

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the sources and their targets."""
        contents = json.dumps([self.sources.fingerprint(), self.targets])
        return hashlib.sha256(contents.encode()).hexdigest()


def hold_out_pairs(pairs: Pairs, share: float, *, name: str, seed: int) -> tuple[Pairs, Pairs]:
    """What is left of ``pairs``, and the ``share`` of them that is held out, both in their order.

    Pairs with the same source are all in the one part or all in the other, since a source that was trained
    on says little about others; so the share is met as nearly as whole sources allow. Sources are drawn by
    ``seed``. Raises InputError, with the share's ``name``, where it is not between 0 and 1 or a part would
    be empty.
    """
    if isinstance(share, bool) or not isinstance(share, numbers.Real) or not 0 < float(share) < 1:
        raise InputError(f"{name} must be a number above 0 and below 1, got {share!r}")
    wanted = round(float(share) * len(pairs))
    if wanted == 0:
        raise InputError(
            f"{name} {share:g} of {count(len(pairs), 'pair')} is none; give a larger share or more pairs"
        )
    if wanted == len(pairs):
        raise InputError(
            f"{name} {share:g} of {count(len(pairs), 'pair')} leaves none to train on; "
            "give a smaller share or more pairs"
        )
    places: dict[Hashable, int] = {}
    of_row = np.array([places.setdefault(_key(item), len(places)) for item in pairs.sources.items])
    if len(places) == 1:
        raise InputError(
            f"all {len(pairs):,} pairs have the same source, so {name} can hold none out; "
            "give pairs with several sources"
        )
    sizes = np.bincount(of_row)
    chosen = np.zeros(len(places), bool)
    left = wanted
    for one in np.random.default_rng(seed).permutation(len(places)):
        if sizes[one] <= left:
            chosen[one] = True
            left -= sizes[one]
    if not chosen.any():  # every source comes more often than asked for
        chosen[int(sizes.argmin())] = True
    held = chosen[of_row]
    return pairs.take(~held), pairs.take(held)


def _composed(texts: list[str]) -> list[str]:
    return [normalise(text, lowercase=False) if _is_seen(text) else "" for text in texts]


def _is_seen(text: str) -> bool:
    # Words and signs are all that can be seen. Most texts say so without being cut into them.
    return text[:1].isalnum() or bool(split_words(text))


def _key(item: Any) -> Hashable:
    """What is equal for equal sources alone."""
    if isinstance(item, str):
        return item
    array = item.samples if isinstance(item, Clip) else item
    return array.shape, array.tobytes()
