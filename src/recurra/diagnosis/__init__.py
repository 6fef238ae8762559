"""What data are like, before any model: distributions, gaps, seasons, lengths, and what looks like a leak."""

from recurra.diagnosis.balance import Balance
from recurra.diagnosis.clock import Clock
from recurra.diagnosis.column import Column
from recurra.diagnosis.describe import describe
from recurra.diagnosis.description import Description
from recurra.diagnosis.distribution import Distribution
from recurra.diagnosis.finding import LEVELS, Finding
from recurra.diagnosis.fits import Fit
from recurra.diagnosis.leakage import Leak
from recurra.diagnosis.lengths import Lengths, Padding
from recurra.diagnosis.music import Notes
from recurra.diagnosis.pairs import describe_pairs
from recurra.diagnosis.pieces import describe_music
from recurra.diagnosis.power import Power
from recurra.diagnosis.repeats import Repeats
from recurra.diagnosis.seasonality import Season, Seasonality
from recurra.diagnosis.sequences import describe_sequences
from recurra.diagnosis.sounds import Sounds
from recurra.diagnosis.stationarity import Stationarity
from recurra.diagnosis.table import describe_table
from recurra.diagnosis.vocabulary import Vocabulary

__all__ = [
    "LEVELS",
    "Balance",
    "Clock",
    "Column",
    "Description",
    "Distribution",
    "Finding",
    "Fit",
    "Leak",
    "Lengths",
    "Notes",
    "Padding",
    "Power",
    "Repeats",
    "Season",
    "Seasonality",
    "Sounds",
    "Stationarity",
    "Vocabulary",
    "describe",
    "describe_music",
    "describe_pairs",
    "describe_sequences",
    "describe_table",
]
