import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recurra.data import KEYS, Piece, as_pieces, held, piano_roll

ROLL = np.random.default_rng(0).random((12, KEYS)) < 0.1


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.float64])
def test_a_piece_holds_a_contiguous_roll_of_truths(dtype):
    piece = Piece(np.asfortranarray(ROLL.astype(dtype)), "a.mid", 4, np.int64(90))
    assert piece.roll.dtype == bool
    assert piece.roll.flags.c_contiguous
    assert (piece.roll == ROLL).all()
    assert (len(piece), piece.steps_per_beat, piece.beats_per_minute) == (12, 4.0, 90.0)
    assert (piece.generated, piece.notes) == (False, ())


def changed(value, dtype=float):
    roll = ROLL.astype(dtype)
    roll[3, 5] = value
    return roll


@pytest.mark.parametrize(
    ("roll", "message"),
    [
        (
            ROLL[:, :87],
            "tune must have shape (T, 88), a column for each key from A0 to C8, got (12, 87)",
        ),
        (ROLL[0], "tune must have shape (T, 88), a column for each key from A0 to C8, got (88,)"),
        (ROLL[:0], "tune must have 1 to 262,144 steps, got 0; leave it out"),
        (
            np.broadcast_to(ROLL[:1], (2**18 + 1, KEYS)),
            "tune must have 1 to 262,144 steps, got 262,145; cut it up",
        ),
        (changed(np.nan), "tune must be of zeros and ones, got nan at step 3, key 5"),
        (changed(0.5), "tune must be of zeros and ones, got 0.5 at step 3, key 5"),
        (changed(127, int), "tune must be of zeros and ones, got 127 at step 3, key 5"),
        (ROLL.astype(object), "tune must be a piano roll (T, 88) of zeros and ones, got dtype object"),
        (ROLL.astype(complex), "tune must be a piano roll (T, 88) of zeros and ones, got dtype complex128"),
        ("la la", "tune must be a piano roll (T, 88) of zeros and ones, got dtype <U5"),
        ([[0] * 88, [1] * 87], "tune must have rows of one length, 88 keys"),
    ],
    ids=[
        "87 keys",
        "one step",
        "no steps",
        "too many steps",
        "nan",
        "half",
        "loudness",
        "objects",
        "complex",
        "text",
        "ragged",
    ],
)
def test_what_is_no_roll_is_refused(refusal, roll, message):
    assert refusal(Piece, roll, "tune") == message


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ((0,), "steps_per_beat must be a finite number above 0, got 0"),
        ((np.nan,), "steps_per_beat must be a finite number above 0, got nan"),
        ((0.4,), "steps_per_beat must be a number from 0.5 to 96, got 0.4"),
        ((97,), "steps_per_beat must be a number from 0.5 to 96, got 97"),
        ((2, "fast"), "beats_per_minute must be a finite number above 0, got 'fast'"),
        ((2, 3.5), "beats_per_minute must be a number from 3.6 to 60,000,000, got 3.5"),
    ],
    ids=["none", "nan", "few", "many", "text", "slow"],
)
def test_rates_out_of_range_are_refused(refusal, rates, message):
    assert refusal(Piece, ROLL, "tune", *rates) == message


def test_pieces_stay_as_they_are_and_rolls_become_some():
    piece = Piece(ROLL, "a.mid", 4)
    found = as_pieces([piece, ROLL.astype(int), ROLL[:3].tolist()])
    assert found[0] is piece
    assert [p.name for p in found] == ["a.mid", "X[1]", "X[2]"]
    assert [len(p) for p in found] == [12, 12, 3]
    assert (found[2].steps_per_beat, found[2].beats_per_minute) == (2, 100)
    cube = as_pieces(np.stack([ROLL, ~ROLL]), name="music")
    assert [p.name for p in cube] == ["music[0]", "music[1]"]
    assert (cube[1].roll == ~ROLL).all()
    objects = np.empty(2, object)
    objects[:] = [piece, ROLL[:1]]
    assert [len(p) for p in as_pieces(objects)] == [12, 1]


def test_rolls_take_the_grid_of_a_piece_that_others_must_have(refusal):
    like = Piece(ROLL, "a.mid", 4, 50)
    (found,) = as_pieces([ROLL], like=like)
    assert (found.name, found.steps_per_beat, found.beats_per_minute) == ("X[0]", 4, 50)
    assert not found.generated
    assert as_pieces([like], like=like) == [like]
    assert refusal(as_pieces, [like, Piece(ROLL, "b.mid")], name="test", like=like) == (
        "test[1] must have 4 steps a beat, as the training pieces do, got 2; read it with steps_per_beat=4"
    )


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (Piece(ROLL), "X must be a list of pieces, got a single one; put it in a list: [X]"),
        (ROLL, "X must be a list of pieces, got a single one; put it in a list: [X]"),
        (
            np.zeros((3, 4)),
            "X must be a list of pieces or of piano rolls (T, 88), got an array of shape (3, 4)",
        ),
        ("tune.mid", "X must be a list of pieces or of piano rolls (T, 88), got str"),
        (None, "X must be a list of pieces or of piano rolls (T, 88), got NoneType"),
        ([], "X has no pieces; give at least one"),
        (np.zeros((0, 4, 88)), "X has no pieces; give at least one"),
        (["tune.mid"], "X[0] must be a piano roll (T, 88) of zeros and ones, got dtype <U8"),
        ([ROLL, [[60, 64]]], "X[1] must have shape (T, 88), a column for each key from A0 to C8, got (1, 2)"),
        (ROLL.tolist(), "X[0] must have shape (T, 88), a column for each key from A0 to C8, got (88,)"),
        (np.float64(1), "X must be a list of pieces or of piano rolls (T, 88), got float64"),
        (
            np.array(1),
            "X[0] must have shape (T, 88), a column for each key from A0 to C8, got ()",
        ),
    ],
    ids=[
        "a piece",
        "a roll",
        "no roll",
        "a name",
        "nothing",
        "empty",
        "an empty array",
        "names",
        "notes",
        "a nested roll",
        "a number",
        "an array of a number",
    ],
)
def test_what_is_no_list_of_pieces_is_refused(refusal, X, message):
    assert refusal(as_pieces, X) == message


@given(arrays.arrays(bool, st.tuples(st.integers(1, 30), st.just(KEYS)), elements=st.booleans()))
def test_held_notes_are_the_roll(roll):
    starts, stops, keys = held(roll)
    again = np.zeros_like(roll)
    for start, stop, key in zip(starts, stops, keys):
        assert start < stop
        assert not again[start:stop, key].any()
        again[start:stop, key] = True
        assert not (start and roll[start - 1, key])
        assert not (stop < len(roll) and roll[stop, key])
    assert (again == roll).all()


def test_the_highest_key_is_note_108():
    assert piano_roll.LOWEST_NOTE + KEYS - 1 == 108
