"""A network at work: the parts that a specification lists, one after the other, with their tensors."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import check_lengths
from recurra.runtime import schema
from recurra.runtime.check_tensors import check_tensors
from recurra.runtime.network_parts import (
    Bag,
    Crf,
    Embedding,
    Part,
    Recurrent,
    Step,
    Tied,
    Words,
    part_from_dict,
)


class Network:
    """Parts in a row, from sequences (N, T, I) to rows (N, O), or sequences (N, T, O) if nothing pools them.

    Computes in float32. A row gives the same bits whatever else is in the batch, however it is padded, and
    step by step. Raises InputError where specification and tensors do not fit together.
    """

    def __init__(self, spec: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
        schema.check_fields(dict(spec), {"layers": schema.DICTS}, "spec")
        _check_layers(spec["layers"], len(tensors))
        parts = [part_from_dict(layer, f"spec.layers[{i}]") for i, layer in enumerate(spec["layers"])]
        _check_order(parts)
        self._widths = _widths(parts)
        check_tensors(_shapes(parts), tensors)
        self.parts = tuple(parts)
        self._bound = [part.bind(tensors) for part in parts]
        first, last = parts[0], parts[-1]
        self.input_size = None if first.takes_ids else self._widths[0]
        """The inputs of a step; None where a step is an id, or a word's ids."""
        self.output_size = self._widths[-1]
        self.pools = any(part.pools for part in parts)
        """Whether a sequence gives one row."""
        self.crf = last.scores(tensors) if isinstance(last, Crf) else None
        """Transitions (K, K), start (K,) and end (K,) of the CRF at the end, None without one."""
        self.table = tensors[f"{first.name}.weight"] if isinstance(first, Embedding) else None
        """The vector of each id (count, size); None where the network begins with something else."""
        self._dtype = np.dtype(np.int64 if first.takes_ids else np.float32)
        self._step_shape = _step_shape(first, self._widths[0])

    def __call__(self, x: np.ndarray, lengths: np.ndarray | None = None, *, threads: int = 1) -> np.ndarray:
        """The output (N, O) or (N, T, O), float32, for x (N, T, I).

        x is float32; or int64 ids (N, T) where the network begins with an embedding, (N, T, 1 + C) where it
        begins with words. ``lengths`` (N,), any order, zero allowed; None for T in every row. Raises
        InputError for any other shape or dtype, and for ids out of range.
        """
        for _, _, output in self.walk(x, lengths, threads=threads):
            x = output
        return x if self.pools else x.swapaxes(0, 1)

    def walk(
        self, x: np.ndarray, lengths: np.ndarray | None = None, *, threads: int = 1
    ) -> Iterator[tuple[Part, np.ndarray, np.ndarray]]:
        """Each part on the way with what goes in and what comes out: arguments and errors as for a call.

        Both are time-major, (T, N, ·), up to a pool, and rows (N, ·) after it. A part that stands beside the
        others reads the network's inputs, and what comes out there is the sum.
        """
        self._check_input(x)
        N, T = x.shape[:2]
        lengths = check_lengths(lengths, T, N)
        inputs = x = x.swapaxes(0, 1)
        for part, bound in zip(self.parts, self._bound):
            given = inputs if part.beside else x
            output = bound(given, lengths, threads)
            x = x + output if part.beside else output
            yield part, given, x

    def stepping(self) -> list[tuple[bool, Step]]:
        """The parts before the first step of a sequence, and whether each stands beside the others.

        InputError where a step needs what comes later.
        """
        return [
            (part.beside, bound.stepping(width))
            for part, bound, width in zip(self.parts, self._bound, self._widths)
        ]

    def quantized(self, weights: str) -> "Network":
        """The network with the weights of its recurrent layers rounded to ``weights``, "int8" or "bfloat16".

        InputError for layers whose weights can't be.
        """
        network = copy.copy(self)
        network._bound = [bound.quantized(weights) for bound in self._bound]
        return network

    @property
    def quantization_error(self) -> float | None:
        """The largest of its recurrent layers, None where no weights are rounded; see `recurra.quantize`."""
        errors = [bound.quantization_error for bound in self._bound]
        return max((error for error in errors if error is not None), default=None)

    def _check_input(self, x: np.ndarray) -> None:
        shape = ("N", "T", *self._step_shape)
        fits = x.ndim == len(shape) and all(map(_size_fits, x.shape, shape))
        if x.dtype != self._dtype or not fits:
            wanted = ", ".join(map(str, shape))
            raise InputError(f"x must be {self._dtype} of shape ({wanted}), got {x.dtype} of shape {x.shape}")


