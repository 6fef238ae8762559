"""What does the order of words say? «the movie was not good», «dog bites man» and «man bites dog».

Sentences of three kinds come in pairs of a right and a wrong one: one clause with «not» or without; two
clauses, of which the second counts; who bites whom. The last two kinds are twins: the same words, in another
order. Three readers learn them: weights on words, a net over the mean of word vectors, and an Elman RNN.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import Embedding, Linear, ReLU, Sequential

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

NOUNS = ["movie", "plot", "acting", "ending", "music", "cast", "script", "camera"]
GOOD, BAD = ["good", "great", "fine", "funny", "clever"], ["bad", "dull", "weak", "awful", "boring"]
BEASTS = ["dog", "cat", "snake", "horse", "goose", "pig", "rat", "bee"]
PEOPLE = ["man", "woman", "boy", "girl", "nurse", "pilot", "baker", "judge"]
VERBS = ["bites", "chases", "sees", "hears", "follows", "hits"]
WORDS = ["", "the", "was", "not", "but", *NOUNS, *GOOD, *BAD, *BEASTS, *PEOPLE, *VERBS]
EXAMPLES = ["the movie was good", "the movie was not good", "the movie was bad", "the movie was not bad"]
PAIRS, EPOCHS, RATE = 240, 40, 0.01

CLAUSES = [
    (f"the {noun} was {n}{word}", f"the {noun} was {other}{word}")
    for noun, (words, n, other) in product(NOUNS, [(GOOD, "", "not "), (BAD, "not ", "")])
    for word in words
]
KINDS = {
    "«not»": CLAUSES,
    "two clauses": [(f"{b} but {c}", f"{c} but {b}") for (_, b), (c, _) in product(CLAUSES, CLAUSES)],
    "who bites": [
        (f"the {a} {v} the {b}", f"the {b} {v} the {a}") for a, v, b in product(PEOPLE, VERBS, BEASTS)
    ],
}


class Bag(torch.nn.Module):
    """s = Σ_t w[x_t]"""

    def __init__(self) -> None:
        super().__init__()
        self.weights = Embedding(len(WORDS), 1, padding_idx=0)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002
        return self.weights(x).sum(1)[:, 0]


class MeanNet(torch.nn.Module):
    """s = v · ReLU(W mean_t e[x_t] + b)"""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = Embedding(len(WORDS), 16, padding_idx=0)
        self.net = Sequential(Linear(16, 32), ReLU(), Linear(32, 1))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return self.net(self.embedding(x).sum(1) / lengths[:, None])[:, 0]


class Reader(torch.nn.Module):
    """h_t = tanh(W_ih e[x_t] + W_hh h_{t−1} + b), s_t = v · h_t; the last s is the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = Embedding(len(WORDS), 16, padding_idx=0), Linear(32, 1)
        self.rnn = nn.RNN(16, 32, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(x), lengths=lengths)[1][0])[:, 0]


READERS = {"bag of words": Bag, "net over the mean": MeanNet, "RNN": Reader}


