"""What does a network write that has learnt letters alone? Python's own manual, one character at a time.

An LSTM learns which character follows which in the prose of Python's help texts. While it learns, it writes:
at each step it draws a character from what it believes. A word that stands nowhere in the texts is nonsense;
how sure was the network of it, letter by letter?
"""

import re
from collections.abc import Sequence
from pydoc_data.topics import topics
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import Embedding, Linear
from torch.nn.functional import cross_entropy

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

H, ROWS, STEPS, RATE = 128, 32, 64, 0.005
MOMENTS = [0, 50, 100, 200, 400, 800]  # updates after which it writes
TEXTS, LENGTH = 60, 300
KNOWN = frozenset(re.findall(r"[a-z]+", " ".join(topics.values()).lower()))


def prose() -> str:
    """The paragraphs that are mostly words, in lower case, a line each."""
    lines = []
    for part in re.split(r"\n\s*\n", "\n\n".join(topics.values())):
        paragraph = " ".join(part.lower().split())
        kept = re.sub(r"[^a-z ,.;:'()-]", "", paragraph)
        if len(kept) > 80 and len(kept) > 0.95 * len(paragraph):
            lines.append(re.sub(" +", " ", kept))
    return "\n".join(dict.fromkeys(lines))


class Writer(torch.nn.Module):
    """p(x_{t+1} | x_1 … x_t) = softmax(W h_t + b) with h of an LSTM."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.embedding, self.lstm, self.head = Embedding(symbols, 32), nn.LSTM(32, H), Linear(H, symbols)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        output, state = self.lstm(self.embedding(x), state)
        return self.head(output), state

    @torch.no_grad()
    def write(self, first: int, temperature: float) -> tuple[Tensor, Tensor]:
        """TEXTS of LENGTH characters that follow ``first``, and the probability of each: (LENGTH, TEXTS)."""
        x, state = torch.full((1, TEXTS), first), None
        drawn, sure = [], []
        for _ in range(LENGTH):
            scores, state = self(x, state)
            p = scores[0].softmax(-1)
            x = torch.multinomial((scores[0] / temperature).softmax(-1), 1).T
            drawn.append(x[0])
            sure.append(p.gather(1, x.T)[:, 0])
        return torch.stack(drawn), torch.stack(sure)


def words(texts: Sequence[str], sure: np.ndarray) -> list[tuple[str, float]]:
    """Whole words of three letters or more, with the geometric mean of their letters' probabilities."""
    return [
        (match[0], float(np.exp(np.log(sure[row, match.start() : match.end()]).mean())))
        for row, text in enumerate(texts)
        for match in re.finditer(r"(?<=[ \n(])[a-z]{3,}(?=[ ,.;:)\n])", text)
    ]


def invented(found: Sequence[tuple[str, float]]) -> float:
    """The share of words that stand nowhere in the texts."""
    return float(np.mean([word not in KNOWN for word, _ in found])) if found else 1.0


def batches(ids: Tensor) -> Any:
    """Stretches (STEPS, ROWS) of ROWS places of the text, and what follows each; None at its start."""
    length = (len(ids) - 1) // ROWS
    x, y = (ids[first : first + length * ROWS].view(ROWS, length).T for first in (0, 1))
    while True:
        yield None
        for begin in range(0, length - STEPS, STEPS):
            yield x[begin : begin + STEPS], y[begin : begin + STEPS]


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    text = prose()
    alphabet = sorted(set(text))
    ids = torch.tensor([alphabet.index(character) for character in text])
    cut = len(ids) * 9 // 10
    moments = [round(moment * budget) for moment in MOMENTS]
    first = alphabet.index("\n")

    def look(model: Writer, temperature: float) -> tuple[list[str], list[tuple[str, float]]]:
        drawn, sure = model.write(first, temperature)
        texts = ["".join(alphabet[place] for place in row) for row in drawn.T.tolist()]
        return texts, words(texts, sure.T.numpy())

    looks, losses, cold, samples = [], [], [], []
    for seed in seeds:
        torch.manual_seed(seed)
        model, source, state = Writer(len(alphabet)), batches(ids[:cut]), None
        optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
        seen, held_out, done = [], [], 0
        for moment in moments:
            while done < moment:
                if (stretch := next(source)) is None:
                    state = None
                    continue
                scores, state = model(stretch[0], state)
                state = tuple(part.detach() for part in state)
                optimiser.zero_grad()
                cross_entropy(scores.flatten(0, 1), stretch[1].flatten()).backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                done += 1
            texts, found_words = look(model, 1.0)
            seen.append(found_words)
            with torch.no_grad():
                scores, _ = model(ids[cut:-1, None])
            held_out.append(float(cross_entropy(scores[:, 0], ids[cut + 1 :])))
            samples.append(texts[0][:160].replace("\n", " ¶ "))
        looks.append(seen)
        losses.append(held_out)
        cold.append(invented(look(model, 0.5)[1]))
    return found(list(seeds), moments, looks, np.array(losses), np.array(cold), samples, 1 / len(alphabet))


