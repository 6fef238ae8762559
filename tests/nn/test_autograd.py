"""Derivatives of layers and operators, and the portable path."""

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from recurra.nn import ops, portable
from recurra.nn.noise import Noise, draw
from tests.nn.conftest import random_state, states_of


def functional(layer, *, lengths=None):
    """The layer as a function of (x, *state, *parameters), and such arguments."""
    x = torch.randn(3, 2, layer.input_size, dtype=torch.float64)
    state = states_of(random_state(layer, 2))
    names = [name for name, _ in layer.named_parameters()]

    def f(x, *tensors):
        hx, parameters = tensors[: len(state)], tensors[len(state) :]
        arguments = (x, hx if len(hx) > 1 else hx[0], lengths)
        output, state_n = torch.func.functional_call(layer, dict(zip(names, parameters)), arguments)
        return output, *states_of(state_n)

    tensors = [x, *state, *layer.parameters()]
    return f, [tensor.detach().requires_grad_() for tensor in tensors]


def summed(f):
    return lambda *tensors: sum(result.pow(2).sum() for result in f(*tensors))


@pytest.mark.parametrize("lengths", [None, [1, 3]])
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_gradcheck(make, options, lengths):
    f, tensors = functional(make(2, 3, **options), lengths=lengths)
    assert torch.autograd.gradcheck(f, tensors)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_second_derivatives(make, options):
    f, tensors = functional(make(2, 2, **options), lengths=[3, 1])
    assert torch.autograd.gradgradcheck(f, tensors, fast_mode=True)


def test_second_derivatives_where_the_input_needs_none(make):
    f, (x, *tensors) = functional(make(2, 2))
    x = x.detach()
    assert torch.autograd.gradgradcheck(lambda *tensors: f(x, *tensors), tensors)


def test_gradients_of_the_input_alone_and_of_the_weights_alone(make):
    f, tensors = functional(make(2, 3, 2))
    everything = torch.autograd.grad(summed(f)(*tensors), tensors)
    for k, tensor in enumerate(tensors):
        frozen = [other if other is tensor else other.detach() for other in tensors]
        (gradient,) = torch.autograd.grad(summed(f)(*frozen), [tensor])
        torch.testing.assert_close(gradient, everything[k], rtol=1e-12, atol=1e-14)


def test_backward_may_run_again(make):
    f, tensors = functional(make(2, 3, 2))
    loss = summed(f)(*tensors)
    once = torch.autograd.grad(loss, tensors, retain_graph=True)
    again = torch.autograd.grad(loss, tensors)
    torch.testing.assert_close(again, once, rtol=0, atol=0)


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpointed_activations(make, use_reentrant):
    layer = make(2, 3, 2, dropout=0.3, zoneout=0.3)
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    found = []
    for call in (layer, lambda x: checkpoint(layer, x, use_reentrant=use_reentrant)):
        torch.manual_seed(3)
        layer.zero_grad()
        x.grad = None
        call(x)[0].pow(2).sum().backward()
        found.append([x.grad, *(parameter.grad for parameter in layer.parameters())])
    torch.testing.assert_close(*found, rtol=0, atol=0)


def test_functional_gradients(make):
    f, tensors = functional(make(2, 3, 2, bidirectional=True), lengths=[2, 3])
    want = torch.autograd.grad(summed(f)(*tensors), tensors)
    tensors = [tensor.detach() for tensor in tensors]
    got = torch.func.grad(summed(f), argnums=tuple(range(len(tensors))))(*tensors)
    torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-14)


def test_functional_second_gradients(make):
    f, (x, *rest) = functional(make(2, 2))
    (first,) = torch.autograd.grad(summed(f)(x, *rest), [x], create_graph=True)
    (want,) = torch.autograd.grad(first.pow(2).sum(), [x])
    x, *rest = (tensor.detach() for tensor in (x, *rest))
    once = torch.func.grad(summed(f))
    got = torch.func.grad(lambda x: once(x, *rest).pow(2).sum())(x)
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-12)


def operator_arguments(layer):
    """Arguments of the forward operator, with lengths and every kind of noise."""
    x = torch.randn(4, 3, layer.input_size, dtype=torch.float64)
    noise = draw(layer.stack, x, 0.5, 0.5, training=True)
    state = states_of(random_state(layer, 3))
    parameters = [getattr(layer, name).detach() for name in layer.stack.parameter_shapes()]
    return ops.specify(layer.stack), x, state, torch.tensor([4, 0, 2]), *noise, parameters


@pytest.mark.parametrize("keep_tape", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
def test_forward_operator(make, keep_tape, noisy):
    specification, x, state, lengths, *noise, parameters = operator_arguments(
        make(2, 3, 2, bidirectional=True, zoneout=0.5 * noisy)
    )
    for given in (lengths, None):
        masks = noise if noisy else Noise()
        arguments = specification, x, state, given, *masks, parameters, keep_tape
        torch.library.opcheck(ops.forward, arguments)


@pytest.mark.parametrize("need_dx", [False, True])
def test_backward_operator(make, need_dx):
    arguments = operator_arguments(make(2, 3, 2, bidirectional=True, zoneout=0.5))
    output, *state_n, tape = ops.forward(*arguments, True)
    gradients = torch.randn_like(output), [torch.randn_like(state) for state in state_n]
    torch.library.opcheck(ops.backward, (*arguments, output, tape, *gradients, need_dx))


def test_lengths_operator():
    torch.library.opcheck(ops.checked_lengths, (torch.tensor([2, 0, 1], dtype=torch.int32), 2, 3))


def test_live_steps_operator():
    torch.library.opcheck(ops.live, (torch.randn(4, 3, 2), torch.tensor([2, 0, 4])))


def test_portable_path_agrees(make):
    arguments = operator_arguments(make(2, 3, 2, bidirectional=True, zoneout=0.5))
    specification, x, state, lengths, *noise, parameters = arguments
    got = portable.run(ops.stack_of(specification), x, state, lengths, Noise(*noise), parameters)
    *want, _ = ops.forward(*arguments, False)
    torch.testing.assert_close(list(got), want, rtol=1e-10, atol=1e-12)


def test_other_devices_take_the_portable_path(make):
    layer = make(2, 3, 2, bidirectional=True).to("meta")
    output, state_n = layer(torch.empty(4, 5, 2, dtype=torch.float64, device="meta"), lengths=[1, 2, 3, 4, 0])
    assert output.is_meta
    assert output.shape == (4, 5, 6)
    assert {state.shape for state in states_of(state_n)} == {(4, 5, 3)}
