"""The reports of labelled sequences in a real browser, at the width of a laptop and of a phone."""

import shutil
from pathlib import Path

import pytest

from recurra.inspection.sequence_report import sequence_report
from tests.inspection.fitted import HOSTILE, MAKERS

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
SHOWN = "[...document.images].every(image => image.complete && image.naturalWidth > 1)"
DRAWN = (
    "[...document.querySelectorAll('.plot')].every(plot => plot.querySelector('path.js-line, .bars path'))"
)
TALL_ENOUGH = "[...document.querySelectorAll('.heat td')].every(cell => cell.offsetHeight > 15)"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_fits_is_drawn_in_full_and_fetches_nothing(
    browser, fitted, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(sequence_report(fitted(name), data=HOSTILE, path="m.safetensors"), "utf-8")
    complaints: list[str] = []
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("#learning-figure .main-svg")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(DRAWN)
        assert page.evaluate(SHOWN)
        assert page.evaluate(TALL_ENOUGH)
        assert page.title().endswith(f"{HOSTILE} · Recurra")
        page.close()
    assert [text for text in complaints if text != file.as_uri() and not text.startswith("data:")] == []
