"""torch.compile without a graph break, and torch.export."""

import io
import shutil

import pytest
import torch
from torch.export import Dim
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

from recurra import nn
from recurra._base.errors import InputError
from tests.nn.conftest import KINDS, random_state, states_of

pytestmark = [
    # The compiler itself does what PyTorch deprecates.
    pytest.mark.filterwarnings("ignore:.*Function'> should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning"),
]

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="no C++ compiler for torch.compile"
)


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def results(call, layer, *arguments):
    """Output, states and gradients of one call of the layer, compiled or not."""
    torch.manual_seed(5)
    x = arguments[0].detach().requires_grad_()
    output, state_n = call(x, *arguments[1:])
    loss = output.pow(2).sum() + sum(state.pow(2).sum() for state in states_of(state_n))
    return [output, *states_of(state_n), *torch.autograd.grad(loss, [x, *layer.parameters()])]


def assert_compiles(layer, compiled, sizes, with_lengths=True, device="cpu"):
    for rows, steps in sizes:
        x = torch.randn(rows, steps, layer.input_size, dtype=torch.float64, device=device)
        hx = random_state(layer, rows, device=device)
        lengths = torch.tensor([steps, 1, 0, 2][:rows]) if with_lengths else None
        got, want = (results(call, layer, x, hx, lengths) for call in (compiled, layer))
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-12)
        with torch.no_grad():
            torch.testing.assert_close(compiled(x)[0], layer(x)[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("kind", "dynamic"), [("rnn-tanh", False), ("lstm", True), ("gru", True)])
def test_compiles_without_a_break(kind, dynamic):
    layer_type, _, fixed = KINDS[kind]
    layer = layer_type(2, 3, 2, bidirectional=True, batch_first=True, dtype=torch.float64, **fixed)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    assert_compiles(layer, compiled, [(3, 4), (2, 5)] if dynamic else [(3, 4)])


def test_options_compile_without_a_break():
    layer = nn.LSTM(
        2,
        3,
        2,
        batch_first=True,
        dropout=0.25,
        proj_size=2,
        layer_norm=True,
        recurrent_dropout=0.25,
        weight_dropout=0.25,
        zoneout=0.25,
        peephole=True,
        learn_initial_state=True,
        dtype=torch.float64,
    )
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = torch.randn(3, 4, 2, dtype=torch.float64)
    torch.testing.assert_close(results(compiled, layer, x), results(layer, layer, x), rtol=1e-10, atol=1e-12)
    layer.eval()
    torch.testing.assert_close(compiled(x)[0], layer(x)[0], rtol=1e-10, atol=1e-12)


def test_wrong_lengths_are_found_when_a_compiled_layer_runs():
    layer = nn.GRU(2, 3)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    x = torch.randn(4, 2, 2)
    torch.testing.assert_close(compiled(x, None, torch.tensor([4, 1]))[0], layer(x, None, [4, 1])[0])
    with pytest.raises(InputError, match="lengths must lie between 0 and the 4 steps given, got 5 in row 1"):
        compiled(x, None, torch.tensor([4, 5]))


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_packed_sequences_break_the_graph_as_in_torch_and_lengths_do_not():
    layer, rows = nn.LSTM(2, 3, dtype=torch.float64), [torch.randn(n, 2, dtype=torch.float64) for n in (4, 1)]
    packed, padded = pack_sequence(rows), pad_sequence(rows)
    want, want_n = layer(packed)
    for each in (layer, torch.nn.LSTM(2, 3, dtype=torch.float64)):
        with pytest.raises(torch._dynamo.exc.Unsupported):
            torch.compile(each, fullgraph=True, backend="aot_eager")(packed)
    with pytest.raises(torch._dynamo.exc.Unsupported, match="pack_padded_sequence"):
        torch.compile(pack_padded_sequence, fullgraph=True, backend="aot_eager")(padded, [4, 1])

    torch.compiler.reset()
    output, state_n = torch.compile(layer, backend="aot_eager")(packed)
    torch.testing.assert_close((output.data, state_n), (want.data, want_n), rtol=1e-12, atol=1e-12)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    output, state_n = compiled(padded, lengths=torch.tensor([4, 1]))
    same = pad_packed_sequence(want)[0], want_n
    torch.testing.assert_close((output, state_n), same, rtol=1e-12, atol=1e-12)


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dynamic", [False, True])
def test_compiles_to_machine_code(kind, dynamic, device):
    layer_type, _, fixed = KINDS[kind]
    layer = layer_type(
        2, 3, 2, bidirectional=True, batch_first=True, dtype=torch.float64, device=device, **fixed
    )
    compiled = torch.compile(layer, fullgraph=True, dynamic=dynamic)
    # On a GPU lengths unroll the steps, so that another T is another graph.
    assert_compiles(layer, compiled, [(3, 4), (2, 5)], with_lengths=device == "cpu", device=device)


@needs_compiler
def test_a_whole_network_compiles_and_trains():
    class Tagger(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(7, 5)
            self.lstm = nn.LSTM(5, 6, batch_first=True, bidirectional=True)
            self.head = torch.nn.Linear(12, 3)

        def forward(self, tokens, lengths):
            return self.head(self.lstm(self.embedding(tokens), lengths=lengths)[0])

    losses = []
    for prepare in (lambda model: model, lambda model: torch.compile(model, fullgraph=True)):
        torch.manual_seed(0)
        model = Tagger()
        call = prepare(model)
        optimiser = torch.optim.Adam(model.parameters(), 0.01)
        own = []
        for step in range(5):
            tokens = torch.randint(7, (4, 6), generator=torch.Generator().manual_seed(step))
            loss = call(tokens, torch.tensor([6, 2, 0, 4])).pow(2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            own.append(loss.item())
        losses.append(own)
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def saved(program):
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    buffer.seek(0)
    return torch.export.load(buffer)


@pytest.mark.parametrize("strict", [False, True])
def test_export(make, strict):
    layer = make(3, 4, 2, bidirectional=True, batch_first=True)
    rows, steps = Dim("rows"), Dim("steps")
    arguments = torch.randn(2, 5, 3, dtype=torch.float64), None, torch.tensor([5, 2])
    program = torch.export.export(
        layer,
        arguments,
        dynamic_shapes=({0: rows, 1: steps}, None, {0: rows}),
        strict=strict,
    )
    other = torch.randn(3, 7, 3, dtype=torch.float64), None, torch.tensor([0, 7, 3])
    for exported in (program, saved(program)):
        for given in (arguments, other):
            torch.testing.assert_close(exported.module()(*given), layer(*given), rtol=1e-12, atol=1e-14)


def test_an_exported_program_takes_other_weights():
    layer, other = nn.GRU(3, 4), nn.GRU(3, 4)
    x = torch.randn(5, 2, 3)
    module = torch.export.export(layer, (x,)).module()
    module.load_state_dict(other.state_dict())
    torch.testing.assert_close(module(x), other(x), rtol=0, atol=0)


def test_an_exported_program_is_for_inference():
    layer = nn.GRU(3, 4)
    program = torch.export.export(layer, (torch.randn(5, 2, 3),))
    (call,) = (node for node in program.graph.nodes if "recurra.stack" in str(node.target))
    assert call.args[-1] is False  # no tape is kept
    with pytest.raises(RuntimeError, match=r"backward through recurra\.stack\.default"):
        program.module()(torch.randn(5, 2, 3))[0].sum().backward()


@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python:torch.jit.TracerWarning")
def test_jit_trace(make):
    layer = make(3, 4, 2, batch_first=True).eval()
    traced = torch.jit.trace(layer, (torch.randn(2, 5, 3, dtype=torch.float64),))
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer)
    buffer.seek(0)
    x = torch.randn(3, 7, 3, dtype=torch.float64)
    for module in (traced, torch.jit.load(buffer)):
        torch.testing.assert_close(module(x), layer(x), rtol=0, atol=0)
