"""What a metric is called, what it means and which value of it is best."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """How a metric is shown; the value nearest to ``best`` wins, ``scale`` and ``suffix`` make 0.8 80.0 %."""

    key: str
    label: str
    meaning: str
    best: float = 0.0
    scale: float = 1.0
    suffix: str = ""


def plain(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """``metrics`` as JSON values: None for one that is not defined (NaN or infinite)."""
    return {key: value if math.isfinite(value) else None for key, value in metrics.items()}
