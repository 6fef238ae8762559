"""The pages of labs in a real browser, at the width of a laptop and of a phone."""

from pathlib import Path

import pytest

from recurra.labs import find, run
from recurra.labs.page import lab_page


@pytest.mark.parametrize("name", ["gates", "parameters"])
def test_the_page_fits_is_drawn_in_full_and_fetches_nothing(open_report, name: str, tmp_path: Path) -> None:
    file = tmp_path / "lab.html"
    file.write_text(lab_page(find(name), run(name, seeds=1), seeds=1, budget=1.0), "utf-8")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = open_report(file, width, color_scheme=scheme)
        assert page.locator("h1").inner_text() == find(name).title
        assert page.locator(".held").count() == len(run(name, seeds=1).checks)
        assert f'name="{name}"' in page.locator("details pre").inner_text()
