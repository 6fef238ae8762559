"""Which sequences train, which choose the best epoch, which are scored: the options of it, and the cut."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cli.option import flag, option

if TYPE_CHECKING:
    from recurra.data import Labelled, Source

_PANEL = "Parts"
_SHARES = {"validation": 0.1, "test": 0.2}
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A part is a file, what a pattern or a group picks from DATA, or a share of DATA drawn at random."""

    validation_file: Annotated[
        Path | None, option("FILE", "The validation part, which chooses the best epoch.", _PANEL)
    ] = None
    validation: Annotated[
        float | None,
        option("X", "The validation part as a share of DATA. Default: 0.1, if there is no file.", _PANEL),
    ] = None
    test_file: Annotated[
        Path | None, option("FILE", "The test part, which is scored, unseen until the end.", _PANEL)
    ] = None
    test: Annotated[
        float | None,
        option("X", "The test part as a share of DATA. Default: 0.2, if nothing else picks it.", _PANEL),
    ] = None
    test_pattern: Annotated[
        str | None, option("REGEX", "The test part is what has it in its name.", _PANEL)
    ] = None
    test_group: Annotated[str | None, option("GROUP", "The test part is this group.", _PANEL)] = None

    def check(self) -> None:
        """Raise InputError for options that exclude one another, and shares that are none."""
        check_one_of(self, "validation", "validation_file")
        check_one_of(self, "test", "test_file", "test_pattern", "test_group")
        check_shares(self, self._shares())

    def cut(self, data: Path, source: "Source", seed: int, *, even: bool = True) -> "Cut":
        """Read the files and cut DATA; raises InputError where one can't be read, or a part is empty.

        With ``even`` a random part has its share of every class, where the labels are classes. A group is
        whole in one part, unless a pattern or a file divides it; then the validation part may divide groups,
        too.
        """
        self.check()
        given = source.read(data, labelled=True)
        read = {
            name: source.read(path, labelled=True)
            for name, path in (("validation", self.validation_file), ("test", self.test_file))
            if path is not None
        }
        notes = [*given.notes, *(note for part in read.values() for note in part.notes)]
        whole, count = given.groups is not None, len(given)
        rest = given
        if "test" not in read:
            rest, read["test"] = _divided(given, self._test_rows(given, seed, even))
            notes += _stated(shared := _shared(rest, read["test"]), "--test-pattern divides")
            whole = whole and not shared
        elif shared := _shared(given, read["test"]):
            notes += _stated(shared, "--test-file shares")
            whole = False
        if "validation" in read:
            notes += _stated(_shared(rest, read["validation"]), "--validation-file shares")
        else:
            fraction = _share(self.validation, "validation") * count / len(rest)
            rest, read["validation"] = _divided(
                rest, _drawn(rest, "--validation", fraction, seed, whole, even)
            )
        training = dataclasses.replace(rest, notes=tuple(dict.fromkeys(notes)))
        return Cut(training, read["validation"], read["test"])

    def _test_rows(self, given: "Labelled", seed: int, even: bool) -> np.ndarray:
        """Which rows (N,) are the test part's."""
        from recurra.data import by_group, by_pattern

        if self.test_pattern is not None:
            return _option_named("--test-pattern", by_pattern, given.names, self.test_pattern)
        if self.test_group is not None:
            if given.groups is None:
                raise InputError(
                    "--test-group needs groups: name their column by --group, or capture them by "
                    "(?P<group>…) in --label-pattern"
                )
            return _option_named("--test-group", by_group, given.groups, self.test_group)
        return _drawn(given, "--test", _share(self.test, "test"), seed, given.groups is not None, even)

    def _shares(self) -> dict[str, float]:
        """The shares of DATA that random parts take, by option."""
        picked = {
            "validation": self.validation_file,
            "test": self.test_file or self.test_pattern or self.test_group,
        }
        return {name: _share(getattr(self, name), name) for name in _SHARES if picked[name] is None}


def check_one_of(parts: Any, *names: str) -> None:
    """Raise InputError where more than one of the options ``names`` is given."""
    given = [flag(name) for name in names if getattr(parts, name) is not None]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} exclude one another; give one of them")


def check_shares(parts: Any, shares: Mapping[str, float]) -> None:
    """Raise InputError unless the ``shares`` of DATA, by option, are some and leave a training part."""
    for name, share in shares.items():
        if not 0 < share < 1:
            raise InputError(f"{flag(name)} must be a share of DATA, above 0 and below 1, got {share:g}")
    if sum(shares.values()) >= 1:
        both = " and ".join(
            f"{flag(name)} {share:g}{' by default' if getattr(parts, name) is None else ''}"
            for name, share in shares.items()
        )
        raise InputError(f"{both} leave nothing to train on; they must be below 1 together")


@dataclass(frozen=True)
class Cut:
    """The parts; the notes of the training part are about all."""

    training: "Labelled"
    validation: "Labelled"
    test: "Labelled"


def _share(asked: float | None, name: str) -> float:
    return _SHARES[name] if asked is None else asked


def _drawn(given: "Labelled", name: str, fraction: float, seed: int, whole: bool, even: bool) -> np.ndarray:
    """Which rows (N,) a share holds out."""
    from recurra.data import split_labels

    if not 0 < fraction < 1:
        raise InputError(f"{name} leaves nothing to train on; give a smaller share")
    groups = given.groups if whole else None
    labels = given.labels if even else np.zeros(len(given))
    _, held = _option_named(name, split_labels, labels, groups=groups, fraction=fraction, seed=seed)
    return np.isin(np.arange(len(given)), held)


def _divided(given: "Labelled", mask: np.ndarray) -> "tuple[Labelled, Labelled]":
    return given.take(~mask), given.take(mask)


def _option_named(name: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What ``function`` returns; its InputError says which option was the reason."""
    try:
        return function(*arguments, **options)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _shared(one: "Labelled", other: "Labelled") -> list[str]:
    """The groups that are in both."""
    return sorted(set(one.groups or ()) & set(other.groups or ()))


def _stated(shared: list[str], what: str) -> list[str]:
    if not shared:
        return []
    more = f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else ""
    groups = "group" if len(shared) == 1 else "groups"
    return [f"{what} the {groups} {', '.join(shared[:_SHOWN])}{more}: they are in more than one part."]
