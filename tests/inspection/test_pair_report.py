import math
import re
from functools import partial
from html import unescape
from itertools import pairwise

import numpy as np
import pytest

from recurra import Seq2Seq
from recurra.decoding import Beam
from recurra.evaluation import evaluate_translation
from recurra.inspection import pair_usage
from recurra.inspection.answer_sections import differing_section, length_section, sentence_scores
from recurra.inspection.attention_section import attention_section
from recurra.inspection.model_sections import network_words
from tests.inspection.fitted import HOSTILE
from tests.inspection.fitted_pairs import MAKERS
from tests.inspection.html_page import Page, cells, section

LOOKING = ["words", "reversed_letters", "arrays"]


@pytest.fixture
def html(written):
    return partial(written, "pair")


@pytest.mark.parametrize("name", LOOKING)
def test_where_each_token_looks_is_what_the_model_says(fitted_pairs, name: str) -> None:
    estimator = fitted_pairs(name)
    model, part = estimator.model_, estimator.parts_["test"]
    matrices = attention_section(model, part).content["matrices"]
    assert 1 <= len(matrices) <= 3
    for matrix in matrices:
        row = part.names.index(matrix.name)
        (found,) = model.translate(part.take(np.array([row])), attention=True)
        weights = np.asarray(found[0].attention)
        assert len(matrix.rows) == min(len(weights), 30)
        assert len(matrix.columns) == min(weights.shape[1], 24)
        for (_, shown), own in zip(matrix.rows, weights):
            assert sum(cell.share for cell in shown) == pytest.approx(1, abs=1e-5)
            if len(own) <= 24:
                assert [cell.share for cell in shown] == pytest.approx(own.tolist())
        assert [float(re.findall(r"([\d.]+) %", cells[1])[0]) for cells in matrix.table.rows] == [
            pytest.approx(100 * own.max(), abs=0.06) for own in weights
        ]


def test_labels_are_short_and_the_end_is_marked(html, fitted_pairs) -> None:
    estimator = fitted_pairs("words")
    for matrix in attention_section(estimator.model_, estimator.parts_["test"]).content["matrices"]:
        labels = [*matrix.columns, *(name for name, _ in matrix.rows)]
        assert all(0 < len(label) <= 14 for label in labels)
        assert matrix.rows[-1][0] == "■" or "are not shown" in matrix.note
    assert "w" * 61 not in section(html("words"), "Where it looks").partition("<table")[2].partition("<dl")[0]


def test_a_long_series_is_shown_a_few_steps_at_a_time(fitted_pairs) -> None:
    estimator = fitted_pairs("arrays")
    model, part = estimator.model_, estimator.parts_["test"]
    for matrix in attention_section(model, part).content["matrices"]:
        item = part.sources.items[part.names.index(matrix.name)]
        places = [label.split("–") for label in matrix.columns]
        assert (places[0][0], places[-1][-1]) == ("1", str(len(item)))
        assert all(int(a[-1]) + 1 == int(b[0]) for a, b in pairwise(places))


def test_of_a_long_text_the_last_column_is_the_rest(fitted_pairs) -> None:
    estimator = fitted_pairs("reversed_letters")
    part = estimator.parts_["test"].take(np.array([24]))  # 80 characters
    (matrix,) = attention_section(estimator.model_, part).content["matrices"]
    assert matrix.columns == [*"ab" * 11, "a", "57 more"]
    (found,) = estimator.model_.translate(part, attention=True)
    rest = np.asarray(found[0].attention)[:, 23:].sum(axis=1)
    assert [own[-1].share for _, own in matrix.rows] == pytest.approx(rest[:30].tolist())


def test_without_anything_to_look_at_the_page_says_so(html) -> None:
    assert "This model has no attention: the whole source is one vector" in html("plain")
    assert "Each source is a single vector, so there is only one place to look at" in html("captions")
    for name in ("plain", "captions"):
        assert "<table" not in section(html(name), "Where it looks")


