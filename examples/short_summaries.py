"""Headlines of short news: what of a text to say again, in other words, and what to leave out.

    python examples/short_summaries.py [--texts 12000] [--epochs 14]

The news are made: of games, companies and the weather, each of a few sentences in several wordings and in
changing order, with names and numbers that a headline needs and others that it does not. A headline may say
what no sentence says in its words: who won a game of which only the points are told.
"""

import argparse

import numpy as np

from recurra import Seq2Seq

TEAMS = ["Lions", "Bears", "Hawks", "Wolves", "Sharks", "Eagles", "Tigers", "Foxes"]
FIRMS = ["Norvik", "Altero", "Quanta", "Belmar", "Sundra", "Ostrava"]
TOWNS = ["Lagos", "Malmö", "Turin", "Perm", "Osaka", "Cork", "Porto", "Split"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
PEOPLE = ["Ada", "Chiara", "Dmitri", "Emeka", "Farah", "Goran", "Hana", "Kofi"]


def game(random: np.random.Generator, pick: dict[str, list[str]]) -> tuple[list[str], str]:
    one, other = pick["team"][:2]
    low, high = (int(points) for points in np.sort(random.choice(10, 2, replace=False)))
    ours, theirs = (high, low) if random.random() < 0.5 else (low, high)
    town, (scorer, coach) = pick["town"][0], pick["who"][:2]
    told = [
        f"The {one} met the {other} in {town} on {pick['day'][0]}.",
        f"At the end the {one} had {ours} points and the {other} had {theirs}.",
        _one(random, f"{scorer} scored twice.", f"Nobody played better than {scorer}."),
        _one(random, f"{coach} will coach the {other} next year.", f"The rain in {town} never stopped."),
    ]
    winner, loser = (one, other) if ours > theirs else (other, one)
    return told, f"{winner} beat {loser} {high} to {low}"


def company(random: np.random.Generator, pick: dict[str, list[str]]) -> tuple[list[str], str]:
    (firm, rival), leader, town = pick["firm"][:2], pick["who"][0], pick["town"][0]
    before, after = (int(earned) for earned in random.choice(np.arange(10, 100, 10), 2, replace=False))
    told = [
        f"{firm} earned {after} million this year, the company said on {pick['day'][0]}.",
        f"Last year it was {before} million.",
        _one(random, f"{leader} has led {firm} since spring.", f"{firm} has its home in {town}."),
        f"Its rival {rival} will report on {pick['day'][1]}.",
    ]
    return told, f"{firm} earns {'more' if after > before else 'less'}, {after} million"


def weather(random: np.random.Generator, pick: dict[str, list[str]]) -> tuple[list[str], str]:
    here, there = pick["town"][:2]
    today, tomorrow = (int(degrees) for degrees in random.choice(np.arange(0, 35, 5), 2, replace=False))
    sky = str(random.choice(["rain", "snow", "sun", "fog"]))
    told = [
        f"In {here} it was {today} degrees on {pick['day'][0]}.",
        f"On {pick['day'][1]} the town will have {tomorrow} degrees and {sky}.",
        f"{pick['who'][0]} of the weather service is sure of it.",
        f"In {there} nothing will change.",
    ]
    return told, f"{here}: {sky}, {'warmer' if tomorrow > today else 'colder'} on {pick['day'][1]}"


def _one(random: np.random.Generator, *sentences: str) -> str:
    return str(random.choice(sentences))


def news(count: int, seed: int) -> tuple[list[str], list[str]]:
    """That many texts, and their headlines."""
    random = np.random.default_rng(seed)
    names = {"team": TEAMS, "firm": FIRMS, "town": TOWNS, "day": DAYS, "who": PEOPLE}
    texts, headlines = [], []
    for _ in range(count):
        pick = {kind: [str(name) for name in random.permutation(known)] for kind, known in names.items()}
        kind = (game, company, weather)[random.integers(3)]
        (first, *rest), headline = kind(random, pick)
        random.shuffle(rest)
        texts.append(" ".join([first, *rest]))
        headlines.append(headline)
    return texts, headlines


def learn(settings: argparse.Namespace) -> Seq2Seq:
    """A network that writes headlines, scored on 500 texts of its own."""
    model = Seq2Seq(
        shared=True,
        embedding_size=64,
        hidden_size=128,
        tied=False,
        dropout=0.1,
        label_smoothing=0.0,  # there is one right headline
        epochs=settings.epochs,
        batch_size=32,
        learning_rate=5e-3,
        seed=settings.seed,
    )
    return model.fit(*news(settings.texts, settings.seed), test=news(500, settings.seed + 1))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Write headlines of short news.")
    parser.add_argument("--texts", type=int, default=12_000)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    model = learn(settings)
    test = model.evaluation_
    print(f"headlines of {test.count} new texts")
    for name, metrics in {"model": test.metrics, **test.baselines}.items():
        print(f"{name:15} exact {metrics['exact']:.3f}, BLEU {metrics['bleu']:.1f}")
    texts, headlines = news(3, settings.seed + 2)
    for text, written, right in zip(texts, model.predict(texts), headlines):
        print(f"\n{text}\nmodel  {written}\nright  {right}")


if __name__ == "__main__":
    main()
