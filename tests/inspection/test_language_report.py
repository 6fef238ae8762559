import math
import re
from functools import partial
from html import unescape

import numpy as np
import pytest

from recurra.data import KEYS, held
from recurra.inspection.language_report import language_report
from recurra.inspection.music_sections import music_data_section
from recurra.inspection.text_sections import surprise_section
from recurra.inspection.wording import numbers
from tests.inspection.fitted import HOSTILE
from tests.inspection.fitted_language import MAKERS
from tests.inspection.html_page import Page

TESTED = ["characters", "names", "words", "pairs"]


@pytest.fixture
def html(written):
    return partial(written, "language")


def between(page: str, first: str, second: str) -> str:
    return page[page.index(first) : page.index(second, page.index(first))]


def told(html: str) -> list[list[tuple[int, str, str]]]:
    """Level, title and text of each token of each stretch."""
    found = re.findall(r'<p class="told" dir="auto">(.*?)</p>', html, re.DOTALL)
    tokens = [re.findall(r'<span class="t(\d)" title="([^"]*)">(.*?)</span>', p, re.DOTALL) for p in found]
    return [[(int(level), unescape(note), unescape(text)) for level, note, text in p] for p in tokens]


@pytest.mark.parametrize("name", MAKERS)
def test_a_page_has_neither_pictures_nor_sounds(html, name: str) -> None:
    tags = Page(html(name)).tags
    assert not [tag for tag, given in tags if "src" in given or tag in ("img", "b")]


@pytest.mark.parametrize("name", MAKERS)
def test_all_but_the_drawing_library_is_small(html, name: str) -> None:
    library = max(Page(html(name)).scripts, key=lambda script: len(script[1]))[1]
    assert len(html(name).encode()) - len(library.encode()) < 300_000


@pytest.mark.parametrize("name", TESTED)
def test_the_most_surprising_stretches_are_shown_token_by_token(html, fitted_language, name: str) -> None:
    estimator = fitted_language(name)
    evaluation, features = estimator.evaluation_, estimator.model_.features
    stretches = told(html(name))
    assert len(stretches) == len(evaluation.stretches)
    for tokens, stretch in zip(stretches, evaluation.stretches):
        row = evaluation.log_probabilities[stretch.document]
        place = slice(stretch.first, stretch.stop)
        assert len(tokens) == stretch.stop - stretch.first
        characters = len(stretch.text) + (place.stop == len(row) and estimator.model_.ends)
        assert -row[place].sum() / characters == pytest.approx(stretch.nats)
        levels = [sum(p < limit for limit in (0.5, 0.1, 0.01, 0.001)) for p in np.exp(row[place])]
        assert [level for level, *_ in tokens] == levels
        for (_, note, _), nats in zip(tokens, -row[place]):
            assert note.endswith(f" {nats:.2f} nats")
        if features.level == "char":
            assert len(tokens) == characters


def test_what_training_never_saw_is_called_so(html, fitted_language) -> None:
    tokens = [token for stretch in told(html("names")) for token in stretch]
    assert [note.partition(":")[0] for _, note, text in tokens if text == "q"] == ["q (unknown)"]
    assert {note.partition(":")[0] for _, note, text in tokens if text == "■"} == {"end of the document"}
    assert "1 (0.3 %)" in between(html("characters"), "<h2>The data", "</table>")
    assert fitted_language("characters").evaluation_.notes[0] in unescape(html("characters"))


def test_signs_that_leave_no_mark_are_seen(html) -> None:
    tokens = {text for stretch in told(html("characters")) for _, _, text in stretch}
    assert "↵\n" in tokens
    symbols = between(html("characters"), 'class="symbols"', "</table>")
    assert '<th scope="row">␣</th>' in symbols
    assert '<th scope="row">↵</th>' in symbols
    assert '<th scope="row">U+200B</th>' in symbols


def test_the_stretches_do_not_depend_on_their_colours(html) -> None:
    page = html("names")
    stretch = between(page, '<article class="stretch">', "</article>")
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td>([^<]*)</td><td>([\d.]+)</td></tr>', stretch)
    notes = [note for _, note, _ in told(page)[0]]
    assert [f"{unescape(token)}: {share}, {nats} nats" for token, share, nats in rows] == notes