def test_the_best_answers_are_those_of_the_beam_with_their_scores(html, fitted_pairs) -> None:
    estimator = fitted_pairs("words")
    part = estimator.parts_["test"]
    shown = section(html("words"), "Its best answers")
    assert re.findall("<h3>(.*?)</h3>", shown) == ["Answered best", "In the middle", "Answered worst"]
    articles = re.findall("<article>(.*?)</article>", shown, re.DOTALL)
    assert len(articles) == 6
    for article in articles:
        name = unescape(re.findall(r'class="source">(\S+) ·', article)[0])
        row = part.names.index(name)
        (found,) = estimator.translate(part.take(np.array([row])), beam=Beam(n_best=3))
        rows = cells(article)[1:]
        assert len(rows) == len(found)
        for (text, mark, score, log_p), one in zip(rows, found):
            assert text.removesuffix(" …") == (one.text[:300] or "(nothing)")
            assert (mark == "right") == (one.text == part.targets[row])
            assert float(score.replace("−", "-")) == pytest.approx(one.score, rel=0.01, abs=0.005)
            assert float(log_p.replace("−", "-")) == pytest.approx(one.log_probability, rel=0.01, abs=0.005)


def test_answers_are_shown_from_the_best_to_the_worst(html, fitted_pairs) -> None:
    scores = sentence_scores(fitted_pairs("words").evaluation_)
    shown = [float(score) for score in re.findall(r"([\d.]+), of the first answer", html("words"))]
    assert shown[:2] == pytest.approx(sorted(scores)[:-3:-1], abs=0.06)
    assert shown[-2:] == pytest.approx(sorted(scores)[1::-1], abs=0.06)
    assert shown == sorted(shown, reverse=True)


def test_a_right_answer_scores_100_and_a_sentence_is_scored_by_itself() -> None:
    evaluation = evaluate_translation(["", "a cat", "the  dog"], ["", "a dog", "the dog"])
    first, second, third = sentence_scores(evaluation)
    assert (first, third) == (100, 100)
    alone = evaluate_translation(["a cat"], ["a dog"]).metrics["chrf"]
    assert second == pytest.approx(alone)


def test_scores_by_length_are_those_of_the_evaluation(html, fitted_pairs) -> None:
    groups = fitted_pairs("words").evaluation_.by_length
    page = Page(html("words"))
    header, *rows = cells(section(html("words"), "By the length"))
    assert header == ["Words", "Answers", "BLEU", "Exact", "Token accuracy", "Words written", "in right ones"]
    assert [row[1] for row in rows] == [str(group.count) for group in groups]
    assert [row[3] for row in rows] == [f"{100 * group.exact:.1f} %" for group in groups]
    assert [row[5] for row in rows] == [f"{group.hypothesis_length:.1f}" for group in groups]
    bars = {bar["name"]: bar for bar in page.figures["score-figure"]["data"]}
    assert list(bars) == ["BLEU", "Exact", "Token accuracy"]
    assert bars["Exact"]["y"] == pytest.approx([100 * group.exact for group in groups])
    assert bars["Exact"]["x"] == [row[0] for row in rows]


def test_a_score_that_no_group_has_is_left_out(fitted_pairs) -> None:
    estimator = fitted_pairs("reversed_letters")
    assert all(math.isnan(group.bleu) for group in estimator.evaluation_.by_length)
    shown = length_section(estimator.model_, estimator.evaluation_)
    assert "BLEU" not in shown.content["table"].columns
    assert [bar.name for bar in shown.figures["score-figure"].data] == ["Exact", "Token accuracy"]


def test_the_answers_that_differ_most_come_first(html, fitted_pairs) -> None:
    evaluation, part = fitted_pairs("words").evaluation_, fitted_pairs("words").parts_["test"]
    rows = cells(section(html("words"), "Where it differs most"))[1:]
    wrong = sum(a.split() != b.split() for a, b in zip(evaluation.hypotheses, evaluation.references))
    assert f"Not the right one, word for word: {wrong} of 30 answers." in html("words")
    assert len(rows) == 12
    scores = [float(row[-1]) for row in rows]
    assert scores == pytest.approx(sorted(sentence_scores(evaluation))[:12], abs=0.06)
    for source, written, right, _ in rows:
        places = [i for i, item in enumerate(part.sources.items) if item[:300] == source.removesuffix(" …")]
        assert right.removesuffix(" …") in {(part.targets[i] or "(nothing)")[:300] for i in places}
        assert written.removesuffix(" …") in {(evaluation.hypotheses[i] or "(nothing)")[:300] for i in places}


def test_if_all_are_right_none_differs(fitted_pairs) -> None:
    part = fitted_pairs("words").parts_["test"]
    evaluation = evaluate_translation(part.targets, part.targets)
    shown = differing_section(evaluation, part, sentence_scores(evaluation))
    assert (shown.content["note"], shown.content["rows"]) == (
        "Not one of 30 answers differs from the right one.",
        [],
    )


