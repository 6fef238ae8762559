"""The reader of a source.

Axis letters here and in the decoder: ``S`` source steps, ``T`` target steps, ``N`` rows, ``V`` target
vocabulary, ``L`` layers, ``D`` directions, ``H`` the decoder's output, ``M`` the encoder's. Time comes first,
as in the layers. State goes in and comes out as a value; the modules hold none.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra._base.validation import probability
from recurra.nn import named_state


class Encoded(NamedTuple):
    """A source as read by an `Encoder`."""

    output: Tensor
    """(S, N, M), zero past each row's length."""
    state: dict[str, Tensor]
    """Each final state (L·D, N, ·), by name: that of the row's own last step."""
    context: Tensor
    """(N, M): the top layer's final h, both directions joined."""
    lengths: Any
    """As they were given."""


class Encoder(torch.nn.Module):
    """A recurrent layer over a source of vectors, or of tokens where there is an embedding.

    ``layer`` is a time-major recurrent layer of `recurra.nn`, in one direction or both. ``dropout`` zeroes
    parts of what enters it. Raises InputError where layer and embedding do not fit.
    """

    def __init__(
        self,
        layer: torch.nn.Module,
        embedding: torch.nn.Embedding | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        stack = named_state.stack_of(layer)
        if embedding is not None and embedding.embedding_dim != stack.cell.input_size:
            raise InputError(
                f"layer must take the embedding's {embedding.embedding_dim} inputs, "
                f"got input_size={stack.cell.input_size}"
            )
        self.embedding = embedding
        self.dropout = torch.nn.Dropout(probability("dropout", dropout))
        self.layer = layer
        self.output_size = stack.output_size
        """M, the width of the output and of the context."""

    def forward(self, source: Tensor, lengths: Any = None) -> Encoded:
        """Read vectors (S, N, I), or with an embedding tokens (S, N).

        ``lengths``: N whole numbers in [0, S], in any order (a CPU tensor or any sequence), None for S each.
        What a row holds past its length changes nothing. Raises InputError for lengths that do not fit and
        tokens of another shape, and for vectors what the layer raises.
        """
        if self.embedding is not None:
            if source.dim() != 2 or source.is_floating_point():
                raise InputError(
                    "source must be tokens of shape (S, N), as the encoder has an embedding, "
                    f"got {source.dtype} of shape {tuple(source.shape)}"
                )
            source = self.embedding(source)
        elif source.dim() != 3:
            raise InputError(f"source must have shape (S, N, I), got {tuple(source.shape)}")
        output, state = named_state.run(self.layer, self.dropout(source), None, lengths)
        context = torch.cat(list(state["h"][-named_state.stack_of(self.layer).num_directions :]), -1)
        return Encoded(output, state, context, lengths)
