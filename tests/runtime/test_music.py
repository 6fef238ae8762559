"""Models of music at work: bits, streams and what they write. Their weights are random: nothing is learnt."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import safetensors.numpy

import recurra
from recurra import artifact as artifacts
from recurra._base.errors import InputError
from recurra.artifact import Artifact
from recurra.cells import Stack, cell
from recurra.data import Piece, midi_bytes, read_midi
from recurra.runtime import Linear, Recurrent
from recurra.runtime.music import MusicModel
from recurra.runtime.music_stream import MusicStream
from recurra.runtime.network_artifact import network_artifact


def made(name: str = "gru", *, layers: int = 1, seed: int = 3, bias: float = -1.5) -> Artifact:
    """The artifact of a small model with random weights, whose keys are mostly silent."""
    parts = [
        Recurrent("encoder", Stack(cell(name, input_size=88, hidden_size=6), layers)),
        Linear("head", 6, 88),
    ]
    rng = np.random.default_rng(seed)
    shapes = {key: shape for part in parts for key, shape in part.shapes().items()}
    tensors = {key: rng.normal(0, 0.8, shape).astype(np.float32) for key, shape in shapes.items()}
    tensors["head.bias"] += np.float32(bias)
    grid = {"steps_per_beat": 4.0, "beats_per_minute": 90.0}
    return network_artifact("music", parts, tensors, grid, output="logits", history={}, card={})


def roll(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((length, 88)) < 0.1


@pytest.fixture(scope="module")
def model() -> Callable[..., MusicModel]:
    """Make a model as `made` does, each once."""
    known: dict[str, MusicModel] = {}

    def make(name: str = "gru", **changes: object) -> MusicModel:
        key = repr((name, changes))
        if key not in known:
            known[key] = MusicModel(made(name, **changes))
        return known[key]

    return make


def message_of(call):
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_step_has_the_probability_of_all_its_keys(model, name, layers):
    own, piece = model(name, layers=layers), roll(7)
    (found,) = own.predict([piece])
    before = np.concatenate([np.zeros((1, 88)), piece[:-1]]).astype(np.float32)
    logits = own.network(before[None])[0].astype(np.float64)
    p = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(found, np.log(np.where(piece, p, 1 - p)).sum(axis=1), rtol=1e-9)
    assert found.dtype == np.float64


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_alone_among_others_and_step_by_step_the_bits_are_the_same(model, name):
    own = model(name, layers=2)
    pieces = [roll(length, length) for length in (1, 2, 600, 1100, 33, 1)]
    among = own.predict(pieces)
    for piece, some, others in zip(pieces, among, own.predict(pieces[::-1])[::-1], strict=True):
        np.testing.assert_array_equal(some, others)
        np.testing.assert_array_equal(some, own.predict([piece])[0])
    stream = own.stream()
    for step, said in zip(pieces[4], among[4], strict=True):
        signs = np.where(step, stream.logits, -stream.logits).astype(np.float64)
        assert -np.logaddexp(0, -signs).sum() == said
        stream.step(step)
    other = own.stream()
    other.read(pieces[4][:10])
    other.read(pieces[4][10:10])
    other.read(pieces[4][10:])
    np.testing.assert_array_equal(other.logits, stream.logits)
    assert other.state() == stream.state()


def test_a_piece_of_one_step(model):
    (found,) = model().predict([roll(1)])
    assert found.shape == (1,)
    evaluation = model().evaluate([roll(1), roll(5)])
    assert [len(steps) for steps in evaluation.log_probabilities] == [0, 4]
    assert message_of(lambda: model().evaluate([roll(1)])) == (
        "log_probabilities has no steps, expected at least one; give sequences that have some"
    )


def test_an_evaluation_is_of_what_predict_says(model):
    pieces = [roll(9), roll(4, 1)]
    evaluation = model().evaluate(pieces)
    steps = [own[1:] for own in model().predict(pieces)]
    assert evaluation.metrics == pytest.approx({"nll": -np.concatenate(steps).mean()})
    assert evaluation.count == 11


def test_a_state_goes_on_alike(model):
    stream = model("lstm").stream()
    stream.read(roll(5))
    other = model("lstm").stream(stream.state())
    np.testing.assert_array_equal(other.logits, stream.logits)
    first = other.step(roll(1)[0])
    kept = first.copy()
    np.testing.assert_array_equal(stream.step(roll(1)[0]), first)
    other.step(roll(2)[1])
    np.testing.assert_array_equal(first, kept)
    stream.reset()
    assert stream.state() == model("lstm").stream().state()


def test_states_that_are_none_of_this_model(model):
    state = model().stream().state()
    arrays = safetensors.numpy.load(state)
    other = "state belongs to another model; give one that a stream of this model gave"
    assert message_of(lambda: model().stream(model(seed=4).stream().state())) == other
    for logits in (np.zeros(87, np.float32), np.zeros(88)):
        wrong = safetensors.numpy.save({**arrays, "logits": logits})
        assert message_of(lambda wrong=wrong: model().stream(wrong)) == "state 'logits' must be float32 (88,)"
    assert message_of(lambda: model().stream(b"?")).startswith("state is none that a stream gave: ")


def test_a_step_of_another_width(model):
    assert message_of(lambda: model().stream().step(np.zeros(87))) == "keys must have shape (88,), got (87,)"


@pytest.mark.parametrize(
    "prompt", [None, roll(12), Piece(roll(12), "p", 4.0, 90.0)], ids=["none", "roll", "piece"]
)
def test_what_is_generated_is_what_is_written(model, prompt):
    own, generator = model(), np.random.default_rng(5)
    for piece in own.generate(prompt, length=20, seed=5, samples=2):
        steps = list(own.write(prompt, length=20, seed=generator))
        np.testing.assert_array_equal(piece.roll, steps)
        assert piece.generated
        assert len(piece) == 20
        assert (piece.steps_per_beat, piece.beats_per_minute) == (4.0, 90.0)


def test_a_seed_gives_one_piece_and_another_seed_another(model):
    def rolls(**arguments):
        return [piece.roll.tolist() for piece in model().generate(length=16, **arguments)]

    assert rolls(seed=1) == rolls(seed=1)
    assert rolls(seed=1) != rolls(seed=2)
    first, second = rolls(seed=1, samples=2)
    assert [first] == rolls(seed=1)
    assert first != second
    names = [piece.name for piece in model().generate(length=2, samples=2)]
    assert names == ["generated 1", "generated 2"]


def test_temperature_0_takes_the_keys_that_are_likely(model):
    own = model()
    (one,), (other,) = (own.generate(roll(5), length=8, temperature=0, seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(one.roll, other.roll)
    stream = own.stream()
    stream.read(roll(5))
    for step in one.roll:
        np.testing.assert_array_equal(step, stream.logits > 0)
        stream.step(step)


def test_what_follows_depends_on_the_whole_prompt(model):
    one, other = roll(12), roll(12)
    other[0] ^= True
    after = []
    for prompt in (one, other):
        stream = model("lstm").stream()
        stream.read(prompt)
        after.append(stream.logits)
    assert not np.array_equal(*after)


def test_a_piece_keeps_the_tempo_of_its_prompt(model):
    (piece,) = model().generate(Piece(roll(3), "slow.mid", 4.0, 50.0, notes=("a note",)), length=5)
    assert (piece.beats_per_minute, piece.generated, piece.notes) == (50.0, True, ())


def test_the_prompt_is_left_as_it_is(model):
    piece = Piece(roll(6), "p", 4.0)
    kept = piece.roll.copy()
    model().generate(piece, length=5)
    np.testing.assert_array_equal(piece.roll, kept)
    assert not piece.generated


def test_a_generated_piece_comes_back_from_midi(model):
    (piece,) = model().generate(roll(8), length=32, seed=2)
    back = read_midi(midi_bytes(piece, generated=piece.generated), steps_per_beat=4.0)
    np.testing.assert_array_equal(back.roll, piece.roll)
    assert back.generated
    assert back.beats_per_minute == pytest.approx(90)
    assert back.notes == ("It is marked as generated by a model.",)
    (further,) = model().generate(back, length=4)
    assert len(further) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 0}, "length must be a whole number of at least 1, got 0"),
        ({"length": -1}, "length must be a whole number of at least 1, got -1"),
        ({"samples": 0}, "samples must be a whole number of at least 1, got 0"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        (
            {"temperature": -0.5},
            "temperature must be a finite number of at least 0, where 0 takes the keys that are more likely "
            "on than off, got -0.5",
        ),
        (
            {"temperature": "hot"},
            "temperature must be a finite number of at least 0, where 0 takes the keys that are more likely "
            "on than off, got 'hot'",
        ),
        (
            {"prompt": Piece(roll(3), "p", 2.0)},
            "prompt must have 4 steps a beat, as the training pieces do, got 2",
        ),
        (
            {"prompt": np.zeros((3, 87))},
            "prompt must have shape (T, 88), a column for each key from A0 to C8, got (3, 87)",
        ),
        ({"prompt": np.zeros((0, 88))}, "prompt must have 1 to 262,144 steps, got 0; leave it out"),
        (
            {"prompt": np.full((1, 88), 2)},
            "prompt must be of zeros and ones, got 2 at step 0, key 0",
        ),
        (
            {"prompt": "tune.mid"},
            "prompt must be a piano roll (T, 88) of zeros and ones, got dtype <U8",
        ),
    ],
    ids=range(11),
)
def test_what_can_not_be_written(model, arguments, message):
    assert message_of(lambda: model().generate(**arguments)) == message


def test_the_prompt_is_read_once_for_all_samples(model, monkeypatch):
    read, lengths = MusicStream.read, []

    def counted(self, steps):
        lengths.append(len(steps))
        return read(self, steps)

    monkeypatch.setattr(MusicStream, "read", counted)
    assert len(model().generate(roll(9), length=2, samples=5)) == 5
    assert lengths == [9]


def test_a_wrong_temperature_is_refused_before_the_first_step(model):
    with pytest.raises(InputError):
        model().write(temperature=-1)


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
print(stream.step(np.ones(88)).tobytes().hex())
for piece in model.generate(length=40, seed=5, samples=2):
    print(np.packbits(piece.roll).tobytes().hex())
"""


