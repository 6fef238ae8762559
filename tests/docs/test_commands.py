"""Every command that the documentation shows: it runs on small files with the names that stand there."""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from recurra.cli.app import app
from recurra.labs import LABS
from tests.docs.small import MODELS, execute, small

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WRITTEN_FROM_HELP = DOCS / "command-line.md"
PAGES = [ROOT / "README.md", *sorted(set(DOCS.rglob("*.md")) - {WRITTEN_FROM_HELP})]
SHELL = ("", "bash", "console", "sh", "shell")
OUTPUTS = ("-o", "--report", "--metrics")

TOO_LONG = {"demo", "lab"}
"""These have tests of their own: here they need only be possible, as they stand there."""


def blocks(text: str) -> list[tuple[str, str]]:
    """The language and the content of each fenced block."""
    return re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, flags=re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    """The command lines of a page, without the program's name."""
    text = page.read_text("utf-8")
    lines = "\n".join(block for language, block in blocks(text) if language in SHELL)
    joined = lines.replace("\\\n", " ").splitlines()
    found = [re.fullmatch(r" *(?:\$ )?(?:\.venv/bin/)?recurra( .+)?", line) for line in joined]
    return [(match[1] or "").strip() for match in found if match]


def mentioned(page: Path) -> list[str]:
    """Commands within sentences, such as `recurra fit forecast`, without the program's name."""
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(found.split()) for found in re.findall(r"`recurra ([^`]+)`", prose)]


def find(words: list[str]) -> tuple[Any, list[str]]:
    """The command that ``words`` begin with, and the rest of them."""
    command: Any = get_command(app)
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    return command, rest


def options(command: Any) -> set[str]:
    return {"--help"}.union(*(parameter.opts + parameter.secondary_opts for parameter in command.params))


def model_files(words: list[str]) -> set[str]:
    """The models that a command reads."""
    named = [word for word in words if word.endswith(".safetensors")]
    return set(named) - ({words[words.index("-o") + 1]} if "-o" in words else set())


def run(words: list[str]) -> None:
    execute(words)
    for option in OUTPUTS:
        if option in words:
            assert Path(words[words.index(option) + 1]).stat().st_size > 0


def test_a_stale_command_is_found():
    assert find(["fit", "tag", "a.conllu"])[0].name == "tag"
    assert "--crf" in options(find(["fit", "tag"])[0])
    assert "--crf" not in options(find(["fit", "regress"])[0])


@pytest.mark.parametrize(
    "page", [page for page in PAGES if commands(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_the_commands_of_a_page_run(page, folder, trained):
    """In their order; a model that one reads and none before it has written comes from elsewhere."""
    for line in commands(page):
        words = shlex.split(line)
        command, rest = find(words)
        if words and words[0] in TOO_LONG:
            assert command.make_context(words[0], rest)
            assert words[0] != "lab" or {word for word in rest[:1] if word[0] != "-"} <= set(LABS)
            continue
        for model in model_files(words):
            if not (folder / model).exists():
                shutil.copy(trained(MODELS[model]), folder / model)
        run(small(line))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_sentences_mention_is_there(page):
    for line in mentioned(page):
        command, rest = find(re.sub(r"\[|\]", "", line).split())
        left = [word for word in rest if not word.startswith("-")]
        assert not hasattr(command, "commands") or all(word.isupper() for word in left), line
        for option in (word for word in rest if re.fullmatch(r"--?[a-z][\w-]*", word)):
            assert option in options(command), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_of_make_is_there(page):
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z0-9-]+):", makefile, flags=re.MULTILINE)
    (reproduced,) = re.findall(r"^REPRODUCED := (.+)$", makefile, flags=re.MULTILINE)
    targets += [f"reproduce-{name}" for name in reproduced.split()]
    shown = re.findall(r"(?:`|^)make ([a-z0-9-]+)", page.read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(set(shown) - set(targets)) == []
