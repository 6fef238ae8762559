"""The writer of a target: a recurrent language model conditioned on a source. Letters as in the encoder."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra._base.validation import positive_int, probability
from recurra.nn import named_state
from recurra.nn.attention import Attention, Memory
from recurra.nn.encoder import Encoded


@dataclass(frozen=True)
class DecoderState:
    """All that the next step of a `Decoder` depends on, apart from its token; every row on its own."""

    recurrent: Mapping[str, Tensor]
    """The layer's states (L, N, ·), by name."""
    feed: Tensor
    """(N, ·), what enters the layer beside the token: the attentional vector of the step before (O), nothing
    (0) without input feeding, or without attention the context vector (M)."""
    memory: Memory | None
    """The source, where there is attention."""

    def select(self, rows: Any) -> "DecoderState":
        """The state of those rows, in that order; ``rows`` (N′,) are whole numbers, repetition allowed."""
        return DecoderState(
            {name: tensor[:, rows] for name, tensor in self.recurrent.items()},
            self.feed[rows],
            None if self.memory is None else self.memory.select(rows),
        )


class Decoded(NamedTuple):
    """What a `Decoder` made of a sequence of tokens."""

    logits: Tensor
    """(T, N, V); step t's are for the token after token t."""
    weights: Tensor | None
    """The attention's weights (T, N, S), where there is one."""
    state: DecoderState
    """The state after the last step."""