@pytest.mark.parametrize("name", [*TESTED, "untested"])
def test_what_the_model_writes_is_marked_as_generated(html, fitted_language, name: str) -> None:
    section = unescape(between(html(name), "<h2>What it writes", "</section>"))
    assert "Everything in this section was generated" in section
    assert "It can be fluent and false" in section
    headings = re.findall(r"<dt>generated at temperature</dt><dd>([\d.]+)</dd>", section)
    assert headings == ["0.5", "0.8", "1.0"]


def test_names_are_a_list_and_those_of_the_training_part_are_marked(html, fitted_language) -> None:
    section = between(html("untested"), "<h2>What it writes", "</section>")
    written = [
        (unescape(text), bool(note))
        for text, note in re.findall(
            r'<li dir="auto">([^<]*?)( <small>stands in[^<]*</small>)?</li>', section
        )
    ]
    assert len(written) == 36
    known = set(fitted_language("untested").parts_["training"].texts)
    assert all(marked == (text in known) for text, marked in written)
    assert f"{sum(marked for _, marked in written)} of these 36 stand in the training part" in section


def test_the_same_model_gives_the_same_samples(fitted_language) -> None:
    first, second = (
        between(language_report(fitted_language("names"), data="d", path="p"), "<h2>What it", "</section>")
        for _ in range(2)
    )
    assert first == second


def test_neighbours_are_by_the_cosine_of_the_vectors(html, fitted_language) -> None:
    estimator = fitted_language("words")
    ids = {word: i for i, word in enumerate(estimator.model_.features.vocabulary)}
    vectors = estimator.artifact_.tensors["embedding.weight"].astype(float)
    section = unescape(between(html("words"), "<h2>Words that", "</section>"))
    rows = re.findall(r'row">(\w+)</th><td>(\d+)</td><td class="text">(\w+) (-?[\d.]+),', section)
    texts = " ".join(estimator.parts_["training"].texts).split()
    assert all(int(times) == texts.count(word) for word, times, *_ in rows)
    assert int(rows[0][1]) == max(int(times) for _, times, *_ in rows)
    for word, _, near, cosine in rows:
        if near in ids:
            a, b = vectors[ids[word]], vectors[ids[near]]
            assert float(cosine) == pytest.approx(a @ b / math.hypot(*a) / math.hypot(*b), abs=0.006)


def test_a_very_long_word_is_cut(html) -> None:
    assert "w" * 61 not in between(html("words"), "<h2>What surprised", "<h2>What it writes")
    assert "w" * 61 not in between(html("words"), "<h2>Words that", "<h2>Training")


def test_documents_are_counted_and_measured(html) -> None:
    data = between(html("names"), "<h2>The data", "</table>")
    rows = dict(re.findall(r'<tr><th scope="row">(\w+)</th>(.*?)</tr>', data))
    assert re.findall("<td>(.*?)</td>", rows["test"]) == [
        "4",
        f"{3 + 1 + len(HOSTILE) + 1 + 4:,}",
        "1 (0.8 %)",
    ]
    assert "length-figure" in Page(html("names")).figures
    assert "length-figure" not in Page(html("characters")).figures


def test_a_tune_goes_on_from_the_beginning_of_a_test_piece(html, fitted_language) -> None:
    page = Page(html("tunes"))
    prompt, written = page.figures["continuation-figure"]["data"]
    piece = fitted_language("tunes").parts_["test"][0]
    assert (prompt["name"], written["name"]) == ("prompt", "generated")
    assert prompt["marker"]["color"] != written["marker"]["color"]
    assert len(prompt["y"]["bdata"] if isinstance(prompt["y"], dict) else prompt["y"]) > 0
    assert page.figures["continuation-figure"]["layout"]["xaxis"]["range"] == [0, (20 + 64) / 2]
    assert page.figures["actual-figure"]["layout"]["xaxis"]["range"] == [0, len(piece) / 2]
    assert f"The first 20 steps of {HOSTILE}, of the test part" in page.text


def test_the_shortest_pieces_go_on_from_their_first_step(html) -> None:
    text = Page(html("steps")).text
    assert "The first 1 step of two, of the validation part, and then 64 steps that" in text


