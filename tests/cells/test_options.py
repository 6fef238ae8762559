"""Every cell and option against a second transcription of its equations, unit by unit, in plain Python."""

import itertools
import math

import numpy as np
import pytest
import torch

from recurra.cells import GRU, LSTM, Elman, MinGRU, MinLSTM

H, I, N = 4, 3, 2  # noqa: E741


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


def dot(row, v):
    return math.fsum(w * u for w, u in zip(row, v))


def normalised(v, gain, bias=None):
    """PyTorch's own layer normalisation."""
    bias = None if bias is None else torch.from_numpy(bias)
    v, gain = torch.tensor(v, dtype=torch.float64), torch.from_numpy(gain)
    return torch.nn.functional.layer_norm(v, v.shape, gain, bias, eps=1e-5).tolist()


def product(p, which, v, rows=slice(None)):
    """W v, normalised where the cell has gains."""
    result = [dot(row, v) for row in p[f"weight_{which}"][rows]]
    gains = p.get(f"ln_{which}_weight")
    return result if gains is None else normalised(result, gains[rows])


def both(p, x, h):
    """Sums of both products and both biases, row by row."""
    rows = zip(product(p, "ih", x), product(p, "hh", h), p["bias_ih"], p["bias_hh"])
    return [math.fsum(row) for row in rows]


def zone(keep, old, new):
    return [k * o + (1 - k) * n for k, o, n in zip(keep, old, new)]


def elman(cell, p, x, state, noise):
    h_in = [m * h for m, h in zip(noise["recurrent"], state["h"])]
    h = [math.tanh(a) if cell.nonlinearity == "tanh" else max(a, 0.0) for a in both(p, x, h_in)]
    return {"h": zone(noise["keep_h"], state["h"], h)}


def lstm(cell, p, x, state, noise):
    h_in = [m * h for m, h in zip(noise["recurrent"], state["h"])]
    a, c_prev = both(p, x, h_in), state["c"]
    zeros = np.zeros(H)
    c, o = [], []
    for k in range(H):
        i = sigmoid(a[k] + p.get("weight_ci", zeros)[k] * c_prev[k])
        f = sigmoid(a[H + k] + p.get("weight_cf", zeros)[k] * c_prev[k])
        c.append(f * c_prev[k] + i * math.tanh(a[2 * H + k]))
        o.append(sigmoid(a[3 * H + k] + p.get("weight_co", zeros)[k] * c[k]))
    seen = normalised(c, p["ln_c_weight"], p["ln_c_bias"]) if cell.layer_norm else c
    h = [o[k] * math.tanh(seen[k]) for k in range(H)]
    if cell.proj_size:
        h = [dot(row, h) for row in p["weight_hr"]]
    return {"h": zone(noise["keep_h"], state["h"], h), "c": zone(noise["keep_c"], c_prev, c)}


def gru(cell, p, x, state, noise):
    h_prev = state["h"]
    h_in = [m * h for m, h in zip(noise["recurrent"], h_prev)]
    x_side, b_ih, b_hh = product(p, "ih", x), p["bias_ih"], p["bias_hh"]
    first = 3 * H if cell.reset_after else 2 * H
    h_side = product(p, "hh", h_in, slice(0, first))
    r, z = (
        [sigmoid(x_side[k] + b_ih[k] + h_side[k] + b_hh[k]) for k in range(gate * H, gate * H + H)]
        for gate in (0, 1)
    )
    if cell.reset_after:
        past = [r[k] * (h_side[2 * H + k] + b_hh[2 * H + k]) for k in range(H)]
    else:
        reset = product(p, "hh", [r[k] * h_in[k] for k in range(H)], slice(2 * H, 3 * H))
        past = [reset[k] + b_hh[2 * H + k] for k in range(H)]
    n = [math.tanh(x_side[2 * H + k] + b_ih[2 * H + k] + past[k]) for k in range(H)]
    h = [(1 - z[k]) * n[k] + z[k] * h_prev[k] for k in range(H)]
    return {"h": zone(noise["keep_h"], h_prev, h)}


def min_gru(cell, p, x, state, noise):
    a = [u + b for u, b in zip(product(p, "ih", x), p["bias_ih"])]
    z = [sigmoid(a[k]) for k in range(H)]
    return {"h": [(1 - z[k]) * state["h"][k] + z[k] * a[H + k] for k in range(H)]}


