"""The other reports in a real browser, at the width of a laptop and of a phone."""

from pathlib import Path

import pytest

from tests.inspection.fitted import HOSTILE
from tests.inspection.pages import PAGES

SHOWN = "[...document.images].every(image => image.complete && image.naturalWidth > 1)"
TALL_ENOUGH = "[...document.querySelectorAll('.heat td')].every(cell => cell.offsetHeight > 15)"
LEVELS = """[...document.querySelectorAll('.legend span')].map(span => {
    const style = getComputedStyle(span);
    return [style.textDecorationLine + ' ' + style.textDecorationStyle, style.backgroundColor];
})"""


@pytest.mark.parametrize(("kind", "name"), PAGES)
def test_the_page_fits_is_drawn_in_full_and_fetches_nothing(
    open_report, written, kind: str, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(written(kind, name), "utf-8")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = open_report(file, width, color_scheme=scheme)
        assert page.evaluate(SHOWN)
        assert page.evaluate(TALL_ENOUGH)
        assert page.title().endswith(f"{HOSTILE} · Recurra")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_level_of_surprise_differs_in_its_line_and_its_colour(
    open_report, written, scheme: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(written("language", "names"), "utf-8")
    lines, colours = zip(*open_report(file, color_scheme=scheme).evaluate(LEVELS))
    assert len(set(lines)) == len(set(colours)) == 5
