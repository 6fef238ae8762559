"""Questions about a few facts, answered in words that need not be among them: yes and no, numbers, names.

    python examples/question_answer.py [--questions 6000] [--epochs 12]

The source is a question and what is known, the target the answer. The facts are made: who lives where and
does what, told in several wordings, and people, towns and works come together anew each time, so that what is
asked for has to be looked up, compared or counted. Words of the facts that the question has, too, are marked
with "=", as in the exact match of Chen, Fisch, Weston & Bordes (2017, section 3.2): to compare words is hard
for a network that reads each of them once. An answer is right if all of its words are.
"""

import argparse

import numpy as np

from recurra import Seq2Seq

PEOPLE = ["Ada", "Bo", "Chiara", "Dmitri", "Emeka", "Farah", "Goran", "Hana"]
TOWNS = ["Lagos", "Malmö", "Turin", "Perm", "Osaka", "Cork"]
WORKS = ["nurse", "baker", "judge", "tailor", "chemist", "pilot"]
LIVES = ("{who} lives in {town} .", "{who} has moved to {town} .", "{town} is where {who} lives .")
DOES = ("{who} is a {work} .", "the {work} is {who} .", "{who} works as a {work} .")
NUMBERS = ("one", "two", "three")


def case(random: np.random.Generator) -> tuple[str, str]:
    """A question with its facts, and the answer."""
    who = [str(name) for name in random.choice(PEOPLE, 3, replace=False)]
    towns = random.choice(TOWNS, 3, replace=False)
    town = [str(name) for name in random.choice(towns, 3)]  # two, or all three, may live in one
    work = [str(name) for name in random.choice(WORKS, 3, replace=False)]
    facts = [
        str(random.choice(wordings)).format(who=who[k], town=town[k], work=work[k])
        for k in range(3)
        for wordings in (LIVES, DOES)
    ]
    random.shuffle(facts)
    k, other = random.choice(3, 2, replace=False)
    guess = str(random.choice([town[k], town[other]]))
    question, answer = (
        (f"where does {who[k]} live ?", f"in {town[k]}"),
        (f"what does {who[k]} do ?", f"{who[k]} is a {work[k]}"),
        (f"who is the {work[k]} ?", who[k]),
        (f"does {who[k]} live in {guess} ?", "yes" if guess == town[k] else f"no , in {town[k]}"),
        (f"how many live in {guess} ?", NUMBERS[town.count(guess) - 1]),
    )[random.integers(5)]
    return read(question, " ".join(facts)), answer


def read(question: str, facts: str) -> str:
    """The words of both as the network gets them."""
    asked = question.split()
    return " ".join([*asked, *(f"={word}" if word in asked else word for word in facts.split())])


def cases(count: int, seed: int) -> tuple[list[str], list[str]]:
    """That many questions, and their answers."""
    random = np.random.default_rng(seed)
    questions, answers = zip(*(case(random) for _ in range(count)))
    return list(questions), list(answers)


def learn(settings: argparse.Namespace) -> Seq2Seq:
    """A network that answers, scored on 500 questions of their own."""
    model = Seq2Seq(
        level="word",
        shared=True,
        embedding_size=64,
        hidden_size=128,
        tied=False,
        dropout=0.1,
        label_smoothing=0.0,  # there is one right answer
        epochs=settings.epochs,
        batch_size=32,
        learning_rate=5e-3,
        seed=settings.seed,
    )
    training, test = cases(settings.questions, settings.seed), cases(500, settings.seed + 1)
    return model.fit(*training, test=test)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Answer questions about a few facts.")
    parser.add_argument("--questions", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    model = learn(settings)
    test = model.evaluation_
    print(f"{test.count} questions about new facts")
    for name, metrics in {"model": test.metrics, **test.baselines}.items():
        print(f"{name:15} exact {metrics['exact']:.3f}, words {metrics['token_accuracy']:.3f}")
    facts = (
        "Hana lives in Cork . the judge is Hana . Bo has moved to Perm . Bo is a pilot . "
        "Cork is where Ada lives . Ada works as a nurse ."
    )
    asked = [
        *("where does Bo live ?", "who is the nurse ?"),
        *("does Ada live in Perm ?", "how many live in Cork ?"),
    ]
    print(f"\n{facts}")
    for question, answer in zip(asked, model.predict([read(question, facts) for question in asked])):
        print(f"{question:25} {answer}")


if __name__ == "__main__":
    main()
