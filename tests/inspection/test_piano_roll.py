import numpy as np

from recurra.data import KEYS, LOWEST_NOTE, Piece
from recurra.inspection.piano_roll import piano_roll_figure


def piece_of(T: int, *notes: tuple[int, int, int], **fields) -> Piece:
    """A piece of T steps with notes (start, stop, MIDI note)."""
    roll = np.zeros((T, KEYS), bool)
    for start, stop, note in notes:
        roll[start:stop, note - LOWEST_NOTE] = True
    return Piece(roll, **fields)


PROMPT = piece_of(8, (0, 4, 60), (2, 8, 64))
NEXT = piece_of(12, (0, 2, 64), (4, 12, 48), steps_per_beat=4, generated=True)


def bars(trace) -> list[tuple[float, float, int]]:
    """The beginning, the end and the pitch of what a trace draws."""
    return [(base, base + length, y) for base, length, y in zip(trace.base, trace.x, trace.y)]


def test_each_note_is_a_bar_of_its_beats():
    (notes,) = piano_roll_figure(PROMPT).data
    assert bars(notes) == [(0, 2, 60), (1, 4, 64)]
    assert list(notes.customdata) == ["C4, beats 0 to 2", "E4, beats 1 to 4"]
    assert notes.name == "notes"


def test_what_was_written_follows_the_prompt_in_another_colour():
    drawn = piano_roll_figure(NEXT, PROMPT)
    prompt, written = drawn.data
    assert bars(prompt) == [(0, 2, 60), (1, 4, 64)]
    assert sorted(bars(written)) == [(4, 4.5, 64), (5, 7, 48)]
    assert (prompt.name, written.name) == ("prompt", "generated")
    assert (prompt.marker.color, written.marker.color) == ("var(--last)", "var(--model)")
    assert [shape.x0 for shape in drawn.layout.shapes] == [4]
    assert (drawn.layout.showlegend, drawn.layout.barmode) == (True, "overlay")


def test_the_axes_show_octaves_and_beats():
    layout = piano_roll_figure(NEXT, PROMPT).layout
    assert list(layout.xaxis.range) == [0, 7]
    assert layout.xaxis.title.text == "beats"
    assert layout.yaxis.title.text == "key"
    assert layout.xaxis.title.font.size == layout.font.size
    assert dict(zip(layout.yaxis.ticktext, layout.yaxis.tickvals)) == {"C2": 36, "C3": 48, "C4": 60}
    assert layout.yaxis.range[0] < 48
    assert layout.yaxis.range[1] > 64


def test_ticks_are_bars_and_few():
    for beats, between in ((4, 4), (64, 4), (65, 8), (1000, 64)):
        assert piano_roll_figure(piece_of(2 * beats, (0, 1, 60))).layout.xaxis.dtick == between


def test_silence_and_the_outermost_keys():
    quiet = piano_roll_figure(piece_of(4))
    assert bars(quiet.data[0]) == []
    assert "C4" in quiet.layout.yaxis.ticktext
    (notes,) = piano_roll_figure(piece_of(4, (0, 1, 21), (0, 1, 108))).data
    assert [text.split(",")[0] for text in notes.customdata] == ["A0", "C8"]
