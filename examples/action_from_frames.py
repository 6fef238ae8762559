"""One action a clip, from the joints of a body in each of its frames.

    python examples/action_from_frames.py [--clips 900] [--epochs 30]

The clips are made: 11 joints in two dimensions, as a pose estimator gives them, of people who differ in size,
pace, place and how far they turn from the camera, with noise. The test part is of people whom training never
saw. An arm that circles forwards goes through the same poses as one that circles backwards: only their order
tells one from the other, which the baseline of summaries over time does not see.
"""

import argparse

import numpy as np

from recurra import SequenceClassifier

ACTIONS = ("wave", "clap", "circle forwards", "circle backwards", "sit down", "stand up")
HIPS, LEFT_ELBOW, RIGHT_ELBOW, LEFT_HAND, RIGHT_HAND, LEFT_KNEE, RIGHT_KNEE = range(2, 9)
STANDING = np.array(
    [
        *[(0.0, 1.65), (0.0, 1.4), (0.0, 0.95)],  # head, neck, hips
        *[(-0.25, 1.15), (0.25, 1.15), (-0.3, 0.9), (0.3, 0.9)],  # elbows, hands
        *[(-0.12, 0.5), (0.12, 0.5), (-0.12, 0.0), (0.12, 0.0)],  # knees, feet
    ]
)
"""The joints (J, 2) of somebody who stands, in metres."""


def move(action: str, phase: np.ndarray, begin: float) -> np.ndarray:
    """The joints (T, J, 2) at each ``phase`` (T,) of an action, from 0 at its start to 1 at its end.

    What goes round or to and fro ``begin``s anywhere, from 0 to 1.
    """
    joints = np.tile(STANDING, (len(phase), 1, 1))
    angle = 2 * np.pi * (2 * phase + begin)
    lifted = np.minimum(1, 5 * np.minimum(phase, 1 - phase))  # the arm goes up, and down at the end
    match action:
        case "wave":
            joints[:, RIGHT_ELBOW] += np.outer(lifted, (0.2, 0.2))
            joints[:, RIGHT_HAND] += np.stack([0.2 * lifted * (1 + np.sin(angle)), 0.8 * lifted], axis=1)
        case "clap":
            inwards = lifted * (0.2 + 0.08 * np.sin(angle))
            joints[:, LEFT_HAND] += np.stack([inwards, 0.3 * lifted], axis=1)
            joints[:, RIGHT_HAND] += np.stack([-inwards, 0.3 * lifted], axis=1)
        case "circle forwards" | "circle backwards":
            way = 1 if action == "circle forwards" else -1
            round_about = lifted[:, None] * np.stack([np.cos(way * angle), np.sin(way * angle)], axis=1)
            joints[:, RIGHT_ELBOW] += np.outer(lifted, (0.1, 0.2)) + 0.12 * round_about
            joints[:, RIGHT_HAND] += np.outer(lifted, (0.2, 0.4)) + 0.3 * round_about
        case _:
            depth = phase if action == "sit down" else 1 - phase
            joints[:, :LEFT_KNEE, 1] -= 0.4 * depth[:, None]
            joints[:, LEFT_KNEE, 0] -= 0.15 * depth
            joints[:, RIGHT_KNEE, 0] += 0.15 * depth
    return joints


def film(action: str, size: float, random: np.random.Generator) -> np.ndarray:
    """A clip (T, 2J) of somebody of that ``size``, who waits, acts at an uneven pace and waits again."""
    frames = int(random.integers(30, 60))
    start, stop = random.uniform(0, 0.3), random.uniform(0.7, 1)
    phase = np.clip((np.linspace(0, 1, frames) - start) / (stop - start), 0, 1) ** random.uniform(0.7, 1.4)
    turned = random.uniform(0.5, 1)
    seen = size * move(action, phase, random.random()) * (turned, 1) + random.uniform(-1, 1, 2)
    seen += random.normal(0, 0.02, seen.shape)
    seen -= seen[0, HIPS]  # where in the picture somebody is does not matter
    return seen.reshape(frames, -1).astype(np.float32)


def clips(count: int, seed: int) -> tuple[list[np.ndarray], list[str], list[int]]:
    """Clips, their actions, and who acts: one of 20 people."""
    random = np.random.default_rng(seed)
    sizes = random.uniform(0.8, 1.15, 20)
    actions = [ACTIONS[k % len(ACTIONS)] for k in range(count)]
    people = random.integers(len(sizes), size=count).tolist()
    return [film(action, sizes[who], random) for action, who in zip(actions, people)], actions, people


def learn(settings: argparse.Namespace) -> SequenceClassifier:
    """A classifier, scored on five people whom it never saw, its best epoch chosen on others again."""
    frames, actions, people = clips(settings.clips, settings.seed)
    known = [k for k, who in enumerate(people) if who >= 5]
    unseen = [k for k, who in enumerate(people) if who < 5]
    return SequenceClassifier(hidden_size=64, epochs=settings.epochs, seed=settings.seed).fit(
        [frames[k] for k in known],
        [actions[k] for k in known],
        groups=[people[k] for k in known],
        test=([frames[k] for k in unseen], [actions[k] for k in unseen]),
    )


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tell actions from the joints of a body in each frame.")
    parser.add_argument("--clips", type=int, default=900)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    test = learn(parse()).evaluation_
    print(f"{test.count} clips of people whom training never saw")
    for name, metrics in {"model": test.metrics, **test.baselines}.items():
        print(f"{name:20} accuracy {metrics['accuracy']:.3f}, log-loss {metrics['log_loss']:.3f}")
    for scores in test.by_class:
        print(f"{scores.label:20} F1 {scores.f1:.3f}")


if __name__ == "__main__":
    main()
