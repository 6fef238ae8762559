"""What the page on conventions says of Keras, held to Keras itself beside PyTorch with the same weights."""

import numpy as np
import pytest
import torch

from recurra import nn

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
H, I, T, N = 4, 3, 5, 2  # noqa: E741 - the letters of the equations
X = np.random.default_rng(0).normal(size=(N, T, I)).astype(np.float32)


@pytest.fixture(scope="module")
def keras():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "jax")
        yield pytest.importorskip("keras", reason="Keras is not installed").layers


def weights(layer) -> list[np.ndarray]:
    """Of the layer, with a random bias, as it starts at zero."""
    layer(X)
    *kernels, bias = layer.get_weights()
    bias = np.random.default_rng(1).normal(size=bias.shape).astype(np.float32)
    layer.set_weights([*kernels, bias])
    return [np.array(weight) for weight in layer.get_weights()]


def blocks(weight: np.ndarray, order: tuple[int, ...]) -> torch.Tensor:
    parts = np.split(weight, len(order), axis=-1)
    return torch.from_numpy(np.concatenate([parts[i] for i in order], axis=-1).T.copy())


def test_the_gates_of_the_lstm_stand_in_the_same_order(keras):
    layer = keras.LSTM(H, return_sequences=True, return_state=True)
    layer(X)
    assert layer.get_weights()[2].tolist() == [0.0] * H + [1.0] * H + [0.0] * 2 * H  # the forget bias
    kernel, recurrent, bias = weights(layer)
    ours = torch.nn.LSTM(I, H, batch_first=True)
    same = (0, 1, 2, 3)
    state = {"weight_ih_l0": blocks(kernel, same), "weight_hh_l0": blocks(recurrent, same)}
    ours.load_state_dict(state | {"bias_ih_l0": torch.from_numpy(bias), "bias_hh_l0": torch.zeros(4 * H)})
    output, (h_n, c_n) = ours(torch.from_numpy(X))
    for own, theirs in zip((output, h_n[0], c_n[0]), layer(X)):
        np.testing.assert_allclose(own.detach(), np.array(theirs), atol=1e-6)


@pytest.mark.parametrize("reset_after", [True, False])
def test_z_comes_first_in_keras_and_keeps_the_old_state_in_both(keras, reset_after):
    layer = keras.GRU(H, return_sequences=True, reset_after=reset_after)
    kernel, recurrent, bias = weights(layer)
    assert bias.shape == ((2, 3 * H) if reset_after else (3 * H,))
    biases = bias if reset_after else np.stack([bias, np.zeros_like(bias)])
    r_z_n = (1, 0, 2)
    ours = nn.GRU(I, H, batch_first=True, reset_after=reset_after)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    arrays = (kernel, recurrent, *biases)
    ours.load_state_dict({name: blocks(array, r_z_n) for name, array in zip(names, arrays)})
    np.testing.assert_allclose(ours(torch.from_numpy(X))[0].detach(), np.array(layer(X)), atol=1e-6)


def test_masked_steps_repeat_the_output_or_give_zero(keras):
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
    output = np.array(keras.LSTM(H, return_sequences=True)(X, mask=mask))
    np.testing.assert_array_equal(output[0, 4], output[0, 2])
    zero = keras.LSTM(H, return_sequences=True, zero_output_for_mask=True)
    assert not np.array(zero(X, mask=mask))[0, 3:].any()


def test_dropout_of_keras_is_on_the_input_with_one_mask_for_all_steps(keras):
    layer = keras.SimpleRNN(64, dropout=0.5, return_sequences=True, activation=None, use_bias=False)
    ones = np.ones((1, T, 64), np.float32)
    layer(ones)
    layer.set_weights([np.eye(64), np.zeros((64, 64))])
    output = np.array(layer(ones, training=True))[0]
    assert set(np.unique(output)) == {0.0, 2.0}
    assert (output == output[0]).all()


def test_the_backward_half_without_sequences_has_read_everything(keras):
    whole = keras.Bidirectional(keras.LSTM(H, return_sequences=True))
    last = keras.Bidirectional(keras.LSTM(H))
    sequences = np.array(whole(X))
    last(X)
    last.set_weights(whole.get_weights())
    ends = np.concatenate([sequences[:, -1, :H], sequences[:, 0, H:]], axis=1)
    np.testing.assert_allclose(np.array(last(X)), ends, atol=1e-6)


def test_recurrent_weights_start_orthogonal_over_all_gates_together(keras):
    matrix = np.array(keras.LSTM(H).recurrent_initializer((H, 4 * H)))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(H), atol=1e-5)
    assert np.abs(matrix[:, :H] @ matrix[:, :H].T - np.eye(H)).max() > 0.1
