"""The file that a command writes beside what it reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from recurra._base.errors import InputError


def check_output(output: Path, files: Mapping[str, Path], endings: Sequence[str]) -> None:
    """Raise InputError unless ``output`` can be written, has one of the ``endings`` and is none of ``files``.

    Without ``endings`` any will do.
    """
    from recurra.artifact.writing import check_writable

    for name, path in files.items():
        if output.resolve() == path.resolve():
            raise InputError(f"-o names the {name} itself, {output}; give another file name")
    if endings and output.suffix.lower() not in endings:
        raise InputError(f"-o must end in {', '.join(endings[:-1])} or {endings[-1]}, got {output}")
    check_writable(output)
