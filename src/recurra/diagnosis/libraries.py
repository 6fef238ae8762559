"""The libraries that do the statistics, imported when they are first needed."""

import importlib
from typing import Any

from recurra._base.errors import MissingExtraError


def scipy(module: str) -> Any:
    """A module of SciPy's, such as "stats"; MissingExtraError without SciPy."""
    return _module("scipy", module, "data")


def statsmodels(module: str) -> Any:
    """A module of statsmodels', such as "tsa.stattools"; MissingExtraError without statsmodels."""
    return _module("statsmodels", module, "report")


def _module(library: str, module: str, extra: str) -> Any:
    try:
        return importlib.import_module(f"{library}.{module}")
    except ImportError as error:
        raise MissingExtraError.of(library, extra) from error