def test_both_sides_of_the_data_are_counted(html, fitted_pairs) -> None:
    estimator = fitted_pairs("words")
    data = section(html("words"), "The data")
    rows = {row[0]: row[1:] for row in cells(data[: data.index("</table>")])}
    assert list(rows) == ["Part", "training", "validation", "test"]
    source = np.concatenate(estimator.model_.source(estimator.parts_["test"].sources.items))
    unknown = int((source == 0).sum())
    assert rows["test"][:3] == ["30", f"{len(source):,}", f"{unknown} ({100 * unknown / len(source):.1f} %)"]
    assert unknown > 0
    figures = Page(html("words")).figures
    assert {"source-length-figure", "target-length-figure"} <= set(figures)
    assert rows["Part"] == ["Pairs", "Source words", "of them unknown", "Target words", "of them unknown"]
    arrays = cells(section(html("arrays"), "The data"))[0]
    assert arrays == ["Part", "Pairs", "Source steps", "Target characters", "of them unknown"]


def test_the_headline_has_what_is_read_first_and_the_best_baseline(html, fitted_pairs) -> None:
    for name, first in (("words", "BLEU"), ("reversed_letters", "Exact")):
        shown = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)<small>([^<]*)</small>", html(name))[:4]
        assert [what for what, *_ in shown] == [
            first,
            "Best baseline",
            "Exact" if first == "BLEU" else "Token accuracy",
            "Answers scored",
        ]
        assert shown[3][1] == str(fitted_pairs(name).evaluation_.count)
        assert re.fullmatch(r"standard error \d+\.\d( %)?", shown[0][2])


def test_the_network_is_said_in_words(fitted_pairs) -> None:
    assert network_words(fitted_pairs("words").model_.spec) == (
        "encoder GRU, 4 units, 1 layer, both directions; decoder GRU, 8 units, 1 layer, forwards only; "
        "additive attention; input feeding; one table for the symbols that enter and those that are foretold"
    )
    assert network_words(fitted_pairs("plain").model_.spec) == (
        "encoder GRU, 4 units, 1 layer, both directions; decoder GRU, 8 units, 1 layer, forwards only; "
        "no attention; one table for the symbols of sources and targets; one table for the symbols that "
        "enter and those that are foretold"
    )


def test_the_way_on_fits_the_model(html) -> None:
    words, plain, captions = (Page(html(name)).text for name in ("words", "plain", "captions"))
    assert "recurra predict out/m.safetensors '</script>" in words
    assert "--beam 5 --n-best 3" in words
    assert "recurra predict out/m.safetensors --interactive" in words
    assert re.search(r"recurra evaluate out/m.safetensors '</script>.*' right-answers.txt\n", words)
    assert "attention=True" in words
    assert "attention=True" not in plain
    assert "recurra predict" not in captions  # vectors are in no file that it could read
    assert "model.predict([np.zeros((1, 6), np.float32)])" in captions


@pytest.mark.parametrize("name", MAKERS)
def test_the_python_on_the_page_runs(html, fitted_pairs, name: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    fitted_pairs(name).save("out/m.safetensors")
    code = Page(html(name)).text
    code = code[code.index("In Python") + len("In Python") : code.index("What to use it for")]
    found: dict = {}
    exec(code, found)  # noqa: S102
    assert len(found["found"]) == len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("name", MAKERS)
def test_all_but_the_drawing_library_is_small(html, name: str) -> None:
    library = max(Page(html(name)).scripts, key=lambda script: len(script[1]))[1]
    assert len(html(name).encode()) - len(library.encode()) < 150_000


def test_hostile_texts_stay_texts_in_every_section(html) -> None:
    for title in ("Its best answers", "Where it differs most"):
        assert HOSTILE in unescape(section(html("words"), title))
        assert HOSTILE not in section(html("words"), title)


def test_a_model_of_a_table_reads_the_right_answers_from_it() -> None:
    columns = {"source": "q", "target": "a", "header": True}
    X, y = ["ab", "abc", "b"] * 10, ["ba", "cba", "b"] * 10
    model = Seq2Seq(hidden_size=4, embedding_size=4, epochs=1, level="char").fit(X, y, columns=columns).model_
    assert pair_usage.shell(model, "m.safetensors", "a b.csv").endswith(
        "recurra evaluate m.safetensors 'a b.csv'"
    )
