import re
from functools import partial
from html import unescape

import numpy as np
import pytest

from recurra.evaluation import evaluate_transcription
from recurra.inspection.heard_section import heard_section
from recurra.inspection.transcript_sections import transcript_sections
from tests.inspection.fitted import HOSTILE
from tests.inspection.html_page import Page, cells, section

TESTED = ["letters", "words", "strokes"]


@pytest.fixture
def html(written):
    return partial(written, "transcript")


def heard(estimator):
    """What is shown of single sequences, and the row of each."""
    part = estimator.parts_["test"]
    errors = np.arange(len(part), dtype=float)
    groups = heard_section(estimator.model_, estimator.evaluation_, part, errors).content["groups"]
    return [(one, part.names.index(one.name)) for _, shown in groups for one in shown]


def areas(path: str) -> list[tuple[float, float, float]]:
    """Begin, end and height, all as shares, of each piece of a track."""
    pieces = []
    for run in path.split("Z")[:-1]:
        at = float(re.findall(r"M([\d.]+),60", run)[0])
        for y, x in re.findall(r"V(\d+)H([\d.]+)", run):
            pieces.append((at / 300, float(x) / 300, 1 - int(y) / 60))
            at = float(x)
    return pieces


@pytest.mark.parametrize("name", TESTED)
def test_the_tracks_are_the_probabilities_of_the_model(fitted_transcripts, name: str) -> None:
    estimator = fitted_transcripts(name)
    model, part = estimator.model_, estimator.parts_["test"]
    for shown, row in heard(estimator):
        (found,) = model.transcribe(part.take(np.array([row])))
        p, steps = found.probabilities, len(found.times)
        assert [track.blank for track in shown.tracks] == [*[False] * (len(shown.tracks) - 1), True]
        assert len(shown.tracks) <= 17
        names = ["blank", *model.symbols.vocabulary[1:]]
        for track in shown.tracks:
            column = p[:, 0 if track.blank else [n.replace(" ", "␣") for n in names].index(track.label)]
            assert track.blank or column.max() >= 0.05
            pieces = areas(track.path)
            highest = max((height for *_, height in pieces), default=0)
            assert highest == pytest.approx(column.max(), abs=1 / 60)
            if steps <= 400:
                area = sum((end - start) * height for start, end, height in pieces)
                assert area == pytest.approx(column.mean(), abs=0.05)


def test_a_peak_stands_below_the_sound_that_it_is_of(fitted_transcripts) -> None:
    estimator = fitted_transcripts("words")
    model, part = estimator.model_, estimator.parts_["test"]
    for shown, row in heard(estimator):
        (found,) = model.transcribe(part.take(np.array([row])))
        clip = part.sequences.items[row]
        seconds = len(clip.samples) / clip.rate
        for track in shown.tracks[:-1]:
            column = found.probabilities[:, model.symbols.vocabulary.index(track.label)]
            start, end, _ = max(areas(track.path), key=lambda piece: piece[2])
            highest = np.flatnonzero(column >= column.max() - 1 / 60)
            assert any(start - 0.02 <= found.times[t] / seconds <= end + 0.02 for t in highest)


@pytest.mark.parametrize("name", TESTED)
def test_time_has_a_few_round_ticks(fitted_transcripts, name: str) -> None:
    for shown, _ in heard(fitted_transcripts(name)):
        shares = [share for share, _ in shown.ticks]
        assert 2 <= len(shares) <= 6
        assert np.diff(shares) == pytest.approx(shown.every)
        assert shares[0] == 0
        assert shares[-1] < 0.85
    (first, *_), *_ = [shown.ticks for shown, _ in heard(fitted_transcripts("words"))]
    assert first == (0.0, "0 s")


@pytest.mark.parametrize("name", TESTED)
def test_texts_by_a_beam_and_symbols_with_their_beginnings(fitted_transcripts, name: str) -> None:
    estimator = fitted_transcripts(name)
    model, part = estimator.model_, estimator.parts_["test"]
    for shown, row in heard(estimator):
        own = part.take(np.array([row]))
        (best,), (greedy,) = model.transcribe(own, beam=8, n_best=3), model.transcribe(own)
        assert [text.removesuffix(" …") for text, *_ in shown.texts.rows] == [
            one.text[:300] or "(nothing)" for one in best.transcripts
        ]
        said = estimator.evaluation_.references[row]
        assert [mark for _, mark, _ in shown.texts.rows] == [
            "right" if one.text == said else "" for one in best.transcripts
        ]
        assert len(shown.symbols.rows) == len(greedy.transcripts[0].symbols)
        assert dict(shown.facts)["heard"].removesuffix(" …") == (
            estimator.evaluation_.hypotheses[row][:300] or "(nothing)"
        )


