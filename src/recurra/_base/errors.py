"""The errors that Recurra raises on purpose.

    RecurraError
    ├── InputError (ValueError)         an argument, or the data given, is wrong
    ├── ArtifactError (ValueError)      a file is not a model that this version can read
    ├── MissingExtraError (ImportError) a part needs an optional library that is not installed
    └── TrainingError (RuntimeError)    training went wrong, although the input was right

Every message names what came, what was expected and the likely fix.
"""


class RecurraError(Exception):
    """Base of every error that Recurra raises on purpose."""


class InputError(RecurraError, ValueError):
    """An argument, or the data given, is wrong."""


class ArtifactError(RecurraError, ValueError):
    """A file is not a model that this version of Recurra can read."""


class MissingExtraError(RecurraError, ImportError):
    """A part of Recurra needs an optional library that is not installed."""

    @classmethod
    def of(cls, library: str, extra: str) -> "MissingExtraError":
        return cls(f"{library} is not installed; install it with: pip install 'recurra[{extra}]'")


class TrainingError(RecurraError, RuntimeError):
    """Training went wrong, although the input was right."""
