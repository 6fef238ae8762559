"""Parts that do not fit one another, and sources and tokens that do not fit them."""

import re

import pytest
import torch

from recurra._base.errors import InputError
from recurra.nn import GRU, LSTM
from recurra.nn.attention import GeneralAttention
from recurra.nn.decoder import Decoder
from recurra.nn.encoder import Encoder
from recurra.nn.encoder_decoder import EncoderDecoder
from tests.nn.encoder_decoders import F64, build


def embedding(width=2, vocabulary=5):
    return torch.nn.Embedding(vocabulary, width)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Encoder(torch.nn.LSTM(3, 4)),
            "layer must be a recurrent layer of recurra.nn, got torch.nn.modules.rnn.LSTM",
        ),
        (lambda: Encoder(LSTM(3, 4, batch_first=True)), "layer must be time-major, got batch_first=True"),
        (
            lambda: Encoder(LSTM(3, 4), embedding()),
            "layer must take the embedding's 2 inputs, got input_size=3",
        ),
        (lambda: Encoder(LSTM(3, 4), dropout=1.5), "dropout must be a number between 0 and 1, got 1.5"),
        (
            lambda: Encoder(LSTM(2, 4), embedding())(torch.zeros(5, 3, 2)),
            "source must be tokens of shape (S, N), as the encoder has an embedding, "
            "got torch.float32 of shape (5, 3, 2)",
        ),
        (
            lambda: Encoder(LSTM(2, 4))(torch.zeros(5, 2)),
            "source must have shape (S, N, I), got (5, 2)",
        ),
        (
            lambda: Encoder(LSTM(2, 4))(torch.zeros(5, 1, 2), [6]),
            "lengths must lie between 0 and the 5 steps given, got 6 in row 0",
        ),
        (
            lambda: Decoder(LSTM(6, 4, bidirectional=True), embedding(), 3),
            "layer must run in one direction, since a decoder cannot see what comes",
        ),
        (
            lambda: Decoder(LSTM(6, 4), embedding(), 3),
            "layer must take 5 inputs, 2 of the embedding and 3 fed beside it, got input_size=6",
        ),
        (
            lambda: Decoder(LSTM(5, 4), embedding(), 3, GeneralAttention(4, 3)),
            "layer must take 6 inputs, 2 of the embedding and 4 fed beside it, got input_size=5",
        ),
        (
            lambda: Decoder(LSTM(6, 4), embedding(), 3, GeneralAttention(4, 5)),
            "attention must have query_size=4 and memory_size=3, got 4 and 5",
        ),
        (
            lambda: Decoder(LSTM(6, 4), embedding(), 0),
            "context_size must be a whole number of at least 1, got 0",
        ),
        (
            lambda: EncoderDecoder(Encoder(LSTM(2, 4)), Decoder(LSTM(5, 4), embedding(), 3)),
            "the decoder must have context_size=4, got 3",
        ),
        (
            lambda: EncoderDecoder(Encoder(GRU(2, 3)), Decoder(LSTM(5, 4), embedding(), 3)),
            "the decoder's cell must have the encoder's states, h, got h, c; give both the same cell",
        ),
        (
            lambda: EncoderDecoder(Encoder(GRU(2, 3, 2)), Decoder(GRU(5, 4), embedding(), 3)),
            "the decoder must have as many layers as the encoder, 2, got 1",
        ),
        (
            lambda: build()(torch.zeros(5, 3, 3, **F64), torch.zeros(4, 2, dtype=torch.int64)),
            "tokens must be whole numbers of shape (T, 3) with at least one step, "
            "got torch.int64 of shape (4, 2)",
        ),
        (
            lambda: build()(torch.zeros(5, 3, 3, **F64), torch.zeros(4, 3), truth=0.5),
            "tokens must be whole numbers of shape (T, 3) with at least one step, "
            "got torch.float32 of shape (4, 3)",
        ),
        (
            lambda: build()(torch.zeros(5, 3, 3, **F64), torch.zeros(0, 3, dtype=torch.int64)),
            "tokens must be whole numbers of shape (T, 3) with at least one step, "
            "got torch.int64 of shape (0, 3)",
        ),
        (
            lambda: build()(torch.zeros(5, 3, 3, **F64), torch.zeros(4, 3, dtype=torch.int64), truth=-1),
            "truth must be a number between 0 and 1, got -1",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize("noise", ["recurrent_dropout", "weight_dropout"])
def test_masks_of_whole_sequences_are_refused_where_steps_run_one_by_one(noise):
    layer = LSTM(6, 4)
    setattr(layer, noise, 0.3)
    message = (
        f"layer must have {noise}=0, got 0.3; its mask is for a whole sequence, but with input feeding "
        "the layer runs step by step"
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        Decoder(layer, embedding(), 3, GeneralAttention(4, 3))
    Decoder(layer, embedding(), 4)
    layer.stack = LSTM(2, 4).stack
    Decoder(layer, embedding(), 3, GeneralAttention(4, 3), input_feeding=False)
