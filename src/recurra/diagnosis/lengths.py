"""How long sequences are, and what filling them up to equal lengths would cost."""

from dataclasses import dataclass, field

import numpy as np

from recurra._base.wording import plural
from recurra.diagnosis.finding import HINT, WARNING, Finding
from recurra.diagnosis.words import figure, share

BATCH_SIZE = 32
_POOL = 50  # batches that training sorts by length together
_MOST_BINS = 60
_MUCH_PADDING = 0.3
_PLACES = {"lowest": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "99 %": 0.99}


@dataclass(frozen=True)
class Padding:
    """The share of all steps that would be padding, where every batch is as long as its longest sequence.

    Attributes:
        batch_size: sequences in a batch.
        together: with all of them in one batch.
        random: in batches drawn at random.
        bucketed: in batches of like length, as training draws them.
    """

    batch_size: int
    together: float
    random: float
    bucketed: float


@dataclass(frozen=True, eq=False)
class Lengths:
    """The lengths of N sequences.

    Attributes:
        unit: what they are counted in, in the singular.
        count, total: N, and the sum of all.
        empty: how many have none.
        mean: of all.
        quantiles: by name, from the lowest to the highest.
        padding: what it would cost.
        edges, counts: (B + 1,) and (B,) of the histogram.
    """

    unit: str
    count: int
    total: float
    empty: int
    mean: float
    quantiles: dict[str, float]
    padding: Padding
    edges: np.ndarray = field(metadata={"picture": True})
    counts: np.ndarray = field(metadata={"picture": True})


def measure(lengths: np.ndarray, unit: str) -> Lengths:
    """The distribution of ``lengths`` (N,), whole numbers or, of clips, seconds; N at least 1."""
    low, high = float(lengths.min()), float(lengths.max())
    if lengths.dtype.kind in "iu":
        width = max(1, -(-int(high - low + 1) // _MOST_BINS))
        edges = np.arange(low, high + width + 1, width) - 0.5
    else:
        edges = np.linspace(low, high if high > low else low + 1, min(_MOST_BINS, 40) + 1)
    counts, _ = np.histogram(lengths, edges)
    found = np.quantile(lengths, [*_PLACES.values(), 1.0]).tolist()
    return Lengths(
        unit=unit,
        count=len(lengths),
        total=lengths.sum().item(),
        empty=int((lengths == 0).sum()),
        mean=float(lengths.mean()),
        quantiles=dict(zip([*_PLACES, "highest"], found)),
        padding=padding(lengths),
        edges=edges,
        counts=counts,
    )


def padding(lengths: np.ndarray, *, batch_size: int = BATCH_SIZE) -> Padding:
    """What padding would cost sequences of ``lengths`` (N,), in an order drawn with a fixed seed."""
    order = np.random.default_rng(0).permutation(len(lengths))
    shuffled = lengths[order]
    pool = _POOL * batch_size
    pools = [np.sort(shuffled[start : start + pool]) for start in range(0, len(shuffled), pool)]
    return Padding(
        batch_size=batch_size,
        together=_wasted(lengths, len(lengths)),
        random=_wasted(shuffled, batch_size),
        bucketed=_wasted(np.concatenate(pools), batch_size),
    )


def length_findings(lengths: Lengths, items: str) -> list[Finding]:
    """What is to be said of lengths; ``items`` are what has them, in the plural."""
    found = []
    if lengths.empty:
        found.append(
            Finding(
                WARNING,
                f"{lengths.empty:,} of {lengths.count:,} {items} ({share(lengths.empty, lengths.count)}) "
                f"{'has nothing in it' if lengths.empty == 1 else 'have nothing in them'}.",
                "Leave them out, or fill them in.",
            )
        )
    longest, usual = lengths.quantiles["highest"], lengths.quantiles["99 %"]
    if usual and longest > 5 * usual:
        found.append(
            Finding(
                HINT,
                f"The longest of the {items} has {figure(longest)} {plural(lengths.unit)}, while 99 in 100 "
                f"have {figure(usual)} or fewer.",
                "Look at the longest ones: they may be several in one, and cost time and memory.",
            )
        )
    if lengths.padding.random > _MUCH_PADDING and lengths.count > lengths.padding.batch_size:
        found.append(
            Finding(
                HINT,
                f"The {items} differ much in length: in random batches of {lengths.padding.batch_size}, "
                f"{share(lengths.padding.random, 1)} of all steps would be padding; in batches of like "
                f"length {share(lengths.padding.bucketed, 1)}.",
                "Nothing in Recurra, which batches by length and takes no step on padding; elsewhere, sort "
                "by length.",
            )
        )
    return found


def _wasted(lengths: np.ndarray, batch_size: int) -> float:
    starts = np.arange(0, len(lengths), batch_size)
    sizes = np.diff(np.append(starts, len(lengths)))
    steps = float((np.maximum.reduceat(lengths, starts) * sizes).sum())
    return 1 - float(lengths.sum()) / steps if steps else 0.0