def test_another_process_without_pytorch_goes_on_alike_and_writes_the_same(model, tmp_path):
    artifacts.save(made(), tmp_path / "model")
    loaded = recurra.load(tmp_path / "model")
    assert isinstance(loaded, MusicModel)
    stream = loaded.stream()
    stream.read(roll(4))
    (tmp_path / "state").write_bytes(stream.state())
    command = [sys.executable, "-c", GOING_ON, tmp_path / "model", tmp_path / "state"]
    done = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    pieces = model().generate(length=40, seed=5, samples=2)
    expected = [stream.step(np.ones(88)).tobytes().hex()]
    assert done == expected + [np.packbits(piece.roll).tobytes().hex() for piece in pieces]


def test_what_is_read(model, tmp_path):
    np.savez(tmp_path / "some.npz", train_0=roll(4).astype(int), test_0=roll(6).astype(int))
    assert [len(piece) for piece in model().read(tmp_path / "some.npz")] == [6]
    np.savez(tmp_path / "all.npz", one=roll(4).astype(int))
    (piece,) = model().read(tmp_path / "all.npz")
    assert (len(piece), piece.steps_per_beat) == (4, 4.0)
    for wrong, message in [
        ([], "X has no pieces; give at least one"),
        (roll(4), "X must be a list of pieces, got a single one; put it in a list: [X]"),
        (["abc"], "X[0] must be a piano roll (T, 88) of zeros and ones, got dtype <U3"),
        (
            [Piece(roll(4), "a.mid", 4.0), Piece(roll(4), "b.mid", 2.0)],
            "X[1] must have 4 steps a beat, as the training pieces do, got 2; read it with steps_per_beat=4",
        ),
    ]:
        for use in (model().predict, model().evaluate):
            assert message_of(lambda use=use, wrong=wrong: use(wrong)) == message


