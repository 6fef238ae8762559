"""Captions of pictures, of each of which there is but a vector, as another network would make of it.

    python examples/captions_from_vectors.py [--scenes 10000] [--epochs 20]

A made scene has two things of some colour, shape and size at some place. Its vector has all of that, mixed so
that no number stands for one property, with noise added. The caption tells what there is and where: a
sequence from a single step, with nothing to look back at but that step, so that the decoder has no attention
(Vinyals et al. 2014, "Show and tell"). No scene of the test part has a caption that training has seen.
"""

import argparse

import numpy as np

from recurra import Seq2Seq

COLOURS = ["red", "green", "blue", "yellow", "black", "white"]
SHAPES = ["circle", "square", "triangle", "star", "ring"]
PLACES = ("left of", "right of", "above", "below")
WIDTH = 64
NOISE = 0.1


def scenes(count: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Vectors (count, WIDTH) and their captions."""
    random = np.random.default_rng(seed)
    colour, shape = (random.integers(len(kinds), size=(count, 2)) for kinds in (COLOURS, SHAPES))
    size = random.uniform(0.2, 1, (count, 2))
    centre = random.uniform(-1, 1, (count, 2, 2))
    across, up = (centre[:, 0] - centre[:, 1]).T
    place = np.where(np.abs(across) > np.abs(up), (across > 0).astype(int), 2 + (up < 0))
    properties = np.concatenate(
        [
            np.eye(len(COLOURS))[colour].reshape(count, -1),
            np.eye(len(SHAPES))[shape].reshape(count, -1),
            size,
            centre.reshape(count, -1),
        ],
        axis=1,
    )
    mixed = properties @ np.random.default_rng(0).normal(size=(properties.shape[1], WIDTH))
    things = [
        [f"a {'large' if own > 0.6 else 'small'} {COLOURS[c]} {SHAPES[s]}" for own, c, s in zip(*row)]
        for row in zip(size, colour, shape)
    ]
    captions = [f"{first} {PLACES[where]} {second}" for (first, second), where in zip(things, place)]
    return mixed + NOISE * random.normal(size=mixed.shape), captions


def learn(settings: argparse.Namespace) -> Seq2Seq:
    """A network that tells what vectors show, scored on 500 new scenes at most."""
    vectors, captions = scenes(settings.scenes, settings.seed)
    others, told = scenes(1000, settings.seed + 1)
    new = [row for row, caption in enumerate(told) if caption not in set(captions)][:500]
    model = Seq2Seq(
        target_level="word",
        attention="none",
        bidirectional=False,
        embedding_size=64,
        hidden_size=128,
        dropout=0.1,
        label_smoothing=0.0,  # there is one right caption
        epochs=settings.epochs,
        seed=settings.seed,
    )
    return model.fit(vectors, captions, test=(others[new], [told[row] for row in new]))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tell what vectors of scenes show.")
    parser.add_argument("--scenes", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    model = learn(settings)
    test = model.evaluation_
    print(f"{test.count} scenes whose captions training has not seen")
    for name, metrics in {"model": test.metrics, **test.baselines}.items():
        print(f"{name:15} exact {metrics['exact']:.3f}, BLEU {metrics['bleu']:.1f}")
    vectors, captions = scenes(3, settings.seed + 2)
    for told, caption in zip(model.predict(vectors), captions):
        print(f"\ntrue   {caption}\nmodel  {told}")


if __name__ == "__main__":
    main()
