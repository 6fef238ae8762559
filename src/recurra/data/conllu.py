"""Sentences with a tag for each word, from CoNLL-U and from columns of tokens and tags.

CoNLL-U: https://universaldependencies.org/format.html, ten columns between tabs.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from recurra._base.errors import InputError
from recurra._base.validation import nearest, one_of, positive_int
from recurra._base.wording import count
from recurra.data.labelled import Labelled
from recurra.data.sequences import Sequences
from recurra.data.text_file import read_lines

_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_FORM, _FEATURES, _MISC = _COLUMNS.index("form"), _COLUMNS.index("feats"), _COLUMNS.index("misc")
_TAGS = ("lemma", "upos", "xpos", "feats", "deprel")
_NOTHING = "_"
_WORD = re.compile(r"[1-9][0-9]*")
# 1-2 of a contraction, 1.1 of an ellipsis.
_NO_WORD = re.compile(r"[1-9][0-9]*-[1-9][0-9]*|[0-9]+\.[1-9][0-9]*")
_SEPARATORS = {"whitespace": re.compile(r"[ \t]+"), "tab": re.compile(r"\t")}

_Sentence = list[tuple[int, list[str]]]  # the words of a sentence: line number, columns


def read_conllu(path: str | Path, *, tag: str | None = "upos") -> Labelled:
    """Read the words of a CoNLL-U file and a tag of each.

    Comments, multiword ranges such as 1-2 and empty nodes such as 1.1 are not words.

    Args:
        path: the file.
        tag: a column, "upos", "xpos", "feats", "deprel" or "lemma"; or a key of the column FEATS or MISC,
            such as "Number" or "NER"; "_" for words without it. None for words alone.

    Raises InputError, with the line's number, for a line that is not CoNLL-U, and for a tag that no word has.
    """
    path = Path(path)
    sentences = list(_sentences(path))
    if not sentences:
        raise InputError(f"{path} has no sentences; it needs words with ten columns each, separated by tabs")
    words = [[columns[_FORM] for _, columns in sentence] for sentence in sentences]
    return Labelled(
        sequences=Sequences("tokens", words),
        labels=None if tag is None else _tags(sentences, tag, path),
        groups=None,
        names=[f"{path.name}, line {sentence[0][0]}" for sentence in sentences],
    )


def read_tagged(
    path: str | Path, *, token: int = 1, tag: int | None = 2, separator: str = "whitespace"
) -> Labelled:
    """Read a token and its tag from each line of a file, with an empty line between sentences.

    Args:
        path: the file.
        token, tag: their columns, counted from 1; ``tag`` None for tokens alone.
        separator: "whitespace" for runs of spaces and tabs between columns, or "tab" for one tab.

    Raises InputError, with the line's number, for a line that has too few columns or an empty one.
    """
    path = Path(path)
    columns = {"token": token} if tag is None else {"token": token, "tag": tag}
    for name, column in columns.items():
        positive_int(name, column)
    one_of("separator", separator, _SEPARATORS)
    if token == tag:
        raise InputError(f"token and tag must be different columns, got {token} for both")
    last = max(columns, key=columns.__getitem__)
    found: dict[str, list[list[str]]] = {name: [] for name in columns}
    places: list[str] = []
    between = True
    for number, line in enumerate(read_lines(path, "a token on each line"), start=1):
        if not line.strip():
            between = True
            continue
        values = _SEPARATORS[separator].split(line if separator == "tab" else line.strip(" \t"))
        if len(values) < columns[last]:
            kind = "tabs" if separator == "tab" else "white space"
            raise InputError(
                f"{path}, line {number} has {count(len(values), 'column')} between {kind}, "
                f"and the {last} is column {columns[last]}"
            )
        if between:
            places.append(f"{path.name}, line {number}")
        for name, column in columns.items():
            value = values[column - 1].strip()
            if not value:
                raise InputError(f"{path}, line {number} has an empty {name} in column {column}")
            if between:
                found[name].append([])
            found[name][-1].append(value)
        between = False
    return Labelled(Sequences("tokens", found["token"]), found.get("tag"), None, places)


def _sentences(path: Path) -> Iterator[_Sentence]:
    """The words of each sentence that has some, checked."""
    sentence: _Sentence = []
    for number, line in enumerate(read_lines(path, "sentences in CoNLL-U"), start=1):
        if not line.strip():
            if sentence:
                yield sentence
            sentence = []
        elif not line.startswith("#"):
            columns = line.split("\t")
            if len(columns) != len(_COLUMNS):
                raise InputError(
                    f"{path}, line {number} has {count(len(columns), 'column')} between tabs; "
                    f"CoNLL-U has {len(_COLUMNS)}"
                )
            for name, value in zip(_COLUMNS, columns):
                if not value.strip():
                    raise InputError(
                        f"{path}, line {number} has an empty {name.upper()}; write _ for nothing"
                    )
            if _NO_WORD.fullmatch(columns[0]):
                continue
            if not _WORD.fullmatch(columns[0]):
                raise InputError(
                    f"{path}, line {number} has the ID {columns[0]!r}; it must be a number such as 1, "
                    "a range such as 1-2, or an empty node such as 1.1"
                )
            if columns[0] != str(len(sentence) + 1):
                raise InputError(
                    f"{path}, line {number} has the ID {columns[0]} where {len(sentence) + 1} must follow; "
                    "number the words of a sentence from 1, and end each sentence with an empty line"
                )
            sentence.append((number, columns))
    if sentence:
        yield sentence


def _tags(sentences: list[_Sentence], tag: str, path: Path) -> list[list[str]]:
    """The ``tag`` of each word."""
    if tag in _TAGS:
        column = _COLUMNS.index(tag)
        if all(columns[column] == _NOTHING for sentence in sentences for _, columns in sentence):
            raise InputError(f"{path} has no {tag}: it is _ for every word; name a tag that the words have")
        return [[columns[column] for _, columns in sentence] for sentence in sentences]
    keys: dict[str, None] = {}
    for column in (_FEATURES, _MISC):
        values = [[_pairs(columns[column]) for _, columns in sentence] for sentence in sentences]
        here = dict.fromkeys(key for sentence in values for pairs in sentence for key in pairs)
        if tag in here:
            return [[pairs.get(tag, _NOTHING) for pairs in sentence] for sentence in values]
        keys |= here
    options = [*_TAGS, *sorted(keys)]
    raise InputError(
        f"tag must be one of {', '.join(options)} for {path}, got {tag!r}{nearest(tag, options)}"
    )


def _pairs(column: str) -> dict[str, str]:
    """``Case=Nom|Number=Sing`` by key; what has no value is left out."""
    pairs = (pair.split("=", 1) for pair in column.split("|") if "=" in pair)
    return {key: value for key, value in pairs if value}
