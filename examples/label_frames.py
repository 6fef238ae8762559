"""A label for each frame of a recording: what somebody's arm does, and from when to when.

    python examples/label_frames.py [--recordings 200] [--epochs 15]

The recordings are made: the place of an elbow and of a hand, 20 times a second, of somebody who rests,
reaches up, lowers the arm, waves, or stirs, one after the other, each as long as it takes, with noise.
Reaching and lowering pass through the same places, so no frame tells by itself which of them it is of; the
baseline, a logistic regression, sees just that frame.
"""

import argparse
from itertools import groupby

import numpy as np

from recurra import SequenceTagger

RATE = 20  # frames a second
ELBOW, HAND = np.array([0.3, 0.1]), np.array([0.45, -0.2])  # at rest, metres from the shoulder
UP = np.array([0.25, 0.9])  # how far the hand goes up


def move(action: str, phase: np.ndarray) -> np.ndarray:
    """How far the hand (T, 2) is from rest at each ``phase`` (T,) of an action, from 0 to 1."""
    up = np.minimum(1, 6 * np.minimum(phase, 1 - phase))[:, None]
    angle = 6 * np.pi * phase
    match action:
        case "reach up":
            return np.outer(phase, UP)
        case "lower":
            return np.outer(1 - phase, UP)
        case "wave":
            return up * (UP + np.stack([0.2 * np.sin(angle), 0 * angle], axis=1))
        case "stir":
            return up * 0.15 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        case _:
            return np.zeros((len(phase), 2))


def record(random: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """A recording (T, 4) and what is done in each of its frames."""
    places, labels = [], []
    for _ in range(random.integers(3, 6)):
        script = (["reach up", "lower"], ["wave"], ["stir"])[random.integers(3)]
        for action in ("rest", *script):
            seconds = random.uniform(1.5, 3) if action in ("wave", "stir") else random.uniform(0.5, 1.2)
            phase = np.linspace(0, 1, int(RATE * seconds)) ** random.uniform(0.8, 1.25)
            places.append(move(action, phase))
            labels += [action] * len(phase)
    moved = np.concatenate(places)
    joints = np.concatenate([ELBOW + 0.5 * moved, HAND + moved], axis=1)
    return (joints + random.normal(0, 0.03, joints.shape)).astype(np.float32), labels


def recordings(count: int, seed: int) -> tuple[list[np.ndarray], list[list[str]]]:
    """That many recordings and their labels."""
    random = np.random.default_rng(seed)
    frames, labels = zip(*(record(random) for _ in range(count)))
    return list(frames), list(labels)


def starts(labels: list[str]) -> list[tuple[float, str]]:
    """From which second on what is done."""
    found, frame = [], 0
    for action, run in groupby(labels):
        found.append((frame / RATE, action))
        frame += len(list(run))
    return found


def learn(settings: argparse.Namespace) -> SequenceTagger:
    """A tagger, scored on 50 recordings of its own."""
    tagger = SequenceTagger(
        hidden_size=64,
        crf=True,
        batch_size=8,  # a recording has hundreds of labels
        epochs=settings.epochs,
        seed=settings.seed,
    )
    training = recordings(settings.recordings, settings.seed)
    return tagger.fit(*training, test=recordings(50, settings.seed + 1))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Label the frames of recordings.")
    parser.add_argument("--recordings", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    tagger = learn(settings)
    test = tagger.evaluation_
    print(f"{test.count} frames of {test.sequences} recordings")
    for name, metrics in {"model": test.metrics, **test.baselines}.items():
        print(f"{name:20} accuracy {metrics['accuracy']:.3f}, macro F1 {metrics['macro_f1']:.3f}")
    (frames,), (actual,) = recordings(1, settings.seed + 2)
    (frames,), (actual,) = recordings(1, settings.seed + 2)
    print("\nanother recording, from which second on what is done")
    for name, labels in {"model": tagger.predict([frames])[0], "actual": actual}.items():
        print(f"{name:6}", ", ".join(f"{second:.2f} {action}" for second, action in starts(labels)))


if __name__ == "__main__":
    main()
