"""Small pairs: words of two languages, in two files and in a table."""

from pathlib import Path

import numpy as np

WORDS = {"eins": "one", "zwei": "two", "drei": "three", "und": "and", "hund": "dog"}


def write_pairs(folder: Path) -> None:
    """train, val and test in two files each, and all.csv."""
    rng = np.random.default_rng(0)
    rows = ["id,deutsch,english"]
    for name, count in (("train", 60), ("val", 10), ("test", 12)):
        sources = [" ".join(rng.choice(list(WORDS), size=rng.integers(2, 6))) for _ in range(count)]
        targets = [" ".join(WORDS[word] for word in source.split()) for source in sources]
        (folder / f"{name}.de").write_text("\n".join(sources) + "\n")
        (folder / f"{name}.en").write_text("\n".join(targets) + "\n")
        rows += [f"{name},{source},{target}" for source, target in zip(sources, targets)]
    (folder / "all.csv").write_text("\n".join(rows) + "\n")
