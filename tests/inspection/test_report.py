import base64
import hashlib
import json
import re

import numpy as np
import polars as pl
import pytest

from recurra.data import array_series, mauna_loa, read_series
from recurra.inspection.report import forecast_report
from tests.inspection.html_page import Page

HOSTILE = """</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&{{7*7}}%{x}$(rm -rf /)"""


@pytest.fixture(scope="module")
def co2(make):
    monthly = mauna_loa().group_by_dynamic("time", every="1mo").agg(pl.col("co2").mean())
    return make(read_series(monthly, columns=["co2"], time="time"), context=24, horizon=12)


@pytest.fixture(scope="module")
def html(co2) -> str:
    return forecast_report(*co2.story, data="co2.csv", path="out/co2.safetensors")


def test_the_report_tells_the_whole_story(html: str, co2) -> None:
    page = Page(html)
    titles = re.findall(r"<h2>(.*)</h2>", html)
    assert titles == [
        "What was asked", "The data", "Training", "Forecasts against actual values",
        "Error by step of the horizon", "Against the baselines", "Residuals",
        "Settings and versions", "Use the model from here",
    ]  # fmt: skip
    for text in [
        "co2, 12 months ahead",
        "the last 24 months of co2",
        "time, one row every month",
        "LSTM, 4 units, 1 layer",
        *co2.series.report.lines(),
        "3 epochs; the weights of epoch 2 were kept, where the validation loss was lowest.",
        "recurra predict out/co2.safetensors co2.csv -o forecast.csv",
        "model = recurra.load('out/co2.safetensors')",
        f"Every column is scored on the same {co2.evaluation.windows} forecasts.",
        "Forecasts like these.",
        "It may be wrong.",
        "f00d",
        co2.model.fingerprint,
    ]:
        assert text in page.text, text


def test_the_numbers_are_the_evaluation_s(html: str, co2) -> None:
    row = re.search(r'<th scope="row">MAE</th>(.*)</tr>', html)
    shown = [float(text) for text in re.findall(r"<td[^>]*>([^<]*)</td>", row[1])]
    expected = [metrics["mae"] for metrics in (co2.evaluation.metrics, *co2.evaluation.baselines.values())]
    np.testing.assert_allclose(shown, expected, atol=5e-3)


def test_every_figure_has_its_place_and_its_data(html: str, co2) -> None:
    page = Page(html)
    places = [
        attributes["id"] for tag, attributes in page.tags if attributes.get("class", "").startswith("plot")
    ]
    assert sorted(places) == sorted(page.figures)
    assert all(attributes["aria-label"] for tag, attributes in page.tags if attributes.get("role") == "img")
    choices = page.figures["window-figure"]["choices"]
    options = [attributes["value"] for tag, attributes in page.tags if tag == "option"]
    assert options == [str(place) for place in range(len(choices))]
    assert all(len(choice["rows"]) == 12 for choice in choices)
    errors = [np.nanmean(np.abs(co2.evaluation.actual - co2.evaluation.point), axis=1)]
    best = int(np.argmin(errors))
    assert choices[1]["rows"][0][0] == str(co2.evaluation.times[best, 0])[:10]


def test_the_page_is_one_file_and_runs_only_its_own_scripts(html: str) -> None:
    page = Page(html)
    assert not [tag for tag, attributes in page.tags if "src" in attributes]
    assert [a["href"] for tag, a in page.tags if "href" in a and not a["href"].startswith("#")] == ["data:,"]
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in page.scripts[1:]
    ]
    assert [attributes for attributes, _ in page.scripts] == [
        {"type": "application/json", "id": "figures"},
        {},
        {},
    ]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'; "
        "style-src 'unsafe-inline'; img-src data:; media-src data:; base-uri 'none'"
    )


def test_names_from_the_data_stay_text(make) -> None:
    values = np.random.default_rng(0).normal(size=(120, 2)).cumsum(axis=0)
    made = make(array_series(values, [HOSTILE, "<b>past</b>"]))
    html = forecast_report(*made.story, data=HOSTILE, path=HOSTILE)
    page = Page(html)
    assert len(page.scripts) == 3
    assert not [tag for tag, _ in page.tags if tag in ("img", "b")]
    assert page.text.count(HOSTILE) >= 5
    assert "<b>past</b>" in page.text
    assert HOSTILE not in json.dumps(page.figures)  # plotly would read tags in it


def test_unused_rows_and_long_series_are_said(make) -> None:
    from dataclasses import replace

    made = make(array_series(np.random.default_rng(0).normal(size=5000).cumsum(), ["y"]))
    split = replace(made.split, unused=1, unused_before=20)
    text = Page(forecast_report(made.model, made.evaluation, made.series, split, data="d", path="p")).text
    assert "1 row after the test part is not used." in text
    assert "20 rows before the training part are not used." in text
    assert (
        "y by row. 5,000 rows; drawn by the lowest and highest value of every few, so that no peak is lost."
        in text
    )


def test_a_horizon_of_one_step(make) -> None:
    made = make(array_series(np.random.default_rng(0).normal(size=120).cumsum(), ["y"]), horizon=1)
    page = Page(forecast_report(*made.story, data="d", path="p"))
    assert "y, the next 1 row" in page.text
