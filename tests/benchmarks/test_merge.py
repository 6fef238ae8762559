"""A run of a few suites takes the place of their tables in an earlier run that is like it."""

import pytest

from benchmarks.merge import DifferentRunsError, check_alike, merged


def run(*tables, revision="abc", load="0.10", **fields):
    return {
        "machine": {"processor": "one", "load before": load, "revision": revision},
        "settings": {"rounds": 7},
        "missing": [],
        "runs": 1,
        "ceilings": {"from": revision},
        "results": [{"table": table, "from": revision} for table in tables],
        **fields,
    }


def test_tables_are_replaced_kept_and_put_in_order():
    earlier, later = run("B", "A", "gone", "A"), run("C", "B", revision="def")
    both = merged(earlier, later, ["A", "B", "C", "D"])
    assert [(result["table"], result["from"]) for result in both["results"]] == [
        ("A", "abc"),
        ("A", "abc"),
        ("B", "def"),
        ("C", "def"),
    ]
    assert both["runs"] == 2
    assert both["ceilings"] == {"from": "def"}


def test_every_revision_and_load_is_told_once():
    both = merged(run("A"), run("B", revision="def", load="0.20"), ["A", "B"])
    thrice = merged(both, run("B", revision="def", load="0.10"), ["A", "B"])
    assert thrice["machine"] == {"processor": "one", "load before": "0.10; 0.20", "revision": "abc; def"}
    assert thrice["runs"] == 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"machine": {"processor": "two"}}, "processor was one and is two now; run every suite"),
        ({"settings": {"rounds": 5}}, "rounds was 7 and is 5 now; run every suite"),
        ({"settings": {"rounds": 7, "quick": True}}, "quick was None and is True now; run every suite"),
        ({"missing": ["Keras"]}, "missing peers were none and are Keras now; run every suite"),
    ],
)
def test_runs_that_cannot_stand_together_are_refused(fields, message):
    check_alike(run("A"), run("B", revision="def", load="0.20"))
    with pytest.raises(DifferentRunsError) as error:
        check_alike(run("A"), run("B", **fields))
    assert str(error.value) == message
