"""The examples of the page on layers run and print what it says."""

import doctest
from pathlib import Path


def test_examples_of_the_page_on_layers():
    page = Path(__file__).parents[2] / "docs" / "layers.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0
