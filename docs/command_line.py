"""Write docs/command-line.md from the help of every command: python docs/command_line.py"""

import os
from pathlib import Path

# Help is laid out for a terminal; these keep it the same wherever it is written.
os.environ.update(COLUMNS="80", TERM="dumb", NO_COLOR="1", TERMINAL_WIDTH="80")

from typer.testing import CliRunner

from recurra.cli.app import app

COMMANDS = [
    "", "fit", "fit forecast", "fit classify", "fit regress", "fit tag", "fit language-model",
    "fit translate", "fit transcribe",
    "evaluate", "predict", "generate", "stream", "inspect", "describe", "lab", "demo",
]  # fmt: skip
TARGET = Path(__file__).with_name("command-line.md")
HEAD = """# Command line

Written by `python docs/command_line.py` from each command's `--help`.

Results go to standard output; progress, notes and errors to standard error. The exit code is 0 where the work
was done, 1 where it failed, 2 for wrong use or bad input, and 130 where it was interrupted.
"""


def page() -> str:
    """The whole page."""
    sections = [HEAD]
    for command in COMMANDS:
        name = f"recurra {command}".strip()
        result = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="recurra")
        text = "\n".join(line.rstrip() for line in result.output.strip("\n").splitlines())
        sections.append(f"## `{name}`\n\n```text\n{text}\n```\n")
    return "\n".join(sections)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
