"""The learning rate over a run: its share of the highest one, by the share of the run that is over."""

import math


def constant(_progress: float) -> float:
    """The highest rate throughout."""
    return 1.0


def cosine(progress: float) -> float:
    """From the highest rate to 0 along half a cosine (Loshchilov & Hutter 2017, without restarts)."""
    return (1 + math.cos(math.pi * progress)) / 2


def one_cycle(progress: float, *, warm_up: float = 0.3, start: float = 1 / 25) -> float:
    """Up to the highest rate in the first three tenths and down to 0 in the rest (Smith & Topin 2018).

    Both along half a cosine, from a twenty-fifth of the highest rate, as in PyTorch's and fast.ai's.
    """
    if progress < warm_up:
        return 1 - (1 - start) * cosine(progress / warm_up)
    return cosine((progress - warm_up) / (1 - warm_up))


SCHEDULES = {"constant": constant, "one-cycle": one_cycle, "cosine": cosine}


def progress(step: int, steps: int, seconds: float, max_seconds: float | None) -> float:
    """The share of a run that is over before its step ``step`` (from 0) of at most ``steps``, from 0 to 1.

    The larger of the shares of steps and of time, so that a schedule ends when training does.
    """
    return min(1.0, max(step / steps, seconds / max_seconds if max_seconds else 0.0))
