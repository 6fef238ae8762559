import base64
import re
from functools import partial
from html import unescape

import pytest

from tests.inspection.html_page import Page


@pytest.fixture
def html(written):
    return partial(written, "sequence")


def row(html: str, name: str) -> list[str]:
    """The cells of the row of a table that begins with ``name``, without their tags."""
    found = re.search(rf'<th scope="row">{re.escape(name)}</th>(.*?)</tr>', html, re.DOTALL)
    assert found is not None, name
    return [re.sub("<[^>]*>", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", found[1])]


def test_the_scores_stand_beside_the_baselines_with_the_best_in_bold(html, fitted) -> None:
    evaluation = fitted("many").evaluation_
    columns = [evaluation.metrics, *evaluation.baselines.values()]
    shown = row(html("many"), "Accuracy")
    assert shown == [f"{100 * column['accuracy']:.1f} %" for column in columns]
    best = max(column["accuracy"] for column in columns)
    bold = re.findall(r'<td class="best">([^<]*)</td>', html("many"))
    assert bold[0] == f"{100 * best:.1f} %"
    for note in evaluation.baseline_notes.values():
        assert note in Page(html("many")).text


def test_the_confusion_counts_and_colours_by_the_share_of_the_actual_class(html, fitted) -> None:
    evaluation = fitted("clips").evaluation_
    page = html("clips")
    table = page[page.index('class="heat') : page.index("</table>", page.index('class="heat'))]
    cells = re.findall(r'<td class="(right|wrong)" style="--share: ([\d.]+)" title="([^"]*)">([\d·]+)', table)
    counts = [0 if text == "·" else int(text) for *_, text in cells]
    assert counts == evaluation.confusion.ravel().tolist()
    assert [kind for kind, *_ in cells] == ["right", "wrong", "wrong", "right"]
    shares = (evaluation.confusion / evaluation.confusion.sum(axis=1, keepdims=True)).ravel()
    assert [float(share) for _, share, *_ in cells] == pytest.approx(shares, abs=1e-3)
    assert [note for _, _, note, _ in cells] == [f"{100 * share:.1f} %" for share in shares]


def test_of_many_classes_the_most_confused_are_shown(html) -> None:
    page = html("many")
    assert "The 20 most confused of 25 classes are shown." in Page(page).text
    table = page[page.index('class="heat upright') : page.index("</table>", page.index('class="heat'))]
    assert len(re.findall(r'<tr><th scope="row">', table)) == 20
    assert len(re.findall("<td ", table)) == 400


def test_the_worst_errors_are_the_wrong_ones_that_the_model_was_surest_of(html, fitted) -> None:
    evaluation = fitted("texts").evaluation_
    wrong = [
        (float(odds.max()), label)
        for label, found, odds in zip(evaluation.labels, evaluation.predicted, evaluation.probabilities)
        if label != found
    ]
    text = Page(html("texts")).text
    assert f"{len(wrong)} of 4 texts are predicted wrongly; shown are the {len(wrong)} that" in text
    shown = re.findall(r"<dt>predicted</dt><dd>.*?\(([\d.]+) %\)</dd>", html("texts"))
    expected = sorted((odds for odds, _ in wrong), reverse=True)
    assert [float(share) for share in shown] == pytest.approx([100 * odds for odds in expected], abs=0.06)


def test_unknown_labels_and_words_are_said(html) -> None:
    assert "1 of 4 labels never occur in training (&#39;?&#39;)" in html("texts")
    known, unknown = row(html("spans"), "in the vocabulary"), row(html("spans"), "unknown")
    assert (known[1], unknown[1]) == ("9", "1")


def test_clips_are_heard_and_seen_unless_they_are_long(html, fitted) -> None:
    page = Page(html("clips"))
    evaluation, part = fitted("clips").evaluation_, fitted("clips").parts_["test"]
    wrong = [
        clip
        for clip, label, found in zip(part.sequences.items, evaluation.labels, evaluation.predicted)
        if label != found
    ]
    long = sum(len(clip.samples) > 10 * clip.rate for clip in wrong)
    sounds = [given["src"] for tag, given in page.tags if tag == "audio"]
    images = [given["src"] for tag, given in page.tags if tag == "img"]
    assert (len(sounds), len(images)) == (len(wrong) - long, len(wrong))
    assert len(wrong) > long == 1
    assert all(base64.b64decode(sound.partition(",")[2])[:4] == b"RIFF" for sound in sounds)
    assert all(base64.b64decode(image.partition(",")[2])[:4] == b"\x89PNG" for image in images)
    assert "11.00 s · too long to be heard here: only clips of up to 10 s are" in page.text


def test_wrong_tags_are_struck_through_beside_the_actual_ones(html, fitted) -> None:
    evaluation = fitted("spans").evaluation_
    pairs = [
        (found, actual)
        for own, theirs in zip(evaluation.tagging.tags, evaluation.tags)
        for found, actual in zip(own, theirs)
        if found != actual
    ]
    page = html("spans")
    drawn = page[page.index("Drawn evenly") : page.index("With the most mistakes")]
    plain = [unescape(text) for text in re.findall("<del>([^<]*)</del>", drawn)]
    assert plain == [found for found, _ in pairs] != []
    assert len(re.findall("<ins>", drawn)) == len(pairs)
    assert f"{len(pairs)} tags of 10 are wrong" in Page(page).text


def test_steps_of_series_are_joined_where_nothing_changes(html, fitted) -> None:
    page = html("frames")
    drawn = page[page.index("Drawn evenly") : page.index("</article>")]
    grown = [int(steps) for steps in re.findall(r"flex-grow: (\d+)", drawn)]
    assert sum(grown) == 12
    assert len(grown) == len(re.findall("<b>", drawn)) < 12
    assert "<b>1" in drawn


def test_predicted_numbers_stand_against_the_actual_ones(html, fitted) -> None:
    evaluation = fitted("numbers").evaluation_
    text = Page(html("numbers")).text
    worst = max(zip(abs(evaluation.residuals), fitted("numbers").parts_["test"].names))[1]
    first = html("numbers").index("<article>")
    assert worst in html("numbers")[first : html("numbers").index("</article>")]
    assert "20 labels. On the dotted line the prediction is right" in text
    level = float((evaluation.labels < evaluation.estimates.quantiles[:, 0]).mean())
    assert row(html("numbers"), "below the 10 % quantile") == ["10.0 %", f"{100 * level:.1f} %"]


def test_the_way_on_fits_the_model(html) -> None:
    text, many, clips = (Page(html(name)).text for name in ("texts", "many", "clips"))
    assert "recurra evaluate out/m.safetensors '</script>" in text
    assert "recurra predict out/m.safetensors lines.txt" in text
    assert "stream" not in text[text.index("recurra evaluate") :]
    assert "stream = model.stream()\nstream.step(np.zeros(6, np.float32))" in many
    assert "recurra evaluate" not in many  # it was fitted on arrays, and can read no file
    assert "model.predict_proba([read_clip('clip.wav')])" in clips


@pytest.mark.parametrize("name", ["texts", "many", "numbers", "spans", "frames"])
def test_the_python_on_the_page_runs(html, fitted, name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    fitted(name).save("out/m.safetensors")
    code = Page(html(name)).text
    code = code[code.index("In Python") + len("In Python") : code.index("What to use it for")]
    exec(code.partition("# or of a file")[0], {})  # noqa: S102
