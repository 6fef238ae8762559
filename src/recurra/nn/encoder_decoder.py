"""Encoder, bridge and decoder as one model. Axis letters as in the encoder."""

from typing import Any

import torch
from torch import Tensor

from recurra._base.errors import InputError
from recurra.nn.bridge import Bridge
from recurra.nn.decoder import Decoded, Decoder, DecoderState
from recurra.nn.encoder import Encoder
from recurra.nn.named_state import stack_of


class EncoderDecoder(torch.nn.Module):
    """A source into a sequence of tokens: `Encoder`, `Bridge`, `Decoder`.

    Raises InputError where encoder and decoder do not fit.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        if encoder.output_size != decoder.context_size:
            raise InputError(
                f"the decoder must have context_size={encoder.output_size}, got {decoder.context_size}"
            )
        self.encoder = encoder
        weight = decoder.combine.weight
        self.bridge = Bridge(
            stack_of(encoder.layer), stack_of(decoder.layer), device=weight.device, dtype=weight.dtype
        )
        self.decoder = decoder

    def forward(self, source: Tensor, tokens: Tensor, lengths: Any = None, *, truth: float = 1.0) -> Decoded:
        """Logits (T, N, V) for the tokens that follow ``tokens`` (T, N), given the source.

        Source and its lengths as in `Encoder.forward`. ``truth`` is the probability of feeding each token as
        it is given, rather than the decoder's own guess; see `Decoder.sample_inputs`.
        """
        state = self.initial_state(source, lengths)
        return self.decoder(self.decoder.sample_inputs(tokens, state, truth), state)

    def initial_state(self, source: Tensor, lengths: Any = None) -> DecoderState:
        """The decoder's state before its first token, for a source as in `Encoder.forward`."""
        encoded = self.encoder(source, lengths)
        return self.decoder.start(encoded, self.bridge(encoded.state))

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """As `Decoder.step`."""
        return self.decoder.step(tokens, state)
