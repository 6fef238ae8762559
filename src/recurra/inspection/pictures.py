"""Sound and series as small pictures and files that a page carries inside itself."""

import base64
import io
import struct
import wave
import zlib

import numpy as np
import plotly.colors

from recurra.data import Clip

WIDTH, HEIGHT = 300, 60
"""Of the coordinates of `waveform` and `lines`."""

_BUCKETS = 200
_LOUDEST_PCM = 32767


def waveform(samples: np.ndarray) -> str:
    """The lowest and highest of ``samples`` (n,) along time, as an SVG path around the area between them."""
    edges = np.linspace(0, len(samples), min(_BUCKETS, len(samples)) + 1).astype(np.int64)[:-1]
    loudest = float(np.abs(samples).max()) or 1.0
    middle, reach = HEIGHT / 2, (HEIGHT / 2 - 1) / loudest
    x = (np.arange(len(edges)) + 0.5) * WIDTH / len(edges)
    top = middle - reach * np.maximum.reduceat(samples, edges)
    bottom = middle - reach * np.minimum.reduceat(samples, edges) + 0.6
    return _path(np.concatenate([x, x[::-1]]), np.concatenate([top, bottom[::-1]])) + "Z"


def lines(series: np.ndarray) -> list[str]:
    """Each column of ``series`` (T, I) as an SVG path, all on one scale."""
    low, high = float(series.min()), float(series.max())
    y = HEIGHT - 2 - (series - low) * ((HEIGHT - 4) / ((high - low) or 1.0))
    steps = np.unique(np.linspace(0, len(series) - 1, min(len(series), 2 * _BUCKETS)).round().astype(int))
    x = steps * (WIDTH / max(len(series) - 1, 1))
    return [_path(x, column[steps]) for column in y.T]


def steps(values: np.ndarray, edges: np.ndarray) -> str:
    """The area below ``values`` (T,) from 0 to 1 as an SVG path; what is too low to be seen is left out.

    Each value lasts from one of the ``edges`` (T + 1,), from 0 to 1 as well, to the next.
    """
    x, y = WIDTH * edges, (HEIGHT * (1 - values)).round().astype(np.int64)
    seen = np.diff(np.concatenate([[0], y < HEIGHT, [0]]))
    runs = zip(np.flatnonzero(seen == 1).tolist(), np.flatnonzero(seen == -1).tolist())
    return "".join(
        f"M{x[start]:.1f},{HEIGHT}"
        + "".join(f"V{y[t]}H{x[t + 1]:.1f}" for t in range(start, stop))
        + f"V{HEIGHT}Z"
        for start, stop in runs
    )


def spectrum(energies: np.ndarray) -> str:
    """Energies (T, bands) as an image, low bands below, in colours that rise in brightness with energy."""
    low, high = np.quantile(energies, [0.02, 0.995])
    levels = np.clip((energies - low) / ((high - low) or 1.0), 0, 1) * 255
    return _data_address("image/png", _png(levels.T[::-1].astype(np.uint8)))


def sound(clip: Clip) -> str:
    """A clip as a WAV file of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(clip.rate)
        out.writeframes((np.clip(clip.samples, -1, 1) * _LOUDEST_PCM).astype("<i2").tobytes())
    return _data_address("audio/wav", file.getvalue())


def _path(x: np.ndarray, y: np.ndarray) -> str:
    return "M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist()))


def _png(levels: np.ndarray) -> bytes:
    """An image (rows, columns) of palette entries, uint8, as PNG (ISO/IEC 15948)."""
    rows, columns = levels.shape
    raw = b"".join(b"\0" + row.tobytes() for row in levels)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", _palette()), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _palette() -> bytes:
    """256 colours of viridis, which colour-blind people see as rising, too."""
    anchors = np.array([plotly.colors.hex_to_rgb(colour) for colour in plotly.colors.sequential.Viridis])
    places = np.linspace(0, len(anchors) - 1, 256)
    columns = [np.interp(places, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    return np.stack(columns, axis=1).round().astype(np.uint8).tobytes()


def _data_address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
