"""MinGRU and MinLSTM wherever PyTorch takes a recurrent layer: graphs, transforms, packing, attributes."""

import copy
import io
import pickle
import re

import pytest
import torch
from torch.export import Dim
from torch.func import functional_call, grad, jvp, vmap
from torch.nn.utils import parametrizations, weight_norm
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence, pad_sequence

from recurra._base.errors import InputError
from recurra.nn import MinGRU, MinLSTM
from tests.nn.conftest import gradients

KINDS = [MinGRU, MinLSTM]

pytestmark = [
    # The compiler itself does what PyTorch deprecates.
    pytest.mark.filterwarnings("ignore:.*Function'> should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning"),
]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def layer(kind):
    """Two layers in both directions, batch first."""
    return kind(2, 3, 2, batch_first=True, bidirectional=True, dtype=torch.float64)


def rows(N, T):
    return torch.randn(N, T, 2, dtype=torch.float64)


def trained(call, layer, *arguments):
    """Output, final state and gradients of one call, compiled or not."""
    x = arguments[0].detach().requires_grad_()
    output, h_n = call(x, *arguments[1:])
    loss = output.pow(2).sum() + h_n.pow(3).sum()
    return [output, h_n, *torch.autograd.grad(loss, [x, *layer.parameters()])]


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_without_a_break(kind, dynamic):
    torch.compiler.reset()
    layer = kind(2, 3, batch_first=True, bidirectional=True, dtype=torch.float64)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for x, lengths in [(rows(3, 6), [6, 0, 2]), (rows(2, 9), [1, 9])][: 1 + dynamic]:
        arguments = x, None, torch.tensor(lengths)
        got, want = (trained(call, layer, *arguments) for call in (compiled, layer))
        torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-12)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), layer(x), rtol=1e-12, atol=1e-12)
    message = "lengths must lie between 0 and the 6 steps given, got 7 in row 1"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        compiled(rows(3, 6), None, torch.tensor([6, 7, 2]))


@pytest.mark.parametrize("strict", [False, True])
def test_exports_for_any_number_of_rows_and_steps(layer, strict):
    N, T = Dim("rows"), Dim("steps")
    arguments = rows(2, 5), None, torch.tensor([5, 2])
    program = torch.export.export(
        layer, arguments, dynamic_shapes=({0: N, 1: T}, None, {0: N}), strict=strict
    )
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    buffer.seek(0)
    for module in (program.module(), torch.export.load(buffer).module()):
        for given in (arguments, (rows(3, 16), None, torch.tensor([0, 16, 3]))):
            torch.testing.assert_close(module(*given), layer(*given), rtol=0, atol=0)
    with pytest.raises(RuntimeError, match=r"backward through recurra\.scan\.default"):
        module(*arguments)[0].sum().backward()


@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python:torch.jit.TracerWarning")
def test_jit_trace_for_any_number_of_rows_and_steps(layer):
    layer.eval()
    h_0 = torch.randn(4, 2, 3, dtype=torch.float64)
    traced = torch.jit.trace(layer, (rows(2, 5), h_0, torch.tensor([5, 2])))
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer)
    buffer.seek(0)
    other = rows(3, 16), torch.randn(4, 3, 3, dtype=torch.float64), torch.tensor([0, 16, 3])
    for module in (traced, torch.jit.load(buffer)):
        torch.testing.assert_close(module(*other), layer(*other), rtol=0, atol=0)


def test_under_torch_func(layer):
    batches, lengths = torch.randn(5, 2, 4, 2, dtype=torch.float64), [4, 2]
    parameters = {name: p.detach() for name, p in layer.named_parameters()}

    def loss(parameters, x):
        output, h_n = functional_call(layer, parameters, (x, None, lengths))
        return output.pow(2).sum() + h_n.pow(3).sum()

    want = [torch.autograd.grad(loss(dict(layer.named_parameters()), x), layer.parameters()) for x in batches]
    got = vmap(grad(loss), (None, 0))(parameters, batches)
    for k, each in enumerate(want):
        torch.testing.assert_close([got[name][k] for name in got], list(each), rtol=1e-10, atol=1e-12)
    gradient = grad(loss, argnums=1)(parameters, batches[0])
    _, tangent = jvp(lambda x: loss(parameters, x), (batches[0],), (batches[1],))
    torch.testing.assert_close(tangent, (gradient * batches[1]).sum(), rtol=1e-10, atol=1e-12)
    output, _ = vmap(lambda x: layer(x, lengths=lengths), 1)(batches.movedim(0, 1))
    torch.testing.assert_close(output[3], layer(batches[3], lengths=lengths)[0], rtol=1e-12, atol=1e-12)
    several = torch.tensor([[4, 2], [0, 3], [1, 1], [4, 4], [2, 0]])
    output, _ = vmap(lambda x, lengths: layer(x, None, lengths))(batches, several)
    torch.testing.assert_close(output[4], layer(batches[4], None, [2, 0])[0], rtol=1e-12, atol=1e-12)


