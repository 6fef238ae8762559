"""Data: tables read, put on a regular grid of times, split in time, cut into windows, scaled."""

from recurra.data.audio import Clip
from recurra.data.co2 import mauna_loa
from recurra.data.frequency import Frequency, format_time, future_times, season_length
from recurra.data.scaling import Scaler
from recurra.data.sequences import Sequences, as_sequences, pad
from recurra.data.series import IMPUTATION_RULE, GapReport, Series, array_series, impute
from recurra.data.splits import Share, Split, parse_share, split_rows
from recurra.data.table import read_series, read_table, to_series
from recurra.data.windows import Contexts, Windows, last_context, last_observed, make_windows

__all__ = [
    "IMPUTATION_RULE",
    "Clip",
    "Contexts",
    "Frequency",
    "GapReport",
    "Scaler",
    "Sequences",
    "Series",
    "Share",
    "Split",
    "Windows",
    "array_series",
    "as_sequences",
    "format_time",
    "future_times",
    "impute",
    "last_context",
    "last_observed",
    "make_windows",
    "mauna_loa",
    "pad",
    "parse_share",
    "read_series",
    "read_table",
    "season_length",
    "split_rows",
    "to_series",
]
