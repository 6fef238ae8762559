"""What a fit writes: the options of it, and checks before hours of work."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from recurra._base.errors import InputError
from recurra.cli.option import option

_PANEL = "Output"


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where the model and its report go, and what is printed."""

    model: Annotated[
        Path, option("MODEL", "The model file to write, such as model.safetensors.", _PANEL, "-o")
    ]
    report: Annotated[
        Path | None,
        option("FILE", "The report to write. Default: beside MODEL, ending in .report.html.", _PANEL),
    ] = None
    metrics: Annotated[
        Path | None,
        option("FILE", "A CSV file that gets a row of figures at the end of every epoch.", _PANEL),
    ] = None
    json: Annotated[
        bool, option("", "Print one JSON object, for machines, and no progress.", _PANEL, "--json")
    ] = False
    quiet: Annotated[bool, option("", "Print nothing but errors.", _PANEL, "--quiet")] = False

    @property
    def page(self) -> Path:
        """Where the report goes."""
        return report_beside(self.model) if self.report is None else self.report

    @property
    def checkpoint(self) -> Path:
        """Where the run is kept while it lasts."""
        return self.model.parent / f"{self.model.stem}.checkpoint"

    def check(self, *data: Path | None) -> None:
        """Raise InputError unless all can be written, none in place of another or of ``data``."""
        files = {"-o": self.model, "--report": self.page, "--metrics": self.metrics}
        files["the checkpoint"] = self.checkpoint  # which a run that is done removes
        check_outputs({name: path for name, path in files.items() if path is not None}, data)


def report_beside(model: Path) -> Path:
    """The report's default place."""
    return model.parent / f"{model.stem}.report.html"


def check_outputs(files: dict[str, Path], data: tuple[Path | None, ...]) -> None:
    """Raise InputError unless ``files``, by option, can be written, and are not each other or ``data``."""
    from recurra.artifact.writing import check_writable

    seen: dict[Path, str] = {}
    for option_, path in files.items():
        if any(path.resolve() == other.resolve() for other in data if other is not None):
            raise InputError(f"{option_} names the data itself, {path}; give another file name")
        first = seen.setdefault(path.resolve(), option_)
        if first != option_:
            raise InputError(f"{first} and {option_} name the same file, {path}; give each its own")
    for path in files.values():
        check_writable(path)
