"""Networks against torch.nn and the cells in float64, and the checks of what a file may ask for."""

import copy

import numpy as np
import pytest
import torch

from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.runtime import Autoregression, Linear, Network, Pool, Recurrent, network_spec

TYPES = "embedding, words, recurrent, pool, attention_pool, linear, tied, autoregression, bag, crf, ensemble"
BEGIN = "spec.layers must begin with a recurrent layer, an embedding or words"
TORCH = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def random_network(*parts, seed=0):
    rng = np.random.default_rng(seed)
    tensors = {
        name: rng.normal(0, 0.5, shape).astype(np.float32)
        for part in parts
        for name, shape in part.shapes().items()
    }
    return network_spec(parts), tensors


def usual(name="lstm", *, num_layers=2, bidirectional=False):
    stack = Stack(cell(name, input_size=3, hidden_size=7), num_layers, bidirectional)
    return Recurrent("encoder", stack), Pool("last"), Linear("head", stack.output_size, 4)


def with_autoregression(name="lstm", *, context=5):
    return *usual(name), Autoregression("autoregression", context, horizon=2, levels=2)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", TORCH)
def test_against_torch(name, bidirectional):
    spec, tensors = random_network(*usual(name, bidirectional=bidirectional))
    x = np.random.default_rng(1).normal(size=(5, 11, 3)).astype(np.float32)
    encoder = TORCH[name](3, 7, 2, batch_first=True, bidirectional=bidirectional).double()
    head = torch.nn.Linear(7 * (1 + bidirectional), 4).double()
    module = torch.nn.ModuleDict({"encoder": encoder, "head": head})
    module.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})
    with torch.no_grad():
        expected = head(encoder(torch.from_numpy(x).double())[0][:, -1])
    np.testing.assert_allclose(Network(spec, tensors)(x), expected.numpy(), atol=2e-6)


def test_without_pooling_every_step_comes_out():
    recurrent, pool, head = usual()
    spec, tensors = random_network(recurrent, head)
    x = np.random.default_rng(1).normal(size=(5, 11, 3)).astype(np.float32)
    steps = Network(spec, tensors)(x)
    assert steps.shape == (5, 11, 4)
    last = Network(network_spec([recurrent, pool, head]), tensors)(x)
    np.testing.assert_array_equal(steps[:, -1], last)


@pytest.mark.parametrize("context", [3, 11, 20])
def test_an_autoregression_stands_beside(context):
    parts = with_autoregression(context=context)
    spec, tensors = random_network(*parts)
    x = np.random.default_rng(1).normal(size=(5, 11, 3)).astype(np.float32)
    without = {key: value for key, value in tensors.items() if not key.startswith("autoregression")}
    before = Network(network_spec(parts[:-1]), without)(x)
    column = np.concatenate([np.zeros((5, 20)), x[:, :, 0].astype(np.float64)], axis=1)[:, -context:]
    steps = column @ tensors["autoregression.weight"].T
    expected = before.reshape(5, 2, 2) + steps[:, :, None]  # both levels of a step alike
    np.testing.assert_allclose(Network(spec, tensors)(x), expected.reshape(5, 4), atol=2e-6)


def test_an_autoregression_in_the_specification():
    assert network_spec(with_autoregression())["layers"][3] == {
        "type": "autoregression",
        "name": "autoregression",
        "context": 5,
        "horizon": 2,
        "levels": 2,
    }


@pytest.mark.parametrize("parts", [usual, with_autoregression])
@pytest.mark.parametrize("name", TORCH)
def test_a_row_has_the_same_bits_alone_padded_and_in_any_batch(name, parts):
    spec, tensors = random_network(*parts(name))
    network = Network(spec, tensors)
    x = np.random.default_rng(2).normal(size=(37, 12, 3)).astype(np.float32)
    lengths = np.random.default_rng(3).integers(0, 13, 37)
    lengths[:2] = 0, 12
    together = network(x, lengths)
    np.testing.assert_array_equal(network(x, lengths, threads=2), together)
    np.testing.assert_array_equal(network(np.asfortranarray(x), lengths), together)
    for row, length in enumerate(lengths):
        np.testing.assert_array_equal(network(x[row : row + 1, :length]), together[row : row + 1])


@pytest.mark.parametrize("parts", [usual, with_autoregression])
def test_a_row_of_length_zero_is_the_bias_of_the_head(parts):
    spec, tensors = random_network(*parts())
    output = Network(spec, tensors)(np.ones((2, 5, 3), np.float32), np.array([0, 5]))
    np.testing.assert_array_equal(output[0], tensors["head.bias"])
    assert (output[1] != output[0]).all()
    assert Network(spec, tensors)(np.ones((0, 5, 3), np.float32)).shape == (0, 4)


def test_later_changes_of_the_tensors_do_not_show():
    spec, tensors = random_network(*usual())
    network = Network(spec, tensors)
    x = np.ones((1, 5, 3), np.float32)
    before = network(x)
    for tensor in tensors.values():
        tensor[:] = 0
    np.testing.assert_array_equal(network(x), before)


def test_the_specification_is_plain_and_comes_back():
    parts = usual()
    assert network_spec(parts) == {
        "layers": [
            {
                "type": "recurrent",
                "name": "encoder",
                "cell": "lstm",
                "input_size": 3,
                "hidden_size": 7,
                "bias": True,
                "num_layers": 2,
                "bidirectional": False,
            },
            {"type": "pool", "how": "last"},
            {"type": "linear", "name": "head", "in_features": 7, "out_features": 4},
        ]
    }


