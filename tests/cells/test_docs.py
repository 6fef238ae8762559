"""The pages on the cells: their examples run, and what they say of options and parameters is so."""

import doctest
import re
from pathlib import Path

import pytest

from recurra._base.errors import InputError
from recurra.cells import CELLS, LAYER_OPTIONS, OPTIONS, OPTIONS_OF, cell

PAGES = Path(__file__).parents[2] / "docs" / "cells"


def page_of(kind):
    """A cell's page is named as its file is."""
    return PAGES / f"{kind.__module__.rsplit('.', 1)[-1]}.md"


def rows(text):
    """The rows of all tables, each as its cells."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def as_written(value):
    return f'"{value}"' if isinstance(value, str) else repr(value)


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_examples(page):
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0


def test_one_page_a_cell():
    assert {page_of(kind) for kind in CELLS.values()} | {PAGES / "index.md"} == set(PAGES.glob("*.md"))


def test_the_table_of_options():
    table = rows((PAGES / "index.md").read_text())
    start = next(i for i, row in enumerate(table) if row[0] == "option")
    header, body = table[start], table[start + 2 :]
    assert header[1:-2] == list(CELLS)
    for column, name in enumerate(CELLS, 1):
        assert [row[0].strip("`") for row in body if row[column] == "yes"] == list(OPTIONS_OF[name])
    for row in body:
        option = OPTIONS.get(row[0].strip("`"))
        if option:
            assert row[-2].startswith(f"`{as_written(option.trials[0])}`")


def test_the_table_of_cells():
    first = {row[0]: row for row in rows((PAGES / "index.md").read_text())}
    for name, kind in CELLS.items():
        _, cls, page, states, gates = first[f"`{name}`"]
        assert cls == f"`{kind.__name__}`"
        assert f"({page_of(kind).name})" in page
        assert re.findall(r"`(\w+)`", states) == list(kind.states)
        assert re.findall(r"`(\w+)`", gates) == (list(kind.gates) if len(kind.gates) > 1 else [])


@pytest.mark.parametrize("kind", CELLS.values())
def test_a_page_has_its_parts(kind):
    """The equations come first, indented."""
    text = page_of(kind).read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[-3:] == ["Options", "Example", "Sources"]
    assert re.search(r"^    h = ", text.partition("## ")[0], re.MULTILINE)
    assert re.search(r"\(\d{4}\)", text.rpartition("## Sources")[2])


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("option", [*OPTIONS, *LAYER_OPTIONS])
def test_options_that_are_not_the_cells_are_refused_by_name(name, option):
    sizes = {"input_size": 3, "hidden_size": 4}
    if option in CELLS[name].options():
        value = OPTIONS[option].trials[-1]
        assert getattr(cell(name, **sizes, **{option: value}), option) == value
        return
    owners = [other for other, options in OPTIONS_OF.items() if option in options]
    reason = f"which goes with {', '.join(owners)}".replace(", gru", " and gru")
    reason += " layers only" if option in LAYER_OPTIONS else " only"
    if name in owners:
        reason = "which is one of its layers in recurra.nn"
    with pytest.raises(InputError, match=f"^{re.escape(f'{name} has no option {option!r}, {reason}')}$"):
        cell(name, **sizes, **{option: None})


@pytest.mark.parametrize("name", CELLS)
def test_a_page_has_every_option_and_its_parameters(name):
    kind = CELLS[name]
    text = page_of(kind).read_text()
    defaults = {"bias": True, **kind.options()}
    constructor = ", ".join(f"{option}={as_written(value)}" for option, value in defaults.items())
    signature = f"`recurra.cells.{kind.__name__}(input_size, hidden_size, {constructor})`"
    assert signature in " ".join(text.split())
    listed = {row[0].strip("`"): row for row in rows(text)}
    for option in OPTIONS_OF[name]:
        assert option in listed
    plain = kind(3, 4)
    for option in kind.options():
        changed = kind(3, 4, **{option: OPTIONS[option].trials[-1]})
        for parameter in changed.parameter_shapes().keys() - plain.parameter_shapes().keys():
            assert f"`{parameter}`" in listed[option][-1]
