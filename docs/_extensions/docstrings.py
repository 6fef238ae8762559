"""Docstrings are plain text with ``code`` and indented equations; this makes reStructuredText of them.

What stands indented by itself stays as it is, line by line. Outside of code, the marks of reStructuredText
that mathematics is full of (|h|, a * b, coef_) are taken as they are written. `name` leads to a class or to a
name with its module; it is plain code where it is neither, such as an argument.
"""

import re

from sphinx.application import Sphinx

_CODE = re.compile(r"(``.+?``|`[^`\s][^`]*`)")
_PLAIN = re.compile(r"`[a-z_]\w*`")
_MARKS = re.compile(r"[*|]|(?<=\w)_(?!\w)")


def readable(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    found: list[str] = []
    margin, verbatim, before = 0, False, ""
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        after_gap = i > 0 and not lines[i - 1].strip()
        if line.strip():
            if verbatim and indent <= margin:
                verbatim = False
            if not verbatim:
                if after_gap and indent > margin and not before.endswith("::"):
                    verbatim = True
                    found += ["::" if not margin else " " * margin + "::", ""]
                else:
                    margin = indent
            before = line.rstrip()
        found.append(line if verbatim or line.lstrip().startswith((">>>", "...")) else escaped(line))
    return found


def escaped(line: str) -> str:
    """A line whose marks mean themselves, but for code."""
    parts = _CODE.split(line)
    parts[::2] = [_MARKS.sub(r"\\\g<0>", text) for text in parts[::2]]
    parts[1::2] = [f"`{code}`" if _PLAIN.fullmatch(code) else code for code in parts[1::2]]
    return "".join(parts)


def setup(app: Sphinx) -> dict[str, bool]:
    def process(_app, _what, _name, _obj, _options, lines: list[str]) -> None:
        lines[:] = readable(lines)

    app.connect("autodoc-process-docstring", process, priority=400)  # before napoleon reads its sections
    return {"parallel_read_safe": True, "parallel_write_safe": True}
