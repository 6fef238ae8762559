"""Words by what they are and by how they are spelt; `recurra.runtime.Words` is the same at inference."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.nn.attention import padding_of
from recurra.nn.checks import as_lengths
from recurra.nn.dropout import WordDropout
from recurra.nn.layers import LSTM
from recurra.runtime import network_parts as parts
from recurra.runtime.network_parts.spelling import END, known_affixes


class Affixes(torch.nn.Module):
    """The sum of the vectors of those affixes of words that are known.

    ``weight`` (A, D) is learnt. ``keys`` (A,), their ascending keys, and ``fold`` (V,), the id of each
    character in lower case, are float32 buffers; see `recurra.runtime.network_parts.spelling`.
    """

    keys: Tensor
    fold: Tensor

    def __init__(self, keys: np.ndarray, fold: np.ndarray, size: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(len(keys), positive_int("size", size)))
        self.register_buffer("keys", torch.tensor(keys, dtype=torch.float32))
        self.register_buffer("fold", torch.tensor(fold, dtype=torch.float32))

    def forward(self, spelt: Tensor) -> Tensor:
        """(U, D) for the characters (U, C) of each word, -1 past its end."""
        ids = (tensor.numpy(force=True).astype(np.int64) for tensor in (spelt, self.fold, self.keys))
        places = torch.from_numpy(known_affixes(*ids)).to(spelt.device)
        known = places >= 0
        return torch.einsum(
            "uad,ua->ud", _rows(self.weight, places.clamp(min=0)), known.to(self.weight.dtype)
        )


class Words(torch.nn.Module):
    """A word's vector, beside those of its affixes and what an LSTM makes of its characters.

    Ids (T, N, 1 + C) to (T, N, word_size + affix_size + 2·character_hidden_size): column 0 is the word's id,
    the others its characters' ids, -1 past its end. The parameters are ``word.weight``; with `Affixes` their
    ``affix.weight``, of which those of a word are added up; and with a ``character_size`` above 0
    ``character.weight`` and ``encoder.*``, whose last states of both directions stand beside. In training a
    word becomes word 0, the unknown one, as `recurra.nn.WordDropout` has it for ``word_dropout`` and the
    ``counts`` (V,) of words, so that only its spelling is left. With ``batch_first`` the ids are
    (N, T, 1 + C). Lample, Ballesteros, Subramanian, Kawakami and Dyer,
    "Neural architectures for named entity recognition", NAACL 2016, section 4.1.
    """

    def __init__(
        self,
        words: int,
        word_size: int,
        characters: int,
        character_size: int = 0,
        character_hidden_size: int = 0,
        *,
        affix: "Affixes | None" = None,
        word_dropout: float = 0.0,
        counts: Tensor | None = None,
        batch_first: bool = False,
    ) -> None:
        super().__init__()
        self.characters = positive_int("characters", characters)
        self.word = torch.nn.Embedding(positive_int("words", words), positive_int("word_size", word_size))
        self.affix = affix
        self.character = self.encoder = None
        if character_size:
            self.character = torch.nn.Embedding(characters, positive_int("character_size", character_size))
            self.encoder = LSTM(character_size, character_hidden_size, bidirectional=True)
        self.word_dropout = WordDropout(word_dropout, counts=counts)
        self.batch_first = batch_first

    @property
    def embedding_dim(self) -> int:
        """The width of the output."""
        affix_size = 0 if self.affix is None else self.affix.weight.size(1)
        states = 0 if self.encoder is None else self.encoder.stack.output_size
        return self.word.embedding_dim + affix_size + states

    def part(self, name: str) -> parts.Words:
        """The same for the runtime."""
        affixes, affix_size = (0, 0) if self.affix is None else self.affix.weight.shape
        return parts.Words(
            name,
            self.word.num_embeddings,
            self.word.embedding_dim,
            self.characters,
            affixes,
            affix_size,
            None if self.encoder is None else self.encoder.stack,
        )

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
        spelt, places = _spellings(own[:, 1:])
        found = [self.word(self.word_dropout(own[:, 0]))]
        if self.affix is not None:
            found.append(_rows(self.affix(spelt), places))
        if self.character is not None and self.encoder is not None:
            found.append(_rows(_last_states(self.character, self.encoder, spelt), places))
        vectors = torch.cat(found, 1)
        output = vectors.new_zeros((*ids.shape[:2], vectors.size(1)))
        output[live] = vectors
        return output


def _last_states(character: torch.nn.Embedding, encoder: LSTM, spelt: Tensor) -> Tensor:
    """(U, 2·R), of both directions over the characters (U, C)."""
    if not spelt.numel():
        return character.weight.new_zeros((len(spelt), encoder.stack.output_size))
    inside = spelt.ne(END)
    x = character(spelt.masked_fill(~inside, 0)).transpose(0, 1)
    _, (h_n, _) = encoder(x, lengths=inside.sum(1).cpu())
    return torch.cat([h_n[-2], h_n[-1]], 1)


def _spellings(characters: Tensor) -> tuple[Tensor, Tensor]:
    """The spellings (U, C) that there are among ``characters`` (W, C), and which one each word has (W,).

    So that equal words are computed once.
    """
    if not characters.numel():
        return characters[:1], characters.new_zeros(len(characters))
    return torch.unique(characters, dim=0, return_inverse=True)


def _rows(table: Tensor, index: Tensor) -> Tensor:
    """``table[index]``, whose gradient is the same bit for bit at every run.

    That of an index adds what comes to one row in any order, where threads share many values.
    """
    return torch.nn.functional.embedding(index, table)
