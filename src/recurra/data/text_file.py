"""The text of a file, or a clear reason why there is none."""

from pathlib import Path

from recurra._base.errors import InputError
from recurra._base.validation import nearest

_BYTE_ORDER_MARK = "\ufeff"


def read_lines(path: Path, needs: str) -> list[str]:
    """The lines of a UTF-8 file, without line ends of either kind, a byte order mark and empty last lines.

    Raises InputError if the file cannot be read, is not UTF-8, or is empty although it ``needs`` something.
    """
    check_file(path)
    text = decoded(path, read_bytes(path))
    if not text.strip():
        raise InputError(f"{path} is empty; it needs {needs}")
    # Not splitlines: a text may hold any of Unicode's other line ends.
    lines = text.replace("\r\n", "\n").split("\n")
    while not lines[-1].strip():
        lines.pop()
    return lines


def read_bytes(path: Path) -> bytes:
    """What the file holds; InputError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def decoded(path: Path, content: bytes) -> str:
    """The text that is the ``content`` of ``path``, without a byte order mark; InputError if not in UTF-8."""
    try:
        return content.decode().removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (at byte {error.start}); save it as UTF-8") from error


def check_file(path: Path) -> None:
    """Raise InputError, with the nearest name in its folder, unless ``path`` is a file."""
    if not path.exists():
        siblings = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(f"{path} does not exist{nearest(path.name, siblings)}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
