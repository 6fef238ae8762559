"""The site: no page is left out, docstrings are read as they are meant, and it builds without a warning."""

import doctest
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
OWN = [DOCS / "index.md", *sorted((DOCS / "understand").glob("*.md"))]


def in_toctrees(page: Path) -> set[Path]:
    """The pages that the toctrees of a page name."""
    found = set()
    for block in re.findall(r"^```{toctree}\n(.*?)^```$", page.read_text(), flags=re.DOTALL | re.MULTILINE):
        for entry in (line for line in block.splitlines() if line and not line.startswith(":")):
            found |= set(page.parent.glob(f"{entry}.md"))
    return {path.relative_to(DOCS) for path in found}


def test_every_page_is_reached_from_the_first():
    reached, new = {Path("index.md")}, {Path("index.md")}
    while new:
        new = set().union(*(in_toctrees(DOCS / page) for page in new)) - reached
        reached |= new
    assert sorted(set(PAGES) - reached) == []


@pytest.mark.parametrize("page", OWN, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_examples_of_the_conventions():
    page = DOCS / "understand" / "conventions.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert (failed, tried > 5) == (0, True)


@pytest.fixture(scope="module")
def readable():
    pytest.importorskip("sphinx", reason="the docs extra is not installed")
    spec = importlib.util.spec_from_file_location("docstrings", DOCS / "_extensions" / "docstrings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda text: "\n".join(module.readable(text.split("\n")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Units |h| of a * b, as coef_ and coef_[0].", r"Units \|h\| of a \* b, as coef\_ and coef\_[0]."),
        ("``|h| * x_`` and `recurra.nn.LSTM`, `Pool`", "``|h| * x_`` and `recurra.nn.LSTM`, `Pool`"),
        ("`hidden_size` is plain", "``hidden_size`` is plain"),
        (
            "A sum:\n\n    c = f * c′\n    h = |c|\n\nIt_ is.",
            "A sum:\n\n::\n\n    c = f * c′\n    h = |c|\n\nIt\\_ is.",
        ),
        ("Args:\n    x: a\n        sum.\n\n    y: b_", "Args:\n    x: a\n        sum.\n\n    y: b\\_"),
        (">>> a * b_\n6", ">>> a * b_\n6"),
    ],
)
def test_docstrings_mean_what_they_say(readable, text, expected):
    assert readable(text) == expected


@pytest.mark.slow
def test_it_builds_without_a_warning_and_fetches_nothing(tmp_path):
    pytest.importorskip("sphinx", reason="the docs extra is not installed")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        str(DOCS),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "<math" in (tmp_path / "labs" / "gates.html").read_text()
    assert "recurra.nn.LSTM" in (tmp_path / "api" / "nn.html").read_text()
    for page in tmp_path.rglob("*.html"):
        for tag in re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*>", page.read_text()):
            assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", tag), (page.name, tag)
