"""The loop against one written by hand in plain PyTorch; what it promises of seeds, stopping and errors."""

import json
import subprocess
import sys

import pytest
import torch

from recurra import nn
from recurra._base.errors import InputError, TrainingError
from recurra.training import BatchEnd, EpochEnd, Finished, Started, TrainingSettings, train


class Network(torch.nn.Module):
    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.encoder = nn.GRU(2, 6, batch_first=True)
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(6, 1)
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -0.5, 0.5, generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.dropout(self.encoder(x)[0][:, -1])).squeeze(1)


class Rows:
    """Sequences, targets, and how much each counts."""

    def __init__(self, rows: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(rows, 5, 2, generator=generator)
        self.y = self.x[:, :, 0].sum(dim=1)
        self.weight = torch.randint(1, 4, (rows,), generator=generator)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.x[index], self.y[index], self.weight[index]


def squares(network, x, y, weight):
    return (weight * (network(x) - y) ** 2).sum(), weight.sum()


def by_hand(settings: TrainingSettings, clip: bool = True) -> tuple[dict[str, torch.Tensor], list[float]]:
    """Train without Recurra; the weights of the best epoch and the validation losses."""
    training, validation = Rows(37, 0), Rows(11, 1)
    network = Network()
    torch.manual_seed(settings.seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    losses, weights = [], []
    for _ in range(settings.epochs):
        order = torch.randperm(len(training))
        for start in range(0, len(training), settings.batch_size):
            index = order[start : start + settings.batch_size]
            total, count = squares(network, *training[index])
            optimizer.zero_grad()
            (total / count).backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
            optimizer.step()
        with torch.no_grad():
            total, count = squares(network, validation.x, validation.y, validation.weight)
        losses.append((total / count).item())
        weights.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
    return weights[losses.index(min(losses))], losses


def same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_is_the_loop_that_one_would_write_by_hand():
    settings = TrainingSettings(epochs=4, batch_size=8, learning_rate=0.02, clip_norm=0.3, seed=3)
    network = Network()
    history = train(network, squares, Rows(37, 0), Rows(11, 1), settings)
    expected, losses = by_hand(settings)
    assert same(network.state_dict(), expected)
    assert [epoch.validation_loss for epoch in history.epochs] == pytest.approx(losses, rel=1e-6)
    assert losses.index(min(losses)) + 1 == history.best_epoch


def test_the_gradient_is_clipped_by_its_norm():
    settings = TrainingSettings(epochs=4, batch_size=8, learning_rate=0.02, clip_norm=0.3, seed=3)
    history = train(Network(), squares, Rows(37, 0), Rows(11, 1), settings)
    assert all(epoch.gradient_norm > settings.clip_norm for epoch in history.epochs)  # before clipping
    assert not same(by_hand(settings)[0], by_hand(settings, clip=False)[0])


def test_the_gradient_norm_is_that_of_all_parameters():
    rows, network = Rows(6, 0), Network()
    total, count = squares(network, rows.x, rows.y, rows.weight)
    (total / count).backward()
    norm = torch.cat([parameter.grad.flatten() for parameter in network.parameters()]).norm().item()
    history = train(Network(), squares, rows, rows, TrainingSettings(epochs=1, batch_size=6))
    assert history.epochs[0].gradient_norm == pytest.approx(norm, rel=1e-5)


def test_losses_are_means_over_all_targets_however_batches_divide_them():
    training, validation = Rows(37, 0), Rows(11, 1)
    settings = TrainingSettings(epochs=1, batch_size=8, learning_rate=1e-30)  # the weights stay
    epoch = train(Network(), squares, training, validation, settings).epochs[0]
    for rows, loss in ((training, epoch.loss), (validation, epoch.validation_loss)):
        with torch.no_grad():
            total, count = squares(Network(), rows.x, rows.y, rows.weight)
        assert loss == pytest.approx((total / count).item(), rel=1e-6)


def test_dropout_is_on_in_training_and_off_in_validation():
    rows = Rows(40, 0)
    settings = TrainingSettings(epochs=1, batch_size=40, learning_rate=1e-30)
    epoch = train(Network(dropout=0.5), squares, rows, rows, settings).epochs[0]
    with torch.no_grad():
        total, count = squares(Network().eval(), rows.x, rows.y, rows.weight)
    assert epoch.validation_loss == pytest.approx((total / count).item(), rel=1e-6)
    assert epoch.loss != pytest.approx(epoch.validation_loss, rel=1e-3)


def test_the_same_seed_gives_the_same_bits_and_leaves_the_random_state_alone():
    def run(seed: int) -> tuple[dict[str, torch.Tensor], object]:
        network = Network(dropout=0.3)
        settings = TrainingSettings(epochs=3, batch_size=8, seed=seed)
        before = torch.get_rng_state()
        history = train(network, squares, Rows(37, 0), Rows(11, 1), settings)
        assert torch.equal(torch.get_rng_state(), before)
        return network.state_dict(), history

    first, history = run(1)
    torch.rand(7)
    again, history_again = run(1)
    assert same(first, again)
    assert history == history_again
    assert not same(first, run(2)[0])


def test_stops_early_and_restores_the_best_weights():
    training, validation = Rows(37, 0), Rows(11, 1)
    validation.y = -validation.y  # the better the training, the worse the validation
    settings = TrainingSettings(epochs=50, batch_size=8, learning_rate=0.02, patience=3)
    network, one = Network(), Network()
    history = train(network, squares, training, validation, settings)
    assert history.best_epoch == 1
    assert len(history.epochs) == 1 + settings.patience
    assert [epoch.is_best for epoch in history.epochs] == [True, False, False, False]
    train(one, squares, training, validation, TrainingSettings(epochs=1, batch_size=8, learning_rate=0.02))
    assert same(network.state_dict(), one.state_dict())


def test_an_equal_validation_loss_is_no_improvement():
    rows = Rows(10, 0)
    rows.weight = torch.ones(10, dtype=torch.int64)

    def constant(network, x, y, weight):
        return 0 * network(x).sum() + len(y), weight.sum()

    history = train(Network(), constant, rows, rows, TrainingSettings(epochs=9, patience=2))
    assert (history.best_epoch, len(history.epochs)) == (1, 3)


def test_events_come_in_order():
    events = []
    settings = TrainingSettings(epochs=2, batch_size=16)
    history = train(Network(), squares, Rows(37, 0), Rows(11, 1), settings, events.append)
    batches = [(event.epoch, event.batch) for event in events if isinstance(event, BatchEnd)]
    assert events[0] == Started(epochs=2, batches=3)
    assert batches == [(epoch, batch) for epoch in (1, 2) for batch in (1, 2, 3)]
    assert [type(event) for event in events[1:5]] == [BatchEnd, BatchEnd, BatchEnd, EpochEnd]
    assert tuple(event for event in events if isinstance(event, EpochEnd)) == history.epochs
    assert events[-1] == Finished(epochs=2, best_epoch=history.best_epoch)


def test_resuming_needs_a_checkpoint():
    with pytest.raises(InputError) as raised:
        train(Network(), squares, Rows(37, 0), Rows(11, 1), TrainingSettings(), resume=True)
    assert str(raised.value) == "resume needs a checkpoint to go on from; give its path as checkpoint"


def test_the_history_as_plain_values():
    history = train(Network(), squares, Rows(37, 0), Rows(11, 1), TrainingSettings(epochs=2))
    fields = history.to_dict()
    assert list(fields) == ["epochs", "best_epoch", "stopped"]
    assert [epoch["epoch"] for epoch in fields["epochs"]] == [1, 2]
    for epoch in fields["epochs"]:
        assert list(epoch) == [
            *(
                "epoch",
                "loss",
                "validation_loss",
                "gradient_norm",
                "gradient_norm_max",
                "clipped_norm",
                "clipped",
            ),
            *("weight_norm", "spectral_radius", "dead_units", "saturated_units"),
        ]
    assert json.loads(json.dumps(fields)) == fields
    assert (fields["best_epoch"], fields["stopped"]) == (history.best_epoch, "epochs")


def test_a_loss_that_is_not_finite_is_explained():
    rows = Rows(10, 0)
    rows.y[3] = float("nan")
    with pytest.raises(TrainingError) as raised:
        train(Network(), squares, rows, Rows(11, 1), TrainingSettings(batch_size=16))
    assert str(raised.value) == (
        "the loss became nan in batch 1 of epoch 1; give a learning_rate below 0.001, "
        "or look for extreme values in the data"
    )


def test_a_gradient_that_is_not_finite_is_explained():
    def steep(network, x, y, weight):
        return (network(x) * 0).abs().sqrt().sum(), weight.sum()  # its slope at 0 is not a number

    with pytest.raises(TrainingError) as raised:
        train(Network(), steep, Rows(10, 0), Rows(11, 1), TrainingSettings(learning_rate=0.25))
    assert str(raised.value) == (
        "the gradient became nan in batch 1 of epoch 1; give a learning_rate below 0.25, "
        "or look for extreme values in the data"
    )


def test_a_validation_loss_that_is_not_finite_is_explained():
    rows = Rows(11, 1)
    rows.y[3] = float("inf")
    with pytest.raises(TrainingError) as raised:
        train(Network(), squares, Rows(10, 0), rows, TrainingSettings())
    assert str(raised.value) == (
        "the loss became inf on the validation part after epoch 1; give a learning_rate below 0.001, "
        "or look for extreme values in the data"
    )


@pytest.mark.parametrize("part", ["training", "validation"])
def test_a_part_without_examples_is_refused(part):
    rows = {"training": Rows(3, 0), "validation": Rows(3, 0)} | {part: Rows(0, 0)}
    with pytest.raises(InputError) as raised:
        train(Network(), squares, rows["training"], rows["validation"], TrainingSettings())
    assert str(raised.value) == f"the {part} part has no examples; give more data, or a larger part"


def test_an_interrupt_passes_through():
    events, network = [], Network()

    def listen(event):
        events.append(event)
        if isinstance(event, BatchEnd) and event.epoch == 2:
            raise KeyboardInterrupt

    before = torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        train(network, squares, Rows(37, 0), Rows(11, 1), TrainingSettings(batch_size=16), listen)
    assert isinstance(events[-1], BatchEnd)
    assert torch.equal(torch.get_rng_state(), before)


def test_training_says_nothing_and_warns_of_nothing():
    program = (
        "import torch; from recurra.training import *\n"
        "class Rows(list):\n"
        "    def __getitem__(self, index): return torch.ones(len(index), 1),\n"
        "loss = lambda network, x: (network(x).sum(), torch.tensor(len(x)))\n"
        "train(torch.nn.Linear(1, 1), loss, Rows([1] * 4), Rows([1] * 4), TrainingSettings(epochs=2))\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("epochs", 0, "epochs must be a whole number of at least 1, got 0"),
        ("batch_size", 2.5, "batch_size must be a whole number of at least 1, got 2.5"),
        ("patience", -1, "patience must be a whole number of at least 1, got -1"),
        ("learning_rate", 0, "learning_rate must be a finite number above 0, got 0"),
        ("clip_norm", float("inf"), "clip_norm must be a finite number above 0, got inf"),
        ("seed", -1, "seed must be a whole number from 0 to 2**63 - 1, got -1"),
        ("seed", True, "seed must be a whole number from 0 to 2**63 - 1, got True"),
        ("seed", 2**63, "seed must be a whole number from 0 to 2**63 - 1, got 9223372036854775808"),
        ("max_seconds", 0, "max_seconds must be a finite number above 0, got 0"),
        ("max_seconds", -3.5, "max_seconds must be a finite number above 0, got -3.5"),
        ("max_seconds", "1h", "max_seconds must be a finite number above 0, got '1h'"),
        (
            "schedule",
            "onecycle",
            "schedule must be one of constant, one-cycle, cosine, got 'onecycle'; did you mean 'one-cycle'?",
        ),
        ("weight_decay", -0.1, "weight_decay must be a finite number of at least 0, got -0.1"),
        ("weight_decay", float("inf"), "weight_decay must be a finite number of at least 0, got inf"),
        ("average", 1, "average must be a number from 0 to below 1, got 1"),
        ("average", float("nan"), "average must be a number from 0 to below 1, got nan"),
        ("average", True, "average must be a number from 0 to below 1, got True"),
    ],
)
def test_settings_are_checked(setting, value, message):
    with pytest.raises(InputError) as raised:
        TrainingSettings(**{setting: value})
    assert str(raised.value) == message
