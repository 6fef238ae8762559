"""Numbers and names in the sentences of a diagnosis."""

import math
from collections.abc import Sequence

_NAMES_SHOWN = 3
_LONGEST = 60


def share(part: float, whole: float) -> str:
    """``12 %``, ``0.3 %``, ``under 0.1 %``: never 0 for some, never 100 for not all."""
    percent = 100 * part / whole if whole else 0.0
    if percent <= 0 or percent >= 100:
        return f"{percent:.0f} %"
    if percent < 0.1:
        return "under 0.1 %"
    if percent > 99.9:
        return "over 99.9 %"
    return f"{percent:.1f} %" if percent < 10 or percent > 99 else f"{percent:.0f} %"


def figure(value: float) -> str:
    """A number with four significant digits: ``0.01234``, ``12,340``, ``1.234e+12``."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size and not 1e-4 <= size < 1e9:
        return f"{value:.3e}".replace("-", "−")
    decimals = 0 if size >= 1000 else max(0, 3 - math.floor(math.log10(size))) if size else 0
    text = f"{value:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def some(names: Sequence[object]) -> str:
    """``'a', 'b', 'c' and 4 more``, each cut where it is long."""
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(repr(cut(str(name))) for name in names[:_NAMES_SHOWN])
    return shown + (f" and {more:,} more" if more > 0 else "")


def cut(text: str) -> str:
    """``text`` on one line of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