def test_keys_of_the_data_and_of_generated_music_stand_side_by_side(html, fitted_language) -> None:
    section = between(html("tunes"), "<h2>Which keys", "</section>")
    rows = dict(re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', section))
    training = fitted_language("tunes").parts_["training"]
    rolls = np.concatenate([piece.roll for piece in training])
    assert rolls.shape[1] == KEYS
    lasting = np.concatenate([np.subtract(*held(piece.roll)[1::-1]) for piece in training]).mean()
    assert re.findall("<td>(.*?)</td>", rows["Keys at once, mean"])[0] == f"{rolls.sum(axis=1).mean():.2f}"
    assert re.findall("<td>(.*?)</td>", rows["A key lasts, in steps, mean"])[0] == f"{lasting:.2f}"
    assert re.findall("<td>(.*?)</td>", rows["Keys that ever sound"])[0] == f"{rolls.any(axis=0).sum()}"


def test_the_loss_along_the_piece_is_that_of_the_evaluation(html, fitted_language) -> None:
    evaluation = fitted_language("tunes").evaluation_
    section = between(html("tunes"), "<h2>Along the piece", "</section>")
    rows = re.findall(r'<th scope="row">(\d+)</th><td>(\d+)</td><td>([\d.]+)</td>', section)
    first = -np.mean([row[0] for row in evaluation.log_probabilities if len(row)])
    assert rows[0][:2] == ("2", "2")  # two pieces have a second step
    assert float(rows[0][2]) == pytest.approx(first, rel=0.01)


def test_the_way_on_fits_the_model(html) -> None:
    names, characters, tunes = (Page(html(name)).text for name in ("names", "characters", "tunes"))
    assert "recurra generate out/m.safetensors --samples 20" in names
    assert "--samples" not in characters
    assert "recurra generate out/m.safetensors --prompt 'to be or not' --length 300" in characters
    assert "recurra generate out/m.safetensors --length 64 --seed 3 -o tune.mid" in tunes
    for text in (names, characters, tunes):
        assert "recurra predict out/m.safetensors '</script>" in text
        assert "recurra evaluate out/m.safetensors '</script>" in text


@pytest.mark.parametrize("name", MAKERS)
def test_the_python_on_the_page_runs(html, fitted_language, name: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    fitted_language(name).save("out/m.safetensors")
    code = Page(html(name)).text
    code = code[code.index("In Python") + len("In Python") : code.index("What to use it for")]
    found: dict = {}
    exec(code, found)  # noqa: S102
    if "written" in found:
        assert capsys.readouterr().out == found["written"].text
    else:
        assert (tmp_path / "tune.mid").read_bytes()[:4] == b"MThd"


def test_the_headline_has_nats_the_baseline_and_bits(html, fitted_language) -> None:
    evaluation = fitted_language("names").evaluation_
    shown = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)<small>([^<]*)</small>", html("names"))[:4]
    assert [name for name, *_ in shown] == [
        "Nats a token",
        "Best baseline",
        "Bits a character",
        "Tokens scored",
    ]
    ours, theirs = evaluation.metrics["nats"], evaluation.baselines["n-gram"]["nats"]
    assert [text for _, text, _ in shown[:2]] == numbers([ours, theirs])
    assert shown[0][2] == f"standard error {evaluation.standard_error:.2g}"
    assert shown[1][2] == "n-gram"


def test_the_stretch_is_found_again_in_its_document(fitted_language) -> None:
    estimator = fitted_language("pairs")
    section = surprise_section(estimator.model_, estimator.evaluation_, estimator.parts_["test"])
    for shown, stretch in zip(section.content["stretches"], estimator.evaluation_.stretches):
        assert len(shown.tokens) == len(shown.table.rows)
        assert shown.place.startswith(f"Document {stretch.document + 1}")


def test_of_many_notes_the_first_are_shown(fitted_language) -> None:
    estimator = fitted_language("tunes")
    notes = tuple(f"{i} notes are left out." for i in range(5000))
    section = music_data_section(estimator.model_, estimator.parts_, notes)
    assert section.content["notes"] == [*notes[:20], "4,980 more notes."]
