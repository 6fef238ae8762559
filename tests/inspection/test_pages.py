"""What the reports of fitted estimators have in common."""

import json

import pytest

from tests.inspection.fitted import HOSTILE
from tests.inspection.html_page import Page
from tests.inspection.pages import PAGES

ALWAYS_LAST = ["The data", "Training", "Settings and versions", "Use the model from here"]
CLASSES = [
    "What was asked", "Beside the baselines", "What is taken for what", "Class by class",
    "Is it as sure as it should be?", "The worst errors",
]  # fmt: skip
TAGS = ["What was asked", "Beside the baselines", "What is taken for what", "Tag by tag"]
TEXTS = ["What was asked", "Beside the baselines", "What surprised it most", "What it writes"]
MUSIC = ["What was asked", "Beside the baselines", "How it goes on", "Which keys sound", "Along the piece"]
PAIRS = [
    "What was asked", "Beside the baselines", "Where it looks", "Its best answers",
    "By the length of the source", "Where it differs most",
]  # fmt: skip
HEARD = ["What was asked", "Beside the baselines", "What it hears, and when", "What is heard as what"]
TITLES = {
    "sequence": {
        "texts": CLASSES,
        "many": CLASSES,
        "clips": CLASSES,
        "numbers": [
            "What was asked", "Beside the baselines", "Predicted against actual", "Residuals",
            "The largest errors",
        ],
        "spans": [*TAGS, "Whole spans", "Where it is right", "Predicted and actual tags"],
        "frames": [*TAGS, "Where it is right", "Predicted and actual tags"],
        "untested": ["What was asked"],
    },
    "language": {
        "characters": TEXTS,
        "names": TEXTS,
        "words": [*TEXTS, "Words that it finds alike"],
        "pairs": TEXTS,
        "untested": ["What was asked", "What it writes"],
        "tunes": MUSIC,
        "steps": ["What was asked", "How it goes on", "Which keys sound"],
    },
    "pair": {
        "words": PAIRS,
        "reversed_letters": PAIRS,
        "plain": PAIRS,
        "captions": PAIRS,
        "arrays": PAIRS,
        "untested": ["What was asked"],
    },
    "transcript": {
        "letters": [*HEARD, "By the length of the clip", "The worst transcripts"],
        "words": [*HEARD, "By the length of the clip", "The worst transcripts"],
        "strokes": [*HEARD, "By the length of the series", "The worst transcripts"],
        "untested": ["What was asked"],
    },
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), PAGES)
def test_each_page_has_the_sections_of_its_task(written, kind: str, name: str) -> None:
    assert Page(written(kind, name)).titles == [*TITLES[kind][name], *ALWAYS_LAST]


@pytest.mark.parametrize(("kind", "name"), PAGES)
def test_every_figure_has_its_place_and_words_for_who_can_not_see_it(written, kind: str, name: str) -> None:
    page = Page(written(kind, name))
    places = [given["id"] for _, given in page.tags if given.get("class", "").startswith("plot")]
    assert sorted(places) == sorted(page.figures)
    assert all(given["aria-label"] for _, given in page.tags if given.get("role") == "img")
    assert all(given["alt"] for tag, given in page.tags if tag == "img")
    links = {given["href"][1:] for tag, given in page.tags if tag == "a"}
    assert links == {given["id"] for tag, given in page.tags if tag == "section"}


@pytest.mark.parametrize(("kind", "name"), PAGES)
def test_what_comes_from_the_data_stays_text_and_nothing_is_fetched(written, kind: str, name: str) -> None:
    html = written(kind, name)
    page = Page(html)
    assert len(page.scripts) == 3
    assert all(given["src"].startswith("data:") for _, given in page.tags if "src" in given)
    assert page.text.count(HOSTILE) >= 2
    assert HOSTILE not in json.dumps(page.figures)  # plotly would read tags in it
    assert "onerror" not in json.dumps(page.figures)
    elements = {tag for tag, _ in page.tags}
    assert elements.isdisjoint({"iframe", "object", "form"})
    assert not [given for _, given in page.tags if any(attribute.startswith("on") for attribute in given)]
    assert len(html) < 6e6


@pytest.mark.parametrize(
    ("kind", "name", "unit"),
    [
        ("sequence", "untested", "data"),
        ("language", "untested", "texts"),
        ("language", "steps", "music"),
        ("pair", "untested", "sources"),
        ("transcript", "untested", "data"),
    ],
)
def test_without_a_test_part_the_page_says_so(written, kind: str, name: str, unit: str) -> None:
    expected = (
        f"There was no test part, so how good the model is on {unit} that it has not seen is not known."
    )
    assert expected in Page(written(kind, name)).text
