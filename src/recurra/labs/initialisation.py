"""What does a network start from? Orthogonal or Gaussian weights, the forget gate's bias, normalised layers.

Three starts, each on a task that needs it: an RNN that says what came 30 steps ago, an LSTM that keeps the
first of 15 or 40 inputs, and an RNN whose weights are too small or too large.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from recurra import nn
from recurra.inspection.figures import figure, line
from recurra.labs.lab import Check, Lab, Picture, Result, Table

H, ROWS, STEPS, LEARNT = 48, 64, 250, 0.95  # learnt: that share right, as a mean of ten steps
ORTHOGONAL, GAUSSIAN = "orthogonal", "Gaussian, variance 1/H"
POWERS = (1, 10, 25, 50)
KEEPER, SYMBOLS, BIASES, WAITS = 32, 8, (0, 1, 3), (15, 40)
NORMS, SCALES = {"plain": False, "layer norm": True}, (0.3, 1.0, 3.0, 10.0)

Found = dict[str, Any]


def fresh(layer: Any, seed: int) -> Any:
    """The layer as Recurra starts it: Xavier W_ih, orthogonal W_hh, biases 0, and 1 of the forget gate."""
    torch.manual_seed(seed)  # for the data, too
    drawn = layer.stack.initialise(np.random.default_rng(seed))
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in drawn.items()})
    return layer


def echo(T: int, back: int) -> tuple[Tensor, Tensor]:
    """Signs (T, rows, 1), and which signs came ``back`` steps before the last T − back (·, rows, 1)."""
    x = 2.0 * torch.randint(0, 2, (T, ROWS, 1)) - 1
    return x, (x[: T - back] > 0).float()


def first(T: int) -> tuple[Tensor, Tensor]:
    """One of eight symbols, then noise in a ninth input (T, rows, 9), and the symbols (rows,)."""
    symbols = torch.randint(0, SYMBOLS, (ROWS,))
    x = torch.zeros(T, ROWS, SYMBOLS + 1)
    x[0, torch.arange(ROWS), symbols] = 1
    x[1:, :, SYMBOLS] = torch.randn(T - 1, ROWS)
    return x, symbols


def learn(layer: Any, task: Any, sizes: Sequence[int], rate: float, budget: float) -> Found:
    """The share right at each step of training, of rows never seen before, and how soon it was enough."""
    head, right = torch.nn.Linear(layer.hidden_size, SYMBOLS if task is first else 1), []
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, rate)
    for _ in range(max(10, round(STEPS * budget))):
        x, y = task(*sizes)
        states, _ = layer(x)
        if task is first:
            scores = head(states[-1])
            loss, said = cross_entropy(scores, y), scores.argmax(1)
        else:
            scores = head(states[-len(y) :])
            loss, said = binary_cross_entropy_with_logits(scores, y), scores > 0
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        right.append((said == y).double().mean().item())
    curve = np.convolve(right, np.full(10, 0.1), "valid")
    enough = np.flatnonzero(curve >= LEARNT)
    return {
        "curve": curve,
        "end": float(curve[-1]),
        "steps": float(enough[0]) + 10 if len(enough) else math.inf,
    }


def directions(start: str, seed: int, budget: float) -> Found:
    """An RNN from this start, and the singular values of its first W_hh's powers, largest first."""
    layer = fresh(nn.RNN(1, H), seed)
    if start == GAUSSIAN:
        with torch.no_grad():
            layer.weight_hh_l0.normal_(0, H**-0.5)
    W = layer.weight_hh_l0.detach().double()
    values = {k: torch.linalg.svdvals(torch.linalg.matrix_power(W, k)).tolist() for k in POWERS}
    return learn(layer, echo, (60, 30), 2e-3, budget) | {"values": values}


def forgetting(bias: int, wait: int, seed: int, budget: float) -> Found:
    """An LSTM, and how ∂c_T/∂c_0 grows in each step before training: measured, and by the equation."""
    layer = fresh(nn.LSTM(SYMBOLS + 1, KEEPER), seed)
    with torch.no_grad():
        layer.bias_ih_l0[KEEPER : 2 * KEEPER] = bias
    zero = torch.zeros(1, ROWS, KEEPER)
    c_0 = zero.clone().requires_grad_()
    _, (_, c_T) = layer(first(wait)[0], (zero, c_0))
    v = torch.randn_like(c_T)
    (gradient,) = torch.autograd.grad((v * c_T).sum(), c_0)
    W_g = layer.weight_hh_l0.detach()[2 * KEEPER : 3 * KEEPER]
    step = torch.eye(KEEPER) / (1 + math.exp(-bias)) + W_g / 4
    growth = {
        "measured": float(gradient.norm() / v.norm()) ** (1 / wait),
        "by the equation": float(torch.linalg.matrix_power(step, wait).norm() / KEEPER**0.5) ** (1 / wait),
    }
    return learn(layer, first, (wait,), 5e-3, budget) | {"growth": growth}


