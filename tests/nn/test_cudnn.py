"""The way of plain layers on CUDA, whose functions PyTorch also has on the CPU."""

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from recurra.nn import LSTM, cudnn
from tests.nn.conftest import gradients, random_state

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture(params=[{}, {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False}])
def layer(make, request):
    return make(3, 4, **request.param)


@pytest.fixture
def calls(monkeypatch):
    """Send every layer that way, and count how many went."""
    served = []
    run = cudnn.run
    monkeypatch.setattr(cudnn, "serves", lambda x, lengths: True)
    monkeypatch.setattr(cudnn, "run", lambda *arguments: served.append(1) or run(*arguments))
    return served


def on_kernels(layer, *arguments, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cudnn, "serves", lambda x, lengths: False)
        return list(gradients(layer, *arguments, **options))


@pytest.mark.parametrize("lengths", [None, [0, 5, 2, 3], [5, 5, 5, 5]])
def test_agrees_with_the_kernels(layer, calls, lengths):
    x = torch.randn((4, 5, 3) if layer.batch_first else (5, 4, 3), dtype=torch.float64)
    for hx in (None, random_state(layer, 4)):
        got = list(gradients(layer, x, hx, lengths=lengths))
        want = on_kernels(layer, x, hx, lengths=lengths)
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)
    assert len(calls) == 2


def test_packed_rows(layer, calls):
    rows = [torch.randn(length, 3, dtype=torch.float64) for length in (2, 5, 1)]
    packed, hx = pack_sequence(rows, enforce_sorted=False), random_state(layer, 3)
    got = list(gradients(layer, packed, hx))
    torch.testing.assert_close(got, on_kernels(layer, packed, hx), rtol=1e-9, atol=1e-11)
    assert calls


@pytest.mark.parametrize(
    ("options", "training", "plain"),
    [
        ({"proj_size": 2}, True, True),
        ({"learn_initial_state": True, "weight_dropout": 0.5}, True, True),
        ({"recurrent_dropout": 0.5}, False, True),
        ({"recurrent_dropout": 0.5}, True, False),
        ({"zoneout": 0.1}, False, False),
        ({"layer_norm": True}, False, False),
        ({"peephole": True}, False, False),
    ],
)
def test_only_what_torch_has_goes_that_way(calls, options, training, plain):
    LSTM(3, 4, **options).train(training)(torch.randn(5, 2, 3))
    assert bool(calls) is plain


def test_odd_values_that_torch_takes(calls):
    x = torch.randn(5, 2, 3)
    layer = LSTM(3, 4, num_layers=True, bidirectional=1)
    torch.testing.assert_close(layer(x)[0], on_kernels(layer, x, None)[0])
    assert len(calls) == 1
