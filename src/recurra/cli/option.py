"""How an option is declared, and how messages call it."""

import re
from collections.abc import Iterable
from typing import Any

import typer


def option(metavar: str, help: str, panel: str, *names: str) -> Any:  # noqa: A002
    """An option that is shown in ``panel`` of the help, called as its parameter unless ``names`` say else."""
    return typer.Option(*names, metavar=metavar, help=help, rich_help_panel=panel, show_default=False)


_OTHERWISE = {"target_transform": "transform"}  # an argument of that name scikit-learn takes for a method


def flag(name: str) -> str:
    """``hidden_size`` as the user writes it, ``--hidden-size``."""
    return f"--{_OTHERWISE.get(name, name).replace('_', '-')}"


def with_options(message: str, names: Iterable[str]) -> str:
    """The library's ``message``, with each of its arguments ``names`` as the user writes it.

    A name with an underscore is no word, so it's changed anywhere, and so is one with a truth value; another
    only at the start, where the checks of single arguments have it.
    """
    for name in names:
        message = re.sub(rf"\b{name}=True\b", flag(name), message)
        message = re.sub(rf"\b{name}=False\b", flag(f"no_{name}"), message)
        message = re.sub(
            rf"^{name} is for (.+), got False with ", rf"{flag(f'no_{name}')} is for \1, got ", message
        )
        place = rf"\b{name}\b" if "_" in name else rf"^{name}(?= (must|is for|has) )"
        message = re.sub(place, flag(name), message)
    return message
