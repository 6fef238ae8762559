"""Every example once a pass, with others of about its length, in an order that the generator decides."""

import pytest
import torch

from recurra._base.errors import InputError
from recurra.training.buckets import ordered_batches, shuffled_batches


class Ragged:
    def __init__(self, lengths) -> None:
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self.lengths)


def lengths_of(count: int) -> torch.Tensor:
    return torch.randint(1, 1000, (count,), generator=torch.Generator().manual_seed(7))


def padding(batches: list[torch.Tensor], lengths: torch.Tensor) -> float:
    """The share of steps that are padding."""
    steps = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
    return 1 - int(lengths.sum()) / steps


@pytest.mark.parametrize("count", [1, 16, 799, 800, 801, 2000])
@pytest.mark.parametrize("draw", [shuffled_batches, ordered_batches])
def test_every_example_once_in_as_few_batches_as_can_be(draw, count):
    batches = draw(Ragged(lengths_of(count)), 16)
    assert torch.equal(torch.cat(batches).sort().values, torch.arange(count))
    assert sorted(map(len, batches)) == sorted(map(len, torch.arange(count).split(16)))


def test_a_batch_has_examples_of_about_the_same_length():
    lengths = lengths_of(4000)
    plain = list(torch.randperm(4000).split(16))
    assert padding(plain, lengths) > 0.4
    assert padding(shuffled_batches(Ragged(lengths), 16), lengths) < 0.03
    assert padding(ordered_batches(Ragged(lengths), 16), lengths) < 0.01


def test_long_and_short_batches_come_mixed():
    lengths = lengths_of(4000)
    means = torch.stack(
        [lengths[batch].double().mean() for batch in shuffled_batches(Ragged(lengths), 16)[:-1]]
    )
    assert abs(torch.corrcoef(torch.stack([means[:-1], means[1:]]))[0, 1]) < 0.2


def test_the_generator_decides_the_batches():
    examples = Ragged(lengths_of(2000))

    def draw(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        return shuffled_batches(examples, 16)

    with torch.random.fork_rng(devices=[]):
        first, again, other = draw(1), draw(1), draw(2)
    assert all(torch.equal(one, two) for one, two in zip(first, again))
    sets = {frozenset(batch.tolist()) for batch in first}
    assert len(sets & {frozenset(batch.tolist()) for batch in other}) < 10  # not the same company again


def test_without_lengths_the_batches_are_those_of_one_permutation():
    rows = [0] * 37
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        batches = shuffled_batches(rows, 8)
        torch.manual_seed(3)
        expected = torch.randperm(37)
    assert torch.equal(torch.cat(batches), expected)
    assert [len(batch) for batch in batches] == [8, 8, 8, 8, 5]
    assert torch.equal(torch.cat(ordered_batches(rows, 8)), torch.arange(37))


def test_lengths_may_be_an_array():
    lengths = lengths_of(100)
    (batch,) = ordered_batches(Ragged(lengths.numpy()), 100)
    assert torch.equal(batch, lengths.argsort(stable=True))


def test_lengths_that_are_not_one_for_each_example_are_refused():
    class Short(Ragged):
        def __len__(self) -> int:
            return 5

    for draw in (shuffled_batches, ordered_batches):
        with pytest.raises(InputError) as raised:
            draw(Short(torch.ones(4)), 2)
        assert str(raised.value) == "lengths must be one for each of 5 examples, got 4"
