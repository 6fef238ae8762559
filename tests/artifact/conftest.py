from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recurra.artifact import Artifact


@pytest.fixture
def make() -> Callable[..., Artifact]:
    """Make a small artifact; keyword arguments replace its parts."""

    def make(**parts: Any) -> Artifact:
        small: dict[str, Any] = {
            "task": "forecast",
            "spec": {"layers": [{"type": "linear", "name": "head"}]},
            "preprocessing": {"target": "load", "context": 4},
            "tensors": {
                "head.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 8,
                "head.bias": np.array([0.1, -0.2], np.float64),
            },
            "inputs": [{"name": "context", "shape": ["N", 4, 1], "dtype": "float32"}],
            "outputs": [{"name": "quantiles", "shape": ["N", 2], "dtype": "float32"}],
            "history": {"train": [1.0, 0.5]},
            "card": {"rows": 100, "unit": "µg/m³"},
        }
        return Artifact(**(small | parts))

    return make
