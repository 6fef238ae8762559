"""The report of a forecaster in a real browser, of a laptop and of a phone, in light and in dark."""

import functools
from pathlib import Path

import numpy as np
import pytest

from recurra.data import array_series
from recurra.inspection.report import forecast_report

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=http://example.invalid/x onerror=throw(1)> "
    + "w" * 90
)
STROKE = "getComputedStyle(document.querySelector('#series-figure path.js-line')).stroke"


@pytest.fixture(scope="module")
def page_file(make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = np.random.default_rng(0).normal(size=(400, 2)).cumsum(axis=0)
    values[100:105] = np.nan
    made = make(array_series(values, [HOSTILE, "other"]), context=24, horizon=12)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(forecast_report(*made.story, data=HOSTILE, path="m.safetensors"), "utf-8")
    return path


@pytest.fixture
def open_page(open_report, page_file: Path):
    return functools.partial(open_report, page_file)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_drawn_in_its_scheme(open_page, width: int, scheme: str) -> None:
    page = open_page(width, color_scheme=scheme)
    assert (
        page.locator(".plot").count()
        == page.locator(".plot > .js-plotly-plot, .plot.js-plotly-plot").count()
        == 7
    )
    assert page.title().startswith(HOSTILE[:20])
    ink = page.evaluate(STROKE)
    assert ink == {"light": "rgb(29, 33, 38)", "dark": "rgb(232, 234, 237)"}[scheme]


def test_another_forecast_can_be_picked(open_page) -> None:
    page = open_page(1280)
    first = "[data-rows=window-figure] tr:first-child td:first-child"

    def shown() -> tuple[str, str]:
        return page.text_content(first), page.get_attribute("#window-figure path.js-line >> nth=0", "d")

    typical = shown()
    page.select_option("#window", index=3)
    picked = shown()
    assert picked != typical
    assert picked[0] in page.text_content("#window option >> nth=3")
    page.click("button[aria-label='Next forecast']")
    page.click("button[aria-label='Previous forecast']")
    assert shown() == picked
    page.select_option("#window", index=0)
    page.click("button[aria-label='Previous forecast']")
    assert (
        page.evaluate("document.querySelector('#window').selectedIndex")
        == page.locator("#window option").count() - 1
    )
    assert page.locator("[data-rows=window-figure] tr").count() == 12


def test_colours_follow_the_scheme_while_the_page_is_open(open_page) -> None:
    page = open_page(1280, color_scheme="light")
    page.emulate_media(color_scheme="dark")
    for _ in range(100):  # the page's policy forbids playwright's own way to wait, which is eval
        if page.evaluate(STROKE) == "rgb(232, 234, 237)":
            break
        page.wait_for_timeout(100)
    assert page.evaluate(STROKE) == "rgb(232, 234, 237)"


def test_a_touch_scrolls_the_page_instead_of_zooming(open_page) -> None:
    page = open_page(390, has_touch=True, is_mobile=True)
    assert page.evaluate("document.getElementById('series-figure')._fullLayout.dragmode") is False
