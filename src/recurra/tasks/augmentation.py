"""Clips as other voices might have said them: more to learn from, for training alone.

Everything is done to log-mel frames, which is as fast as reading them, and drawn from PyTorch's generator, so
that a run that goes on from a checkpoint draws what it would have drawn.
"""

import math

import torch
from torch import Tensor

from recurra.data import AudioFeatures

_PACE = 1.2  # people say the same word a fifth faster or slower without its being another
_TRACT = 1.15  # vocal tracts of grown-ups are 13 to 18 cm long, formants that much apart (Lee & Rose 1998)
_MASKED_BANDS = 0.2
_MASKED_TIME = 0.15


def augmented(
    x: Tensor, lengths: Tensor, features: AudioFeatures, *, masked_time: float = _MASKED_TIME
) -> tuple[Tensor, Tensor]:
    """Each clip of x (N, T, I), of ``lengths`` (N,) steps, at another pace, by another voice, with gaps.

    The pace is up to a fifth slower or faster (Ko, Povey, Peddinti & Khudanpur 2015, without the change of
    pitch), the vocal tract up to 15 % longer or shorter (Jaitly & Hinton 2013), and one run of bands and one
    of time, up to the share ``masked_time``, are set to 0, the mean (SpecAugment's masks, Park et al. 2019).
    ``features`` are what made x.
    Returns clips (N, T', I), which hold anything past their length, and their lengths, at least 1.
    """
    N, T, _ = x.shape
    frames = x.reshape(N, T * features.stack, features.mels)
    paced = (lengths * _between(1 / _PACE, _PACE, N)).round().long().clamp(min=1)
    count = paced * features.stack
    frames = stretched(frames, lengths * features.stack, count)
    frames = warped(frames, _between(1 / _TRACT, _TRACT, N), features.rate)
    bands = one_run(torch.full((N,), features.mels), _MASKED_BANDS, features.mels)
    time = one_run(count, masked_time, frames.shape[1])
    frames = frames.masked_fill(bands[:, None, :] | time[:, :, None], 0.0)
    return frames.reshape(N, -1, features.size), paced


def stretched(frames: Tensor, lengths: Tensor, wanted: Tensor) -> Tensor:
    """Frames (N, T, M) of ``lengths`` (N,) as ``wanted`` (N,) frames each, (N, max ``wanted``, M)."""
    step = (lengths - 1) / (wanted - 1).clamp(min=1)
    positions = torch.arange(int(wanted.max())) * step[:, None]
    return interpolated(frames, torch.minimum(positions, (lengths - 1)[:, None]))


def warped(frames: Tensor, factors: Tensor, rate: int) -> Tensor:
    """Frames (N, T, M) with frequency f where ``factors`` (N,) · f was; the highest bands are held."""
    M = frames.shape[2]
    top = math.log1p(rate / 2 / 700)
    frequencies = torch.expm1(torch.arange(1, M + 1) * (top / (M + 1)))  # over 700 Hz
    bands = torch.log1p(factors[:, None] * frequencies) * ((M + 1) / top) - 1
    return interpolated(frames.transpose(1, 2), bands.clamp(0, M - 1)).transpose(1, 2)


def interpolated(x: Tensor, positions: Tensor) -> Tensor:
    """Between the steps of x (N, T, M), at ``positions`` (N, P) from 0 to T − 1: (N, P, M)."""
    below = positions.floor().long()
    above = (below + 1).clamp(max=x.shape[1] - 1)
    low, high = (x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2])) for index in (below, above))
    return torch.lerp(low, high, (positions - below)[:, :, None])


def one_run(lengths: Tensor, share: float, size: int) -> Tensor:
    """Which of ``size`` places, (N, size), lie in a run of up to that share of the ``lengths`` (N,)."""
    width = torch.rand(len(lengths)) * share * lengths
    start = torch.rand(len(lengths)) * (lengths - width)
    places = torch.arange(size)
    return (places >= start[:, None]) & (places < (start + width)[:, None])


def _between(low: float, high: float, count: int) -> Tensor:
    """Factors (count,), their logarithms even from that of ``low`` to that of ``high``."""
    return low * (high / low) ** torch.rand(count)
