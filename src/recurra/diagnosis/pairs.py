"""Describe pairs: sources and the texts that they become."""

import numpy as np

from recurra.data import Pairs
from recurra.diagnosis.column import describe_numbers
from recurra.diagnosis.description import Description
from recurra.diagnosis.finding import HINT, WARNING, Finding, by_importance
from recurra.diagnosis.lengths import measure
from recurra.diagnosis.repeats import find_repeats, repeat_findings
from recurra.diagnosis.sequences import text_parts
from recurra.diagnosis.vocabulary import vocabulary_findings
from recurra.diagnosis.words import share

_UNLIKE = 4.0  # times as long, against the usual proportion
_FEW = 50


def describe_pairs(data: Pairs, *, test: Pairs | None = None, source: str = "the data") -> Description:
    """Describe sources and targets, beside those of a ``test`` part, if any.

    Raises MissingExtraError without SciPy or statsmodels, where sources are numbers.
    """
    columns = ()
    if data.sources.kind == "text":
        lengths, vocabularies = text_parts(
            data.sources.items, test.sources.items if test else None, "source "
        )
        keys = list(data.sources.items)
    else:
        lengths, vocabularies = {"source steps": measure(data.sources.lengths(), "step")}, {}
        keys = [item.tobytes() for item in data.sources.items]
        columns = tuple(
            describe_numbers(f"column {place}", channel.astype(np.float64), None)
            for place, channel in enumerate(np.concatenate(data.sources.items).T, start=1)
        )
    others = (
        None
        if test is None
        else [item if isinstance(item, str) else item.tobytes() for item in test.sources.items]
    )
    if data.targets is not None:
        own, words = text_parts(data.targets, test.targets if test else None, "target ")
        lengths, vocabularies = lengths | own, vocabularies | words
    repeats = find_repeats(
        keys, "source", names=[str(item) for item in keys] if not columns else data.names, other=others
    )
    findings = [*repeat_findings(repeats), *_pairs(data)]
    findings += [
        finding for units, found in vocabularies.items() for finding in vocabulary_findings(found, units)
    ]
    return Description(
        source=source,
        kind="pairs",
        size={"pairs": len(data), **{name: int(found.total) for name, found in lengths.items()}},
        findings=by_importance(findings),
        notes=data.notes,
        columns=columns,
        lengths=lengths,
        vocabularies=vocabularies,
        repeats=repeats,
    )


def _pairs(data: Pairs) -> list[Finding]:
    """What is to be said of both sides together."""
    findings = []
    if len(data) < _FEW:
        findings.append(
            Finding(
                WARNING, f"There are {len(data):,} pairs.", "Collect more: little can be learnt from so few."
            )
        )
    if data.targets is None:
        return findings
    targets = np.array([len(text) for text in data.targets])
    sources = data.sources.lengths()
    empty = int(((sources == 0) | (targets == 0)).sum())
    if empty:
        findings.append(
            Finding(
                WARNING,
                f"{empty:,} of {len(data):,} pairs ({share(empty, len(data))}) "
                f"{'lacks its source or its' if empty == 1 else 'lack their source or their'} target.",
                "Fill them in, or leave them out.",
            )
        )
    if data.sources.kind != "text":
        return findings
    same = sum(own == text for own, text in zip(data.sources.items, data.targets) if own)
    if same > 0.01 * len(data):
        findings.append(
            Finding(
                WARNING,
                f"{same:,} of {len(data):,} targets ({share(same, len(data))}) equal their source.",
                "Look whether they were left untranslated; a model learns to copy from them.",
            )
        )
    full = (sources > 0) & (targets > 0)
    if full.sum() < _FEW:
        return findings
    proportion = np.log(targets[full] / sources[full])
    unlike = int((np.abs(proportion - np.median(proportion)) > np.log(_UNLIKE)).sum())
    if unlike:
        findings.append(
            Finding(
                HINT,
                f"{unlike:,} of {len(data):,} pairs ({share(unlike, len(data))}) "
                f"{'is' if unlike == 1 else 'are'} much longer on one side "
                "than others are.",
                "Look at them: lines may have slipped, or a side may be cut short.",
            )
        )
    return findings
