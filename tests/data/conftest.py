import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Series, array_series

Make = Callable[..., Series]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has an empty folder, so that files and messages have bare names."""
    monkeypatch.chdir(tmp_path)


# A function for the whole session may be called by a test that Hypothesis repeats.


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Write a file of the current folder and return its path."""

    def write(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = Path(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture(scope="session")
def refusal() -> Callable[..., str]:
    """The message, of one line, of the InputError that a call raises."""

    def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
        with pytest.raises(InputError) as caught:
            call(*arguments, **options)
        message = str(caught.value)
        assert "\n" not in message
        return message

    return refusal


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the data sets; without it, tests of them are skipped."""
    folder = os.environ.get("RECURRA_DATA")
    if not folder:
        pytest.skip("RECURRA_DATA, the folder of the data sets, is not set")
    return Path(folder).absolute()


@pytest.fixture
def make_series() -> Make:
    """A series that counts rows, from columns of numbers; None is missing."""

    def make(*columns: Sequence[Any], names: Sequence[str] = ("y", "x", "z")) -> Series:
        values = np.array([[np.nan if v is None else v for v in column] for column in columns], dtype=float).T
        return array_series(values, names[: len(columns)])

    return make
