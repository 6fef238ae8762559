"""Each warning fires where its sign is clear, with its whole text, and none does on sound fits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recurra
from recurra import SequenceClassifier, SequenceRegressor
from recurra.inspection.inside.health import Warning as HealthWarning
from recurra.inspection.inside.health import health
from recurra.inspection.inside.memory import Memory

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.safetensors"))


def history(losses, validation=None, *, best=None, stopped="early", **signs) -> dict:
    """A sound one, but for what is given; ``signs`` by epoch, or one for all."""
    validation = validation or losses
    count = len(losses)
    sound = {
        "gradient_norm": 0.3,
        "gradient_norm_max": 1.2,
        "clipped_norm": 0.3,
        "clipped": 0.02,
        "weight_norm": 20.0,
        "spectral_radius": {"encoder.weight_hh_l0": {"i": 1.1, "f": 1.1, "g": 2.5, "o": 1.1}},
        "dead_units": {"encoder.h_l0": 0.02},
        "saturated_units": {"encoder.h_l0": 0.0},
    }
    by_epoch = {
        name: value if isinstance(value, list) else [value] * count for name, value in (sound | signs).items()
    }
    return {
        "epochs": [
            {"epoch": i + 1, "loss": losses[i], "validation_loss": validation[i]}
            | {name: values[i] for name, values in by_epoch.items()}
            for i in range(count)
        ],
        "best_epoch": best or 1 + int(np.argmin(validation)),
        "stopped": stopped,
    }


FALLING = [1.0, 0.6, 0.4, 0.3, 0.25, 0.24]


def memory(by_state: list[float]) -> Memory:
    profile = np.array(by_state)
    lags = np.arange(len(profile))
    return Memory("network", "y", (9,), lags, lags, profile, profile, profile, profile)


def test_a_sound_training_has_no_warning():
    assert health(history(FALLING), memory([1.0, 0.5, 0.25, 0.01])) == ()


def test_weights_that_grow():
    assert health(history(FALLING, weight_norm=[20.0, 30.0, 40.0, 50.0, 60.0, 60.0])) == ()
    assert health(history(FALLING, weight_norm=[20.0, 30.0, 40.0, 50.0, 60.0, 70.0])) == (
        HealthWarning(
            "The weights grew to 3.5 times their norm after the first epoch.",
            "Give a lower learning_rate, or weight_decay.",
        ),
    )


def test_gradients_that_are_clipped_for_most_batches():
    """At first they may be."""
    assert health(history(FALLING, clipped=[1.0, 1.0, 1.0, 0.5, 0.4, 0.3])) == ()
    assert health(history(FALLING, clipped=0.84, gradient_norm=7.25)) == (
        HealthWarning(
            "In the later epochs the gradients of 84 % of the batches were clipped; "
            "their norm was 7.25 on average.",
            "Give a clip_norm nearer to that, or a lower learning_rate where the loss is restless; "
            "bring inputs and targets to a scale of about 1.",
        ),
    )


def test_a_loss_that_diverges():
    assert health(history([1.0, 0.9, 0.95, 1.04])) == ()
    assert health(history([0.5, 0.4, 2.0, 0.75])) == (
        HealthWarning(
            "The training loss ended above where it began, at 0.75 after 0.5.",
            "Give a lower learning_rate, a tenth of it to begin with, "
            "and look for extreme values in the data.",
        ),
    )


def test_a_loss_that_jumps():
    assert health(history([1.0, 0.6, 0.4, 0.6, 0.3])) == ()
    assert health(history([1.0, 0.6, 0.4, 0.85, 0.3], best=5)) == (
        HealthWarning(
            "The training loss jumped from 0.4 to 0.85 in epoch 4.",
            "Give a lower learning_rate or clip_norm, and look for extreme values in the data.",
        ),
    )


def test_overfitting():
    training, validation = [1.0, 0.6, 0.4, 0.2], [1.0, 0.8, 0.82, 1.1]
    assert health(history(training, [1.0, 0.8, 0.82, 0.84])) == ()
    assert health(history([1.0, 0.6, 0.6, 0.58], validation)) == ()  # nothing is learnt by heart
    assert health(history([*training, 0.1, 0.1], [1.0, 0.8, 1.5, 1.1, 0.82, 1.1])) == ()  # just restless
    assert health(history(training, validation)) == (
        HealthWarning(
            "The model overfits: after epoch 2 the training loss still fell from 0.6 to 0.2, "
            "but the validation loss rose from 0.8 to 1.1. The weights of epoch 2 were kept.",
            "More data helps most; else more dropout or weight_decay, or a smaller hidden_size.",
        ),
    )


@pytest.mark.parametrize(("stopped", "more"), [("epochs", "epochs"), ("time", "time")])
def test_a_training_that_ended_too_soon(stopped, more):
    assert health(history(FALLING, stopped=stopped, best=5)) == ()
    assert health(history([*FALLING, 0.239], stopped=stopped)) == ()
    assert health(history(FALLING, stopped=stopped)) == (
        HealthWarning(
            "The validation loss was still falling when training ended, to 0.24 in epoch 6.",
            f"Give more {more}.",
        ),
    )


def test_a_score_that_still_falls():
    found = health(history(FALLING, stopped="epochs", score=[-0.1, -0.3, -0.5, -0.6, -0.7, -0.8]))
    assert [warning.text for warning in found] == [
        "The validation score was still falling when training ended, to -0.8 in epoch 6."
    ]


@pytest.mark.parametrize(
    ("radii", "text"),
    [
        ({"h": 1.9}, None),
        ({"h": 2.5}, "The spectral radius of a.weight_hh_l0 is 2.5, far above 1"),
        ({"i": 1.0, "f": 7.9, "g": 99.0, "o": 1.0}, None),
        (
            {"i": 1.0, "f": 9.0, "g": 1.0, "o": 8.5},
            "The spectral radius of a.weight_hh_l0, f is 9, far above 1",
        ),
        ({"r": 1.0, "z": 1.0, "n": 12.0}, None),
    ],
)
def test_recurrent_matrices_that_explode(radii, text):
    """By gate, as their slopes differ. That of the candidate tells nothing: gates tame it."""
    quiet = {"b.weight_hh_l0": {"h": 1.0}}
    found = health(history(FALLING, spectral_radius=quiet | {"a.weight_hh_l0": radii}))
    assert found == (
        ()
        if text is None
        else (
            HealthWarning(
                f"{text}, where gradients may explode and units saturate.",
                "Give a lower learning_rate, or weight_decay; begin with orthogonal recurrent weights.",
            ),
        )
    )


def test_dead_and_saturated_units():
    assert health(history(FALLING, dead_units={"a.h_l0": 0.24}, saturated_units={"a.h_l0": 0.24})) == ()
    found = health(
        history(
            FALLING,
            dead_units={"a.h_l0": 0.1, "a.h_l1": 0.375},
            saturated_units={"a.h_l0": 0.5, "a.h_l1": 0.0},
        )
    )
    assert found == (
        HealthWarning(
            "38 % of the units a.h_l1 are dead: under 0.01 at the end of every validation sequence.",
            "Give a smaller hidden_size, or a lower learning_rate if they died in training.",
        ),
        HealthWarning(
            "50 % of the units a.h_l0 are saturated: "
            "over 0.99 at the end of every validation sequence, where they hardly learn.",
            "Give a lower learning_rate, and bring inputs to a scale of about 1; "
            "an LSTM or a GRU saturates less than a plain RNN.",
        ),
    )


def test_units_and_matrices_are_those_of_the_weights_that_were_kept():
    dead = [{"a.h_l0": share} for share in (0.9, 0.9, 0.0, 0.9)]
    assert health(history([1.0, 0.7, 0.5, 0.45], [1.0, 0.7, 0.6, 0.65], dead_units=dead)) == ()


def test_gradients_that_vanish():
    """However long the input is, the warning says over how many steps they are lost."""
    text = "Gradients shrink to 8e-6 of themselves over 34 steps: what is longer ago is hardly learnt."
    vanishing = memory([*np.logspace(0, -6, 41), *np.logspace(-7, -90, 500)])
    assert health(history(FALLING), vanishing) == (
        HealthWarning(
            text,
            "If that should matter, try a larger forget bias, attention or a mean over the steps, or shorter "
            "sequences.",
        ),
    )
    plain = history(FALLING, spectral_radius={"a.weight_hh_l0": {"h": 0.9}})
    assert health(plain, vanishing) == (
        HealthWarning(text, "If that should matter, try an LSTM or a GRU, or orthogonal initialisation."),
    )
    assert health(history(FALLING), memory([1.0, 0.0]))[0].text == (
        "Gradients shrink to 0 of themselves over 1 step: what is longer ago is hardly learnt."
    )


def test_gradients_that_reach_back_around_the_states_do_not_vanish():
    """A pool or attention reads every step, whatever the layers forget."""
    lags = np.arange(41)
    states, inputs = np.logspace(0, -6, 41), np.full(41, 0.1)
    assert (
        health(history(FALLING), Memory("network", "y", (40,), lags, lags, inputs, states, inputs, states))
        == ()
    )


def test_gradients_that_explode():
    plain = history(FALLING, spectral_radius={"a.weight_hh_l0": {"h": 1.9}})
    assert health(plain, memory([1.0, 500.0])) == ()
    assert health(plain, memory([1.0, 30.0, 2000.0])) == (
        HealthWarning(
            "Gradients grow to 2,000 times themselves over 2 steps.",
            "Clip them to a lower norm, try an LSTM or a GRU, or "
            "begin with orthogonal recurrent weights and a lower learning_rate.",
        ),
    )


@pytest.mark.parametrize("profile", [[], [1.0], [0.0, 0.0]])
def test_a_memory_without_lags_tells_nothing(profile):
    assert health(history(FALLING), memory(profile)) == ()


@given(
    st.lists(st.floats(0.3, 0.98), min_size=1, max_size=60),
    st.floats(0.0, 0.04),
    st.integers(0, 2**32 - 1),
)
def test_a_noisy_fall_to_a_floor_is_sound(ratios, noise, seed):
    rng = np.random.default_rng(seed)
    floor = rng.uniform(0.05, 1)
    clean = floor + np.cumprod([1.0, *ratios])
    training, validation = (clean * (1 + noise * rng.uniform(-1, 1, len(clean))) for _ in range(2))
    assert health(history(training.tolist(), validation.tolist())) == ()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_files_from_before_have_nothing_to_judge(path):
    assert health(recurra.load(path).history) == ()


def test_older_histories_are_judged_by_what_they_have():
    old = history([1.0, 0.6, 0.4, 0.2], [1.0, 0.8, 0.82, 1.1])
    old["epochs"] = [
        {name: epoch[name] for name in ("epoch", "loss", "validation_loss", "gradient_norm")}
        for epoch in old["epochs"]
    ]
    assert [warning.text[:19] for warning in health(old)] == ["The model overfits:"]


def sums(count: int = 300) -> tuple[list[np.ndarray], list[float]]:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(12, 2)).astype(np.float32) for _ in range(count)]
    return X, [float(x.sum()) for x in X]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_real_fits_are_sound(cell):
    X, y = sums()
    model = SequenceRegressor(cell=cell, hidden_size=16, epochs=30, learning_rate=0.01).fit(X, y)
    assert [w for w in health(model.history_) if "still falling" not in w.text] == []


def test_a_real_fit_with_far_too_high_a_rate():
    X, y = sums()
    model = SequenceRegressor(cell="rnn", hidden_size=16, epochs=10, learning_rate=0.3)
    found = " ".join(warning.text for warning in health(model.fit(X, y).history_))
    assert "The weights grew to" in found
    assert "The spectral radius of" in found
    assert "are saturated" in found


def test_a_real_fit_that_learns_by_heart():
    rng = np.random.default_rng(0)
    X, y = [rng.normal(size=(5, 4)) for _ in range(80)], ["a", "b"] * 40
    model = SequenceClassifier(
        hidden_size=32, epochs=40, patience=40, dropout=0.0, learning_rate=0.02, validation_share=0.5
    )
    assert any(warning.text.startswith("The model overfits") for warning in health(model.fit(X, y).history_))
