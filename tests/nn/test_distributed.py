"""Two processes under DistributedDataParallel train as one process does on the whole batch."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed

from tests.nn import distributed_worker


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="this PyTorch has no gloo")
def test_two_processes_train_as_one(tmp_path):
    command = [sys.executable, Path(distributed_worker.__file__)]
    workers = [
        subprocess.Popen([*command, str(rank), tmp_path], stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
    found = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]

    model = distributed_worker.fresh_model()
    losses = distributed_worker.train(model, *distributed_worker.rows())
    means = [sum(pair) / 2 for pair in zip(*(each["losses"] for each in found))]
    assert means == pytest.approx(losses, rel=1e-5)
    for each in found:
        torch.testing.assert_close(each["model"], dict(model.state_dict()), rtol=1e-4, atol=1e-6)
