"""What an encoder-decoder is fitted on: two files of lines or a table, and which pairs are held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from recurra._base.errors import InputError
from recurra.cli.fit.parts import check_one_of, check_shares
from recurra.cli.option import flag, option

if TYPE_CHECKING:
    from recurra.data import Pairs

_TABLE, _PARTS = "Tables", "Parts"
_TEST, _VALIDATION = 0.1, 0.05


@dataclass(frozen=True, kw_only=True)
class PairReading:
    """Of a table; two files of lines need nothing."""

    source: Annotated[
        str | None,
        option("COL", "The column of sources: its name, or its number counted from 1.", _TABLE),
    ] = None
    target: Annotated[
        str | None, option("COL", "The column of the texts that they become, the same.", _TABLE)
    ] = None
    header: Annotated[
        bool,
        option("", "The first line of DATA names no columns but is a pair.", _TABLE, " /--no-header"),
    ] = True

    def columns(self, data: Sequence[Path]) -> dict[str, Any] | None:
        """How a table is read, None for two files; InputError for options that do not go with ``data``."""
        if len(data) > 2:
            raise InputError(
                f"DATA must be a table, or a file of sources and one of targets, got {len(data)} files"
            )
        if len(data) == 2:
            given = [flag(name) for name in ("source", "target") if getattr(self, name) is not None]
            given += ["--no-header"] * (not self.header)
            if given:
                raise InputError(f"{given[0]} is for a table, got {data[0]} and {data[1]}; leave it out")
            return None
        return {"source": self.source, "target": self.target, "header": self.header}


@dataclass(frozen=True, kw_only=True)
class PairParts:
    """A part is a table, a pair of files, or a share of DATA drawn at random."""

    validation_file: Annotated[
        Path | None,
        option("FILE", "The validation part, which chooses the best epoch, as a table.", _PARTS),
    ] = None
    validation_files: Annotated[
        tuple[Path, Path] | None,
        option("SOURCES TARGETS", "The same as two files.", _PARTS),
    ] = None
    validation: Annotated[
        float | None,
        option(
            "X",
            "The validation part as a share of what the test part leaves. Default: 0.05, without a file.",
            _PARTS,
        ),
    ] = None
    test_file: Annotated[
        Path | None, option("FILE", "The test part, which is scored, unseen until the end.", _PARTS)
    ] = None
    test_files: Annotated[
        tuple[Path, Path] | None, option("SOURCES TARGETS", "The same as two files.", _PARTS)
    ] = None
    test: Annotated[
        float | None,
        option("X", "The test part as a share of DATA. Default: 0.1, if there is no file.", _PARTS),
    ] = None

    def check(self) -> None:
        """Raise InputError for options that exclude one another, and shares that are none."""
        for name in ("validation", "test"):
            check_one_of(self, name, f"{name}_file", f"{name}_files")
            share = getattr(self, name)
            check_shares(self, {} if share is None else {name: share})

    def files(self) -> list[Path]:
        """All that are named."""
        single = [path for path in (self.validation_file, self.test_file) if path is not None]
        return [*single, *(self.validation_files or ()), *(self.test_files or ())]

    def cut(
        self, data: Sequence[Path], columns: dict[str, Any] | None, seed: int
    ) -> "dict[str, Pairs | None]":
        """The estimator's ``X``, ``validation`` (None for it to hold out a share) and ``test``.

        Raises InputError where a file can't be read, or a part is empty.
        """
        from recurra.data import hold_out_pairs, read_pairs

        given = read_pairs(*data, **(columns or {}))
        parts: dict[str, Pairs | None] = {}
        for name in ("validation", "test"):
            file, files = getattr(self, f"{name}_file"), getattr(self, f"{name}_files")
            if file is not None and columns is None:
                raise InputError(
                    f"--{name}-file is for tables, and DATA is two files; give --{name}-files SOURCES TARGETS"
                )
            if files is not None:
                parts[name] = read_pairs(*files)
            else:
                parts[name] = None if file is None else read_pairs(file, **(columns or {}))
        if parts["test"] is None:
            share = _TEST if self.test is None else self.test
            given, parts["test"] = hold_out_pairs(given, share, name="--test", seed=seed)
        return {"X": given, **parts}

    def validation_share(self, parts: "dict[str, Pairs | None]") -> float | None:
        """What the estimator holds out; None where there is a validation part."""
        if parts["validation"] is not None:
            return None
        return _VALIDATION if self.validation is None else self.validation
