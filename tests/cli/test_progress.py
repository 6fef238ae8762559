"""The bar says where training stands, also that of a run that goes on from a checkpoint."""

import io

import pytest
from rich.console import Console

from recurra.cli import progress
from recurra.training import BatchEnd, EpochEnd, Finished, Started, VitalSigns


def end(epoch: int, loss: float, *, is_best: bool) -> EpochEnd:
    signs = VitalSigns(0.1, 0.1, 0.0, 1.0, {}, {}, {})
    return EpochEnd(epoch, 0.5, loss, 0.1, is_best, 0.001, 1.0, signs, score=-loss)


@pytest.fixture
def drawn(monkeypatch):
    """Draw events; give the text of the last frame."""

    def draw(*events) -> str:
        console = Console(file=io.StringIO(), force_terminal=True, width=100)
        monkeypatch.setattr(progress, "err", console)
        with progress.training_progress() as listen:
            for event in events:
                listen(event)
        return console.file.getvalue()

    return draw


def test_a_run_that_goes_on_begins_where_it_was(drawn):
    assert "epoch 3/6" in drawn(Started(6, 9, epoch=3, batch=4), BatchEnd(3, 5, 0.5))
    assert "epoch 6/6" in drawn(Started(6, 9, epoch=7, batch=0))


def test_the_best_is_that_of_the_epoch_that_is_kept(drawn):
    shown = drawn(Started(6, 9), end(1, 0.25, is_best=True), end(2, 0.125, is_best=False))
    assert "epoch 2/6 validation 0.1250, best 0.2500" in shown


def test_the_end_says_which_epoch_is_kept(drawn):
    shown = drawn(Started(6, 9), end(1, 0.25, is_best=True), Finished(1, 1))
    assert "epoch 1 of 1 kept, now scoring" in shown
