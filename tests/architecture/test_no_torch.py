"""Importing, loading and predicting never bring in what only training, tables or the command line need.

Each piece runs in a process of its own, because this one has imported everything.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"
TRAINING = {"torch", "lightning", "lightning_fabric", "sklearn"}
PAGES = {"plotly", "jinja2", "fastapi", "typer", "rich"}
TABLES = {"polars", "narwhals", "pandas", "pyarrow", "statsmodels", "scipy"}
LEARNING = TRAINING | PAGES | TABLES | {"tokenizers", "soundfile", "mido"}


def imported(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after running ``code``."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    command = [sys.executable, "-W", "error", "-c", f"{code}\n{report}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def load(name: str) -> str:
    return f"import recurra\nmodel = recurra.load({str(GOLDEN / name)!r})"


TEXTS, SERIES, TAGS = load("classify-1.safetensors"), load("regress-1.safetensors"), load("tag-1.safetensors")
SPEECH = (
    f"{load('transcribe-1.safetensors')}\nimport numpy\nfrom recurra.data import Clip\n"
    "clip = Clip(numpy.ones(2000, numpy.float32), 8000)"
)
TEXT, TUNES = load("language-char-1.safetensors"), load("music-1.safetensors")
SOURCES, SIGNALS = load("translate-1.safetensors"), load("translate-series-1.safetensors")
INSIDE = """
from recurra.inspection.inside import attended, by_activity, forming, given, posteriors, saturation, trace
one = given(model, X)
for layer in trace(model, one).layers:
    saturation(layer), by_activity(layer)
forming(model, one), attended(model, one), posteriors(model, one)
"""
COUNTING, DATED = load("forecast-gru-1.safetensors"), load("forecast-lstm-1.safetensors")


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import recurra", TRAINING | PAGES | TABLES),
        (
            "import recurra.artifact, recurra.cells, recurra.data, recurra.evaluation, recurra.kernels, "
            "recurra.runtime",
            TRAINING | PAGES | TABLES,
        ),
        (COUNTING, TRAINING | PAGES | TABLES),
        (f"{COUNTING}\nimport numpy\nmodel.predict(numpy.ones((9, 2)))", TRAINING | PAGES | TABLES),
        (
            f"{DATED}\nimport numpy\nmodel.predict_windows(numpy.ones((1, 5, 2)))",
            TRAINING | PAGES | TABLES,
        ),
        (f"{TEXTS}\nmodel.predict(['ab é'])\nmodel.predict_proba(['b'])", LEARNING),
        (f"{SERIES}\nimport numpy\nmodel.stream().step([1.0, 2.0])", LEARNING),
        (f"{TAGS}\nimport numpy\nmodel.predict([numpy.ones((3, 2))])", LEARNING),
        (f"{SPEECH}\nmodel.transcribe([clip], beam=3)\nmodel.stream().push(clip.samples)", LEARNING),
        (f"{TEXT}\nmodel.predict(['ab é'])\nmodel.generate('a', length=3)", LEARNING),
        (f"{TUNES}\nimport numpy\nmodel.predict([numpy.eye(3, 88)])\nmodel.generate(length=2)", LEARNING),
        (f"{SOURCES}\nmodel.predict(['ab'])", LEARNING),
        (f"{TEXTS}\nX = 'ab é'{INSIDE}", LEARNING),
        (f"{TAGS}\nimport numpy\nX = numpy.ones((3, 2)){INSIDE}", LEARNING),
        (f"{COUNTING}\nimport numpy\nX = numpy.ones((9, 2)){INSIDE}", TRAINING | PAGES | TABLES),
        (f"{SPEECH}\nX = clip{INSIDE}", LEARNING),
        (f"{TEXT}\nX = 'ab'{INSIDE}", LEARNING),
        (f"{TUNES}\nimport numpy\nX = numpy.eye(3, 88){INSIDE}", LEARNING),
        (f"{SIGNALS}\nimport numpy\nX = [numpy.ones((3, 2))]{INSIDE}", LEARNING),
    ],
    ids=[
        "import",
        "every package",
        "load",
        "predict an array",
        "predict windows",
        "classify texts",
        "step along a series",
        "tag arrays",
        "transcribe clips",
        "write texts",
        "write music",
        "translate texts",
        "gates over a text",
        "gates over an array",
        "gates over a window",
        "gates over a clip",
        "gates of a language model",
        "gates over music",
        "gates of an encoder-decoder",
    ],
)
def test_the_core_install_is_enough(code, unwanted):
    found = imported(code)
    assert found & unwanted == set()
    assert "recurra" in found


def test_predicting_a_file_needs_tables_and_no_more(tmp_path):
    rows = [f"2024-02-{day:02},{day * 0.5},{day}" for day in range(1, 9)]
    data = tmp_path / "data.csv"
    data.write_text("\n".join(["time,CO₂,wind", *rows]))
    found = imported(f"{DATED}\nprint(model.predict({str(data)!r}).to_frame())")
    assert found & (TRAINING | PAGES) == set()
    assert "polars" in found
