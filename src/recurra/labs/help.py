"""«hel» → «p»: an LSTM on one-hot letters, every gate of every step, and the gradient of every gate.

All of it in NumPy: `recurra.cells` goes forward and back, and the rest is a softmax and gradient descent.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recurra.cells import LSTM, Arrays, Stack
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

LETTERS, CONTEXT, H = "help", 3, 3
STACK = Stack(LSTM(input_size=len(LETTERS), hidden_size=H))
SHOWN = {
    "f": "forget f",
    "i": "input i",
    "g": "candidate g",
    "o": "output o",
    "c": "memory c",
    "h": "output h",
}
STEPS, RATE = 400, 1.0

# Round and round: hel → p, elp → h, lph → e, phe → l; were there but one, a bias could learn it.
ROUND = [(LETTERS * 2)[start : start + CONTEXT + 1] for start in range(len(LETTERS))]
CODES = np.array([[LETTERS.index(letter) for letter in text] for text in ROUND])
X = np.eye(len(LETTERS))[CODES[:, :-1].T]
Y = CODES[:, -1]


def run(seeds: Sequence[int], budget: float) -> Result:
    tries = {seed: train(seed, max(1, round(STEPS * budget))) for seed in seeds}
    first = tries[seeds[0]]
    checks = []
    for seed, found in tries.items():
        checks += [
            Check(
                f"Seed {seed}: the gradients of W_f, W_i, W_c and W_o are those of finite differences.",
                found["difference"] < 1e-8,
                f"largest difference {found['difference']:.1e}, largest gradient {found['largest']:.2g}",
            ),
            Check(
                f"Seed {seed}: after training, «hel» is followed by «p», as it was not before.",
                found["before"] < 0.5 and found["probability"] > 0.9,
                f"probability {found['before']:.2f} before, {found['probability']:.3f} after",
            ),
            Check(
                f"Seed {seed}: the same weights know the other three, so it is the letters that tell.",
                found["answers"] == "phel",
                ", ".join(f"{text[:-1]} → {answer}" for text, answer in zip(ROUND, found["answers"])),
            ),
        ]
    norms = [
        [f"∂L/∂W_{name}", *(float(np.linalg.norm(found["gradients"][gate])) for found in tries.values())]
        for name, gate in (("f", "f"), ("i", "i"), ("c", "g"), ("o", "o"))
    ]
    tables = [
        trace_table("before training", first["trace before"]),
        trace_table("after training", first["trace after"]),
        Table(
            "The gradient of each gate's weights, for «hel» → «p» before training: its norm",
            ["Gradient", *(f"Seed {seed}" for seed in seeds)],
            norms,
            "W_f is (H, I + H): what the forget gate takes from the letter and from the last output. "
            "W_c is the candidate's.",
        ),
        *(gradient_table(name, first["gradients"][gate]) for name, gate in zip("fico", "figo")),
    ]
    pictures = [
        Picture(
            "Every gate after training, letter by letter",
            trace_figure(first["trace after"]),
            "Seed 0 reads «hel»; a row is a unit.",
        ),
        Picture("The loss falls", loss_figure(tries), "Mean −ln of the right letter's probability."),
    ]
    kept = ("difference", "before", "probability", "answers")
    data = {
        str(seed): {name: found[name] for name in kept} | {row[0]: row[1 + place] for row in norms}
        for place, (seed, found) in enumerate(tries.items())
    }
    return Result(tables, pictures, checks, data)


def train(seed: int, steps: int) -> dict[str, Any]:
    """Gradients before training, and what training by plain gradient descent reaches."""
    rng = np.random.default_rng(seed)
    p = STACK.initialise(rng, np.float64)
    p |= {"head": rng.normal(0, 0.3, (len(LETTERS), H)), "head_bias": np.zeros(len(LETTERS))}
    hel = slice(0, 1)
    before, d_p = gradient(p, hel)
    by_gate = gates_of(d_p)
    numeric = gates_of({name: by_differences(p, name, hel) for name in ("weight_ih_l0", "weight_hh_l0")})
    trace_before = trace(p)
    losses = []
    for _ in range(steps):
        loss, d_p = gradient(p, slice(None))
        losses.append(loss)
        p = {name: p[name] - RATE * d_p[name] for name in p}
    probabilities, _ = predict(p, slice(None))
    return {
        "gradients": by_gate,
        "difference": max(float(np.abs(by_gate[gate] - numeric[gate]).max()) for gate in by_gate),
        "largest": max(float(np.abs(own).max()) for own in by_gate.values()),
        "before": float(np.exp(-before)),
        "probability": float(probabilities[0, Y[0]]),
        "answers": "".join(LETTERS[place] for place in probabilities.argmax(1)),
        "trace before": trace_before,
        "trace after": trace(p),
        "losses": losses,
    }


def predict(p: Mapping[str, Any], rows: slice) -> tuple[np.ndarray, Any]:
    """The probability of each letter after the contexts of ``rows``, and the tapes of the way there."""
    x = X[:, rows]
    _, state, tapes = STACK.forward(p, x, STACK.zero_state(x.shape[1], np.float64))
    scores = state["h"][-1] @ p["head"].T + p["head_bias"]
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True), (state["h"][-1], tapes)


def gradient(p: Arrays, rows: slice) -> tuple[float, Arrays]:
    """L, the mean −ln of the right letter's probability, and ∂L/∂ each array of ``p``."""
    q, (h, tapes) = predict(p, rows)
    right = np.eye(len(LETTERS))[Y[rows]]
    d_scores = (q - right) / len(q)
    d_state = {"h": (d_scores @ p["head"])[None], "c": np.zeros_like(h)[None]}
    d_output = np.zeros((CONTEXT, len(q), H))
    d_p = STACK.backward(p, tapes, d_output, d_state)[2]
    loss = -float(np.log(q[right == 1]).mean())
    return loss, d_p | {"head": d_scores.T @ h, "head_bias": d_scores.sum(0)}


