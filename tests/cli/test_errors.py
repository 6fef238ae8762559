"""Every bad input: one line that names the fix, exit code 2, nothing written."""

import os
from pathlib import Path

import pytest

import recurra.runtime
from recurra._base.errors import RecurraError, TrainingError

FIT = ["--target", "load", "--horizon", "12", "--context", "24", "--epochs", "1", "--hidden-size", "4"]


def changed(data: Path, folder: Path, change) -> Path:
    lines = data.read_text().splitlines()
    path = folder / "changed.csv"
    path.write_text("\n".join(change(lines)) + "\n")
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda lines: [],
            "TMP/changed.csv is empty; it needs a line of column names and rows of values",
        ),
        (
            lambda lines: lines[:1],
            "TMP/changed.csv has no rows; it needs a row of values for each time",
        ),
        (
            lambda lines: ["time,lode,weekday", *lines[1:]],
            "TMP/changed.csv has no column 'load'; its columns are time, lode, weekday; did you mean 'lode'?",
        ),
        (
            lambda lines: [*lines[:5], "2024-01-05,high,4", *lines[6:]],
            "column 'load' of TMP/changed.csv is not numeric: data row 5 holds 'high'; name a column "
            "of numbers, or leave the value empty to have it imputed",
        ),
        (
            lambda lines: [*lines[:5], "yesterday,50,4", *lines[6:]],
            "time column 'time' of TMP/changed.csv holds 'yesterday' in data row 5, which is not an "
            "ISO date or time such as 2016-12-31 or 2016-12-31 18:00",
        ),
        (
            lambda lines: [*lines[:5], lines[5] + ",7", *lines[6:]],
            "TMP/changed.csv has 4 values in data row 5, but 3 columns; correct the row, or put quotes "
            "around a value that holds a separator",
        ),
        (
            lambda lines: [*lines[:5], "2024-01-05,-1e300,4", *lines[6:]],
            "column 'load' of TMP/changed.csv holds -1e+300 in data row 5, too large to compute with; give "
            "it in a larger unit, so that values stay below 1e+150",
        ),
        (
            lambda lines: [*lines, lines[-1]],
            "time column 'time' of TMP/changed.csv holds 2025-05-14 twice, in data rows 494 "
            "and 495; keep one row for each time",
        ),
        (
            lambda lines: lines[:60],
            "the validation part is too short for one window of context 24 and horizon 12: it has 6 "
            "rows, 30 with those before it that a context may use; give more rows, or a shorter "
            "context or horizon",
        ),
        (
            lambda lines: [lines[0], *(f"{line.split(',')[0]},7.5,1" for line in lines[1:])],
            "target 'load' is constant in the training part (7.5 in all 344 observed rows), so there "
            "is nothing to learn; choose another target, or more rows for training",
        ),
    ],
    ids=[
        "empty",
        "no rows",
        "missing column",
        "not numeric",
        "time",
        "ragged",
        "huge",
        "duplicate time",
        "too few rows",
        "constant",
    ],
)
def test_bad_data(refused, data: Path, tmp_path: Path, change, message: str) -> None:
    path = changed(data, tmp_path, change)
    got = refused("fit", "forecast", path, *FIT, "--time", "time", "-o", tmp_path / "m.safetensors")
    assert got == f"error: {message}"


