"""The network of labelled sequences in training."""

import numpy as np
import torch

from recurra.data import AudioFeatures, SeriesFeatures
from recurra.tasks.sequence_network import NetworkSettings, SequenceNetwork

SETTINGS = NetworkSettings(
    embedding_size=4,
    cell="gru",
    hidden_size=3,
    num_layers=1,
    bidirectional=False,
    pool=None,
    dropout=0.5,
    word_dropout=0.0,
    weight_dropout=0.0,
    crf=False,
)


def seen(features):
    """What reaches the encoder of 40 sequences of ones, (40, 5, I), in training."""
    network = SequenceNetwork(features, SETTINGS, 2, seed=0)
    entered = []
    network.encoder.register_forward_pre_hook(lambda _, arguments: entered.append(arguments[0]))
    torch.manual_seed(0)
    network.train()(torch.ones(40, 5, features.size), torch.full((40,), 5))
    return entered[0]


def scale(columns):
    return SeriesFeatures(np.zeros(columns), np.ones(columns))


def test_columns_of_clips_are_dropped_for_all_steps_and_those_of_series_are_not():
    assert torch.equal(seen(scale(1)), torch.ones(40, 5, 1))
    clips = seen(AudioFeatures(8000, scale(20)))
    assert set(clips.unique().tolist()) == {0, 2}
    assert torch.equal(clips, clips[:, :1].expand(-1, 5, -1))
