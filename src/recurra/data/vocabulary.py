"""Vocabularies: which tokens are known, in which order, and what a file may say of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from recurra._base.errors import InputError

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""What an unknown token is shown as; its id is 0."""


def most_frequent(counts: Counter[str], size: int, min_count: int, kind: str) -> list[str]:
    """Up to ``size`` tokens with a count of ``min_count`` or more, often first, then by code points.

    Raises InputError if that leaves none.
    """
    counts.pop(UNKNOWN, None)
    kept = sorted((-count, token) for token, count in counts.items() if count >= min_count)[:size]
    if not kept:
        raise InputError(
            f"a vocabulary of {size + 1} {kind} that come at least {min_count} times is empty; "
            "raise max_vocabulary or lower min_count"
        )
    return [token for _, token in kept]


def check_vocabulary(tokens: Any, place: str) -> tuple[str, ...]:
    """Return ``tokens`` as a tuple; raise InputError unless they are texts that differ, the unknown first."""
    if not isinstance(tokens, list) or not tokens or tokens[0] != UNKNOWN:
        raise InputError(f"{place} must be a list of texts that begins with {UNKNOWN!r}, the unknown token")
    seen = set()
    for index, token in enumerate(tokens):
        if not isinstance(token, str) or not token:
            raise InputError(f"{place}[{index}] must be text that is not empty, got {token!r}")
        if token in seen:
            raise InputError(f"{place}[{index}] comes twice: {token!r}")
        seen.add(token)
    try:
        "".join(tokens).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{place} holds half a surrogate pair, which is no character") from error
    return tuple(tokens)


def check_names(fields: Any, names: Sequence[str], place: str) -> None:
    """Raise InputError, naming ``place``, unless ``fields`` is a dictionary with just these ``names``."""
    if not isinstance(fields, dict):
        raise InputError(f"{place} must be a dict, got {fields!r}")
    for name in names:
        if name not in fields:
            raise InputError(f"{place} must have {name}, got only {', '.join(map(str, fields)) or 'nothing'}")
    for name in fields:
        if name not in names:
            raise InputError(f"{place} must not have {name!r}")
