"""Tables, whole: what is found in broken ones, and that nothing is found in healthy ones."""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError, MissingExtraError
from recurra.data import mauna_loa
from recurra.diagnosis import describe

RNG = np.random.default_rng(0)
DAYS = np.datetime64("2020-01-01") + np.arange(400)
NOISE = RNG.normal(20, 3, 400)


def healthy() -> pl.DataFrame:
    return pl.DataFrame({"day": DAYS, "load": NOISE, "wind": RNG.normal(5, 1, 400)})


def whats(frame, **options) -> list[tuple[str, str]]:
    return [(finding.level, finding.what) for finding in describe(frame, **options).findings]


@pytest.mark.parametrize("target", [None, "load"])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_found_in_healthy_data(target: str | None, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = healthy().with_columns(
        load=pl.Series(rng.normal(20, 3, 400)), wind=pl.Series(rng.normal(5, 1, 400))
    )
    found = describe(frame, target=target)
    assert found.findings == ()
    assert found.verdict() == "Nothing was found that should be seen to before a model is trained."
    assert found.notes == ("No time column was named; 'day' is the only one with dates and was used.",)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda frame: frame.with_columns(wind=pl.lit(3.5)),
            ("warning", "Column 'wind' is constant: every value is 3.5."),
        ),
        (
            lambda frame: frame.with_columns(wind=pl.lit(None, pl.Float64)),
            ("warning", "Column 'wind' is empty."),
        ),
        (
            lambda frame: frame.with_columns(
                wind=pl.when(pl.int_range(400) < 40).then(None).otherwise("wind")
            ),
            ("warning", "Column 'wind' has 40 missing values of 400 (10 %)."),
        ),
        (
            lambda frame: frame.with_columns(
                wind=pl.when(pl.int_range(400) < 2).then(float("inf")).otherwise("wind")
            ),
            ("serious", "Column 'wind' has 2 values that are infinite or too large to compute with."),
        ),
        (
            lambda frame: frame.with_columns(
                wind=pl.when(pl.int_range(400) < 3)
                .then(pl.lit("?"))
                .otherwise(pl.col("wind").cast(pl.String))
            ),
            ("serious", "Column 'wind' holds numbers, but 3 values that are none, such as '?'."),
        ),
        (
            lambda frame: frame.with_columns(
                wind=pl.when(pl.int_range(400) % 100 == 7).then(-999.0).otherwise("wind")
            ),
            (
                "warning",
                "Column 'wind' holds −999 4 times, far from all other values: it may stand for a missing "
                "one.",
            ),
        ),
        (
            lambda frame: frame.with_columns(
                wind=pl.when(pl.int_range(400).is_between(100, 149)).then(5.0).otherwise("wind")
            ),
            (
                "warning",
                "Column 'wind' stands still for 50 rows from row 101 on, while it moves elsewhere.",
            ),
        ),
        (
            lambda frame: frame.filter(~pl.int_range(400).is_between(10, 12)),
            (
                "warning",
                "3 rows (0.8 %) are missing between the times of 'day', in 1 gap; the longest has 3 rows "
                "from 2020-01-11.",
            ),
        ),
        (
            lambda frame: pl.concat([frame, frame[5:6]]),
            ("serious", "1 row of 401 repeats a time of 'day', such as 2020-01-06."),
        ),
        (
            lambda frame: pl.concat([frame, frame[5:6]]),
            ("hint", "1 row of 401 (0.2 %) repeats another one whole."),
        ),
        (
            lambda frame: frame.rename({"wind": "3.25"}),
            (
                "warning",
                "A column is called by a number, '3.25': the first line may be a row and hold no names.",
            ),
        ),
        (
            lambda frame: frame.with_columns(
                text=pl.format("a text of many words, row {}", pl.int_range(400))
            ),
            ("hint", "Column 'text' holds texts."),
        ),
        (
            lambda frame: frame.with_columns(load=pl.col("load") + 0.05 * pl.int_range(400)),
            (
                "hint",
                "Column 'load' follows a straight line that rises or falls, by the tests ADF and KPSS.",
            ),
        ),
        (lambda frame: frame[:9], ("warning", "There are 9 rows.")),
    ],
)
def test_what_is_wrong_is_found(change, expected: tuple[str, str]) -> None:
    assert expected in whats(change(healthy()))


