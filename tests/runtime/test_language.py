"""Models of texts at work: bits, streams and what they write. Their weights are random: nothing is learnt."""

import dataclasses
import subprocess
import sys
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import safetensors.numpy

import recurra
from recurra import artifact as artifacts
from recurra._base.errors import InputError
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import Corpus, TextFeatures, read_corpus
from recurra.data.vocabulary import UNKNOWN
from recurra.decoding import Sampling
from recurra.runtime import Embedding, Linear, Recurrent
from recurra.runtime.language import TextModel, TextScore
from recurra.runtime.language_stream import LanguageStream
from recurra.runtime.network_artifact import network_artifact
from recurra.runtime.network_parts import Tied

TEXTS = ["the cat sat on the mat", "a naïve dog ran, and ran", "ok 😀 the end", "the mat"]
LEVELS = ("char", "word", "bpe")
CELLS = ("rnn", "lstm", "gru")


def made(
    level: str = "char",
    name: str = "lstm",
    *,
    layers: int = 1,
    tied: bool = False,
    ends: bool = True,
    seed: int = 3,
    **fields: object,
) -> Artifact:
    """The artifact of a small model with random weights and biases."""
    features = TextFeatures.fit(TEXTS, level=level, lowercase=False)
    symbols, width, hidden = features.size + 1, 5, 5 if tied else 6
    parts = [
        Embedding("embedding", symbols, width),
        Recurrent("encoder", Stack(cell(name, input_size=width, hidden_size=hidden), layers)),
        Tied("head", hidden, symbols, "embedding") if tied else Linear("head", hidden, symbols),
    ]
    rng = np.random.default_rng(seed)
    shapes = {key: shape for part in parts for key, shape in part.shapes().items()}
    tensors = {key: rng.normal(0, 0.8, shape).astype(np.float32) for key, shape in shapes.items()}
    preprocessing = {"features": features.to_dict(), "ends": ends, "lines": False, "column": None, **fields}
    return network_artifact(
        "language-model", parts, tensors, preprocessing, output="logits", history={}, card={}
    )


@pytest.fixture(scope="module")
def model() -> Callable[..., TextModel]:
    """Make a model as `made` does, each once."""
    known: dict[str, TextModel] = {}

    def make(level: str = "char", name: str = "lstm", **changes: object) -> TextModel:
        key = repr((level, name, changes))
        if key not in known:
            known[key] = TextModel(made(level, name, **changes))
        return known[key]

    return make


def message_of(call):
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


def by_hand(model: TextModel, tokens: np.ndarray) -> np.ndarray:
    """ln p of each of the ``tokens``, from the network's logits of the whole row at once."""
    x = np.concatenate([[model.boundary], tokens[:-1]]).astype(np.int64)
    logits = model.network(x[None])[0].astype(np.float64)
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return scores[np.arange(len(tokens)), tokens]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("tied", [True, False])
def test_a_score_has_the_log_probability_of_each_token_and_of_the_end(model, level, ends, tied):
    own = model(level, ends=ends, tied=tied)
    for text, score in zip(TEXTS, own.predict(TEXTS), strict=True):
        ids = own.features([text])[0]
        targets = np.append(ids, own.boundary) if ends else ids
        assert score.tokens == (*own.features.tokens(text), *[""] * ends)
        assert score.unknown == 0
        assert score.log_probabilities.dtype == np.float64
        np.testing.assert_allclose(score.log_probabilities, by_hand(own, targets), rtol=1e-12)
        assert score.log_probability == score.log_probabilities.sum()


@pytest.mark.parametrize("level", LEVELS)
def test_probabilities_of_the_next_token_add_up_to_one(model, level):
    stream = model(level).stream()
    for token in (1, 2, 3):
        assert np.exp(stream.log_probabilities).sum() == pytest.approx(1, abs=1e-12)
        assert stream.log_probabilities.shape == (model(level).features.size + 1,)
        stream.step(token)


def test_unknown_tokens_are_counted(model):
    (score,) = model().predict("thQ Z")
    assert (score.tokens, score.unknown) == (("t", "h", "Q", " ", "Z", ""), 2)
    assert np.isfinite(score.log_probabilities).all()


