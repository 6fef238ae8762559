"""The page on sequence to sequence tells the true defaults."""

import re
from pathlib import Path

from recurra.tasks.seq2seq_defaults import DEFAULTS

PAGE = Path(__file__).parents[2] / "docs" / "translation.md"


def test_the_table_of_defaults():
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", PAGE.read_text(), flags=re.MULTILINE)
    assert len(rows) == 16
    for name, cell in rows:
        value = getattr(DEFAULTS, name)
        shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        assert cell == (shown if isinstance(shown, str) else f"{shown:g}"), name
