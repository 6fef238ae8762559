"""What is measured of a run: against its definition, of every layer, and leaving no trace in the run."""

from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra import nn
from recurra.training import TrainingSettings, VitalSigns, train, vital_signs
from recurra.training.vital_signs import Units, spectral_radius, watched

LAYERS = {
    "rnn": (nn.RNN, {}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, {}),
    "projected": (nn.LSTM, {"proj_size": 3}),
    "normalised": (nn.LSTM, {"layer_norm": True}),
    "gru": (nn.GRU, {"reset_after": False}),
    "min_gru": (nn.MinGRU, {}),
    "min_lstm": (nn.MinLSTM, {}),
}


class Network(torch.nn.Module):
    def __init__(self, name: str = "gru", **options) -> None:
        super().__init__()
        kind, own = LAYERS[name]
        options = {"num_layers": 2, "bidirectional": True, "batch_first": True} | own | options
        self.encoder = kind(2, 5, **options)
        self.head = torch.nn.Linear(self.encoder.stack.output_size, 1)
        generator = torch.Generator().manual_seed(5)
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -0.5, 0.5, generator=generator)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(x, lengths=lengths)[0].sum(1)).squeeze(1)


class Rows:
    """Sequences of 0 to 6 steps, and targets."""

    def __init__(self, rows: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(rows, 6, 2, generator=generator)
        self.y = self.x[:, :, 0].sum(1)
        self.steps = torch.arange(rows) % 7

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.x[index], self.y[index], self.steps[index]


def squares(network, x, y, lengths):
    return ((network(x, lengths) - y) ** 2).sum(), torch.tensor(len(y))


def signs_of(network: torch.nn.Module, norms=(1.0,), clip_norm=1.0, units=None) -> VitalSigns:
    return vital_signs.vital_signs(network, norms, clip_norm, units or Units())


def eigenvalues(matrix: torch.Tensor) -> np.ndarray:
    return np.abs(np.linalg.eigvals(matrix.detach().numpy().astype(np.float64)))


@pytest.mark.parametrize("size", [1, 2, 7, 64, 150])
@pytest.mark.parametrize("kind", ["gaussian", "orthogonal", "triangular", "one", "scaled"])
def test_the_spectral_radius_is_that_of_all_eigenvalues_within_half_a_percent(size, kind):
    generator = torch.Generator().manual_seed(size)
    matrix = torch.randn(3, size, size, generator=generator) / size**0.5
    matrix = {
        "gaussian": lambda: matrix,
        "orthogonal": lambda: torch.linalg.qr(matrix)[0],
        "triangular": lambda: matrix.triu(),
        "one": lambda: torch.ones(3, 1, 1) * torch.eye(size),
        "scaled": lambda: 1e4 * matrix,
    }[kind]()
    expected = [eigenvalues(one).max() for one in matrix]
    tolerance = 5e-3 if kind != "triangular" else 2e-2  # far from symmetric, so that powers take long
    np.testing.assert_allclose(spectral_radius(matrix), expected, rtol=tolerance)


@given(st.floats(0.01, 3), st.floats(0, 6.3))
def test_a_rotation_turns_and_scales(scale, angle):
    """Complex eigenvalues, which no power of the matrix settles on."""
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = torch.tensor([[[cos, -sin], [sin, cos]]], dtype=torch.float32)
    assert spectral_radius(matrix).item() == pytest.approx(scale, rel=1e-5)


def test_a_matrix_without_eigenvalues_has_no_radius():
    nilpotent = torch.zeros(2, 4, 4)
    nilpotent[1, 0, 3] = 7.0
    assert spectral_radius(nilpotent).tolist() == pytest.approx([0.0, 0.0], abs=1e-30)


@pytest.mark.parametrize("name", LAYERS)
def test_each_gate_has_the_radius_of_its_block(name):
    network = Network(name)
    radii = signs_of(network).spectral_radius
    if name in ("normalised", "min_gru", "min_lstm"):
        assert radii == {}
        return
    suffixes = ("_l0", "_l0_reverse", "_l1", "_l1_reverse")
    assert list(radii) == [f"encoder.weight_hh{suffix}" for suffix in suffixes]
    gates = network.encoder.stack.cell.gates
    for suffix in suffixes:
        blocks = getattr(network.encoder, f"weight_hh{suffix}").detach().split(5)
        if name == "projected":
            # h′ = W_hr m′, so that m sees W_h W_hr: the same eigenvalues, and zeros.
            blocks = [block @ getattr(network.encoder, f"weight_hr{suffix}").detach() for block in blocks]
        own = radii[f"encoder.weight_hh{suffix}"]
        assert list(own) == list(gates)
        expected = [eigenvalues(block).max() for block in blocks]
        assert list(own.values()) == pytest.approx(expected, rel=5e-3)


def test_a_layer_that_is_the_model_has_no_name():
    layer = nn.GRU(2, 3)
    assert list(signs_of(layer).spectral_radius) == ["weight_hh_l0"]


def test_the_weight_norm_is_that_of_all_parameters():
    network = Network("lstm")
    whole = torch.cat([parameter.detach().flatten().double() for parameter in network.parameters()])
    assert signs_of(network).weight_norm == pytest.approx(whole.norm().item(), rel=1e-12)


def test_norms_before_and_after_clipping():
    signs = signs_of(Network(), norms=[0.25, 4.0, 2.0, 1.0], clip_norm=1.0)
    assert (signs.gradient_norm_max, signs.clipped) == (4.0, 0.5)
    assert signs.clipped_norm == (0.25 + 1 + 1 + 1) / 4


def test_the_norm_after_clipping_is_the_one_that_the_optimiser_sees(monkeypatch):
    seen, step = [], torch.optim.AdamW.step

    def note(self, *args, **kwargs):
        gradients = [p.grad.flatten() for group in self.param_groups for p in group["params"]]
        seen.append(torch.cat(gradients).norm().item())
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", note)
    settings = TrainingSettings(epochs=2, batch_size=8, clip_norm=1.5)
    epochs = train(Network(), squares, Rows(40, 0), Rows(7, 1), settings).epochs
    for epoch, norms in zip(epochs, (seen[:5], seen[5:])):
        assert epoch.signs.clipped_norm == pytest.approx(sum(norms) / 5, rel=1e-5)
        assert 0 < epoch.signs.clipped <= 1
        assert epoch.signs.gradient_norm_max >= epoch.gradient_norm >= epoch.signs.clipped_norm


@pytest.mark.parametrize("name", LAYERS)
def test_units_are_judged_by_the_ends_of_all_sequences(name):
    """Against the last states; one unit of each run is shut, and another of an Elman network's saturated."""
    network, rows = Network(name), Rows(28, 0)
    stack = network.encoder.stack
    with torch.no_grad():
        for suffix in [run.suffix for run in stack.layers()]:
            for parameter in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                if (tensor := getattr(network.encoder, parameter + suffix, None)) is not None:
                    tensor.view(len(stack.cell.gates), 5, -1)[:, 0] = 0  # at rest for ever
            if name == "rnn":
                network.encoder.get_parameter("bias_ih" + suffix)[1] = 40.0
    with watched(network) as units, torch.no_grad():
        for index in (torch.arange(20), torch.arange(20, 28)):
            x, _, lengths = rows[index]
            network(x, lengths)
    signs = signs_of(network, units=units)

    with torch.no_grad():
        x, _, lengths = rows[torch.arange(28)]
        state = network.encoder(x, lengths=lengths)[1]
        h = (state[0] if isinstance(state, tuple) else state).abs()
    names = [f"encoder.h{run.suffix}" for run in stack.layers()]
    assert signs.dead_units == {
        unit: own.lt(0.01).all(0).double().mean().item() for unit, own in zip(names, h)
    }
    if name not in ("projected", "normalised"):
        assert min(signs.dead_units.values()) > 0
    bounded = name not in ("relu", "projected", "min_gru", "min_lstm")
    h = h[:, lengths > 0]
    assert signs.saturated_units == (
        {unit: own.gt(0.99).all(0).double().mean().item() for unit, own in zip(names, h)} if bounded else {}
    )
    if name == "rnn":
        assert min(signs.saturated_units.values()) == 0.2


def test_a_network_that_says_nothing_at_all_is_dead_and_not_saturated():
    network = Network("relu")
    with torch.no_grad():
        for parameter in network.encoder.parameters():
            parameter.fill_(-1.0)
        with watched(network) as units:
            network(torch.ones(3, 6, 2), torch.tensor([6, 2, 1]))
    signs = signs_of(network, units=units)
    assert set(signs.dead_units.values()) == {1.0}
    assert signs.saturated_units == {}


def test_sequences_without_a_step_tell_nothing():
    network = Network("rnn")
    with watched(network) as units, torch.no_grad():
        network(torch.ones(3, 6, 2), torch.zeros(3, dtype=torch.int64))
    assert signs_of(network, units=units).saturated_units == {}


@pytest.mark.parametrize("shape", [(6, 2), (6, 0, 2)])
def test_sequences_alone_and_none_at_all(shape):
    layer = nn.LSTM(2, 5)
    with watched(layer) as units:
        layer(torch.ones(shape))
    assert list(signs_of(layer, units=units).dead_units) == (["h_l0"] if len(shape) == 2 else [])


def test_a_model_without_recurrent_layers_has_the_rest():
    signs = signs_of(torch.nn.Linear(2, 1))
    assert (signs.spectral_radius, signs.dead_units, signs.saturated_units) == ({}, {}, {})
    assert signs.weight_norm > 0


def test_watching_leaves_no_hooks_behind_even_if_it_fails():
    network = Network()
    with suppress(KeyboardInterrupt), watched(network):
        assert network.encoder._forward_hooks
        raise KeyboardInterrupt
    assert not network.encoder._forward_hooks


def test_what_is_measured_are_the_weights_that_were_validated():
    """The moving average, where there is one; and of the validation part, not the training part."""
    settings = TrainingSettings(epochs=1, batch_size=8, average=0.9, learning_rate=0.05)
    network, validation = Network("lstm"), Rows(28, 1)
    (epoch,) = train(network, squares, Rows(40, 0), validation, settings).epochs  # leaves the average
    with watched(network) as units, torch.no_grad():
        network(validation.x, validation.steps)
    again = signs_of(network, units=units)
    for name in ("weight_norm", "spectral_radius", "dead_units", "saturated_units"):
        assert getattr(epoch.signs, name) == getattr(again, name)
