"""Documents read stretch after stretch: every step once, in order, with the state of the stretch before."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurra import nn
from recurra._base.errors import InputError
from recurra.training import EpochEnd, TrainingSettings, train
from recurra.training.truncated import TruncatedExamples, carried, kept


def documents(lengths: list[int]) -> list[np.ndarray]:
    """Numbers that tell every step of every document from all others."""
    return list(np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1]))


def examples(lengths: list[int], bptt: int) -> TruncatedExamples:
    found = documents(lengths)
    return TruncatedExamples(found, [document + 1000 for document in found], bptt)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=12),
    st.integers(1, 9),
    st.integers(1, 5),
    st.booleans(),
)
def test_every_step_once_and_each_stretch_after_the_one_before(lengths, bptt, batch_size, shuffle):
    these = examples(lengths, bptt)
    seen, before = [], np.empty(0, np.int64)
    for index in these.batches(batch_size, shuffle=shuffle):
        x, targets, sizes, first = these[index]
        assert x.shape == targets.shape == (len(index), int(sizes.max()))
        assert len(index) <= batch_size
        assert x.shape[1] <= bptt
        ends = []
        for row, (steps, size) in enumerate(zip(x.numpy(), sizes.tolist())):
            assert (steps[size:] == 0).all()
            assert (np.diff(steps[:size]) == 1).all()
            assert first[row] or steps[0] == before[row] + 1
            ends.append(steps[size - 1])
            seen += steps[:size].tolist()
            assert (targets[row, :size].numpy() == steps[:size] + 1000).all()
            assert (targets[row, size:] == 0).all()
        before = np.array(ends)
    assert sorted(seen) == list(range(sum(lengths)))


@pytest.mark.parametrize("lengths", [[1], [5, 40, 3, 17], [1000], [7] * 50 + [900]])
def test_an_epoch_has_as_many_batches_whatever_the_order(lengths):
    these = examples(lengths, 6)
    ordered = these.batches(4, shuffle=False)
    assert {len(these.batches(4, shuffle=True)) for _ in range(20)} == {len(ordered)}


def test_one_long_document_fills_the_rows_and_short_ones_stay_whole():
    assert [len(index) for index in examples([1000], 10).batches(4, shuffle=False)] == [4] * 25
    short = examples([30, 31, 32, 49], 10).batches(4, shuffle=False)
    assert [len(index) for index in short] == [4, 4, 4, 3, 1]
    assert [index[:, 2].tolist() for index in short] == [[1] * 4, [0] * 4, [0] * 4, [0] * 3, [0]]
    assert sum(len(index) for index in examples([200] * 3, 10).batches(64, shuffle=False)) == 3 * 20
    for length, rows in ((641, 4), (640, 2)):
        index = torch.cat(examples([length, 5], 10).batches(4, shuffle=False))
        assert index[:, 2].sum() == rows


@pytest.mark.parametrize("lengths", [[970] * 10 + [485] * 2, [2000, 900, 700, 3, 2], [400, 5000]])
def test_long_documents_of_any_length_fill_all_rows(lengths):
    batches = examples(lengths, 4).batches(8, shuffle=True)
    rows = sum(index[:, 2].sum().item() for index in batches)
    assert rows % 8 == 0
    assert len(batches) * 8 * 4 < 1.25 * sum(lengths)


def test_stretches_of_a_piece_are_of_about_one_length():
    sizes = [index[:, 1].tolist() for index in examples([70, 70], 64).batches(2, shuffle=False)]
    assert sizes == [[35, 35], [35, 35]]


def test_the_order_is_the_generators():
    these = examples([5] * 40, 5)
    torch.manual_seed(1)
    first = these.batches(4, shuffle=True)
    torch.manual_seed(1)
    assert all(map(torch.equal, first, these.batches(4, shuffle=True)))
    assert not all(map(torch.equal, first, these.batches(4, shuffle=True)))


@pytest.mark.parametrize(
    ("name", "call"),
    [("bptt", lambda: examples([3], 0)), ("batch_size", lambda: examples([3], 3).batches(0, shuffle=False))],
)
def test_a_size_that_is_none(name, call):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == f"{name} must be a whole number of at least 1, got 0"


class Walker(torch.nn.Module):
    """A layer whose state goes from stretch to stretch."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(1, 3, batch_first=True)

    def states(self, rows: int) -> dict[str, Tensor]:
        return {name: torch.zeros(1, rows, 3) for name in ("h", "c")}

    def forward(self, x: Tensor, lengths: Tensor, state: dict[str, Tensor]):
        output, (h, c) = self.layer(x.unsqueeze(2).float() / 100, (state["h"], state["c"]), lengths=lengths)
        return output, {"h": h, "c": c}


def test_stretches_give_what_the_whole_document_gives():
    torch.manual_seed(3)
    walker, these = Walker(), examples([5, 23, 12, 1], 6)
    states, found = walker.states(3), {}
    for index in these.batches(3, shuffle=True):
        x, _, lengths, first = these[index]
        output, after = walker(x, lengths, carried(states, first))
        states = kept(states, after)
        for row, length in enumerate(lengths.tolist()):
            found |= dict(zip(x[row, :length].tolist(), output[row, :length].tolist()))
    for document in documents([5, 23, 12, 1]):
        x, lengths = torch.from_numpy(document)[None], torch.tensor([len(document)])
        whole, _ = walker(x, lengths, walker.states(1))
        assert [found[step] for step in document.tolist()] == whole[0].tolist()


def loss(network: Walker, states, x, targets, lengths, first):
    output, after = network(x, lengths, carried(states, first))
    live = torch.arange(x.shape[1]) < lengths[:, None]
    error = (output.sum(2) - targets / 1000).square()[live].sum()
    return error, lengths.sum(), kept(states, after)


def run(path=None, resume=False, on_event=None):
    torch.manual_seed(0)
    walker, these = Walker(), examples([40, 3, 25, 8], 4)
    settings = TrainingSettings(epochs=3, batch_size=2, learning_rate=0.01)
    history = train(
        walker, loss, these, these, settings, on_event, carry=walker.states(2), checkpoint=path, resume=resume
    )
    return walker, history


def test_training_carries_the_state_and_resumes_within_an_epoch(tmp_path, monkeypatch):
    from recurra.training import loop

    whole, history = run()
    minutes = iter(range(0, 10**6, 60))
    monkeypatch.setattr(loop, "monotonic", lambda: float(next(minutes)))
    told = []

    def interrupt(event):
        told.append(event)
        if len(told) == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", on_event=interrupt)
    assert not isinstance(told[-1], EpochEnd)
    again, same = run(tmp_path / "run", resume=True)
    assert same == history
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), again.state_dict().values()))
