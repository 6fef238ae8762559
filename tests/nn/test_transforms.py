"""torch.func over layers: vmap, grad and forward mode, in any nesting."""

import pytest
import torch
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, stack_module_state, vmap

from tests.nn.conftest import random_state, states_of

pytestmark = [
    # PyTorch's own forward mode calls what PyTorch deprecates.
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:RNN module weights are not part of single contiguous chunk"),
]


@pytest.fixture
def layer(make, device):
    return make(2, 3, 2, bidirectional=True, device=device)


@pytest.fixture
def batches(device):
    """Five inputs (4, 2, 2)."""
    return torch.randn(5, 4, 2, 2, dtype=torch.float64, device=device)


def loss(layer, parameters, x):
    output, state_n = functional_call(layer, parameters, (x, None, [4, 2]))
    return output.pow(2).sum() + sum(state.pow(3).sum() for state in states_of(state_n))


def test_vmap_over_inputs_and_states(layer, batches):
    states = [
        torch.stack([states_of(random_state(layer, 2, device=batches.device))[k] for _ in batches])
        for k in range(len(layer.stack.cell.states))
    ]

    def call(x, *state):
        output, state_n = layer(x, state if len(state) > 1 else state[0], [4, 2])
        return output, *states_of(state_n)

    want = [torch.stack(each) for each in zip(*(call(*each) for each in zip(batches, *states)))]
    torch.testing.assert_close(list(vmap(call)(batches, *states)), want, rtol=1e-9, atol=1e-11)
    got = vmap(call, in_dims=2)(batches.movedim(0, 2), *(state.movedim(0, 2) for state in states))
    torch.testing.assert_close(list(got), want, rtol=1e-9, atol=1e-11)


def test_vmap_over_weights(make, batches):
    layers = [make(2, 3, device=batches.device) for _ in range(3)]
    parameters, _ = stack_module_state(layers)
    got = vmap(lambda p: functional_call(layers[0], p, (batches[0],))[0])(parameters)
    want = torch.stack([layer(batches[0])[0] for layer in layers])
    torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11)


def test_gradients_of_each_sample(layer, batches):
    parameters = {name: p.detach() for name, p in layer.named_parameters()}
    got = vmap(grad(loss, argnums=1), in_dims=(None, None, 0))(layer, parameters, batches)
    for k, x in enumerate(batches):
        want = torch.autograd.grad(loss(layer, dict(layer.named_parameters()), x), layer.parameters())
        torch.testing.assert_close([got[name][k] for name in got], list(want), rtol=1e-9, atol=1e-11)


def test_gradient_of_a_mapped_sum(layer, batches):
    parameters = {name: p.detach() for name, p in layer.named_parameters()}
    got = grad(lambda p: vmap(lambda x: loss(layer, p, x))(batches).sum())(parameters)
    total = sum(loss(layer, dict(layer.named_parameters()), x) for x in batches)
    want = torch.autograd.grad(total, layer.parameters())
    torch.testing.assert_close([got[name] for name in got], list(want), rtol=1e-9, atol=1e-11)


def test_forward_mode(layer, batches):
    x, tangent = batches[:2]
    parameters = {name: p.detach() for name, p in layer.named_parameters()}
    gradient = grad(loss, argnums=2)(layer, parameters, x)
    _, got = jvp(lambda x: loss(layer, parameters, x), (x,), (tangent,))
    torch.testing.assert_close(got, (gradient * tangent).sum(), rtol=1e-10, atol=1e-12)
    with forward_ad.dual_level():
        result = forward_ad.unpack_dual(loss(layer, parameters, forward_ad.make_dual(x, tangent)))
        torch.testing.assert_close(result.tangent, got, rtol=1e-9, atol=1e-11)
    # A tangent of a weight alone, which no tensor that the layer is called with shows.
    weight = {name: torch.ones_like(p) for name, p in parameters.items()}
    gradients = grad(loss, argnums=1)(layer, parameters, x)
    _, got = jvp(lambda p: loss(layer, p, x), (parameters,), (weight,))
    torch.testing.assert_close(got, sum(d.sum() for d in gradients.values()), rtol=1e-10, atol=1e-12)


def test_jacobians(layer, batches):
    def f(x):
        return layer(x)[0].sum(1)

    x = batches[0]
    torch.testing.assert_close(jacfwd(f)(x), jacrev(f)(x), rtol=1e-10, atol=1e-12)


def test_hessians(make, batches):
    layer = make(2, 2, device=batches.device)
    parameters = {name: p.detach() for name, p in layer.named_parameters()}

    def f(x):
        return loss(layer, parameters, x)

    x = batches[0][:, :, :2]
    forward_over_reverse = hessian(f)(x)
    torch.testing.assert_close(jacrev(jacrev(f))(x), forward_over_reverse, rtol=1e-9, atol=1e-11)
    matrix = forward_over_reverse.reshape(x.numel(), x.numel())
    torch.testing.assert_close(matrix, matrix.T, rtol=1e-9, atol=1e-11)


def test_masks_need_to_be_told_what_to_do_under_vmap(make, batches):
    layer = make(2, 3, 2, dropout=0.5, device=batches.device)
    with pytest.raises(RuntimeError, match="vmap: called random operation while in randomness error mode"):
        vmap(lambda x: layer(x)[0])(batches)
    output = vmap(lambda x: layer(x)[0], randomness="different")(batches[:1].expand(2, -1, -1, -1))
    assert not torch.equal(output[0], output[1])
