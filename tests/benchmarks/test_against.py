"""Two builds of Recurra in turn, each in a process of its own."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

import recurra
from benchmarks import against
from benchmarks.contest import Settings
from benchmarks.timing import Result
from recurra.kernels import _native

SETTINGS = Settings(quick=True, rounds=2, block=0.0, threads=1)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package, taken for what another revision installs."""
    copy = tmp_path / "recurra"
    shutil.copytree(Path(recurra.__file__).parent, copy)
    shutil.copy(Path(_native.__file__), copy / "kernels")

    @contextmanager
    def built(revision):
        yield tmp_path

    monkeypatch.setattr(against, "built", built)
    return copy


def test_both_builds_are_timed_and_their_results_compared(package):
    found = against.compare(["streaming"], SETTINGS, "old")
    builds, result = next(found), next(found)
    found.close()
    assert builds == (
        f"now: {recurra.__file__}, {recurra.kernels.in_use()} kernels; "
        f"old: {package / '__init__.py'}, {recurra.kernels.in_use()} kernels"
    )
    assert isinstance(result, Result)
    assert result.table == "LSTM, one step in one thread"
    assert result.case == {"I": 32, "H": 32, "contestant": "ours"}
    assert {name: len(own) for name, own in result.seconds.items()} == {"now": 2, "old": 2}
    assert result.figures.keys() == {"× old", "difference"}
    assert result.figures["difference"] == result.difference == 0


def test_what_one_build_lacks_is_left_out_and_said(package):
    with (package / "nn" / "__init__.py").open("a") as file:
        file.write("\ndel LSTM\n")
    found = list(against.compare(["streaming"], SETTINGS, "old"))
    assert found[1] == (
        "LSTM, one step in one thread, {'I': 32, 'H': 32}: left out, as old answers "
        "AttributeError: module 'recurra.nn' has no attribute 'LSTM'"
    )
    assert {result.table for result in found if isinstance(result, Result)} == {
        "GRU, one step in one thread",
        "GRU, one step with smaller weights",
        "RNN, one step with smaller weights",
        "GRU, 64 streams",
    }


def test_a_build_that_will_not_start_is_an_error(package):
    (package / "__init__.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(RuntimeError, match=r"a worker ended with code 3$"):
        list(against.compare(["streaming"], SETTINGS, "old"))
