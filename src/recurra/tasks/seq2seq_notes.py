"""What people should know of the pairs that a model was fitted on, in sentences."""

from collections.abc import Mapping

import numpy as np

from recurra.data import Pairs, TextFeatures
from recurra.runtime.translation import SourceFeatures


def pair_notes(parts: Mapping[str, Pairs | None], source: SourceFeatures) -> tuple[str, ...]:
    """Notes of the parts "training", "validation" and "test", None where there is none.

    Those of the parts themselves; what looks as if one file had been given for two; and how much of the test
    part's sources training never saw.
    """
    present = {name: part for name, part in parts.items() if part is not None}
    notes = dict.fromkeys(note for part in present.values() for note in part.notes)
    training, others = present["training"], {k: part for k, part in present.items() if k != "training"}
    overlaps = [_overlap(name, part, training) for name, part in others.items()]
    return (*notes, *_copies(training), *filter(None, overlaps), *_unknown(parts["test"], source))


def _copies(training: Pairs) -> tuple[str, ...]:
    if training.sources.kind != "text" or training.targets != training.sources.items:
        return ()
    return (f"All {len(training):,} targets are the same as their sources.",)


def _overlap(name: str, part: Pairs, training: Pairs) -> str:
    known = part.known_to(training)
    if not known:
        return ""
    verb = "is" if known == 1 else "are"
    return (
        f"{known:,} of {len(part):,} {name} sources {verb} in the training part, too; "
        "scores of sources that are new may be worse."
    )


def _unknown(test: Pairs | None, source: SourceFeatures) -> tuple[str, ...]:
    if test is None or not isinstance(source, TextFeatures):
        return ()
    ids = np.concatenate(source(test.sources.items))
    unknown = int((ids == 0).sum())
    unit = {"char": "characters", "word": "words", "bpe": "byte pairs"}[source.level]
    if not unknown:
        return ()
    return (f"{unknown:,} of {len(ids):,} {unit} of the test sources were never seen in training.",)