def test_rolls_have_the_grid_of_the_training_pieces(model):
    pieces = model().read([roll(4), Piece(roll(4), "a.mid", 4.0, 50.0)])
    assert [(piece.steps_per_beat, piece.beats_per_minute) for piece in pieces] == [(4.0, 90.0), (4.0, 50.0)]


def test_of_a_file_in_parts_one_is_scored_and_said(model, tmp_path):
    own, last = model(), "The first step of each piece is not scored, since nothing comes before it."
    training, validation, test = (
        {f"{name}_0": roll(4, i)} for i, name in enumerate(("train", "valid", "test"))
    )
    for name, arrays, notes in [
        ("all", training | validation | test, ("Of the parts of all.npz, only the test part is read.",)),
        (
            "some",
            training | validation,
            ("Of the parts of some.npz, only the training part is read, as there is no test part.",),
        ),
        ("one", training, ()),
    ]:
        np.savez(tmp_path / f"{name}.npz", **arrays)
        pieces, said = own.read_noted(tmp_path / f"{name}.npz")
        assert (len(pieces), said) == (1, notes)
        assert own.evaluate(tmp_path / f"{name}.npz").notes == (*notes, last)
    piece = Piece(roll(4), "a.mid", 4.0, notes=("A note.",))
    (tmp_path / "a.mid").write_bytes(midi_bytes(piece, generated=True))
    _, said = own.read_noted(tmp_path / "a.mid")
    assert said == ("a.mid: It is marked as generated by a model.",)
    assert own.read_noted([piece])[1] == ()


def test_what_is_longer_than_a_piece_can_be_is_refused_before_it_is_written(model, monkeypatch):
    monkeypatch.setattr(MusicModel, "stream", lambda self: pytest.fail("it was written"))
    message = "length must be at most 262,144 steps, as many as a piece can have, got 300000"
    assert message_of(lambda: model().generate(length=300_000)) == message
    assert message_of(lambda: model().write(length=300_000)) == message
