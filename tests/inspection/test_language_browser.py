"""The reports of language models in a real browser, at the width of a laptop and of a phone."""

import shutil
from pathlib import Path

import pytest

from recurra.inspection.language_report import language_report
from tests.inspection.fitted import HOSTILE
from tests.inspection.fitted_language import MAKERS

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWN = (
    "[...document.querySelectorAll('.plot')].every(plot => plot.querySelector('path.js-line, .bars path'))"
)
LEVELS = """[...document.querySelectorAll('.legend span')].map(span => {
    const style = getComputedStyle(span);
    return [style.textDecorationLine + ' ' + style.textDecorationStyle, style.backgroundColor];
})"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_fits_is_drawn_in_full_and_fetches_nothing(
    browser, fitted_language, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(language_report(fitted_language(name), data=HOSTILE, path="m.safetensors"), "utf-8")
    complaints: list[str] = []
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("#learning-figure .main-svg")
        for details in page.query_selector_all("details"):
            details.evaluate("element => element.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(DRAWN)
        assert page.title().endswith(f"{HOSTILE} · Recurra")
        page.close()
    assert [text for text in complaints if text != file.as_uri()] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_level_of_surprise_differs_in_its_line_and_its_colour(
    browser, fitted_language, scheme: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(language_report(fitted_language("names"), data="d", path="m.safetensors"), "utf-8")
    page = browser.new_page(color_scheme=scheme)
    page.goto(file.as_uri())
    lines, colours = zip(*page.evaluate(LEVELS))
    page.close()
    assert len(set(lines)) == len(set(colours)) == 5