@pytest.mark.parametrize("ends", [True, False])
def test_a_document_of_one_token(model, ends):
    own = model(ends=ends)
    (score,) = own.predict(["t"])
    assert score.tokens == (("t", "") if ends else ("t",))
    assert score.log_probabilities[0] == own.stream().log_probabilities[own.features(["t"])[0][0]]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("tied", [True, False])
def test_alone_among_others_and_step_by_step_the_bits_are_the_same(model, name, layers, tied):
    own = model("char", name, layers=layers, tied=tied)
    rng = np.random.default_rng(0)
    # 511 and 512 with the end are read in a batch, 512 and more alone; a stream reads 1,024 steps at once.
    lengths = [1, 3, 510, 511, 512, 513, 1023, 1024, 1025, 2049, 2, 40]
    documents = [rng.integers(1, own.features.size, length) for length in lengths]
    among = own.log_probabilities(documents)
    backwards = own.log_probabilities(documents[::-1])[::-1]
    for ids, some, others in zip(documents, among, backwards, strict=True):
        assert len(some) == len(ids) + 1
        np.testing.assert_array_equal(some, others)
        np.testing.assert_array_equal(some, own.log_probabilities([ids])[0])
    for place in (0, 3, 4, 8):
        stream, stepped = own.stream(), []
        for token in [*documents[place], own.boundary]:
            stepped.append(stream.log_probabilities[token])
            stream.step(token)
        np.testing.assert_array_equal(stepped, among[place])


def test_any_stretches_of_a_stream_have_the_same_bits(model):
    own = model("char", "gru", layers=2)
    ids = np.random.default_rng(1).integers(1, own.features.size, 1500)
    whole = own.stream()
    expected = whole.read(ids)
    pieces = own.stream()
    got = np.concatenate([pieces.read(part) for part in np.split(ids, [0, 1, 7, 1100])])
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(pieces.log_probabilities, whole.log_probabilities)
    assert pieces.state() == whole.state()


