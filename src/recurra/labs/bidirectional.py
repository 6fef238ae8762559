"""Is «rose» a person or a flower? What a word means may be said only after it.

«then rose quietly wilted», «then rose quietly smiled»: the verb tells, up to three words later. In «then
mister rose stayed» and «then the rose stayed» the word before tells. An LSTM that reads from the left, one
from the right and one of both directions say, at the word, whether it is a name; and the one from the left is
also let wait for some words before it answers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import Embedding, Linear

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

NAMES = ["rose", "grace", "mark", "bill", "will", "frank", "hope", "daisy", "olive", "basil"]
ADVERBS = ["quietly", "slowly", "again", "soon", "there", "often", "finally"]
PERSONS = ["smiled", "sang", "wrote", "laughed", "apologised"]
THINGS = ["wilted", "expired", "rusted", "melted", "crumbled"]
WORDS = ["", "then", "mister", "the", "stayed", *NAMES, *ADVERBS, *PERSONS, *THINGS]
WAIT = 4  # words after the name by which any verb has come
SENTENCES, TESTS, EPOCHS, RATE, H = 1500, 2000, 12, 0.01, 24
AFTER, BEFORE = "told after the word", "told before the word"
SIDES = {AFTER: "right", BEFORE: "left"}
READERS = {"from the left": slice(0, H), "from the right": slice(H, 2 * H), "both ways": slice(0, 2 * H)}

Example = tuple[list[str], int, bool]  # words, where the name stands, whether it is one


def sentence(random: np.random.Generator, side: str) -> Example:
    """One sentence in which the word left or right of the name tells what it is."""
    name, verb = random.choice(NAMES), "stayed"
    between = list(random.choice(ADVERBS, random.integers(0, WAIT)))
    is_name = bool(random.integers(2))
    before = ["then"]
    if side == "left":
        before.append("mister" if is_name else "the")
    else:
        verb = random.choice(PERSONS if is_name else THINGS)
    return [*before, name, *between, verb], len(before), is_name


def encode(examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Words (N, T), zero past each length (N,), with places and answers (N,)."""
    rows = [torch.tensor([WORDS.index(word) for word in words]) for words, _, _ in examples]
    _, places, answers = zip(*examples)
    x = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return x, lengths, torch.tensor(places), torch.tensor(answers, dtype=torch.float32)


class Reader(torch.nn.Module):
    """s = v · [→h_p ; ←h_p] + b at the name's place p or ``wait`` words after it, or of one direction."""

    def __init__(self, directions: slice, wait: int = 0) -> None:
        super().__init__()
        self.directions, self.wait = directions, wait
        self.embedding = Embedding(len(WORDS), 12, padding_idx=0)
        self.lstm = nn.LSTM(12, H, batch_first=True, bidirectional=True)
        self.head = Linear(directions.stop - directions.start, 1)

    def forward(self, x: Tensor, lengths: Tensor, places: Tensor) -> Tensor:
        x = torch.nn.functional.pad(x, (0, self.wait))
        output, _ = self.lstm(self.embedding(x), lengths=lengths + self.wait)
        return self.head(output[torch.arange(len(x)), places + self.wait, self.directions])[:, 0]


def learn(reader: Reader, examples: Sequence[Example], epochs: int) -> None:
    x, lengths, places, answers = encode(examples)
    optimiser = torch.optim.Adam(reader.parameters(), lr=RATE)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            scores = reader(x[rows], lengths[rows], places[rows])
            optimiser.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(scores, answers[rows]).backward()
            optimiser.step()


