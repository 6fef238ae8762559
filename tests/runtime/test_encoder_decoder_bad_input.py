"""Specifications, tensors, sources and tokens that do not fit: each is refused in one line."""

import copy
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError
from recurra.cells import Stack, cell
from recurra.runtime.encoder_decoder import (
    Additive,
    DecoderSpec,
    EncoderDecoder,
    EncoderDecoderSpec,
    EncoderSpec,
    Table,
)

HUGE = 2**61


def specification(*, ids=True, shared=False):
    return EncoderDecoderSpec(
        EncoderSpec(Table(6, 3) if ids else None, Stack(cell("gru", input_size=3, hidden_size=2), 1, True)),
        DecoderSpec(
            Table(7, 3),
            Stack(cell("gru", input_size=8, hidden_size=5)),
            Additive(2),
            input_feeding=True,
            tied=False,
        ),
        shared,
    )


def tensors_of(spec):
    return {name: np.zeros(shape, np.float32) for name, shape in spec.shapes().items()}


def message_of(call):
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


def changed(spec, path, value):
    """With that value at the place; path is dotted."""
    spec = copy.deepcopy(spec)
    *places, last = path.split(".")
    inner = spec
    for place in places:
        inner = inner[place]
    inner[last] = value
    return spec


STACK = "spec.encoder.layer is no stack: "


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("extra", 1, "spec must not have 'extra'"),
        ("encoder", None, "spec.encoder must be a dict, got None"),
        ("decoder", [], "spec.decoder must be a dict, got []"),
        ("shared", 0, "spec.shared must be true or false, got 0"),
        ("shared", True, None),
        (
            "encoder.embedding.count",
            5,
            "tensor 'encoder.embedding.weight' must be float32 (5, 3), got float32 (6, 3)",
        ),
        ("encoder.bridge", {}, "spec.encoder must not have 'bridge'"),
        ("encoder.embedding", 3, "spec.encoder.embedding must be a dict or null, got 3"),
        (
            "encoder.embedding",
            {"count": 6},
            "spec.encoder.embedding must have size, got only count",
        ),
        (
            "encoder.embedding",
            None,
            "tensor 'encoder.embedding.weight' belongs to no layer",
        ),
        (
            "encoder.embedding.count",
            HUGE,
            f"tensor 'encoder.embedding.weight' must be float32 ({HUGE}, 3), got float32 (6, 3)",
        ),
        (
            "encoder.embedding.size",
            HUGE,
            f"spec.encoder.layer must take the embedding's {HUGE} inputs, got input_size 3",
        ),
        (
            "encoder.embedding.size",
            0,
            "spec.encoder.embedding.size must be a whole number of at least 1, got 0",
        ),
        ("encoder.layer", "gru", "spec.encoder.layer must be a dict, got 'gru'"),
        ("encoder.layer", {}, f"{STACK}a stack needs cell, num_layers, bidirectional, got only "),
        (
            "encoder.layer.num_layers",
            10**12,
            "spec.encoder.layer.num_layers is 1000000000000, with only 22 tensors",
        ),
        ("decoder.layer.num_layers", 23, "spec.decoder.layer.num_layers is 23, with only 22 tensors"),
        (
            "encoder.layer.name",
            "gru",
            f"{STACK}gru has no option 'name', only input_size, hidden_size, bias, reset_after, layer_norm, "
            "zoneout",
        ),
        ("encoder.layer.num_layers", 0, f"{STACK}num_layers must be a whole number of at least 1, got 0"),
        ("encoder.layer.num_layers", 2.0, f"{STACK}num_layers must be a whole number of at least 1, got 2.0"),
        (
            "encoder.layer.num_layers",
            2,
            "spec.decoder.layer must have the encoder's 2 layers, got 1",
        ),
        (
            "encoder.layer.hidden_size",
            2.5,
            f"{STACK}hidden_size must be a whole number of at least 1, got 2.5",
        ),
        (
            "encoder.layer.cell",
            "gruu",
            f"{STACK}cell must be one of rnn, lstm, gru, min_gru, min_lstm, got 'gruu'; did you mean 'gru'?",
        ),
        ("encoder.layer.bidirectional", 1, f"{STACK}bidirectional must be True or False, got 1"),
        (
            "encoder.layer.hidden_size",
            HUGE,
            f"tensor 'encoder.layer.weight_ih_l0' must be float32 ({3 * HUGE}, 3), got float32 (6, 3)",
        ),
        (
            "encoder.layer.hidden_size",
            3,
            "tensor 'encoder.layer.weight_ih_l0' must be float32 (9, 3), got float32 (6, 3)",
        ),
        ("decoder.layer.bidirectional", True, "spec.decoder.layer must run in one direction, got two"),
        (
            "decoder.layer.input_size",
            3,
            "spec.decoder.layer must take 8 inputs, 3 of the embedding and 5 fed beside it, got input_size 3",
        ),
        (
            "decoder.input_feeding",
            False,
            "spec.decoder.layer must take 3 inputs, 3 of the embedding and 0 fed beside it, got input_size 8",
        ),
        (
            "decoder.tied",
            True,
            "spec.decoder.layer must take 6 inputs, 3 of the embedding and 3 fed beside it, got input_size 8",
        ),
        (
            "decoder.attention",
            None,
            "spec.decoder.layer must take 7 inputs, 3 of the embedding and 4 fed beside it, got input_size 8",
        ),
        ("decoder.input_feeding", None, "spec.decoder.input_feeding must be true or false, got None"),
        ("decoder.tied", "no", "spec.decoder.tied must be true or false, got 'no'"),
        ("decoder.attention", "additive", "spec.decoder.attention must be a dict or null, got 'additive'"),
        (
            "decoder.attention",
            {},
            "spec.decoder.attention.type must be one of additive, dot, general, got None",
        ),
        (
            "decoder.attention.type",
            "addition",
            "spec.decoder.attention.type must be one of additive, dot, general, got 'addition'; "
            "did you mean 'additive'?",
        ),
        (
            "decoder.attention",
            {"type": "dot"},
            "spec.decoder.attention must not be dot, which needs a decoder as wide as the encoder's output, "
            "got 5 and 4",
        ),
        ("decoder.attention", {"type": "general", "size": 2}, "spec.decoder.attention must not have 'size'"),
        (
            "decoder.attention",
            {"type": "general"},
            "tensor 'decoder.attention.key.weight' must be float32 (5, 4), got float32 (2, 4)",
        ),
        (
            "decoder.attention.size",
            HUGE,
            f"tensor 'decoder.attention.query.weight' must be float32 ({HUGE}, 5), got float32 (2, 5)",
        ),
        (
            "decoder.attention.size",
            True,
            "spec.decoder.attention.size must be a whole number of at least 1, got True",
        ),
        ("decoder.embedding", None, "spec.decoder.embedding must be a dict, got None"),
        (
            "decoder.embedding.count",
            8,
            "tensor 'decoder.embedding.weight' must be float32 (8, 3), got float32 (7, 3)",
        ),
    ],
)
def test_a_specification_that_does_not_fit(path, value, message):
    spec = specification()
    tensors = tensors_of(spec)
    if message is None:
        message = "tensor 'encoder.embedding.weight' belongs to no layer"
    assert message_of(lambda: EncoderDecoder(changed(spec.to_dict(), path, value), tensors)) == message


