"""The sections of the page from hand-made figures, and which of them each model has."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recurra.inspection import compare, inspect, inspection_page
from recurra.inspection.inside.attended import Attended, Posteriors
from recurra.inspection.inside.attribution import Attribution
from recurra.inspection.inside.formed import Forming
from recurra.inspection.inside_page import sentences
from recurra.inspection.inside_page.attended_section import attended_section, posteriors_section
from recurra.inspection.inside_page.attribution_section import attribution_section
from recurra.inspection.inside_page.forming_section import forming_section
from recurra.inspection.inside_page.page import isolated
from recurra.inspection.inside_page.training_section import training_section
from tests.inspection.html_page import Page, cells, section
from tests.inspection.inside.models import NAMES, model_of

WORDS = ("it", "was", "not", "good")
ALWAYS = ["The prediction as it forms", "Which steps mattered"]
LAST = ["Gates over time", "Memory", "The model and its weights"]
BETWEEN = {
    "translate": ["Where it looks"],
    "translate-series": ["Where it looks"],
    "transcribe": ["What it hears"],
}


def forming(**changes: Any) -> Forming:
    values = np.array([[0.6, 0.4], [0.55, 0.45], [0.2, 0.8], [0.9, 0.1]])
    made = {
        "steps": WORDS,
        "labels": ("bad", "fine"),
        "values": values,
        "unit": "probability",
        "final": "bad",
    }
    said = ("bad", "bad", "fine", "bad")
    return Forming(**{**made, "flips": (2, 3), "said": said, **changes})


def owed(by_step: list[float], steps: tuple[str, ...] = WORDS, **changes: Any) -> Attribution:
    made = {"inputs": (), "by_input": None, "method": "integrated gradients", "target": "score", "total": 0.5}
    return Attribution(steps=steps, by_step=np.array(by_step), **{**made, "difference": 1e-4, **changes})


@pytest.mark.parametrize("name", NAMES)
def test_each_page_has_the_sections_of_its_model(inspected, name: str) -> None:
    html = inspection_page(inspected(name))
    page = Page(html)
    pooled = ["Where it looks"] if inspected(name).attended is not None else []
    assert page.titles == [*ALWAYS, *(BETWEEN.get(name) or pooled), *LAST]
    assert len(page.scripts) == 4
    drawn = {given["id"] for _, given in page.tags if given.get("class", "").startswith("plot")}
    panels = {name for name, figure in page.figures.items() if "panel" in figure}
    assert drawn == page.figures.keys() - panels | {
        f"{one}-{part}" for one in panels for part in ("map", "unit")
    }
    assert all(given["aria-label"] for _, given in page.tags if given.get("role") == "img")
    links = {given["href"][1:] for tag, given in page.tags if tag == "a"}
    assert links == {given["id"] for tag, given in page.tags if tag == "section"}
    places = [given["id"] for _, given in page.tags if "id" in given]
    assert len(places) == len(set(places))


def test_without_an_input_there_are_training_and_weights_alone(fitted) -> None:
    page = Page(inspection_page(inspect(fitted("frames").model_)))
    assert page.titles == ["Training", "The model and its weights"]
    assert "No input was given, so this page shows its training and its weights." in page.text


def test_where_a_prediction_flips_is_said_and_marked() -> None:
    found = forming_section(forming(), "classify")
    assert found.content["change"] == "It changes its mind after “not” and “good”."
    assert [(one.text, one.said, one.flip) for one in found.content["pieces"]] == [
        ("it", "bad 60 %", False),
        ("was", "bad 55 %", False),
        ("not", "fine 80 %", True),
        ("good", "bad 90 %", True),
    ]
    table, note = found.content["table"]
    assert (table.columns, note) == (["After", "bad", "fine", "It says"], "")
    assert table.rows[2] == ["not", "20.0 %", "80.0 %", "fine"]
    picture = found.figures["forming-figure"]
    assert [trace.name for trace in picture.data] == ["bad", "fine"]
    assert [shape.x0 for shape in picture.layout.shapes] == [2, 3]
    still = forming_section(forming(flips=()), "classify")
    assert still.content["change"] == "It never changes its mind."


def test_quantiles_are_bands_around_the_median() -> None:
    labels = tuple(
        f"{name}, {when} ahead" for when in ("1 step", "9 steps") for name in ("10 %", "median", "90 %")
    )
    values = np.arange(24.0).reshape(4, 6)
    said = ("1 … 4", "7 … 10", "13 … 16", "19 … 22")
    own = forming(labels=labels, values=values, unit="load", flips=(), said=said, final=said[-1])
    found = forming_section(own, "forecast")
    assert found.content["change"] == ""
    shown = [trace.name for trace in found.figures["forming-figure"].data if trace.showlegend is not False]
    assert shown == ["median, 1 step ahead", "median, 9 steps ahead"]
    assert sentences.verdict(plain("forecast", own)) == [
        "It foretells load of 19 1 step ahead and 22 9 steps ahead."
    ]


def test_of_a_long_input_that_must_be_read_anew_no_step_is_shown_as_if_it_followed_the_one_before() -> None:
    assert forming_section(forming(), "classify", 4).content["some"] == ""
    found = forming_section(forming(), "classify", 5100)
    assert found.content["some"] == "4 of 5,100 beginnings of the input"
    assert found.content["pieces"] == []


def test_a_transcript_grows_from_sound_to_sound() -> None:
    own = forming(
        steps=("0.01 s", "0.02 s", "0.03 s", "0.04 s"),
        labels=("log-probability",),
        values=-np.ones((4, 1)),
        unit="log-probability",
        said=("", "n", "n", "ma"),
        final="ma",
        flips=(3,),
    )
    found = forming_section(own, "transcribe")
    assert [(one.text, one.said, one.flip) for one in found.content["pieces"]] == [
        ("0.02 s", "n", False),
        ("0.04 s", "ma", True),
    ]


def plain(task: str, own: Forming, **changes: Any) -> Any:
    made = {"trace": None, "attributions": (), "memory": None, "warnings": (), "notes": ()}
    return SimpleNamespace(task=task, forming=own, **{**made, **changes})


@pytest.mark.parametrize(
    ("task", "changes", "said"),
    [
        ("classify", {}, "It says “bad” (90 %). It changes its mind 2 times, at last after “good”."),
        ("classify", {"flips": ()}, "It says “bad” (90 %)."),
        ("regress", {"final": "3.2", "unit": "age", "flips": ()}, "It says 3.2."),
        ("tag", {"final": "A B C D"}, "It tags these steps A B C D."),
        ("transcribe", {"final": "", "unit": "log-probability"}, "It hears “nothing”."),
        ("translate", {"final": "le chat", "unit": "log-probability"}, "It writes “le chat”."),
        (
            "language-model",
            {"final": "e (34 %)", "unit": "log-probability"},
            "After this it expects e (34 %).",
        ),
    ],
)
def test_the_verdict_says_what_the_model_says(task: str, changes: dict[str, Any], said: str) -> None:
    assert sentences.verdict(plain(task, forming(**changes))) == [said]


def test_steps_that_did_nothing_are_not_said_to_have_mattered_most() -> None:
    for by_step, said in (([0.0] * 4, []), ([0, 0, -0.1, 0], ["What mattered most: “it”, “was” and “not”."])):
        own = plain("classify", forming(flips=()), attributions=(owed(by_step),))
        assert sentences.verdict(own) == ["It says “bad” (90 %).", *said]


def test_what_is_quoted_keeps_its_direction_to_itself() -> None:
    said = str(isolated("It has read “שלום <b>”, 5 words."))
    assert said == "It has read “<bdi>שלום &lt;b&gt;</bdi>”, 5 words."


def test_steps_are_coloured_by_what_they_did() -> None:
    quick = owed([0.1, 0.0, 0.2, 0.1], method="gradient × input")
    found = attribution_section(SimpleNamespace(attributions=(owed([0.1, -0.4, 0.8, 0.0]), quick)))  # pyright: ignore
    said = [(one.text, one.share, one.way) for one in found.content["said"]]
    assert said == [("it", 0.125, "up"), ("was", 0.5, "down"), ("not", 1.0, "up"), ("good", 0.0, "up")]
    up, down, other = found.figures["mattered-figure"].data
    assert (list(up.y), list(down.y)) == ([0.1, 0, 0.8, 0], [0, -0.4, 0, 0])
    assert (other.name, other.visible) == ("gradient × input", "legendonly")
    assert found.content["sums"] == [
        "By integrated gradients, all steps together come to 0.500, where an input of zeros and this one are "
        "0.500 apart (off by 0.000100).",
        "By gradient × input, all steps together come to 0.400.",
    ]
    assert found.content["table"][0].rows[1] == ["was", "−0.400", "0.000"]


def test_shares_that_do_not_add_up_are_said_to_be_rough() -> None:
    shares = [0.1, -0.4, 0.8, 0.0]
    for difference, warned in ((0.129, False), (0.131, True)):
        one = owed(shares, difference=difference)
        (said,) = attribution_section(SimpleNamespace(attributions=(one,))).content["sums"]  # pyright: ignore
        rough = " That is far off, as the prediction turns sharply on the way: a rough picture only."
        assert said.endswith(rough) is warned


def test_a_forecast_is_decomposed_by_input() -> None:
    by_input = np.array([[1.0, -2.0, 0.0], [0.5, 0.0, 0.001]])
    one = owed([-1.0, 0.501], ("1", "2"), inputs=("load", "heat", "day"), by_input=by_input)
    found = attribution_section(SimpleNamespace(attributions=(one,)))  # pyright: ignore
    assert found.content["inputs"].rows == [["load", "1.5000"], ["heat", "−2.0000"], ["day", "0.0010"]]
    bars = found.figures["by-input"].data[0]
    assert (list(bars.x), list(found.figures["by-input"].layout.yaxis.ticktext)) == (
        [-2.0, 1.5],
        ["heat", "load"],
    )
    heat = found.figures["by-input-and-step"]["data"][0]
    np.testing.assert_allclose(heat["z"], by_input.T)
    assert (heat["zmin"], heat["zmax"]) == (-2.0, 2.0)
    assert found.content["largest"].rows[:2] == [["1", "heat", "−2.0000"], ["1", "load", "1.0000"]]


def test_attention_and_posteriors_are_pictures_and_tables() -> None:
    looks = attended_section(
        Attended(("a", "■"), ("x", "y", "z"), np.array([[0.7, 0.2, 0.1], [0, 0.1, 0.9]]))
    )
    assert looks.content["table"][0].rows[0] == ["a", "x (1), 70.0 %", "y (2), 20.0 %"]
    np.testing.assert_allclose(
        looks.figures["attention-figure"].data[0].z, [[0.7, 0.2, 0.1], [0, 0.1, 0.9]], rtol=1e-6
    )
    pool = attended_section(Attended(("all steps",), ("x", "y"), np.array([[0.25, 0.75]])))
    assert pool.content["table"][0].rows == [["x", "25.0 %"], ["y", "75.0 %"]]
    values = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.99, 0.0, 0.01]])
    hears = posteriors_section(Posteriors(("0.1 s", "0.2 s", "0.3 s"), ("blank", "a", "b"), values, "a"))
    assert hears.content["others"] == 1
    assert list(hears.figures["posteriors-figure"].layout.yaxis.ticktext) == ["blank", "a"]
    assert hears.content["table"][0].rows[1] == ["0.2 s", "a 80.0 %", "blank 20.0 %"]


def epoch(number: int, **signs: Any) -> dict[str, Any]:
    return {
        "epoch": number,
        "loss": 1 / number,
        "validation_loss": 1.5 / number,
        "gradient_norm": 2.0,
        **signs,
    }


def test_training_shows_what_the_file_has() -> None:
    signs = {
        "gradient_norm_max": 9.0,
        "clipped_norm": 1.0,
        "clipped": 0.25,
        "weight_norm": 12.0,
        "spectral_radius": {"encoder.weight_hh_l0": {"i": 0.5, "g": 1.25}},
        "dead_units": {"encoder.h_l0": 0.125},
        "saturated_units": {"encoder.h_l0": 0.0},
    }
    epochs = [epoch(1, **signs), epoch(2, **{**signs, "weight_norm": None})]
    own = SimpleNamespace(epochs=epochs, history={"epochs": epochs, "best_epoch": 2}, warnings=())
    found = training_section(own)  # pyright: ignore
    assert [place for place, _, _ in found.content["pictures"]] == [
        "gradient-figure", "clipped-figure", "weights-figure", "radius-figure", "units-figure"
    ]  # fmt: skip
    tables = {place: table for place, _, table in found.content["pictures"]}
    assert tables["radius-figure"].columns == ["Epoch", "Encoder.weight_hh_l0, i", "Encoder.weight_hh_l0, g"]
    assert [trace.name for trace in found.figures["radius-figure"].data] == ["l0, i", "l0, g"]
    assert [trace.name for trace in found.figures["units-figure"].data] == ["l0, dead", "l0, saturated"]
    assert tables["weights-figure"].rows == [["1", "12.0"], ["2", "–"]]
    assert not found.content["old"]
    older = [epoch(1)]
    own = SimpleNamespace(epochs=older, history={"epochs": older, "best_epoch": 1}, warnings=())
    found = training_section(own)  # pyright: ignore
    assert found.content["old"]
    assert [place for place, _, _ in found.content["pictures"]] == ["gradient-figure"]


def test_two_models_stand_side_by_side(compared) -> None:
    html = inspection_page(compared("classify"))
    page = Page(html)
    assert page.titles[:2] == ["The prediction as it forms", "Beside other"]
    assert {
        "gates0",
        "gates1",
        "norm0-0",
        "norm1-0",
        "memories",
        "forming0",
        "forming1",
    } <= page.figures.keys()
    rows = {row[0]: row[1:] for row in cells(section(html, "Beside other")) if len(row) == 3}
    assert rows["Says"][0] == rows["Says"][1] == compared("classify").first.forming.final
    assert rows["0"] == [f"{compared('classify').first.memory.by_input[0]:.3g}"] * 2
    assert rows["Weights"] == [f"{compared('classify').first.parameters:,}"] * 2


def test_models_of_one_task_whose_networks_differ_can_be_compared(fitted) -> None:
    first, second = fitted("texts").model_, model_of("classify-words")
    html = inspection_page(compare(first, second, "a good film", names=("a", "b")))
    assert Page(html).titles[1] == "Beside b"