def test_a_missing_file(refused, tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("a\n1\n")
    assert refused("fit", "forecast", tmp_path / "lode.csv", *FIT, "-o", tmp_path / "m.safetensors") == (
        "error: TMP/lode.csv does not exist; did you mean 'load.csv'?"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--horizon", "0"], "--horizon must be a whole number of at least 1, got 0"),
        (["--context", "-3"], "--context must be a whole number of at least 1, got -3"),
        (["--hidden-size", "0"], "--hidden-size must be a whole number of at least 1, got 0"),
        (["--cell", "lstn"], "--cell must be one of rnn, lstm, gru, got 'lstn'; did you mean 'lstm'?"),
        (
            ["--transform", "boxcox"],
            "--transform must be one of standard, robust, log, box-cox, yeo-johnson, got 'boxcox'; "
            "did you mean 'box-cox'?",
        ),
        (["--learning-rate", "0"], "--learning-rate must be a finite number above 0, got 0.0"),
        (
            ["--train", "often"],
            "--train must be a fraction such as 0.7, a number of rows or a date such as 2017-07-01, "
            "got 'often'",
        ),
    ],
)
def test_bad_settings(refused, data: Path, tmp_path: Path, options: list[str], message: str) -> None:
    assert (
        refused("fit", "forecast", data, *FIT, *options, "-o", tmp_path / "m.safetensors")
        == f"error: {message}"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["fit", "forecast", "x.csv", "--horizon", "3"],
            "Missing option '--target'; see recurra fit forecast --help",
        ),
        (
            ["fit", "forecast", "x.csv", "--target", "y", "--horizon", "3"],
            "Missing option '-o'; see recurra fit forecast --help",
        ),
        (["predict", "m.safetensors"], "DATA is missing; name a file, or give --interactive"),
        (["predict", "a", "b", "--fast"], "No such option: --fast; see recurra predict --help"),
        (["preditc"], "No such command 'preditc'. Did you mean 'predict'?; see recurra --help"),
    ],
)
def test_wrong_use(refused, words: list[str], message: str) -> None:
    assert refused(*words) == f"error: {message}"


