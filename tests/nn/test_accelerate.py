"""accelerate: our layers take the place of torch.nn's within a module, and nothing else changes."""

import copy
import logging
import pickle
import re
import types

import pytest
import torch
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from recurra import nn
from recurra._base.errors import InputError


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(6, 5, bidirectional=True, dropout=0.0)

    def forward(self, x):
        return self.gru(x)[0]


class Model(torch.nn.Module):
    """Recurrent layers of every kind and in every kind of place."""

    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(4, 8, 2, proj_size=6, dropout=0.3)
        self.inner = torch.nn.Sequential(Inner(), torch.nn.Tanh())
        self.several = torch.nn.ModuleList([torch.nn.RNN(10, 10), torch.nn.RNN(10, 10, nonlinearity="relu")])
        self.by_name = torch.nn.ModuleDict({"last": torch.nn.GRU(10, 10, bias=False)})
        self.again = self.by_name["last"]
        self.outside = [self.several[0]]  # a reference that is no submodule
        self.head = torch.nn.Linear(10, 1)

    def forward(self, x):
        x = self.inner(self.lstm(x)[0])
        for layer in (self.outside[0], self.several[1], self.by_name["last"], self.again):
            x, _ = layer(x)
        return self.head(x)


RECURRENT = {
    "lstm": nn.LSTM,
    "inner.0.gru": nn.GRU,
    "several.0": nn.RNN,
    "several.1": nn.RNN,
    "by_name.last": nn.GRU,
}

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture
def model():
    return Model().double()


@pytest.fixture
def x():
    return torch.randn(7, 3, 4, dtype=torch.float64)


def outputs_and_gradients(model, x):
    torch.manual_seed(3)
    x = x.detach().requires_grad_()
    output = model(x)
    return [output, *torch.autograd.grad(output.pow(2).sum(), [x, *model.parameters()])]


@pytest.mark.parametrize("training", [True, False])
def test_outputs_and_gradients_stay(model, x, training):
    model.train(training)
    want = outputs_and_gradients(model, x)
    assert nn.accelerate(model) is model
    assert {module.training for module in model.modules()} == {training}
    torch.testing.assert_close(outputs_and_gradients(model, x), want, rtol=1e-9, atol=1e-12)


def test_every_layer_is_swapped_and_nothing_else(model):
    before = {name: (module, type(module)) for name, module in model.named_modules()}
    nn.accelerate(model)
    after = dict(model.named_modules())
    assert after.keys() == before.keys()
    for name, (module, kind) in before.items():
        assert after[name] is module
        assert type(module) is RECURRENT.get(name, kind)
    assert model.again is model.by_name["last"]


def test_parameters_and_names_stay(model):
    before, keys = list(model.named_parameters()), list(model.state_dict())
    text = repr(model)
    nn.accelerate(model)
    after = list(model.named_parameters())
    assert [name for name, _ in after] == [name for name, _ in before]
    assert all(p is q for (_, p), (_, q) in zip(after, before))
    assert list(model.state_dict()) == keys
    assert repr(model) == text


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_an_optimiser_goes_on(model, x, kind):
    other = copy.deepcopy(model)
    runs = []
    for swapped in (model, other):
        options = {"momentum": 0.9} if kind is torch.optim.SGD else {}
        optimiser = kind(swapped.parameters(), lr=0.01, **options)
        torch.manual_seed(1)
        losses = []
        for step in range(6):
            if step == 3 and swapped is model:
                nn.accelerate(swapped)
            loss = swapped(x).pow(2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        runs.append(losses)
    assert isinstance(model.lstm, nn.LSTM)
    assert runs[0] == pytest.approx(runs[1], rel=1e-9)


@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_the_module_itself_may_be_recurrent(kind):
    layer = kind(3, 4, 2, batch_first=True, bidirectional=True, dtype=torch.float64)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    want = layer(x)
    assert nn.accelerate(layer) is layer
    assert type(layer) is getattr(nn, kind.__name__)
    torch.testing.assert_close(layer(x), want, rtol=1e-10, atol=1e-12)
    output, _ = layer(x, lengths=[5, 2])
    assert not output[1, 2:].any()


def test_hooks_stay(model, x):
    seen = []
    layer = model.lstm
    layer.register_forward_pre_hook(lambda module, arguments: seen.append("before"))
    handle = layer.register_forward_hook(lambda module, arguments, result: seen.append("after"))
    layer.register_full_backward_hook(lambda module, d_in, d_out: seen.append("backward"))
    nn.accelerate(model)
    model(x.requires_grad_()).sum().backward()
    assert seen == ["before", "after", "backward"]
    handle.remove()
    model(x)
    assert seen[3:] == ["before"]


def test_the_result_is_copied_saved_and_converted_as_any_layer(model, x):
    nn.accelerate(model.eval())
    want = model(x)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301
        assert isinstance(other.lstm, nn.LSTM)
        torch.testing.assert_close(other(x), want, rtol=0, atol=0)
    fresh = Model().double().eval()
    fresh.load_state_dict(model.state_dict())
    torch.testing.assert_close(fresh(x), want, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(model.float()(x.float()), want.float(), rtol=1e-4, atol=1e-5)


def test_on_every_device(model, x, device):
    model, x = model.to(device), x.to(device)
    model.lstm.dropout = 0.0
    want = outputs_and_gradients(model, x)
    nn.accelerate(model)
    torch.testing.assert_close(outputs_and_gradients(model, x), want, rtol=1e-9, atol=1e-12)


class Special(torch.nn.LSTM):
    """Somebody's own layer."""


def with_its_own_forward():
    layer = torch.nn.GRU(3, 4)
    layer.forward = types.MethodType(lambda self, x: x, layer)
    return layer


@pytest.mark.filterwarnings("ignore:Complex modules are a new feature")
@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated:FutureWarning")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Special(3, 4), "Special is a class of its own"),
        (
            lambda: parametrizations.weight_norm(torch.nn.LSTM(3, 4), "weight_hh_l0"),
            "ParametrizedLSTM is a class of its own",
        ),
        (
            lambda: weight_norm(torch.nn.LSTM(3, 4), "weight_hh_l0"),
            "weight_hh_l0 is computed before each call",
        ),
        (
            lambda: spectral_norm(torch.nn.LSTM(3, 4), "weight_hh_l0"),
            "weight_hh_l0 is computed before each call",
        ),
        (
            lambda: prune.random_unstructured(torch.nn.LSTM(3, 4), "weight_hh_l0", 0.5),
            "weight_hh_l0 is computed before each call",
        ),
        (with_its_own_forward, "its forward was replaced"),
        (lambda: torch.nn.GRU(3, 4, dtype=torch.complex64), "its weights are torch.complex64"),
    ],
)
def test_left_alone(make, reason, caplog):
    layer = make()
    kind, text = type(layer), str(layer)
    model = torch.nn.ModuleDict({"odd": layer, "even": torch.nn.GRU(3, 4)})
    with caplog.at_level(logging.INFO, "recurra.nn.accelerate"):
        nn.accelerate(model)
    assert model["odd"] is layer
    assert type(layer) is kind
    assert type(model["even"]) is nn.GRU
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"left alone odd: {text}, since {reason}"),
        ("INFO", "swapped even: GRU(3, 4)"),
    ]


