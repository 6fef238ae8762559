"""The page of the documentation, from the JSON of one run."""

import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks import missed, tables
from benchmarks.ceilings import SIZE
from benchmarks.suites.streaming import ROUNDED_TOLERANCE, STEPS
from benchmarks.tables import markdown, number
from benchmarks.targets import BOUNDS, RATIOS, missed_goals
from benchmarks.timing import LONG, spread

HEAD = """# Benchmarks

Written by `make bench` from {runs} on one machine; no figure here is edited by hand. Letters are the
project's: `N` rows, `T` steps, `I` inputs, `H` hidden units, `G` gates.

- **In turn, in one process.** All that is compared is called in turn, {rounds} rounds of at least {block:g}
  ms each, in reversed order every second round; calls of less than {long:g} s come after one that is not
  timed. Times are medians of the rounds.
- **Compared before it is timed.** Where two compute the same, the largest difference between their results,
  as a share of each array's largest value, must be at most 1e-4 (1e-3 where an optimiser steps, {rounded:g}
  where weights are rounded). Options that no peer has are held to their equations by the tests.
- **Ratios.** `× peer` is the peer's time divided by ours: above 1, ours is faster.
- **Shares.** A layer's products are 2·G·H·(I+H) floating-point operations a row and step forward, three
  times that in training; gate maths is not counted. The share of the product is that rate divided by the
  rate of PyTorch's product of two {size} × {size} matrices, timed in turn with the layer. The share of
  reading is the time that one core needs to read the weights once, at its rate for a block of that size,
  divided by the time of the step.
- **Training** of a layer is forward and backward, with the gradients of the input and of every parameter.
- **One step in ONNX Runtime** is measured twice, both with an IOBinding: with inputs and outputs bound at
  every step, as its documentation shows, which is what the goals are about, and `bound once`, on buffers of
  our own that two bindings read and write in turn.
- **Smaller weights** are those of `stream(weights="int8")` and `"bfloat16"`. Their error is the largest
  difference of any output from the float32 stream's, by `quantization_error` over {steps} steps of standard
  normal inputs, with random weights as layers start from.
"""


def page(run: Mapping[str, Any]) -> str:
    """The whole page, in Markdown."""
    found = tables.by_table(run["results"])
    parts = [_head(run), "## Goals\n", _ratios(found), "\n", _bounds(found), ""]
    if why := missed.reasons(missed.TEXT.read_text("utf-8"), missed_goals(found)):
        parts.append(f"## What was missed, and why\n\n{why}")
    parts.append("## Tables\n")
    for title, results in found.items():
        case, _, _ = tables.columns(results)
        head, rows = tables.grid(results)
        parts.append(f"### {title}\n\n{markdown(head, rows, text=0 if case else 1)}\n")
    return "\n".join(parts)


def _head(run: Mapping[str, Any]) -> str:
    settings, results = run["settings"], run["results"]
    counts = [len(times) for result in results for times in result["seconds"].values()]
    spreads = [spread(result["seconds"]) for result in results if result["seconds"]]
    machine = run["machine"] | {
        "missing peers": ", ".join(run["missing"]) or "none",
        "spread of the rounds": (
            f"{statistics.median(spreads):.1%} in the middle row, {max(spreads):.1%} in the worst "
            "(interquartile range ÷ median)"
            if spreads
            else "unknown"
        ),
        "largest differences": _differences(results),
        **_ceilings(run["ceilings"]),
    }
    text = HEAD.format(
        runs="one run" if run["runs"] == 1 else f"{run['runs']} runs, each of some of the suites,",
        rounds=" to ".join(dict.fromkeys(str(pick(counts)) for pick in (min, max))) if counts else "no",
        block=settings["block"] * 1000,
        long=LONG,
        rounded=ROUNDED_TOLERANCE,
        size=SIZE,
        steps=STEPS,
    )
    quick = "\n**This was a quick run:** a small grid, and figures to be taken for hints.\n"
    rows = [[name, str(value)] for name, value in machine.items()]
    return f"{text}{quick if settings['quick'] else ''}\n## Machine\n\n{markdown(['', ''], rows, text=2)}\n"


def _differences(results: tables.Results) -> str:
    """The largest difference of each tolerance."""
    largest: dict[float, float] = {}
    for result in results:
        allowed = result["tolerance"]
        largest[allowed] = max(result["difference"], largest.get(allowed, 0.0))
    found = (f"{largest[allowed]:.1e} of {allowed:g} allowed" for allowed in sorted(largest))
    return ", ".join(found) or "none"


def _ceilings(ceilings: Mapping[str, Any]) -> dict[str, str]:
    def by_threads(figures: Mapping[str, float] | None) -> str:
        if figures is None:
            return "not measured, for want of a C++ compiler"
        return ", ".join(f"{rate:g} GFLOP/s ({threads})" for threads, rate in figures.items())

    read = ceilings["read"]
    return {
        "ceiling: matrix product (threads)": by_threads(ceilings["product"]),
        "ceiling: multiply-adds (threads)": by_threads(ceilings["multiply-adds"]),
        "ceiling: reading, one core": ", ".join(f"{rate:g} GB/s ({kib} KiB)" for kib, rate in read.items())
        if read
        else by_threads(None),
    }


def _ratios(found: Mapping[str, Any]) -> str:
    head = ["times faster", "must: mean", "measured", "must: least", "measured", "stretch: mean", "reached"]
    rows = []
    for target in RATIOS:
        got = target.reached(found)
        rows.append(
            [
                target.goal,
                number(target.mean),
                number(got[0]) if got else "not measured",
                number(target.least),
                number(got[1]) if got else "not measured",
                number(target.stretch),
                _verdict(None if got is None else target.met(*got)),
            ]
        )
    return markdown(head, rows, text=1)


def _bounds(found: Mapping[str, Any]) -> str:
    head = ["in every row", "where it is worst", "must", "measured", "stretch", "reached"]
    rows = []
    for target in BOUNDS:
        worst = target.worst(found)
        sign = "≤" if target.at_most else "≥"
        rows.append(
            [
                target.goal,
                worst[1] if worst else "",
                f"{sign} {number(target.bound)}",
                number(worst[0]) if worst else "not measured",
                number(target.stretch),
                _verdict(None if worst is None else target.met(worst[0])),
            ]
        )
    return markdown(head, rows, text=2)


def _verdict(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "**no**"