def network_spec(parts: Sequence[Part]) -> dict[str, Any]:
    """The specification of a network of ``parts``, as it stands in the model file."""
    return {"layers": [part.to_dict() for part in parts]}


def _step_shape(first: Part, width: int) -> tuple[int | str, ...]:
    """The shape of one step of the input of a network that begins with that part."""
    if isinstance(first, Words):
        return ("1 + C",)
    return () if first.takes_ids else (width,)


def _size_fits(got: int, wanted: int | str) -> bool:
    return wanted in ("N", "T", got) or (wanted == "1 + C" and got >= 1)


def _check_layers(layers: Sequence[Mapping[str, Any]], tensors: int) -> None:
    """Raise InputError where a description claims more layers than there are tensors to fill them.

    Before anything walks them.
    """
    for i, layer in enumerate(layers):
        inner = layer.get("character_stack")
        for name, fields in (("", layer), (".character_stack", inner if isinstance(inner, dict) else {})):
            if isinstance(number := fields.get("num_layers"), int) and number > tensors:
                raise InputError(
                    f"spec.layers[{i}]{name}.num_layers is {number}, with only {tensors} tensors"
                )


def _check_order(parts: Sequence[Part]) -> None:
    """Raise InputError unless each part stands where it can."""
    if not parts or parts[0].beside or not (parts[0].takes_ids or isinstance(parts[0], Recurrent)):
        raise InputError("spec.layers must begin with a recurrent layer, an embedding or words")
    pooled = False
    for i, part in enumerate(parts):
        if part.takes_ids and i and not part.beside:
            raise InputError(f"spec.layers must not have {part.type} after another layer")
        if pooled and part.takes_steps:
            raise InputError(f"spec.layers must not have {part.type} after a pool")
        if part.beside and not pooled:
            raise InputError("spec.layers must pool the sequence before a part that stands beside the others")
        if part.beside and part.takes_ids != parts[0].takes_ids:
            what = "ids" if parts[0].takes_ids else "numbers"
            raise InputError(f"spec.layers must not have {part.type} in a network that reads {what}")
        if isinstance(part, Bag) and part.words != (known := _symbols(parts[0])):
            raise InputError(f"{part.name!r} takes {part.words} words, but the network reads {known}")
        if isinstance(part, Tied):
            _check_tied(part, parts[0])
        if isinstance(part, Crf) and i < len(parts) - 1:
            raise InputError("spec.layers must end with the crf")
        pooled = pooled or part.pools


def _check_tied(part: Tied, first: Part) -> None:
    table = (first.name, first.count, first.size) if isinstance(first, Embedding) else None
    if table != (part.embedding, part.out_features, part.in_features):
        raise InputError(
            f"{part.name!r} is tied to {part.embedding!r}, which must be an embedding of {part.out_features} "
            f"symbols of size {part.in_features} at the beginning of the network"
        )


def _symbols(first: Part) -> int | None:
    """How many ids a network that begins with that part reads."""
    match first:
        case Embedding():
            return first.count
        case Words():
            return first.words
        case _:
            return None


def _widths(parts: Sequence[Part]) -> list[int]:
    """The width of the input of each part, and of the last one's output; InputError where two do not fit."""
    first = parts[0]
    widths = [first.stack.cell.input_size if isinstance(first, Recurrent) else 1]
    for part in parts:
        widths.append(part.output_size(widths[-1]))
    return widths


def _shapes(parts: Sequence[Part]) -> dict[str, tuple[int, ...]]:
    """Those of the tensors of all parts; InputError where two have one name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for part in parts:
        if shared := shapes.keys() & part.shapes().keys():
            raise InputError(f"spec.layers must have different names, got {min(shared)!r} twice")
        shapes |= part.shapes()
    return shapes