def test_says_what_it_swapped(model, caplog):
    with caplog.at_level(logging.INFO, "recurra"):
        nn.accelerate(model)
        nn.accelerate(model)  # nothing is left to do
        nn.accelerate(torch.nn.RNN(2, 3))
        nn.accelerate(torch.nn.Linear(2, 3))
    assert caplog.messages == [
        "swapped lstm: LSTM(4, 8, proj_size=6, num_layers=2, dropout=0.3)",
        "swapped inner.0.gru: GRU(6, 5, bidirectional=True)",
        "swapped several.0: RNN(10, 10)",
        "swapped several.1: RNN(10, 10)",
        "swapped by_name.last: GRU(10, 10, bias=False)",
        "swapped RNN(2, 3)",
    ]


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ({"bidirectional": 1}, {"bidirectional": True}),
        ({"bidirectional": "yes"}, {"bidirectional": True}),
        ({"bidirectional": None}, {}),
        ({"num_layers": True}, {}),
    ],
)
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_odd_values_that_torch_takes(kind, odd, plain):
    sizes = {"input_size": 3, "hidden_size": 4, "dtype": torch.float64}
    layer, usual = (getattr(torch.nn, kind)(**(sizes | options)) for options in (odd, plain))
    usual.load_state_dict(layer.state_dict())
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(nn.accelerate(layer)(x), usual(x), rtol=1e-10, atol=1e-12)
    ours = getattr(nn, kind)(**(sizes | odd))
    ours.load_state_dict(layer.state_dict())
    assert torch.equal(ours(x)[0], layer(x)[0])


def test_a_layer_that_cannot_be_swapped_leaves_all_as_they_were(caplog):
    model = torch.nn.Sequential(torch.nn.GRU(3, 4), torch.nn.LSTM(4, 4), torch.nn.RNN(4, 4))
    model[1].hidden_size = 0
    before = [(type(layer), dict(vars(layer))) for layer in model]
    wrong = "hidden_size must be a whole number of at least 1, got 0"
    message = f"module cannot be accelerated: {wrong} in 1: LSTM(4, 0)"
    with (
        caplog.at_level(logging.INFO, "recurra"),
        pytest.raises(InputError, match=f"^{re.escape(message)}$"),
    ):
        nn.accelerate(model)
    assert not caplog.messages
    for layer, (kind, attributes) in zip(model, before):
        assert type(layer) is kind
        assert vars(layer).keys() == attributes.keys()
        assert all(value is vars(layer)[name] for name, value in attributes.items())
    model[1].hidden_size = 4
    assert [type(layer) for layer in nn.accelerate(model)] == [nn.GRU, nn.LSTM, nn.RNN]


def test_only_modules():
    message = "module must be a torch.nn.Module, got list"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        nn.accelerate([torch.nn.LSTM(3, 4)])