class Decoder(torch.nn.Module):
    """A recurrent language model conditioned on a source.

    With attention, and input feeding:

        h_t = layer([embedding(y_t) ; a_{t−1}])
        c_t = attention(h_t, source)
        a_t = tanh(W_c [c_t ; h_t])
        logits_t = W_s a_t + b_s

    with a_{−1} = 0 (Luong et al. 2015, arXiv:1508.04025, sections 3.1 and 3.3, for any of our scores).
    Without ``input_feeding`` the layer reads embedding(y_t) alone, and all steps of a given sequence run at
    once. Without attention the plain context vector c of the source stands for c_t, and for a_{t−1} in the
    layer's input, so that it is seen at every step (Cho et al. 2014, arXiv:1406.1078, section 2.2).

    ``layer`` is a time-major recurrent layer of `recurra.nn` in one direction, whose input is as wide as the
    embedding and what is fed beside it: O with attention, M without. ``embedding`` gives vocabulary and
    width E, ``context_size`` is M, `Encoder.output_size`. ``dropout`` zeroes parts of the embedded tokens and
    of what enters W_s. W_c is ``combine.weight`` (O, M + H), W_s and b_s are ``output.weight`` (V, O) and
    ``output.bias`` (V,). O is H; or E where ``tied``, when the embedding's table is W_s, too (Press & Wolf
    2017, arXiv:1608.05859). Raises InputError where the parts do not fit, and with input feeding for a layer
    with recurrent or weight dropout, whose mask a step at a time would not keep for the whole sequence.
    """

    def __init__(
        self,
        layer: torch.nn.Module,
        embedding: torch.nn.Embedding,
        context_size: int,
        attention: Attention | None = None,
        dropout: float = 0.0,
        *,
        tied: bool = False,
        input_feeding: bool = True,
    ) -> None:
        super().__init__()
        stack, M = named_state.stack_of(layer), positive_int("context_size", context_size)
        H, width = stack.output_size, embedding.embedding_dim
        if stack.bidirectional:
            raise InputError("layer must run in one direction, since a decoder cannot see what comes")
        if attention is not None and (attention.query_size, attention.memory_size) != (H, M):
            raise InputError(
                f"attention must have query_size={H} and memory_size={M}, "
                f"got {attention.query_size} and {attention.memory_size}"
            )
        attended = width if tied else H
        feed = M if attention is None else attended if input_feeding else 0
        if stack.cell.input_size != width + feed:
            raise InputError(
                f"layer must take {width + feed} inputs, {width} of the embedding and {feed} fed beside it, "
                f"got input_size={stack.cell.input_size}"
            )
        feeds_back = attention is not None and input_feeding
        for noise in ("recurrent_dropout", "weight_dropout"):
            if feeds_back and getattr(layer, noise, 0.0):
                raise InputError(
                    f"layer must have {noise}=0, got {getattr(layer, noise)!r}; its mask is for a whole "
                    "sequence, but with input feeding the layer runs step by step"
                )
        self.embedding = embedding
        self.layer = layer
        self.attention = attention
        self.context_size = M
        self.tied = tied
        self.feeds_back = feeds_back
        """Whether the attentional vector enters the next step."""
        like = {"device": embedding.weight.device, "dtype": embedding.weight.dtype}
        self.combine = torch.nn.Linear(M + H, attended, bias=False, **like)
        self.output = torch.nn.Linear(attended, embedding.num_embeddings, **like)
        if tied:
            self.output.weight = embedding.weight
        self.dropout = torch.nn.Dropout(probability("dropout", dropout))

    def start(self, encoded: Encoded, recurrent: Mapping[str, Tensor]) -> DecoderState:
        """The state before the first token, with the layer's initial states (L, N, ·) by name."""
        if self.attention is None:
            return DecoderState(recurrent, encoded.context, None)
        width = self.combine.out_features if self.feeds_back else 0
        feed = encoded.context.new_zeros(encoded.context.size(0), width)
        return DecoderState(recurrent, feed, self.attention.memory(encoded.output, encoded.lengths))

    def forward(self, tokens: Tensor, state: DecoderState) -> Decoded:
        """Run over tokens (T, N), all of them given (teacher forcing): logits, weights and the state after.

        A row's padding comes after its last token, so it changes nothing before; leave its logits out of the
        loss. Raises InputError for tokens of another shape.
        """
        _check_tokens(tokens, state)
        embedded = self.dropout(self.embedding(tokens))
        attended, weights = [], []
        # Only an attentional vector that is fed back has to be waited for.
        for steps in embedded.split(1 if self.feeds_back else len(embedded)):
            vector, weight, state = self._advance(steps, state)
            attended.append(vector)
            weights.append(weight)
        logits = self.output(self.dropout(torch.cat(attended)))
        return Decoded(logits, None if self.attention is None else torch.cat(weights), state)

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Advance by tokens (N,), one a row: log-probabilities (N, V) of the next, and the new state.

        Raises InputError for tokens of another shape.
        """
        logits, _, state = self(tokens[None], state)
        return torch.log_softmax(logits[0], -1), state

    @torch.no_grad()
    def sample_inputs(self, tokens: Tensor, state: DecoderState, truth: float) -> Tensor:
        """Tokens (T, N) for `forward` in which own guesses stand for some of the given ones.

        The first is kept; each other is kept with probability ``truth`` and otherwise drawn from the
        decoder's distribution after those before it, drawn ones included. To train on the result, with the
        same targets as before, is scheduled sampling (S. Bengio et al. 2015, arXiv:1506.03099). Draws from
        PyTorch's generator; no gradient goes through the choice. Raises InputError unless ``truth`` lies in
        [0, 1], and for tokens of another shape.
        """
        _check_tokens(tokens, state)
        if probability("truth", truth) == 1:
            return tokens
        inputs = [tokens[0]]
        for given in tokens[1:]:
            log_probabilities, state = self.step(inputs[-1], state)
            guess = torch.multinomial(log_probabilities.exp(), 1).squeeze(1)
            keep = torch.rand(given.shape, device=given.device) < truth
            inputs.append(torch.where(keep, given, guess.to(given.dtype)))
        return torch.stack(inputs)

    def _advance(self, embedded: Tensor, state: DecoderState) -> tuple[Tensor, Any, DecoderState]:
        """Attentional vectors (T, N, O), weights and new state, for steps (T, N, ·) that share one feed."""
        feed = state.feed.expand(len(embedded), -1, -1)
        output, recurrent = named_state.run(self.layer, torch.cat([embedded, feed], -1), state.recurrent)
        context, weights = feed, None
        if self.attention is not None:
            context, weights = self.attention(output, state.memory)
        attended = torch.tanh(self.combine(torch.cat([context, output], -1)))
        next_feed = attended[-1] if self.feeds_back else state.feed
        return attended, weights, dataclasses.replace(state, recurrent=recurrent, feed=next_feed)


def _check_tokens(tokens: Tensor, state: DecoderState) -> None:
    N = state.feed.size(0)
    if tokens.dim() != 2 or tokens.size(1) != N or not len(tokens) or tokens.is_floating_point():
        raise InputError(
            f"tokens must be whole numbers of shape (T, {N}) with at least one step, "
            f"got {tokens.dtype} of shape {tuple(tokens.shape)}"
        )
