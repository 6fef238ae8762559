"""How texts and music are drawn from a language model: the options of it."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

from recurra._base.errors import InputError
from recurra.cli.option import option

if TYPE_CHECKING:
    from recurra.decoding import Sampling

_PANEL, _TEXTS = "Drawing", "Drawing texts"
_SAMPLING = ("temperature", "top_k", "top_p", "repetition_penalty")
_TEXT_ONLY = ("stop", "top_k", "top_p", "repetition_penalty", "samples")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How much is drawn, and how."""

    length: Annotated[
        int | None,
        option(
            "N",
            "Characters, or other symbols, to write at most, or steps of music. Default: 1000; music 64.",
            _PANEL,
        ),
    ] = None
    temperature: Annotated[
        float | None,
        option(
            "X",
            "Below 1 what is probable becomes more so, above 1 less; 0 is greedy: no drawing. Default: 1.",
            _PANEL,
        ),
    ] = None
    seed: Annotated[
        int | None,
        option("N", "The same seed gives the same text. Default: one that is drawn, and said.", _PANEL),
    ] = None
    stop: Annotated[
        str | None, option("TEXT", "Stop before this text. Default: the end, if texts have one.", _TEXTS)
    ] = None
    top_k: Annotated[
        int | None, option("N", "Draw from the N most probable symbols. Default: all.", _TEXTS)
    ] = None
    top_p: Annotated[
        float | None,
        option("X", "Draw from the fewest symbols whose share is at least X. Default: 1, all.", _TEXTS),
    ] = None
    repetition_penalty: Annotated[
        float | None,
        option(
            "X",
            "Above 1 the last 64 symbols become less probable, below 1 more. Default: 1.",
            _TEXTS,
        ),
    ] = None
    samples: Annotated[int | None, option("N", "Texts to write. Default: 1.", _TEXTS)] = None

    def names(self) -> list[str]:
        """Of the options."""
        return [field.name for field in fields(self)]

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the ``names`` that were given, with their values."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def sampling(self) -> "Sampling":
        """How a symbol is drawn; raises InputError for a number that is out of range."""
        from recurra.decoding import Sampling

        return Sampling(**self.given(*_SAMPLING))

    def check_music(self) -> None:
        """Raise InputError for what was given and means nothing for music."""
        for name, value in self.given(*_TEXT_ONLY).items():
            raise InputError(f"{name} is for texts, got {value!r} with music; leave it out")
