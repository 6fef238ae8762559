"""The examples of the page on cells run and print what it says."""

import doctest
from pathlib import Path


def test_examples_of_the_page_on_cells():
    page = Path(__file__).parents[2] / "docs" / "cells.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0