def test_silence_and_long_clips_are_called_so(html) -> None:
    text = Page(html("letters")).text
    assert "nothing was said" in text
    assert "too long to be heard here: only clips of up to 10 s are" in text
    assert len([1 for tag, _ in Page(html("letters")).tags if tag == "audio"]) == 3


def test_confusions_are_those_of_the_evaluation(html, fitted_transcripts) -> None:
    evaluation = fitted_transcripts("words").evaluation_
    rows = cells(section(html("words"), "What is heard as what"))[1:]
    assert [(said, heard, int(times)) for said, heard, times in rows] == [
        (one.said or "(nothing)", one.heard or "(nothing)", one.count) for one in evaluation.confusions
    ]
    assert (
        f"Words said: {evaluation.words}; heard as others: {evaluation.substitutions}; left out: "
        f"{evaluation.deletions}; put in where none was said: {evaluation.insertions}."
    ) in Page(html("words")).text


def test_errors_by_length_add_up(html, fitted_transcripts) -> None:
    evaluation = fitted_transcripts("words").evaluation_
    header, *rows = cells(section(html("words"), "By the length of the clip"))
    assert header == [
        "Seconds", "Clips", "Words", "Word error rate", "Character error rate", "Exact",
    ]  # fmt: skip
    assert len(rows) == 2
    assert sum(int(row[1]) for row in rows) == 24
    words = np.array([int(row[2]) for row in rows])
    assert words.sum() == evaluation.words
    rates = np.array([float(row[3].removesuffix(" %")) for row in rows])
    assert (rates * words).sum() / words.sum() == pytest.approx(
        100 * evaluation.metrics["word_error_rate"], abs=0.1
    )
    bars = {bar["name"]: bar for bar in Page(html("words")).figures["score-figure"]["data"]}
    assert list(bars) == ["Word error rate", "Character error rate"]
    assert bars["Word error rate"]["y"] == pytest.approx(rates, abs=0.06)


def test_the_worst_come_first(html, fitted_transcripts) -> None:
    estimator = fitted_transcripts("letters")
    evaluation, names = estimator.evaluation_, estimator.parts_["test"].names
    rows = cells(section(html("letters"), "The worst transcripts"))[1:]
    rates = [
        evaluate_transcription([ours], [said]).metrics["char_error_rate"] if said else np.inf
        for ours, said in zip(evaluation.hypotheses, evaluation.references)
    ]
    wrong = [i for i in np.argsort(rates)[::-1] if evaluation.hypotheses[i] != evaluation.references[i]]
    assert [row[0] for row in rows] == [names[i] for i in wrong]
    assert [row[3] for row in rows] == [
        f"{100 * rates[i]:.1f} %" if np.isfinite(rates[i]) else "" for i in wrong
    ]


def test_without_an_error_nothing_is_confused_and_none_is_worst(fitted_transcripts) -> None:
    estimator = fitted_transcripts("words")
    said = list(estimator.evaluation_.references)
    evaluation = evaluate_transcription(said, said)
    _, confusions, _, worst = transcript_sections(estimator.model_, evaluation, estimator.parts_["test"])
    assert confusions.content["table"].rows == []
    assert (worst.content["note"], worst.content["rows"]) == ("Not one of 24 transcripts has an error.", [])


def test_texts_are_measured_in_symbols(html, fitted_transcripts) -> None:
    assert "How long their texts are, in characters" in html("letters")
    data = section(html("words"), "The data")
    assert "How long their texts are, in words" in data
    assert {"label-figure", "length-figure"} <= set(Page(html("words")).figures)


def test_the_way_on_fits_the_model(html) -> None:
    words, strokes = Page(html("words")).text, Page(html("strokes")).text
    assert "model.transcribe([read_clip('clip.wav')])" in words
    assert "recurra stream out/m.safetensors recording.wav" in words
    assert "stream" not in strokes[strokes.index("In Python") :]


def test_hostile_names_and_texts_stay_text(html) -> None:
    shown = section(html("letters"), "What it hears")
    assert HOSTILE in unescape(shown)
    assert HOSTILE not in shown


def test_the_headline_has_the_word_error_rate_first(html, fitted_transcripts) -> None:
    evaluation = fitted_transcripts("words").evaluation_
    shown = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)<small>([^<]*)</small>", html("words"))[:4]
    error = 100 * evaluation.word_error_rate_standard_error
    assert [(name, note) for name, _, note in shown] == [
        ("Word error rate", f"standard error {error:.1f} %"),
        ("Best baseline", "commonest"),
        ("Character error rate", "of characters, the blanks between words among them"),
        ("Transcripts scored", f"of {evaluation.words} words"),
    ]
