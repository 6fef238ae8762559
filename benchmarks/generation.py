"""Characters a second that a language model writes, beside the loop that PyTorch's users write.

    python -m benchmarks.generation --threads 1

One process, both on the same weights: an LSTM of 512 over 65 characters. First their probabilities are
compared, then both write by turns; medians and their ratio are printed, for weights as they are and rounded.
"""

import argparse
import statistics
import string
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from recurra import quantize
from recurra.data import TextFeatures
from recurra.runtime.language import TextModel
from recurra.runtime.network_artifact import network_artifact
from recurra.tasks.language_network import LanguageNetwork, LanguageSettings

CHARACTERS, EMBEDDING, HIDDEN = string.ascii_letters + string.digits + "\n .", 128, 512


class Loop(torch.nn.Module):
    """An embedding, torch.nn.LSTM and a linear head, one character at a time."""

    def __init__(self, network: LanguageNetwork, symbols: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(symbols, EMBEDDING)
        self.layer = torch.nn.LSTM(EMBEDDING, HIDDEN)
        self.head = torch.nn.Linear(HIDDEN, symbols)
        weights = {name.replace("layers.0.", "layer."): own for name, own in network.state_dict().items()}
        self.load_state_dict(weights)

    def forward(
        self, token: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        output, after = self.layer(self.embedding(token)[None], state)
        return self.head(output[0]), after

    @torch.inference_mode()
    def write(self, length: int) -> None:
        """Draw that many characters."""
        token, state = torch.zeros(1, dtype=torch.long), None
        for _ in range(length):
            logits, state = self(token, state)
            token = torch.multinomial(torch.softmax(logits[0], 0), 1)


def models() -> tuple[TextModel, Loop]:
    """The same network twice."""
    features = TextFeatures.fit([CHARACTERS], level="char")
    settings = LanguageSettings(EMBEDDING, "lstm", HIDDEN, 1, False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    network = LanguageNetwork(settings, symbols=features.size + 1, keys=0, seed=0).eval()
    preprocessing = {"features": features.to_dict(), "ends": False, "lines": False, "column": None}
    artifact = network_artifact(
        TextModel.task,
        network.parts(),
        network.tensors(),
        preprocessing,
        output="logits",
        history={},
        card={},
    )
    return TextModel(artifact), Loop(network, features.size + 1).eval()


def check(model: TextModel, loop: Loop) -> None:
    """Raise AssertionError unless both give every next character the same probability."""
    stream, token, state = model.stream(), torch.tensor([model.boundary]), None
    for step in range(100):
        with torch.inference_mode():
            logits, state = loop(token, state)
        theirs = torch.log_softmax(logits[0].double(), 0).numpy()
        np.testing.assert_allclose(stream.log_probabilities, theirs, atol=1e-4)
        token = torch.tensor([step % model.boundary])
        stream.step(int(token))


def seconds(write: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    write()
    return time.perf_counter() - start


def main() -> None:
    """Time both, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch; ours has one")
    parser.add_argument("--length", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=11)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model, loop = models()
    check(model, loop)
    length = arguments.length
    writers: dict[str, Callable[[], object]] = {"torch.nn, float32": lambda: loop.write(length)}
    for name, own in {
        "float32": model,
        "bfloat16": quantize(model, "bfloat16"),
        "int8": quantize(model, "int8"),
    }.items():
        writers[f"Recurra, {name}"] = lambda own=own: own.generate(length=length)
    times: dict[str, list[float]] = {name: [] for name in writers}
    for turn in range(arguments.rounds + 1):
        for name, write in writers.items():
            taken = seconds(write)
            if turn:  # the first warms up
                times[name].append(taken)
    medians = {name: statistics.median(own) for name, own in times.items()}
    table = Table("", "characters a second", "times as many")
    for name, median in medians.items():
        table.add_row(name, f"{length / median:,.0f}", f"{medians['torch.nn, float32'] / median:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
