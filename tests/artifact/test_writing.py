"""Whatever happens during a save, the final name holds a whole model: the old one or the new one.

Interrupts are injected before every line that a save executes, and the process is killed before every line
and at random moments.
"""

import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from recurra.artifact import load, save, writing

STEPS = 60  # more lines than a save executes in writing.py


def interrupt_at(step, action):
    """Call ``action`` before the ``step``-th line executed in writing.py; returns the lines, as they come."""
    lines = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename != writing.__file__:
            return None
        if event == "line":
            lines.append(frame.f_lineno)
            if len(lines) == step:
                action()
        return trace

    sys.settrace(trace)
    return lines


def interrupt():
    raise KeyboardInterrupt


# A file that is interrupted while it is being opened is closed by collection.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("replaces", [False, True])
def test_an_interrupt_before_any_line_leaves_a_whole_model_and_nothing_else(make, tmp_path, replaces):
    old, new = make(card={"name": "old"}), make(card={"name": "new", "notes": "x" * 10_000})
    path = tmp_path / "model.safetensors"
    found = []
    for step in range(1, STEPS):
        path.unlink(missing_ok=True)
        if replaces:
            save(old, path)
        previous = sys.gettrace()
        lines = interrupt_at(step, interrupt)
        try:
            save(new, path)
            interrupted = False
        except KeyboardInterrupt:
            interrupted = True
        finally:
            sys.settrace(previous)
        assert interrupted == (len(lines) >= step)
        assert {*tmp_path.iterdir()} <= {path}, f"left behind when interrupted at line {lines[-1]}"
        found.append(load(path).card["name"] if path.exists() else None)
        if not interrupted:
            break
    assert found[0] == ("old" if replaces else None)
    assert found[-1] == "new"
    assert found == sorted(found, key=found.index)  # once the new model is there, it stays
    assert len(found) > 20


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "close"])
@pytest.mark.parametrize("replaces", [False, True])
def test_a_failing_disk_leaves_the_old_model_and_nothing_else(make, tmp_path, monkeypatch, call, replaces):
    old, new = make(card={"name": "old"}), make(card={"name": "new"})
    path = tmp_path / "model.safetensors"
    if replaces:
        save(old, path)

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    original = Path.open

    def open_full_disk(self, mode):
        file = original(self, mode, buffering=0)

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *reason):
                file.close()
                if call == "close" and reason == (None, None, None):
                    full()

            def write(self, data):
                file.write(data[:100])
                if call == "write":
                    full()
                file.write(data[100:])

            def flush(self):
                pass

            def fileno(self):
                return file.fileno()

        return Full() if mode == "xb" else file

    monkeypatch.setattr(Path, "open", open_full_disk)
    if call == "fsync":
        monkeypatch.setattr(writing.os, "fsync", full)
    if call == "replace":
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match=r"^\[Errno 28\] No space left on device: '.*/model.safetensors'$"):
        save(new, path)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == [path] * replaces
    if replaces:
        assert load(path).card["name"] == "old"


def test_bytes_are_synced_before_the_name_and_the_folder_after(make, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    events = []
    fsync, replace = os.fsync, Path.replace

    def record_fsync(descriptor):
        status = os.fstat(descriptor)
        is_folder = stat.S_ISDIR(status.st_mode)
        events.append(("fsync", "folder" if is_folder else status.st_size))
        fsync(descriptor)

    def record_replace(self, target):
        events.append(("replace", self.stat().st_size))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_replace)
    save(make(), path)
    size = path.stat().st_size
    assert events == [("fsync", size), ("replace", size), ("fsync", "folder")]


KILLED_AT_A_LINE = """
import os, signal, sys
from recurra.artifact import load, save, writing

old, new, path, step = sys.argv[1:4] + [int(sys.argv[4])]
artifact = load(new)
count = 0

def trace(frame, event, argument):
    global count
    if frame.f_code.co_filename != writing.__file__:
        return None
    if event == "line":
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace

sys.settrace(trace)
save(artifact, path)
"""


def test_a_kill_before_any_line_leaves_a_whole_model(make, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    old, new, path = tmp_path / "old", tmp_path / "new", folder / "model.safetensors"
    save(make(card={"name": "old"}), old)
    save(make(card={"name": "new"}), new)
    found = []
    for step in range(1, STEPS):
        path.write_bytes(old.read_bytes())
        command = [sys.executable, "-c", KILLED_AT_A_LINE, old, new, path, str(step)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode in (0, -9), done.stderr
        found.append(load(path).card["name"])
        strays = [stray for stray in folder.iterdir() if stray != path]
        assert all(stray.name.startswith(".recurra-") and stray.suffix == ".tmp" for stray in strays)
        for stray in strays:
            stray.unlink()
        if done.returncode == 0:
            assert strays == []
            break
    assert found[0] == "old"
    assert found[-2:] == ["new", "new"]
    assert found == sorted(found, key=found.index)


SAVES_WITHOUT_END = """
import sys
from recurra.artifact import load, save

models = [load(path) for path in sys.argv[2:]]
print("ready", flush=True)
while True:
    for model in models:
        save(model, sys.argv[1])
"""


def test_a_kill_at_a_random_moment_leaves_a_whole_model(make, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "model.safetensors"
    models = [tmp_path / "a", tmp_path / "b"]
    for model, size in zip(models, (300_000, 500_000)):
        save(make(tensors={"w": np.full(size, size, np.float32)}), model)
    expected = {model.read_bytes() for model in models}
    rng = np.random.default_rng(7)
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", SAVES_WITHOUT_END, path, *models], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            while not path.exists():
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
        assert path.read_bytes() in expected
        load(path)
