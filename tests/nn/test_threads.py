"""Layers on the threads that PyTorch keeps: several callers at once, forked children, operators between."""

import os
import threading

import numpy as np
import pytest
import torch

import recurra.nn
from recurra import kernels


def packed_and_input():
    layer = recurra.nn.LSTM(32, 96)
    parameters = {name: parameter.detach().numpy() for name, parameter in layer.named_parameters()}
    return kernels.PackedStack(layer.stack, parameters), np.random.default_rng(0).normal(size=(30, 24, 32))


def test_callers_at_the_same_time_get_the_same_bits():
    packed, x = packed_and_input()
    want, _ = packed.forward(x, threads=1)
    same = []

    def call():
        same.extend(np.array_equal(packed.forward(x, threads=2)[0], want) for _ in range(20))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert same == [True] * 80


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    packed, x = packed_and_input()
    want, _ = packed.forward(x, threads=2)  # PyTorch's runtime has threads now, which no child inherits
    child = os.fork()
    if child == 0:
        same = np.array_equal(packed.forward(x, threads=2)[0], want)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_calls_between_operators_of_pytorch():
    layer = recurra.nn.GRU(16, 64)
    x = torch.randn(20, 16, 16)
    want = layer(x)[0]
    for _ in range(20):
        torch.mm(torch.randn(300, 300), torch.randn(300, 300))
        assert torch.equal(layer(x)[0], want)