def test_a_packed_sequence_gives_a_packed_sequence(layer):
    given = [torch.randn(length, 2, dtype=torch.float64) for length in (2, 5, 1)]
    packed, h_0 = pack_sequence(given, enforce_sorted=False), torch.randn(4, 3, 3, dtype=torch.float64)
    output, h_n = layer(packed, h_0)
    want, want_n = layer(pad_sequence(given, batch_first=True), h_0, [2, 5, 1])
    assert type(output) is type(packed)
    assert torch.equal(pad_packed_sequence(output, batch_first=True)[0], want)
    assert torch.equal(h_n, want_n)
    message = "lengths must be left out with a PackedSequence, which has its own"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        layer(packed, lengths=[2, 5, 1])


def test_learned_initial_state(kind):
    layer = kind(2, 3, 2, bidirectional=True, learn_initial_state=True, dtype=torch.float64)
    assert layer.initial_h.shape == (4, 1, 3)
    assert not layer.initial_h.any()
    torch.nn.init.normal_(layer.initial_h)
    x, lengths = torch.randn(4, 3, 2, dtype=torch.float64), [4, 0, 2]
    h_0 = layer.initial_h.detach().expand(-1, 3, -1).clone().requires_grad_()
    output, h_n = layer(x, lengths=lengths)
    want, want_n = layer(x, h_0, lengths)
    assert torch.equal(output, want)
    assert torch.equal(h_n, want_n)
    (got,) = torch.autograd.grad(output.pow(2).sum(), layer.initial_h)
    (each,) = torch.autograd.grad(want.pow(2).sum(), h_0)
    torch.testing.assert_close(got, each.sum(1, keepdim=True), rtol=1e-12, atol=1e-14)
    layer.reset_parameters()
    assert not layer.initial_h.any()
    assert repr(layer).endswith("bidirectional=True, learn_initial_state=True)")


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated:FutureWarning")
@pytest.mark.parametrize("normalise", [weight_norm, parametrizations.weight_norm])
def test_weights_that_are_computed(kind, normalise):
    layer = normalise(kind(2, 3, dtype=torch.float64), "weight_ih_l0")
    plain = kind(2, 3, dtype=torch.float64)
    with torch.no_grad():
        for name in ("weight_ih_l0", "bias_ih_l0"):
            getattr(plain, name).copy_(getattr(layer, name))
    x = torch.randn(4, 2, 2, dtype=torch.float64)
    output, _ = layer(x)
    torch.testing.assert_close(output, plain(x)[0], rtol=1e-12, atol=1e-14)
    output.sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())


def test_weights_that_are_tied(kind):
    layer, plain = (kind(3, 3, 2, dtype=torch.float64) for _ in range(2))
    for name in ("weight_ih", "bias_ih"):
        setattr(layer, f"{name}_l1", getattr(layer, f"{name}_l0"))
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(4, 2, 3, dtype=torch.float64)
    got, want = (list(gradients(each, x, None)) for each in (layer, plain))
    torch.testing.assert_close(got[:3], want[:3], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(got[3], want[3] + want[5], rtol=1e-12, atol=1e-14)


def test_attributes_of_torchs_layers(kind):
    layer = kind(3, 4, 2, False, True, 0.5, True)
    given = layer.input_size, layer.hidden_size, layer.num_layers, layer.bias, layer.batch_first
    assert given == (3, 4, 2, False, True)
    assert (layer.dropout, layer.bidirectional, layer.proj_size) == (0.5, True, 0)
    assert layer.flatten_parameters() is None
    assert [len(weights) for weights in layer.all_weights] == [1, 1, 1, 1]
    assert layer.all_weights[3][0] is layer.weight_ih_l1_reverse
    name = kind.__name__
    assert repr(layer) == (
        f"{name}(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)"
    )


def test_autocast_computes_in_float32_and_returns_the_inputs_dtype(kind):
    layer, x = kind(3, 4, 2, bidirectional=True), torch.randn(5, 2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        whole, half = layer(x), layer(x.bfloat16())
    for got, want in zip(whole, layer(x)):
        assert torch.equal(got, want)
    for got, want in zip(half, layer(x.bfloat16().float())):
        assert torch.equal(got, want.bfloat16())


def test_copies(kind):
    layer, x = kind(3, 4, 2, dtype=torch.float64), torch.randn(5, 2, 3, dtype=torch.float64)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):  # noqa: S301
        assert torch.equal(other(x)[0], layer(x)[0])
    layer.share_memory()
    assert layer.float()(x.float())[0].dtype == torch.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: MinGRU(3, 4, layer_norm=True),
            InputError,
            "MinGRU has no option 'layer_norm', which goes with RNN, LSTM and GRU only",
        ),
        (
            lambda: MinLSTM(3, 4, recurrent_dropout=0.1),
            InputError,
            "MinLSTM has no option 'recurrent_dropout', which goes with RNN, LSTM and GRU only",
        ),
        (
            lambda: MinLSTM(3, 4, peephole=True),
            InputError,
            "MinLSTM has no option 'peephole', which goes with LSTM only",
        ),
        (
            lambda: MinGRU(3, 4, reset_after=False),
            InputError,
            "MinGRU has no option 'reset_after', which goes with GRU only",
        ),
        (
            lambda: MinGRU(3, 4, proj_size=2),
            TypeError,
            "MinGRU.__init__() got an unexpected keyword argument 'proj_size'",
        ),
        (
            lambda: MinGRU(3, 4, learn_initial_state=1),
            InputError,
            "learn_initial_state must be True or False, got 1",
        ),
        (
            lambda: MinGRU(3, 4)(),
            TypeError,
            "MinGRU.forward() missing 1 required positional argument: 'input'",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
