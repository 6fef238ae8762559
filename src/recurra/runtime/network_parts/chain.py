"""Parts in a row: whether they can stand so, and how a sequence goes along them step by step."""

from collections.abc import Sequence

from recurra._base.errors import InputError
from recurra.runtime.network_parts.bag import Bag
from recurra.runtime.network_parts.crf import Crf
from recurra.runtime.network_parts.embedding import Embedding, EmbeddingStep
from recurra.runtime.network_parts.linear import Tied
from recurra.runtime.network_parts.part import Part, Step
from recurra.runtime.network_parts.recurrent import Recurrent, RecurrentStep
from recurra.runtime.network_parts.words import Words


def check_order(parts: Sequence[Part], name: str) -> None:
    """Raise InputError, with the ``name`` of their list, unless each part stands where it can."""
    if not parts or parts[0].beside or not (parts[0].takes_ids or isinstance(parts[0].first, Recurrent)):
        raise InputError(f"{name} must begin with a recurrent layer, an embedding or words")
    pooled = False
    for i, part in enumerate(parts):
        if i and (part.first is not part or (part.takes_ids and not part.beside)):
            raise InputError(f"{name} must not have {part.type} after another layer")
        if pooled and part.takes_steps:
            raise InputError(f"{name} must not have {part.type} after a pool")
        if part.beside and not pooled:
            raise InputError(f"{name} must pool the sequence before a part that stands beside the others")
        if part.beside and part.takes_ids != parts[0].takes_ids:
            what = "ids" if parts[0].takes_ids else "numbers"
            raise InputError(f"{name} must not have {part.type} in a network that reads {what}")
        if isinstance(part, Bag) and part.words != (known := _symbols(parts[0].first)):
            raise InputError(f"{part.name!r} takes {part.words} words, but the network reads {known}")
        if isinstance(part, Tied):
            _check_tied(part, parts[0])
        if isinstance(part, Crf) and i < len(parts) - 1:
            raise InputError(f"{name} must end with the crf")
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


def widths_of(parts: Sequence[Part]) -> list[int]:
    """The width of the input of each part, and of the last one's output; InputError where two do not fit."""
    first = parts[0].first
    widths = [first.stack.cell.input_size if isinstance(first, Recurrent) else 1]
    for part in parts:
        widths.append(part.output_size(widths[-1]))
    return widths


def shapes_of(parts: Sequence[Part]) -> dict[str, tuple[int, ...]]:
    """Those of the tensors of all parts; InputError where two have one name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for part in parts:
        if shared := shapes.keys() & part.shapes().keys():
            raise InputError(f"spec.layers must have different names, got {min(shared)!r} twice")
        shapes |= part.shapes()
    return shapes


def joined(steps: Sequence[Step]) -> list[Step]:
    """The steps, with an embedding and the recurrent layers after it as one where they can be."""
    match steps:
        case [EmbeddingStep() as embedding, RecurrentStep() as recurrent, *rest]:
            step = recurrent.after(embedding)
            return [embedding, recurrent, *rest] if step is None else [step, *rest]
        case _:
            return list(steps)
