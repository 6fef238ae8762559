"""What a pass in training keeps until its backward: no more than it needs, as long as it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from recurra import nn
from tests.nn.conftest import gradients, random_state, states_of

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
T, N, I, H = 50, 8, 5, 64  # noqa: E741 - the letters of the whole project

# Memory of this process by the pages that it has touched, with every pass kept alive.
GROWTH = """
import sys
from pathlib import Path
import torch
from recurra import nn
torch.set_num_threads(1)
def pages():
    return int(Path("/proc/self/statm").read_text().split()[1])
layer, x = getattr(nn, sys.argv[1])(8, 128), torch.randn(100, 16, 8)
kept = [layer(x) for _ in range(4)]
before = pages()
kept += [layer(x) for _ in range(40)]
print((pages() - before) * 4096 / 4 / 40 / (100 * 16 * 128))
"""


def kept_floats(layer, x, hx, **options):
    """Floats that autograd holds between forward and backward, beyond input, initial state and parameters."""
    given = {tensor.untyped_storage().data_ptr() for tensor in (x, *states_of(hx), *layer.parameters())}
    sizes = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in given:
            sizes[storage.data_ptr()] = storage.nbytes() // 4
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        results = layer(x, hx, **options)
    del results  # only now, so that no two storages had the same address
    return sum(sizes.values())


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("lengths", [None, [50, 3, 0, 20, 7, 50, 1, 2]])
def test_a_plain_cell_keeps_its_gates_and_two_states_a_step(name, lengths):
    layer = getattr(nn, name)(I, H)
    x, hx = torch.randn(T, N, I), random_state(layer, N, dtype=torch.float32)
    whole_numbers = 0 if lengths is None else 2 * N  # the lengths, each as large as two floats
    kept = kept_floats(layer, x, hx, lengths=lengths) - whole_numbers
    assert T * N * H <= kept <= (GATES[name] + 2) * T * N * H


@pytest.mark.parametrize("name", GATES)
def test_every_layer_and_direction_keeps_as_much(name):
    layer = getattr(nn, name)(I, H, 2, bidirectional=True)
    x, hx = torch.randn(T, N, I), random_state(layer, N, dtype=torch.float32)
    assert kept_floats(layer, x, hx) <= 4 * (GATES[name] + 2) * T * N * H


@pytest.mark.parametrize("name", GATES)
def test_nothing_is_kept_where_no_gradient_is_wanted(name):
    layer = getattr(nn, name)(I, H).requires_grad_(False)
    assert kept_floats(layer, torch.randn(T, N, I), random_state(layer, N, dtype=torch.float32)) == 0


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system does not tell a process's memory"
)
@pytest.mark.parametrize("name", GATES)
def test_nothing_is_kept_that_autograd_does_not_know_of(name):
    done = subprocess.run([sys.executable, "-c", GROWTH, name], capture_output=True, text=True, check=True)
    assert 0.9 < float(done.stdout) < (GATES[name] + 2) * 1.05


def test_the_graph_is_let_go_after_backward(make):
    layer = make(I, H)
    x = torch.randn(T, N, I, dtype=torch.float64)
    loss = layer(x)[0].sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        loss.backward()


@pytest.mark.parametrize("lengths", [None, [7, 0, 4]])
@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2, "bidirectional": True, "dropout": 0.3, "recurrent_dropout": 0.2}]
)
def test_a_second_backward_adds_the_same_gradients(make, options, lengths):
    layer = make(I, 9, **options)
    x = torch.randn(7, 3, I, dtype=torch.float64, requires_grad=True)
    hx = random_state(layer, 3)
    leaves = [x, *layer.parameters()]
    loss = layer(x, hx, lengths=lengths)[0].pow(2).sum()
    loss.backward(retain_graph=True)
    once = [leaf.grad.clone() for leaf in leaves]
    loss.backward(retain_graph=True)
    loss.backward()
    for leaf, gradient in zip(leaves, once):
        # Of three equal terms the first two add up exactly.
        torch.testing.assert_close(leaf.grad, 2 * gradient + gradient, rtol=0, atol=0)
        assert gradient.any()


def test_a_kept_graph_survives_other_passes(make):
    layer = make(I, H)
    x, other = torch.randn(2, T, N, I, dtype=torch.float64)
    hx = random_state(layer, N)
    want = [tensor.clone() for tensor in gradients(layer, x, hx)]
    output, state_n = layer(x, hx)
    results = [output, *states_of(state_n)]
    # Memory comes from the store that earlier passes gave theirs back to.
    for _ in range(3):
        list(gradients(layer, other, hx))
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(result.shape, generator=generator, dtype=torch.float64) for result in results]
    loss = sum((result * weight).sum() for result, weight in zip(results, weights))
    parameters = list(layer.parameters())
    for retain in (True, True, False):
        got = torch.autograd.grad(loss, parameters, retain_graph=retain)
        for mine, theirs in zip(got, want[-len(parameters) :]):
            torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_parts_of_the_results_may_go_backward_one_by_one(make):
    layer = make(I, 9)
    x, hx = torch.randn(7, 3, I, dtype=torch.float64), random_state(layer, 3)
    output, state_n = layer(x, hx)
    parts = [output[:4].sum(), output[4:].pow(2).sum(), *(state.sum() for state in states_of(state_n))]
    parameters = list(layer.parameters())
    alone = [torch.autograd.grad(part, parameters, retain_graph=True) for part in parts]
    together = torch.autograd.grad(sum(parts), parameters)
    for gradients_of_one, gradient in zip(zip(*alone), together):
        torch.testing.assert_close(sum(gradients_of_one), gradient, rtol=1e-12, atol=1e-13)
