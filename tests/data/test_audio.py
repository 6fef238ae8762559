import io
import math
import struct
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra._base.errors import InputError, MissingExtraError
from recurra.data import Clip, audio, read_clip, read_clips, resample
from recurra.data import archive as archives


def sound(n: int = 800, rate: int = 8000, seed: int = 0) -> np.ndarray:
    """A tone of 440 Hz with noise, (n,) float32."""
    noise = np.random.default_rng(seed).normal(0, 0.05, n)
    return (0.4 * np.sin(2 * math.pi * 440 * np.arange(n) / rate) + noise).astype(np.float32)


def wav(samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16", **options) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype=subtype, format=options.pop("format", "WAV"), **options)
    return file.getvalue()


def archive(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return path


# Clips


def test_a_clip_holds_contiguous_float32():
    clip = Clip(np.linspace(-1, 1, 10)[::2], np.int64(8000), "a.wav")
    assert clip.samples.dtype == np.float32
    assert clip.samples.flags.c_contiguous
    assert type(clip.rate) is int


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(0), 8000, "a.wav has no samples; give a clip with sound in it, or leave it out"),
        (
            np.zeros(4, np.int16),
            8000,
            "the samples of a.wav must be floats from -1 to 1, got dtype int16; divide integer samples by "
            "their full scale",
        ),
        (
            np.zeros((4, 2)),
            8000,
            "the samples of a.wav must have shape (n,), one channel, got (4, 2); average the channels",
        ),
        (np.array([0, np.nan]), 8000, "the samples of a.wav must be finite, got nan at sample 1"),
        (np.array([1e300]), 8000, "the samples of a.wav must be finite, got inf at sample 0"),
        *(
            (
                np.zeros(4),
                rate,
                "the rate of a.wav must be a whole number from 1000 to 384000 samples a second, got " + shown,
            )
            for rate, shown in [
                (0, "0"),
                (999, "999"),
                (2**31, "2147483648"),
                (True, "True"),
                (8e3, "8000.0"),
            ]
        ),
    ],
)
def test_what_is_no_clip_is_refused(refusal, samples, rate, message):
    assert refusal(Clip, samples, rate, "a.wav") == message


# Resampling


def test_resampling_keeps_the_tone_and_the_length_in_time():
    n = 16000
    clip = Clip(np.sin(2 * np.pi * 440 * np.arange(n) / 16000), 16000, "tone")
    halved = resample(clip, 8000)
    assert (halved.rate, halved.name, halved.samples.dtype, len(halved.samples)) == (
        8000,
        "tone",
        np.float32,
        8000,
    )
    expected = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    np.testing.assert_allclose(halved.samples[100:-100], expected[100:-100], atol=2e-3)
    assert resample(clip, 16000) is clip


def test_resampling_removes_what_the_new_rate_cannot_hold():
    clip = Clip(np.sin(2 * np.pi * 6000 * np.arange(16000) / 16000), 16000)
    assert np.abs(resample(clip, 8000).samples[100:-100]).max() < 0.01


def test_a_clip_that_would_become_too_long_is_not_resampled(refusal, monkeypatch):
    monkeypatch.setattr(audio, "_MOST_SAMPLES", 1000)
    clip = Clip(np.zeros(600), 8000, "long.wav")
    message = "long.wav is too long to be resampled to 16000 samples a second; cut it up"
    assert refusal(resample, clip, 16000) == message


# Files


@pytest.mark.parametrize(
    ("subtype", "error"),
    [
        ("PCM_U8", 2**-7),
        ("PCM_16", 2**-15),
        ("PCM_24", 2**-23),
        ("PCM_32", 2**-24),
        ("FLOAT", 0),
        ("DOUBLE", 0),
    ],
)
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_wav_of_every_depth_is_read_to_its_precision(tmp_path, subtype, error, channels):
    one = sound()
    each = np.stack([one * (1 + c) / channels for c in range(channels)], axis=1)
    path = tmp_path / "a.wav"
    path.write_bytes(wav(each, 11025, subtype))
    clip = read_clip(path)
    assert (clip.rate, clip.name, clip.samples.dtype) == (11025, "a.wav", np.float32)
    np.testing.assert_allclose(clip.samples, each.mean(axis=1), rtol=0, atol=error + 1e-7)


def test_stereo_is_averaged():
    left, right = np.full(10, 0.5, np.float32), np.full(10, -0.25, np.float32)
    clip = read_clip(io.BytesIO(wav(np.stack([left, right], axis=1), subtype="FLOAT")), name="s.wav")
    assert clip.samples.tolist() == [0.125] * 10


