"""Every lab runs, and on three seeds its claim holds."""

import json

import pytest

from recurra.labs import LABS, find, run
from recurra.labs.page import lab_page

TINY = 0.01


@pytest.mark.parametrize("name", LABS)
def test_a_short_run_has_all_that_a_lab_shows(name):
    result = run(name, seeds=1, budget=TINY)
    assert result.tables
    assert result.pictures
    assert result.checks
    assert all(isinstance(check.holds, bool) for check in result.checks)
    for table in result.tables:
        assert {len(row) for row in table.texts()} == {len(table.columns)}
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["data"]
    assert len(lab_page(find(name), result, seeds=1, budget=TINY)) < 15e6


@pytest.mark.slow
@pytest.mark.parametrize("name", LABS)
def test_the_claim_holds_on_three_seeds(name):
    result = run(name, seeds=3)
    assert [f"{check.claim} {check.evidence}" for check in result.checks if not check.holds] == []