def found(
    seeds: list[int],
    moments: list[int],
    looks: list[list[list[tuple[str, float]]]],
    losses: np.ndarray,
    cold: np.ndarray,
    samples: list[str],
    chance: float,
) -> Result:
    """``looks``: of each seed at each moment the words, with what each letter's probability was."""
    share = np.array([[invented(words) for words in seen] for seen in looks])
    nonsense = np.array([[sureness(words, known=False) for words in seen] for seen in looks])
    known = np.array([[sureness(words, known=True) for words in seen] for seen in looks])
    past = np.array([passing(seen[-1]) for seen in looks])
    last = [(word, p) for word, p in looks[0][-1] if word not in KNOWN and len(word) > 5]
    surest = sorted(dict(last).items(), key=lambda pair: -pair[1])[:15]
    rows = [
        [moment, *(float(of[:, place].mean()) for of in (losses, share, nonsense, known))]
        for place, moment in enumerate(moments)
    ]
    columns = ["updates", "loss, nats a letter", "invented words", "p of a letter in them", "in known words"]
    return Result(
        tables=[
            Table(
                "While it learns", columns, rows, f"Means of {len(seeds)} seeds; the loss is of unseen text."
            ),
            Table(
                "The invented words that it was surest of",
                ["word", "p of a letter"],
                surest,
                f"Seed {seeds[0]}.",
            ),
        ],
        pictures=[
            Picture("Nonsense while it learns", nonsense_figure(moments, share, nonsense, known), PICTURE)
        ],
        checks=[
            Check(
                f"After {moments[1]} updates over 80 % of words are invented, after {moments[-1]} under 40, "
                "on every seed.",
                bool(share[:, 1].min() > 0.8 and share[:, -1].max() < 0.4),
                f"{percents(share[:, 1])}; then {percents(share[:, -1])}.",
            ),
            Check(
                "Of what it still invents it is surer: by half at least, letter for letter, on every seed.",
                bool(np.all(nonsense[:, -1] >= 1.5 * nonsense[:, 1])),
                f"{listed(nonsense[:, 1])} becomes {listed(nonsense[:, -1])}; a guess has {chance:.3f}.",
            ),
            Check(
                "Sureness does not give nonsense away: of one invented word in 20 or more it is surer than "
                "of a quarter of the known ones, on every seed.",
                bool(past.min() >= 0.05),
                f"{percents(past)} of them.",
            ),
            Check(
                "At temperature 0.5 it invents less than a third as much, on every seed.",
                bool(np.all(cold < share[:, -1] / 3)),
                f"{percents(cold)}.",
            ),
        ],
        data={
            "seeds": seeds,
            "updates": moments,
            "loss": losses.tolist(),
            "invented": share.tolist(),
            "sureness_of_invented": nonsense.tolist(),
            "sureness_of_known": known.tolist(),
            "invented_at_half_temperature": cold.tolist(),
            "invented_surer_than_a_quarter_of_known": past.tolist(),
        },
        text=[f"After {moment:,} updates: «{sample}»" for moment, sample in zip(moments, samples)],
    )


PICTURE = "Means over the seeds. p: the geometric mean of what the network gave each letter that it drew."


def sureness(found: Sequence[tuple[str, float]], *, known: bool) -> float:
    """The mean probability of a letter in words of that kind."""
    chosen = [p for word, p in found if (word in KNOWN) == known]
    return float(np.mean(chosen)) if chosen else float("nan")


def passing(found: Sequence[tuple[str, float]]) -> float:
    """The share of invented words that the network was surer of than of a quarter of the known ones."""
    known = [p for word, p in found if word in KNOWN]
    odd = [p for word, p in found if word not in KNOWN]
    return float(np.mean(np.array(odd) > np.quantile(known, 0.25))) if known and odd else float("nan")


def percents(shares: np.ndarray) -> str:
    return ", ".join(f"{share:.1%}" for share in shares)


def listed(values: np.ndarray) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def nonsense_figure(moments: list[int], share: np.ndarray, nonsense: np.ndarray, known: np.ndarray) -> Any:
    x = np.array(moments)
    traces = [
        line(x, share.mean(0), "share of words invented", "var(--model)", width=2.4),
        line(x, nonsense.mean(0), "p of a letter in them", "var(--last)", width=2.2, dash="dash"),
        line(x, known.mean(0), "p of a letter in known words", "var(--seasonal)", width=2.2, dash="dot"),
    ]
    axis = {"title": "updates", "range": [0, 1.03 * x[-1]]}
    return figure(traces, x=axis, y={"range": [0, 1.02], "hoverformat": ".3f"})


LAB = Lab(
    name="characters",
    title="What does a network write that knows letters, and how sure is it of its nonsense?",
    claim="A character model soon writes words, and fewer and fewer that do not exist; but of those that it "
    "still invents it is ever surer, and its own probabilities do not give them away.",
    run=run,
)
