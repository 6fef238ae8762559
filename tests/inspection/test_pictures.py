import base64
import io
import re
import struct
import wave
import zlib

import numpy as np

from recurra.data import Clip
from recurra.inspection import pictures


def points(path: str) -> np.ndarray:
    return np.array(
        [[float(part) for part in pair.split(",")] for pair in re.findall(r"[-\d.]+,[-\d.]+", path)]
    )


def test_a_waveform_shows_the_lowest_and_the_highest_of_each_stretch() -> None:
    samples = np.zeros(10_000, "f")
    samples[5001], samples[7001] = 1, -0.5
    around = points(pictures.waveform(samples))
    assert len(around) == 400
    x, y = around.T
    assert abs(x[y.argmin()] - 150) < 2
    assert y.min() == 1.0
    assert abs(x[y.argmax()] - 210) < 2
    assert pictures.waveform(np.zeros(3, "f")).startswith("M50.0,30.0")


def test_each_column_is_a_line_and_all_share_a_scale() -> None:
    first, second = (points(path) for path in pictures.lines(np.array([[0.0, 10.0], [5.0, 10.0]])))
    assert first.tolist() == [[0, 58], [300, 30]]
    assert second.tolist() == [[0, 2], [300, 2]]
    flat = points(pictures.lines(np.ones((1, 1)))[0])
    assert flat.tolist() == [[0, 58]]


def test_a_spectrum_is_a_png_with_low_bands_below() -> None:
    energies = np.zeros((7, 3))
    energies[2, 0] = 1.0  # at the third moment, in the lowest band
    address = pictures.spectrum(energies)
    assert address.startswith("data:image/png;base64,")
    content = base64.b64decode(address.partition(",")[2])
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack(">I", content[place + 8 + length : place + 12 + length])
        assert checksum == zlib.crc32(kind + body)
        chunks[kind], place = body, place + 12 + length
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (7, 3, 8, 3, 0, 0, 0)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(3, 8)
    assert rows[:, 0].tolist() == [0, 0, 0]  # no filter
    assert np.argwhere(rows[:, 1:] == 255).tolist() == [[2, 2]]
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(256, 3)
    assert (palette[0].tolist(), palette[-1].tolist()) == ([68, 1, 84], [253, 231, 37])


def test_a_clip_becomes_a_wav_file() -> None:
    address = pictures.sound(Clip(np.array([0.0, 0.5, -1.0, 1.0], "f"), 8000))
    with wave.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert np.frombuffer(file.readframes(9), "<i2").tolist() == [0, 16383, -32767, 32767]


def test_steps_are_the_area_below_values_that_can_be_seen() -> None:
    path = pictures.steps(np.array([0.0, 0.5, 1.0, 0.001, 0.25]), np.array([0, 0.1, 0.2, 0.5, 0.6, 1.0]))
    assert path == "M30.0,60V30H60.0V0H150.0V60ZM180.0,60V45H300.0V60Z"
    assert pictures.steps(np.zeros(3), np.linspace(0, 1, 4)) == ""
