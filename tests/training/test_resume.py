"""A run that is killed or interrupted, and then resumed, is the run that was not: to the same bits."""

import functools
import importlib.util
import itertools
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from recurra.training import BatchEnd, CsvLog, EpochEnd, Finished, Started, loop

PROGRAM = Path(__file__).with_name("run_to_kill.py")


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("run_to_kill", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(left: torch.nn.Module, right: torch.nn.Module) -> bool:
    one, two = left.state_dict(), right.state_dict()
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


@pytest.fixture(scope="module")
def uninterrupted(program):
    """The network and the history of a variant that ran in one go."""
    return functools.cache(lambda variant: program.run(variant))


@pytest.fixture
def every_batch(monkeypatch):
    """A minute passes whenever somebody looks, so that a checkpoint follows every batch."""
    minutes = itertools.count(step=60.0)
    monkeypatch.setattr(loop, "monotonic", lambda: next(minutes))


def interrupted_at(epoch: int, batch: int, events: list):
    def listen(event):
        events.append(event)
        if isinstance(event, BatchEnd) and (event.epoch, event.batch) == (epoch, batch):
            raise KeyboardInterrupt

    return listen


@pytest.mark.parametrize("variant", ["plain", "everything"])
def test_killed_at_any_moment_within_an_epoch(program, uninterrupted, tmp_path, variant):
    """A real SIGKILL, after a batch and a time that differ from run to run of this test."""
    path, batch = tmp_path / "run.safetensors", 2 + secrets.randbelow(34)
    wait = secrets.randbelow(30) / 1000
    command, pipe = [sys.executable, str(PROGRAM), str(path), variant], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        for _ in range(batch):
            process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL

    events = []
    network, history = program.run(variant, checkpoint=path, resume=True, on_event=events.append)
    assert (events[0].epoch - 1) * 9 + events[0].batch >= batch - 1  # at most one batch was lost
    expected, history_expected = uninterrupted(variant)
    assert history == history_expected
    assert same(network, expected), f"killed {wait} s after batch {batch}"


@pytest.mark.parametrize("variant", ["plain", "everything", "cosine"])
@pytest.mark.parametrize(("epoch", "batch"), [(1, 2), (3, 5), (4, 1), (5, 9)])
@pytest.mark.usefixtures("every_batch")
def test_interrupted_within_an_epoch(program, uninterrupted, tmp_path, variant, epoch, batch):
    path, told = tmp_path / "run.safetensors", []
    with pytest.raises(KeyboardInterrupt):
        program.run(variant, checkpoint=path, on_event=interrupted_at(epoch, batch, told))
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]
    events = []
    network, history = program.run(variant, checkpoint=path, resume=True, on_event=events.append)
    expected, history_expected = uninterrupted(variant)
    assert same(network, expected)
    assert history == history_expected
    # What was told before and after is what one run tells, but for the batch that was lost.
    assert events[0] == Started(5, 9, epoch, batch - 1)
    whole = []
    program.run(variant, on_event=whole.append)
    assert told[:-1] + events[1:] == whole


@pytest.mark.parametrize("batch", [1, 9])
def test_goes_on_from_the_end_of_an_epoch(program, uninterrupted, tmp_path, batch):
    path, events = tmp_path / "run.safetensors", []
    with pytest.raises(KeyboardInterrupt):
        program.run("everything", checkpoint=path, on_event=interrupted_at(3, batch, []))
    network, history = program.run("everything", checkpoint=path, resume=True, on_event=events.append)
    expected, history_expected = uninterrupted("everything")
    assert events[0] == Started(5, 9, 3, 0)  # less than a minute has passed in epoch 3
    assert (same(network, expected), history) == (True, history_expected)


@pytest.mark.usefixtures("every_batch")
def test_interrupted_again_and_again(program, uninterrupted, tmp_path):
    path = tmp_path / "run.safetensors"
    for epoch, batch in ((1, 5), (1, 6), (3, 9), (5, 2)):
        stop = interrupted_at(epoch, batch, [])
        with pytest.raises(KeyboardInterrupt):
            program.run("everything", checkpoint=path, resume=path.exists(), on_event=stop)
    network, history = program.run("everything", checkpoint=path, resume=True)
    expected, history_expected = uninterrupted("everything")
    assert (same(network, expected), history) == (True, history_expected)


