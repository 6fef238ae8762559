"""An encoder-decoder rebuilt in PyTorch, for its gradients."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from recurra import nn
from recurra.cells import Stack
from recurra.inspection.inside.aims import Aim, aim_of_answer
from recurra.inspection.inside.differentiate import Differentiable, Pulled, last_states
from recurra.inspection.inside.recurring import Recurring
from recurra.inspection.inside.trace import written_tokens
from recurra.runtime.encoder_decoder import Additive, Attention, EncoderDecoderSpec, General
from recurra.runtime.translation import TranslationModel

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU, "min_gru": nn.MinGRU, "min_lstm": nn.MinLSTM}


class Rebuilt(Differentiable):
    """With a source x (S,) or (S, I) and the answer that the model gives to it.

    What is differentiated are the vectors of the source, and the layers are the encoder's.
    """

    def __init__(self, model: TranslationModel, x: np.ndarray, layers: Recurring, fresh: int | None) -> None:
        super().__init__(layers.stack, layers.parameters, layers.vectors)
        spec, own = EncoderDecoderSpec.from_dict(model.spec, most_layers=len(model.tensors)), {}
        if fresh is not None:
            rng = np.random.default_rng(fresh)
            self.parameters = layers.stack.initialise(rng, np.float64)
            stacks = {"encoder.layer": self.parameters, "decoder.layer": spec.decoder.layer.initialise(rng)}
            own = {f"{where}.{name}": array for where, p in stacks.items() for name, array in p.items()}
        self._module = _module(spec, model.tensors | own)
        self._answer = model.answer(x)
        self._names = written_tokens(model, self._answer)
        self._boundary = model.network.boundary

    def aim(self, target: Any = None) -> Aim:
        return aim_of_answer(np.append(self._answer, self._boundary), self._names, target)

    def aims(self, steps: Sequence[int]) -> list[Aim]:  # noqa: ARG002
        return [self.aim()]

    def _pull(self, scales: np.ndarray, aims: Sequence[Aim]) -> Pulled:
        fed = torch.from_numpy(np.append(self._boundary, self._answer))[:, None].expand(-1, len(aims))
        source = torch.from_numpy(scales[:, None] * self.vectors[:, None]).requires_grad_()
        encoded = self._module.encoder(source)
        start = self._module.decoder.start(encoded, self._module.bridge(encoded.state))
        logits = self._module.decoder(fed, start).logits
        found = [aim.of(own) for aim, own in zip(aims, logits.detach().numpy().swapaxes(0, 1))]
        d_logits = torch.from_numpy(np.stack([gradient for _, gradient in found], axis=1))
        leaves = [source, encoded.output, *encoded.state.values()]
        d_source, d_output, *d_states = (
            gradient.numpy()
            for gradient in torch.autograd.grad(
                logits, leaves, d_logits, allow_unused=True, materialize_grads=True
            )
        )
        states = last_states(self.stack, d_output.sum(axis=0))
        for name, d_state in zip(encoded.state, d_states):
            states[name] += d_state
        values = np.array([value for value, _ in found])
        return Pulled(values, d_source.swapaxes(0, 1), np.zeros((len(aims), len(self.vectors))), states)


def _module(spec: EncoderDecoderSpec, tensors: Mapping[str, np.ndarray]) -> nn.EncoderDecoder:
    """The encoder-decoder in float64, without the embedding of its source."""
    own = spec.decoder
    encoder = nn.Encoder(_layer(spec.encoder.layer))
    decoder = nn.Decoder(
        _layer(own.layer),
        torch.nn.Embedding(own.embedding.count, own.embedding.size),
        encoder.output_size,
        _attention(own.attention, own.layer.output_size, encoder.output_size),
        tied=own.tied,
        input_feeding=own.input_feeding,
    )
    module = nn.EncoderDecoder(encoder, decoder).double().eval()
    weights = {name: torch.tensor(array) for name, array in tensors.items()}
    weights.pop("encoder.embedding.weight", None)
    if own.tied:
        weights["decoder.output.weight"] = weights["decoder.embedding.weight"]
    module.load_state_dict(weights)
    return module


def _layer(stack: Stack) -> torch.nn.Module:
    cell = stack.cell
    options = {name: getattr(cell, name) for name in cell.options()}
    return LAYERS[cell.name](
        cell.input_size,
        cell.hidden_size,
        stack.num_layers,
        bias=cell.bias,
        bidirectional=stack.bidirectional,
        **options,
    )


def _attention(attention: Attention | None, H: int, M: int) -> Any:
    match attention:
        case None:
            return None
        case Additive():
            return nn.AdditiveAttention(H, M, attention.size)
        case General():
            return nn.GeneralAttention(H, M)
        case _:
            return nn.DotAttention(H)
