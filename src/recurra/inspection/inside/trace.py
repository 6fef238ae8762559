"""Every gate and state of every step: the cells' own equations, run over one input without PyTorch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells import LSTM, Cell, Elman, LinearRecurrence, Stack
from recurra.data import TextWords, WordFeatures
from recurra.inspection.inside.inputs import BOUNDARY, Given
from recurra.inspection.inside.one_network import refuse_ensemble
from recurra.inspection.symbols import texts_of, visible
from recurra.runtime import Network, Recurrent, Words
from recurra.runtime.encoder_decoder import EncoderDecoderSpec
from recurra.runtime.translation import TranslationModel

GATES = {
    "i": "input",
    "f": "forget",
    "r": "reset",
    "z": "update",
    "g": "candidate",
    "n": "candidate",
    "o": "output",
}
"""What the letters of the cells' equations are called; Elman's h is the state itself."""

CANDIDATE = "candidate"


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What one layer, in one direction, did at each step.

    Attributes:
        name: "layer 1", "layer 1, backwards", "encoder layer 1", "decoder layer 1", "characters, layer 1".
        cell: "lstm", see `recurra.cells.CELLS`.
        steps: (T,), in the order of time also where the layer reads backwards. A decoder's are what it
            writes, the end last; those of characters go on from word to word, each from a zero state.
        gates: (T, H) float32 by the names of `GATES`; a simple recurrent cell has none.
        states: (T, ·) float32 after each step: "h" (T, R), which is also the output, and the LSTM's "c".
        bounded: those of the gates and states that a tanh keeps from −1 to 1: not the candidates of minimal
            cells, nor an h that is projected or made by ReLU.
    """

    name: str
    cell: str
    steps: tuple[str, ...]
    gates: Mapping[str, np.ndarray]
    states: Mapping[str, np.ndarray]
    bounded: tuple[str, ...] = ()

    @property
    def norm(self) -> np.ndarray:
        """The Euclidean norm of h at each step (T,)."""
        return np.linalg.norm(self.states["h"], axis=1)


@dataclass(frozen=True, eq=False)
class Trace:
    """What happened inside a network as it read one input.

    Attributes:
        given: the input.
        layers: of each recurrent stack on the way, by layer, forwards before backwards.
        output: of the network, float32: (O,), or (T, O) where it does not pool; of an encoder-decoder the
            log-probabilities (T, V) of what may stand in the place of each token, and of the end.
    """

    given: Given
    layers: tuple[LayerTrace, ...]
    output: np.ndarray


def trace(model: Any, given: Given) -> Trace:
    """Run the loaded ``model`` over the input that `recurra.inspection.inside.given` made for it.

    Computed step by step in float32 by `recurra.cells`, so that it agrees with the network's own kernels to
    rounding; the output is the network's own. The decoder of an encoder-decoder writes what ``predict``
    gives. Raises InputError for an ensemble, a model whose weights are rounded, and an input of another
    model.
    """
    if isinstance(model, TranslationModel):
        return _of_translation(model, given)
    if not isinstance(network := getattr(model, "network", None), Network):
        raise InputError(f"model must be one that recurra.load gives, got {type(model).__name__}")
    refuse_ensemble(model)
    if network.quantization_error is not None:
        raise InputError("model has rounded weights, whose gates can't be seen; trace it as it was loaded")
    layers: list[LayerTrace] = []
    output, depth = np.empty(0, np.float32), 0
    for part, x, after in network.walk(given.x[None]):
        output = after
        if isinstance(part, Words) and (stack := part.character_stack) is not None:
            layers += _of_characters(model, stack, _below(part.name, model.tensors), given.x[:, 1:])
        if isinstance(part, Recurrent):
            own = _below(part.name, model.tensors)
            layers += trace_stack(part.stack, own, x[:, 0], given.steps, first=depth + 1)
            depth += part.stack.num_layers
    return Trace(given, tuple(layers), output[0] if network.pools else output[:, 0])


def trace_stack(
    stack: Stack,
    p: Mapping[str, np.ndarray],
    x: np.ndarray,
    steps: Sequence[str],
    *,
    state: Mapping[str, np.ndarray] | None = None,
    prefix: str = "",
    first: int = 1,
) -> list[LayerTrace]:
    """The layers of a stack with parameters ``p`` over x (T, I) float32, called ``prefix``layer ``first``, ….

    ``state`` has the initial states (L·D, ·) by name; None is zeros.
    """
    found: list[LayerTrace] = []
    for run in stack.layers():
        if run.index and not run.index % stack.num_directions:
            x = np.concatenate([one.states["h"] for one in found[-stack.num_directions :]], axis=1)
        sizes = run.cell.state_sizes().items()
        start = {
            name: np.zeros((1, size), np.float32) if state is None else state[name][run.index][None]
            for name, size in sizes
        }
        gates, states = _run(run.cell, run.parameters(p), x, start, run.reverse)
        name = f"{prefix}layer {first + run.layer}{', backwards' * run.reverse}"
        found.append(LayerTrace(name, run.cell.name, tuple(steps), gates, states, _bounded(run.cell)))
    return found


