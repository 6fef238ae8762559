"""One input as each kind of model reads it, and what is refused."""

import wave
from pathlib import Path

import numpy as np
import pytest

from recurra._base.errors import InputError
from recurra.data import AudioFeatures, Clip, Piece, SeriesFeatures, Source, WordFeatures, make_windows
from recurra.inspection.inside import given
from recurra.inspection.inside.inputs import _bands, _columns
from tests.inspection.inside.models import NAMES, inputs_of, model_of, regressor

STEPS = {
    "forecast-gru": ("3", "4", "5", "6", "7"),
    "classify": ("a", "b", "␣", "é"),
    "regress": ("1", "2", "3", "4"),
    "tag": ("1", "2", "3", "4"),
    "classify-words": ("To", "be", "or"),
    "tag-words": ("To", "be", "or"),
    "language-char": ("■", "a", "b", "␣", "é"),
    "language-word": ("■", "the", "cat"),
    "language-bpe": ("■", "the", "␣", "Ã", "©"),
    "music": ("■", "1", "2", "3", "4"),
    "translate": ("a", "b", "␣", "é"),
    "translate-series": ("1", "2", "3", "4"),
    "transcribe": ("0.02 s", "0.04 s", "0.06 s", "0.08 s"),
}
WHAT = {
    "forecast-gru": "5 rows, from 3 to 7",
    "classify": "“ab é”, 4 characters",
    "regress": "series: 4 steps of 2 columns",
    "tag": "series: 4 steps of 2 columns",
    "classify-words": "“To be or”, 3 words",
    "tag-words": "“To be or”, 3 words",
    "language-char": "“ab é”, 4 characters",
    "language-word": "“the cat”, 2 words",
    "language-bpe": "“the é”, 4 byte pairs",
    "music": "X[0]: 4 steps",
    "translate": "“ab é”, 4 characters",
    "translate-series": "series: 4 steps of 2 columns",
    "transcribe": "clip: 0.11 s, 4 steps",
}


@pytest.mark.parametrize("name", STEPS)
def test_what_a_model_reads_and_its_names(name):
    model = model_of(name)
    one = given(model, inputs_of(name))
    assert (one.steps[:5], one.what) == (STEPS[name], WHAT[name])
    assert len(one.x) == len(one.steps)


@pytest.mark.parametrize("name", NAMES)
def test_the_network_reads_it(name):
    model = model_of(name)
    for row in range(3):
        one = given(model, inputs_of(name), row)
        if name.startswith("translate"):
            assert model.network.initial_state([one.x]).feed.shape[0] == 1
        else:
            model.network(one.x[None])
        assert len(one.inputs) == (one.x.shape[1] if one.x.dtype == np.float32 else 0)


def test_columns_are_named():
    assert given(model_of("forecast-lstm"), inputs_of("forecast-lstm")).inputs == ("CO₂", "wind")
    assert given(model_of("regress"), [np.ones((2, 2))]).inputs == ("column 1", "column 2")
    assert given(model_of("music"), [np.zeros((1, 88), bool)]).inputs[::87] == ("A0", "C8")
    named = Source("long", {"series": "id", "time": "t", "columns": ["speed", "height"]})
    assert _columns(named, 2) == ("speed", "height")
    assert _columns(Source("long", {"series": 1, "time": 2, "columns": [3, 4]}), 2) == (
        "column 1",
        "column 2",
    )
    bands = AudioFeatures(8000, SeriesFeatures(np.zeros(2), np.ones(2)))
    assert _bands(bands) == ("mel 1", "mel 2")
    stacked = AudioFeatures(8000, SeriesFeatures(np.zeros(2), np.ones(2)), stack=2)
    assert _bands(stacked) == ("frame 1, mel 1", "frame 1, mel 2", "frame 2, mel 1", "frame 2, mel 2")


def test_series_keep_their_own_values():
    model, X = model_of("regress"), inputs_of("regress")
    one = given(model, X)
    np.testing.assert_array_equal(one.values, X[0])
    np.testing.assert_allclose(one.x, (one.values - [0.25, -1.5]) / [2.5, 0.125], rtol=1e-6)
    assert given(model_of("classify"), "ab").values is None


