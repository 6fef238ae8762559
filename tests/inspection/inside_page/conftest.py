"""Pages of what is inside small models, and a browser that shows them."""

import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recurra.inspection import Inspection, compare, inspect, inspection_page
from tests.inspection.inside.models import inputs_of, model_of

DRAWN = """[...document.querySelectorAll('.plot')].filter(plot => !plot.querySelector(
    'path.js-line, .bars path, .heatmaplayer image, .scatterlayer path.point')).map(plot => plot.id)"""


@pytest.fixture(scope="session")
def inspected() -> Callable[[str], Inspection]:
    """What is inside an old model, by its name, with its first input."""
    return functools.cache(lambda name: inspect(model_of(name), inputs_of(name), name=name))


@pytest.fixture(scope="session")
def compared() -> Callable[[str], Any]:
    """A model beside itself."""

    def found(name: str) -> Any:
        model = model_of(name)
        return compare(model, model, inputs_of(name), names=(name, "other"))

    return functools.cache(found)


@pytest.fixture
def open_inside(open_page, tmp_path: Path):
    """Open the page of an inspection, or of two models."""
    numbers = itertools.count()

    def opened(found: Any, width: int = 1280, **options: Any):
        file = tmp_path / f"{next(numbers)}.html"
        file.write_text(inspection_page(found), "utf-8")
        return open_page(file, width, **options)

    return opened


@pytest.fixture
def scrolled():
    """Scroll through a page: everything must be drawn on the way, and nothing be wider than the screen."""

    def scroll(page: Any) -> None:
        for place in range(0, page.evaluate("document.documentElement.scrollHeight"), 600):
            page.evaluate(f"scrollTo(0, {place})")
            page.wait_for_timeout(60)
        for _ in range(50):
            if not page.evaluate(DRAWN):
                break
            page.wait_for_timeout(100)
        assert page.evaluate(DRAWN) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return scroll