@pytest.mark.parametrize("words", [[], ["fit"]])
def test_no_command_prints_the_help(run, words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "Usage: recurra" in result.output
    assert "error" not in result.output


def test_outputs_that_cannot_be_written(refused, data: Path, tmp_path: Path) -> None:
    def fit(*options: object) -> str:
        return refused("fit", "forecast", data, *FIT, *options)

    assert fit("-o", tmp_path / "no" / "m.safetensors") == (
        "error: TMP/no/m.safetensors cannot be written: the folder TMP/no does not exist; create it first"
    )
    for folder, example in ((".", "model.safetensors"), ("/", "/model.safetensors")):
        message = f"error: {folder} is a folder; give a file name, such as {example}"
        assert fit("-o", folder) == message
        assert fit("-o", tmp_path / "m", "--report", folder) == message
    assert fit("-o", "") == "error: . is a folder; give a file name, such as model.safetensors"
    assert fit("-o", "/dev/full") == "error: /dev/full is not a regular file; give another file name"
    assert fit("-o", tmp_path) == "error: TMP is a folder; give a file name, such as TMP/model.safetensors"
    assert fit("-o", tmp_path / "m", "--report", tmp_path / "no" / "r.html") == (
        "error: TMP/no/r.html cannot be written: the folder TMP/no does not exist; create it first"
    )
    assert fit("-o", tmp_path / "m", "--report", tmp_path / "m") == (
        "error: -o and --report name the same file, TMP/m; give each its own"
    )
    assert fit("-o", data) == f"error: -o names the data itself, {data}; give another file name"
    assert fit("-o", tmp_path / "m", "--report", data) == (
        f"error: --report names the data itself, {data}; give another file name"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(refused, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert refused("fit", "forecast", data, *FIT, "-o", folder / "m") == (
        "error: TMP/locked/m cannot be written: Permission denied; give another path or free this one"
    )


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root may write to")
def test_a_folder_that_nobody_may_write_to(refused, data: Path) -> None:
    got = refused("fit", "forecast", data, *FIT, "-o", "/proc/self/m")
    reason = got.removeprefix("error: /proc/self/m cannot be written: ").partition(";")[0]
    assert reason in {"No such file or directory", "Permission denied"}
    assert got.endswith(f"{reason}; give another path or free this one")


def test_a_network_larger_than_the_memory(refused, data: Path, tmp_path: Path) -> None:
    got = refused("fit", "forecast", data, *FIT, "--hidden-size", "99999999", "-o", tmp_path / "m")
    assert got.startswith("error: --hidden-size 99999999 with --num-layers 1 makes 40,000,000,")
    assert got.endswith("; give a smaller --hidden-size or --num-layers")


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_files_that_are_no_model(refused, trained, tmp_path: Path, command: str) -> None:
    model = tmp_path / "m.safetensors"
    assert (
        refused(command, model, trained.data)
        == "error: TMP/m.safetensors: there is no such file; check the path"
    )
    model.write_text("time,load\n")
    foreign = refused(command, model, trained.data)
    whole = trained.model.read_bytes()
    model.write_bytes(whole[:-100])
    truncated = refused(command, model, trained.data)
    newer_format = whole.replace(b'\\"format\\":1', b'\\"format\\":2')
    assert newer_format != whole
    model.write_bytes(newer_format)
    newer = refused(command, model, trained.data)
    assert foreign == (
        "error: TMP/m.safetensors: not a safetensors file; give a file that recurra fit has written"
    )
    assert truncated == (
        f"error: TMP/m.safetensors: the file is cut off, {len(whole) - 100} bytes of {len(whole)}; "
        "copy or save it again"
    )
    assert newer == (
        "error: TMP/m.safetensors: written by a newer version of Recurra (format 2, this one reads up to 1); "
        "upgrade with: pip install --upgrade recurra"
    )


def test_predict_refuses_data_that_does_not_suit(refused, trained, tmp_path: Path) -> None:
    short = changed(trained.data, tmp_path, lambda lines: lines[:5])
    assert refused("predict", trained.model, short) == (
        "error: the data has 4 rows, but a forecast needs the last 24; give more"
    )
    for name, path in (("model", trained.model), ("data", trained.data)):
        assert refused("predict", trained.model, trained.data, "-o", path) == (
            f"error: -o names the {name} itself, {path}; give another file name"
        )
    for name in ("f.xlsx", "f"):
        assert refused("predict", trained.model, trained.data, "-o", tmp_path / name) == (
            f"error: -o must end in .csv, .jsonl or .parquet, got TMP/{name}"
        )
    assert refused("predict", trained.model, trained.data, "-o", tmp_path / "no" / "f.csv") == (
        "error: TMP/no/f.csv cannot be written: the folder TMP/no does not exist; create it first"
    )


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (TrainingError("the loss is no longer finite"), 1, "error: the loss is no longer finite"),
        (RecurraError("two\nlines"), 1, "error: two lines"),
        (
            OSError(28, "No space left on device", "/d/m.safetensors"),
            1,
            "error: /d/m.safetensors: No space left on device",
        ),
        (
            OSError(28, "No space left on device"),
            1,
            "error: No space left on device",
        ),
        (MemoryError(), 1, "error: out of memory; give less data, or smaller sizes"),
        (
            MemoryError("Unable to allocate 9 TiB"),
            1,
            "error: out of memory (Unable to allocate 9 TiB); give less data, or smaller sizes",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_fails_later_has_its_exit_code(
    run, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, message: str
) -> None:
    def load(path: object) -> None:
        raise raised

    monkeypatch.setattr(recurra.runtime, "load", load)
    result = run("predict", "m", "d")
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", f"{message}\n")


def test_a_defect_is_not_hidden(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(recurra.runtime, "load", load)
    with pytest.raises(ZeroDivisionError):
        run("predict", "m", "d")


def test_a_failing_report_leaves_the_old_files(
    run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import recurra.inspection.report

    def fail(*args: object, **options: object) -> str:
        raise RecurraError("no page")

    monkeypatch.setattr(recurra.inspection.report, "forecast_report", fail)
    (tmp_path / "m.report.html").write_text("old")
    result = run("fit", "forecast", data, *FIT, "-o", tmp_path / "m.safetensors")
    assert result.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.report.html"]
    assert (tmp_path / "m.report.html").read_text() == "old"
