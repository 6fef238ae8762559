"""Strings turned round: why a decoder looks back at its source.

    python examples/reverse_strings.py [--strings 10000] [--epochs 8]

Random strings of 1 to 30 letters become the same letters, the last one first. Without attention all that the
decoder knows of a string is one vector, into which few letters go; with attention it looks for each letter
that it writes at the letters of the source. Both networks have the same layers, learn from the same strings
and are scored on the same strings that are not among them.
"""

import argparse
import string

import numpy as np

from recurra import Seq2Seq

LONGEST = 30


def strings(count: int, seed: int) -> list[str]:
    """That many, every length as often as any other."""
    random = np.random.default_rng(seed)
    letters = np.array(list(string.ascii_lowercase))
    return ["".join(random.choice(letters, length)) for length in random.integers(1, LONGEST + 1, count)]


def turned(texts: list[str]) -> list[str]:
    return [text[::-1] for text in texts]


def learn(attention: str, settings: argparse.Namespace) -> Seq2Seq:
    """A network that turns strings round, scored on 1000 that it has not seen."""
    training = strings(settings.strings, settings.seed)
    test = [text for text in strings(1200, settings.seed + 1) if text not in set(training)][:1000]
    model = Seq2Seq(
        attention=attention,
        embedding_size=64,
        hidden_size=128,
        tied=False,
        dropout=0.0,  # there is no end of strings, and one right answer
        label_smoothing=0.0,
        epochs=settings.epochs,
        seed=settings.seed,
    )
    return model.fit(training, turned(training), test=(test, turned(test)))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Turn strings round, with attention and without.")
    parser.add_argument("--strings", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    looking, without = learn("additive", settings), learn("none", settings)
    tests = {"with attention": looking.evaluation_, "without": without.evaluation_}
    print(f"{looking.evaluation_.count} strings that training has not seen")
    for name, test in tests.items():
        metrics = test.metrics
        print(f"{name:15} exact {metrics['exact']:.3f}, letters {metrics['token_accuracy']:.3f}")
    print("\nexact, by length\nletters  with attention  without")
    for ours, theirs in zip(looking.evaluation_.by_length, without.evaluation_.by_length):
        print(f"{ours.shortest:3}-{ours.longest:<3}  {ours.exact:14.3f}  {theirs.exact:7.3f}")
    ((best,),) = looking.translate(["sequence"], attention=True)
    print(f"\nsequence -> {best.text}")
    for letter, weights in zip(best.tokens, best.attention):
        place = weights.argmax()
        print(f"{letter} looks at letter {place + 1}, {best.source_tokens[place]}, with {weights[place]:.2f}")


if __name__ == "__main__":
    main()
