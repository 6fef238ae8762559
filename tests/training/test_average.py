"""The moving average of the weights against its definition."""

from contextlib import suppress

import torch

from recurra.training.average import WeightAverage


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.full((3,), 100.0, dtype=torch.float64))
        self.register_buffer("count", torch.tensor(0))


def test_each_step_counts_decay_times_as_much_as_the_next():
    model, seen = Model(), []
    average = WeightAverage(model, 0.9)
    for step in range(1, 8):
        with torch.no_grad():
            model.weight.copy_(torch.tensor([1.0, -2.0, 0.5]) * step**2)
            model.count += 1
        average.update(step)
        seen.append(model.weight.detach().clone())
        shares = torch.tensor([0.9 ** (step - i) for i in range(1, step + 1)], dtype=torch.float64)
        expected = (shares[:, None] * torch.stack(seen)).sum(0) / shares.sum()
        torch.testing.assert_close(average.weights["weight"], expected, rtol=1e-12, atol=0)
        assert average.weights["count"] == step


def test_the_model_has_the_average_while_the_block_runs_even_if_it_fails():
    model = Model()
    average = WeightAverage(model, 0.5)
    average.weights["weight"].fill_(7)
    with average.applied():
        assert model.weight.tolist() == [7, 7, 7]
    assert model.weight.tolist() == [100, 100, 100]
    with suppress(KeyboardInterrupt), average.applied():
        raise KeyboardInterrupt
    assert model.weight.tolist() == [100, 100, 100]


def test_without_decay_there_is_none():
    model = Model()
    average = WeightAverage(model, 0.0)
    average.update(1)
    with average.applied():
        assert model.weight.tolist() == [100, 100, 100]
    assert average.weights == {}
