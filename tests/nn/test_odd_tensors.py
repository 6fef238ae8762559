"""Parametrised layers, tensor subclasses, shared and changed memory."""

import multiprocessing
from multiprocessing.pool import ThreadPool

import pytest
import torch
from torch.nn.utils import parametrizations, parametrize, prune
from torch.testing._internal.two_tensor import TwoTensor

from tests.nn.conftest import gradients, random_state, states_of


def test_changing_the_output_before_the_backward_is_found(make):
    for options in ({}, {"batch_first": True}, {"num_layers": 2, "bidirectional": True}):
        output, _ = make(3, 4, **options)(torch.randn(5, 2, 3, dtype=torch.float64))
        loss = output.sum()
        with torch.no_grad():
            output.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_changing_a_weight_before_the_backward_is_found(make):
    layer = make(3, 4)
    loss = layer(torch.randn(5, 2, 3, dtype=torch.float64))[0].sum()
    with torch.no_grad():
        layer.weight_hh_l0.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_changing_the_lengths_before_the_backward_is_found(make):
    lengths = torch.tensor([5, 2])
    loss = make(3, 4)(torch.randn(5, 2, 3, dtype=torch.float64), lengths=lengths)[0].sum()
    lengths[0] = 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: parametrizations.weight_norm(layer, "weight_hh_l0"),
        lambda layer: parametrizations.orthogonal(layer, "weight_ih_l0"),
        lambda layer: prune.random_unstructured(layer, "weight_hh_l0", 0.5),
    ],
)
def test_computed_weights(make_pair, change):
    ours, theirs = make_pair(3, 4)
    for layer in (ours, theirs):
        torch.manual_seed(2)
        change(layer)
    theirs.load_state_dict(ours.state_dict())
    x, hx = torch.randn(5, 2, 3, dtype=torch.float64), random_state(ours, 2)
    for got, want in zip(gradients(ours, x, hx), gradients(theirs, x, hx)):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)


def test_a_removed_parametrisation_leaves_a_parameter(make):
    layer = parametrizations.weight_norm(make(3, 4), "weight_hh_l0")
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    want, _ = layer(x)
    parametrize.remove_parametrizations(layer, "weight_hh_l0")
    torch.testing.assert_close(layer(x)[0], want)


class Named(torch.Tensor):
    """A tensor of a subclass, as libraries make them."""


@pytest.mark.parametrize("named", ["input", "weight"])
def test_tensors_of_a_subclass(make_pair, named):
    pair = make_pair(3, 4)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    results = []
    for layer in pair:
        given = x
        if named == "input":
            given = x.as_subclass(Named)
        else:
            layer.weight_hh_l0 = torch.nn.Parameter(layer.weight_hh_l0.detach().as_subclass(Named))
        results.append(list(gradients(layer, given, random_state_of(layer))))
    got, want = results
    assert isinstance(got[0], Named)
    assert [type(tensor) for tensor in got] == [type(tensor) for tensor in want]
    torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)


def random_state_of(layer):
    torch.manual_seed(4)
    return random_state(layer, 2)


def test_tensors_that_dispatch_by_themselves(make):
    """A pair of tensors behind one interface; each half is computed on its own."""
    layer = make(3, 4, 2, bidirectional=True)
    halves = [torch.randn(5, 2, 3, dtype=torch.float64) for _ in range(2)]
    with torch.no_grad():
        output, state_n = layer(TwoTensor(*halves), lengths=[5, 2])
        for half, x in zip("ab", halves):
            want, want_n = layer(x, lengths=[5, 2])
            assert torch.equal(getattr(output, half), want)
            for got, state in zip(states_of(state_n), states_of(want_n)):
                assert torch.equal(getattr(got, half), state)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")
def test_parameters_in_shared_memory(make):
    layer = make(3, 4).share_memory()
    assert all(parameter.is_shared() for parameter in layer.parameters())
    x = torch.randn(2, 2, 3, dtype=torch.float64)
    before = layer(x)[0]
    child = multiprocessing.get_context("fork").Process(target=zero, args=(layer,))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert not torch.equal(layer(x)[0], before)
    assert not any(parameter.any() for parameter in layer.parameters())


def zero(layer):
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()


def test_one_layer_in_several_threads(make):
    layer = make(3, 4, 2).eval()
    inputs = [torch.randn(9, 2, 3, dtype=torch.float64) for _ in range(16)]
    want = [list(gradients(layer, x, None)) for x in inputs]
    with ThreadPool(4) as pool:
        got = pool.map(lambda x: list(gradients(layer, x, None)), inputs)
    torch.testing.assert_close(got, want, rtol=0, atol=0)
