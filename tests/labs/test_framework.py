import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recurra import labs
from recurra._base.errors import InputError
from recurra.inspection.figures import figure, line
from recurra.labs import LABS, Check, Lab, Picture, Result, Table, find
from recurra.labs.page import lab_page
from tests.inspection.html_page import Page, cells, section

DOCS = Path(__file__).parents[2] / "docs" / "labs"
ROWS = [["LSTM", 0.123456], ["<RNN>", float("nan")]]
CURVE = line(np.arange(2), np.ones(2), "a", "var(--ink)", width=1)


def result(**changes) -> Result:
    parts = {
        "tables": [Table("Errors", ["Cell", "Error"], ROWS, "Low is good.")],
        "pictures": [Picture("A curve", figure([CURVE]), "Flat.")],
        "checks": [Check("a < b", True, "1 < 2"), Check("b < a", False, "2 > 1")],
        "data": {"error": (1, float("inf"), {0: "x"})},
        "text": ["«the <movie>»"],
    }
    return Result(**(parts | changes))


def test_numbers_for_people_have_four_figures():
    rows = [["a", 1234567, 0.123456], ["b", float("inf"), -1e-9]]
    assert Table("", ["", "", ""], rows).texts() == [["a", "1,234,567", "0.1235"], ["b", "–", "-1e-09"]]


def test_a_result_holds_where_all_its_checks_do():
    assert not result().holds
    assert result(checks=[Check("a < b", True, "1 < 2")]).holds


def test_a_result_becomes_json():
    assert json.loads(json.dumps(result().to_dict(), allow_nan=False)) == {
        "holds": False,
        "checks": [
            {"claim": "a < b", "holds": True, "evidence": "1 < 2"},
            {"claim": "b < a", "holds": False, "evidence": "2 > 1"},
        ],
        "tables": [
            {
                "title": "Errors",
                "columns": ["Cell", "Error"],
                "rows": [["LSTM", 0.123456], ["<RNN>", None]],
                "note": "Low is good.",
            }
        ],
        "text": ["«the <movie>»"],
        "data": {"error": [1, None, {"0": "x"}]},
    }


def test_the_page_has_all_of_a_result():
    lab = Lab("gates", "What happens?", "It does.", lambda seeds, budget: result())
    html = lab_page(lab, result(), seeds=2, budget=0.5)
    page = Page(html)
    assert page.titles == [
        "Does the claim hold?",
        "What it looks like",
        "The numbers",
        "In words",
        "Do it yourself",
    ]
    assert (
        "1 of 2 checks hold. This was a run with 0.5 of the training; the claim is made for all of it."
        in page.text
    )
    assert cells(section(html, "The numbers")) == [["Cell", "Error"], ["LSTM", "0.1235"], ["<RNN>", "–"]]
    checks = section(html, "Does the claim hold?")
    assert [checks.count(text) for text in ("✓ holds", "✗ does not hold", "2 &gt; 1")] == [1, 1, 1]
    assert "recurra lab gates --seeds 2 --budget 0.5" in page.text
    assert "through_the_cell" in section(html, "Do it yourself")
    assert list(page.figures) == ["picture-0"]
    assert "<movie>" not in html


def test_the_page_leaves_out_what_there_is_not():
    lab = Lab("gates", "What happens?", "It does.", lambda seeds, budget: result())
    html = lab_page(lab, result(pictures=[], tables=[], text=[]), seeds=2, budget=1.0)
    assert Page(html).titles == ["Does the claim hold?", "Do it yourself"]
    assert "This was a run with" not in html


@pytest.mark.parametrize("name", LABS)
def test_a_lab_is_what_the_list_says_and_has_its_page(name):
    lab = find(name)
    assert (lab.name, lab.title) == (name, LABS[name])
    assert lab.title.endswith("?")
    assert (DOCS / f"{name}.md").is_file()
    assert f"| [{name}]({name}.md) | {lab.title} |" in (DOCS / "index.md").read_text("utf-8").splitlines()


def test_the_list_needs_no_pytorch():
    code = (
        "import sys; from recurra.labs import LABS; "
        "print(len(LABS), 'torch' in sys.modules, 'plotly' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == f"{len(LABS)} False False\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gate",), f"lab must be one of {', '.join(LABS)}, got 'gate'; did you mean 'gates'?"),
        (("gates", 0), "seeds must be a whole number of at least 1, got 0"),
        (("gates", 1, -1.0), "budget must be a finite number above 0, got -1.0"),
    ],
)
def test_wrong_use(arguments, message):
    with pytest.raises(InputError) as caught:
        labs.run(*arguments)
    assert str(caught.value) == message
