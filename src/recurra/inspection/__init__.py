"""Look at a model: what it was asked, what it saw, how well it does. Pages are files that fetch nothing.

`inspect` looks inside a trained model and `compare` inside two; `inspection_page` shows what was found.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recurra.inspection.inside.compare import Comparison, compare
    from recurra.inspection.inside.inspection import Inspection, inspect
    from recurra.inspection.inside_page.page import inspection_page

__all__ = ["Comparison", "Inspection", "compare", "inspect", "inspection_page"]

_PLACES = {
    "Comparison": "inside.compare",
    "Inspection": "inside.inspection",
    "compare": "inside.compare",
    "inspect": "inside.inspection",
    "inspection_page": "inside_page.page",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"recurra.inspection.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'recurra.inspection' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
