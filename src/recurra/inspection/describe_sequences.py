"""The sections about sequences: how long they are, their labels and words, what repeats, sound and music."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recurra._base.wording import plural
from recurra.diagnosis import Description, Lengths, Vocabulary
from recurra.diagnosis.words import figure, share
from recurra.inspection import describe_figures
from recurra.inspection.class_sections import Cell
from recurra.inspection.music_figures import keys_figure
from recurra.inspection.piano_roll import note_name
from recurra.inspection.section import Section
from recurra.inspection.symbols import visible
from recurra.inspection.tables import Table

_MOST_LABELS = 40


def lengths_section(by_name: Mapping[str, Lengths]) -> Section | None:
    """How long sequences are, and the padding that batches of them would cost."""
    if not by_name:
        return None
    choices = [
        {
            **describe_figures.length_figure(found).to_plotly_json(),
            "rows": [[place, figure(value)] for place, value in found.quantiles.items()]
            + [
                ["mean", figure(found.mean)],
                ["empty", f"{found.empty:,}"],
                ["all together", figure(found.total)],
            ],
        }
        for found in by_name.values()
    ]
    rows = []
    for name, found in by_name.items():
        parts = (found.padding.together, found.padding.random, found.padding.bucketed)
        rows.append([name, *(share(part, 1) for part in parts)])
    size = next(iter(by_name.values())).padding.batch_size
    content = {
        "figure": "length-figure",
        "label": "Lengths in",
        "options": list(by_name),
        "linked": False,
        "tall": False,
        "about": "Distribution of the lengths",
        "intro": ["The share of all sequences by their length."],
        "columns": ["Length", "Value"],
        "rest": "",
        "title": "What padding would cost",
        "table": Table(
            ["Lengths in", "All in one batch", f"Random batches of {size}", f"Of like length, {size}"], rows
        ),
        "notes": [
            "The share of all steps that would be padding, where each batch is as long as its longest "
            "sequence. Recurra trains on batches of like length, and its layers take no step on padding."
        ],
    }
    return Section(
        "lengths",
        "How long they are",
        "describe_picked.html",
        content,
        {"length-figure": {"choices": choices}},
    )


def labels_section(description: Description) -> Section | None:
    """How often each label, tag and group comes."""
    if not description.balances:
        return None
    tables = []
    for found in description.balances:
        most = max(found.counts.values())
        rows = [
            (visible(label, spaces=False), Cell(f"{amount:,}", amount / most, share(amount, found.total)))
            for label, amount in list(found.counts.items())[:_MOST_LABELS]
        ]
        amounts = f"{found.distinct:,} different {plural(found.what)} in {found.total:,}"
        tables.append(
            {
                "title": plural(found.what).capitalize(),
                "what": found.what.capitalize(),
                "note": f"{amounts}; evenness {found.entropy:.2f}, which is 1 where all are as common.",
                "rows": rows,
                "more": found.distinct - len(rows),
            }
        )
    return Section("labels", "Labels", "describe_bars.html", {"tables": tables})


def vocabulary_section(by_name: Mapping[str, Vocabulary]) -> Section | None:
    """How many symbols there are, how rare they are, and how many another text would not know."""
    if not by_name:
        return None
    choices, rows = [], []
    for name, found in by_name.items():
        own = [
            [visible(symbol), f"{amount:,}", share(amount, found.total)]
            for symbol, amount in found.commonest.items()
        ]
        choices.append({**describe_figures.rank_figure(found).to_plotly_json(), "rows": own})
        unknown = "–" if found.unknown is None or not found.other else share(found.unknown, found.other)
        once = f"{found.once:,} ({share(found.once, found.distinct)})"
        row = [
            name,
            f"{found.total:,}",
            f"{found.distinct:,}",
            once,
            share(found.expected_unknown, 1),
            unknown,
        ]
        rows.append(row)
    content = {
        "figure": "rank-figure",
        "label": "Symbols",
        "options": list(by_name),
        "linked": False,
        "tall": False,
        "about": "How often a symbol comes by its rank",
        "intro": [
            "How often a symbol comes by its rank, the commonest first; a straight line is Zipf's law."
        ],
        "columns": ["Commonest", "Comes", "Share"],
        "rest": "",
        "title": "How many, and how rare",
        "table": Table(
            [
                "Symbols",
                "All",
                "Different",
                "Come once",
                "Unknown in other texts, about",
                "In the second file",
            ],
            rows,
        ),
        "notes": [
            "What comes once among all tells what share of other texts of the kind will be unknown (Good, "
            "1953)."
        ],
    }
    return Section(
        "words",
        "Words and characters",
        "describe_picked.html",
        content,
        {"rank-figure": {"choices": choices}},
    )


def repeats_section(description: Description) -> Section | None:
    """What comes more than once; None where nothing does, and nothing is shared."""
    found = description.repeats
    if found is None:
        return None
    items = plural(found.what)
    facts = [
        (f"{items.capitalize()}", f"{found.total:,}"),
        ("Repeat another one", _part(found.repeated, found.total)),
    ]
    if found.contradictory is not None:
        facts.append(("With more than one label", f"{found.contradictory:,}"))
    if found.other is not None:
        facts.append(("Held out, and in the first as well", _part(found.shared, found.other)))
    rows = [[visible(name, spaces=False), f"{amount:,}"] for name, amount in found.commonest.items()]
    table = Table(["Comes most often", "Times"], rows) if rows else None
    content = {"facts": facts, "notes": [], "table": table, "gaps": None}
    return Section("repeats", "What comes twice", "describe_data.html", content)


def _part(amount: int, total: int) -> str:
    return f"{amount:,} of {total:,} ({share(amount, total)})"


def sounds_section(description: Description) -> Section | None:
    """How loud clips are, and at which rates they were sampled."""
    found = description.sounds
    if found is None:
        return None
    rates = ", ".join(f"{rate:,} a second ({amount:,} clips)" for rate, amount in found.rates.items())
    heard = "–"
    if np.isfinite(found.loud):
        heard = f"{found.quiet:.0f} to {found.loud:.0f} dB of full scale".replace("-", "−")
    content = {
        "facts": [
            ("Sample rates", rates),
            ("Together", f"{found.seconds / 60:,.1f} minutes"),
            ("Loudness of 90 in 100", heard),
            ("Clipped", f"{len(found.clipped):,}"),
            ("Silent", f"{len(found.silent):,}"),
        ],
        "caption": "Share of the clips by their loudness: the root mean square in decibels of full scale.",
        "figure": "loudness-figure",
        "about": "How loud clips are",
        "table": None,
    }
    drawn = {"loudness-figure": describe_figures.loudness_figure(found.loudness)}
    return Section("sound", "Sound", "describe_figure.html", content, drawn)


def music_section(description: Description) -> Section | None:
    """Which keys sound, how many at once, and how long."""
    found = description.music
    if found is None:
        return None
    span = "–"
    if found.lowest is not None and found.highest is not None:
        span = f"{note_name(found.lowest)} to {note_name(found.highest)}"
    at_once = [
        [f"{k}" if k < 12 else "12 or more", share(part, 1)] for k, part in enumerate(found.at_once) if part
    ]
    content: dict[str, Any] = {
        "facts": [
            ("Keys that sound", span),
            ("Keys at once, mean", f"{found.mean_at_once:.2f}"),
            (
                "Steps that a note lasts, mean",
                f"{found.mean_duration:.2f}" if np.isfinite(found.mean_duration) else "–",
            ),
            ("Steps a beat", ", ".join(f"{rate:g}" for rate in found.steps_per_beat)),
            ("Pieces without a note", f"{len(found.silent):,}"),
        ],
        "caption": "The share of steps at which each key sounds.",
        "figure": "keys-figure",
        "about": "How often each key sounds",
        "table": Table(["Keys at once", "Share of steps"], at_once),
    }
    return Section(
        "music",
        "Which keys sound",
        "describe_figure.html",
        content,
        {"keys-figure": keys_figure({"all pieces": found.keys})},
    )
