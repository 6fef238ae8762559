"""What can go in, and what can come out? The five shapes of sequence problems, a small model of each.

Many to one, many to many step by step, many to the steps that follow, one to many, and many to another many:
five made problems that need memory, each learnt by the estimator for its shape and held against an answer
that needs none.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from recurra import Forecaster, LanguageModel, Seq2Seq, SequenceClassifier, SequenceTagger
from recurra._base.errors import MissingExtraError
from recurra.inspection.figures import figure
from recurra.labs.lab import Check, Lab, Picture, Result, Table

SMALL = {"hidden_size": 32, "batch_size": 32, "learning_rate": 0.01}
HORIZON, CONTEXT = 12, 48
SMALL_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORD = re.compile("([bdgk][aeo]){2,4}")


class Learnt(NamedTuple):
    """What a model made of test inputs: an input and its answer, and how many of all are right.

    Of forecasts: by how much the error is below that of the last value.
    """

    given: str
    answer: str
    score: float
    without: float


def many_to_one(random: np.random.Generator, seed: int, budget: float) -> Learnt:
    """Which came first, the high value or the low one?"""
    x, y = [], []
    for _ in range(600):
        T = int(random.integers(12, 30))
        first, second = np.sort(random.choice(T, 2, replace=False))
        sign = random.choice([-1.0, 1.0])
        series = random.normal(0, 0.1, (T, 1)).astype(np.float32)
        series[[first, second], 0] += [sign, -sign]
        x.append(series)
        y.append("high first" if sign > 0 else "low first")
    model = SequenceClassifier(**SMALL, epochs=epochs(25, budget), seed=seed).fit(x[200:], y[200:])
    said, actual = np.array(model.predict(x[:200])), np.array(y[:200])
    commonest = max((actual == label).mean() for label in set(y))
    return Learnt(f"{len(x[0])} numbers", f"«{said[0]}»", float((said == actual).mean()), float(commonest))


def many_to_many(random: np.random.Generator, seed: int, budget: float) -> Learnt:
    """Is the sum of all numbers up to here above 0?"""
    x = [random.normal(0, 1, (int(random.integers(5, 25)), 1)).astype(np.float32) for _ in range(500)]
    y = [np.where(series[:, 0].cumsum() > 0, "above", "below").tolist() for series in x]
    # In one direction: what is yet to come has no say.
    model = SequenceTagger(**SMALL, bidirectional=False, epochs=epochs(20, budget), seed=seed)
    said = model.fit(x[150:], y[150:]).predict(x[:150])
    right = np.concatenate([np.array(a) == b for a, b in zip(said, y[:150])])
    now = np.concatenate([np.where(s[:, 0] > 0, "above", "below") == b for s, b in zip(x[:150], y[:150])])
    return Learnt(f"{len(x[0])} numbers", f"{len(said[0])} tags", float(right.mean()), float(now.mean()))


def many_to_what_follows(random: np.random.Generator, seed: int, budget: float) -> Learnt:
    """The next twelve values of a noisy wave whose height wanders."""
    try:
        import polars as pl
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("polars", "data") from error
    t = np.arange(1200)
    height = 1 + 0.5 * np.sin(2 * np.pi * t / 310)
    wave = pl.DataFrame({"wave": height * np.sin(2 * np.pi * t / 24) + random.normal(0, 0.1, len(t))})
    model = Forecaster(
        target="wave", horizon=HORIZON, context=CONTEXT, hidden_size=32, epochs=epochs(15, budget), seed=seed
    ).fit(wave)
    test = model.evaluation_
    of = {name: np.abs(points - test.actual).mean() for name, points in test.baseline_points.items()}
    gain = 1 - np.abs(test.point - test.actual).mean() / of["last value"]
    return Learnt(f"{CONTEXT} numbers", f"the {HORIZON} that follow", float(gain), 0.0)


def one_to_many(random: np.random.Generator, seed: int, budget: float) -> Learnt:
    """Words of a made-up language, written letter by letter from nothing but a start."""
    syllables = [a + b for a in "bdgk" for b in "aeo"]
    words = ["".join(random.choice(syllables, random.integers(2, 5))) for _ in range(1000)]
    model = LanguageModel(level="char", **SMALL, epochs=epochs(40, budget), seed=seed).fit(words)
    drawn: list[Any] = model.generate(samples=200, seed=seed)
    written = [one.text for one in drawn]
    share = np.mean([WORD.fullmatch(word) is not None for word in written])
    letters = list("".join(words))
    blind = ["".join(random.choice(letters, len(word))) for word in random.choice(words, 200)]
    without = np.mean([WORD.fullmatch(word) is not None for word in blind])
    return Learnt("a start", f"«{written[0]}»", float(share), float(without))


def many_to_another_many(random: np.random.Generator, seed: int, budget: float) -> Learnt:
    """Numbers in figures to numbers in words: 407 becomes «four hundred seven»."""
    numbers = random.permutation(1000)
    figures, words = [str(n) for n in numbers], [spelt(int(n)) for n in numbers]
    model = Seq2Seq(
        level="char", target_level="word", **SMALL, embedding_size=32, epochs=epochs(40, budget), seed=seed
    ).fit(figures[200:], words[200:])
    said = model.predict(figures[:200])
    longest = max(range(200), key=lambda i: len(words[i]))
    right = np.mean([a == b for a, b in zip(said, words[:200])])
    commonest = max(words[:200].count(word) for word in set(words[:200])) / 200
    return Learnt(f"«{figures[longest]}»", f"«{said[longest]}»", float(right), commonest)


def spelt(n: int) -> str:
    """The number below 1,000 in words."""
    if n < 20:
        return SMALL_NUMBERS.split()[n]
    high, low = divmod(n, 100 if n >= 100 else 10)
    name = f"{spelt(high)} hundred" if n >= 100 else TENS.split()[high - 2]
    return f"{name} {spelt(low)}" if low else name


def epochs(whole: int, budget: float) -> int:
    return max(1, round(whole * budget))


class Shape(NamedTuple):
    """A shape, what learns it, what it is held against, the least to reach, and the dots of its picture."""

    learn: Callable[[np.random.Generator, int, float], Learnt]
    estimator: str
    asked: str
    against: str
    least: float
    reads: tuple[int, ...]
    says: tuple[int, ...]


SHAPES = {
    "many to one": Shape(
        many_to_one, "SequenceClassifier", "high or low first", "the commonest class", 0.95, (0, 1, 2), (2,)
    ),
    "many to many": Shape(
        many_to_many, "SequenceTagger", "sum above 0 so far", "this step's sign", 0.9, (0, 1, 2), (0, 1, 2)
    ),
    "many to what follows": Shape(
        many_to_what_follows, "Forecaster", "the wave goes on", "the last value", 0.75, (0, 1, 2), (3, 4)
    ),
    "one to many": Shape(
        one_to_many, "LanguageModel", "words by a rule", "letters in any order", 0.9, (0,), (0, 1, 2, 3)
    ),
    "many to another many": Shape(
        many_to_another_many, "Seq2Seq", "figures to words", "the commonest answer", 0.9, (0, 1), (2, 3, 4)
    ),
}


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    found = {
        name: [shape.learn(np.random.default_rng(seed), seed, budget) for seed in seeds]
        for name, shape in SHAPES.items()
    }
    score = {name: np.array([one.score for one in of]) for name, of in found.items()}
    without = {name: np.array([one.without for one in of]) for name, of in found.items()}
    return Result(
        tables=[
            Table(
                "What goes in, and what comes out",
                ["shape", "estimator", "problem", "goes in", "comes out"],
                [
                    [name, shape.estimator, shape.asked, found[name][0].given, found[name][0].answer]
                    for name, shape in SHAPES.items()
                ],
                f"One test input of seed {seeds[0]}.",
            ),
            Table(
                "Share of test answers that are right",
                ["shape", "model", "without memory", "which is"],
                [
                    [name, float(score[name].mean()), float(without[name].mean()), shape.against]
                    for name, shape in SHAPES.items()
                ],
                f"Means over {len(seeds)} seeds. Of the wave: by what share the mean absolute error lies "
                "below that of the last value.",
            ),
        ],
        pictures=[Picture("The five shapes, unrolled in time", shapes_figure(), NOTE)],
        checks=[
            Check(
                f"{name.capitalize()}: at least {shape.least:.0%} on every seed, far above {shape.against}.",
                bool(np.all(score[name] >= shape.least) and np.all(score[name] > without[name] + 0.1)),
                f"{', '.join(f'{s:.1%}' for s in score[name])}; that {without[name].max():.1%} at most.",
            )
            for name, shape in SHAPES.items()
        ],
        data={
            name: {"score": score[name].tolist(), "without_memory": without[name].tolist()} for name in SHAPES
        },
    )


NOTE = "Below what is read, in the middle the state as it goes from step to step, above what is said."
STEPS = 5


def shapes_figure() -> Any:
    import plotly.graph_objects as go

    rows = {"says": 2, "state": 1, "reads": 0}
    colours = {"says": "var(--model)", "state": "var(--soft)", "reads": "var(--last)"}
    dots: dict[str, list[tuple[float, float]]] = {row: [] for row in rows}
    lines: list[tuple[float | None, float | None]] = []
    for place, shape in enumerate(SHAPES.values()):
        at = place * (STEPS + 1.5)
        last = max(*shape.reads, *shape.says)
        dots["reads"] += [(at + t, rows["reads"]) for t in shape.reads]
        dots["state"] += [(at + t, rows["state"]) for t in range(last + 1)]
        dots["says"] += [(at + t, rows["says"]) for t in shape.says]
        ends = [((t, "reads"), (t, "state")) for t in shape.reads]
        ends += [((t, "state"), (t, "says")) for t in shape.says]
        ends += [((t, "state"), (t + 1, "state")) for t in range(last)]
        for (a, low), (b, high) in ends:
            lines += [(at + a, rows[low]), (at + b, rows[high]), (None, None)]
    x, y = zip(*lines)
    traces = [go.Scatter(x=x, y=y, mode="lines", line={"color": "var(--rule)", "width": 2}, showlegend=False)]
    for row, points in dots.items():
        x, y = zip(*points)
        marker = {"size": 15, "color": colours[row]}
        traces.append(go.Scatter(x=x, y=y, mode="markers", marker=marker, name=row, hoverinfo="name"))
    centres = [place * (STEPS + 1.5) + 1.5 for place in range(len(SHAPES))]
    names = [name.replace(" to ", "<br>to ") for name in SHAPES]
    return figure(
        traces,
        x={"tickvals": centres, "ticktext": names, "showgrid": False},
        y={"visible": False, "range": [-0.6, 2.6]},
        hovermode="closest",
    )


LAB = Lab(
    name="shapes",
    title="What can go in, and what can come out?",
    claim="A sequence in and one answer out, an answer at each step, the steps that follow, a start in and "
    "a sequence out, or a sequence into another: one recurrent core learns all five.",
    run=run,
)
