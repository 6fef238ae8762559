"""Clips: their sample rates, how loud they are, and whether they are clipped or silent."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recurra.data import Clip
from recurra.diagnosis.finding import HINT, WARNING, Finding
from recurra.diagnosis.words import share, some

_FULL = 0.999
_CLIPPED = 1e-3  # the share of samples at full scale
_SILENT = -60.0  # decibels below full scale
_WIDE = 20.0  # decibels between quiet and loud clips
_FLOOR = 1e-10


@dataclass(frozen=True, eq=False)
class Sounds:
    """What N clips sound like.

    Attributes:
        rates: samples a second, and how many clips have so many; the commonest first.
        seconds: of all clips together.
        clipped: the names of those that reach full scale in more than 1 in 1,000 samples.
        silent: the names of those below −60 decibels.
        loudness: (N,) root of the mean square of each, in decibels of full scale.
        quiet, loud: the 5 % and 95 % quantiles of it, without the silent ones; NaN where all are.
    """

    rates: dict[int, int]
    seconds: float
    clipped: tuple[str, ...]
    silent: tuple[str, ...]
    loudness: np.ndarray = field(metadata={"picture": True})
    quiet: float
    loud: float


def listen(clips: Sequence[Clip]) -> Sounds:
    """What ``clips`` sound like."""
    loudness, clipped, silent = [], [], []
    for clip in clips:
        level = 10 * np.log10(max(float(np.mean(np.square(clip.samples, dtype=np.float64))), _FLOOR))
        loudness.append(level)
        if (np.abs(clip.samples) >= _FULL).mean() > _CLIPPED:
            clipped.append(clip.name)
        if level < _SILENT:
            silent.append(clip.name)
    levels = np.array(loudness)
    heard = levels[levels >= _SILENT]
    quiet, loud = np.quantile(heard, [0.05, 0.95]).tolist() if len(heard) else (float("nan"),) * 2
    return Sounds(
        rates=dict(Counter(clip.rate for clip in clips).most_common()),
        seconds=float(sum(len(clip.samples) / clip.rate for clip in clips)),
        clipped=tuple(clipped),
        silent=tuple(silent),
        loudness=levels,
        quiet=quiet,
        loud=loud,
    )


def sound_findings(found: Sounds) -> list[Finding]:
    """What is to be said of them."""
    findings, total = [], len(found.loudness)
    if found.silent:
        findings.append(
            Finding(
                WARNING,
                f"{len(found.silent):,} of {total:,} clips {_are(found.silent)} silent: "
                f"{some(found.silent)}.",
                "Listen to them, and leave out those in which nothing was recorded.",
            )
        )
    if found.clipped:
        findings.append(
            Finding(
                WARNING if len(found.clipped) > 0.05 * total else HINT,
                f"{len(found.clipped):,} of {total:,} clips ({share(len(found.clipped), total)}) "
                f"{_are(found.clipped)} "
                f"clipped, louder than the file can hold: {some(found.clipped)}.",
                "Record them again more quietly if you can: what was cut off can't be brought back.",
            )
        )
    if len(found.rates) > 1:
        rates = ", ".join(f"{rate:,} Hz ({amount:,})" for rate, amount in found.rates.items())
        findings.append(
            Finding(
                HINT,
                f"Clips have {len(found.rates)} sample rates: {rates}.",
                "Nothing: Recurra resamples to the commonest; but see that the rate does not go with the "
                "label.",
            )
        )
    if found.loud - found.quiet > _WIDE:
        findings.append(
            Finding(
                HINT,
                f"Clips differ much in loudness: 90 in 100 lie between {_decibels(found.quiet)} and "
                f"{_decibels(found.loud)} dB of full scale.",
                "Nothing for models in both directions, which scale each clip; for streams record alike.",
            )
        )
    return findings


def _decibels(level: float) -> str:
    return f"{level:.0f}".replace("-", "−")


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
