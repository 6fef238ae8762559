"""What the settings beyond the plain loop do: time limits, schedules, weight decay, averages, scores."""

import math

import pytest
import torch

from recurra._base.errors import TrainingError
from recurra.training import BatchEnd, EpochEnd, TrainingSettings, loop, train


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.hidden = torch.nn.Linear(3, 8)
        self.norm = torch.nn.LayerNorm(8)
        self.head = torch.nn.Linear(8, 1)
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, 0.1, 0.5, generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(torch.tanh(self.hidden(x)))).squeeze(1)


class Rows:
    def __init__(self, rows: int, seed: int) -> None:
        self.x = torch.randn(rows, 3, generator=torch.Generator().manual_seed(seed))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.x[index], self.x[index].sum(dim=1)


def squares(network, x, y):
    return ((network(x) - y) ** 2).sum(), torch.tensor(len(y))


TRAINING, VALIDATION = Rows(40, 0), Rows(10, 1)  # five batches of eight


def run(settings: dict, *, loss=squares, network=None, **options):
    network = network or Network()
    settings = {"epochs": 4, "batch_size": 8, "learning_rate": 0.02} | settings
    return network, train(network, loss, TRAINING, VALIDATION, TrainingSettings(**settings), **options)


@pytest.fixture
def clock(monkeypatch):
    """A clock that only tests move: ``clock[0]`` is the time."""
    now = [100.0]
    monkeypatch.setattr(loop, "monotonic", lambda: now[0])
    return now


def ticking(clock, seconds, events, *, at=BatchEnd):
    """A listener by which each event of a kind takes that long."""

    def listen(event):
        events.append(event)
        clock[0] += seconds if isinstance(event, at) else 0

    return listen


def test_stops_after_the_batch_in_which_time_is_up(clock):
    events = []
    _, history = run({"max_seconds": 70}, on_event=ticking(clock, 10.0, events))
    batches = [(event.epoch, event.batch) for event in events if isinstance(event, BatchEnd)]
    assert batches == [(1, batch) for batch in range(1, 6)] + [(2, 1), (2, 2)]
    assert history.stopped == "time"
    assert [epoch.seconds for epoch in history.epochs] == [50.0, 70.0]  # cut, and validated nevertheless
    assert history.best_epoch == 2
    losses = [event.loss for event in events if isinstance(event, BatchEnd)]
    assert history.epochs[1].loss == pytest.approx(sum(losses[5:]) / 2)


def test_time_that_is_up_keeps_the_best_weights(clock):
    network, history = run(
        {"max_seconds": 70},
        validate=lambda model: clock[0],  # the later, the worse
        on_event=ticking(clock, 10.0, []),
    )
    expected, _ = run({"epochs": 1})
    assert (history.best_epoch, len(history.epochs)) == (1, 2)
    assert all(torch.equal(one, two) for one, two in zip(network.parameters(), expected.parameters()))


def test_time_that_is_up_in_the_validation_begins_no_other_epoch(clock):
    def slow(model) -> float:
        clock[0] += 80.0
        return 1.0

    _, history = run({"max_seconds": 70}, validate=slow)
    assert (len(history.epochs), history.stopped) == (1, "time")


def test_learns_a_batch_however_little_time_there_is(clock):
    events = []
    _, history = run({"max_seconds": 1e-9}, on_event=ticking(clock, 1.0, events))
    assert sum(isinstance(event, BatchEnd) for event in events) == 1
    assert (history.best_epoch, history.stopped) == (1, "time")


def test_time_enough_changes_nothing(clock):
    network, history = run({"max_seconds": 1e9}, on_event=ticking(clock, 1.0, []))
    expected, same = run({})
    assert history == same
    assert torch.equal(network.hidden.weight, expected.hidden.weight)
    assert history.stopped == "epochs"


def test_patience_is_why_it_stopped():
    _, history = run({"patience": 2}, validate=lambda model: 1.0)
    assert (history.stopped, history.best_epoch, len(history.epochs)) == ("early", 1, 3)


def test_a_run_resumed_after_its_time_was_up_is_over(clock, tmp_path):
    path = tmp_path / "run.safetensors"
    network, history = run({"max_seconds": 70}, on_event=ticking(clock, 10.0, []), checkpoint=path)
    again, same = run({"max_seconds": 70}, checkpoint=path, resume=True)
    assert history == same
    assert torch.equal(network.hidden.weight, again.hidden.weight)


