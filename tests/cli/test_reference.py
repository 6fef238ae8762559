import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_is_what_the_commands_say() -> None:
    page = runpy.run_path(str(DOCS / "command_line.py"))["page"]()
    written = (DOCS / "command-line.md").read_text("utf-8")
    assert written == page, "run: python docs/command_line.py"