def test_a_season_and_a_bent_distribution_are_told_with_what_to_do() -> None:
    week = np.exp(0.8 * np.sin(2 * np.pi * np.arange(400) / 7) + RNG.normal(0, 0.7, 400))
    found = describe(healthy().with_columns(load=pl.Series(week)), target="load")
    (season, shape) = found.findings
    assert season.what.startswith("Column 'load' repeats itself every 7 days (a week); that is ")
    assert season.advice == (
        "Let the network see one period at least (--context 7 or more), and beat the value of one period ago."
    )
    assert shape.what.startswith("Column 'load' is far from Normal; Box-Cox with exponent ")
    assert shape.advice == "Try --transform box-cox in recurra fit forecast or regress."


def test_columns_that_are_alike_are_told_together() -> None:
    frame = healthy().with_columns(load=pl.lit(None, pl.Float64), wind=pl.lit(None, pl.Float64))
    frame = frame.with_columns(**{name: pl.Series([None, *NOISE[1:]]) for name in "abcdef"})
    missing = [what for _, what in whats(frame) if "missing" in what]
    assert missing == [
        "Columns 'a' (1, 0.2 %), 'b' (1, 0.2 %), 'c' (1, 0.2 %), 'd' (1, 0.2 %) and 2 more have missing "
        "values."
    ]


def test_a_leak_is_the_first_thing_said() -> None:
    frame = healthy().with_columns(copy=pl.col("load") * 2)
    found = describe(frame, target="load")
    assert found.findings[0].about == found.leaks[0].column == "copy"
    assert found.verdict() == "1 serious problem."
    assert describe(frame).leaks == ()


def test_the_carbon_dioxide_record_is_described() -> None:
    found = describe(mauna_loa(), target="co2", name="co2.csv")
    assert found.size == {"rows": 2284, "columns": 2}
    assert (found.clock.frequency, found.clock.missing, found.frequency) == ("1w", 0, "1w")
    (column,) = found.columns
    assert (column.missing, column.stationarity.verdict) == (59, "wanders")
    assert len(found.times) == 2284
    assert found.verdict() == "3 hints."
    plain = found.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["columns"][0]["distribution"]["fits"][0]["name"] == "log-normal"
    assert not {"edges", "counts", "normal"} & set(plain["columns"][0]["distribution"])


def test_series_in_a_long_table_are_told_apart() -> None:
    rows = [
        (f"s{k}", t, NOISE[10 * k + t], "even" if k % 2 == 0 else "odd")
        for k in range(30)
        for t in range(5 + k % 3)
    ]
    frame = pl.DataFrame(rows, schema=["id", "t", "x", "label"], orient="row")
    found = describe(frame, series="id", time="t", target="label")
    assert (found.kind, found.size["series"]) == ("series", 30)
    assert found.lengths["series"].quantiles["highest"] == 7
    assert found.balances[0].counts == {"even": 15, "odd": 15}
    assert found.clock.rows == 7
    doubled = pl.concat([frame, frame[:1]])
    expected = ("serious", f"1 row of {len(rows) + 1} repeats a time of the series.")
    assert expected in whats(doubled, series="id", time="t")


def test_dates_in_another_format_are_a_finding_unless_they_were_named() -> None:
    frame = pl.DataFrame({"date": ["31.12.2016"] * 40, "x": NOISE[:40]})
    assert whats(frame)[0] == (
        "serious",
        "Column 'date' looks like times, but holds '31.12.2016' in data row 1, which is not an ISO date or "
        "time such as 2016-12-31 or 2016-12-31 18:00.",
    )
    with pytest.raises(InputError) as error:
        describe(frame, time="date")
    assert str(error.value) == (
        "time column 'date' of the data holds '31.12.2016' in data row 1, which is not an ISO date or time "
        "such as 2016-12-31 or 2016-12-31 18:00"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"target": "lode"},
            "the data has no column 'lode'; its columns are day, load, wind; did you mean 'load'?",
        ),
        ({"target": "day", "time": "day"}, "target and time must be different columns, got 'day' for both"),
        ({"series": "wind"}, "series needs time, the column that orders the rows of each series"),
        ({"columns": ["load", "sun"]}, "the data has no column 'sun'; its columns are day, load, wind"),
        ({"test": healthy()}, "test is for sequences, got a table; leave it out"),
        ({"spoken": True}, "spoken is for sequences, got a table; leave it out"),
    ],
)
def test_bad_arguments_are_named(options: dict, message: str) -> None:
    with pytest.raises(InputError) as error:
        describe(healthy(), **options)
    assert str(error.value) == message