def rates(settings: dict, **options) -> list[float]:
    """The learning rate of every step, as Adam has it when it takes the step."""
    seen = []
    step = torch.optim.AdamW.step

    def note(self, *args, **kwargs):
        (rate,) = {group["lr"] for group in self.param_groups}
        seen.append(rate)
        return step(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", note)
        run(settings, **options)
    return seen


def test_the_schedule_spans_all_epochs():
    constant, cosine, cycle = (rates({"schedule": name}) for name in ("constant", "cosine", "one-cycle"))
    assert constant == [0.02] * 20
    assert cosine == pytest.approx([0.02 * (1 + math.cos(math.pi * i / 20)) / 2 for i in range(20)])
    assert cycle[0] == pytest.approx(0.02 / 25)
    assert cycle[6] == max(cycle) == pytest.approx(0.02)
    assert cycle[:7] == sorted(cycle[:7])
    assert cycle[6:] == sorted(cycle[6:], reverse=True)


def test_the_schedule_ends_with_the_time(clock):
    seen = rates({"schedule": "cosine", "max_seconds": 100}, on_event=ticking(clock, 10.0, []))
    assert seen == pytest.approx([0.02 * (1 + math.cos(math.pi * i / 10)) / 2 for i in range(10)])


def test_the_schedule_ends_with_the_epochs_where_there_is_time(clock):
    seen = rates({"schedule": "cosine", "max_seconds": 1000}, on_event=ticking(clock, 10.0, []))
    assert seen == rates({"schedule": "cosine"})


def test_an_epoch_tells_the_rate_of_its_last_batch():
    _, history = run({"schedule": "cosine"})
    expected = [0.02 * (1 + math.cos(math.pi * i / 20)) / 2 for i in (4, 9, 14, 19)]
    assert [epoch.learning_rate for epoch in history.epochs] == pytest.approx(expected)


def test_weight_decay_shrinks_matrices_only():
    def flat(network, x, y):
        return 0 * network(x).sum(), torch.tensor(len(y))  # no gradient: what moves is decayed

    before = {name: weight.detach().clone() for name, weight in Network().named_parameters()}
    network, _ = run({"epochs": 1, "weight_decay": 0.5}, loss=flat)
    for name, weight in network.named_parameters():
        if name in ("hidden.weight", "head.weight"):
            torch.testing.assert_close(weight, before[name] * (1 - 0.02 * 0.5) ** 5)
        else:  # biases, and the gains of the normalisation
            assert torch.equal(weight, before[name]), name


def test_weight_decay_is_that_of_adamw():
    network, _ = run({"epochs": 1, "weight_decay": 0.5, "clip_norm": 1e9})
    expected = Network()
    matrices = [expected.hidden.weight, expected.head.weight]
    vectors = [p for p in expected.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.5}, {"params": vectors, "weight_decay": 0}]
    adam = torch.optim.AdamW(groups, lr=0.02)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for index in torch.randperm(40).split(8):
            total, count = squares(expected, *TRAINING[index])
            adam.zero_grad()
            (total / count).backward()
            adam.step()
    for weight, other in zip(network.parameters(), expected.parameters()):
        torch.testing.assert_close(weight, other)


def test_the_average_is_what_is_scored_and_kept_but_not_what_is_trained():
    steps, scored = [], []
    network = Network()

    def listen(event):
        if isinstance(event, BatchEnd):
            steps.append(network.hidden.weight.detach().clone())

    def validate(model):
        scored.append(model.hidden.weight.detach().clone())
        return -float(len(scored))  # the last is the best

    run({"average": 0.8}, network=network, on_event=listen, validate=validate)
    for epoch, weight in enumerate(scored, start=1):
        shares = torch.tensor([0.8 ** (5 * epoch - i) for i in range(1, 5 * epoch + 1)])
        mean = (shares[:, None, None] * torch.stack(steps[: 5 * epoch])).sum(0) / shares.sum()
        torch.testing.assert_close(weight, mean, rtol=1e-5, atol=1e-6)
    assert torch.equal(network.hidden.weight, scored[-1])

    plain, network = list(steps), Network()
    steps.clear()
    run({}, network=network, on_event=listen)
    assert all(torch.equal(one, two) for one, two in zip(plain, steps))


def test_the_score_chooses_the_epoch_and_both_are_told():
    events, scores = [], iter([3.0, 1.0, 2.0, 1.0])

    def validate(model):
        assert not model.training
        assert not torch.is_grad_enabled()
        return next(scores)

    network, history = run({}, validate=validate, on_event=events.append)
    _, plain = run({})
    assert history.best_epoch == 2
    assert [epoch.score for epoch in history.epochs] == [3.0, 1.0, 2.0, 1.0]
    assert [epoch.is_best for epoch in history.epochs] == [True, True, False, False]
    assert [epoch.validation_loss for epoch in history.epochs] == [e.validation_loss for e in plain.epochs]
    assert tuple(event for event in events if isinstance(event, EpochEnd)) == history.epochs
    assert [entry["score"] for entry in history.to_dict()["epochs"]] == [3.0, 1.0, 2.0, 1.0]
    assert all("score" not in entry for entry in plain.to_dict()["epochs"])
    two, _ = run({"epochs": 2})
    assert torch.equal(network.hidden.weight, two.hidden.weight)


def test_a_score_that_is_not_finite_is_explained():
    with pytest.raises(TrainingError) as raised:
        run({}, validate=lambda model: math.nan)
    assert str(raised.value) == (
        "the score became nan on the validation part after epoch 1; give a learning_rate below 0.02, "
        "or look for extreme values in the data"
    )


def test_examples_with_lengths_are_batched_by_them():
    seen = []

    class Ragged(Rows):
        lengths = torch.arange(40).flip(0)

        def __getitem__(self, index):
            seen.append(self.lengths[index])
            return super().__getitem__(index)

    training, validation = Ragged(40, 0), Ragged(40, 1)
    train(Network(), squares, training, validation, TrainingSettings(epochs=1, batch_size=8))
    assert all(lengths.max() - lengths.min() == 7 for lengths in seen)
    assert torch.equal(torch.cat(seen[5:]), torch.arange(40))  # the validation part, sorted
    assert not torch.equal(torch.cat(seen[:5]), torch.arange(40))
