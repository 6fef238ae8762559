"""Features as they stand in a model file: each comes back as itself, and says what sequences it reads."""

import json

import pytest

from recurra._base.errors import InputError
from recurra.data import TextFeatures, TextWords, WordFeatures
from recurra.runtime.features import features_from_dict, features_to_dict, first_part, kind_of

TEXTS = ["a good film", "it is not"]
KNOWN = {
    "text": (TextFeatures.fit(TEXTS, level="char"), "text"),
    "words of text": (TextWords.fit(TEXTS), "text"),
    "tokens": (WordFeatures.fit([text.split() for text in TEXTS]), "tokens"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_features_come_back(name):
    features, kind = KNOWN[name]
    fields = json.loads(json.dumps(features_to_dict(features)))
    assert fields["kind"] == name
    assert features_from_dict(fields) == features
    assert kind_of(features) == kind


def test_words_of_texts_are_read_as_words():
    features, _ = KNOWN["words of text"]
    assert first_part(features) == {
        "type": "words",
        "words": features.word_count,
        "characters": features.character_count,
    }


def test_unknown_features():
    with pytest.raises(InputError) as error:
        features_from_dict({"kind": "smells"})
    assert str(error.value) == (
        "features.kind must be one of text, words of text, tokens, series, audio, got 'smells'; "
        "did you mean 'series'?"
    )
