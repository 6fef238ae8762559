"""Models of sequence to sequence at work. Their weights are random: nothing is learnt."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recurra
from recurra import artifact as artifacts
from recurra._base.errors import InputError
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import Pairs, SeriesFeatures, TextFeatures, as_pairs
from recurra.decoding import Beam, Sampling
from recurra.evaluation import evaluate_translation, fit_translation_baselines
from recurra.runtime.encoder_decoder import (
    Additive,
    DecoderSpec,
    Dot,
    EncoderDecoderSpec,
    EncoderSpec,
    General,
    Table,
)
from recurra.runtime.translation import Translation, TranslationModel, translation_artifact

SOURCES = ["the cat sat on the mat", "a naïve dog ran, and ran", "ok 😀 the end", "the mat"]
TARGETS = ["die Katze saß da", "ein Hund lief und lief", "ok 😀", "die Matte"]
ATTENTIONS = {"additive": Additive(5), "general": General(), "dot": Dot(), "none": None}
WIDTH, HIDDEN, LONGEST = 5, 6, 12


def made(
    level: str = "char",
    *,
    attention: str = "additive",
    shared: bool = False,
    series: bool = False,
    columns: dict[str, Any] | None = None,
    seed: int = 3,
) -> Artifact:
    """The artifact of a small model with random weights and biases."""
    texts = [*SOURCES, *TARGETS]
    target = TextFeatures.fit(texts if shared else TARGETS, level=level, lowercase=False)
    source = target if shared else TextFeatures.fit(SOURCES, level=level, lowercase=False)
    if series:
        source = SeriesFeatures(np.array([0.5, -2.0]), np.array([2.0, 0.5]))
    count, inputs = (None, 2) if series else (Table(source.size, WIDTH), WIDTH)
    fed = WIDTH + HIDDEN
    spec = EncoderDecoderSpec(
        EncoderSpec(count, Stack(cell("gru", input_size=inputs, hidden_size=HIDDEN // 2), 1, True)),
        DecoderSpec(
            Table(target.size + 1, WIDTH),
            Stack(cell("gru", input_size=fed, hidden_size=HIDDEN)),
            ATTENTIONS[attention],
            input_feeding=attention != "none",
            tied=False,
        ),
        shared,
    )
    rng = np.random.default_rng(seed)
    tensors = {name: rng.normal(0, 0.8, shape).astype(np.float32) for name, shape in spec.shapes().items()}
    return translation_artifact(
        spec.to_dict(), tensors, source, target, longest=LONGEST, columns=columns, history={}
    )


@pytest.fixture(scope="module")
def model() -> Callable[..., TranslationModel]:
    """Make a model as `made` does, each once."""
    known: dict[str, TranslationModel] = {}

    def make(level: str = "char", **changes: Any) -> TranslationModel:
        key = repr((level, changes))
        if key not in known:
            known[key] = TranslationModel(made(level, **changes))
        return known[key]

    return make


def biased(most: int, *, level: str = "char", by: float = 1e3) -> TranslationModel:
    """A model that finds the symbol ``most`` by far the most probable, or, below 0, the least."""
    artifact = made(level)
    bias = artifact.tensors["decoder.output.bias"].copy()
    bias[most] += by
    tensors = {**artifact.tensors, "decoder.output.bias": bias}
    return TranslationModel(dataclasses.replace(artifact, tensors=tensors))


def series(*lengths: int, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, 2)).astype(np.float32) for length in lengths]


def assert_same(some: list[list[Translation]], others: list[list[Translation]]) -> None:
    """To the bit."""
    for ours, theirs in zip(some, others, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            for name, value in vars(one).items():
                np.testing.assert_array_equal(value, getattr(other, name))


def message_of(call: Callable[[], Any]) -> str:
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


def by_hand(model: TranslationModel, source: Any, found: Translation) -> float:
    """ln p of the tokens, and of the end if it came, one step after the other."""
    ids = [model.target.vocabulary.index(token) for token in found.tokens]
    boundary, total = model.network.boundary, 0.0
    state = model.network.initial_state([model.source([source])[0]])
    last = boundary
    for token in [*ids, *[boundary] * found.ended]:
        scores, state = model.network.step(np.array([last]), state)
        total += float(scores[0, token])
        last = token
    return total


@pytest.mark.parametrize("level", ["char", "word", "bpe"])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("reads", ["texts", "shared", "series"])
def test_what_is_told_of_each_text(model, level, attention, reads):
    own = model(level, attention=attention, shared=reads == "shared", series=reads == "series")
    X = series(4, 1, 7) if reads == "series" else SOURCES
    looks = attention != "none"
    beam = Beam(size=4, n_best=3, length_penalty=0.7)
    found = own.translate(X, beam=beam, attention=looks)
    assert own.predict(X, beam=beam) == [best[0].text for best in found]
    for source, several in zip(X, found, strict=True):
        scores = [one.score for one in several if one.ended]
        assert scores == sorted(scores, reverse=True)
        assert len({one.tokens for one in several}) == len(several) == 3
        for one in several:
            assert one.log_probability == pytest.approx(by_hand(own, source, one), rel=1e-5)
            penalty = ((5 + len(one.tokens)) / 6) ** 0.7
            assert one.score == pytest.approx(one.log_probability / penalty, rel=1e-12)
            assert one.text == own.target.decode([own.target.vocabulary.index(t) for t in one.tokens])
            assert "\ufffd" not in one.tokens
            if reads == "series":
                assert one.source_tokens is None
            else:
                assert one.source_tokens == tuple(own.source.tokens(source))
            if not looks:
                assert one.attention is None
                continue
            steps = len(source) if reads == "series" else len(one.source_tokens)
            assert one.attention.shape == (len(one.tokens) + 1, steps)
            np.testing.assert_allclose(one.attention.sum(1), 1, atol=1e-6)


def test_attention_is_told_where_it_is_asked_for_and_that_of_given_targets(model):
    own = model()
    (plain,), (told,) = (own.translate(SOURCES[:1], attention=asked) for asked in (False, True))
    assert plain[0].attention is None
    assert plain[0].text == told[0].text
    (forced,) = own.attention(SOURCES[:1], [told[0].text])
    np.testing.assert_array_equal(forced, told[0].attention)
    several = own.attention(SOURCES, TARGETS)
    assert [one.shape for one in several] == [
        (len(y) + 1, len(x)) for x, y in zip(SOURCES, TARGETS, strict=True)
    ]


@pytest.mark.parametrize("reads", ["texts", "series"])
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_source_alone_has_the_bits_that_it_has_among_others(model, reads, attention):
    own = model(attention=attention, series=reads == "series")
    X = series(*range(1, 12)) if reads == "series" else [text[:n] for text in SOURCES for n in (1, 5, 99)]
    options = {"beam": Beam(size=3, n_best=2), "attention": attention != "none"}
    among = own.translate(X, **options)
    assert_same([own.translate([x], **options)[0] for x in X], among)
    assert_same(own.translate(X[::-1], threads=2, **options)[::-1], among)


def test_more_sources_than_are_searched_together(model):
    own = model()
    many = [SOURCES[i % 4][: 1 + i % 9] for i in range(150)]
    once = dict(zip(dict.fromkeys(many), own.predict(list(dict.fromkeys(many)))))
    assert own.predict(many) == [once[text] for text in many]
    wide = own.translate(many[:5], beam=Beam(size=400))  # a beam wider than the rows of a batch
    assert all(len(best) == 1 for best in wide)


def test_an_empty_source_becomes_the_empty_text(model):
    own = model()
    X = ["", SOURCES[0], " \t ", "\n"]
    found = own.translate(X, beam=Beam(n_best=2), attention=True)
    for row in (0, 2, 3):
        assert [vars(one) for one in found[row]] == [vars(Translation("", (), 0.0, 0.0, True, ()))]
    assert_same(found[1:2], own.translate(SOURCES[:1], beam=Beam(n_best=2), attention=True))
    assert own.predict(["", ""]) == ["", ""]
    assert [[one.text for one in own] for own in own.sample([""], samples=3)] == [["", "", ""]]
    invisible = model("word").translate(["\u200b"])
    assert (invisible[0][0].text, invisible[0][0].source_tokens) == ("", ())


def test_an_empty_series_becomes_the_empty_text(model):
    own, nothing = model(series=True), np.zeros((0, 2), np.float32)
    X = [nothing, *series(3)]
    found = own.translate(X)
    assert (found[0][0].text, found[0][0].tokens, found[0][0].source_tokens) == ("", (), None)
    assert_same(found[1:], own.translate(series(3)))
    for alone in ([nothing], [nothing, nothing], np.zeros((2, 0, 2)), [np.zeros((0, 2), np.float32)] * 2):
        assert own.predict(alone) == [""] * len(alone)
    assert [[one.text for one in own] for own in own.sample([nothing], samples=2)] == [["", ""]]


@pytest.mark.parametrize("level", ["char", "word"])
def test_what_was_never_seen_in_a_source_is_one_unknown_symbol(model, level):
    own = model(level)
    one, other = own.translate(["ζη ζ ζη"]), own.translate(["ψш ψ ψш"])
    assert one[0][0].tokens == other[0][0].tokens
    assert one[0][0].score == other[0][0].score
    assert one[0][0].source_tokens == (("ζη", "ζ", "ζη") if level == "word" else tuple("ζη ζ ζη"))


def test_byte_pairs_know_every_source(model):
    own = model("bpe")
    assert own.translate(["ζη"])[0][0].score != own.translate(["шψ"])[0][0].score


def test_what_is_unknown_is_never_written():
    own = biased(0)
    for found in (own.translate(SOURCES, beam=Beam(n_best=5)), own.sample(SOURCES, samples=3)):
        assert all("\ufffd" not in one.tokens for several in found for one in several)


def test_an_answer_may_be_as_long_as_the_longest_learnt_or_twice_its_source_and_ten():
    own = biased(-1, by=-1e3)  # it never ends
    for source, room in (("a", LONGEST), ("ab", 14), ("the cat" * 50, 710)):
        (found,) = own.translate([source])
        assert [(len(one.tokens), one.ended) for one in found] == [(room, False)]
        assert [len(one.tokens) for one in own.sample([source])[0]] == [room]
    for beam, room in (
        (Beam(max_length=3), 3),
        (Beam(max_length=40), 40),
        (Beam(min_length=40), 40),
        (Beam(min_length=5, max_length=5), 5),
    ):
        assert [len(one.tokens) for one in own.translate(["a"], beam=beam)[0]] == [room]


def test_an_answer_is_as_long_as_it_has_to_be():
    own = biased(-1, by=30)  # it ends at once
    assert own.predict(SOURCES) == ["", "", "", ""]
    found = own.translate(SOURCES, beam=Beam(min_length=20))
    assert [(len(one.tokens), one.ended) for several in found for one in several] == [(20, True)] * 4


def test_drawn_texts_are_those_of_the_seed(model):
    own = model()
    first = own.sample(SOURCES, samples=3, seed=5)
    assert [len(several) for several in first] == [3] * 4
    assert_same(own.sample(SOURCES, samples=3, seed=5), first)
    assert_same(own.sample(SOURCES[:2], samples=3, seed=5), first[:2])
    assert_same(own.sample(SOURCES, samples=1, seed=5), [several[:1] for several in first])
    texts = {one.text for several in (*first, *own.sample(SOURCES, seed=6)) for one in several}
    assert len(texts) > 12
    for source, several in zip(SOURCES, first, strict=True):
        for one in several:
            assert one.log_probability == one.score
            assert one.score == pytest.approx(by_hand(own, source, one), rel=1e-5)


def test_the_coldest_draw_is_the_greedy_search(model):
    own = model()
    cold = own.sample(SOURCES, sampling=Sampling(temperature=0))
    greedy = own.translate(SOURCES, beam=Beam(size=1, length_penalty=0.0))
    for (drawn,), (best,) in zip(cold, greedy, strict=True):
        assert (drawn.tokens, drawn.ended) == (best.tokens, best.ended)
        assert drawn.log_probability == pytest.approx(best.log_probability, rel=1e-12)


@pytest.mark.parametrize(("level", "scored"), [("char", "char"), ("word", "word"), ("bpe", "word")])
def test_an_evaluation_is_that_of_the_predicted_texts(model, level, scored):
    own, beam = model(level), Beam(size=2)
    pairs = as_pairs(["", *SOURCES], ["", *TARGETS])
    baselines = fit_translation_baselines(as_pairs(SOURCES, TARGETS), level=scored)
    evaluation = own.evaluate(pairs, beam=beam, baselines=baselines)
    wanted = evaluate_translation(
        own.predict(["", *SOURCES], beam=beam),
        ["", *TARGETS],
        level=scored,
        source_lengths=[0, *(len(own.source.tokens(text)) for text in SOURCES)],
        baselines=baselines.on(pairs.sources),
    )
    np.testing.assert_equal(evaluation.to_dict(), wanted.to_dict())
    assert evaluation.hypotheses == wanted.hypotheses
    assert set(evaluation.baselines) == {"copy", "dictionary", "nearest"}
    assert evaluation.metrics["exact"] == 0.2  # the empty one
    np.testing.assert_equal(own.evaluate(["", *SOURCES], ["", *TARGETS], beam=beam).metrics, wanted.metrics)


def test_vectors_are_series_of_one_step(model):
    own = model(series=True)
    vectors = np.concatenate(series(1, 1, 1))
    answers = own.predict(series(1, 1, 1))
    assert own.predict(vectors) == own.predict(vectors.astype(np.float64)) == answers
    assert own.predict(vectors[:, None]) == own.predict(list(vectors[:, None])) == answers
    polars = pytest.importorskip("polars")
    assert own.predict(polars.from_numpy(vectors)) == answers


def test_files_are_read_as_those_of_training(model, tmp_path):
    own = model(columns={"source": "de", "target": "en", "header": True})
    (tmp_path / "x.txt").write_text("\n".join([*SOURCES, "", "a"]) + "\n")
    assert own.predict(tmp_path / "x.txt") == own.predict([*SOURCES, "", "a"])
    (tmp_path / "y.txt").write_text("\n".join([*TARGETS, "", "b"]) + "\n")
    metrics = own.evaluate([*SOURCES, "", "a"], [*TARGETS, "", "b"]).metrics
    np.testing.assert_equal(own.evaluate(tmp_path / "x.txt", tmp_path / "y.txt").metrics, metrics)
    rows = zip([*SOURCES, "", "a"], [*TARGETS, "", "b"], strict=True)
    (tmp_path / "xy.csv").write_text("en,de\n" + "".join(f'{y},"{x}"\n' for x, y in rows))
    assert own.predict(tmp_path / "xy.csv") == own.predict([*SOURCES, "", "a"])
    np.testing.assert_equal(own.evaluate(tmp_path / "xy.csv").metrics, metrics)
    assert own.read(tmp_path / "x.txt").names[4] == "x.txt, line 5"


def test_a_model_of_plain_text_reads_a_table_of_one_column(model, tmp_path):
    (tmp_path / "x.csv").write_text("text\nok\nthe mat\n")
    assert model().predict(tmp_path / "x.csv") == model().predict(["ok", "the mat"])


def test_a_saved_model_is_the_model(model, tmp_path):
    for series_ in (False, True):
        X = series(3, 1) if series_ else SOURCES
        artifacts.save(made(series=series_), tmp_path / "model")
        loaded = recurra.load(tmp_path / "model")
        assert isinstance(loaded, TranslationModel)
        assert loaded.kind == ("series" if series_ else "text")
        beam = Beam(n_best=3)
        expected = model(series=series_).translate(X, beam=beam, attention=True)
        assert_same(loaded.translate(X, beam=beam, attention=True), expected)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (series(3), "X must hold texts, as the training part does, got arrays"),
        ([], "Found array with 0 sample(s) while a minimum of 1 is required: X has no items"),
        ([["a", "b"]], "X must hold texts or arrays, got lists of tokens; join each to one text"),
        (
            "one",
            "X must be a list of texts, of lists of tokens, of arrays (steps, columns) or of clips; got str; "
            "give [X] for one item",
        ),
        (
            ["a\ud800"],
            "a text holds half a surrogate pair at character 2, which is no character; decode the text anew "
            "from its bytes",
        ),
    ],
    ids=range(5),
)
def test_sources_that_are_no_texts(model, X, message):
    own = model()
    for call in (own.predict, own.translate, own.sample, own.read):
        assert message_of(lambda call=call: call(X)) == message


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (["a"], "X must hold arrays, as the training part does, got texts"),
        (
            [np.zeros((3, 4), np.float32)],
            "X must hold arrays with 2 columns, as the training part does, got 4",
        ),
        (np.zeros((3, 1)), "X must hold arrays with 2 columns, as the training part does, got 1"),
        (
            [np.zeros((1, 2)), np.full((2, 2), np.nan)],
            "X[1] has NaN at step 0, column 0 (both from 0); fill or remove such values",
        ),
        (
            [np.full((2, 2), 3e38, np.float32)],
            "series[0] is not finite or too far from the training series in column 1 (from 0)",
        ),
    ],
    ids=range(5),
)
def test_sources_that_are_no_such_series(model, X, message):
    assert message_of(lambda: model(series=True).predict(X)) == message


def test_arguments_that_are_none(model):
    own = model()
    for wrong, kind in ((5, "int"), ({"size": 5}, "dict"), (Sampling(), "Sampling")):
        wanted = f"beam must be a recurra.decoding.Beam or None, got {kind}"
        for call in (own.predict, own.translate):
            assert message_of(lambda call=call, wrong=wrong: call(SOURCES, beam=wrong)) == wanted
        assert message_of(lambda wrong=wrong: own.evaluate(SOURCES, TARGETS, beam=wrong)) == wanted
    for options, wanted in (
        ({"sampling": Beam()}, "sampling must be a recurra.decoding.Sampling or None, got Beam"),
        ({"samples": 0}, "samples must be a whole number of at least 1, got 0"),
        ({"samples": 1.5}, "samples must be a whole number of at least 1, got 1.5"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": True}, "seed must be a whole number of at least 0, got True"),
        ({"seed": "1"}, "seed must be a whole number of at least 0, got '1'"),
    ):
        assert message_of(lambda options=options: own.sample(SOURCES, **options)) == wanted
    for options, wanted in (
        ({"size": 0}, "size must be a whole number of at least 1, got 0"),
        (
            {"size": 2, "n_best": 3},
            "n_best must be at most the beam's size, 2, got 3; widen the beam or ask for fewer",
        ),
    ):
        assert message_of(lambda options=options: own.predict(SOURCES, beam=Beam(**options))) == wanted


def test_attention_of_a_model_without(model):
    own = model(attention="none")
    assert message_of(lambda: own.translate(SOURCES, attention=True)) == (
        "attention=True needs a model with attention, and this one has none"
    )
    assert message_of(lambda: own.attention(SOURCES, TARGETS)) == "the model has no attention to tell of"


def test_attention_of_an_empty_source(model):
    assert message_of(lambda: model().attention(["a", ""], ["b", "c"])) == (
        "X[1] is empty; give every sequence at least one step, or leave it out"
    )


def test_scores_need_targets(model, tmp_path):
    own = model()
    assert message_of(lambda: own.evaluate(SOURCES)) == "y must hold the right text of each source, got none"
    assert message_of(lambda: own.evaluate(SOURCES, TARGETS[:3])) == (
        "y must have a text for each of 4 sources, got 3"
    )
    assert message_of(lambda: own.evaluate(SOURCES, [*TARGETS[:3], None])) == (
        "y[3] must be text, got NoneType"
    )
    path = tmp_path / "x.txt"
    path.write_text("a\nb\n")
    assert message_of(lambda: own.evaluate(path)) == (
        f"{path} has sources and no targets; give the file of their targets, too"
    )
    (tmp_path / "y.txt").write_text("a\n")
    assert message_of(lambda: own.evaluate(path, tmp_path / "y.txt")) == (
        f"{path} has 2 lines and {tmp_path / 'y.txt'} 1; each line of the one must stand beside its line of "
        "the other"
    )
    (tmp_path / "t.csv").write_text("de,en\na,b\n")
    table = tmp_path / "t.csv"
    assert message_of(lambda: own.predict(table)) == (
        f"{table} is a table with the columns de, en, and the model was not fitted on a table; give a file "
        "with a source on each line, or a table of one column"
    )
    for targets in (None, tmp_path / "y.txt"):
        assert message_of(lambda targets=targets: own.evaluate(table, targets)) == (
            f"{table} is a table, and the model was not fitted on one; give a file with a source on each "
            "line, and one of their targets"
        )
    assert message_of(lambda: own.evaluate(path, table)) == (
        f"{table} is a table, and the model was not fitted on one; give a file with a source on each "
        "line, and one of their targets"
    )
    missing = Path(tmp_path / "none.txt")
    assert str(missing) in message_of(lambda: own.predict(missing))


def test_a_model_whose_weights_are_no_numbers_names_the_source_of_the_file(tmp_path):
    artifact = made()
    bias = np.full_like(artifact.tensors["decoder.output.bias"], np.nan)
    tensors = {**artifact.tensors, "decoder.output.bias": bias}
    broken = TranslationModel(dataclasses.replace(artifact, tensors=tensors))
    (tmp_path / "x.txt").write_text("\nok\nthe mat is long\n")  # the longest is read first
    message = "log_probabilities must have a finite highest value, got nan for {}; no token can follow"
    assert message_of(lambda: broken.predict(tmp_path / "x.txt")) == message.format("x.txt, line 3")
    assert message_of(lambda: broken.predict(["", "ok"])) == message.format("X[1]")


def test_pairs_come_back_as_they_are(model):
    pairs = as_pairs(SOURCES, TARGETS)
    assert isinstance(pairs, Pairs)
    assert model().pairs(pairs).targets == TARGETS
    assert model().pairs(pairs, TARGETS[::-1]).targets == TARGETS[::-1]
