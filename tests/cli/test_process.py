"""The command line as its own process: what it imports, how it is interrupted, how it ends in a pipe."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SHOW = """
import sys
from recurra.cli.app import app
try:
    app(sys.argv[1:])
finally:
    heavy = {"torch", "lightning_fabric", "plotly", "jinja2", "statsmodels"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def imported(*words: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *map(str, words)], capture_output=True, text=True, check=True
    )
    return eval(done.stderr.splitlines()[-1])  # noqa: S307 - printed by the line above


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["fit", "forecast", "--help"],
        ["fit", "classify", "--help"],
        ["fit", "language-model", "--help"],
        ["fit", "translate", "--help"],
        ["generate", "--help"],
        ["stream", "--help"],
        ["demo", "--help"],
    ],
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    assert imported(*words) == []


def test_predict_and_evaluate_never_import_pytorch(trained) -> None:
    assert imported("predict", trained.model, trained.data) == []
    assert "torch" not in imported("evaluate", trained.model, trained.data)


def test_models_of_sequences_never_import_pytorch(sentiment, tagger, listener, corpus: Path) -> None:
    words = corpus / "words.test.conllu"
    assert imported("predict", sentiment.model, corpus / "texts.test.tsv") == []
    assert imported("predict", tagger.model, words, "--json") == []
    assert imported("evaluate", tagger.model, words, "--json") == []
    assert imported("stream", listener.model, corpus / "talk.wav") == []


def test_language_models_never_import_pytorch(namer, composer, corpus: Path, tmp_path: Path) -> None:
    names, tune = corpus / "names.txt", tmp_path / "tune.mid"
    assert imported("generate", namer.model, "--samples", 3) == []
    assert imported("generate", composer.model, "-o", tune) == []
    assert imported("generate", composer.model, "--prompt", tune, "-o", tmp_path / "next.mid") == []
    assert imported("predict", namer.model, names) == []
    assert imported("predict", composer.model, corpus / "tunes.json") == []
    assert "torch" not in imported("evaluate", namer.model, names)


def start(*words: object, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "recurra.cli", *map(str, words)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_an_interrupt_during_training_leaves_nothing(data: Path, tmp_path: Path) -> None:
    log = tmp_path / "stderr"
    out = tmp_path / "out"
    out.mkdir()
    words = [
        "fit",
        "forecast",
        data,
        "--target",
        "load",
        "--horizon",
        12,
        "--epochs",
        100_000,
        "-o",
        out / "m",
    ]
    environment = {**os.environ, "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "OMP_NUM_THREADS": "1"}
    with log.open("w") as stderr:
        command = [sys.executable, "-m", "recurra.cli", *map(str, words)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)
        try:
            for _ in range(600):
                if "epoch" in log.read_text() or process.poll() is not None:
                    break
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            stdout, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert stdout == ""
    assert log.read_text().rstrip().endswith("interrupted")
    assert "Traceback" not in log.read_text()
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("step", range(0, 100, 20))
def test_an_interrupt_while_starting_has_its_exit_code(step: int) -> None:
    # Interrupted by the import of one of the modules that it needs, a later one each time.
    code = f"""
import signal, sys
from recurra.cli import main
class Interrupt:
    left = {step}
    def find_spec(self, name, path=None, target=None):
        self.left -= 1
        if self.left < 0:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv[1:] = ["predict", "m", "d"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


def test_the_entry_point_imports_next_to_nothing_before_it_minds_interrupts() -> None:
    code = "import sys, recurra.cli; print('numpy' in sys.modules or 'typer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_what_standard_output_cannot_encode_is_escaped(sentiment, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("a café\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    process = start("predict", sentiment.model, tmp_path / "texts.txt", env=environment)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")
    assert stdout.endswith(",a caf\\xe9\n")


def test_a_full_disk_is_one_line(trained) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "recurra.cli", "predict", str(trained.model), str(trained.data)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: No space left on device"


def test_a_reader_that_leaves_early_is_no_error(trained) -> None:
    process = start("predict", trained.model, trained.data)
    process.stdout.close()
    _, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr
    assert "Exception ignored" not in stderr


def test_a_closed_standard_output_is_no_crash(trained, tmp_path: Path) -> None:
    words = ["predict", str(trained.model), str(trained.data), "-o", str(tmp_path / "out.csv")]
    command = 'exec "$0" -m recurra.cli "$@" >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, *words], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert (tmp_path / "out.csv").exists()