def encode(sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Places in WORDS (N, T), zero past each length (N,)."""
    rows = [torch.tensor([WORDS.index(word) for word in sentence.split()]) for sentence in sentences]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def sentences(pairs: Sequence[tuple[str, str]]) -> tuple[Tensor, Tensor, Tensor]:
    """All the right ones, then all the wrong ones: words, lengths and answers."""
    rights, wrongs = zip(*pairs)
    return *encode([*rights, *wrongs]), torch.tensor([1.0, 0.0]).repeat_interleave(len(pairs))


def learn(reader: torch.nn.Module, pairs: Sequence[tuple[str, str]], epochs: int) -> None:
    x, lengths, y = sentences(pairs)
    optimiser = torch.optim.Adam(reader.parameters(), lr=RATE)
    for _ in range(epochs):
        for rows in torch.randperm(len(y)).split(32):
            scores = reader(x[rows], lengths[rows])
            optimiser.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(scores, y[rows]).backward()
            optimiser.step()


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    right = {kind: {name: [] for name in READERS} for kind in KINDS}
    apart = {kind: {name: [] for name in READERS} for kind in KINDS}
    watched = []
    for seed in seeds:
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        for kind, pairs in KINDS.items():
            unlike = [pair for pair in pairs if not set(pair) & set(EXAMPLES)]
            chosen = [unlike[place] for place in random.permutation(len(unlike))[:PAIRS]]
            seen, unseen = chosen[len(chosen) // 3 :], chosen[: len(chosen) // 3]
            x, lengths, y = sentences(unseen)
            for name, make in READERS.items():
                reader = make()
                learn(reader, seen, max(1, round(EPOCHS * budget)))
                with torch.no_grad():
                    scores = reader(x, lengths)
                    if kind == "«not»" and name == "RNN":
                        watched.append([after_each_word(reader, text) for text in EXAMPLES])
                right[kind][name].append(float(((scores > 0) == y.bool()).double().mean()))
                apart[kind][name].append(float((scores[: len(unseen)] - scores[len(unseen) :]).abs().max()))
    blind = [
        (kind, name)
        for kind in ("two clauses", "who bites")
        for name in ("bag of words", "net over the mean")
    ]
    shares, gap = [right[k][n] for k, n in blind], max(max(apart[k][n]) for k, n in blind)
    read = min(min(of["RNN"]) for of in right.values())
    bag = max(right["«not»"]["bag of words"])
    signs = [[scores[-1] > 0 for scores in each] for each in watched]
    flips = sum(sign == [True, False, False, True] for sign in signs)
    return Result(
        tables=[
            Table(
                "Share of unseen sentences told right",
                ["sentences", *READERS],
                [[kind, *(float(np.mean(of[name])) for name in READERS)] for kind, of in right.items()],
                f"Means over {len(seeds)} seeds. Half of the sentences are right and half wrong.",
            ),
            Table(
                "The RNN's score after each word",
                ["sentence", "above 0 is praise"],
                [[t, " → ".join(f"{s:+.1f}" for s in scores)] for t, scores in zip(EXAMPLES, watched[0])],
                f"Seed {seeds[0]}; none of the four was in training.",
            ),
        ],
        pictures=[Picture("The score after each word", score_figure(watched[0]), NOTE)],
        checks=[
            Check(
                "The RNN tells all three kinds of sentences, at least 98 % right on every seed.",
                read >= 0.98,
                f"At least {read:.1%} right.",
            ),
            Check(
                "The bag and the net give twins one score, and so are half right, on every seed.",
                gap < 1e-4 and bool(np.all(np.equal(shares, 0.5))),
                f"Twins' scores differ by at most {gap:.0e}, and {np.mean(shares):.1%} are right.",
            ),
            Check(
                "Weights on words can't learn «not» either: at most three in four right, on every seed.",
                bag <= 0.75,
                f"At most {bag:.1%} right.",
            ),
            Check(
                "After «not» the RNN takes «good» for blame and «bad» for praise, on every seed.",
                flips == len(seeds),
                f"All four examples have the right sign on {flips} of {len(seeds)} seeds.",
            ),
        ],
        data={"right": right, "twins_apart": apart, "examples": EXAMPLES, "scores": watched},
    )


NOTE = "What a word does to the score depends on the state that it meets: after «not» (dashed) the opposite."


def after_each_word(reader: Reader, text: str) -> list[float]:
    x, _ = encode([text])
    return reader.head(reader.rnn(reader.embedding(x))[0])[0, :, 0].tolist()


def score_figure(scores: Sequence[Sequence[float]]) -> Any:
    traces = []
    for text, values, colour in zip(EXAMPLES, scores, ["var(--model)"] * 2 + ["var(--last)"] * 2):
        places, dash = ([0, 1, 2, 3, 4], "dash") if "not" in text else ([0, 1, 2, 4], "solid")
        name = text.removeprefix("the movie ")
        traces.append(line(np.array(places), np.array(values), name, colour, width=2.4, dash=dash))
    words = {"tickvals": list(range(5)), "ticktext": ["the", "movie", "was", "not", "good or bad"]}
    return figure(traces, x={**words, "range": [-0.2, 4.4]}, y={"title": "score"})


LAB = Lab(
    name="negation",
    title="Who hears that «dog bites man» is not «man bites dog»?",
    claim="A bag of words, or a net over the mean of word vectors, can't tell «dog bites man» from «man "
    "bites dog»; an RNN can, and after «not» it takes «good» for its opposite.",
    run=run,
)
