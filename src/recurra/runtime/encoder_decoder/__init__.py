"""An encoder-decoder at work: from sources to targets, one token at a time.

Axis letters: ``N`` rows, ``S`` source steps, ``L`` layers, ``M`` the width of what the encoder says of a
step, ``H`` that of the decoder's layer, ``O`` that of its attentional vector, ``V`` the target's symbols.
"""

from recurra.runtime.encoder_decoder.attention import ATTENTIONS, Additive, Attention, Dot, General
from recurra.runtime.encoder_decoder.decoder import State
from recurra.runtime.encoder_decoder.network import EncoderDecoder
from recurra.runtime.encoder_decoder.spec import DecoderSpec, EncoderDecoderSpec, EncoderSpec, Table

__all__ = [
    "ATTENTIONS",
    "Additive",
    "Attention",
    "DecoderSpec",
    "Dot",
    "EncoderDecoder",
    "EncoderDecoderSpec",
    "EncoderSpec",
    "General",
    "State",
    "Table",
]
