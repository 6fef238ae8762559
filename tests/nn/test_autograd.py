"""Derivatives of the operators, the compiler, and the portable path."""

import pytest
import torch

from recurra.nn import ops, portable
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
    x = torch.randn(4, 3, layer.input_size, dtype=torch.float64)
    masks = torch.rand(layer.num_layers - 1, 4, 3, layer.stack.output_size, dtype=torch.float64)
    state = states_of(random_state(layer, 3))
    parameters = [parameter.detach() for parameter in layer.parameters()]
    return ops.specify(layer.stack), x, state, torch.tensor([4, 0, 2]), masks, parameters


@pytest.mark.parametrize("keep_tape", [False, True])
def test_forward_operator(make, keep_tape):
    layer = make(2, 3, 2, bidirectional=True)
    specification, x, state, lengths, masks, parameters = operator_arguments(layer)
    for given in (masks, None):
        torch.library.opcheck(ops.forward, (specification, x, state, None, given, parameters, keep_tape))
    # The tape of steps that no row takes is whatever memory held, so two runs can't be compared.
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    arguments = (specification, x, state, lengths, masks, parameters, keep_tape)
    torch.library.opcheck(ops.forward, arguments, test_utils=checks if keep_tape else "ALL")


@pytest.mark.parametrize("need_dx", [False, True])
def test_backward_operator(make, need_dx):
    layer = make(2, 3, 2, bidirectional=True)
    arguments = operator_arguments(layer)
    output, *state_n, tape = ops.forward(*arguments, True)
    gradients = torch.randn_like(output), [torch.randn_like(state) for state in state_n]
    torch.library.opcheck(ops.backward, (*arguments, output, tape, *gradients, need_dx))


def test_portable_path_agrees(make):
    arguments = operator_arguments(make(2, 3, 2, bidirectional=True))
    specification, *rest = arguments
    got = portable.run(ops.stack_of(specification), *rest)
    *want, _ = ops.forward(*arguments, False)
    torch.testing.assert_close(list(got), want, rtol=1e-10, atol=1e-12)


def test_other_devices_take_the_portable_path(make):
    layer = make(2, 3, 2, bidirectional=True).to("meta")
    output, state_n = layer(torch.empty(4, 5, 2, dtype=torch.float64, device="meta"), lengths=[1, 2, 3, 4, 0])
    assert output.is_meta
    assert output.shape == (4, 5, 6)
    assert {state.shape for state in states_of(state_n)} == {(4, 5, 3)}


# The compiler itself does what PyTorch deprecates.
@pytest.mark.filterwarnings("ignore:.*Function'> should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_without_a_break(make, dynamic):
    torch.compiler.reset()
    layer = make(2, 3, 2, bidirectional=True, batch_first=True)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for rows, steps in [(3, 4), (2, 5)]:
        x = torch.randn(rows, steps, 2, dtype=torch.float64, requires_grad=True)
        lengths = torch.tensor([steps, 1, 0][:rows])
        results = []
        for call in (compiled, layer):
            output, state_n = call(x, random_state_like(layer, rows), lengths)
            loss = output.pow(2).sum() + sum(state.pow(2).sum() for state in states_of(state_n))
            results.append([output, *torch.autograd.grad(loss, [x, *layer.parameters()])])
        torch.testing.assert_close(*results, rtol=1e-10, atol=1e-12)
        with torch.no_grad():
            torch.testing.assert_close(compiled(x)[0], layer(x)[0], rtol=1e-10, atol=1e-12)


def random_state_like(layer, rows):
    torch.manual_seed(5)
    return random_state(layer, rows)
