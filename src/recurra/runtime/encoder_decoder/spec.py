"""What a model file says of an encoder-decoder, and the tensors that it must have for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from recurra._base.errors import InputError
from recurra.cells import Stack
from recurra.runtime import schema
from recurra.runtime.encoder_decoder.attention import Attention, attention_from_dict
from recurra.runtime.encoder_decoder.bridge import bridge_shapes

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Table:
    """Of ``count`` symbols, a vector of ``size`` each."""

    count: int
    size: int

    def shapes(self) -> Shapes:
        return {"weight": (self.count, self.size)}

    def to_dict(self) -> dict[str, Any]:
        return {"count": self.count, "size": self.size}

    @classmethod
    def from_dict(cls, fields: Any, name: str) -> Self:
        schema.check_fields(fields, {"count": schema.SIZE, "size": schema.SIZE}, name)
        return cls(**fields)


@dataclass(frozen=True)
class EncoderSpec:
    """A stack over symbols, or without an ``embedding`` over vectors."""

    embedding: Table | None
    layer: Stack

    def __post_init__(self) -> None:
        width, size = self.layer.cell.input_size, self.embedding and self.embedding.size
        if size not in (None, width):
            raise InputError(
                f"spec.encoder.layer must take the embedding's {size} inputs, got input_size {width}"
            )

    def shapes(self) -> Shapes:
        own = {} if self.embedding is None else {"embedding": self.embedding.shapes()}
        return _named({**own, "layer": self.layer.parameter_shapes()})

    def to_dict(self) -> dict[str, Any]:
        own = None if self.embedding is None else self.embedding.to_dict()
        return {"embedding": own, "layer": self.layer.to_dict()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str, most_layers: int) -> Self:
        schema.check_fields(fields, {"embedding": schema.DICT_OR_NONE, "layer": schema.DICT}, name)
        table = fields["embedding"]
        return cls(
            None if table is None else Table.from_dict(table, f"{name}.embedding"),
            _stack(fields["layer"], f"{name}.layer", most_layers),
        )


@dataclass(frozen=True)
class DecoderSpec:
    """A stack over symbols and what is fed beside them, see `recurra.nn.decoder.Decoder`."""

    embedding: Table
    layer: Stack
    attention: Attention | None
    input_feeding: bool
    tied: bool

    def __post_init__(self) -> None:
        if self.layer.bidirectional:
            raise InputError("spec.decoder.layer must run in one direction, got two")

    @property
    def feeds_back(self) -> bool:
        """Whether the attentional vector enters the next step."""
        return self.attention is not None and self.input_feeding

    def shapes(self, M: int) -> Shapes:
        """The shape of each tensor; InputError for a layer that does not fit the encoder's M outputs."""
        H, table = self.layer.output_size, self.embedding
        attended = table.size if self.tied else H
        fed = M if self.attention is None else attended if self.input_feeding else 0
        if self.layer.cell.input_size != table.size + fed:
            raise InputError(
                f"spec.decoder.layer must take {table.size + fed} inputs, {table.size} of the embedding and "
                f"{fed} fed beside it, got input_size {self.layer.cell.input_size}"
            )
        own = {} if self.attention is None else {"attention": self.attention.shapes(H, M)}
        weight = {} if self.tied else {"weight": (table.count, attended)}
        return _named(
            {
                "embedding": table.shapes(),
                "layer": self.layer.parameter_shapes(),
                **own,
                "combine": {"weight": (attended, M + H)},
                "output": {**weight, "bias": (table.count,)},
            }
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "embedding": self.embedding.to_dict(),
            "layer": self.layer.to_dict(),
            "attention": None if self.attention is None else self.attention.to_dict(),
            "input_feeding": self.input_feeding,
            "tied": self.tied,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str, most_layers: int) -> Self:
        expected = {
            "embedding": schema.DICT,
            "layer": schema.DICT,
            "attention": schema.DICT_OR_NONE,
            "input_feeding": schema.FLAG,
            "tied": schema.FLAG,
        }
        schema.check_fields(fields, expected, name)
        attention = fields["attention"]
        return cls(
            Table.from_dict(fields["embedding"], f"{name}.embedding"),
            _stack(fields["layer"], f"{name}.layer", most_layers),
            None if attention is None else attention_from_dict(attention, f"{name}.attention"),
            fields["input_feeding"],
            fields["tied"],
        )


@dataclass(frozen=True)
class EncoderDecoderSpec:
    """An encoder, a decoder, and whether one table serves both sides.

    A ``shared`` table is the decoder's, whose last symbol is not the encoder's. Raises InputError where the
    parts do not fit together.
    """

    encoder: EncoderSpec
    decoder: DecoderSpec
    shared: bool

    def __post_init__(self) -> None:
        own, table = self.encoder.embedding, self.decoder.embedding
        if self.shared and own != Table(table.count - 1, table.size):
            got = "none" if own is None else f"{own.count} of size {own.size}"
            raise InputError(
                f"spec.encoder.embedding must have {table.count - 1} symbols of size {table.size} to share "
                f"the decoder's, got {got}"
            )
        self.shapes()

    def shapes(self) -> Shapes:
        """The shape of each tensor in the model file."""
        encoder, decoder = self.encoder, self.decoder
        shapes = _named(
            {
                "encoder": encoder.shapes(),
                "bridge": bridge_shapes(encoder.layer, decoder.layer),
                "decoder": decoder.shapes(encoder.layer.output_size),
            }
        )
        if self.shared:
            del shapes["encoder.embedding.weight"]
        return shapes

    def to_dict(self) -> dict[str, Any]:
        """The specification as it stands in the model file."""
        return {
            "encoder": self.encoder.to_dict(),
            "decoder": self.decoder.to_dict(),
            "shared": self.shared,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], most_layers: int) -> Self:
        """What `to_dict` described.

        Raises InputError that names the place for anything else, and for stacks of more than ``most_layers``
        before anything walks their layers.
        """
        expected = {"encoder": schema.DICT, "decoder": schema.DICT, "shared": schema.FLAG}
        schema.check_fields(dict(fields), expected, "spec")
        return cls(
            EncoderSpec.from_dict(fields["encoder"], "spec.encoder", most_layers),
            DecoderSpec.from_dict(fields["decoder"], "spec.decoder", most_layers),
            fields["shared"],
        )


def _named(parts: Mapping[str, Shapes]) -> Shapes:
    return {f"{part}.{name}": shape for part, shapes in parts.items() for name, shape in shapes.items()}


def _stack(fields: dict[str, Any], name: str, most_layers: int) -> Stack:
    if isinstance(number := fields.get("num_layers"), int) and number > most_layers:
        raise InputError(f"{name}.num_layers is {number}, with only {most_layers} tensors")
    try:
        return Stack.from_dict(fields)
    except InputError as error:
        raise InputError(f"{name} is no stack: {error}") from None