def test_cells_that_no_bridge_joins():
    spec = specification().to_dict()
    spec["decoder"]["layer"] = Stack(cell("lstm", input_size=8, hidden_size=5)).to_dict()
    assert message_of(lambda: EncoderDecoder(spec, tensors_of(specification()))) == (
        "spec.decoder.layer must have the encoder's states, h, got h, c"
    )


@pytest.mark.parametrize(
    ("table", "got"),
    [(None, "none"), ({"count": 7, "size": 3}, "7 of size 3"), ({"count": 6, "size": 4}, "6 of size 4")],
)
def test_a_table_that_cannot_be_shared(table, got):
    spec = specification(shared=True)
    fields = changed(spec.to_dict(), "encoder.embedding", table)
    if table is not None:
        fields["encoder"]["layer"]["input_size"] = table["size"]
    assert message_of(lambda: EncoderDecoder(fields, tensors_of(spec))) == (
        f"spec.encoder.embedding must have 6 symbols of size 3 to share the decoder's, got {got}"
    )


@pytest.mark.parametrize("missing", ["encoder", "decoder", "shared"])
def test_a_part_that_is_missing(missing):
    spec = specification().to_dict()
    tensors = tensors_of(specification())
    del spec[missing]
    assert message_of(lambda: EncoderDecoder(spec, tensors)) == (
        f"spec must have {missing}, got only {', '.join(spec)}"
    )


NAMES = [*specification().shapes()]


@pytest.mark.parametrize("name", NAMES)
def test_a_tensor_that_is_missing_or_other(name):
    spec = specification()
    tensors = tensors_of(spec)
    array = tensors.pop(name)
    assert message_of(lambda: EncoderDecoder(spec.to_dict(), tensors)) == f"tensor {name!r} is missing"
    for other, got in (
        (array.astype(np.float64), f"float64 {array.shape}"),
        (array[None], f"float32 {(1, *array.shape)}"),
    ):
        assert message_of(partial(EncoderDecoder, spec.to_dict(), tensors | {name: other})) == (
            f"tensor {name!r} must be float32 {array.shape}, got {got}"
        )


