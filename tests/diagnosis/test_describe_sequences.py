"""Sequences of every kind: lengths, padding, labels, words, repeats, sound and music."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import Clip, Labelled, Music, Pairs, Piece, Sequences, midi_bytes, read_texts
from recurra.diagnosis import describe
from recurra.diagnosis.balance import balance, balance_findings
from recurra.diagnosis.lengths import padding
from recurra.diagnosis.vocabulary import vocabulary

RNG = np.random.default_rng(0)
WORDS = [f"w{i}" for i in range(40)]


def labelled(kind: str, items: list, labels=None, groups=None) -> Labelled:
    return Labelled(Sequences(kind, items), labels, groups, [f"item {i}" for i in range(len(items))])


def sentences(count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 10)) for _ in range(count)]


def whats(found) -> list[tuple[str, str]]:
    return [(finding.level, finding.what) for finding in found.findings]


def tone(seconds: float, *, rate: int = 8000, loud: float = 0.3) -> Clip:
    noise = RNG.normal(size=int(seconds * rate))
    return Clip((loud * noise / 4).clip(-1, 1).astype(np.float32), rate, f"{seconds:.3f}.wav")


def test_padding_is_what_batches_would_waste() -> None:
    found = padding(np.array([1, 1, 1, 5]), batch_size=4)
    assert (found.together, found.random, found.bucketed) == (0.6, 0.6, 0.6)
    lengths = RNG.permutation(np.repeat(np.arange(1, 101), 32))
    found = padding(lengths)
    assert found.together == pytest.approx(1 - 50.5 / 100)
    assert found.random == pytest.approx(1 - 50.5 / 98, abs=0.02)
    assert 0 < found.bucketed < 0.05
    assert padding(np.full(70, 9)).random == 0
    assert padding(np.zeros(3, np.int64)).together == 0


def test_nothing_is_found_in_healthy_texts() -> None:
    found = describe(labelled("text", sentences(300), ["good", "bad"] * 150))
    assert found.findings == ()
    assert found.size == {"texts": 300, "words": 3000, "characters": sum(map(len, sentences(300)))}
    assert found.balances[0].entropy == pytest.approx(1)
    assert found.vocabularies["words"].distinct == 40
    json.dumps(found.to_dict(), allow_nan=False)


def test_repeats_contradictions_and_shared_texts_are_found() -> None:
    texts = sentences(200)
    train = labelled("text", [*texts, *texts[:3]], ["a", "b"] * 100 + ["b", "b", "a"])
    test = labelled("text", [*texts[:2], *sentences(8, seed=1)])
    found = describe(train, test=test)
    assert whats(found) == [
        ("serious", "2 of 10 texts of the second file (20 %) are in DATA, too."),
        ("warning", "1 text comes with more than one label."),
        ("hint", f"3 of 203 texts (1.5 %) repeat another one, such as {texts[0]!r}."),
    ]
    assert found.repeats.commonest[texts[0]] == 2


def test_unknown_words_are_counted_and_those_to_expect_are_estimated() -> None:
    known = vocabulary([["a", "a", "b"], ["c"]], "word", [["a", "x"], ["x", "y"]])
    assert (known.total, known.distinct, known.once, known.expected_unknown) == (4, 3, 2, 0.5)
    assert (known.other, known.unknown, known.unknown_commonest) == (4, 3, ("x", "y"))
    # Good's estimate beside the truth, on words as frequent as in a language.
    draw = RNG.zipf(1.5, 40_000).astype(str).tolist()
    found = vocabulary([draw[:20_000]], "word", [draw[20_000:]])
    assert found.unknown / found.other == pytest.approx(found.expected_unknown, rel=0.15)


def test_labels_that_can_not_be_learnt_are_told() -> None:
    def told(labels: list[str]) -> list[tuple[str, str]]:
        return [(finding.level, finding.what) for finding in balance_findings(balance(labels))]

    assert told(["a"] * 50) == [("serious", "All 50 labels are 'a'.")]
    assert told([f"{i}" for i in range(100)]) == [
        ("serious", "There are 100 different labels in 100: most come once.")
    ]
    assert told(["a"] * 96 + ["b"] * 4) == [
        ("warning", "96 % of the labels are 'a': who always says so is right as often."),
        ("warning", "1 label comes fewer than 5 times: 'b'."),
    ]
    assert told(["a", "b"] * 20) == []
    assert balance([]) is None


def test_labels_that_are_numbers_have_a_distribution() -> None:
    labels = [f"{value:.3f}" for value in RNG.normal(size=200)]
    found = describe(labelled("text", sentences(200), labels))
    assert (found.balances, [column.name for column in found.columns]) == ((), ["label"])
    digits = describe(labelled("text", sentences(200), ["0", "1"] * 100))
    assert (len(digits.balances), digits.columns) == (1, ())


def test_names_have_characters_and_no_words(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("".join(f"{'ab' * (i % 3 + 1)}{i}\n" for i in range(100)) + "\n \n")
    found = describe(path)
    assert list(found.lengths) == list(found.vocabularies) == ["characters"]
    assert found.notes == ("2 of 102 lines are empty and left out.",)


def test_words_with_tags_are_described() -> None:
    items = [text.split() for text in sentences(100)]
    tags = [["X" if word < "w2" else "Y" for word in item] for item in items]
    found = describe(labelled("tokens", items, tags))
    assert (found.kind, found.findings) == ("words", ())
    assert found.balances[0].what == "tag"
    assert found.balances[0].total == 1000


def test_series_of_numbers_are_described_column_by_column() -> None:
    items = [RNG.normal(size=(10, 2)).astype(np.float32) for _ in range(60)]
    for item in items:
        item[:, 1] = 4
    found = describe(labelled("series", items, ["a", "b"] * 30))
    assert whats(found) == [("warning", "Column 'column 2' is constant: every value is 4.")]
    assert found.columns[0].distribution.count == 600


def test_clips_are_listened_to() -> None:
    clips = [tone(0.3 + i / 1000) for i in range(60)]
    assert describe(labelled("audio", clips, ["a", "b"] * 30)).findings == ()
    loud = [Clip(np.sign(RNG.normal(size=2000)).astype(np.float32), 8000, f"loud {i}") for i in range(5)]
    silent = Clip(np.zeros(2400, np.float32), 8000, "silent.wav")
    found = describe(labelled("audio", [*clips, *loud, silent, tone(0.3, rate=16000)]))
    assert whats(found)[:3] == [
        ("warning", "1 of 67 clips is silent: 'silent.wav'."),
        (
            "warning",
            "5 of 67 clips (7.5 %) are clipped, louder than the file can hold: 'loud 0', 'loud 1', 'loud 2' "
            "and 2 more.",
        ),
        ("hint", "Clips have 2 sample rates: 8,000 Hz (66), 16,000 Hz (1)."),
    ]
    assert found.sounds.rates == {8000: 66, 16000: 1}


def test_what_is_said_in_clips_has_words_and_no_balance() -> None:
    clips = [tone(0.3 + i / 1000) for i in range(60)]
    found = describe(labelled("audio", clips, sentences(60)), spoken=True)
    assert found.balances == ()
    assert list(found.vocabularies) == ["spoken words", "spoken characters"]


def test_pairs_that_do_not_belong_together_are_found() -> None:
    sources = sentences(100)
    targets = [text.upper() for text in sources]
    names = [f"line {i}" for i in range(100)]
    assert describe(Pairs(Sequences("text", sources), targets, names)).findings == ()
    targets[:3] = [*sources[:2], ""]
    targets[3] = sources[3] * 9
    found = describe(Pairs(Sequences("text", sources), targets, names))
    assert whats(found) == [
        ("warning", "1 of 100 pairs (1.0 %) lacks its source or its target."),
        ("warning", "2 of 100 targets (2.0 %) equal their source."),
        ("hint", "1 of 100 pairs (1.0 %) is much longer on one side than others are."),
    ]


def test_of_pairs_the_words_of_either_side_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    sources, targets = (
        [" ".join(f"{letter}{i}" for i in rng.zipf(1.3, 10)) for _ in range(200)] for letter in "st"
    )
    found = describe(Pairs(Sequences("text", sources), targets, [str(i) for i in range(200)]))
    said = [what for _, what in whats(found) if "come once" in what]
    assert [what.split(" % of the different ")[1].split(" come ")[0] for what in said] == [
        "source words",
        "target words",
    ]


def rolls(count: int, seed: int = 0) -> list[Piece]:
    rng = np.random.default_rng(seed)
    return [Piece(rng.random((40, 88)) < 0.03, f"piece {seed}.{i}") for i in range(count)]


def test_music_is_described_part_by_part() -> None:
    pieces = rolls(30)
    assert describe(pieces).findings == ()
    silent = Piece(np.zeros((40, 88)), "silence")
    found = describe(
        Music([*pieces, silent], validation=rolls(5, seed=1), test=[pieces[0], *rolls(4, seed=2)])
    )
    assert found.size == {"training pieces": 31, "validation pieces": 5, "test pieces": 5, "steps": 41 * 40}
    assert whats(found) == [
        ("serious", "1 of 10 pieces of the parts that are held out (10 %) are in DATA, too."),
        ("warning", "1 piece has no note: 'silence'."),
    ]
    assert found.music.mean_at_once == pytest.approx(88 * 0.03, rel=0.1)


def test_what_a_path_holds_is_told_by_its_name(tmp_path: Path) -> None:
    tune = midi_bytes(rolls(1)[0], generated=False)
    (tmp_path / "tune.mid").write_bytes(tune)
    with zipfile.ZipFile(tmp_path / "tunes.zip", "w") as archive:
        for i in range(3):
            archive.writestr(f"{i}.mid", tune)
    (tmp_path / "a.conllu").write_text("1\tAda\t_\tPROPN\t_\t_\t_\t_\t_\t_\n\n")
    assert [describe(tmp_path / name).kind for name in ("tune.mid", "tunes.zip", "a.conllu")] == [
        "music",
        "music",
        "words",
    ]
    assert describe(tmp_path).kind == "music"
    with pytest.raises(InputError) as error:
        describe(tmp_path / "nothing.csv")
    assert str(error.value) == f"{tmp_path / 'nothing.csv'} does not exist"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "x"}, "target is for tables, got sequences; leave it out"),
        ({"spoken": True}, "spoken is for clips, got text; leave it out"),
        ({"test": labelled("tokens", [["a"]])}, "test must hold text as the data do, got tokens"),
        ({"test": 3}, "test must hold text as the data do, got int"),
    ],
)
def test_bad_arguments_are_named(options: dict, message: str) -> None:
    with pytest.raises(InputError) as error:
        describe(labelled("text", sentences(60)), **options)
    assert str(error.value) == message


@pytest.mark.parametrize("texts", [["a"], ["a", "a"], [" ", "\u200b"], ["é" * 9, "日本語"]])
def test_odd_texts_are_described(texts: list[str], tmp_path: Path) -> None:
    found = describe(labelled("text", texts))
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.size["texts"] == len(texts)


def test_texts_of_a_table_are_read_by_their_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("text\tlabel\n" + "".join(f"{text}\ta\n" for text in sentences(60)))
    found = describe(read_texts(path, text="text", label="label"), name="a.tsv")
    assert whats(found) == [("serious", "All 60 labels are 'a'.")]
