"""Reading comprehension as tagging: «question ‖ passage» in, the words of the answer out, as BIO tags.

    python examples/answer_spans.py [--pairs 3000] [--epochs 5]

The pairs are made: a passage tells of several people where they live or what they do, in many wordings, and
a question asks for a place, for work or for a person, in wordings of its own. What could be an answer is in
most passages several times, so that the question has to be read, and names come together anew in each pair.
Words of the passage that the question has, too, are marked with "=", as in the exact match of Chen, Fisch,
Weston & Bordes (2017, section 3.2): to compare words is hard for a network that reads each of them once. An
answer is right if all of its words are found and no other (exact match).
"""

import argparse

import numpy as np

from recurra import SequenceTagger

KINDS = {
    "who": "Ada,Bo,Chiara,Dmitri,Emeka,Farah,Goran,Hana,Iker,Jun,Kofi,Lena,Mika,Noor,Olga,Pia",
    "town": "Lagos,Malmö,Turin,Perm,Beirut,Osaka,New Delhi,San José,Cape Town,Porto,Split,Cork",
    "work": "nurse,baker,civil engineer,judge,tailor,bus driver,music teacher,chemist,stone mason,pilot",
}
TELLS = (
    *("{who} lives in {town} .", "{town} is where {who} lives .", "{who} has moved to {town} ."),
    *("{who} is a {work} .", "The {work} is {who} .", "{who} works as a {work} ."),
)
ASKS = {
    ("who", "town"): ("Who lives in {town} ?", "Who is at home in {town} ?"),
    ("town", "who"): ("Where does {who} live ?", "Where is the home of {who} ?"),
    ("who", "work"): ("Who is the {work} ?", "Who works as a {work} ?"),
    ("work", "who"): ("What does {who} do ?", "What is the work of {who} ?"),
}
"""Questions by what is asked for, and by what is told of it."""


def pair(random: np.random.Generator) -> tuple[list[str], list[str]]:
    """The words of a question and its passage, and a tag for each."""
    count = int(random.integers(2, 5))
    drawn = {kind: random.choice(values.split(","), count, replace=False) for kind, values in KINDS.items()}
    facts = [{kind: str(values[k]) for kind, values in drawn.items()} for k in range(count)]
    told = [str(random.choice(TELLS)) for _ in facts]
    about = int(random.integers(count))
    kinds = [kinds for kinds in ASKS if all(f"{{{kind}}}" in told[about] for kind in kinds)]
    asked, given = kinds[random.integers(len(kinds))]
    passage, tags = [], []
    for k, (sentence, fact) in enumerate(zip(told, facts)):
        for part in sentence.split():
            words = part.format(**fact).split()
            passage += words
            answer = k == about and part == f"{{{asked}}}"
            tags += ["B-answer", *["I-answer"] * (len(words) - 1)] if answer else ["O"] * len(words)
    words = read(str(random.choice(ASKS[asked, given])).format(**facts[about]), " ".join(passage))
    return words, ["O"] * (len(words) - len(tags)) + tags


def read(question: str, passage: str) -> list[str]:
    """The words of both as the tagger gets them."""
    asked = question.split()
    return [*asked, "‖", *(f"={word}" if word in asked else word for word in passage.split())]


def pairs(count: int, seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """That many pairs, and their tags."""
    random = np.random.default_rng(seed)
    words, tags = zip(*(pair(random) for _ in range(count)))
    return list(words), list(tags)


def learn(settings: argparse.Namespace) -> SequenceTagger:
    """A tagger, scored on 500 pairs of its own."""
    tagger = SequenceTagger(crf=True, epochs=settings.epochs, seed=settings.seed)
    training, test = pairs(settings.pairs, settings.seed), pairs(500, settings.seed + 1)
    return tagger.fit(*training, test=test)


def answer(words: list[str], tags: list[str]) -> str:
    """The words that are tagged as the answer."""
    return " ".join(word for word, tag in zip(words, tags) if tag != "O")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Find the answers of questions in passages.")
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    tagger = learn(settings)
    test = tagger.evaluation_
    print(f"{test.sequences} questions about new passages")
    for name, metrics in {"model": test.metrics, **test.baselines}.items():
        print(f"{name:20} exact match {metrics['sentence_accuracy']:.3f}, span F1 {metrics['span_f1']:.3f}")
    question = "Who lives in Osaka ?"
    passage = "Olga lives in Cape Town . Osaka is where Bo lives . Jun is a judge ."
    words = read(question, passage)
    print(f"\n{question} ‖ {passage}\n{answer(words, tagger.predict([words])[0])}")


if __name__ == "__main__":
    main()
