"""Where a word begins and ends, for texts of any script."""

import functools
import re
import unicodedata

# Scripts that are written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = (
    "\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
# Zero-width space, marks of direction, invisible operators, byte order mark: seen by nobody, so no token.
_INVISIBLE = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_SOFT_HYPHEN = "\u00ad"
_APOSTROPHE = "\u2019"
_JOINER = "\u200d"
# What belongs to the character before it, though it is no mark: both joiners, skin tones, tags of flags.
_ATTACHED = f"\u200c{_JOINER}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"

_ASCII = re.compile(r"[^\W_]+(?:'[^\W_]+)*|\S")


def split_words(text: str) -> list[str]:
    """The words and signs of ``text``, in order.

    A word is a run of letters, digits and their marks, with apostrophes inside it: ``don't`` is one. Letters
    of scripts that are written without spaces (Han, kana, Thai, Lao, Khmer, Burmese) are words each. Every
    other character that can be seen is a sign of its own, with the marks, joiners and skin tones that attach
    to it, so that an emoji or a flag is one sign. White space, no-break and zero-width space and marks of
    direction only separate; a soft hyphen is dropped, and a typographic apostrophe is taken for a plain one.
    """
    if text.isascii():
        return _ASCII.findall(text)
    return _pattern().findall(text.replace(_SOFT_HYPHEN, "").replace(_APOSTROPHE, "'"))


@functools.cache
def _pattern() -> re.Pattern[str]:
    mark = f"[{_marks()}{_ATTACHED}]"
    letter = rf"[^\W_{_UNSPACED}]"
    run = f"{letter}+(?:{mark}+{letter}*)*"
    sign = rf"(?:_|[^\w\s{_INVISIBLE}])"
    return re.compile(
        f"{run}(?:'{run})*|[{_UNSPACED}]{mark}*|{_FLAG}|{sign}{mark}*(?:(?<={_JOINER}){sign}{mark}*)*"
    )


def _marks() -> str:
    """The characters of Unicode's category M as ranges of a character class; ``re`` has no name for them."""
    ranges: list[tuple[int, int]] = []
    for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
