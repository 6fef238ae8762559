"""recurra lab: run a classic experiment, and say whether its claim holds."""

import time
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from recurra._base.errors import RecurraError
from recurra._base.validation import one_of, positive_float, positive_int
from recurra._base.wording import count
from recurra.cli import console
from recurra.cli.output import check_output

if TYPE_CHECKING:
    from recurra.labs import Lab, Result

_PAGES = (".html", ".htm")


def lab(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which experiment; without it they are listed.")
    ] = None,
    *,
    seeds: Annotated[
        int, typer.Option(metavar="N", help="How many times, each from another random start.")
    ] = 3,
    budget: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="How much of the training to do. The claims are made for 1; less is a quick try.",
        ),
    ] = 1.0,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            metavar="PAGE",
            help="The page to write, ending in .html; its numbers lie beside it as JSON. Default: "
            "lab-NAME.html in this folder.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")] = False,
) -> None:
    """Run one of the classic experiments, and check its claim over several random starts.

    Prints its tables and each check, and writes a page with its pictures and a JSON file with its numbers.
    The exit code is 1 where a check does not hold.
    """
    from recurra.labs import LABS

    if name is None:
        _list(LABS, json=json)
        return
    name = one_of("lab", name, LABS)
    positive_int("--seeds", seeds)
    positive_float("--budget", budget)
    page = Path(f"lab-{name}.html") if output is None else output
    check_output(page, {}, _PAGES)
    numbers = page.with_suffix(".json")
    check_output(numbers, {}, ())
    _run(name, seeds, budget, page, numbers, json=json)


def _list(questions: dict[str, str], *, json: bool) -> None:
    if json:
        console.say_json({"labs": questions})
        return
    rows = [[name, Text(question, justify="left")] for name, question in questions.items()]
    console.say_table(["Lab", ""], rows)
    console.say("Run one: recurra lab NAME")


def _run(name: str, seeds: int, budget: float, page: Path, numbers: Path, *, json: bool) -> None:
    from recurra.artifact.writing import replace_file
    from recurra.labs import find, run
    from recurra.labs.page import lab_page

    start, found = time.perf_counter(), find(name)
    if not json:
        console.say(found.title, "bold")
        console.say(found.claim)
    with console.err.status("Running"):
        result = run(name, seeds, budget)
    seconds = time.perf_counter() - start
    asked = {"lab": name, "title": found.title, "claim": found.claim, "seeds": seeds, "budget": budget}
    values = {**asked, "seconds": seconds, **result.to_dict()}
    replace_file(page, lab_page(found, result, seeds=seeds, budget=budget).encode())
    replace_file(numbers, f"{dumps(values, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode())
    files = {"Page": page.resolve(), "Numbers": numbers.resolve()}
    if json:
        console.say_json({**values, "files": [str(path) for path in files.values()]})
    else:
        _say(result)
        console.say_files(files, seconds)
    _judge(found, result, budget)


def _say(result: "Result") -> None:
    for table in result.tables:
        console.say(f"\n{table.title}", "bold")
        console.say_table(table.columns, table.texts())
        if table.note:
            console.say(table.note, "dim")
    for paragraph in result.text:
        console.say(f"\n{paragraph}")
    rows = [
        [
            "holds" if check.holds else Text("does not hold", "bold red"),
            Text.assemble(f"{check.claim}\n", (check.evidence, "dim"), justify="left"),
        ]
        for check in result.checks
    ]
    console.say_table(["Check", ""], rows)


def _judge(lab: "Lab", result: "Result", budget: float) -> None:
    """Raise RecurraError where a check does not hold."""
    failed = sum(not check.holds for check in result.checks)
    if failed:
        part = "" if budget == 1 else f"; this was {budget:g} of the training, the claim is made for 1"
        raise RecurraError(f"lab {lab.name}: {failed} of {count(len(result.checks), 'check')} failed{part}")