def test_single_items():
    assert given(model_of("classify"), "ab").steps == ("a", "b")
    assert given(model_of("language-word"), "the cat").steps == ("■", "the", "cat")
    assert given(model_of("translate"), "ab").steps == ("a", "b")
    assert given(model_of("tag-words"), "to be  or").steps == ("to", "be", "or")
    assert given(model_of("tag-words"), ["to", "be"]).steps == ("to", "be")
    assert given(model_of("tag-words"), [["to"], ["be", "or"]], 1).steps == ("be", "or")
    assert given(model_of("regress"), np.ones((7, 2))).x.shape == (7, 2)
    assert given(regressor("rnn", columns=1), np.arange(5.0)).x.shape == (5, 1)
    clip = inputs_of("transcribe")[2]
    np.testing.assert_array_equal(
        given(model_of("transcribe"), clip).x, given(model_of("transcribe"), [clip]).x
    )
    roll = np.eye(3, 88, dtype=bool)
    one = given(model_of("music"), roll)
    np.testing.assert_array_equal(one.x, np.vstack([np.zeros(88), roll]))
    assert given(model_of("music"), Piece(roll, "scale", steps_per_beat=4.0)).what == "scale: 3 steps"


def test_a_text_begins_after_the_boundary():
    model = model_of("language-char")
    assert given(model, ["ab", "b"], 1).x.tolist() == [model.boundary, 2]


@pytest.mark.parametrize("name", ["forecast-gru", "forecast-autoregression"])
def test_rows_of_a_forecaster_are_windows_counted_back(name):
    model, data = model_of(name), inputs_of(name)
    data[3, 1] = data[6, 0] = np.nan  # a gap in the middle, and one at the end
    if model.inputs.time is not None:
        pl = pytest.importorskip("polars")
        days = np.arange("2024-02-01", "2024-02-08", dtype="datetime64[D]")
        data = pl.DataFrame({"time": days, "CO₂": data[:, 0], "wind": data[:, 1]}, nan_to_null=True)
    found = [given(model, data, row) for row in range(3)]
    series = model.read(data)
    windows = make_windows(series, slice(0, 7), context=5, horizon=1, name="data")
    for one, window in zip(found[:0:-1], windows.context[:]):
        np.testing.assert_array_equal(one.values, window)
        np.testing.assert_array_equal(one.x, model.inputs.inputs(window[None])[0])
    quantiles = model.inputs.quantiles(model.network(found[0].x[None]), found[0].values[None])[0]
    np.testing.assert_array_equal(quantiles, model.predict(data).quantiles)
    if model.inputs.time is not None:
        assert found[1].steps == ("2024-02-02", "2024-02-03", "2024-02-04", "2024-02-05", "2024-02-06")
        assert found[1].what == "5 rows, from 2024-02-02 to 2024-02-06"


def test_a_window_before_all_columns_begin_is_none():
    data = inputs_of("forecast-gru")
    data[:6, 1] = np.nan
    model = model_of("forecast-gru")
    assert given(model, data, 0).steps[-1] == "7"
    assert message_of(lambda: given(model, data, 1)) == (
        "row must be a whole number from 0 to 0, as the data has 1 window, got 1"
    )


