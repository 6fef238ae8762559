"""Each part in float64 against the part at work, and its pullback against finite differences."""

import numpy as np
import pytest

from recurra.cells import Stack, cell
from recurra.inspection.inside.pullbacks import pulled
from recurra.runtime.network_parts import (
    AttentionPool,
    Autoregression,
    Bag,
    Crf,
    Linear,
    Pool,
    Recurrent,
    Tied,
)

STEP = 1e-6


def parts(size):
    """Parts for inputs of that width."""
    found = {
        "linear": Linear("head", size, 3),
        "tied": Tied("head", size, 3, "embedding"),
        "attention": AttentionPool("pool", size, 4),
        "crf": Crf("crf", size),
        "autoregression": Autoregression("autoregression", 3, 2, 2),
        "lstm": Recurrent("encoder", Stack(cell("lstm", input_size=size, hidden_size=1))),
        "gru": Recurrent("encoder", Stack(cell("gru", input_size=size, hidden_size=3), 2, True)),
        "min_gru": Recurrent("encoder", Stack(cell("min_gru", input_size=size, hidden_size=2))),
    }
    hows = ["last", "mean", "max", "mean_max"] + ["ends"] * (size % 2 == 0)
    return found | {how: Pool(how) for how in hows}


CASES = [(name, T, size) for size in (1, 4) for T in (1, 5) for name in parts(size)]


@pytest.mark.parametrize(("name", "T", "size"), CASES)
def test_output_and_pullback(name, T, size):
    part, N = parts(size)[name], 2
    rng = np.random.default_rng(0)
    shapes = part.shapes() | ({"embedding.weight": (3, size)} if name == "tied" else {})
    tensors = {key: rng.normal(0, 0.7, shape) for key, shape in shapes.items()}
    x, lengths = rng.normal(size=(T, N, size)), np.full(N, T)
    output, pull = pulled(part, tensors, x)
    at_work = part.bind({key: array.astype(np.float32) for key, array in tensors.items()})
    np.testing.assert_allclose(output, at_work(x.astype(np.float32), lengths), rtol=0, atol=3e-6)

    d = rng.normal(size=output.shape)
    dx = pull(d)
    assert dx.shape == x.shape
    for place in np.ndindex(x.shape):
        away = np.zeros_like(x)
        away[place] = STEP
        rise = (pulled(part, tensors, x + away)[0] - pulled(part, tensors, x - away)[0]) / (2 * STEP)
        np.testing.assert_allclose(dx[place], (rise * d).sum(), rtol=1e-6, atol=1e-8)


def test_a_linear_map_of_rows():
    rng = np.random.default_rng(0)
    tensors = {"head.weight": rng.normal(size=(3, 4)), "head.bias": rng.normal(size=3)}
    x, d = rng.normal(size=(2, 4)), rng.normal(size=(2, 3))
    output, pull = pulled(Linear("head", 4, 3), tensors, x)
    np.testing.assert_allclose(output, x @ tensors["head.weight"].T + tensors["head.bias"])
    np.testing.assert_allclose(pull(d), d @ tensors["head.weight"])


def test_what_reads_ids_has_none():
    with pytest.raises(TypeError, match=r"^no pullback for Bag$"):
        pulled(Bag("bag", 3, 0, 1), {}, np.zeros((1, 1, 1)))