def _run(
    cell: Cell,
    p: dict[str, np.ndarray],
    x: np.ndarray,
    state: dict[str, np.ndarray],
    reverse: bool,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The gates and the states of each step of x (T, I), by name."""
    T, p, noise = len(x), cell.with_zero_biases(np, p), cell.no_noise()
    letters = {letter: GATES[letter] for letter in cell.gates if letter in GATES}
    gates = {name: np.empty((T, cell.hidden_size), np.float32) for name in letters.values()}
    states = {name: np.empty((T, size), np.float32) for name, size in cell.state_sizes().items()}
    for t in reversed(range(T)) if reverse else range(T):
        state, saved = cell.step(np, p, x[t : t + 1], state, noise)
        for letter, name in letters.items():
            gates[name][t] = saved[letter]
        for name, array in state.items():
            states[name][t] = array
    return gates, states


def _bounded(cell: Cell) -> tuple[str, ...]:
    if isinstance(cell, LinearRecurrence):
        return ()
    candidate = (CANDIDATE,) if not isinstance(cell, Elman) else ()
    open_ended = (isinstance(cell, Elman) and cell.nonlinearity == "relu") or (
        isinstance(cell, LSTM) and cell.proj_size
    )
    return candidate if open_ended else (*candidate, "h")


def _of_characters(
    model: Any, stack: Stack, own: Mapping[str, np.ndarray], characters: np.ndarray
) -> list[LayerTrace]:
    """The ``stack`` over the characters (T, C), -1 past a word's end, of one word after the other."""
    vectors, p = own["character.weight"], _below("encoder", own)
    features: TextWords | WordFeatures = model.features
    names = (features.words if isinstance(features, TextWords) else features).characters
    words = [ids[ids >= 0] for ids in characters]
    traces = [
        trace_stack(stack, p, vectors[ids], [visible(names[place]) for place in ids], prefix="characters, ")
        for ids in words
        if len(ids)
    ]
    return [_joined(layer) for layer in zip(*traces)]


def _joined(parts: Sequence[LayerTrace]) -> LayerTrace:
    """One layer's traces, one after the other."""
    first = parts[0]
    return LayerTrace(
        first.name,
        first.cell,
        tuple(step for part in parts for step in part.steps),
        {name: np.concatenate([part.gates[name] for part in parts]) for name in first.gates},
        {name: np.concatenate([part.states[name] for part in parts]) for name in first.states},
        first.bounded,
    )


def _of_translation(model: TranslationModel, given: Given) -> Trace:
    network, tensors = model.network, model.tensors
    spec = EncoderDecoderSpec.from_dict(model.spec, most_layers=len(tensors))
    tokens = model.answer(given.x)
    table, x = tensors["decoder.embedding.weight"], given.x
    if spec.encoder.embedding is not None:
        x = (table if spec.shared else tensors["encoder.embedding.weight"])[given.x]
    layers = trace_stack(
        spec.encoder.layer, _below("encoder.layer", tensors), x, given.steps, prefix="encoder "
    )
    state = network.initial_state([given.x])
    start = {name: array[:, 0] for name, array in state.recurrent.items()}
    inputs, outputs = [], []
    for token in np.append(network.boundary, tokens):
        inputs.append(np.concatenate([table[token], state.feed[0]]))
        known, state = network.step(np.array([token]), state)
        outputs.append(known[0])
    layers += trace_stack(
        spec.decoder.layer,
        _below("decoder.layer", tensors),
        np.stack(inputs),
        written_tokens(model, tokens),
        state=start,
        prefix="decoder ",
    )
    return Trace(given, tuple(layers), np.stack(outputs))


def written_tokens(model: TranslationModel, tokens: np.ndarray) -> tuple[str, ...]:
    """What the decoder writes, and the end, for people."""
    names = [model.target.vocabulary[token] for token in tokens]
    return (*map(visible, texts_of(model.target, names)), BOUNDARY)


def _below(name: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        key.removeprefix(f"{name}."): array for key, array in tensors.items() if key.startswith(f"{name}.")
    }