@pytest.mark.parametrize(
    "options", [{"format": "FLAC"}, {"format": "WAVEX"}, {"format": "RF64"}, {"endian": "BIG"}]
)
def test_other_containers_give_the_same_samples(options):
    samples = (sound() * 2**15).astype(np.int16)
    expected = read_clip(io.BytesIO(wav(samples)))
    np.testing.assert_array_equal(read_clip(io.BytesIO(wav(samples, **options))).samples, expected.samples)


def test_wav_without_a_known_length_is_read_to_its_end():
    whole = bytearray(wav(sound()))
    at = whole.index(b"data") + 4
    whole[at : at + 4] = b"\xff\xff\xff\xff"
    whole[4:8] = b"\xff\xff\xff\xff"
    assert len(read_clip(io.BytesIO(bytes(whole))).samples) == 800


WHOLE = wav(sound())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.wav is empty"),
        (b"# A text", "x.wav is not a WAV or FLAC file; it begins with b'# A text'"),
        (b"OggS" + b"\0" * 60, f"x.wav is not a WAV or FLAC file; it begins with {b'OggS' + bytes(8)!r}"),
        (wav(np.zeros((0, 1))), "x.wav has no samples; give a clip with sound in it, or leave it out"),
        (WHOLE[:-700], "x.wav is cut short: 900 of 1600 bytes of sound are there"),
        (WHOLE[:30], "x.wav is cut short: it has no sound"),
        (WHOLE[:12], "x.wav is cut short: it has no sound"),
        (
            wav(np.array([0, np.inf, 0], np.float32), subtype="FLOAT"),
            "the samples of x.wav must be finite, got inf at sample 1",
        ),
        (
            WHOLE[:24] + struct.pack("<I", 44) + WHOLE[28:],
            "the rate of x.wav must be a whole number from 1000 to 384000 samples a second, got 44",
        ),
        (
            WHOLE[:20] + b"\x77\x77" + WHOLE[22:],
            "x.wav cannot be read as WAV or FLAC: Error in WAV/W64/RF64 file. Malformed 'fmt ' chunk.",
        ),
    ],
)
def test_a_damaged_file_is_refused_by_name(refusal, tmp_path, content, message):
    (tmp_path / "x.wav").write_bytes(content)
    assert refusal(read_clip, tmp_path / "x.wav") == message
    assert refusal(read_clip, io.BytesIO(content), name="x.wav") == message