@pytest.mark.parametrize("name", ["", "decoder.more", "encoder.layer.weight_ih_l1", "bridge.c_l0.weight"])
def test_a_tensor_too_many(name):
    spec = specification()
    tensors = tensors_of(spec) | {name: np.zeros(1, np.float32)}
    assert message_of(lambda: EncoderDecoder(spec.to_dict(), tensors)) == (
        f"tensor {name!r} belongs to no layer"
    )


JUNK = [None, True, False, 0, -1, 1, 2, 2**31, 2**63, 1e300, 0.5, "", "gru", [], [1], {}, {"type": "dot"}]


def places_in(fields, before=""):
    for field, value in fields.items():
        yield f"{before}{field}"
        if isinstance(value, dict):
            yield from places_in(value, f"{before}{field}.")
            yield f"{before}{field}.extra"


PLACES = [*places_in(specification().to_dict())]


@settings(max_examples=400, deadline=None)
@given(place=st.sampled_from(PLACES), value=st.sampled_from(JUNK))
def test_any_other_value_is_refused_or_fits(place, value):
    spec = specification()
    fields = changed(spec.to_dict(), place, value)
    try:
        EncoderDecoder(fields, tensors_of(spec))
        refusal = None
    except InputError as error:
        refusal = str(error)
    # What fits is the value that stood there.
    assert fields == spec.to_dict() if refusal is None else len(refusal.splitlines()) == 1


def model_of(**options):
    spec = specification(**options)
    return EncoderDecoder(spec.to_dict(), tensors_of(spec))


IDS, VECTORS = np.zeros(2, np.int64), np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("ids", "wrong", "message"),
    [
        (True, [0, 1], "source[1] must be a NumPy array, got list"),
        (True, VECTORS, "source[1] must be int64 of shape (S,), got float32 of shape (2, 3)"),
        (True, IDS.astype(np.int32), "source[1] must be int64 of shape (S,), got int32 of shape (2,)"),
        (True, IDS[:, None], "source[1] must be int64 of shape (S,), got int64 of shape (2, 1)"),
        (True, np.int64(3) + np.zeros((), np.int64), "source[1] must be a NumPy array, got int64"),
        (True, np.zeros((), np.int64), "source[1] must be int64 of shape (S,), got int64 of shape ()"),
        (True, IDS[:0], "source[1] must have at least one step, got none"),
        (True, IDS + 6, "ids of source[1] must lie between 0 and 5, got 6"),
        (True, IDS - 1, "ids of source[1] must lie between 0 and 5, got -1"),
        (True, IDS + HUGE, f"ids of source[1] must lie between 0 and 5, got {HUGE}"),
        (False, IDS, "source[1] must be float32 of shape (S, 3), got int64 of shape (2,)"),
        (False, VECTORS[:, :2], "source[1] must be float32 of shape (S, 3), got float32 of shape (2, 2)"),
        (
            False,
            VECTORS.astype(np.float64),
            "source[1] must be float32 of shape (S, 3), got float64 of shape (2, 3)",
        ),
        (False, VECTORS[:0], "source[1] must have at least one step, got none"),
    ],
)
def test_a_wrong_source(ids, wrong, message):
    model = model_of(ids=ids)
    assert message_of(lambda: model.initial_state([IDS if ids else VECTORS, wrong])) == message


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (np.zeros(3, np.int64), "tokens must be int64 of shape (2,), got int64 of shape (3,)"),
        (np.zeros((1, 2), np.int64), "tokens must be int64 of shape (2,), got int64 of shape (1, 2)"),
        (np.zeros(2), "tokens must be int64 of shape (2,), got float64 of shape (2,)"),
        (np.array([0, 7]), "tokens must lie between 0 and 6, got 7"),
        (np.array([0, -1]), "tokens must lie between 0 and 6, got -1"),
    ],
)
def test_wrong_tokens(tokens, message):
    model = model_of()
    state = model.initial_state([IDS, IDS])
    assert message_of(lambda: model.step(tokens, state)) == message


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([IDS], "tokens must be of 2 targets, one for each source, got 1"),
        ([IDS, [1]], "tokens[1] must be a NumPy array, got list"),
        ([IDS, VECTORS], "tokens[1] must be int64 of shape (T,), got float32 of shape (2, 3)"),
        ([IDS, IDS + 7], "ids of tokens[1] must lie between 0 and 6, got 7"),
    ],
)
def test_wrong_targets(tokens, message):
    model = model_of()
    assert message_of(lambda: model.attention([IDS, IDS], tokens)) == message


def test_attention_of_a_model_without():
    attention_less = EncoderDecoderSpec(
        specification().encoder,
        DecoderSpec(Table(7, 3), Stack(cell("gru", input_size=7, hidden_size=5)), None, True, False),
        False,
    )
    model = EncoderDecoder(attention_less.to_dict(), tensors_of(attention_less))
    assert message_of(lambda: model.attention([IDS], [IDS])) == "the model has no attention to tell of"
