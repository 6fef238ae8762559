"""A language model over words, after PyTorch's word_language_model example, with torch.nn's layers or ours.

    python examples/word_language_model.py TEXT [--accelerate]

Embedding, LSTM, linear layer. The text is cut into parallel streams; training walks along them in short
pieces and carries the state from piece to piece without its gradient (truncated backpropagation through
time). With --accelerate the same model runs on Recurra's layers: nothing else changes, nor do the losses.
"""

import argparse
import logging
import math
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from recurra.nn import accelerate


class WordModel(torch.nn.Module):
    """Scores of the next word, and the LSTM's state, after each word of (T, N) and a state."""

    def __init__(self, words: int, size: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)
        self.embedding = torch.nn.Embedding(words, size)
        self.lstm = torch.nn.LSTM(size, size, layers, dropout=dropout)
        self.head = torch.nn.Linear(size, words)
        torch.nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        torch.nn.init.uniform_(self.head.weight, -0.1, 0.1)
        torch.nn.init.zeros_(self.head.bias)

    def forward(
        self, words: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        output, new_state = self.lstm(self.dropout(self.embedding(words)), state)
        return self.head(self.dropout(output)), new_state


def read_words(text: str, limit: int) -> tuple[Tensor, int]:
    """The text as numbers of words, line ends among them, and how many words there are; 0 is any rare one."""
    words = re.findall(r"[\w']+|[^\w\s]|\n", text.lower())
    common = [word for word, _ in Counter(words).most_common(limit - 1)]
    numbers = {word: k for k, word in enumerate(common, 1)}
    return torch.tensor([numbers.get(word, 0) for word in words]), len(numbers) + 1


def pieces(words: Tensor, streams: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Words and their successors, each (steps, streams), along all streams and then from the start again."""
    length = len(words) // streams
    if length < 2:
        raise ValueError(f"a text for {streams} streams must have {2 * streams} words, got {len(words)}")
    table = words[: length * streams].view(streams, length).T
    while True:
        for start in range(0, length - 1, steps):
            stop = min(start + steps, length - 1)
            yield table[start:stop], table[start + 1 : stop + 1]


def train(model: WordModel, words: Tensor, settings: argparse.Namespace) -> Iterator[float]:
    """Walk along the text, and yield the loss of each piece before its step."""
    model.train()
    optimiser = torch.optim.SGD(model.parameters(), settings.learning_rate)
    state = None
    along = pieces(words, settings.streams, settings.piece)
    for _, (given, wanted) in zip(range(settings.updates), along):
        if state is not None:
            state = tuple(tensor.detach() for tensor in state)
        scores, state = model(given, state)
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), wanted.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimiser.step()
        yield loss.item()


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    data = os.environ.get("RECURRA_DATA")
    default = Path(data) / "text/tinyshakespeare.txt" if data else None
    parser = argparse.ArgumentParser(description="Train a language model over words.")
    parser.add_argument("text", nargs="?", type=Path, default=default, help="a plain text file")
    parser.add_argument("--accelerate", action="store_true", help="run on Recurra's layers")
    parser.add_argument("--size", type=int, default=200, help="width of embedding and LSTM")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--vocabulary", type=int, default=10_000, help="words at most; the rest are one")
    parser.add_argument("--streams", type=int, default=20, help="how many places are read at once")
    parser.add_argument("--piece", type=int, default=35, help="steps between updates")
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--learning-rate", type=float, default=1.0)
    parser.add_argument("--clip", type=float, default=0.25, help="largest norm of the gradient")
    parser.add_argument("--seed", type=int, default=1)
    settings = parser.parse_args(arguments)
    if settings.text is None:
        parser.error("name a text file, or set RECURRA_DATA")
    return settings


def losses(settings: argparse.Namespace) -> Iterator[float]:
    """The losses of the run that these settings describe, one by one."""
    words, count = read_words(settings.text.read_text(encoding="utf-8"), settings.vocabulary)
    torch.manual_seed(settings.seed)
    model = WordModel(count, settings.size, settings.layers, settings.dropout)
    if settings.accelerate:
        accelerate(model)
    yield from train(model, words, settings)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = parse()
    begin, recent = time.perf_counter(), []
    for update, loss in enumerate(losses(settings), 1):
        recent.append(loss)
        if update % 20 == 0 or update == settings.updates:
            mean = sum(recent) / len(recent)
            seconds = (time.perf_counter() - begin) / update
            print(
                f"update {update:5}  loss {mean:6.3f}  perplexity {math.exp(mean):9.2f}  {seconds:.3f} s each"
            )
            recent.clear()


if __name__ == "__main__":
    main()
