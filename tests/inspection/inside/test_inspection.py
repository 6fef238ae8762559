"""Everything of a model at once, two models side by side, and the same as plain values."""

import json
import sys

import numpy as np
import pytest

import recurra.inspection
from recurra import InputError
from recurra.cells import Stack, cell
from recurra.inspection import compare, inspect
from recurra.inspection.inside.plain import plain
from recurra.inspection.inside.weights import recurrent_matrices
from recurra.runtime import Linear, Pool, Recurrent
from tests.inspection.inside.models import NAMES, inputs_of, model_of, regressor, regressor_of


@pytest.mark.parametrize("name", NAMES)
def test_all_is_found_of_every_model_and_can_be_told_in_json(name: str) -> None:
    model = model_of(name)
    found = inspect(model, inputs_of(name), row=1, name=name)
    assert found.trace is not None
    assert found.memory is not None
    assert [one.method for one in found.attributions] == ["integrated gradients", "gradient × input"]
    assert found.spectra[-1].step == len(found.trace.given.steps) - 1
    assert found.parameters == sum(weight.size for weight in model.tensors.values())
    assert found.notes == ()
    told = json.loads(json.dumps(plain(found)))
    assert told["given"]["steps"] == list(found.trace.given.steps)
    assert told["memory"]["effective"] == found.memory.effective
    assert told["spectra"][0]["eigenvalues"][0] == [
        found.spectra[0].eigenvalues[0].real,
        found.spectra[0].eigenvalues[0].imag,
    ]
    assert [layer["norm"] for layer in told["layers"]] == [
        layer.trace.norm.tolist() for layer in found.layers
    ]
    assert told["forming"]["final"] == found.forming.final  # pyright: ignore[reportOptionalMemberAccess]


def test_without_an_input_there_is_what_the_file_has() -> None:
    found = inspect(model_of("classify"))
    assert (found.trace, found.forming, found.memory, found.spectra) == (None, None, None, ())
    assert plain(found)["given"] is None
    assert [one.gate for one in found.matrices[:4]] == ["i", "f", "g", "o"]


def test_each_layer_has_its_units_in_three_orders() -> None:
    found = inspect(regressor("lstm", layers=2, both=True), np.ones((5, 2)))
    assert [layer.trace.name for layer in found.layers] == [
        "layer 1", "layer 1, backwards", "layer 2", "layer 2, backwards"
    ]  # fmt: skip
    for layer in found.layers:
        assert list(layer.orders) == ["as stored", "by activity", "by cluster"]
        assert all(sorted(order) == list(range(4)) for order in layer.orders.values())


def test_a_wide_state_is_taken_apart_at_the_last_step_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model, X = regressor("lstm"), np.ones((5, 2))
    assert {one.step for one in inspect(model, X).spectra} == {0, 2, 4}
    monkeypatch.setattr("recurra.inspection.inside.inspection._LARGE", 7)
    assert {one.step for one in inspect(model, X).spectra} == {4}


def test_without_pytorch_gradients_of_an_encoder_decoder_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("recurra.inspection.inside.rebuild")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    found = inspect(model_of("translate"), inputs_of("translate"))
    assert (found.memory, found.attributions) == (None, ())
    assert found.attended is not None
    assert found.notes == (
        "Gradients of this network are left out: torch is not installed; install it with: "
        "pip install 'recurra[train]'.",
    )


def test_the_eigenvalues_of_each_gate_are_those_of_its_rows() -> None:
    rng = np.random.default_rng(0)
    tensors = {
        "encoder.weight_hh_l0": rng.normal(size=(12, 4)),
        "encoder.weight_ih_l0": rng.normal(size=(12, 2)),
    }
    found = recurrent_matrices(tensors)
    assert [(one.name, one.gate) for one in found] == [("encoder.weight_hh_l0", gate) for gate in "rzn"]
    for one, rows in zip(found, np.split(tensors["encoder.weight_hh_l0"], 3)):
        values = np.linalg.eigvals(rows)
        assert one.radius == pytest.approx(np.abs(values).max())
        assert np.all(np.diff(np.abs(one.eigenvalues)) <= 1e-12)
        assert one.norm == pytest.approx(np.linalg.svd(rows)[1][0])
        assert one.eigenvalues.sum() == pytest.approx(np.trace(rows))


def test_a_projection_is_part_of_what_a_state_is_multiplied_by() -> None:
    rng = np.random.default_rng(0)
    weight, projection = rng.normal(size=(24, 2)), rng.normal(size=(2, 6))
    found = recurrent_matrices({"weight_hh_l0_reverse": weight, "weight_hr_l0_reverse": projection})
    assert [one.gate for one in found] == ["i", "f", "g", "o"]
    expected = np.abs(np.linalg.eigvals(weight[6:12] @ projection)).max()
    assert found[1].radius == pytest.approx(expected)


def test_two_checkpoints_tell_how_far_the_weights_moved() -> None:
    model, other = model_of("classify"), regressor("gru")
    same = compare(model, model, inputs_of("classify"), names=("a", "b"))
    assert set(same.moved) == set(model.tensors)
    assert set(same.moved.values()) == {0.0}
    assert (same.first.name, same.second.name) == ("a", "b")
    assert plain(same)["against"]["name"] == "b"
    different = compare(other, regressor("lstm"), np.ones((3, 2)))
    assert different.moved == {}


@pytest.mark.slow
def test_a_thousand_steps_of_two_wide_layers_are_looked_at_from_every_lag_of_the_inputs() -> None:
    layers = Stack(cell("lstm", input_size=8, hidden_size=256), 2)
    model = regressor_of(Recurrent("encoder", layers), Pool(), Linear("head", 256, 3))
    found = inspect(model, np.random.default_rng(0).normal(size=(1000, 8)))
    assert found.memory is not None
    assert (len(found.memory.lags), len(found.memory.state_lags)) == (1000, 128)


def test_a_second_model_that_reads_other_inputs_is_named() -> None:
    with pytest.raises(InputError) as error:
        compare(regressor("gru"), regressor("gru", columns=3), np.ones((3, 2)))
    assert str(error.value).startswith("against must read this input, too: X")


def test_models_for_different_tasks_are_not_compared() -> None:
    with pytest.raises(InputError) as caught:
        compare(model_of("classify"), model_of("regress"))
    assert str(caught.value) == "against must be a model for the same task, classify, got one for regress"


def test_the_public_names_are_listed_and_there() -> None:
    assert dir(recurra.inspection) == recurra.inspection.__all__
    assert all(callable(getattr(recurra.inspection, name)) for name in recurra.inspection.__all__)
    with pytest.raises(AttributeError, match=r"has no attribute 'nothing'$"):
        _ = recurra.inspection.nothing  # pyright: ignore[reportAttributeAccessIssue]