def test_a_flac_file_that_is_cut_short_is_refused(refusal):
    whole = wav(np.random.default_rng(0).uniform(-1, 1, 40000), format="FLAC")
    message = refusal(read_clip, io.BytesIO(whole[: len(whole) // 2]), name="x.flac")
    assert message.startswith(("x.flac is damaged: ", "x.flac cannot be read as WAV or FLAC: "))


def test_a_file_of_too_many_samples_is_refused_before_it_is_read(refusal, monkeypatch):
    monkeypatch.setattr(audio, "_MOST_SAMPLES", 1000)
    message = refusal(read_clip, io.BytesIO(wav(np.zeros((600, 2)))), name="x.wav")
    assert message == "x.wav has 600 samples in 2 channels, more than 1000 in all; cut it up"


def test_a_path_that_cannot_be_read_is_named(refusal, tmp_path):
    got = refusal(read_clip, tmp_path / "no.wav")
    assert got == f"{tmp_path / 'no.wav'} cannot be read: No such file or directory"
    assert refusal(read_clip, tmp_path) == f"{tmp_path} cannot be read: Is a directory"


SOUNDS = [WHOLE, *(wav(sound(), subtype=subtype) for subtype in ("FLOAT", "IMA_ADPCM"))]


@settings(max_examples=300, deadline=None)
@given(
    content=st.sampled_from([*SOUNDS, wav(sound(), format="FLAC")]),
    changes=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), min_size=1, max_size=6),
    keep=st.integers(0, 2000),
)
def test_whatever_the_bytes_a_clip_comes_back_or_a_refusal(content, changes, keep):
    damaged = bytearray(content[:keep] if keep < len(content) else content)
    for at, value in changes:
        if at < len(damaged):
            damaged[at] = value
    try:
        clip = read_clip(io.BytesIO(bytes(damaged)), name="x")
    except InputError:
        return
    assert len(clip.samples)
    assert np.isfinite(clip.samples).all()


@pytest.mark.parametrize(
    ("library", "use"),
    [
        ("soundfile", lambda: read_clip(io.BytesIO(WHOLE))),
        ("scipy.signal", lambda: resample(Clip(np.zeros(9), 8000), 16000)),
    ],
)
def test_a_missing_library_is_named_with_its_command(monkeypatch, library, use):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(MissingExtraError) as caught:
        use()
    name = library.split(".")[0]
    assert str(caught.value) == f"{name} is not installed; install it with: pip install 'recurra[data]'"


# Folders and archives

FILES = {
    "b.wav": wav(sound(seed=1)),
    "at 10:30.wav": wav(sound(seed=4)),
    "a/c.WAV": wav(sound(seed=2), 16000),
    "a/b.flac": wav(sound(seed=3), format="FLAC"),
    "README.md": b"# Sounds",
    ".hidden.wav": b"no sound",
    "__MACOSX/._b.wav": b"no sound",
}


def test_a_folder_and_an_archive_of_it_give_the_same_clips(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    loose = read_clips(tmp_path / "clips")
    names = ["a/b.flac", "a/c.WAV", "at 10:30.wav", "b.wav"]
    assert [(clip.name, clip.rate) for clip in loose] == list(zip(names, [8000, 16000, 8000, 8000]))
    assert sorted(tmp_path.rglob("*")) == before
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        zipped = read_clips(str(archive(tmp_path / "clips.zip", dict(reversed(FILES.items())), method)))
        for one, other in zip(loose, zipped, strict=True):
            assert (one.name, one.rate) == (other.name, other.rate)
            np.testing.assert_array_equal(one.samples, other.samples)


def test_a_source_without_sounds_says_what_it_has(refusal, tmp_path):
    (tmp_path / "empty").mkdir()
    got = refusal(read_clips, tmp_path / "empty")
    assert got == f"{tmp_path / 'empty'} has no .wav or .flac files; it has no files"
    path = archive(tmp_path / "a.zip", {"b.mp3": b"", "c.mp3": b"", "LICENSE": b""})
    assert refusal(read_clips, path) == f"{path} has no .wav or .flac files; it has .mp3 (2), no suffix (1)"
    nowhere = tmp_path / "nowhere"
    got = refusal(read_clips, nowhere)
    assert got == f"{nowhere} does not exist; give a folder or a zip archive of WAV or FLAC files"
    text = tmp_path / "text.zip"
    text.write_text("not an archive")
    got = refusal(read_clips, text)
    assert got == f"{text} is not a zip archive, or is cut short; give a folder or a whole archive"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *(
            (name, f"{{path}} has the entry {name!r}, which leads out of it; it is not read")
            for name in ["../a.wav", "/etc/a.wav", "a/../../b.wav", "..\\a.wav", "C:\\a.wav", "\\a.wav"]
        ),
        ("inner.zip", "{path} holds another archive, inner.zip; unpack that first"),
        ("text.wav", "text.wav is not a WAV or FLAC file; it begins with b'no sound'"),
    ],
)
def test_an_archive_with_a_hostile_entry_is_refused(refusal, tmp_path, name, message):
    path = archive(tmp_path / "x.zip", {"a.wav": WHOLE, name: b"no sound"})
    assert refusal(read_clips, path) == message.format(path=path)
    assert sorted(tmp_path.rglob("*")) == [path]


def test_an_entry_without_a_name_is_no_sound(tmp_path):
    path = archive(tmp_path / "x.zip", {"a.wav": WHOLE, "nameless": b"no sound"})
    path.write_bytes(path.read_bytes().replace(b"nameless", b"\0ameless"))
    assert [clip.name for clip in read_clips(path)] == ["a.wav"]


def test_an_encrypted_archive_is_refused(refusal, tmp_path):
    path = archive(tmp_path / "x.zip", {"a.wav": WHOLE})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\3\4") + 6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    got = refusal(read_clips, path)
    assert got == f"{path}: a.wav is encrypted; make the archive again without a password"


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_packed_by_another_method_is_refused(refusal, tmp_path, method):
    path = archive(tmp_path / "x.zip", {"a.wav": WHOLE}, method)
    message = f"{path}: a.wav is not packed by deflate; make the archive again with that"
    assert refusal(read_clips, path) == message


def test_a_bomb_is_refused_by_its_ratio(refusal, tmp_path):
    path = archive(tmp_path / "x.zip", {"a.wav": wav(np.zeros(5_000_000))})
    packed = zipfile.ZipFile(path).infolist()[0].compress_size
    assert refusal(read_clips, path) == (
        f"{path}: a.wav unpacks from {packed:,} bytes to 10,000,044, more than 100 times as many; sound does "
        "not, so it is not read"
    )