def test_files(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("ab\nb a\n", encoding="utf-8")
    one = given(model_of("classify"), lines, 1)
    assert (one.steps, one.what) == (("b", "␣", "a"), "lines.txt, line 2: “b a”, 3 characters")
    one = given(model_of("translate"), _table(tmp_path / "pairs.csv", "ab,x", "b,x"), 1)
    assert one.what == "pairs.csv, line 2: “b”, 1 character"
    assert given(model_of("language-char"), lines, 1).steps == ("■", "b", "␣", "a")
    sound = tmp_path / "tone.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((1000 * np.sin(np.arange(800))).astype("<i2").tobytes())
    assert given(model_of("transcribe"), sound).what == "tone.wav: 0.10 s, 4 steps"
    rows = [f"2024-02-{day:02},{day * 0.5},{day}" for day in range(1, 9)]
    data = _table(tmp_path / "data.csv", "time,CO₂,wind", *rows)
    for path in (data, str(data)):
        assert given(model_of("forecast-lstm"), path).what == "5 rows, from 2024-02-04 to 2024-02-08"


def _table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def message_of(call):
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


def clip_of(n):
    return Clip(np.ones(n, np.float32), 8000, "short.wav")


@pytest.mark.parametrize(
    ("name", "X", "row", "message"),
    [
        (
            "regress",
            "The movie was not good",
            0,
            "X is a text, but the model reads series of 2 columns and has no vocabulary; give an array "
            "(steps, 2) or the pathlib.Path of a file",
        ),
        (
            "translate-series",
            "good",
            0,
            "X is a text, but the model reads series of 2 columns and has no vocabulary; give an array "
            "(steps, 2) or the pathlib.Path of a file",
        ),
        (
            "transcribe",
            "good",
            0,
            "X is a text, but the model reads clips and has no vocabulary; give a recurra.data.Clip or the "
            "pathlib.Path of a sound file",
        ),
        (
            "music",
            "good",
            0,
            "X is a text, but the model reads music and has no vocabulary; give pieces, piano rolls or the "
            "pathlib.Path of a MIDI file",
        ),
        (
            "forecast-gru",
            "The movie was not good",
            0,
            "X is a text, but the model reads tables of numbers and has no vocabulary; give a .csv, .tsv or "
            ".parquet file, a data frame or an array",
        ),
        ("regress", ["good"], 0, "X must hold arrays, as the training part does, got texts"),
        ("classify", [np.ones((3, 2))], 0, "X must hold texts, as the training part does, got arrays"),
        (
            "regress",
            [np.ones((3, 5))],
            0,
            "X must hold arrays with 2 columns, as the training part does, got 5",
        ),
        (
            "forecast-gru",
            np.ones((9, 3)),
            0,
            "the array must have shape (rows, 2), a column for each of CO₂, wind; got (9, 3)",
        ),
        (
            "forecast-gru",
            np.ones((3, 2)),
            0,
            "the data has 3 rows, but a forecast needs the last 5; give more",
        ),
        (
            "forecast-gru",
            np.ones((9, 2)),
            5,
            "row must be a whole number from 0 to 4, as the data has 5 windows, got 5",
        ),
        ("classify", ["ab"], 1, "row must be a whole number from 0 to 0, as X has 1 item, got 1"),
        ("classify", ["ab", "b"], -1, "row must be a whole number from 0 to 1, as X has 2 items, got -1"),
        ("classify", ["ab"], True, "row must be a whole number from 0 to 0, as X has 1 item, got True"),
        ("classify", ["ab"], 0.5, "row must be a whole number from 0 to 0, as X has 1 item, got 0.5"),
        ("language-char", "ab", 1, "row must be a whole number from 0 to 0, as X has 1 text, got 1"),
        ("music", [np.zeros((1, 88))], 1, "row must be a whole number from 0 to 0, as X has 1 piece, got 1"),
        ("translate", ["ab"], 2, "row must be a whole number from 0 to 0, as X has 1 source, got 2"),
        ("classify", "", 0, "X[0] is empty; give every sequence at least one step, or leave it out"),
        ("translate", "", 0, "X[0] is empty; give every sequence at least one step, or leave it out"),
        ("language-char", "", 0, "X[0] is empty; give every text at least one character, or leave it out"),
        (
            "classify-words",
            "  ",
            0,
            "X[0] has no word that the model could read; give an item with at least one",
        ),
        (
            "language-word",
            ["the", "  "],
            1,
            "X[1] has no word that the model could read; give an item with at least one",
        ),
        (
            "transcribe",
            clip_of(10),
            0,
            "short.wav has 10 samples at 8000 a second, fewer than the 280 of one step; leave it out or "
            "use a longer clip",
        ),
        ("music", [np.zeros((0, 88))], 0, "X[0] must have 1 to 262,144 steps, got 0; leave it out"),
    ],
)
def test_what_does_not_fit(name, X, row, message):
    assert message_of(lambda: given(model_of(name), X, row)) == message


def test_no_words_between_blanks():
    assert isinstance(model_of("tag-words").features, WordFeatures)
    assert message_of(lambda: given(model_of("tag-words"), "  ")) == (
        "every item of X is empty; give at least one with steps in it"
    )


def test_only_loaded_models():
    assert message_of(lambda: given("model.safetensors", "ab")) == (
        "model must be one that recurra.load gives, got str"
    )
