"""Words by what they are and by how they are spelt; `recurra.runtime.Words` is the same at inference."""

from typing import Any

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.nn.attention import padding_of
from recurra.nn.checks import as_lengths
from recurra.nn.dropout import WordDropout
from recurra.nn.layers import LSTM
from recurra.runtime.network_parts.words import END


class Words(torch.nn.Module):
    """A word's vector, beside the last states of both directions of an LSTM over its characters.

    Ids (T, N, 1 + C) to (T, N, word_size + 2·character_hidden_size): column 0 is the word's id, the others
    its characters' ids, -1 past its end. ``word.weight``, ``character.weight`` and ``encoder.*`` are the
    parameters. In training a word becomes word 0, the unknown one, with probability ``word_dropout``, so that
    only its spelling is left. With ``batch_first`` the ids are (N, T, 1 + C). Lample, Ballesteros,
    Subramanian, Kawakami and Dyer, "Neural architectures for named entity recognition", NAACL 2016,
    section 4.1.
    """

    def __init__(
        self,
        words: int,
        word_size: int,
        characters: int,
        character_size: int,
        character_hidden_size: int,
        *,
        word_dropout: float = 0.0,
        batch_first: bool = False,
    ) -> None:
        super().__init__()
        self.word = torch.nn.Embedding(positive_int("words", words), positive_int("word_size", word_size))
        self.character = torch.nn.Embedding(
            positive_int("characters", characters), positive_int("character_size", character_size)
        )
        self.encoder = LSTM(character_size, character_hidden_size, bidirectional=True)
        self.word_dropout = WordDropout(word_dropout)
        self.batch_first = batch_first

    @property
    def embedding_dim(self) -> int:
        """The width of the output."""
        return self.word.embedding_dim + self.encoder.stack.output_size

    def forward(self, ids: Tensor, lengths: Any = None) -> Tensor:
        """Vectors (T, N, ·), zero past each row's length, where ids may be anything.

        ``lengths``: N whole numbers in [0, T], in any order (a CPU tensor or any sequence), None for T each.
        Raises InputError for any other shape or lengths.
        """
        if ids.dim() != 3 or not ids.size(2):
            shape = "(N, T, 1 + C)" if self.batch_first else "(T, N, 1 + C)"
            raise InputError(f"ids must have shape {shape}, got {tuple(ids.shape)}")
        N, T = ids.shape[:2] if self.batch_first else ids.shape[1::-1]
        lengths = as_lengths(lengths)
        lengths = torch.full((N,), T) if lengths is None else lengths
        live = ~padding_of(lengths, T, N).to(ids.device)
        live = live if self.batch_first else live.T
        own = ids[live]
        vectors = torch.cat([self.word(self.word_dropout(own[:, 0])), self._spelling(own[:, 1:])], 1)
        output = vectors.new_zeros((*ids.shape[:2], vectors.size(1)))
        output[live] = vectors
        return output

    def _spelling(self, characters: Tensor) -> Tensor:
        """(W, 2·R) of the characters (W, C) of each word; equal words are computed once."""
        if not characters.numel():
            return self.character.weight.new_zeros((len(characters), self.encoder.stack.output_size))
        characters, places = torch.unique(characters, dim=0, return_inverse=True)
        inside = characters.ne(END)
        x = self.character(characters.masked_fill(~inside, 0)).transpose(0, 1)
        _, (h_n, _) = self.encoder(x, lengths=inside.sum(1).cpu())
        return torch.cat([h_n[-2], h_n[-1]], 1)[places]
