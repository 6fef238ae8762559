"""Random masks beside a Philox4x32-10 in NumPy, which the known answers of Random123 check."""

import numpy as np
import pytest

from recurra.kernels import random_mask

KNOWN = [  # counter, key, output: kat_vectors of Random123
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([2**32 - 1] * 4, [2**32 - 1] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


def philox(counter, key):
    """Four words, each an array like those of the counter (Salmon et al. 2011, section 3.3)."""
    low, high = np.uint64(2**32 - 1), np.uint64(32)
    c = [np.asarray(word, np.uint64) for word in counter]
    key = [np.uint64(word) for word in key]
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [right >> high ^ c[1] ^ key[0], right & low, left >> high ^ c[3] ^ key[1], left & low]
        key = [key[0] + np.uint64(0x9E3779B9) & low, key[1] + np.uint64(0xBB67AE85) & low]
    return c


@pytest.mark.parametrize(("counter", "key", "want"), KNOWN)
def test_the_oracle_gives_the_known_answers(counter, key, want):
    assert [int(word) for word in philox(counter, key)] == want


def words_of(key, count):
    """Runs of 64 words: word 0 of sixteen blocks, word 1 of them, and so on."""
    counters = np.arange(-(-count // 64) * 16, dtype=np.uint64).reshape(-1, 16)
    zeros = np.zeros_like(counters)
    words = philox([counters, zeros, zeros, zeros], [key % 2**32, key >> 32])
    return np.stack(words, 1).reshape(-1)[:count]


@pytest.mark.parametrize("key", [0, 1, 2**32, 2**63 - 2, 2**64 - 1])
@pytest.mark.parametrize("shape", [(1,), (63,), (64,), (65,), (3, 5, 17), ()])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_value_stands_where_its_word_lies_below_the_probability(key, shape, dtype):
    mask = random_mask(key, 0.3, 1.25, shape, np.dtype(dtype))
    assert (mask.shape, mask.dtype) == (shape, dtype)
    want = np.where(words_of(key, mask.size) < round(0.3 * 2**32), dtype(1.25), dtype(0))
    np.testing.assert_array_equal(mask, want.reshape(shape))


@pytest.mark.parametrize("shape", [(0,), (3, 0, 2)])
def test_nothing_to_draw(shape):
    assert random_mask(5, 0.5, 1.0, shape, np.dtype(np.float32)).shape == shape


@pytest.mark.parametrize(("probability", "want"), [(0.0, 0.0), (1e-12, 0.0), (1.0, 2.0)])
def test_the_ends_of_probability(probability, want):
    assert (random_mask(7, probability, 2.0, (1000,), np.dtype(np.float32)) == want).all()


def test_a_probability_close_to_one_stays_below_it():
    assert random_mask(7, 1 - 1e-12, 2.0, (1000,), np.dtype(np.float64)).mean() == 2.0


@pytest.mark.parametrize("probability", [0.001, 0.2, 0.5, 0.97])
def test_the_share_of_values_is_the_probability(probability):
    count = 200_000
    mask = random_mask(2**40 + 3, probability, 1.0, (count,), np.dtype(np.float32))
    assert abs(mask.mean() - probability) < 4.5 * (probability * (1 - probability) / count) ** 0.5