def by_differences(p: Arrays, name: str, rows: slice, step: float = 1e-5) -> np.ndarray:
    """∂L/∂p[name], each value from two losses."""
    found = np.zeros_like(p[name])
    for place in np.ndindex(found.shape):
        nudge = np.zeros_like(p[name])
        nudge[place] = step
        above, below = (gradient({**p, name: p[name] + sign * nudge}, rows)[0] for sign in (1, -1))
        found[place] = (above - below) / (2 * step)
    return found


def gates_of(d_p: Arrays) -> Arrays:
    """By gate, the (H, I + H) of its rows in W_ih and W_hh."""
    joined = np.concatenate([d_p["weight_ih_l0"], d_p["weight_hh_l0"]], axis=1)
    return dict(zip(STACK.cell.gates, np.split(joined, 4)))


def trace(p: Arrays) -> dict[str, np.ndarray]:
    """Gates, memory and output (CONTEXT, H) while «hel» is read."""
    _, (_, (tape,)) = predict(p, slice(0, 1))
    found = {name: np.stack([saved[name][0] for _, _, saved in tape.steps]) for name in "figoc"}
    return found | {"h": found["o"] * np.tanh(found["c"])}


def trace_table(when: str, found: Mapping[str, np.ndarray]) -> Table:
    return Table(
        f"Every gate of every step, {when} (seed 0)",
        ["Letter", "", *(f"Unit {unit + 1}" for unit in range(H))],
        [
            [letter, SHOWN[name], *found[name][t].tolist()]
            for t, letter in enumerate(ROUND[0][:-1])
            for name in SHOWN
        ],
    )


def gradient_table(name: str, gradients: np.ndarray) -> Table:
    return Table(
        f"∂L/∂W_{name} (seed 0)",
        ["Unit", *LETTERS, *(f"h{unit + 1}" for unit in range(H))],
        [[unit + 1, *row] for unit, row in enumerate(gradients.tolist())],
    )


def trace_figure(found: Mapping[str, np.ndarray]) -> Any:
    rows = [f"{name} {unit + 1}" for name in SHOWN for unit in range(H)]
    values = np.concatenate([found[name].T for name in SHOWN])
    heat = go.Heatmap(
        z=values, x=[f"{t + 1}: {letter}" for t, letter in enumerate(ROUND[0][:-1])], y=rows,
        colorscale="RdBu", zmin=-1, zmax=1, texttemplate="%{z:.2f}",
    )  # fmt: skip
    return figure(
        [heat], x={"type": "category"}, y={"autorange": "reversed", "nticks": 18}, hovermode="closest"
    )


def loss_figure(tries: Mapping[int, Mapping[str, Any]]) -> Any:
    looks = [("var(--model)", "solid"), ("var(--last)", "dash"), ("var(--seasonal)", "dot")]
    lines = []
    for (seed, found), (colour, dash) in zip(tries.items(), itertools.cycle(looks)):
        losses = np.array(found["losses"])
        lines.append(line(np.arange(len(losses)), losses, f"seed {seed}", colour, width=2, dash=dash))
    return figure(lines, x={"title": "step of gradient descent"}, y={"rangemode": "tozero"})


LAB = Lab(
    name="help",
    title="How does an LSTM learn that «hel» is followed by «p»?",
    claim="An LSTM of three units reads one-hot letters, and learns by plain gradient descent that «p» "
    "follows «hel». The gradients of its gates' weights, ∂L/∂W_f, W_i, W_c and W_o, are "
    "those of finite differences.",
    run=run,
)