def test_arrays_and_files_are_tables(tmp_path: Path) -> None:
    assert [column.name for column in describe(np.ones((40, 2))).columns] == ["column 1", "column 2"]
    healthy().write_csv(tmp_path / "a.csv")
    assert describe(tmp_path / "a.csv").source == str(tmp_path / "a.csv")
    healthy().write_parquet(tmp_path / "a.parquet")
    assert describe(str(tmp_path / "a.parquet")).frequency == "1d"
    (tmp_path / "a.tsv").write_text("a, b, c\tx\n" + "one, two\t1\n" * 40)
    assert describe(tmp_path / "a.tsv").size == {"rows": 40, "columns": 2}
    (tmp_path / "a.jsonl").write_text('{"x": 1.5, "y": "a"}\n{"x": null}\n' * 20)
    assert [column.missing for column in describe(tmp_path / "a.jsonl").columns] == [20, 20]
    with pytest.raises(InputError) as error:
        describe(np.array(["a"]))
    assert str(error.value) == (
        "the array must hold numbers and have shape (rows,) or (rows, columns), got <U1 of shape (1,)"
    )


NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, 1.0, -999.0, 1e-300, 1e149, -1e140, 5e-324]),
)
TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "1", "1e400", "NaN", "2024-01-01", "\u0130"]))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), rows=st.one_of(st.integers(1, 6), st.integers(20, 60)))
def test_odd_tables_are_described(data, rows: int) -> None:
    def column(values):
        few = data.draw(st.lists(values, min_size=1, max_size=min(rows, 8)))
        return (few * rows)[:rows]

    frame = pl.DataFrame(
        {"x": column(NUMBERS), "y": column(NUMBERS), "t": column(TEXTS), "n": list(range(rows))},
        schema={"x": pl.Float64, "y": pl.Float64, "t": pl.String, "n": pl.Int64},
    )
    found = describe(frame, target=data.draw(st.sampled_from([None, "x", "t", "n"])))
    json.dumps(found.to_dict(), allow_nan=False)
    assert len(found.columns) in (3, 4)


def test_columns_that_stand_still_are_told_together() -> None:
    stuck = [*NOISE[:100], *[5.0] * 50, *NOISE[150:400]]
    frame = healthy().with_columns(load=pl.Series(stuck), wind=pl.Series([*stuck[3:], 0.5, 0.7, 0.9]))
    still = [what for _, what in whats(frame) if "still" in what]
    assert still == [
        "Columns 'load' (50 rows from row 101 on) and 'wind' (50 rows from row 98 on) stand still, while "
        "they move elsewhere."
    ]


def test_numbers_that_floats_do_not_tell_apart_are_no_constant() -> None:
    frame = pl.DataFrame({"id": [2**62 + i for i in range(60)], "x": NOISE[:60]})
    (column, _) = describe(frame).columns
    assert (column.distinct, column.constant) == (60, False)


def test_columns_that_are_neither_numbers_nor_texts_are_left_alone() -> None:
    frame = pl.DataFrame(
        {
            "lasts": pl.Series(range(60)).cast(pl.Duration("us")),
            "list": [[i] for i in range(60)],
            "x": NOISE[:60],
        }
    )
    found = describe(frame)
    assert [column.kind for column in found.columns] == ["other", "other", "numbers"]
    assert found.findings == ()


@pytest.mark.parametrize(("library", "extra"), [("scipy.stats", "data"), ("statsmodels.stats", "report")])
def test_a_missing_library_is_named_with_its_extra(monkeypatch, library: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, "statsmodels.stats.diagnostic", raising=False)
    with pytest.raises(MissingExtraError) as error:
        describe(healthy())
    name = library.partition(".")[0]
    assert str(error.value) == f"{name} is not installed; install it with: pip install 'recurra[{extra}]'"
