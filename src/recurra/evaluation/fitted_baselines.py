"""Baselines that were fitted on the training part, and what they say of another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from recurra._base.errors import RecurraError
from recurra.data import Sequences

Output = TypeVar("Output")


@dataclass(frozen=True)
class Baseline(Generic[Output]):
    """One fitted baseline.

    Attributes:
        predict: from sequences to its output for them.
        note: how it was made, for people.
    """

    predict: Callable[[Sequences], Output]
    note: str


@dataclass(frozen=True)
class BaselineOutputs(Generic[Output]):
    """What the baselines say of one part.

    Attributes:
        outputs: by name.
        failed: by name, where there is none, the reason in plain words.
        notes: by name, how it was made.
    """

    outputs: Mapping[str, Output]
    failed: Mapping[str, str]
    notes: Mapping[str, str]


@dataclass(frozen=True)
class Baselines(Generic[Output]):
    """All baselines of a task.

    Attributes:
        fitted: by name.
        failed: by name, where there is none, the reason in plain words.
    """

    fitted: Mapping[str, Baseline[Output]]
    failed: Mapping[str, str]

    @classmethod
    def fit(cls, makers: Mapping[str, Callable[[], Baseline[Output]]]) -> "Baselines[Output]":
        """Call every one of ``makers``, and keep the reason of those that fail."""
        fitted, failed = _attempt(makers)
        return cls(fitted, failed)

    def on(self, sequences: Sequences) -> BaselineOutputs[Output]:
        """What they say of ``sequences``."""
        outputs, failed = _attempt(
            {
                name: lambda baseline=baseline: baseline.predict(sequences)
                for name, baseline in self.fitted.items()
            }
        )
        notes = {name: self.fitted[name].note for name in outputs}
        return BaselineOutputs(outputs, {**self.failed, **failed}, notes)


Made = TypeVar("Made")


def _attempt(makers: Mapping[str, Callable[[], Made]]) -> tuple[dict[str, Made], dict[str, str]]:
    """What each maker returns, and the reasons of those that raise; of more lines than one the first."""
    made: dict[str, Made] = {}
    failed: dict[str, str] = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except (RecurraError, ValueError, ArithmeticError, MemoryError) as error:
            failed[name] = (str(error) or type(error).__name__).splitlines()[0]
    return made, failed
