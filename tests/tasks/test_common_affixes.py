"""Which beginnings and ends of words count: those that three words share."""

import numpy as np

from recurra.data import WordFeatures
from recurra.runtime.network_parts.spelling import affix_keys
from recurra.tasks.common_affixes import common_affixes, lower_case


def test_affixes_of_three_words():
    features = WordFeatures.fit([["seeing", "being", "singing", "ing", "Seen", "see"]])
    found = common_affixes(features)
    assert (np.diff(found) > 0).all()
    # Ends in -ing: 4 words; begin with see-: 3, with s-: 4. "-eing" comes twice only, and "ing-" once.
    ing, see = (affix_keys(features([[word]])[0][:, 1:])[0] for word in ("ing", "see"))
    expected = {*ing[3:6], *see[:3]}
    assert set(found.tolist()) == expected


def test_none():
    assert common_affixes(WordFeatures.fit([["a", "b"]])).shape == (0,)


def test_lower_case():
    features = WordFeatures.fit([["aA", "B", "éÉ", "\u0130"]])
    characters = features.characters
    folded = {characters[place]: characters[lower] for place, lower in enumerate(lower_case(features))}
    # There is no b; and the dotted capital I has two characters in lower case.
    assert folded == {
        characters[0]: characters[0],
        "a": "a",
        "A": "a",
        "B": "B",
        "é": "é",
        "É": "é",
        "\u0130": "\u0130",
    }
