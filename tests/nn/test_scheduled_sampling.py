"""Schedules against their formulas; which tokens are fed, and how the others are drawn."""

import dataclasses
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.nn.schedules import ConstantForcing, ForcingSchedule, InverseSigmoidForcing, LinearForcing
from tests.nn.encoder_decoders import ATTENTIONS, build, data


def test_schedules_are_their_formulas():
    assert [ConstantForcing()(i) for i in (0, 10)] == [1.0, 1.0]
    assert ConstantForcing(0.25)(7) == 0.25
    linear = LinearForcing(slope=0.125, start=0.75, end=0.25)
    assert [linear(i) for i in range(7)] == [0.75, 0.625, 0.5, 0.375, 0.25, 0.25, 0.25]
    for k in (1.0, 20.0, 3000.0):
        for i in (0, 1, 10, 200):
            want = k / (k + math.exp(i / k))
            assert InverseSigmoidForcing(k)(i) == pytest.approx(want, rel=1e-9)
    k = 50.0
    assert InverseSigmoidForcing(k)(round(k * math.log(k))) == pytest.approx(0.5, abs=0.01)
    assert InverseSigmoidForcing(1.0)(10**9) == 0.0


schedules = st.one_of(
    st.builds(ConstantForcing, st.floats(0, 1)),
    st.builds(LinearForcing, st.floats(1e-6, 1), st.floats(0.5, 1), st.floats(0, 0.5)),
    st.builds(InverseSigmoidForcing, st.floats(1, 1e6)),
)


@given(schedules, st.integers(0, 10**6), st.integers(0, 10**6))
def test_schedules_are_probabilities_that_never_grow(schedule, i, j):
    assert isinstance(schedule, ForcingSchedule)
    early, late = schedule(min(i, j)), schedule(max(i, j))
    assert 0 <= late <= early <= 1
    assert schedule(np.int64(i)) == schedule(i)
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.start = 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ConstantForcing(1.5), "probability must be a number between 0 and 1, got 1.5"),
        (lambda: LinearForcing(0), "slope must be a finite number above 0, got 0"),
        (lambda: LinearForcing(0.1, start=2), "start must be a number between 0 and 1, got 2"),
        (lambda: LinearForcing(0.1, end=-1), "end must be a number between 0 and 1, got -1"),
        (lambda: LinearForcing(0.1, start=0.2, end=0.3), "end must be at most start, 0.2, got 0.3"),
        (lambda: InverseSigmoidForcing(0.5), "k must be at least 1, got 0.5"),
        (lambda: InverseSigmoidForcing(math.inf), "k must be a finite number above 0, got inf"),
        (lambda: ConstantForcing()(-1), "step must be a whole number of at least 0, got -1"),
        (lambda: LinearForcing(0.1)(0.5), "step must be a whole number of at least 0, got 0.5"),
        (lambda: InverseSigmoidForcing(2)(True), "step must be a whole number of at least 0, got True"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


def sampled(model, N, T, truth):
    """One source for N rows, one sequence of true tokens, and the inputs drawn for each row."""
    source, tokens = data(model, 4, T, 1)
    source, tokens = source.expand(-1, N, -1), tokens.expand(-1, N)
    state = model.initial_state(source)
    return source, tokens, model.decoder.sample_inputs(tokens, state, truth)


def assert_frequencies(counts, probabilities):
    """Pearson's test at about five standard deviations of the statistic."""
    counts = np.asarray(counts, float)
    expected = counts.sum() * np.asarray(probabilities)
    statistic = ((counts - expected) ** 2 / expected).sum()
    freedom = len(counts) - 1
    assert statistic < freedom + 5 * math.sqrt(2 * freedom)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("truth", [0.0, 0.3])
def test_guesses_come_from_the_models_own_distribution(attention, truth):
    N, V = 20_000, 3
    model = build("gru", attention, vocabulary=V)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter *= 2  # far from uniform, and dependent on what came before
    source, tokens, inputs = sampled(model, N, 3, truth)
    assert torch.equal(inputs[0], tokens[0])
    # After each pair of first inputs, the third is the mixture for that very past; likewise the second.
    row = source[:, :1]
    with torch.no_grad():
        first, state = model.step(tokens[0, :1], model.initial_state(row))
        truly = torch.nn.functional.one_hot(tokens[:, 0], V).double()
        mixture = truth * truly[1] + (1 - truth) * first[0].exp()
        assert_frequencies(inputs[1].bincount(minlength=V), mixture)
        for token in range(V):
            after, _ = model.step(torch.tensor([token]), state)
            mixture = truth * truly[2] + (1 - truth) * after[0].exp()
            assert_frequencies(inputs[2][inputs[1] == token].bincount(minlength=V), mixture)


def test_each_token_of_each_row_is_tossed_for_alone():
    N, T, V, truth = 500, 41, 1000, 0.4
    model = build(vocabulary=V)
    _, tokens, inputs = sampled(model, N, T, truth)
    kept = (inputs == tokens)[1:]  # a guess is right one time in about 1000
    assert kept.float().mean().item() == pytest.approx(truth, abs=5 * math.sqrt(0.24 / kept.numel()) + 0.001)
    for axis in (0, 1):  # neither whole rows nor whole steps share a toss
        spread = kept.float().mean(axis).std().item()
        assert spread == pytest.approx(math.sqrt(0.24 / kept.shape[axis]), rel=0.5)


def test_truth_one_is_teacher_forcing_and_draws_nothing():
    model = build()
    source, tokens = data(model, 4, 5, 3)
    before = torch.get_rng_state()
    assert model.decoder.sample_inputs(tokens, model.initial_state(source), 1.0) is tokens
    torch.testing.assert_close(model(source, tokens, truth=1).logits, model(source, tokens).logits)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_seed_repeats_the_draw_and_gradients_are_those_of_the_drawn_inputs(attention):
    model = build(attention=attention)
    source, tokens = data(model, 4, 5, 3)
    torch.manual_seed(9)
    logits = model(source, tokens, [4, 0, 2], truth=0.2).logits
    torch.manual_seed(9)
    inputs = model.decoder.sample_inputs(tokens, model.initial_state(source, [4, 0, 2]), 0.2)
    assert not torch.equal(inputs, tokens)
    assert not inputs.requires_grad
    forced = model(source, inputs, [4, 0, 2]).logits
    torch.testing.assert_close(logits, forced, rtol=0, atol=0)
    parameters = list(model.parameters())
    got = torch.autograd.grad(logits.square().sum(), parameters)
    torch.testing.assert_close(got, torch.autograd.grad(forced.square().sum(), parameters))


def test_one_step_is_always_the_truth():
    model = build()
    source, tokens = data(model, 4, 1, 3)
    assert torch.equal(model.decoder.sample_inputs(tokens, model.initial_state(source), 0.0), tokens)
