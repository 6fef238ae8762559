"""Data: tables on a regular grid of times, cut into windows; texts, tokens, series and clips as sequences."""

from recurra.data.as_corpus import as_corpus
from recurra.data.as_labelled import as_labelled
from recurra.data.as_pairs import as_pairs
from recurra.data.audio import Clip, read_clip, read_clips, resample
from recurra.data.co2 import mauna_loa
from recurra.data.conllu import read_conllu, read_tagged
from recurra.data.corpus import Corpus, is_table, read_corpus
from recurra.data.frequency import Frequency, format_time, future_times, season_length
from recurra.data.hold_out import cut_corpus, hold_out
from recurra.data.label_parts import by_group, by_pattern, split_labels
from recurra.data.labelled import Labelled
from recurra.data.log_mel import AudioFeatures, FrameStream
from recurra.data.midi import midi_bytes, read_midi
from recurra.data.pairs import Pairs, hold_out_pairs
from recurra.data.piano_roll import KEYS, LOWEST_NOTE, MOST_STEPS, Piece, as_pieces, held
from recurra.data.read_audio import read_audio, read_audio_table, read_transcripts
from recurra.data.read_long import read_long
from recurra.data.read_music import Music, read_music
from recurra.data.read_pairs import read_pairs, read_sources
from recurra.data.read_texts import read_texts
from recurra.data.scaling import Scaler
from recurra.data.sequences import Sequences, as_sequences, pad
from recurra.data.series import IMPUTATION_RULE, GapReport, Series, array_series, impute
from recurra.data.series_features import SeriesFeatures
from recurra.data.source import Source
from recurra.data.splits import Share, Split, parse_share, split_rows
from recurra.data.table import read_series, read_table, to_series
from recurra.data.text import TextFeatures
from recurra.data.text_words import TextWords
from recurra.data.transform import TRANSFORMS, TargetTransform, check_transform, mean_and_deviation
from recurra.data.vectors import read_vectors, vectors_text
from recurra.data.windows import Contexts, Windows, last_context, last_observed, make_windows
from recurra.data.words import WordFeatures

__all__ = [
    "IMPUTATION_RULE",
    "KEYS",
    "LOWEST_NOTE",
    "MOST_STEPS",
    "TRANSFORMS",
    "AudioFeatures",
    "Clip",
    "Contexts",
    "Corpus",
    "FrameStream",
    "Frequency",
    "GapReport",
    "Labelled",
    "Music",
    "Pairs",
    "Piece",
    "Scaler",
    "Sequences",
    "Series",
    "SeriesFeatures",
    "Share",
    "Source",
    "Split",
    "TargetTransform",
    "TextFeatures",
    "TextWords",
    "Windows",
    "WordFeatures",
    "array_series",
    "as_corpus",
    "as_labelled",
    "as_pairs",
    "as_pieces",
    "as_sequences",
    "by_group",
    "by_pattern",
    "check_transform",
    "cut_corpus",
    "format_time",
    "future_times",
    "held",
    "hold_out",
    "hold_out_pairs",
    "impute",
    "is_table",
    "last_context",
    "last_observed",
    "make_windows",
    "mauna_loa",
    "mean_and_deviation",
    "midi_bytes",
    "pad",
    "parse_share",
    "read_audio",
    "read_audio_table",
    "read_clip",
    "read_clips",
    "read_conllu",
    "read_corpus",
    "read_long",
    "read_midi",
    "read_music",
    "read_pairs",
    "read_series",
    "read_sources",
    "read_table",
    "read_tagged",
    "read_texts",
    "read_transcripts",
    "read_vectors",
    "resample",
    "season_length",
    "split_labels",
    "split_rows",
    "to_series",
    "vectors_text",
]
