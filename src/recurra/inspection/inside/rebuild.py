"""An encoder-decoder rebuilt in PyTorch, for its gradients."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from recurra import nn
from recurra.cells import Stack
from recurra.inspection.inside.aims import Aim
from recurra.inspection.inside.differentiate import Differentiable, Pulled, last_states
from recurra.runtime.encoder_decoder import Additive, Attention, EncoderDecoderSpec, General

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU, "min_gru": nn.MinGRU, "min_lstm": nn.MinLSTM}


class Rebuilt(Differentiable):
    """With a source x (S,) or (S, I) that becomes ``tokens`` (T,), the end among them.

    ``aim`` makes what the model says of its logits (T, V). What is differentiated are the vectors of the
    source, and the layers are the encoder's.
    """

    def __init__(
        self,
        spec: EncoderDecoderSpec,
        tensors: Mapping[str, np.ndarray],
        x: np.ndarray,
        tokens: np.ndarray,
        aim: Callable[[Any], Aim],
    ) -> None:
        self._spec, self._given, self._x, self._tokens, self._aim = spec, tensors, x, tokens, aim
        side = "decoder" if spec.shared else "encoder"
        vectors = x if spec.encoder.embedding is None else tensors[f"{side}.embedding.weight"][x]
        self.vectors = vectors.astype(np.float64)
        self.stack = spec.encoder.layer
        self.parameters = {
            name: tensors[f"encoder.layer.{name}"].astype(np.float64)
            for name in self.stack.parameter_shapes()
        }
        self._module = _module(spec, tensors)

    def aim(self, target: Any = None) -> Aim:
        return self._aim(target)

    def aims(self, steps: Sequence[int]) -> list[Aim]:  # noqa: ARG002
        return [self._aim(None)]

    def fresh(self, seed: int) -> "Rebuilt":
        rng = np.random.default_rng(seed)
        stacks = {"encoder.layer": self._spec.encoder.layer, "decoder.layer": self._spec.decoder.layer}
        fresh = {
            f"{where}.{name}": array
            for where, stack in stacks.items()
            for name, array in stack.initialise(rng).items()
        }
        return Rebuilt(self._spec, {**self._given, **fresh}, self._x, self._tokens, self._aim)

    def _pull(self, scales: np.ndarray, aims: Sequence[Aim]) -> Pulled:
        boundary = self._spec.decoder.embedding.count - 1
        fed = torch.from_numpy(np.append(boundary, self._tokens[:-1]))[:, None].expand(-1, len(aims))
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