def test_a_long_text_of_many_words_takes_little_memory():
    words = [f"w{i}" for i in range(20_000)]
    features = TextFeatures("word", False, (UNKNOWN, *words)).to_dict()
    symbols = len(words) + 2
    parts = [
        Embedding("embedding", symbols, 2),
        Recurrent("encoder", Stack(cell("gru", input_size=2, hidden_size=2))),
        Tied("head", 2, symbols, "embedding"),
    ]
    shapes = {name: shape for part in parts for name, shape in part.shapes().items()}
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    fields = {"features": features, "ends": False, "lines": False, "column": None}
    own = TextModel(
        network_artifact("language-model", parts, tensors, fields, output="logits", history={}, card={})
    )
    tracemalloc.start()
    (found,) = own.log_probabilities([np.arange(1, 1025)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(found, -np.log(symbols), rtol=1e-12)
    assert peak < 200 * 2**20


def test_what_a_stream_gave_does_not_change_with_its_next_step(model):
    stream = model().stream()
    first = stream.step(1)
    kept = first.copy()
    stream.step(2)
    np.testing.assert_array_equal(first, kept)


def test_a_stream_that_is_reset_begins_again(model):
    stream = model().stream()
    begin = stream.state()
    stream.read(np.array([1, 2, 3]))
    assert stream.state() != begin
    stream.reset()
    assert stream.state() == begin


@pytest.mark.parametrize("name", CELLS)
def test_a_state_goes_on_alike(model, name):
    own = model("char", name, layers=2)
    stream = own.stream()
    stream.read(np.array([1, 2, 3]))
    other = own.stream(stream.state())
    np.testing.assert_array_equal(other.log_probabilities, stream.log_probabilities)
    np.testing.assert_array_equal(other.read(np.array([4, 5])), stream.read(np.array([4, 5])))
    np.testing.assert_array_equal(other.step(2), stream.step(2))


GOING_ON = """
import sys
import numpy as np
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "lightning_fabric", "sklearn"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
import recurra
model = recurra.load(sys.argv[1])
stream = model.stream(open(sys.argv[2], "rb").read())
print(stream.read(np.arange(1, 9)).tobytes().hex())
print(stream.state().hex())
for one in model.generate("the", length=40, seed=5, samples=3):
    print(ascii(one))
"""


def test_another_process_without_pytorch_goes_on_alike_and_writes_the_same(model, tmp_path):
    own = model("bpe", "gru", tied=True)
    artifacts.save(made("bpe", "gru", tied=True), tmp_path / "model")
    stream = own.stream()
    stream.read(np.array([3, 1, 2]))
    (tmp_path / "state").write_bytes(stream.state())
    command = [sys.executable, "-c", GOING_ON, tmp_path / "model", tmp_path / "state"]
    done = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    expected = [stream.read(np.arange(1, 9)).tobytes().hex(), stream.state().hex()]
    assert done == expected + [ascii(one) for one in own.generate("the", length=40, seed=5, samples=3)]


def altered(state: bytes, **arrays: np.ndarray | None) -> bytes:
    found = {**safetensors.numpy.load(state), **arrays}
    return safetensors.numpy.save({name: array for name, array in found.items() if array is not None})


def test_states_that_are_none_of_this_model(model):
    own, state = model(), model().stream().state()
    other = "state belongs to another model; give one that a stream of this model gave"
    size = own.features.size + 1
    following = f"state 'log_probabilities' must be float64 ({size},)"
    for wrong, message in [
        (model(seed=4).stream().state(), other),
        (model("char", "gru").stream().state(), other),
        (recurra.quantize(own, "int8").stream().state(), other),
        (altered(state, fingerprint=None), other),
        (altered(state, log_probabilities=None), following),
        (altered(state, log_probabilities=np.zeros(size + 1)), following),
        (altered(state, log_probabilities=np.zeros(size, np.float32)), following),
        (altered(state, more=np.zeros(3)), "state 'more' belongs to no layer"),
        (
            altered(state, **{"network.encoder.h": np.zeros((1, 7), np.float32)}),
            "state 'encoder.h' must be float32 (1, 6), got float32 (1, 7)",
        ),
    ]:
        assert message_of(lambda wrong=wrong: own.stream(wrong)) == message


@pytest.mark.parametrize("wrong", [b"", b"abc", "abc", 3, b"\xff" * 100])
def test_states_that_are_no_states(model, wrong):
    assert message_of(lambda: model().stream(wrong)).startswith("state is none that a stream gave: ")


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3"])
def test_a_state_of_numbers_that_numpy_has_not(model, dtype):
    width = {"BF16": 2, "F8_E4M3": 1}[dtype]
    header = f'{{"x":{{"dtype":"{dtype}","shape":[4],"data_offsets":[0,{4 * width}]}}}}'.encode()
    content = len(header).to_bytes(8, "little") + header + bytes(4 * width)
    assert message_of(lambda: model().stream(content)) == (f"state is none that a stream gave: '{dtype}'")


def test_wrong_ids_of_a_stream(model):
    stream = model().stream()
    last = model().features.size
    assert message_of(lambda: stream.step(last + 1)) == f"ids must lie between 0 and {last}, got {last + 1}"
    assert message_of(lambda: stream.step(-1)) == f"ids must lie between 0 and {last}, got -1"
    assert message_of(lambda: stream.read(np.array([1, 99]))) == f"ids must lie between 0 and {last}, got 99"
    assert message_of(lambda: stream.step(1.5)) == "x must be a whole number, the id of a step, got float"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("ends", [True, False])
def test_what_is_generated_is_what_is_written(model, level, ends):
    own = model(level, ends=ends)
    generator = np.random.default_rng(7)
    for one in own.generate("the", length=60, seed=7, samples=3):
        writer = own.write("the", length=60, seed=generator)
        pieces = list(writer)
        assert all(pieces)
        assert ("".join(pieces), writer.tokens) == (one.text, one.tokens)
        assert (writer.log_probability, writer.stopped) == (one.log_probability, one.stopped)
        assert one.prompt == "the"
        assert one.stopped in (("end", "length") if ends else ("length",))


def test_the_prompt_is_read_once_for_all_samples(model, monkeypatch):
    read, lengths = LanguageStream.read, []

    def counted(self, steps):
        lengths.append(len(steps))
        return read(self, steps)

    monkeypatch.setattr(LanguageStream, "read", counted)
    assert len(model().generate("the cat sat", length=2, samples=5)) == 5
    assert lengths == [len("the cat sat")]


@pytest.mark.parametrize("level", LEVELS)
def test_a_seed_gives_one_text_and_another_seed_another(model, level):
    own = model(level, ends=False)
    assert own.generate("the", length=50, seed=1) == own.generate("the", length=50, seed=1)
    assert own.generate("the", length=50, seed=1)[0].text != own.generate("the", length=50, seed=2)[0].text
    first, second = own.generate("the", length=50, seed=1, samples=2)
    assert first == own.generate("the", length=50, seed=1)[0]
    assert first.text != second.text


@pytest.mark.parametrize("level", ["char", "word"])
def test_the_log_probability_of_what_is_written_is_that_of_predict(model, level):
    """Where the text is cut into the tokens that it was written in, as single characters and words are."""
    own = model(level)
    for one in own.generate("the cat", length=20, seed=2, samples=5, sampling=Sampling(temperature=0.7)):
        (whole,), (prompt,) = own.predict([one.prompt + one.text]), own.predict(["the cat"])
        end = slice(None) if one.stopped == "end" else slice(-1)
        after = whole.log_probabilities[len(prompt.tokens) - 1 :][end]
        assert len(after) == one.tokens + (one.stopped == "end")
        assert one.log_probability == pytest.approx(after.sum(), rel=1e-12)


def test_greedy_writing_is_the_same_whatever_the_seed(model):
    own = model(ends=False)
    greedy = Sampling(temperature=0)
    texts = [own.generate("the", length=30, seed=seed, sampling=greedy)[0] for seed in (0, 1)]
    assert texts[0] == texts[1]
    assert texts[0] == own.generate("the", length=30, sampling=Sampling(top_k=1))[0]
    stream, wanted = own.stream(), ""
    stream.read(own.features(["the"])[0])
    for _ in range(30):
        token = int(stream.log_probabilities[1:-1].argmax()) + 1
        wanted += own.features.vocabulary[token]
        stream.step(token)
    assert texts[0].text == wanted


def test_a_stop_gives_the_text_before_it(model):
    own = model(ends=False)
    whole = own.generate("the", length=200, seed=3)[0]
    for stop in (whole.text[:1], whole.text[5:8], whole.text[50:53], whole.text[-2:]):
        one = own.generate("the", length=200, seed=3, stop=stop)[0]
        assert one.text == whole.text.split(stop)[0]
        assert one.stopped == "stop"
        assert one.tokens == len(one.text) + len(stop)


def test_a_prompt_of_words_and_what_follows_have_one_space_between_them(model):
    own = model("word", ends=False)
    told = {prompt: own.generate(prompt, length=3, seed=1)[0].text for prompt in ("the", "the ", "")}
    assert told["the"] == " " + told["the "]
    assert not told["the "].startswith(" ")
    assert not told[""].startswith(" ")
    assert all(len(text.split(" ")) == 3 + (prompt == "the") for prompt, text in told.items())


def test_what_was_written_or_prompted_lately_is_penalised(model):
    own = model(ends=False)
    sampling = Sampling(temperature=0, repetition_penalty=1e6)
    (one,) = own.generate("the", length=own.features.size - 4, sampling=sampling)
    assert sorted("the" + one.text) == sorted(own.features.vocabulary[1:])  # each comes once


def test_a_long_prompt(model):
    own = model(ends=False)
    prompt = "the cat " * 200
    stream = own.stream()
    for token in own.features([prompt])[0]:
        stream.step(token)
    greedy = Sampling(temperature=0)
    (one,) = own.generate(prompt, length=1, sampling=greedy)
    assert one.text == own.features.vocabulary[int(stream.log_probabilities[1:-1].argmax()) + 1]


def test_a_prompt_is_brought_to_composed_form(model):
    own = model()
    (one,), (other,) = own.generate("nai\u0308ve", length=9, seed=1), own.generate("naïve", length=9, seed=1)
    assert one.text == other.text
    assert one.prompt == "nai\u0308ve"
    stop = {"length": 500, "sampling": Sampling(top_k=30)}
    (one,), (other,) = (model(ends=False).generate(**stop, stop=stop_) for stop_ in ("i\u0308", "ï"))
    assert one == other
    assert one.stopped == "stop"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": "the Q"}, "prompt has the character 'Q', which training never saw; leave it out"),
        ({"prompt": 3}, "prompt must be text, got int"),
        ({"prompt": None}, "prompt must be text, got NoneType"),
        ({"prompt": b"the"}, "prompt must be text, got bytes"),
        ({"length": 0}, "length must be a whole number of at least 1, got 0"),
        ({"length": -3}, "length must be a whole number of at least 1, got -3"),
        ({"length": 2.5}, "length must be a whole number of at least 1, got 2.5"),
        ({"samples": 0}, "samples must be a whole number of at least 1, got 0"),
        ({"samples": -1}, "samples must be a whole number of at least 1, got -1"),
        ({"stop": ""}, "stop must be text of at least one character, or None, got ''"),
        ({"stop": 3}, "stop must be text of at least one character, or None, got 3"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": 1.5}, "seed must be a whole number of at least 0, got 1.5"),
        ({"seed": True}, "seed must be a whole number of at least 0, got True"),
        ({"sampling": 0.5}, "sampling must be a Sampling or None, got float"),
        ({"sampling": {"temperature": 1}}, "sampling must be a Sampling or None, got dict"),
        (
            {"prompt": "a\ud800"},
            "a text holds half a surrogate pair at character 2, which is no character; decode the text anew "
            "from its bytes",
        ),
    ],
    ids=str,
)
def test_what_can_not_be_written(model, arguments, message):
    assert message_of(lambda: model().generate(**{"prompt": "the", **arguments})) == message


@pytest.mark.parametrize("stop", ["\n", "the\ncat", "the  cat", "\u00a0"])
def test_a_stop_that_words_never_come_to(model, stop):
    assert message_of(lambda: model("word").generate("the", stop=stop)) == (
        f"stop must have no white space but single blanks, as words have nothing else between them, "
        f"got {stop!r}"
    )
    assert model("char").generate("the", stop=stop, length=2)
    assert model("word").generate("the", stop="the cat ", length=2)


@pytest.mark.parametrize(
    ("level", "prompt", "message"),
    [
        ("word", "the cow", "prompt has the word 'cow', which training never saw; leave it out"),
        ("char", "a\n", "prompt has the character '\\n', which training never saw; leave it out"),
    ],
)
def test_prompts_that_training_never_saw(model, level, prompt, message):
    assert message_of(lambda: model(level).write(prompt)) == message
    assert message_of(lambda: model(level).write(prompt)) == message


def test_byte_pairs_know_every_prompt(model):
    (one,) = model("bpe", ends=False).generate("日本 Q\n", length=5)
    assert one.tokens == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"temperature": -1},
            "temperature must be a finite number of at least 0, where 0 is greedy, got -1",
        ),
        (
            {"temperature": float("nan")},
            "temperature must be a finite number of at least 0, where 0 is greedy, got nan",
        ),
        ({"top_k": 0}, "top_k must be a whole number of at least 1, got 0"),
        ({"top_p": 0}, "top_p must be a number above 0 and at most 1, got 0"),
        ({"top_p": 1.5}, "top_p must be a number above 0 and at most 1, got 1.5"),
        ({"repetition_penalty": 0}, "repetition_penalty must be a finite number above 0, got 0"),
    ],
    ids=str,
)
def test_how_nothing_can_be_drawn(arguments, message):
    assert message_of(lambda: Sampling(**arguments)) == message


