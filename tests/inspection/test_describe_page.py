"""The page of a description: what it says, and how it shows in a real browser."""

import numpy as np
import polars as pl
import pytest

from recurra.data import Clip, Labelled, Music, Pairs, Piece, Sequences
from recurra.diagnosis import describe
from recurra.inspection.describe_page import describe_page
from tests.inspection.html_page import Page, cells, section

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=http://example.invalid/x onerror=throw(1)> "
    + "w" * 90
)
DATES = np.datetime64("2020-01-01", "us") + np.arange(900) * np.timedelta64(1, "h")


def table():
    rng = np.random.default_rng(0)
    load = np.exp(0.5 * np.sin(2 * np.pi * np.arange(900) / 24) + rng.normal(0, 0.6, 900))
    frame = {
        "time": DATES,
        HOSTILE: load,
        "wind": rng.normal(5, 1, 900),
        "twice": 2 * load,
        "still": 1.0,
        "code": np.arange(900) % 3,
        "text": [f"{HOSTILE} {i}" for i in range(900)],
        "empty": pl.Series([None] * 900, dtype=pl.Float64),
    }
    return describe(pl.DataFrame(frame).filter(pl.int_range(900) != 70), target=HOSTILE, name=HOSTILE)


def texts():
    rng = np.random.default_rng(0)
    words = [HOSTILE, *(f"w{i}" for i in range(30))]
    items = [" ".join(rng.choice(words, 9)) for _ in range(80)]
    data = Labelled(Sequences("text", [*items, items[0]]), [HOSTILE, "b", "c"] * 27, None, items + items[:1])
    return describe(data, test=data.take(np.arange(4)), name=HOSTILE)


def clips():
    rng = np.random.default_rng(0)
    items = [
        Clip(rng.normal(0, 0.1, 800 + i).clip(-1, 1).astype(np.float32), 8000, HOSTILE) for i in range(60)
    ]
    return describe(
        Labelled(Sequences("audio", items), ["a", "b"] * 30, ["x"] * 60, [HOSTILE] * 60), name=HOSTILE
    )


def pairs():
    items = [f"{HOSTILE} {i} and {i}" for i in range(60)]
    return describe(Pairs(Sequences("text", items), [text.upper() for text in items], items), name=HOSTILE)


def music():
    rng = np.random.default_rng(0)
    pieces = [Piece(rng.random((30 + i, 88)) < 0.04, HOSTILE) for i in range(30)]
    return describe(Music(pieces, test=pieces[:2]), name=HOSTILE)


def series():
    rng = np.random.default_rng(0)
    items = [rng.normal(size=(20, 2)).astype(np.float32) for _ in range(60)]
    return describe(
        Labelled(Sequences("series", items), rng.normal(size=60), None, [HOSTILE] * 60), name=HOSTILE
    )


MAKERS = {maker.__name__: maker for maker in (table, texts, clips, pairs, music, series)}
TITLES = {
    "table": ["The data", "Does a column give the target away?", "Distributions", "In the order of time"],
    "texts": ["The data", "How long they are", "Labels", "Words and characters", "What comes twice"],
    "clips": ["The data", "How long they are", "Labels", "What comes twice", "Sound"],
    "pairs": ["The data", "How long they are", "Words and characters", "What comes twice"],
    "music": ["The data", "How long they are", "What comes twice", "Which keys sound"],
    "series": ["The data", "How long they are", "What comes twice", "Distributions"],
}


@pytest.fixture(scope="module")
def made():
    return {name: maker() for name, maker in MAKERS.items()}


@pytest.fixture(scope="module")
def html(made):
    return {name: describe_page(found) for name, found in made.items()}


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_says_first_what_was_found_and_has_every_part(made, html, name: str) -> None:
    page = Page(html[name])
    assert page.titles == ["What was found", *TITLES[name], "Have it again"]
    findings = section(html[name], "What was found")
    assert findings.count("<article") == len(made[name].findings)
    for finding in made[name].findings:
        assert finding.what in page.text
        assert finding.advice in page.text
    assert ("<article" in findings) == bool(made[name].findings)
    assert len(html[name]) < 6_000_000