def scaling(norm: str, scale: float, seed: int, budget: float) -> Found:
    """An RNN of ``scale`` times its weights: how output and gradient change by that, and what it learns."""
    layer = fresh(nn.RNN(1, H, layer_norm=NORMS[norm]), seed)
    (x, _), direction = echo(30, 10), torch.randn(H)

    def output_and_gradient() -> tuple[Tensor, float]:
        states, _ = layer(x)
        (gradient,) = torch.autograd.grad((states * direction).mean(), layer.weight_hh_l0)
        return states.detach(), float(gradient.norm())

    before, gradient_before = output_and_gradient()
    with torch.no_grad():
        layer.weight_ih_l0 *= scale
        layer.weight_hh_l0 *= scale
    after, gradient = output_and_gradient()
    changes = {"moved": float((after - before).abs().max()), "gradient": gradient / gradient_before}
    return learn(layer, echo, (30, 10), 3e-3, budget) | changes


def run(seeds: Sequence[int], budget: float = 1.0) -> Result:
    starts = {start: [directions(start, seed, budget) for seed in seeds] for start in (ORTHOGONAL, GAUSSIAN)}
    keeps = {
        (wait, bias): [forgetting(bias, wait, seed, budget) for seed in seeds]
        for wait in WAITS
        for bias in BIASES
    }
    norms = {
        (norm, scale): [scaling(norm, scale, seed, budget) for seed in seeds]
        for norm in NORMS
        for scale in SCALES
    }
    columns = [f"seed {seed}" for seed in seeds]
    note = f"Medians of {len(seeds)} seeds. A dash: not learnt."
    return Result(
        tables=[
            Table(
                "Singular values of the powers of the first W_hh",
                ["start", *(f"W{power}" for power in ("", "¹⁰", "²⁵", "⁵⁰"))],
                [
                    [f"{start}: {name}", *(median(pick(own["values"][k]) for own in of) for k in POWERS)]
                    for start, of in starts.items()
                    for name, pick in (("largest", max), ("median", np.median), ("smallest", min))
                ],
                "What becomes of a small change of the state so many steps later, near zero. Medians of "
                f"{len(seeds)} seeds; below 1e-16 they are rounding.",
            ),
            Table(
                "An RNN learns to say what came 30 steps ago",
                ["start", *columns],
                [[start, *steps(of)] for start, of in starts.items()],
                f"Steps of training until 95 % are right. A dash: not in {STEPS * budget:.0f}.",
            ),
            Table(
                "An LSTM learns to keep its first input",
                ["forget bias, how long", "growth in a step", "by the equation", "in all", *columns],
                [
                    [
                        f"bias {bias}, {wait} steps",
                        growth := median(own["growth"]["measured"] for own in of),
                        median(own["growth"]["by the equation"] for own in of),
                        growth**wait,
                        *steps(of),
                    ]
                    for (wait, bias), of in keeps.items()
                ],
                "Growth, a median: of the last memory's gradient by the first, before training. Then the "
                "steps of training until 95 % are right.",
            ),
            Table(
                "An RNN with weights that are too small or too large",
                ["weights", "output changes by", "gradient times", "steps to learn", "right at the end"],
                [
                    [
                        f"{norm}, {scale:g} times",
                        *(median(own[what] for own in of) for what in ("moved", "gradient", "steps", "end")),
                    ]
                    for (norm, scale), of in norms.items()
                ],
                note,
            ),
        ],
        pictures=[
            Picture(
                "An RNN learns to say what came 30 steps ago",
                curves({start: of[0]["curve"] for start, of in starts.items()}),
                f"Share right by step of training, seed {seeds[0]}. Half is a guess.",
            ),
            Picture(
                "An LSTM learns to keep its first input for 40 steps",
                curves({f"forget bias {bias}": keeps[40, bias][0]["curve"] for bias in BIASES}),
                f"Share right by step of training, seed {seeds[0]}. One in eight is a guess.",
            ),
            Picture(
                "An RNN learns to say what came 10 steps ago, from its weights and from ten times these",
                curves({f"{n}, {k:g} times": norms[n, k][0]["curve"] for n in NORMS for k in (1, 10)}),
                f"Share right by step of training, seed {seeds[0]}. Half is a guess.",
            ),
        ],
        checks=checks(starts, keeps, norms),
        data={
            "seeds": list(seeds),
            "starts": data(starts),
            "forget biases": data({f"bias {bias}, {wait} steps": of for (wait, bias), of in keeps.items()}),
            "weights": data({f"{norm}, {scale:g} times": of for (norm, scale), of in norms.items()}),
        },
    )


