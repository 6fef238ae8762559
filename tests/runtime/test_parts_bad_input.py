"""Ids and specifications that do not fit: each is refused in one line, before memory is taken for it."""

import copy
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.runtime import (
    AttentionPool,
    Autoregression,
    Bag,
    Crf,
    Embedding,
    Linear,
    Network,
    Pool,
    Recurrent,
    Words,
    network_spec,
)

LSTM = Recurrent("encoder", Stack(cell("lstm", input_size=3, hidden_size=5)))
CHARACTERS = Stack(cell("lstm", input_size=4, hidden_size=3), bidirectional=True)
WORDS = Words("words", 6, 2, 7, 0, 0, CHARACTERS)
SPELT = Words("words", 6, 2, 7, 3, 4, None)
EMBEDDING = Embedding("embedding", 9, 3)
BAG = Bag("bag", 9, 2, 3)
READING = {"embedding": EMBEDDING, "words": WORDS}


def tensors_of(parts):
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    own = {"words.affix.keys": np.arange(3), "bag.pairs": np.array([[1, 1], [1, 2]])}
    return {name: own.get(name, np.zeros(shape)).astype(np.float32) for name, shape in shapes.items()}


def message_of(call):
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("embedding", [[0, 9]], "ids must lie between 0 and 8, got 9"),
        ("embedding", [[0, -1]], "ids must lie between 0 and 8, got -1"),
        ("embedding", [[0, 2**62]], f"ids must lie between 0 and 8, got {2**62}"),
        ("embedding", [[0.0]], "x must be int64 of shape (N, T), got float64 of shape (1, 1)"),
        ("embedding", [0], "x must be int64 of shape (N, T), got int64 of shape (1,)"),
        ("words", [[0]], "x must be int64 of shape (N, T, 1 + C), got int64 of shape (1, 1)"),
        ("words", [[[]]], "x must be int64 of shape (N, T, 1 + C), got float64 of shape (1, 1, 0)"),
        (
            "words",
            np.zeros((1, 1, 0), int),
            "x must be int64 of shape (N, T, 1 + C), got int64 of shape (1, 1, 0)",
        ),
        ("words", [[[6, 0]]], "word ids must lie between 0 and 5, got 6"),
        ("words", [[[-1, 0]]], "word ids must lie between 0 and 5, got -1"),
        ("words", [[[0, 7]]], "character ids must lie between 0 and 6, got 7"),
        ("words", [[[0, 1, -2]]], "character ids must lie between 0 and 6, got -2"),
        (
            "words",
            [[[0, -1, 3]]],
            "character ids must be -1 past a word's end only, got one before another id",
        ),
    ],
)
def test_wrong_ids(name, x, message):
    parts = [READING[name]]
    network = Network(network_spec(parts), tensors_of(parts))
    assert message_of(lambda: network(np.asarray(x))) == message


HUGE = 2**61


@pytest.mark.parametrize(
    ("parts", "change", "message"),
    [
        (
            [Embedding("embedding", 9, 3)],
            {"count": HUGE},
            f"tensor 'embedding.weight' must be float32 ({HUGE}, 3), got float32 (9, 3)",
        ),
        (
            [Embedding("embedding", 9, 3)],
            {"size": 0},
            "spec.layers[0].size must be a whole number of at least 1, got 0",
        ),
        (
            [Embedding("embedding", 9, 3)],
            {"count": True},
            "spec.layers[0].count must be a whole number of at least 1, got True",
        ),
        ([WORDS], {"words": -1}, "spec.layers[0].words must be a whole number of at least 1, got -1"),
        (
            [WORDS],
            {"words": HUGE},
            f"tensor 'words.word.weight' must be float32 ({HUGE}, 2), got float32 (6, 2)",
        ),
        (
            [WORDS],
            {"character_stack": 3},
            "spec.layers[0].character_stack must be a dict or null, got 3",
        ),
        (
            [WORDS],
            {"character_stack": {**CHARACTERS.to_dict(), "num_layers": 10**9}},
            "spec.layers[0].character_stack.num_layers is 1000000000, with only 10 tensors",
        ),
        (
            [WORDS],
            {"character_stack": {**CHARACTERS.to_dict(), "hidden_size": HUGE}},
            f"tensor 'words.encoder.weight_ih_l0' must be float32 ({4 * HUGE}, 4), got float32 (12, 4)",
        ),
        (
            [WORDS],
            {"character_stack": {**CHARACTERS.to_dict(), "bidirectional": False}},
            "'words' needs a bidirectional stack over characters, got one direction",
        ),
        ([WORDS], {"affixes": -1}, "spec.layers[0].affixes must be a whole number of at least 0, got -1"),
        ([WORDS], {"affixes": 1}, "'words' needs affixes and affix_size, or neither, got 1 and 0"),
        ([SPELT], {"affixes": 0}, "'words' needs affixes and affix_size, or neither, got 0 and 4"),
        (
            [SPELT],
            {"affixes": HUGE},
            f"tensor 'words.affix.weight' must be float32 ({HUGE}, 4), got float32 (3, 4)",
        ),
        (
            [SPELT],
            {"characters": HUGE},
            f"tensor 'words.affix.fold' must be float32 ({HUGE},), got float32 (7,)",
        ),
        (
            [EMBEDDING, Pool(), BAG],
            {"pairs": HUGE},
            f"tensor 'bag.weight' must be float32 ({HUGE + 9}, 3), got float32 (11, 3)",
        ),
        ([EMBEDDING, Pool(), BAG], {"words": 8}, "'bag' takes 8 words, but the network reads 9"),
        ([EMBEDDING, Pool(), BAG], {"words": HUGE}, f"'bag' takes 16777216 words at most, got {HUGE}"),
        (
            [EMBEDDING, Pool(), BAG],
            {"outputs": 4},
            "'bag' gives 4 outputs, but the part before it gives 3",
        ),
        ([LSTM, Crf("crf", 5)], {"tags": HUGE}, f"'crf' takes {HUGE} inputs, but the part before it gives 5"),
        (
            [LSTM, AttentionPool("pool", 5, 2)],
            {"attention_size": HUGE},
            f"tensor 'pool.key.weight' must be float32 ({HUGE}, 5), got float32 (2, 5)",
        ),
        (
            [LSTM, AttentionPool("pool", 5, 2)],
            {"size": 4},
            "'pool' takes 4 inputs, but the part before it gives 5",
        ),
        (
            [LSTM, Pool("last")],
            {"how": "ends"},
            "how='ends' needs two directions, but the part before it gives 5",
        ),
    ],
)
def test_a_part_that_does_not_fit(parts, change, message):
    spec = copy.deepcopy(network_spec(parts))
    spec["layers"][-1].update(change)
    assert message_of(partial(Network, spec, tensors_of(parts))) == message


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([Pool()], "spec.layers must begin with a recurrent layer, an embedding or words"),
        ([Crf("crf", 3)], "spec.layers must begin with a recurrent layer, an embedding or words"),
        ([LSTM, Embedding("e", 9, 5)], "spec.layers must not have embedding after another layer"),
        ([Embedding("e", 9, 5), WORDS], "spec.layers must not have words after another layer"),
        ([LSTM, Pool(), AttentionPool("p", 5, 2)], "spec.layers must not have attention_pool after a pool"),
        ([LSTM, Pool(), Crf("c", 5)], "spec.layers must not have crf after a pool"),
        ([BAG], "spec.layers must begin with a recurrent layer, an embedding or words"),
        (
            [EMBEDDING, BAG],
            "spec.layers must pool the sequence before a part that stands beside the others",
        ),
        ([LSTM, Pool(), BAG], "spec.layers must not have bag in a network that reads numbers"),
        (
            [EMBEDDING, Pool(), Autoregression("bypass", 3, 3, 1)],
            "spec.layers must not have autoregression in a network that reads ids",
        ),
        ([LSTM, Crf("c", 5), Linear("head", 5, 5)], "spec.layers must end with the crf"),
    ],
)
def test_parts_in_a_wrong_order(parts, message):
    assert message_of(lambda: Network(network_spec(parts), tensors_of(parts))) == message


