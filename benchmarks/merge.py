"""A run of a few suites in the place of their tables in an earlier run."""

from collections.abc import Mapping, Sequence
from typing import Any

MAY_DIFFER = ("load before", "revision")
"""Of what is said about the machine: of these the merged run tells both."""


class DifferentRunsError(Exception):
    """Runs whose figures cannot stand side by side."""


def check_alike(earlier: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    """Raise DifferentRunsError unless machine, versions, peers and settings are the same."""
    for part in ("machine", "settings"):
        for name in dict.fromkeys([*run[part], *earlier[part]]):
            now, before = run[part].get(name), earlier[part].get(name)
            if now != before and name not in MAY_DIFFER:
                raise DifferentRunsError(f"{name} was {before} and is {now} now; run every suite")
    if run["missing"] != earlier["missing"]:
        missing = [", ".join(own["missing"]) or "none" for own in (earlier, run)]
        raise DifferentRunsError(f"missing peers were {missing[0]} and are {missing[1]} now; run every suite")


def merged(earlier: Mapping[str, Any], run: Mapping[str, Any], tables: Sequence[str]) -> dict[str, Any]:
    """The run, and of the earlier one those of ``tables`` that it did not measure, in the order of these."""
    both = {
        name: "; ".join(dict.fromkeys([*earlier["machine"][name].split("; "), run["machine"][name]]))
        for name in MAY_DIFFER
    }
    measured = {result["table"] for result in run["results"]}
    kept = [result for result in earlier["results"] if result["table"] in set(tables) - measured]
    return {
        **run,
        "machine": run["machine"] | both,
        "runs": earlier["runs"] + run["runs"],
        "results": sorted([*kept, *run["results"]], key=lambda result: tables.index(result["table"])),
    }