def checks(starts: Mapping[str, Any], keeps: Mapping[Any, Any], norms: Mapping[Any, Any]) -> list[Check]:
    """Each over all seeds."""
    off = max(abs(value - 1) for own in starts[ORTHOGONAL] for value in own["values"][50])
    half = max(float(np.median(own["values"][50])) for own in starts[GAUSSIAN])
    growths = [own["growth"] for (_, bias), of in keeps.items() if bias < 3 for own in of]
    apart = max(abs(growth["measured"] / growth["by the equation"] - 1) for growth in growths)
    guess = max(own["end"] for own in keeps[40, 0])
    normed = [(scale, own) for (norm, scale), of in norms.items() if NORMS[norm] for own in of]
    bare = [own for (norm, scale), of in norms.items() if not NORMS[norm] and scale != 1 for own in of]
    good = [own["end"] for own in (*norms["plain", 1.0], *(own for _, own in normed))]
    moved, unmoved = min(own["moved"] for own in bare), max(own["moved"] for _, own in normed)
    factor = max(abs(own["gradient"] * scale - 1) for scale, own in normed)
    bad = max(own["end"] for own in bare)
    return [
        Check(
            "After 50 steps the orthogonal W_hh has singular values of 1, and half of the Gaussian one's are "
            "under 1e-5, on every seed.",
            off < 1e-4 and half < 1e-5,
            f"At most {off:.0e} off 1, and medians of at most {half:.0e}.",
        ),
        Check(
            "The RNN learns from the orthogonal start, in at most 0.7 of the steps that the Gaussian one "
            "takes, if that learns at all, on every seed.",
            sooner(starts[ORTHOGONAL], starts[GAUSSIAN], 0.7),
            f"{told(starts[ORTHOGONAL])} steps against {told(starts[GAUSSIAN])}.",
        ),
        Check(
            "Before training, the memory's gradient grows in a step as σ(b) I + W_g/4 does, within 6 % for "
            "forget biases b of 0 and 1, on every seed.",
            apart <= 0.06,
            f"At most {apart:.1%} apart.",
        ),
        Check(
            "With a forget bias of 1 the LSTM learns to keep its input for 15 steps, in at most 0.6 of the "
            "steps that it takes with 0, if that learns at all, on every seed.",
            sooner(keeps[15, 1], keeps[15, 0], 0.6),
            f"{told(keeps[15, 1])} steps against {told(keeps[15, 0])}.",
        ),
        Check(
            "For 40 steps, 0 stays a guess, under 30 % right, and 3 learns, on every seed.",
            guess < 0.3 and all(math.isfinite(count) for count in steps(keeps[40, 3])),
            f"At most {guess:.0%} right, and {told(keeps[40, 3])} steps.",
        ),
        Check(
            "With layer norm, 0.3 to 10 times the weights give the same output within 0.02 and a gradient "
            "divided by that factor within 1 %; without, outputs move by more than 0.5. On every seed.",
            unmoved < 0.02 and factor < 0.01 and moved > 0.5,
            f"By at most {unmoved:.4f} and {factor:.2%}; without, by at least {moved:.2f}.",
        ),
        Check(
            "So it learns from all of them, at least 98 % right; the plain RNN from its own weights alone, "
            "and from the others at most 95 %, on every seed.",
            min(good) >= 0.98 and bad <= 0.95,
            f"At least {min(good):.1%}, and at most {bad:.1%}.",
        ),
    ]


def steps(found: Sequence[Found]) -> list[float]:
    """How soon each seed had learnt; infinite for one that never had."""
    return [own["steps"] for own in found]


def sooner(these: Sequence[Found], those: Sequence[Found], share: float) -> bool:
    """Whether all of these were learnt, and in at most that share of the steps of those."""
    return all(math.isfinite(a) and a <= share * b for a, b in zip(steps(these), steps(those), strict=True))


def told(found: Sequence[Found]) -> str:
    return ", ".join(f"{count:.0f}" if math.isfinite(count) else "not learnt" for count in steps(found))


def median(values: Any) -> float:
    return float(np.median(list(values)))


def data(found: Mapping[str, Sequence[Found]]) -> dict[str, Any]:
    return {
        name: [{key: value for key, value in own.items() if key != "curve"} for own in of]
        for name, of in found.items()
    }


def curves(shares: Mapping[str, np.ndarray]) -> Any:
    looks = zip(
        ("var(--model)", "var(--last)", "var(--seasonal)", "var(--ets)"), ("solid", "dash", "dot", "longdash")
    )
    lines = [
        line(10 + np.arange(len(share)), share, name, colour, width=2, dash=dash)
        for (name, share), (colour, dash) in zip(shares.items(), looks)
    ]
    return figure(lines, x={"title": "step of training"}, y={"title": "right", "tickformat": ".0%"})


LAB = Lab(
    name="initialisation",
    title="What must a network start from, so that it can learn?",
    claim="Orthogonal weights pass every direction of the state on, Gaussian ones only a few. A forget gate "
    "that starts open keeps what one that starts half closed loses. With layer norm an RNN learns from "
    "weights of any size, which without it are soon too small or too large.",
    run=run,
)