ORDER = "tensor 'words.affix.keys' must hold whole numbers below 16777216 in ascending order"
LETTERS = "tensor 'words.affix.fold' must hold ids below 7"


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        *(
            ("keys", values, ORDER)
            for values in (
                [1, 0, 2],
                [0, 1, 1],
                [-1, 0, 1],
                [0.5, 1, 2],
                [0, 1, 2**24],
                [0, 1, np.nan],
                [0, 1, np.inf],
            )
        ),
        *(("fold", [0, 1, 2, 3, 4, 5, value], LETTERS) for value in (7, -1, 0.5, np.nan, np.inf)),
    ],
)
def test_affixes_that_are_none(name, values, message):
    tensors = tensors_of([SPELT]) | {f"words.affix.{name}": np.array(values, np.float32)}
    assert message_of(lambda: Network(network_spec([SPELT]), tensors)) == message


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([[0, 1], [1, 1]], "tensor 'bag.pairs' must hold ids from 1 to 8"),
        ([[1, 1], [1, 9]], "tensor 'bag.pairs' must hold ids from 1 to 8"),
        ([[1, 1], [1, 1.5]], "tensor 'bag.pairs' must hold ids from 1 to 8"),
        ([[1, 1], [1, np.nan]], "tensor 'bag.pairs' must hold ids from 1 to 8"),
        ([[2, 1], [1, 2]], "tensor 'bag.pairs' must hold different pairs in ascending order"),
        ([[2, 1], [2, 1]], "tensor 'bag.pairs' must hold different pairs in ascending order"),
    ],
)
def test_pairs_of_words_that_are_none(pairs, message):
    parts = [EMBEDDING, Pool(), BAG]
    tensors = tensors_of(parts) | {"bag.pairs": np.array(pairs, np.float32)}
    assert message_of(lambda: Network(network_spec(parts), tensors)) == message


JUNK = [None, True, 0, -1, 1, 2**31, 2**63, 1e300, 0.5, "", "max", "gru", [], [1], {}, {"cell": "lstm"}]
EVERY = [WORDS, Recurrent("encoder", Stack(cell("lstm", input_size=8, hidden_size=4))), Linear("head", 4, 4)]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_other_value_is_refused_or_fits(data):
    last = data.draw(st.sampled_from([Crf("crf", 4), Pool(), AttentionPool("pool", 4, 2)]))
    parts = [*EVERY, last]
    spec = copy.deepcopy(network_spec(parts))
    fields = data.draw(st.sampled_from([*spec["layers"], spec["layers"][0]["character_stack"]]))
    field = data.draw(st.sampled_from([*fields, "extra"]))
    value = data.draw(st.sampled_from(JUNK))
    kept, fields[field] = fields.get(field), value
    try:
        Network(spec, tensors_of(parts))
        refusal = None
    except InputError as error:
        refusal = str(error)
    # What fits is the value that stood there, or another pool.
    assert value == kept or field == "how" if refusal is None else len(refusal.splitlines()) == 1