def min_lstm(cell, p, x, state, noise):
    a = [u + b for u, b in zip(product(p, "ih", x), p["bias_ih"])]
    i, f, n = [sigmoid(a[k]) for k in range(H)], [sigmoid(a[H + k]) for k in range(H)], a[2 * H :]
    return {"h": [(f[k] * state["h"][k] + i[k] * n[k]) / (f[k] + i[k]) for k in range(H)]}


CASES = [
    (MinGRU, min_gru, {}),
    (MinLSTM, min_lstm, {}),
    *((Elman, elman, {"nonlinearity": phi, "layer_norm": ln}) for phi in ("tanh", "relu") for ln in (0, 1)),
    *(
        (LSTM, lstm, {"peephole": peephole, "proj_size": size, "layer_norm": ln})
        for peephole, size, ln in itertools.product((0, 1), (0, 3), (0, 1))
    ),
    *((GRU, gru, {"reset_after": after, "layer_norm": ln}) for after in (0, 1) for ln in (0, 1)),
]


@pytest.mark.parametrize("noisy", [False, True], ids=["expectation", "masks"])
@pytest.mark.parametrize(("kind", "transcription", "options"), CASES)
def test_equations(kind, transcription, options, noisy):
    options = {name: v if name in ("nonlinearity", "proj_size") else bool(v) for name, v in options.items()}
    if "zoneout" in kind.options():
        options["zoneout"] = 0.25
    cell = kind(I, H, **options)
    rng = np.random.default_rng(0)
    p = {name: rng.normal(size=shape) for name, shape in cell.parameter_shapes().items()}
    x = rng.normal(size=(N, I))
    state = {name: rng.normal(size=(N, size)) for name, size in cell.state_sizes().items()}
    noise = {
        name: rng.integers(0, 2, (N, H if name == "keep_c" else cell.output_size)) * scale
        for name, scale in {"recurrent": 2.0, "keep_h": 1.0, "keep_c": 1.0}.items()
    }
    got, _ = cell.step(np, p, x, state, noise if noisy else cell.no_noise())
    full = (
        noise
        if noisy
        else {"recurrent": np.ones((N, H)), "keep_h": np.full((N, H), 0.25), "keep_c": np.full((N, H), 0.25)}
    )
    for row in range(N):
        own = {name: array[row] for name, array in state.items()}
        want = transcription(cell, p, x[row], own, {name: array[row] for name, array in full.items()})
        for name in want:
            np.testing.assert_allclose(got[name][row], want[name], rtol=1e-12, atol=1e-13, err_msg=name)


def test_two_resets_agree_where_nothing_is_reset():
    """With r = 1 both are the same function; with r = 0 they differ by the bias that is reset or not."""
    rng = np.random.default_rng(0)
    after, before = GRU(I, H), GRU(I, H, reset_after=False)
    p = {name: rng.normal(size=shape) for name, shape in after.parameter_shapes().items()}
    x, state = rng.normal(size=(N, I)), {"h": rng.normal(size=(N, H))}

    def run(cell, p):
        return cell.step(np, p, x, state, cell.no_noise())[0]["h"]

    assert np.abs(run(after, p) - run(before, p)).max() > 0.01
    p["bias_ih"][:H] = 1e3
    np.testing.assert_allclose(run(after, p), run(before, p), rtol=1e-12)
    p["bias_ih"][:H] = -1e3
    assert np.abs(run(after, p) - run(before, p)).max() > 0.01
    p["bias_hh"][2 * H :] = 0.0
    np.testing.assert_allclose(run(after, p), run(before, p), rtol=1e-12)


def test_textbook_gru_is_the_same_with_z_negated():
    rng = np.random.default_rng(0)
    cell = GRU(I, H)
    p = {name: rng.normal(size=shape) for name, shape in cell.parameter_shapes().items()}
    x, h = rng.normal(size=(N, I)), rng.normal(size=(N, H))
    negated = {name: np.concatenate([a[:H], -a[H : 2 * H], a[2 * H :]]) for name, a in p.items()}
    new, saved = cell.step(np, negated, x, {"h": h}, cell.no_noise())
    _, original = cell.step(np, p, x, {"h": h}, cell.no_noise())
    np.testing.assert_allclose(saved["z"], 1 - original["z"], rtol=1e-12)
    np.testing.assert_allclose(new["h"], original["z"] * original["n"] + (1 - original["z"]) * h, rtol=1e-12)
