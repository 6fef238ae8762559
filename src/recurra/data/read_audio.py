"""Audio clips with labels, or with what is said in them, which stand in their names or in a table."""

import re
from pathlib import Path

from recurra._base.errors import InputError
from recurra.data.audio import Clip, read_clip, read_clips
from recurra.data.labelled import Labelled, Labels
from recurra.data.read_texts import apart, read_labels
from recurra.data.rows import Column, Rows, as_numbers, read_rows
from recurra.data.sequences import Sequences


def read_audio(path: str | Path, *, label_pattern: str | None = None, numeric: bool = False) -> Labelled:
    """Read the clips of a folder or a zip archive, sorted by name.

    Args:
        path: what `read_clips` reads.
        label_pattern: a regular expression that is searched in each name, with the label in the group
            ``(?P<label>…)`` and what must not be split, such as a speaker, in ``(?P<group>…)`` if it has
            one. Clips that it does not match are left out, with a note. None for clips alone.
        numeric: whether labels are numbers.

    Raises InputError where the clips cannot be read, the pattern is wrong or matches none of them, or a
    label or group is empty.
    """
    if label_pattern is None:
        clips = read_clips(path)
        return Labelled(Sequences("audio", clips), None, None, [clip.name for clip in clips])
    pattern = _compile(label_pattern)
    found: list[tuple[Clip, re.Match[str]]] = []
    left_out: list[str] = []
    for clip in read_clips(path):
        match = pattern.search(clip.name)
        if match:
            found.append((clip, match))
        else:
            left_out.append(clip.name)
    if not found:
        raise InputError(
            f"label_pattern {label_pattern!r} matches none of the {len(left_out)} clips of {path}, such as "
            f"{left_out[0]!r}"
        )
    names = [clip.name for clip, _ in found]
    parts = {part: _captured(found, part, label_pattern) for part in pattern.groupindex if part in _PARTS}
    labels = parts["label"]
    notes = ()
    if len(left_out) == 1:
        notes = (f"1 clip does not match the label pattern and was left out: {left_out[0]}.",)
    elif left_out:
        notes = (
            f"{len(left_out)} clips do not match the label pattern and were left out, such as {left_out[0]}.",
        )
    return Labelled(
        sequences=Sequences("audio", [clip for clip, _ in found]),
        labels=as_numbers(labels, names, "label") if numeric else labels,
        groups=parts.get("group"),
        names=names,
        notes=notes,
    )


def read_audio_table(
    path: str | Path,
    *,
    audio: Column,
    label: Column | None = None,
    group: Column | None = None,
    header: bool = True,
    numeric: bool = False,
) -> Labelled:
    """Read the clips that a table names, with their labels.

    Args:
        path: a .csv, .tsv, .jsonl or .parquet file, or a .txt with the name of a clip on each line.
        audio: the column of the files' names, as seen from the folder of the table.
        label, group, header, numeric: as for `read_texts`.

    Raises InputError, with the line, where the table or a clip cannot be read.
    """
    rows = read_rows(path, header=header)
    labels, groups = read_labels(rows, label=label, group=group, numeric=numeric)
    if label is not None:
        apart(rows, audio=audio, label=label)
    return _labelled(rows, audio, labels, groups)


def read_transcripts(
    path: str | Path,
    *,
    audio: Column,
    text: Column | None = None,
    group: Column | None = None,
    header: bool = True,
) -> Labelled:
    """Read the clips that a table names, with what is said in each as its label.

    Args:
        path, audio, group, header: as for `read_audio_table`.
        text: the column of what is said, empty for nothing; None for clips alone.

    Raises InputError, with the line, where the table or a clip cannot be read.
    """
    rows = read_rows(path, header=header)
    _, groups = read_labels(rows, label=None, group=group, numeric=False)
    texts = None
    if text is not None:
        apart(rows, audio=audio, text=text)
        texts = [value.strip() for value in rows.texts(text, "text", empty=True)]
    return _labelled(rows, audio, texts, groups)


def _labelled(rows: Rows, audio: Column, labels: Labels, groups: list[str] | None) -> Labelled:
    """The clips that ``rows`` name in the column ``audio``, as seen from their file's folder."""
    names = [name.strip() for name in rows.texts(audio, "audio")]
    clips = []
    for name, place in zip(names, rows.places):
        try:
            clips.append(read_clip(Path(rows.source).parent / name, name=name))
        except InputError as error:
            raise InputError(f"{rows.source}, {place}: {error}") from error
    return Labelled(Sequences("audio", clips), labels, groups, names)


_PARTS = ("label", "group")


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(f"label_pattern {pattern!r} is not a regular expression: {error}") from error
    if "label" not in compiled.groupindex:
        raise InputError(
            f"label_pattern {pattern!r} must capture the label with (?P<label>…), as '^(?P<label>\\d+)_' does"
        )
    return compiled


def _captured(found: list[tuple[Clip, re.Match[str]]], part: str, pattern: str) -> list[str]:
    """What the group ``part`` captured in each name; raises InputError where that is nothing."""
    for clip, match in found:
        if not match[part]:
            raise InputError(f"label_pattern {pattern!r} captures an empty {part} in {clip.name!r}")
    return [match[part] for _, match in found]
