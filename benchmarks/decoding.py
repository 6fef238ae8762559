"""Sentences a second that an encoder-decoder writes, beside the loops that PyTorch's users write.

    python -m benchmarks.decoding --threads 1

One process, all on the same weights: a GRU of 512 with additive attention over 6,000 symbols, from sources of
14 symbols to texts of 15. First what they write is compared, greedy and with a beam of 5, then they write by
turns, ten sources one by one or 64 at once; medians and their ratios are printed.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from recurra.decoding import Beam, beam_search
from recurra.runtime.encoder_decoder import EncoderDecoder
from recurra.tasks.seq2seq_defaults import DEFAULTS
from recurra.tasks.seq2seq_network import Seq2SeqNetwork

SYMBOLS, SOURCE, LENGTH, BEAM = 6000, 14, 15, 5
START = SYMBOLS  # stands before and after a text


class Loop(torch.nn.Module):
    """Embeddings, torch.nn.GRU, additive attention with input feeding, and a head that shares its table."""

    def __init__(self, network: Seq2SeqNetwork) -> None:
        super().__init__()
        E, H = DEFAULTS.embedding_size, DEFAULTS.hidden_size
        self.source = torch.nn.Embedding(SYMBOLS, E)
        self.encoder = torch.nn.GRU(E, H // 2, bidirectional=True)
        self.bridge = torch.nn.Linear(H, H)
        self.target = torch.nn.Embedding(SYMBOLS + 1, E)
        self.decoder = torch.nn.GRU(E + E, H)
        self.query, self.key = (torch.nn.Linear(H, H, bias=False) for _ in range(2))
        self.score = torch.nn.Linear(H, 1, bias=False)
        self.combine = torch.nn.Linear(2 * H, E, bias=False)
        self.bias = torch.nn.Parameter(torch.zeros(SYMBOLS + 1))
        places = {
            "encoder.embedding.weight": "source.weight",
            "bridge.h_l0.weight": "bridge.weight",
            "bridge.h_l0.bias": "bridge.bias",
            "decoder.embedding.weight": "target.weight",
            "decoder.output.bias": "bias",
        }
        prefixes = {"encoder.layer.": "encoder.", "decoder.layer.": "decoder.", "decoder.attention.": ""}
        weights = {}
        for name, array in network.tensors().items():
            for prefix, own in prefixes.items():
                if name.startswith(prefix):
                    places[name] = own + name.removeprefix(prefix)
            weights[places.get(name, name.removeprefix("decoder."))] = torch.from_numpy(array)
        self.load_state_dict(weights)

    def read(self, source: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Values and keys of the source (S,), and the state and what is fed before the first step."""
        values, state = self.encoder(self.source(source)[:, None])
        state = torch.tanh(self.bridge(torch.cat([state[0], state[1]], -1)))[None]
        return values[:, 0], self.key(values[:, 0]), state, torch.zeros(1, DEFAULTS.embedding_size)

    def step(
        self, tokens: Tensor, values: Tensor, keys: Tensor, state: Tensor, feed: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities (R, V) of what follows ``tokens`` (R,), the new state and what is fed."""
        output, state = self.decoder(torch.cat([self.target(tokens), feed], -1)[None], state)
        scores = self.score(torch.tanh(self.query(output[0])[:, None] + keys)).squeeze(-1)
        context = torch.softmax(scores, -1) @ values
        feed = torch.tanh(self.combine(torch.cat([context, output[0]], -1)))
        logits = feed @ self.target.weight.T + self.bias
        logits[:, 0] = logits[:, START] = -torch.inf
        return torch.log_softmax(logits, -1), state, feed

    @torch.inference_mode()
    def greedy(self, source: Tensor) -> list[int]:
        """The most probable symbol at each step."""
        values, keys, state, feed = self.read(source)
        token, written = torch.tensor([START]), []
        for _ in range(LENGTH):
            scores, state, feed = self.step(token, values, keys, state, feed)
            token = scores.argmax(-1)
            written.append(int(token))
        return written

    @torch.inference_mode()
    def beam(self, source: Tensor) -> list[int]:
        """The best of the texts that a beam keeps."""
        values, keys, state, feed = self.read(source)
        token, total, written = torch.tensor([START]), torch.zeros(1), torch.empty(1, 0, dtype=torch.long)
        for _ in range(LENGTH):
            scores, state, feed = self.step(token, values, keys, state, feed)
            total, best = (total[:, None] + scores).flatten().topk(BEAM)
            rows, token = best // (SYMBOLS + 1), best % (SYMBOLS + 1)
            state, feed = state[:, rows], feed[rows]
            written = torch.cat([written[rows], token[:, None]], 1)
        return written[total.argmax()].tolist()


def write(model: EncoderDecoder, sources: list[np.ndarray], size: int, threads: int) -> list[list[int]]:
    """What ours writes of the sources, all at once."""
    # The end is forbidden, as in the loops: the weights are random, and a text ends where they will.
    found = beam_search(
        model,
        model.initial_state(sources, threads=threads),
        len(sources),
        Beam(size, length_penalty=0.0),
        start=START,
        end=START,
        never=(0, START),
        max_lengths=np.full(len(sources), LENGTH),
    )
    return [own[0].tokens.tolist() for own in found]


def main() -> None:
    """Time all, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1, help="of either")
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = Seq2SeqNetwork(
        DEFAULTS, source=SYMBOLS, source_size=0, symbols=SYMBOLS + 1, shared=False, steps=1, seed=0
    )
    with torch.no_grad():
        network.decoder.embedding.weight.mul_(10)  # so that what comes next is clear, as in a trained one
    model, loop = EncoderDecoder(network.spec(), network.tensors()), Loop(network)

    def ours(sources: list[np.ndarray], size: int) -> list[list[int]]:
        return write(model, sources, size, arguments.threads)

    sources = list(np.random.default_rng(0).integers(1, SYMBOLS, (64, SOURCE)))
    for source in sources[:10]:
        assert loop.greedy(torch.from_numpy(source)) == ours([source], 1)[0]
        assert loop.beam(torch.from_numpy(source)) == ours([source], BEAM)[0]
    ten, theirs = sources[:10], [torch.from_numpy(source) for source in sources[:10]]
    writers: dict[str, tuple[int, Callable[[], object]]] = {
        "torch.nn, greedy": (10, lambda: [loop.greedy(one) for one in theirs]),
        "Recurra, greedy": (10, lambda: [ours([one], 1) for one in ten]),
        f"torch.nn, beam {BEAM}": (10, lambda: [loop.beam(one) for one in theirs]),
        f"Recurra, beam {BEAM}": (10, lambda: [ours([one], BEAM) for one in ten]),
        f"Recurra, beam {BEAM}, 64 sources at once": (64, lambda: ours(sources, BEAM)),
    }
    times: dict[str, list[float]] = {name: [] for name in writers}
    for turn in range(arguments.rounds + 1):
        for name, (count, run) in writers.items():
            start = time.perf_counter()
            run()
            if turn:  # the first warms up
                times[name].append((time.perf_counter() - start) / count)
    medians = {name: statistics.median(own) for name, own in times.items()}
    peers = {kind: medians[f"torch.nn, {kind}"] for kind in ("greedy", f"beam {BEAM}")}
    table = Table("", "sentences a second", *(f"times {kind} of torch.nn" for kind in peers))
    for name, median in medians.items():
        table.add_row(name, f"{1 / median:,.0f}", *(f"{peer / median:.1f}" for peer in peers.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