@torch.no_grad()
def told(reader: Reader, examples: Sequence[Example]) -> float:
    """The share of names and words that it tells right."""
    *given, answers = encode(examples)
    return float(((reader(*given) > 0) == answers.bool()).double().mean())


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    epochs = max(1, round(EPOCHS * budget))
    right = {reader: {side: [] for side in SIDES} for reader in READERS}
    waiting: list[list[float]] = []
    for seed in seeds:
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        seen = [sentence(random, side) for side in SIDES.values() for _ in range(SENTENCES // 2)]
        tests = {name: [sentence(random, side) for _ in range(TESTS)] for name, side in SIDES.items()}
        for name, directions in READERS.items():
            reader = Reader(directions)
            learn(reader, seen, epochs)
            for side, examples in tests.items():
                right[name][side].append(told(reader, examples))
        after = [right["from the left"][AFTER][-1]]
        for wait in range(1, WAIT + 1):
            reader = Reader(READERS["from the left"], wait)
            learn(reader, seen, epochs)
            after.append(told(reader, tests[AFTER]))
        waiting.append(after)
    return found(list(seeds), right, np.array(waiting))


def found(seeds: list[int], right: dict[str, dict[str, list[float]]], waiting: np.ndarray) -> Result:
    """``waiting`` (seeds, 1 + WAIT): right answers of the reader from the left, by words waited."""
    expected = 0.5 + 0.5 * np.arange(WAIT + 1) / WAIT
    left, backwards, both = right.values()
    blind = [*left[AFTER], *backwards[BEFORE]]
    sure = [*left[BEFORE], *backwards[AFTER], *both[AFTER], *both[BEFORE]]
    off = float(np.abs(waiting - expected).max())
    return Result(
        tables=[
            Table(
                "Share told right, at the word itself",
                ["reader", *SIDES],
                [[name, *(float(np.mean(of[side])) for side in SIDES)] for name, of in right.items()],
                f"Means of {len(seeds)} seeds; half of the words are names.",
            ),
            Table(
                "From the left, told after the word: share right by words waited",
                ["words waited", "share right", "verbs that have come"],
                [[wait, float(waiting[:, wait].mean()), wait / WAIT] for wait in range(WAIT + 1)],
                "Who has not read the verb can only guess.",
            ),
        ],
        pictures=[
            Picture(
                "What waiting is worth",
                waiting_figure(waiting.mean(0), expected, float(np.mean(both[AFTER]))),
                NOTE,
            )
        ],
        checks=[
            Check(
                "Who has not read the word that tells must guess: on every seed within 6 points of 50 %.",
                max(abs(share - 0.5) for share in blind) <= 0.06,
                f"{min(blind):.1%} to {max(blind):.1%} right.",
            ),
            Check(
                "Who has read it knows, and one of two directions always has: at least 99 % right.",
                min(sure) >= 0.99,
                f"{min(sure):.1%} to {max(sure):.1%} right.",
            ),
            Check(
                "Waiting is worth the verbs that it lets come: within 8 points of knowing these and guessing "
                "at the others, on every seed.",
                off <= 0.08,
                f"At most {100 * off:.1f} points off.",
            ),
        ],
        data={"seeds": seeds, "right": right, "waiting": waiting.tolist(), "expected": expected.tolist()},
    )


NOTE = "The verb comes one to four words after the name; who waits for it can do without the other direction."


def waiting_figure(shares: np.ndarray, expected: np.ndarray, both: Any) -> Any:
    words = np.arange(WAIT + 1)
    traces = [
        line(
            words, np.full(WAIT + 1, both), "both ways, at the word", "var(--seasonal)", width=2, dash="dot"
        ),
        line(words, expected, "if it guesses until it reads the verb", "var(--soft)", width=1.5, dash="dash"),
        line(words, shares, "from the left", "var(--model)", width=2.4),
    ]
    return figure(
        traces,
        x={"title": "words waited", "dtick": 1, "range": [-0.1, WAIT + 0.1]},
        y={"tickformat": ".0%", "hoverformat": ".1%", "title": "told right"},
    )


LAB = Lab(
    name="bidirectional",
    title="Is «rose» a person, when only the next words say so?",
    claim="At the word, a reader from the left can only guess what is said after it, and one from the right "
    "what is said before it; with both directions nothing is missed. From the left it takes waiting.",
    run=run,
)
