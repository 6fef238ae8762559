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
    Crf,
    Embedding,
    Ensemble,
    Part,
    Step,
    Words,
    check_order,
    part_from_dict,
    shapes_of,
    widths_of,
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
        check_order(parts, "spec.layers")
        _check_networks(parts, len(tensors))
        self._widths = widths_of(parts)
        check_tensors(shapes_of(parts), tensors)
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
        self._step_shape = _step_shape(first.first, self._widths[0])

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


def _check_layers(layers: Sequence[Mapping[str, Any]], tensors: int, name: str = "spec.layers") -> None:
    """Raise InputError where a description claims more layers than there are tensors to fill them.

    Before anything walks them.
    """
    for i, layer in enumerate(layers):
        inner = layer.get("character_stack")
        for part, fields in (("", layer), (".character_stack", inner if isinstance(inner, dict) else {})):
            if isinstance(number := fields.get("num_layers"), int) and number > tensors:
                raise InputError(f"{name}[{i}]{part}.num_layers is {number}, with only {tensors} tensors")
        within = layer.get("layers")
        if isinstance(within, list) and name == "spec.layers":
            _check_layers([own for own in within if isinstance(own, dict)], tensors, f"{name}[{i}].layers")


def _check_networks(parts: Sequence[Part], tensors: int) -> None:
    """Raise InputError where an ensemble claims more networks than there are tensors to fill them.

    Or where none of its networks could stand alone before the other parts, as one does for who looks inside.
    """
    first, *rest = parts
    if isinstance(first, Ensemble):
        if first.count * (each := len(shapes_of(first.layers))) > tensors:
            raise InputError(
                f"{first.name!r} has {first.count} networks of {each} tensors each, "
                f"with only {tensors} tensors"
            )
        shapes_of([*first.layers, *rest])