def test_a_top_k_above_the_vocabulary_keeps_all(model):
    own = model(ends=False)
    assert own.generate("the", length=9, sampling=Sampling(top_k=10**6)) == own.generate("the", length=9)


def test_what_is_read(model, tmp_path):
    (tmp_path / "lines.txt").write_text("the mat\n\nthe cat\n")
    (tmp_path / "rows.jsonl").write_text('{"say": "the mat"}\n{"say": "the cat"}\n')
    for name, fields in (("lines.txt", {"lines": True}), ("rows.jsonl", {"column": "say"})):
        found = model(**fields).read(tmp_path / name)
        assert (found.texts, found.ends) == (["the mat", "the cat"], True)
    (tmp_path / "texts.jsonl").write_text('{"text": "the mat"}\n{"text": "the cat"}\n')
    assert model(lines=True).read(tmp_path / "texts.jsonl").texts == ["the mat", "the cat"]
    assert model(column="say").read(tmp_path / "lines.txt").texts == ["the mat", "the cat"]
    whole = model(ends=False).read(tmp_path / "lines.txt")
    assert (whole.texts, whole.ends) == (["the mat\n\nthe cat\n"], False)
    assert model().read("the").texts == ["the"]
    for wrong, message in [
        ([], "Found array with 0 sample(s) while a minimum of 1 is required: X has no items"),
        ("", "X[0] is empty; give every text at least one character, or leave it out"),
        (["a", ""], "X[1] is empty; give every text at least one character, or leave it out"),
        ([["a"]], "X must hold texts, got list"),
    ]:
        assert message_of(lambda wrong=wrong: model().read(wrong)) == message


