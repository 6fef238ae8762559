"""Encoder-decoders of every kind, small and in float64, and what to give them."""

import torch

from recurra.nn import GRU, LSTM, RNN
from recurra.nn.attention import AdditiveAttention, DotAttention, GeneralAttention
from recurra.nn.decoder import Decoder
from recurra.nn.encoder import Encoder
from recurra.nn.encoder_decoder import EncoderDecoder

F64 = {"dtype": torch.float64}
LAYERS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
ATTENTIONS = {
    None: lambda H, M: None,
    "additive": lambda H, M: AdditiveAttention(H, M, 3, **F64),
    "dot": lambda H, M: DotAttention(M),
    "general": lambda H, M: GeneralAttention(H, M, **F64),
}


def build(
    cell="lstm",
    attention="additive",
    *,
    inputs=3,
    vocabulary=5,
    width=2,
    hidden=4,
    encoder_hidden=3,
    num_layers=1,
    bidirectional=True,
    tied=False,
    input_feeding=True,
):
    """A model in float64 over vectors; dot makes the decoder as wide as the encoder's output."""
    encoder = Encoder(LAYERS[cell](inputs, encoder_hidden, num_layers, bidirectional=bidirectional, **F64))
    M = encoder.output_size
    hidden = M if attention == "dot" else hidden
    feed = M
    if attention:
        feed = (width if tied else hidden) if input_feeding else 0
    layer = LAYERS[cell](width + feed, hidden, num_layers, **F64)
    embedding = torch.nn.Embedding(vocabulary, width, **F64)
    kind = ATTENTIONS[attention](hidden, M)
    decoder = Decoder(layer, embedding, M, kind, tied=tied, input_feeding=input_feeding)
    return EncoderDecoder(encoder, decoder)


def data(model, S, T, N):
    """A source (S, N, I) and tokens (T, N)."""
    vocabulary = model.decoder.embedding.num_embeddings
    return (
        torch.randn(S, N, model.encoder.layer.stack.cell.input_size, **F64),
        torch.randint(vocabulary, (T, N)),
    )
