"""The page on language models tells the true defaults."""

import re
from pathlib import Path

from recurra.tasks.language_defaults import BY_LEVEL

PAGE = Path(__file__).parents[2] / "docs" / "language-models.md"


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"


def test_the_table_of_defaults():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", PAGE.read_text(), flags=re.MULTILINE)
    assert len(rows) == 17
    for name, *cells in rows:
        for level, cell in zip(("char", "word", None), cells):
            assert cell in ("–", shown(getattr(BY_LEVEL[level], name))), name
    assert BY_LEVEL["bpe"] == BY_LEVEL["word"]