def test_documents_end_as_those_of_training_do(model, tmp_path):
    """A text that training cut has no end to tell; its characters are counted without one, too."""
    ending = Corpus(["the mat", "the cat"], True, "some")
    for ends in (True, False):
        own = model(ends=ends)
        assert own.read(ending).ends == ends
        evaluation = own.evaluate(ending)
        assert evaluation.characters == 14 + 2 * ends
        assert evaluation.count == 14 + 2 * ends
        nats, bits = evaluation.metrics["nats"], evaluation.metrics["bits"]
        assert bits == pytest.approx(nats / np.log(2), rel=1e-12)  # a token is a character
    (tmp_path / "lines.txt").write_text("the mat\n")
    assert not model(ends=False, lines=True).read(tmp_path / "lines.txt").ends


@pytest.mark.parametrize("level", LEVELS)
def test_an_evaluation_is_of_what_predict_says(model, level):
    own = model(level)
    evaluation = own.evaluate(TEXTS)
    steps = [score.log_probabilities for score in own.predict(TEXTS)]
    for ours, theirs in zip(evaluation.log_probabilities, steps, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    total = -np.concatenate(steps).sum()
    characters = sum(map(len, TEXTS)) + len(TEXTS)
    assert evaluation.metrics == pytest.approx(
        {
            "nats": total / sum(map(len, steps)),
            "bits": total / np.log(2) / characters,
            "perplexity": np.exp(total / sum(map(len, steps))),
        }
    )
    assert any("blanks" in note for note in evaluation.notes) == (level == "word")


def test_a_blank_text_of_words_has_no_tokens(model):
    none, some = model("word", ends=False).predict(["   ", "the cat"])
    assert isinstance(none, TextScore)
    assert (none.tokens, len(none.log_probabilities), none.log_probability) == ((), 0, 0.0)
    assert len(some.tokens) == 2
    (ended,) = model("word").predict(["   "])
    assert (ended.tokens, len(ended.log_probabilities)) == (("",), 1)


def test_a_saved_model_is_loaded_with_its_bits(model, tmp_path):
    artifacts.save(made(), tmp_path / "model")
    loaded = recurra.load(tmp_path / "model")
    assert isinstance(loaded, TextModel)
    assert loaded.fingerprint == model().fingerprint
    np.testing.assert_array_equal(
        loaded.predict(TEXTS)[0].log_probabilities, model().predict(TEXTS)[0].log_probabilities
    )


@pytest.mark.parametrize("weights", ["int8", "bfloat16"])
def test_rounded_weights_give_whole_texts_and_streams_the_same_bits(model, weights):
    own = recurra.quantize(model("char", "lstm"), weights)
    (score,) = own.predict(TEXTS[:1])
    stream = own.stream()
    read = stream.read(np.append(own.features(TEXTS[:1])[0], own.boundary))
    np.testing.assert_array_equal(read, score.log_probabilities)
    assert own.generate("the", length=20, seed=1)[0].tokens > 0


def test_a_generated_text_can_not_be_changed(model):
    (one,) = model().generate("the", length=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.text = "other"


def test_a_corpus_is_scored_as_its_file(model, tmp_path):
    (tmp_path / "some.txt").write_text("the cat sat")
    own = model(ends=False)
    (one,), (other,) = own.predict(tmp_path / "some.txt"), own.predict(read_corpus(tmp_path / "some.txt"))
    np.testing.assert_array_equal(one.log_probabilities, other.log_probabilities)
