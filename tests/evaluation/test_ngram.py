"""N-grams against the equations in dictionaries, a history at a time."""

import itertools
import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.evaluation import NGram


class Dictionary:
    """Interpolated modified Kneser-Ney as Chen & Goodman (1998) write it."""

    def __init__(self, documents: list[list[int]], size: int, ends: bool, order: int) -> None:
        self.order = order
        self.alphabet = [*range(size), *["</s>"] * ends]
        sentences = [["<s>", *document, *["</s>"] * ends] for document in documents]
        self.counts: list[Counter] = []
        for n in range(1, order + 1):
            grams = (s[i : i + n] for s in sentences for i in range(len(s) - n + 1))
            times = Counter(tuple(gram) for gram in grams if gram != ["<s>"])
            if n < order:
                before = defaultdict(set)
                for s in sentences:
                    for i in range(1, len(s) - n + 1):
                        before[tuple(s[i : i + n])].add(s[i - 1])
                times = Counter({g: c if g[0] == "<s>" else len(before[g]) for g, c in times.items()})
            self.counts.append(times)

    def discounts(self, n: int) -> list[float]:
        n1, n2, n3, n4 = (sum(c == j for c in self.counts[n - 1].values()) for j in (1, 2, 3, 4))
        if 0 in (n1, n2, n3, n4):
            return [0.5, 1.0, 1.5]
        Y = n1 / (n1 + 2 * n2)
        D = [1 - 2 * Y * n2 / n1, 2 - 3 * Y * n3 / n2, 3 - 4 * Y * n4 / n3]
        return D if min(D) > 0 else [0.5, 1.0, 1.5]

    def probability(self, token, history: tuple) -> float:
        history = history[max(0, len(history) - self.order + 1) :]
        n = len(history) + 1
        lower = self.probability(token, history[1:]) if history else 1 / len(self.alphabet)
        after = {g[-1]: c for g, c in self.counts[n - 1].items() if g[:-1] == history}
        if not after:
            return lower
        D = [0.0, *self.discounts(n)]
        total = sum(after.values())
        left = sum(D[min(c, 3)] for c in after.values()) / total
        count = after.get(token, 0)
        return (count - D[min(count, 3)]) / total + left * lower

    def log_probabilities(self, document: list[int], ends: bool) -> list[float]:
        tokens = [*document, *["</s>"] * ends]
        histories = [("<s>", *tokens[:i]) for i in range(len(tokens))]
        return [math.log(self.probability(token, h)) for token, h in zip(tokens, histories)]


def rows(documents: list[list[int]]) -> list[np.ndarray]:
    return [np.array(document, np.int64) for document in documents]


def documents(most: int, length: int) -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(st.integers(0, 3), max_size=length), min_size=1, max_size=most)


@settings(max_examples=150, deadline=None)
@given(training=documents(6, 12), test=documents(3, 8), ends=st.booleans(), order=st.integers(1, 5))
def test_small_documents_by_the_equations(training, test, ends, order):
    if not (ends or any(training)):
        training = [*training, [1]]
    slow = Dictionary(training, 4, ends, order)
    found = NGram.fit(rows(training), size=4, ends=ends, order=order).log_probabilities(rows(test))
    assert [len(row) for row in found] == [len(document) + ends for document in test]
    for row, document in zip(found, test):
        assert row.dtype == np.float64
        np.testing.assert_allclose(row, slow.log_probabilities(document, ends), rtol=1e-11)


def markov(seed: int, lengths: list[int], size: int) -> list[list[int]]:
    """Documents in which what follows depends on the two tokens before, most of it rare."""
    random = np.random.default_rng(seed)
    table = np.random.default_rng(1).dirichlet(np.full(size, 0.2), size=(size, size))
    made = []
    for length in lengths:
        document = [0, 1]
        while len(document) < length:
            document.append(int(random.choice(size, p=table[document[-2], document[-1]])))
        made.append(document)
    return made


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("order", [1, 3, 4])
def test_discounts_that_are_estimated(ends, order):
    training, test = markov(2, [400, 300, 30, 2, 5], 30), markov(3, [60, 4], 30)
    slow = Dictionary(training, 31, ends, order)
    assert order == 1 or any(slow.discounts(n) != [0.5, 1.0, 1.5] for n in range(2, order + 1))
    test[0][7] = 30  # which training never saw
    found = NGram.fit(rows(training), size=31, ends=ends, order=order).log_probabilities(rows(test))
    for row, document in zip(found, test):
        np.testing.assert_allclose(row, slow.log_probabilities(document, ends), rtol=1e-11)


