"""What travels to the page's script: rounded, thinned out, and small however long the input is."""

import base64
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.inspection import inspection_page
from recurra.inspection.inside import LayerTrace, by_activity, saturation
from recurra.inspection.inside.inspection import Layer
from recurra.inspection.inside_page.packed import pack, packed


def layer(
    T: int, H: int, gates: tuple[str, ...] = ("input", "forget", "candidate", "output"), R: int = 0
) -> Layer:
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(0, 1, (T, H)).astype(np.float32) for name in gates}
    states = {
        "h": rng.normal(size=(T, R or H)).astype(np.float32),
        "c": rng.normal(size=(T, H)).astype(np.float32),
    }
    trace = LayerTrace("layer 1", "lstm", tuple(map(str, range(1, T + 1))), values, states)
    orders = {"as stored": np.arange(R or H), "by activity": by_activity(trace)}
    return Layer(trace, saturation(trace), orders)


def unpacked(quantity: dict) -> np.ndarray:
    codes = np.frombuffer(base64.urlsafe_b64decode(quantity["data"]), {8: "<u1", 16: "<u2"}[quantity["bits"]])
    share = codes.reshape(quantity["units"], -1) / (2 ** quantity["bits"] - 1)
    return quantity["low"] + share * (quantity["high"] - quantity["low"])


@given(st.integers(1, 30), st.integers(1, 5), st.floats(-9, 0), st.floats(0.5, 9), st.sampled_from([8, 16]))
def test_values_come_back_to_half_a_code(T: int, H: int, low: float, high: float, bits: int) -> None:
    values = np.random.default_rng(T).uniform(low, high, (T, H))
    quantity = {"data": pack(values, low, high, bits), "bits": bits, "low": low, "high": high, "units": H}
    np.testing.assert_allclose(unpacked(quantity), values.T, atol=0.501 * (high - low) / (2**bits - 1))


def test_a_small_layer_keeps_every_step_and_unit_in_16_bits() -> None:
    own = layer(7, 3)
    ((found,),) = packed([[own]])
    by_name = {one["name"]: one for one in found["quantities"]}
    assert list(by_name) == [
        "state h",
        "cell state c",
        "input gate",
        "forget gate",
        "candidate",
        "output gate",
    ]
    assert (found["units"], found["note"]) == ([0, 1, 2], "7 steps of 3 units, counted from 0.")
    assert found["labels"] == list(own.trace.steps)
    assert found["orders"]["by activity"] == by_activity(own.trace).tolist()
    np.testing.assert_allclose(unpacked(by_name["input gate"]), own.trace.gates["input"].T, atol=1e-5)
    np.testing.assert_allclose(unpacked(by_name["cell state c"]), own.trace.states["c"].T, atol=1e-4)
    assert by_name["state h"]["high"] == -by_name["state h"]["low"] == np.abs(own.trace.states["h"]).max()


def test_long_inputs_are_averaged_and_of_wide_layers_the_most_active_units_kept() -> None:
    own = layer(3000, 300)
    ((found,),) = packed([[own]])
    kept = np.sort(by_activity(own.trace)[:256])
    assert found["units"] == kept.tolist()
    assert found["labels"][:2] == ["1 … 3", "4 … 6"]
    assert found["note"] == (
        "3,000 steps of 300 units, counted from 0. Each column is the mean of 3 steps. "
        "Shown are the 256 most active units. Values are rounded to 1/255 of their range."
    )
    means = own.trace.gates["forget"].reshape(1000, 3, 300).mean(axis=1)[:, kept]
    forget = next(one for one in found["quantities"] if one["name"] == "forget gate")
    np.testing.assert_allclose(unpacked(forget), means.T, atol=0.51 / 255)
    order = [found["units"][place] for place in found["orders"]["by activity"]]
    assert order == by_activity(own.trace)[:256].tolist()


@pytest.mark.parametrize(
    ("models", "layers", "T", "H"), [(1, 2, 1000, 256), (2, 4, 5000, 512), (1, 8, 300, 256)]
)
def test_all_heat_maps_of_a_page_stay_small(models: int, layers: int, T: int, H: int) -> None:
    found = packed([[layer(T, H)] * layers] * models)
    size = sum(len(one["data"]) for model in found for own in model for one in own["quantities"])
    assert size < 7e6
    assert all(len(own["steps"]) >= 50 for model in found for own in model)


def test_colours_tell_the_many_apart_where_a_few_lie_far_beyond() -> None:
    own = layer(50, 20)
    own.trace.states["c"][0, 0] = 1000
    ((found,),) = packed([[own]])
    state, cell = found["quantities"][:2]
    assert state["reach"] == state["high"]
    assert cell["reach"] == pytest.approx(np.quantile(np.abs(own.trace.states["c"]), 0.995))
    assert cell["high"] == 1000


def test_a_state_that_is_projected_stands_apart_from_its_wider_cells() -> None:
    own = layer(5, 6, R=2)
    ((projected, cells),) = packed([[own]])
    assert [projected["name"], cells["name"]] == ["layer 1, projected", "layer 1, cells"]
    assert [one["name"] for one in projected["quantities"]] == ["state h"]
    assert projected["orders"]["by activity"] == by_activity(own.trace).tolist()
    assert [one["name"] for one in cells["quantities"]][:2] == ["cell state c", "input gate"]
    assert cells["orders"] == {"as stored": [0, 1, 2, 3, 4, 5]}


def test_a_page_of_two_wide_layers_and_a_thousand_steps_is_small(inspected) -> None:
    own = inspected("classify")
    saturated = layer(1000, 256)
    for values in saturated.trace.gates.values():
        values.round(out=values)  # the worst for the size: codes of nothing but ones
    page = inspection_page(dataclasses.replace(own, layers=(saturated, saturated)))
    assert len(page) < 10e6
