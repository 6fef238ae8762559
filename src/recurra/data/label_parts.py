"""Parts of labelled sequences: which train and which are held out, without a group in both."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError

_MOST_CHOICES = 100
_COUNTS = 5_000_000  # looked at in all, since many groups are near every share by themselves


def split_labels(
    labels: Sequence[Any] | np.ndarray,
    *,
    groups: Sequence[str] | None = None,
    fraction: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The training and the held-out rows, both in order, (n,) int64.

    Without groups each label gives its share to the held-out part, one row of each always trains, and a
    label of one row only trains; numbers and lists of tags are drawn evenly. With groups, a group is whole
    in one part: of up to 100 random choices the one whose size and labels are nearest to the share is taken.

    Args:
        labels: one a row, N ≥ 2: a class, a float, or a list of tags.
        groups: of each row, at least two; None where rows are independent.
        fraction: of the rows to hold out, above 0 and below 1; at least one row is in each part.
        seed: the same one gives the same parts.

    Raises InputError where an argument is out of range, where no row can be held out, or where every choice
    of groups takes a label out of training.
    """
    n = len(labels)
    if n < 2:
        raise InputError(f"a split needs at least 2 labels, got {n}")
    if not 0 < fraction < 1:
        raise InputError(f"fraction must be above 0 and below 1, got {fraction!r}")
    if groups is not None and len(groups) != n:
        raise InputError(f"groups must have one entry for each of the {n} labels, got {len(groups)}")
    random = np.random.default_rng(seed)
    classes = _classes(labels)
    if groups is None:
        held_out = _stratified(classes, fraction, random)
    else:
        held_out = _whole_groups(classes, labels, groups, fraction, random)
    mask = np.zeros(n, bool)
    mask[held_out] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def by_pattern(names: Sequence[str], pattern: str) -> np.ndarray:
    """(N,) bool: the ``names`` in which the regular expression ``pattern`` is found.

    Raises InputError where it is no regular expression, or finds none or all of them.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(f"the pattern {pattern!r} is not a regular expression: {error}") from error
    mask = np.array([compiled.search(name) is not None for name in names], bool)
    if not mask.any():
        such = f", such as {names[0]!r}" if len(names) else ""
        raise InputError(f"the pattern {pattern!r} matches none of the {len(names)} names{such}")
    if mask.all():
        raise InputError(
            f"the pattern {pattern!r} matches all of the {len(names)} names; nothing is left for "
            "the other part"
        )
    return mask


def by_group(groups: Sequence[str], group: str) -> np.ndarray:
    """(N,) bool: the rows of ``group``. Raises InputError where they are none or all."""
    mask = np.array([each == group for each in groups], bool)
    if not mask.any():
        known = sorted(set(groups))
        more = f" and {len(known) - 10} more" if len(known) > 10 else ""
        raise InputError(f"there is no group {group!r}; the groups are {', '.join(known[:10])}{more}")
    if mask.all():
        raise InputError(f"every row is in the group {group!r}; nothing is left for the other part")
    return mask


def _classes(labels: Sequence[Any] | np.ndarray) -> np.ndarray:
    """(N,) int64: the class of each row; all 0 where the labels are floats or lists of tags."""
    if isinstance(labels[0], float | list | tuple | np.ndarray | np.floating):
        return np.zeros(len(labels), np.int64)
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], np.int64)


def _stratified(classes: np.ndarray, fraction: float, random: np.random.Generator) -> np.ndarray:
    """The held-out rows, drawn from each class in proportion, by largest remainders."""
    sizes = np.bincount(classes)
    wanted = min(max(round(fraction * len(classes)), 1), len(classes) - 1)
    share = np.where(sizes > 1, fraction * sizes, 0.0)
    counts = np.minimum(np.floor(share).astype(np.int64), np.maximum(sizes - 1, 0))
    tie_break = random.permutation(len(sizes))
    for one in np.lexsort((tie_break, counts - share)):
        if counts.sum() < wanted and counts[one] + 1 < sizes[one]:
            counts[one] += 1
    if not counts.any():
        raise InputError("every label has one row only, so none can be held out; give labels more rows")
    rows = [random.permutation(np.flatnonzero(classes == one))[:count] for one, count in enumerate(counts)]
    return np.concatenate(rows)


def _whole_groups(
    classes: np.ndarray,
    labels: Sequence[Any] | np.ndarray,
    groups: Sequence[str],
    fraction: float,
    random: np.random.Generator,
) -> np.ndarray:
    """The held-out rows: groups that together are nearest to ``fraction`` of each class."""
    names = sorted(set(groups))
    if len(names) < 2:
        raise InputError(f"the split keeps groups whole and needs at least 2; all rows are in {names[0]!r}")
    of_row = np.searchsorted(names, groups)
    counts = np.zeros((len(names), int(classes.max()) + 1), np.int64)
    np.add.at(counts, (of_row, classes), 1)
    sizes = counts.sum(axis=0)
    movable = np.flatnonzero((counts < sizes).all(axis=1))
    if not len(movable):
        only = labels[int(np.argmax((counts == sizes).any(axis=0)[classes]))]
        raise InputError(
            f"no group can be held out, since each has a label that no other has, such as {only!r}; "
            "give data with labels in several groups, or no groups"
        )
    nearest, held_out = np.inf, movable[:1]
    for _ in range(min(_MOST_CHOICES, 1 + _COUNTS // counts.size)):
        order = random.permutation(movable)
        running = np.cumsum(counts[order], axis=0)
        off = np.abs(running - fraction * sizes).sum(axis=1)
        off[~(running < sizes).all(axis=1)] = np.inf
        last = int(np.argmin(off))
        if off[last] < nearest:
            nearest, held_out = off[last], order[: last + 1]
    return np.flatnonzero(np.isin(of_row, held_out))