@pytest.mark.parametrize("ends", [False, True])
def test_all_that_can_follow_has_probability_1_together(ends):
    training = markov(4, [200, 100, 5], 9)
    model = NGram.fit(rows(training), size=11, ends=ends, order=4)
    assert model.order == 4
    # Histories that training has, has in part, and never has; 9 and 10 are tokens that it never saw.
    for history in ([], [0], [0, 1], training[0][40:45], [8, 8, 8], [9], [0, 1, 10]):
        after = [[*history, token] for token in range(11)]
        shares = np.exp([row[len(history)] for row in model.log_probabilities(rows(after))])
        end = np.exp(model.log_probabilities(rows([history]))[0][-1]) if ends else 0.0
        assert shares.min() > 0
        assert shares.sum() + end == pytest.approx(1, rel=1e-12)


def test_a_document_knows_nothing_of_those_beside_it():
    model = NGram.fit(rows(markov(5, [300, 200], 9)), size=9, ends=True, order=4)
    test = rows([*markov(6, [20, 3, 9], 9), [], [4]])
    for row, document in zip(model.log_probabilities(test), test):
        (alone,) = model.log_probabilities([document])
        np.testing.assert_array_equal(row, alone)
    assert model.log_probabilities([]) == []


def test_the_order_is_chosen_by_the_validation_part():
    training, validation = rows(markov(7, [6000], 12)), rows(markov(8, [1500], 12))
    found = {
        order: float(
            NGram.fit(training, size=12, ends=False, order=order).log_probabilities(validation)[0].sum()
        )
        for order in range(1, 6)
    }
    chosen = NGram.choose(training, validation, size=12, ends=False)
    assert chosen.order == max(found, key=found.__getitem__) == 3
    (row,) = chosen.log_probabilities(validation)
    assert float(row.sum()) == found[3]


def test_orders_that_no_document_is_long_enough_for_change_nothing():
    training, test = rows([[1, 2, 1], [2], [1, 1]]), rows([[1, 2, 1, 2], [2, 2]])
    fourth, ninth = (
        NGram.fit(training, size=3, ends=False, order=order).log_probabilities(test) for order in (4, 9)
    )
    # Of the longest n-grams there is one, which begins a document: it is counted as it comes.
    for one, other in zip(fourth, ninth):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_text_that_repeats_is_soon_known():
    text = np.array(list(itertools.islice(itertools.cycle([0, 1, 2, 3, 2]), 5000)))
    (row,) = NGram.fit([text], size=4, ends=False, order=3).log_probabilities([text[:50]])
    assert row[2:].max() <= 0
    assert row[2:].min() > math.log(0.99)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 0}, "order must be a whole number of at least 1, got 0"),
        ({"documents": []}, "the documents have no tokens; give some to count"),
        ({"documents": rows([[], []])}, "the documents have no tokens; give some to count"),
        (
            {"documents": rows([[1], [0, 5]])},
            "documents[1] must be a row of ids from 0 to 4, the vocabulary's",
        ),
        (
            {"documents": rows([[-1]])},
            "documents[0] must be a row of ids from 0 to 4, the vocabulary's",
        ),
        (
            {"documents": [np.array([0.5])]},
            "documents[0] must be a row of ids from 0 to 4, the vocabulary's",
        ),
        (
            {"documents": [np.zeros((2, 2), int)]},
            "documents[0] must be a row of ids from 0 to 4, the vocabulary's",
        ),
    ],
    ids=["order", "none", "empty", "above", "below", "kind", "shape"],
)
def test_refusals(options, message):
    given = {"documents": rows([[1, 2]]), "size": 5, "ends": False, "order": 2}
    with pytest.raises(InputError) as caught:
        NGram.fit(**{**given, **options})
    assert str(caught.value) == message


def test_refused_without_validation():
    with pytest.raises(InputError) as caught:
        NGram.choose(rows([[1]]), rows([[]]), size=2, ends=True)
    assert str(caught.value) == "the validation documents have no tokens; give some to choose the order by"
