"""The shapes of the schedules, and which share of a run is over."""

import math

import pytest
import torch

from recurra.training.schedule import SCHEDULES, progress


def test_the_constant_one_changes_nothing():
    assert {SCHEDULES["constant"](share / 10) for share in range(11)} == {1.0}


def test_the_cosine_is_that_of_pytorch():
    adam = torch.optim.Adam([torch.zeros(1)], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, T_max=40)
    for step in range(41):
        assert SCHEDULES["cosine"](step / 40) == pytest.approx(schedule.get_last_lr()[0], abs=1e-12)
        adam.step()
        schedule.step()


def test_the_one_cycle_is_that_of_pytorch():
    adam = torch.optim.Adam([torch.zeros(1)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        adam, max_lr=1.0, total_steps=61, pct_start=19 / 61, final_div_factor=1e9, cycle_momentum=False
    )  # its first part ends at step 18, three tenths of 60
    for step in range(60):
        assert SCHEDULES["one-cycle"](step / 60) == pytest.approx(schedule.get_last_lr()[0], abs=1e-9)
        adam.step()
        schedule.step()


@pytest.mark.parametrize("name", ["cosine", "one-cycle"])
def test_they_end_at_nothing(name):
    assert SCHEDULES[name](1.0) == pytest.approx(0, abs=1e-15)
    assert SCHEDULES[name](1.0) >= 0


@pytest.mark.parametrize(
    ("step", "seconds", "limit", "share"),
    [
        (0, 0.0, None, 0.0),
        (30, 99.0, None, 0.3),  # without a limit, time counts for nothing
        (30, 5.0, 20.0, 0.3),
        (30, 15.0, 20.0, 0.75),
        (99, 21.0, 20.0, 1.0),  # the last batch took longer than was left
    ],
)
def test_what_is_over_is_the_larger_share_of_steps_and_time(step, seconds, limit, share):
    assert math.isclose(progress(step, 100, seconds, limit), share)
