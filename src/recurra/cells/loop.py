"""The one time loop: any cell, over ragged rows, in either direction.

Time-major: x (T, N, I), output (T, N, R), each state (N, ·). A row lives for its own length: past it the
output is zero and the state stays that of the row's last step (for length 0, the initial one). Reversed, the
loop starts at step T - 1, so each row starts at its own last step.

Noise: ``recurrent`` (N, R), one for all steps; ``keep_h`` (T, N, R) and ``keep_c`` (T, N, H), by the number
of the step in x, whichever the direction; see `recurra.cells.Cell.step`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra.cells.cell import Array, Arrays, Cell
from recurra.cells.lengths import check_lengths


@dataclass(frozen=True)
class Tape:
    """What `forward` keeps for `backward`: for each step, in the order taken, its number, its live rows
    (N, 1) and what the cell saved."""

    steps: list[tuple[int, Array, Arrays]]


def forward(
    cell: Cell,
    p: Arrays,
    x: Array,
    state: Arrays,
    lengths: Any = None,
    reverse: bool = False,
    *,
    noise: Mapping[str, Array] | None = None,
    xp: Any = np,
) -> tuple[Array, Arrays, Tape]:
    """Run ``cell`` over x (T, N, I) from ``state``: output (T, N, R), final states, tape.

    ``lengths``: N whole numbers in [0, T], or None for T each. ``noise``: whatever of it there is; the rest
    is as in inference. Raises InputError for lengths that are not, for noise that the cell does not have, or
    where T is 0. With PyTorch for ``xp``, lengths are a tensor that `check_lengths` would let pass, and
    autograd differentiates the result to any order.
    """
    T, N = x.shape[:2]
    if T == 0:
        raise InputError("x must have at least one step, got none")
    lengths = check_lengths(lengths, T, N) if xp is np else lengths
    p = cell.with_zero_biases(xp, p)
    noise = _check_noise(cell, noise or {})

    steps = []
    output = [x[:0]] * T
    for t in reversed(range(T)) if reverse else range(T):
        live = (lengths > t)[:, None]
        # Padding may hold anything; what enters no equation can't turn a gradient into NaN.
        new, saved = cell.step(xp, p, xp.where(live, x[t], 0.0), state, _noise_at(cell, noise, t))
        state = {name: xp.where(live, new[name], state[name]) for name in cell.states}
        output[t] = xp.where(live, new["h"], 0.0)
        steps.append((t, live, saved))
    return xp.stack(output), state, Tape(steps)


def backward(
    cell: Cell, p: Arrays, tape: Tape, d_output: Array, d_state_n: Arrays
) -> tuple[Array, Arrays, Arrays]:
    """Gradients of x (T, N, I), of the initial states and of the parameters; NumPy only.

    ``d_output`` (T, N, R) and ``d_state_n`` (N, ·) are the gradients of what `forward` returned.
    """
    p = cell.with_zero_biases(np, p)
    dx = [np.empty(0)] * len(tape.steps)
    d_p = {name: np.zeros_like(p[name]) for name in cell.parameter_shapes()}
    d_state = d_state_n
    for t, live, saved in reversed(tape.steps):
        d_new = {name: np.where(live, d_state[name], 0.0) for name in cell.states}
        d_new["h"] = d_new["h"] + np.where(live, d_output[t], 0.0)
        dx[t], d_prev, d_p_step = cell.step_backward(p, saved, d_new)
        d_state = {name: np.where(live, d_prev[name], d_state[name]) for name in cell.states}
        d_p = {name: d_p[name] + d_p_step[name] for name in d_p}
    return np.stack(dx), d_state, d_p


def _check_noise(cell: Cell, noise: Mapping[str, Array]) -> Mapping[str, Array]:
    known = cell.no_noise()
    for name in noise:
        if name not in known:
            raise InputError(f"{cell.name} has no noise {name!r}, only {', '.join(known) or 'none'}")
    return noise


def _noise_at(cell: Cell, noise: Mapping[str, Array], t: int) -> Arrays:
    """The noise of step t, with that of inference where none is given."""
    return cell.no_noise() | {name: a if name == "recurrent" else a[t] for name, a in noise.items()}
