"""The fake that tests of decoding use keeps the protocol, and the contract notices who breaks it."""

import itertools
import math

import numpy as np
import pytest

from recurra.decoding import OneStepModel
from tests.decoding.contract import check_one_step_model
from tests.decoding.fake import FakeModel

SOURCE = np.array([7, 8, 9])


@pytest.mark.parametrize("impossible", [(), (0,), (1, 2)])
def test_the_fake_keeps_the_contract(impossible):
    model: OneStepModel[np.ndarray, tuple[str, ...]] = FakeModel(4, impossible)
    check_one_step_model(model, SOURCE, rows=3, vocabulary=4)


def test_the_fakes_steps_add_up_to_its_scores_and_its_scores_to_one():
    model, total = FakeModel(3, (1,)), 0.0
    for sequence in itertools.product(range(3), repeat=3):
        state, score = model.initial_state(np.array([7])), 0.0
        for token, following in itertools.pairwise((0, *sequence)):
            log_probabilities, state = model.step(np.array([token]), state)
            score += log_probabilities[0, following]
        assert score == model.score(7, (0, *sequence))
        assert (score == -math.inf) == (1 in sequence)
        total += math.exp(score)
    assert total == pytest.approx(1)


class WithMemory(FakeModel):
    """Keeps the state in itself."""

    def step(self, tokens, state):
        if len(tokens) == len(self.kept):
            state = self.kept
        scores, self.kept = super().step(tokens, state)
        return scores, self.kept

    def initial_state(self, source):
        self.kept = super().initial_state(source)
        return self.kept


class SelectsNothing(FakeModel):
    def select(self, state, rows):
        return state[: len(rows)]


class MixesRows(FakeModel):
    def step(self, tokens, state):
        scores, state = super().step(tokens, state)
        return np.roll(scores, 1, 0), state


class Unnormalised(FakeModel):
    def step(self, tokens, state):
        scores, state = super().step(tokens, state)
        return scores + 1, state


@pytest.mark.parametrize("broken", [WithMemory, SelectsNothing, MixesRows, Unnormalised])
def test_the_contract_notices(broken):
    with pytest.raises((AssertionError, ValueError)):
        check_one_step_model(broken(4), SOURCE, rows=3, vocabulary=4)
