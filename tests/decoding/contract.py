"""What every `OneStepModel` keeps; call it on each that there is."""

import numpy as np


def check_one_step_model(model, source, *, rows: int, vocabulary: int, atol: float = 0.0) -> None:
    """Fail unless the model, for a source of so many rows (at least 2), is what the protocol promises.

    ``atol`` is how much log-probabilities may differ between a row in one batch and in another.
    """
    rng = np.random.default_rng(0)
    tokens = rng.integers(vocabulary, size=(3, rows))
    start = model.initial_state(source)
    states, all_scores = [start], []
    for step in tokens:
        scores, state = model.step(step, states[-1])
        assert scores.shape == (rows, vocabulary)
        assert np.issubdtype(scores.dtype, np.floating)
        np.testing.assert_allclose(np.exp(scores).sum(-1), 1, rtol=1e-5)
        states.append(state)
        all_scores.append(scores)

    # No call changes a state: each step can be taken again, with another outcome for another token.
    for step, state, scores in zip(tokens, states, all_scores):
        np.testing.assert_array_equal(model.step(step, state)[0], scores)
    assert not np.allclose(model.step((tokens[0] + 1) % vocabulary, start)[0], all_scores[0])

    # A selected row goes on as it would have where it was: reordered, repeated, alone.
    for chosen in ([*reversed(range(rows))], [0, 0, rows - 1, 0], [1]):
        chosen = np.array(chosen)
        state = model.select(start, chosen)
        for step, scores in zip(tokens, all_scores):
            got, state = model.step(step[chosen], state)
            np.testing.assert_allclose(got, scores[chosen], rtol=0, atol=atol)
        later = model.select(states[2], chosen)
        got, _ = model.step(tokens[2][chosen], later)
        np.testing.assert_allclose(got, all_scores[2][chosen], rtol=0, atol=atol)

    # Twins told different things part ways, and neither disturbs the other.
    twins = model.select(start, np.array([0, 0]))
    first, second = tokens[0][0], (tokens[0][0] + 1) % vocabulary
    scores, _ = model.step(np.array([first, second]), twins)
    np.testing.assert_allclose(scores[0], all_scores[0][0], rtol=0, atol=atol)
    assert not np.allclose(scores[0], scores[1])
    none = model.select(start, np.array([], np.int64))
    assert model.step(np.array([], np.int64), none)[0].shape == (0, vocabulary)
