"""The page of what is inside a model in a real browser, of a laptop and of a phone, in light and in dark."""

from typing import Any

import numpy as np
import pytest

from recurra.inspection import inspect
from tests.inspection.fitted import HOSTILE
from tests.inspection.inside.models import model_of

SHOWN = [
    "forecast-gru",
    "classify",
    "regress",
    "tag-words",
    "language-char",
    "music",
    "translate",
    "transcribe",
]
Z = "[...document.getElementById('gates0-map').data[0].z].map(row => [...row])"
PICKED = "document.getElementById('gates0-map').layout.annotations[0].text"


def chosen(page: Any, what: str, panel: str = "gates0") -> str:
    return page.locator(f"[data-panel={panel}] select[name={what}]").evaluate(
        "one => one.selectedOptions[0].text"
    )


def choose(page: Any, what: str, label: str, panel: str = "gates0") -> None:
    page.locator(f"[data-panel={panel}] select[name={what}]").select_option(label=label)


def shown(page: Any) -> np.ndarray:
    page.locator("#gates0-map").scroll_into_view_if_needed()
    page.locator("#gates0-map .main-svg").first.wait_for()
    return np.array(page.evaluate(Z))


@pytest.mark.parametrize("name", SHOWN)
def test_the_page_of_every_task_is_drawn_in_full_and_fits_a_phone(
    open_inside, scrolled, inspected, name: str
) -> None:
    scrolled(open_inside(inspected(name), 390, color_scheme="dark"))


def test_a_page_of_two_models_and_one_without_an_input_are_drawn_in_full(
    open_inside, scrolled, compared
) -> None:
    scrolled(open_inside(compared("classify"), 1280))
    scrolled(open_inside(inspect(model_of("classify"), name="m"), 1280))


def test_every_gate_of_every_layer_can_be_seen_in_every_order(open_inside, inspected) -> None:
    found = inspected("tag-words")
    page = open_inside(found)
    for layer in found.layers:
        choose(page, "layer", layer.trace.name)
        quantities = {
            "state h": layer.trace.states["h"],
            **{
                name if name == "candidate" else f"{name} gate": own
                for name, own in layer.trace.gates.items()
            },
        }
        for quantity, values in quantities.items():
            choose(page, "quantity", quantity)
            for order, units in layer.orders.items():
                choose(page, "order", order)
                reach = np.abs(values).max() if quantity in ("state h", "candidate") else 1
                np.testing.assert_allclose(shown(page), values.T[units], atol=reach / 2**15)


def test_a_unit_is_picked_by_a_click_and_followed_through_all_gates(open_inside, inspected) -> None:
    found = inspected("classify")
    page, trace = open_inside(found), found.layers[0].trace
    choose(page, "quantity", "forget gate")
    H, T = shown(page).shape
    area = page.locator("#gates0-map .nsewdrag").bounding_box()
    page.mouse.move(area["x"] + area["width"] * 0.5 / T, area["y"] + area["height"] * 1.5 / H)
    page.mouse.click(area["x"] + area["width"] * 0.5 / T, area["y"] + area["height"] * 1.5 / H)
    page.locator("#gates0-unit .main-svg").first.wait_for()
    assert (chosen(page, "unit"), page.evaluate(PICKED)) == ("1", "◂ 1")
    reading = page.text_content("[data-panel=gates0] .reading")
    assert reading == f"unit 1, {trace.steps[0]}: forget gate {trace.gates['forget'][0, 1]:.3f}"
    curves = page.evaluate("document.getElementById('gates0-unit').data.map(one => [one.name, [...one.y]])")
    assert [name for name, _ in curves] == [
        "state h", "cell state c", "input gate", "forget gate", "candidate", "output gate"
    ]  # fmt: skip
    np.testing.assert_allclose(dict(curves)["forget gate"], trace.gates["forget"][:, 1], atol=1e-4)
    page.click("[data-panel=gates0] button[aria-label='The next unit']")
    assert page.evaluate(PICKED) == f"◂ {2 % H}"
    page.click("[data-panel=gates0] button[aria-label='The unit before']")
    assert chosen(page, "unit") == "1"


def test_the_tables_beside_the_pictures_tell_the_same_numbers(open_inside, inspected) -> None:
    found = inspected("classify")
    page, trace = open_inside(found), found.layers[0].trace
    choose(page, "quantity", "input gate")
    choose(page, "unit", "0")
    units = page.locator("[data-panel=gates0] .units tbody tr")
    values = trace.gates["input"]
    assert units.count() == values.shape[1]
    first = [float(text) for text in units.first.locator("td").all_text_contents()[:3]]
    np.testing.assert_allclose(first, [f(values[:, 0]) for f in (np.mean, np.min, np.max)], atol=6e-4)
    steps = page.locator("[data-panel=gates0] .followed tbody tr")
    assert [row.text_content() for row in steps.locator("th").all()] == list(trace.steps)
    assert float(steps.first.locator("td").nth(2).text_content()) == pytest.approx(values[0, 0], abs=6e-4)


def test_a_choice_for_one_model_is_made_for_the_other(open_inside, compared) -> None:
    page = open_inside(compared("classify"))
    choose(page, "quantity", "output gate")
    choose(page, "layer", "layer 1, backwards")
    assert (chosen(page, "quantity", "gates1"), chosen(page, "layer", "gates1")) == (
        "output gate", "layer 1, backwards"
    )  # fmt: skip


def test_another_step_of_the_jacobian_can_be_picked(open_inside, inspected) -> None:
    page = open_inside(inspected("forecast-lstm"))
    page.locator("#spectrum").scroll_into_view_if_needed()
    page.locator("#spectrum .main-svg").first.wait_for()
    largest = "[data-rows=spectrum] tr:first-child td:nth-child(2)"
    before = page.text_content(largest), page.get_attribute("#spectrum path.point", "transform")
    page.select_option("#spectrum-choice", index=3)
    assert (page.text_content(largest), page.get_attribute("#spectrum path.point", "transform")) != before


def test_pictures_are_drawn_when_they_come_into_view(open_inside, inspected) -> None:
    page = open_inside(inspected("classify"))
    assert page.locator("#matrix .main-svg").count() == 0
    page.locator("#matrix").scroll_into_view_if_needed()
    page.locator("#matrix .main-svg").first.wait_for()


def test_colours_follow_the_scheme_while_the_page_is_open(open_inside, inspected) -> None:
    page = open_inside(inspected("classify"), color_scheme="light")
    shown(page)
    middle = "document.getElementById('gates0-map').data[0].colorscale[2][1]"
    assert page.evaluate(middle) == "#f4f4f1"
    page.emulate_media(color_scheme="dark")
    for _ in range(100):
        if page.evaluate(middle) == "#20252a":
            break
        page.wait_for_timeout(50)
    assert page.evaluate(middle) == "#20252a"


def test_what_comes_from_the_data_stays_text(open_inside, scrolled, fitted) -> None:
    page = open_inside(inspect(fitted("texts").model_, f"a bad {HOSTILE} film", name=HOSTILE))
    scrolled(page)
    assert page.title() == f"Inside {HOSTILE} · Recurra"
    assert page.evaluate("document.querySelectorAll('img, a[href^=http]').length") == 0