@pytest.mark.parametrize(
    ("x", "lengths", "message"),
    [
        (
            np.zeros((5, 3), np.float32),
            None,
            "x must be float32 of shape (N, T, 3), got float32 of shape (5, 3)",
        ),
        (np.zeros((1, 5, 3)), None, "x must be float32 of shape (N, T, 3), got float64 of shape (1, 5, 3)"),
        (
            np.zeros((1, 5, 2), np.float32),
            None,
            "x must be float32 of shape (N, T, 3), got float32 of shape (1, 5, 2)",
        ),
        (
            np.zeros((1, 5, 3), np.float32),
            [6],
            "lengths must lie between 0 and the 5 steps given, got 6 in row 0",
        ),
    ],
)
def test_wrong_inputs(x, lengths, message):
    network = Network(*random_network(*usual()))
    with pytest.raises(InputError) as error:
        network(x, lengths)
    assert str(error.value) == message


def layer(index, **fields):
    def change(spec, tensors):
        spec["layers"][index].update(fields)

    return change


def without(index, field):
    return lambda spec, tensors: spec["layers"][index].pop(field)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spec, tensors: spec.pop("layers"), "spec must have layers, got only nothing"),
        (lambda spec, tensors: spec.update(layers={}), "spec.layers must be a list of dicts, got {}"),
        (
            lambda spec, tensors: spec.update(layers=["lstm"]),
            "spec.layers must be a list of dicts, got ['lstm']",
        ),
        (lambda spec, tensors: spec.update(code="x"), "spec must not have 'code'"),
        (lambda spec, tensors: spec["layers"].clear(), BEGIN),
        (lambda spec, tensors: spec["layers"].pop(0), BEGIN),
        (
            lambda spec, tensors: spec["layers"].append(spec["layers"][0]),
            "spec.layers must not have recurrent after a pool",
        ),
        (
            lambda spec, tensors: spec["layers"].insert(1, spec["layers"][1]),
            "spec.layers must not have pool after a pool",
        ),
        (
            lambda spec, tensors: spec["layers"].append({**spec["layers"][2], "in_features": 4}),
            "spec.layers must have different names, got 'head.bias' twice",
        ),
        (
            layer(0, type="os.system"),
            f"spec.layers[0].type must be one of {TYPES}, got 'os.system'",
        ),
        (
            without(1, "type"),
            f"spec.layers[1].type must be one of {TYPES}, got None",
        ),
        (
            layer(0, type=["recurrent"]),
            f"spec.layers[0].type must be one of {TYPES}, got ['recurrent']; did you mean 'recurrent'?",
        ),
        (without(0, "name"), "spec.layers[0].name must be text, got None"),
        (
            without(0, "cell"),
            "a stack needs cell, got only input_size, hidden_size, bias, num_layers, bidirectional",
        ),
        (
            layer(0, cell="lstn"),
            "cell must be one of rnn, lstm, gru, min_gru, min_lstm, got 'lstn'; did you mean 'lstm'?",
        ),
        (
            layer(0, extra=1),
            "lstm has no option 'extra', only input_size, hidden_size, bias, peephole, proj_size, "
            "layer_norm, zoneout",
        ),
        (layer(0, hidden_size=0), "hidden_size must be a whole number of at least 1, got 0"),
        (layer(0, num_layers=10**9), "spec.layers[0].num_layers is 1000000000, with only 10 tensors"),
        (
            layer(0, hidden_size=2**62),
            f"'head' takes 7 inputs, but the part before it gives {2**62}",
        ),
        (layer(1, how="sum"), "how must be one of last, ends, mean, max, mean_max, got 'sum'"),
        (layer(1, extra=1), "spec.layers[1] must not have 'extra'"),
        (layer(2, in_features=8), "'head' takes 8 inputs, but the part before it gives 7"),
        (
            layer(2, out_features=2**60),
            f"tensor 'head.weight' must be float32 ({2**60}, 7), got float32 (4, 7)",
        ),
        (
            layer(2, out_features=-4),
            "spec.layers[2].out_features must be a whole number of at least 1, got -4",
        ),
        (
            layer(2, out_features=True),
            "spec.layers[2].out_features must be a whole number of at least 1, got True",
        ),
        (layer(2, name="tail"), "tensor 'tail.weight' is missing"),
        (
            lambda spec, tensors: tensors.pop("encoder.bias_hh_l1"),
            "tensor 'encoder.bias_hh_l1' is missing",
        ),
        (
            lambda spec, tensors: tensors.update(extra=np.zeros(1, np.float32)),
            "tensor 'extra' belongs to no layer",
        ),
        (
            lambda spec, tensors: tensors.update({"head.bias": np.zeros(4)}),
            "tensor 'head.bias' must be float32 (4,), got float64 (4,)",
        ),
    ],
)
def test_a_specification_that_does_not_fit(change, message):
    spec, tensors = random_network(*usual())
    spec = copy.deepcopy(spec)
    change(spec, tensors)
    with pytest.raises(InputError) as error:
        Network(spec, tensors)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (layer(3, levels=3), "'autoregression' gives 6 outputs, but the part before it gives 4"),
        (layer(3, context=0), "spec.layers[3].context must be a whole number of at least 1, got 0"),
        (
            layer(3, context=2**60),
            f"tensor 'autoregression.weight' must be float32 (2, {2**60}), got float32 (2, 5)",
        ),
        (without(3, "name"), "spec.layers[3] must have name, got only context, horizon, levels"),
        (layer(3, name="head"), "spec.layers must have different names, got 'head.weight' twice"),
        (
            lambda spec, tensors: spec["layers"].pop(1),
            "spec.layers must pool the sequence before a part that stands beside the others",
        ),
    ],
)
def test_an_autoregression_that_does_not_fit(change, message):
    spec, tensors = random_network(*with_autoregression())
    spec = copy.deepcopy(spec)
    change(spec, tensors)
    with pytest.raises(InputError) as error:
        Network(spec, tensors)
    assert str(error.value) == message