def with_claimed_size(path: Path, size: int) -> Path:
    """The archive at ``path`` with ``size`` as what its first entry says to unpack to."""
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\1\2") + 24, size)
    path.write_bytes(content)
    return path


def test_a_claim_to_unpack_to_too_much_is_refused(refusal, tmp_path):
    path = with_claimed_size(archive(tmp_path / "x.zip", {"a.wav": WHOLE}), 2**30)
    message = f"{path}: a.wav unpacks to 1,073,741,824 bytes, more than 536,870,912; cut it up"
    assert refusal(read_clips, path) == message


def test_an_entry_that_unpacks_to_more_than_it_claims_is_not_unpacked(refusal, tmp_path):
    path = with_claimed_size(archive(tmp_path / "x.zip", {"a.wav": wav(np.zeros(5_000_000))}), 1000)
    assert refusal(read_clips, path) == f"{path}: a.wav is damaged: Bad CRC-32 for file 'a.wav'"


def test_entries_that_are_too_much_together_are_refused(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "_SOUND", replace(audio._SOUND, largest_total=4000))
    path = archive(tmp_path / "x.zip", {f"{i}.wav": WHOLE for i in range(3)})
    message = f"{path} unpacks to 4,932 bytes of sound, more than 4,000; split it up"
    assert refusal(read_clips, path) == message


def test_two_entries_of_one_name_are_refused(refusal, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.wav", WHOLE)
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("a.wav", FILES["b.wav"])
    got = refusal(read_clips, path)
    assert got == f"{path} has several entries of one name, a.wav; make the archive again"


def test_an_archive_of_a_hundred_thousand_entries_is_refused_at_once(refusal, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        for i in range(100_000):
            made.writestr(f"{i}.wav", b"")
    start = time.perf_counter()
    got = refusal(read_clips, path)
    assert got == f"{path} is an archive of more than 65,535 files or 4 GiB; split it up"
    assert time.perf_counter() - start < 0.1


def test_a_directory_of_more_entries_than_its_count_says_is_refused(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_LARGEST_DIRECTORY", 1000)
    path = archive(tmp_path / "x.zip", {f"{i}.wav": b"" for i in range(30)})
    content = bytearray(path.read_bytes())
    struct.pack_into("<HH", content, len(content) - 14, 1, 1)
    path.write_bytes(content)
    got = refusal(read_clips, path)
    assert got == f"{path} is an archive of more than 65,535 files or 4 GiB; split it up"


def test_a_folder_of_too_many_files_is_refused(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_MOST_FILES", 2)
    for name in "abc":
        (tmp_path / f"{name}.wav").write_bytes(WHOLE)
    assert refusal(read_clips, tmp_path) == f"{tmp_path} has 3 files, more than 2; split it up"


def test_an_archive_that_is_cut_short_is_refused(refusal, tmp_path):
    path = archive(tmp_path / "x.zip", {"a.wav": WHOLE})
    path.write_bytes(path.read_bytes()[:-10])
    got = refusal(read_clips, path)
    assert got == f"{path} is not a zip archive, or is cut short; give a folder or a whole archive"


def test_an_archive_with_a_changed_byte_of_sound_is_refused(refusal, tmp_path):
    path = archive(tmp_path / "x.zip", {"a.wav": WHOLE}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    assert refusal(read_clips, path) == f"{path}: a.wav is damaged: Bad CRC-32 for file 'a.wav'"


PLAIN = io.BytesIO()
archive(PLAIN, {"a.wav": WHOLE[:200], "b/c.wav": WHOLE[:100]})  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 200),
)
def test_whatever_the_bytes_an_archive_is_read_or_refused(tmp_path_factory, changes, cut):
    content = bytearray(PLAIN.getvalue())
    for at, value in changes:
        content[at % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "changed.zip"
    path.write_bytes(content[: len(content) - cut] if cut < 100 else content)
    try:
        clips = read_clips(path)
    except InputError:
        return
    assert all(len(clip.samples) for clip in clips)


def test_three_thousand_real_clips_are_read_straight_from_their_archive(real_data):
    clips = read_clips(real_data / "audio" / "free-spoken-digits.zip")
    assert len(clips) == 3000
    assert {clip.rate for clip in clips} == {8000}
    assert clips[0].name == "0_george_0.wav"
    assert [clip.name for clip in clips] == sorted(clip.name for clip in clips)
