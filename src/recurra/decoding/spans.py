"""Tags that mark spans: which may follow which, and the spans that they mean.

In IOB2 ("BIO") ``B-X`` begins a span of type X, ``I-X`` goes on with it, and ``O`` is outside; "BIOES" ends a
span of several tokens with ``E-X`` and marks one of a single token ``S-X``. Tjong Kim Sang & Veenstra,
"Representing text chunks", EACL 1999; Ratinov & Roth, "Design challenges and misconceptions in named entity
recognition", CoNLL 2009.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of

SCHEMES = {"BIO": ("B", "I"), "BIOES": ("B", "I", "E", "S")}
"""The prefixes of each scheme."""

OUTSIDE = "O"


class Span(NamedTuple):
    """The tokens from ``start`` to before ``stop``."""

    start: int
    stop: int
    type: str


class Allowed(NamedTuple):
    """What a sequence of K tags may do, as masks."""

    transitions: np.ndarray
    """(K, K), from a tag to the next one."""
    start: np.ndarray
    """(K,), whether a sequence may begin with it."""
    end: np.ndarray
    """(K,), whether a sequence may end with it."""

    def including(self, sequences: Iterable[np.ndarray]) -> "Allowed":
        """These rules, less those that one of the ``sequences`` of tags' numbers (T_i,) breaks."""
        rules = Allowed(*(mask.copy() for mask in self))
        for tags in sequences:
            if len(tags):
                rules.transitions[tags[:-1], tags[1:]] = True
                rules.start[tags[0]] = rules.end[tags[-1]] = True
        return rules


def scheme_of(tags: Iterable[str]) -> str | None:
    """The scheme in which all ``tags`` are written; None if there is none, or no span begins."""
    names = set(tags) - {OUTSIDE}
    prefixes = {tag.split("-", 1)[0] if _is_marked(tag) else None for tag in names}
    for scheme, own in SCHEMES.items():
        if prefixes <= set(own) and prefixes & {"B", "S"}:
            return scheme
    return None


def allowed(tags: Sequence[str], scheme: str) -> Allowed:
    """What sequences of ``tags`` (K of them) may do in ``scheme``, "BIO" or "BIOES".

    Raises InputError for a tag that is not of the scheme.
    """
    prefixes = SCHEMES[one_of("scheme", scheme, SCHEMES)]
    split = []
    for tag in tags:
        prefix, _, type_ = tag.partition("-")
        if tag != OUTSIDE and not (_is_marked(tag) and prefix in prefixes):
            forms = ", ".join(f"{prefix}-X" for prefix in prefixes)
            raise InputError(f"tags must be O, or {forms} in the scheme {scheme}, got {tag!r}")
        split.append((prefix, type_))

    begins = np.array([prefix in ("O", "B", "S") for prefix, _ in split], bool)
    # In IOB2 a span may end after any of its tokens.
    ends = np.array([prefix in ("O", "E", "S") or scheme == "BIO" for prefix, _ in split], bool)
    types = [type_ for _, type_ in split]
    same = np.array([[a == b for b in types] for a in types], bool)
    inside = np.array([prefix in ("B", "I") for prefix, _ in split], bool)
    goes_on = inside[:, None] & ~begins & same
    return Allowed(goes_on | (ends[:, None] & begins), begins, ends)


def spans(tags: Sequence[str]) -> set[Span]:
    """The spans of one sequence in either scheme, read as the CoNLL shared tasks' scorer reads them.

    ``I-X`` and ``E-X`` go on with a span of the same type, and begin one where there is none.
    """
    found = set()
    start, type_ = 0, None
    for place, tag in enumerate([*tags, OUTSIDE]):
        prefix, _, own = tag.partition("-")
        marked = _is_marked(tag)
        if type_ is not None and not (marked and prefix in ("I", "E") and own == type_):
            found.add(Span(start, place, type_))
            type_ = None
        if marked and type_ is None:
            start, type_ = place, own
        if marked and prefix in ("E", "S") and type_ is not None:
            found.add(Span(start, place + 1, type_))
            type_ = None
    return found


def _is_marked(tag: str) -> bool:
    """Whether the tag belongs to a span: ``B-X`` and so on."""
    prefix, dash, type_ = tag.partition("-")
    return prefix in SCHEMES["BIOES"] and bool(dash and type_)
