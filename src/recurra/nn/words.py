"""Words by what they are and by how they are spelt; `recurra.runtime.Words` is the same at inference."""

from collections.abc import Sequence
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
from recurra.runtime.network_parts.spelling import END, known_ngrams


class Words(torch.nn.Module):
    """A word's vector, with the n-grams that spell it, beside what an LSTM makes of its characters.

    Ids (T, N, 1 + C) to (T, N, word_size + 2·character_hidden_size): column 0 is the word's id, the others
    its characters' ids, -1 past its end. The parameters are ``word.weight``; with ``ngrams``, the ascending
    keys of known n-grams of characters (see `recurra.runtime.network_parts.spelling`), ``ngram.weight``, whose
    mean over those of a word is added to its vector; and with a ``character_size`` above 0
    ``character.weight`` and ``encoder.*``, whose last states of both directions stand beside. In training a
    word becomes word 0, the unknown one, with probability ``word_dropout``, so that only its spelling is left.
    With ``batch_first`` the ids are (N, T, 1 + C). Bojanowski, Grave, Joulin
    and Mikolov, "Enriching word vectors with subword information", TACL 2017; Lample, Ballesteros,
    Subramanian, Kawakami and Dyer, "Neural architectures for named entity recognition", NAACL 2016,
    section 4.1.
    """

    def __init__(
        self,
        words: int,
        word_size: int,
        characters: int,
        character_size: int = 0,
        character_hidden_size: int = 0,
        *,
        ngrams: Sequence[int] | np.ndarray = (),
        word_dropout: float = 0.0,
        batch_first: bool = False,
    ) -> None:
        super().__init__()
        self.characters = positive_int("characters", characters)
        self.word = torch.nn.Embedding(positive_int("words", words), positive_int("word_size", word_size))
        self.ngram = self.character = self.encoder = None
        if len(ngrams):
            self.ngram = torch.nn.EmbeddingBag(len(ngrams), word_size, mode="mean")
            self.ngram.register_buffer("keys", torch.tensor(np.asarray(ngrams, np.float32)))
        if character_size:
            self.character = torch.nn.Embedding(characters, positive_int("character_size", character_size))
            self.encoder = LSTM(character_size, character_hidden_size, bidirectional=True)
        self.word_dropout = WordDropout(word_dropout)
        self.batch_first = batch_first

    @property
    def embedding_dim(self) -> int:
        """The width of the output."""
        return self.word.embedding_dim + (0 if self.encoder is None else self.encoder.stack.output_size)

    def part(self, name: str) -> parts.Words:
        """The same for the runtime."""
        return parts.Words(
            name,
            self.word.num_embeddings,
            self.word.embedding_dim,
            self.characters,
            0 if self.ngram is None else self.ngram.num_embeddings,
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
        vectors = self.word(self.word_dropout(own[:, 0]))
        if self.ngram is not None:
            vectors = vectors + self._ngram_mean(spelt)[places]
        if self.encoder is not None:
            vectors = torch.cat([vectors, self._states(spelt)[places]], 1)
        output = vectors.new_zeros((*ids.shape[:2], vectors.size(1)))
        output[live] = vectors
        return output

    def _ngram_mean(self, spelt: Tensor) -> Tensor:
        """(U, D) of the characters (U, C) of each word, zero for a word without known n-grams."""
        keys = self.ngram.keys.numpy(force=True).astype(np.int64)
        places = torch.from_numpy(known_ngrams(spelt.numpy(force=True), keys)).to(spelt.device)
        known = places >= 0
        counts = known.sum(1)
        return self.ngram(places[known], counts.cumsum(0) - counts)

    def _states(self, spelt: Tensor) -> Tensor:
        """(U, 2·R), the last states of both directions over the characters (U, C)."""
        if not spelt.numel():
            return self.character.weight.new_zeros((len(spelt), self.encoder.stack.output_size))
        inside = spelt.ne(END)
        x = self.character(spelt.masked_fill(~inside, 0)).transpose(0, 1)
        _, (h_n, _) = self.encoder(x, lengths=inside.sum(1).cpu())
        return torch.cat([h_n[-2], h_n[-1]], 1)


def _spellings(characters: Tensor) -> tuple[Tensor, Tensor]:
    """The spellings (U, C) that there are among ``characters`` (W, C), and which one each word has (W,).

    So that equal words are computed once.
    """
    if not characters.numel():
        return characters[:1], characters.new_zeros(len(characters))
    return torch.unique(characters, dim=0, return_inverse=True)
