"""An image as a sequence of its rows: which digit it is, told again after every row that comes in.

    python examples/digits_by_rows.py [--epochs 15]

The images are scikit-learn's: 1797 of 8 × 8 pixels, by 13 people, who are in both parts because the data
does not say who wrote what. The network reads from the top alone, so that it can be asked at any row; it also
learns from images that are cut off after some rows, all cuts of an image in one part. Beside it stand
logistic regressions on all pixels so far, one for each number of rows.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from recurra import SequenceClassifier

ROWS = 8


def cut(images: np.ndarray, labels: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Images (N, 8, 8) cut off after each of their rows, with labels, and which image each is of."""
    cuts = [image[:rows] for image in images for rows in range(1, ROWS + 1)]
    return cuts, labels.repeat(ROWS), np.arange(len(images)).repeat(ROWS)


def learn(images: np.ndarray, labels: np.ndarray, settings: argparse.Namespace) -> SequenceClassifier:
    """A classifier of images (N, 8, 8) that can be asked after each row."""
    cuts, own, of_image = cut(images, labels)
    classifier = SequenceClassifier(
        cell="gru",
        hidden_size=64,
        bidirectional=False,  # a stream does not know the rows below
        pool="last",
        epochs=settings.epochs,
        seed=settings.seed,
    )
    return classifier.fit(cuts, own, groups=of_image)


def by_row(classifier: SequenceClassifier, images: np.ndarray) -> np.ndarray:
    """The probabilities (N, 8, K) of the classes after each row of images (N, 8, 8), from a stream."""
    stream = classifier.stream()
    probabilities = []
    for image in images:
        stream.reset()
        probabilities.append([stream.step(row) for row in image])
    return np.array(probabilities)


def regressions(images: np.ndarray, labels: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    """For each number of rows, what a logistic regression on their pixels says of the ``test`` images."""
    return [
        LogisticRegression(max_iter=5000)
        .fit(images[:, :rows].reshape(len(images), -1) / 16, labels)
        .predict(test[:, :rows].reshape(len(test), -1) / 16)
        for rows in range(1, ROWS + 1)
    ]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tell digits row by row.")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    data = load_digits()
    images, test, labels, actual = train_test_split(
        data.images, data.target, test_size=0.2, stratify=data.target, random_state=settings.seed
    )
    classifier = learn(images, labels, settings)
    probabilities = by_row(classifier, test)
    told = classifier.classes_[probabilities.argmax(axis=2)]
    print(f"accuracy on {len(test)} images\nrows  model  logistic regression")
    for row, simple in enumerate(regressions(images, labels, test)):
        print(f"{row + 1:4}  {(told[:, row] == actual).mean():.3f}  {(simple == actual).mean():.3f}")
    print(f"\nthe first of them, a {actual[0]}, row by row")
    for row, odds in zip(test[0], probabilities[0]):
        drawn = "".join(" .:-=+*#%"[int(value) // 2] * 2 for value in row)
        print(f"|{drawn}|  {classifier.classes_[odds.argmax()]} at {odds.max():.2f}")


if __name__ == "__main__":
    main()
