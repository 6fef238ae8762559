"""recurra describe: what it prints, what it writes, and every wrong use of it."""

import json
from pathlib import Path

import numpy as np
import pytest


def test_a_table_is_told_in_the_terminal_and_on_a_page(run, data: Path, tmp_path: Path) -> None:
    page = tmp_path / "load.html"
    result = run("describe", data, "--target", "load", "-o", page)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "494 rows, 3 columns" in " ".join(lines[:3])
    assert "time: 2024-01-01 to 2025-05-14, step: day" in lines
    assert any(line.split()[:4] == ["load", "3", "50.06", "7.141"] for line in lines)
    verdict = lines.index("1 warning and 2 hints.")
    assert lines[verdict + 1].startswith(
        "warning  6 rows (1.2 %) are missing between the times of 'time', in 1 gap"
    )
    assert all(line[:9] in ("warning  ", "hint     ", " " * 9) for line in lines[verdict + 1 : -2])
    assert lines[-2].split() == ["Page", str(page)]
    assert "<h2>What was found</h2>" in page.read_text("utf-8")


def test_one_of_a_kind_is_told_in_the_singular(run, tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    table.write_text("a,b\n1,2\n")
    said = "".join(run("describe", table).stdout.split())  # lines break within long paths
    assert "one.csv:1row,2columns" in said


def test_verdicts_of_columns_are_not_cut_off(run, tmp_path: Path) -> None:
    table, rng = tmp_path / "series.csv", np.random.default_rng(0)
    rows = [f"{i},{a:.3f},{b:.3f},{'ab'[i % 2]}" for i, (a, b) in enumerate(rng.normal(size=(200, 2)))]
    table.write_text("\n".join(["minute,temp,load <kW>,machine", *rows]))
    said = run("describe", table, "--time", "minute").stdout
    assert said.count("stationary") == 2


def test_machines_get_one_object(run, data: Path, tmp_path: Path) -> None:
    page = tmp_path / "load.html"
    result = run("describe", data, "--target", "load", "--json", "-o", page)
    printed = json.loads(result.stdout)
    assert (printed["data"], printed["page"], printed["kind"]) == (str(data), str(page), "table")
    assert printed["size"] == {"rows": 494, "columns": 3}
    assert [finding["level"] for finding in printed["findings"]] == ["warning", "hint", "hint"]
    (season,) = printed["columns"][0]["seasonality"]["seasons"]
    assert season["period"] == pytest.approx(7, rel=0.01)
    assert "page" not in json.loads(run("describe", data, "--json").stdout)


@pytest.mark.parametrize(
    ("name", "words", "kind", "size"),
    [
        ("texts.train.tsv", ["--no-header", "--text", 1, "--label", 2], "texts", {"texts": 60}),
        (
            "texts.train.tsv",
            ["--no-header", "--text", 1, "--label", 2, "--test-file", "texts.test.tsv"],
            "texts",
            {"texts": 60},
        ),
        ("words.train.conllu", [], "words", {"sentences": 60}),
        (
            "words.train.conllu",
            ["--tag", "upos", "--test-file", "words.dev.conllu"],
            "words",
            {"sentences": 60},
        ),
        ("words.train.conllu", ["--test-file", "words.dev.conllu"], "words", {"sentences": 60}),
        ("words.train.tsv", ["--tag", 2], "words", {"sentences": 60}),
        ("sounds.zip", [], "clips", {"clips": 54, "seconds": 13.5}),
        ("sounds.zip", ["--label-pattern", "^(?P<label>[a-z]+)_"], "clips", {"clips": 54}),
        ("talk.wav", [], "clips", {"clips": 1}),
        ("series.csv", ["--series", "id", "--time", "t", "--label", "way"], "series", {"series": 40}),
        ("series.csv", ["--target", "slope", "--column", "x"], "table", {"rows": 240}),
        ("names.txt", [], "texts", {"texts": 60}),
        ("names.txt", ["names.txt"], "pairs", {"pairs": 60}),
        ("texts.train.tsv", ["--no-header", "--source", 1, "--target", 2], "pairs", {"pairs": 60}),
        ("tunes.json", [], "music", {"training pieces": 8}),
    ],
)
def test_everything_that_recurra_reads_is_described(
    run, corpus: Path, name: str, words: list, kind: str, size: dict
) -> None:
    words = [corpus / word if isinstance(word, str) and (corpus / word).is_file() else word for word in words]
    result = run("describe", corpus / name, *words, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    assert printed["kind"] == kind
    assert size.items() <= printed["size"].items()
    shown = run("describe", corpus / name, *words)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.strip()


def test_what_is_said_in_clips_is_read_from_a_table(run, corpus: Path) -> None:
    table = corpus / "said.csv"
    table.write_text("file,text,who\ntalk.wav,a b,ann\ntalk.wav,b c d,bob\n")
    printed = json.loads(run("describe", table, "--audio", "file", "--text", "text", "--json").stdout)
    assert list(printed["lengths"]) == ["seconds", "spoken words", "spoken characters"]
    printed = json.loads(run("describe", table, "--audio", "file", "--label", "who", "--json").stdout)
    assert printed["balances"][0]["counts"] == {"ann": 1, "bob": 1}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing.csv"], "nothing.csv does not exist; did you mean 'load.csv'?"),
        (
            ["load.csv", "--target", "lode"],
            "load.csv has no column 'lode'; its columns are day, load; did you mean 'load'?",
        ),
        (
            ["load.csv", "--time", "load"],
            "time column 'load' of load.csv holds values of type Float64; times are dates, datetimes, ISO "
            "text or integers",
        ),
        (["load.csv", "--column", "sun"], "load.csv has no column 'sun'; its columns are day, load"),
        (
            ["load.csv", "--series", "day"],
            "--time must name the column that orders the rows of each --series day",
        ),
        (
            ["load.csv", "--label", "load"],
            "--label means nothing beside DATA as they are; give --text, --audio or --series, too",
        ),
        (
            ["load.csv", "--no-header"],
            "--no-header means nothing beside DATA as they are; give --text, --audio or --source, too",
        ),
        (["load.csv", "--token", "2"], "--token means nothing beside DATA as they are; give --tag, too"),
        (
            ["load.csv", "--text", "day", "--time", "load"],
            "--time means nothing beside --text; leave one of them out",
        ),
        (["load.csv", "--text", "sky"], "load.csv has no column 'sky'; its columns are day, load"),
        (
            ["load.csv", "--source", "day"],
            "--source needs --target, the column of the texts that sources become",
        ),
        (
            ["load.csv", "--audio", "day", "--text", "day", "--label", "load"],
            "--label means nothing beside --text and --audio; leave one of them out",
        ),
        (
            ["load.csv", "--series", "day", "--time", "day", "--label", "load", "--target", "load"],
            "--label and --target exclude one another; give one of them",
        ),
        (
            ["load.csv", "--tag", "upos"],
            "--tag must be the number of a column, such as 2, unless the file is a .conllu, got 'upos'",
        ),
        (["names.txt", "--target", "x"], "--target is for tables, got sequences; leave it out"),
        (["names.txt", "--column", "x"], "--column is for tables, got sequences; leave it out"),
        (["load.csv", "--test-file", "load.csv"], "--test-file is for sequences, got a table; leave it out"),
        (
            ["names.txt", "--test-file", "load.csv"],
            "--test-file must hold text as the data do, got DataFrame",
        ),
        (
            ["names.txt", "names.txt", "--text", "1"],
            "--text is for one file, got TARGETS, too; leave one of them out",
        ),
        (
            ["names.txt", "names.txt", "--test-file", "names.txt"],
            "--test-file is for one file, got TARGETS, too; give a table with --source and --target",
        ),
        (["load.csv", "-o", "page.pdf"], "-o must end in .html or .htm, got page.pdf"),
        (["page.html", "-o", "page.html"], "-o names the data itself, page.html; give another file name"),
    ],
)
def test_wrong_use_is_one_line_and_nothing_is_written(
    refused, tmp_path: Path, monkeypatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{np.datetime64('2024-01-01') + day},{day % 7}.5" for day in range(40)]
    Path("load.csv").write_text("\n".join(["day,load", *rows]) + "\n")
    Path("names.txt").write_text("ann\nbob\n")
    assert refused("describe", *words) == f"error: {message}"
