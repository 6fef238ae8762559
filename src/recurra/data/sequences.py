"""Sequences of any length and of one kind: texts, tokens, series of numbers or audio clips."""

import hashlib
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.data.audio import Clip

_KINDS = {
    "text": "a text (str)",
    "tokens": "a list of tokens (str)",
    "series": "an array of numbers",
    "audio": "an audio clip",
}
_EXPECTED = "a list of texts, of lists of tokens, of arrays (steps, columns) or of clips"


class _WrongTypeError(InputError, TypeError):
    """Both, because scikit-learn's conventions ask for a TypeError where a value is no number."""


@dataclass(frozen=True, eq=False)
class Sequences:
    """N sequences of one kind.

    Attributes:
        kind: "text", "tokens", "series" or "audio".
        items: str; list of str; (T_i, I) float32, contiguous, with the same I for all; or Clip.
    """

    kind: str
    items: list[Any]

    def __len__(self) -> int:
        return len(self.items)

    def take(self, index: np.ndarray | slice) -> "Sequences":
        """The items at ``index``: whole numbers, a mask or a slice."""
        return Sequences(self.kind, [self.items[i] for i in np.arange(len(self))[index]])

    def lengths(self) -> np.ndarray:
        """(N,) int64: characters of texts, tokens, steps of series, samples of clips."""
        parts = (item.samples if self.kind == "audio" else item for item in self.items)
        return np.fromiter(map(len, parts), np.int64, len(self))

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the kind and the content; the names of clips do not count."""
        digest = hashlib.sha256(self.kind.encode())
        for item in self.items:
            for part in _content(item):
                digest.update(len(part).to_bytes(8, "little"))
                digest.update(part)
        return digest.hexdigest()


def as_sequences(X: Any, *, name: str = "X") -> Sequences:
    """The items of ``X`` as sequences of one kind.

    Texts are str and tokens lists of str, in lists, tuples, arrays or series of a data frame library. A
    series is an array (T_i, I), or (T_i,) for one column; an array (N, T, I) holds N of them, and an array
    or data frame (N, T) holds a series of one column in each row. Sequences come back as they are.

    Raises InputError, which names the item as ``X[3]``, where there are none, kinds or widths differ, or
    numbers are missing, infinite, complex or too large for float32.
    """
    if isinstance(X, Sequences):
        return X
    given = _unwrapped(X, name)
    items = _rows(given, name) if isinstance(given, np.ndarray) else given
    if not items:
        raise InputError(
            f"Found array with 0 sample(s) while a minimum of 1 is required: {name} has no items"
        )
    kind = _common_kind(items, name)
    if kind == "series":
        return Sequences(kind, _same_width([_series(x, f"{name}[{i}]") for i, x in enumerate(items)], name))
    if kind == "tokens":
        return Sequences(kind, [[str(token) for token in item] for item in items])
    return Sequences(kind, [str(item) for item in items] if kind == "text" else items)


def pad(arrays: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """N ``arrays`` (T_i, ...) as one (N, T, ...) with zeros past each end, and their lengths (N,) int64.

    Raises InputError where there are none, or the axes after the first differ.
    """
    if not arrays:
        raise InputError("there are no arrays to pad; give at least one")
    for i, array in enumerate(arrays):
        if array.shape[1:] != arrays[0].shape[1:]:
            raise InputError(
                f"arrays[{i}] has shape {array.shape} and arrays[0] has {arrays[0].shape}; "
                "only the first axis, time, may differ"
            )
    lengths = np.array([len(array) for array in arrays], np.int64)
    dtype = np.result_type(*{array.dtype for array in arrays})
    padded = np.zeros((len(arrays), int(lengths.max()), *arrays[0].shape[1:]), dtype)
    for row, array in zip(padded, arrays):
        row[: len(array)] = array
    return padded, lengths


def _content(item: Any) -> Iterable[bytes]:
    """What tells ``item`` from any other of its kind."""
    if isinstance(item, str):
        return [item.encode("utf-8", "surrogatepass")]
    if isinstance(item, list):
        return [str(len(item)).encode(), *(token.encode("utf-8", "surrogatepass") for token in item)]
    head, values = (item.rate, item.samples) if isinstance(item, Clip) else (item.shape, item)
    return [str(head).encode(), values.astype("<f4", copy=False).tobytes()]


def _unwrapped(X: Any, name: str) -> list[Any] | np.ndarray:
    """``X`` out of its container: a list of its items, or an array."""
    if isinstance(X, np.ndarray):
        return X
    if isinstance(X, list | tuple):
        return list(X)
    if hasattr(X, "toarray"):
        raise InputError(f"{name} is sparse; sparse data is not supported, give {name}.toarray()")
    frame = _from_frame(X, name)
    if frame is not None:
        return frame
    if hasattr(X, "__array__"):
        return np.asarray(X)
    hint = f"; give [{name}] for one item" if isinstance(X, str | Clip) else ""
    raise InputError(f"{name} must be {_EXPECTED}; got {type(X).__name__}{hint}")


def _from_frame(X: Any, name: str) -> list[Any] | np.ndarray | None:
    """The items of a data frame or a series of any library; None where ``X`` is neither."""
    try:
        import narwhals as nw
    except ImportError:
        return None
    try:
        frame = nw.from_native(X, allow_series=True, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise InputError(f"{name} has several columns of one name; rename them") from error
    if isinstance(frame, nw.Series):
        return frame.to_numpy() if frame.dtype.is_numeric() else frame.to_list()
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        return None
    other = [
        column for column, dtype in frame.schema.items() if not (dtype.is_numeric() or dtype == nw.Boolean)
    ]
    if other:
        raise InputError(
            f"{name} has columns that do not hold numbers: {', '.join(map(str, other))}; give one column of "
            "texts, or numeric columns only"
        )
    return frame.select(nw.all().cast(nw.Float64)).to_numpy() if frame.columns else np.empty(frame.shape)


def _rows(array: np.ndarray, name: str) -> list[Any]:
    """The items of ``array`` along its first axis."""
    if array.ndim == 0:
        raise InputError(f"{name} must be {_EXPECTED}; got the scalar {array}")
    if array.dtype.kind in "OUT" and array.ndim == 1:
        return array.tolist()
    if array.dtype.kind in "OUT" and array.ndim == 2 and all(isinstance(x, str) for x in array.flat):
        return array.tolist()
    if array.ndim == 1:
        raise _one_dimensional(name, f"an array of shape {array.shape}")
    if array.ndim > 3:
        raise InputError(f"{name} must have shape (N, T) or (N, T, I), got {array.shape}")
    if len(array) and not array.size:
        raise _no_features(name, array.shape)
    return list(array)


def _common_kind(items: list[Any], name: str) -> str:
    """The kind that all ``items`` have; an empty list fits tokens and series alike."""
    known = [(i, kind) for i, item in enumerate(items) if (kind := _kind(item, f"{name}[{i}]")) is not None]
    if not known:
        raise InputError(f"every item of {name} is empty; give at least one with steps in it")
    first, kind = known[0]
    if kind == "number":
        raise _one_dimensional(name, "a list of numbers")
    for i, other in known:
        if other == "number" and kind == "text" and items[i] != items[i]:
            raise _missing(f"{name}[{i}]", items[i])
        if other != kind:
            found = _KINDS.get(other, f"the number {items[i]}")
            raise InputError(
                f"{name} mixes kinds: {name}[{first}] is {_KINDS[kind]} and {name}[{i}] is {found}; "
                "give items of one kind"
            )
    empty = len(known) < len(items)
    if empty and kind not in ("tokens", "series"):
        i = next(i for i, item in enumerate(items) if _kind(item, name) is None)
        raise InputError(
            f"{name} mixes kinds: {name}[{first}] is {_KINDS[kind]} and {name}[{i}] is an empty list; "
            "give items of one kind"
        )
    return kind


def _kind(item: Any, place: str) -> str | None:
    """One of the kinds, "number", or None for an empty list."""
    if isinstance(item, str):
        return "text"
    if isinstance(item, Clip):
        return "audio"
    if isinstance(item, numbers.Number | np.bool_):
        return "number"
    if item is None:
        raise _missing(place, item)
    if isinstance(item, np.ndarray) and item.dtype.kind not in "OUT":
        return "series"
    if isinstance(item, list | tuple | np.ndarray):
        if not len(item):
            return None
        texts = sum(isinstance(part, str) for part in item)
        if 0 < texts < len(item):
            odd = next(part for part in item if not isinstance(part, str))
            raise InputError(f"{place} mixes str and {type(odd).__name__}; tokens must all be str")
        return "tokens" if texts else "series"
    if hasattr(item, "__array__"):
        return "series"
    raise _WrongTypeError(
        f"{place} must be a text, a list of tokens, an array or a clip; got {type(item).__name__}"
    )


def _series(item: Any, place: str) -> np.ndarray:
    """``item``, (T,) or (T, I), as contiguous finite float32 (T, I)."""
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise InputError(f"{place} must have shape (steps, columns); its steps differ in columns") from error
    try:
        array = array.astype(np.float64) if array.dtype.kind == "O" else array
    except TypeError as error:
        raise _WrongTypeError(f"{place} must hold numbers: {error}") from error
    except ValueError as error:
        raise InputError(f"{place} must hold numbers: {error}") from error
    if array.dtype.kind == "c":
        raise InputError(f"Complex data not supported: {place} has dtype {array.dtype}; give real columns")
    if array.dtype.kind not in "fiub":
        raise InputError(f"{place} must hold numbers, got dtype {array.dtype}")
    if array.ndim not in (1, 2):
        raise InputError(f"{place} must have shape (steps,) or (steps, columns), got {array.shape}")
    if array.ndim == 2 and array.shape[1] == 0 < len(array):
        raise _no_features(place, array.shape)
    with np.errstate(over="ignore"):
        series = np.ascontiguousarray(array[:, None] if array.ndim == 1 else array, np.float32)
    if not np.isfinite(series).all():
        step, column = (int(i) for i in np.argwhere(~np.isfinite(series))[0])
        value = array[step] if array.ndim == 1 else array[step, column]
        wrong = (
            "NaN"
            if np.isnan(value)
            else "infinity"
            if np.isinf(value)
            else f"{value}, too large for float32,"
        )
        raise InputError(
            f"{place} has {wrong} at step {step}, column {column} (both from 0); fill or remove such values"
        )
    return series


def _same_width(series: list[np.ndarray], name: str) -> list[np.ndarray]:
    """``series`` with one width; what has no steps takes that of the others."""
    widest = {i: x.shape[1] for i, x in enumerate(series) if len(x)}
    if not widest:
        raise InputError(f"every item of {name} is empty; give at least one with steps in it")
    first, width = next(iter(widest.items()))
    for i, other in widest.items():
        if other != width:
            raise InputError(
                f"{name}[{i}] has {count(other, 'column')} and {name}[{first}] has {width}; "
                "give every item the same columns"
            )
    return [x if len(x) else np.zeros((0, width), np.float32) for x in series]


def _one_dimensional(name: str, found: str) -> InputError:
    return InputError(
        f"{name} must be {_EXPECTED}; got {found}. Reshape your data: {name}.reshape(1, -1) is one "
        "series of one column, a list of texts or arrays holds several items"
    )


def _no_features(place: str, shape: tuple[int, ...]) -> InputError:
    return InputError(f"{place} has 0 feature(s) (shape={shape}) while a minimum of 1 is required.")


def _missing(place: str, value: Any) -> InputError:
    return InputError(f"{place} is missing ({value}); fill it in or leave it out")