@pytest.mark.usefixtures("every_batch")
def test_the_score_goes_on_too(program, tmp_path):
    def width(network) -> float:
        return float(abs(network.head.weight).sum())

    path = tmp_path / "run.safetensors"
    with pytest.raises(KeyboardInterrupt):
        program.run("plain", validate=width, checkpoint=path, on_event=interrupted_at(4, 9, []))
    network, history = program.run("plain", validate=width, checkpoint=path, resume=True)
    expected, history_expected = program.run("plain", validate=width)
    assert (same(network, expected), history) == (True, history_expected)


def test_interrupted_while_validating(program, tmp_path):
    path, calls = tmp_path / "run.safetensors", itertools.count(1)

    def zero(network) -> float:
        return -float(network.encoder.weight_hh_l0[0, 0])

    def impatient(network) -> float:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return zero(network)

    with pytest.raises(KeyboardInterrupt):
        program.run("everything", validate=impatient, checkpoint=path)
    network, history = program.run("everything", validate=zero, checkpoint=path, resume=True)
    expected, history_expected = program.run("everything", validate=zero)
    assert (same(network, expected), history) == (True, history_expected)


def test_a_checkpoint_changes_nothing(program, uninterrupted, tmp_path):
    network, history = program.run("everything", checkpoint=tmp_path / "run.safetensors")
    expected, history_expected = uninterrupted("everything")
    assert (same(network, expected), history) == (True, history_expected)


def test_a_run_that_was_over_gives_its_result_again(program, tmp_path):
    path, events = tmp_path / "run.safetensors", []
    expected, history_expected = program.run("everything", checkpoint=path)
    before = path.read_bytes()
    network, history = program.run("everything", checkpoint=path, resume=True, on_event=events.append)
    assert (same(network, expected), history) == (True, history_expected)
    assert events == [Started(5, 9, 6, 0), Finished(5, history.best_epoch)]
    assert path.read_bytes() == before


def test_resuming_leaves_the_random_state_alone(program, tmp_path):
    path = tmp_path / "run.safetensors"
    with pytest.raises(KeyboardInterrupt):
        program.run("plain", checkpoint=path, on_event=interrupted_at(2, 3, []))
    network, before = program.Network(), torch.get_rng_state()
    program.run("plain", network, checkpoint=path, resume=True)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_checkpoint_is_written_every_minute_and_after_every_epoch(program, tmp_path, monkeypatch):
    now, written = 0.0, []
    monkeypatch.setattr(loop, "monotonic", lambda: now)
    write = loop.Checkpoint.write

    def note(self, standing):
        written.append((standing.epoch, len(standing.learnt)))
        write(self, standing)

    def listen(event):
        nonlocal now
        now += 20.0 if isinstance(event, BatchEnd) and event.epoch <= 2 else 0

    monkeypatch.setattr(loop.Checkpoint, "write", note)
    program.run("plain", checkpoint=tmp_path / "run.safetensors", on_event=listen)
    assert written == [(1, 3), (1, 6), (1, 9), (2, 0), (2, 3), (2, 6), (2, 9), (3, 0), (4, 0), (5, 0), (6, 0)]


def test_seconds_do_not_count_while_nothing_runs(program, tmp_path, monkeypatch):
    now, path, events = 0.0, tmp_path / "run.safetensors", []
    monkeypatch.setattr(loop, "monotonic", lambda: now)
    stop = interrupted_at(3, 1, [])

    def listen(event):
        nonlocal now
        now += 2.0
        stop(event)

    def again(event):
        nonlocal now
        now += 2.0
        events.append(event)

    with pytest.raises(KeyboardInterrupt):
        program.run("plain", checkpoint=path, on_event=listen)
    now = 5000.0
    program.run("plain", checkpoint=path, resume=True, on_event=again)
    seconds = [event.seconds for event in events if isinstance(event, EpochEnd)]
    checkpoint = 2.0 * (1 + 9 + 1 + 9)  # what was told until epoch 2 was over
    assert seconds == [checkpoint + 2.0 * told for told in (1 + 9, 1 + 9 + 10, 1 + 9 + 20)]


def test_the_log_of_a_resumed_run_is_that_of_one_run(program, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "monotonic", lambda: 0.0)
    whole, parts, path = tmp_path / "whole.csv", tmp_path / "parts.csv", tmp_path / "run.safetensors"
    program.run("plain", on_event=CsvLog(whole))
    log, stop = CsvLog(parts), interrupted_at(4, 6, [])

    def listen(event):
        log(event)
        stop(event)

    with pytest.raises(KeyboardInterrupt):
        program.run("plain", checkpoint=path, on_event=listen)
    program.run("plain", checkpoint=path, resume=True, on_event=CsvLog(parts))
    assert parts.read_text() == whole.read_text()
    assert len(whole.read_text().splitlines()) == 6