def test_the_tables_say_what_the_pictures_show(made, html) -> None:
    found = made["table"]
    rows = cells(section(html["table"], "The data"))
    assert ["Step", "hour"] in rows
    assert ["Rows missing between them", "1 of 900 (0.1 %), in 1 gap"] in rows
    assert ["2020-01-03 22:00:00", "1"] in rows
    assert [row[:4] for row in rows if row[0] in ("wind", "code", "empty", "still")] == [
        ["wind", "numbers", "0", "899"],
        ["still", "numbers", "0", "1"],
        ["code", "numbers", "0", "3"],
        ["empty", "empty", "899", "0"],
    ]
    leaks = cells(section(html["table"], "Does a column"))
    assert [row[:3] for row in leaks[1:]] == [["twice", "a function of it", "1.000"]]
    distributions = Page(html["table"]).figures["distribution-figure"]["choices"]
    numeric = [column for column in found.columns if column.distribution is not None]
    assert len(distributions) == len(numeric)
    assert ["Values", "899, 899 different"] in distributions[0]["rows"]
    names = [trace["name"] for trace in distributions[0]["data"]]
    assert names[:4] == ["share of values", "log-normal", "Normal", "Pareto"]
    course = Page(html["table"]).figures["course-figure"]["choices"][0]
    assert ["Level", "It keeps one level."] in course["rows"]
    assert any(row[0] == "Every 24 hours (a day)" for row in course["rows"])


def test_a_healthy_table_is_told_to_be_one() -> None:
    rng = np.random.default_rng(1)
    page = describe_page(describe(pl.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300)})))
    assert "Nothing was found that should be seen to" in section(page, "What was found")


@pytest.mark.parametrize("rows", [1, 2, 40])
def test_odd_tables_have_a_page(rows: int) -> None:
    frame = pl.DataFrame({"a": [1.0] * rows, "b": [None] * rows, "c": ["x"] * rows, "d": range(rows)})
    assert Page(describe_page(describe(frame, target="d"))).titles[0] == "What was found"


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_fits_is_drawn_in_full_and_fetches_nothing(open_report, html, name: str, tmp_path) -> None:
    file = tmp_path / "page.html"
    file.write_text(html[name], "utf-8")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = open_report(file, width, color_scheme=scheme)
        assert page.title().endswith(f"{HOSTILE} · Recurra")


@pytest.mark.parametrize("width", [1280, 390])
def test_titles_within_a_picture_lie_clear_of_the_dates_below_its_axes(
    open_report, html, tmp_path, width: int
) -> None:
    file = tmp_path / "page.html"
    file.write_text(html["table"], "utf-8")
    page = open_report(file, width)
    box = "e => e.getBoundingClientRect()"
    dates = page.locator("#course-figure .xtick text").evaluate_all(f"all => all.map({box}.bottom)")
    titles = page.locator("#course-figure .annotation-text").evaluate_all(f"all => all.map({box}.top)")
    assert len(titles) == 3
    assert max(dates) <= titles[1]


def test_a_column_that_is_chosen_in_one_picture_is_chosen_in_the_other(open_report, html, tmp_path) -> None:
    file = tmp_path / "page.html"
    file.write_text(html["table"], "utf-8")
    page = open_report(file)
    value = "[data-rows=distribution-figure] tr:nth-child(2) td:nth-child(2)"
    before = page.text_content(value)
    page.select_option("#pick-distribution-figure", label="wind")
    assert page.text_content(value) != before
    chosen = "document.querySelector('#pick-course-figure').selectedOptions[0].text"
    assert page.evaluate(chosen) == "wind"
    page.click("button[data-figure=course-figure][aria-label=Next]")
    assert page.evaluate(chosen) == "twice"
    assert page.evaluate(chosen.replace("course", "distribution")) == "twice"
