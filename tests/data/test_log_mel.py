import json
import pickle
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.data import AudioFeatures, Clip, FrameStream, SeriesFeatures, read_clips
from recurra.data.log_mel import log_mel


def noise(n=4000, rate=8000, seed=0, name="clip"):
    return Clip(np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32), rate, name)


def unscaled(rate=8000, mels=40, **options):
    return AudioFeatures(rate, SeriesFeatures(np.zeros(mels), np.ones(mels)), **options)


NO_FEATURES = (
    "the features of audio must be an object with rate, window, hop, stack, by_clip, dynamic_range, scale"
)
FITTED = AudioFeatures.fit([noise(seed=seed) for seed in range(3)])


def by_definition(samples, features):
    """The log-mel energies, frame by frame and band by band, by a Fourier sum."""
    window, hop, rate = features.window_samples, features.hop_samples, features.rate
    size = 2 ** int(np.ceil(np.log2(window)))
    n, k = np.arange(window), np.arange(size // 2 + 1)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / window)
    wave = np.exp(-2j * np.pi * np.outer(k, n) / size)
    mel = lambda f: 2595 * np.log10(1 + f / 700)  # noqa: E731
    points = np.linspace(0, mel(rate / 2), features.size + 2)
    edges = [700 * (10 ** (point / 2595) - 1) for point in points]
    rows = []
    for start in range(0, len(samples) - window + 1, hop):
        power = np.abs(wave @ (samples[start : start + window].astype(np.float64) * hann)) ** 2
        bands = [
            sum(p * np.interp(f, edges[m : m + 3], [0, 1, 0]) for p, f in zip(power, k * rate / size))
            for m in range(features.size)
        ]
        rows.append(np.log(np.maximum(bands, 1e-10)))
    return np.array(rows)


@pytest.mark.parametrize(
    ("rate", "mels", "options"), [(8000, 40, {}), (11025, 24, {"window": 20.0, "hop": 20.0}), (16000, 13, {})]
)
def test_features_are_what_the_equations_say(rate, mels, options):
    features = unscaled(rate, mels, **options)
    clip = noise(rate // 10, rate)
    np.testing.assert_allclose(
        log_mel(clip.samples, features), by_definition(clip.samples, features), atol=1e-9
    )
    np.testing.assert_allclose(features([clip])[0], by_definition(clip.samples, features), atol=1e-5)


def test_a_tone_is_loudest_in_its_band():
    features = unscaled()
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 42) / 2595) - 1)
    for band in (5, 20, 39):
        tone = np.sin(2 * np.pi * edges[band + 1] * np.arange(2000) / 8000)
        assert set(features([Clip(tone, 8000)])[0].argmax(axis=1)) == {band}


def test_twice_the_loudness_adds_the_logarithm_of_4():
    features, clip = unscaled(), noise()
    louder = Clip(clip.samples * 2, 8000)
    np.testing.assert_allclose(features([louder])[0] - features([clip])[0], np.log(4), atol=1e-5)


def test_silence_has_the_floor():
    assert set(unscaled()([Clip(np.zeros(400), 8000)])[0].ravel()) == {np.float32(np.log(1e-10))}


def test_fitted_bands_have_mean_0_and_deviation_1_over_all_frames():
    clips = [noise(n, seed=n, name=str(n)) for n in (200, 1000, 30000)]
    for by_clip, frames in ((False, (1, 11, 373)), (True, (3, 13, 376))):
        features = AudioFeatures.fit(clips, mels=20, by_clip=by_clip)
        rows = features(clips)
        assert [x.shape for x in rows] == [(T, 20) for T in frames]
        assert {x.dtype for x in rows} == {np.dtype(np.float32)}
        together = np.concatenate(rows).astype(np.float64)
        np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(together.std(axis=0), 1, rtol=1e-6)


def word(background, seed=0):
    """A fifth of a second of room, as much of a loud noise, and of room again."""
    loud = noise(1600, seed=seed).samples
    room = noise(4800, seed=seed + 1).samples * background
    room[1600:3200] += loud
    return Clip(room, 8000)


def test_each_clip_is_clamped_below_its_peak_and_has_mean_0_and_deviation_1():
    clip, features = word(1e-4), unscaled(by_clip=True, dynamic_range=20.0)
    energies = log_mel(np.pad(clip.samples, 100), features)  # half a window of silence at either end
    clamped = np.maximum(energies, energies.max() - 20 * np.log(10) / 10)
    assert 0.5 < (clamped > energies).mean() < 0.8
    (rows,) = features([clip])
    np.testing.assert_allclose(rows, (clamped - clamped.mean(0)) / clamped.std(0), atol=1e-5)


def test_features_by_clip_forget_the_loudness_the_microphone_and_a_quiet_room():
    smooth = np.convolve(word(1e-4).samples, [0.5, 0.5])[:4800]
    clips = [word(1e-4), Clip(word(1e-4).samples * 8, 8000), Clip(smooth, 8000), word(1e-3)]
    own, louder, muffled, roomy = AudioFeatures.fit(clips, by_clip=True)(clips)
    np.testing.assert_allclose(own, louder, atol=1e-5)
    assert np.abs(own - muffled)[:, :20].mean() < 0.05
    assert np.abs(own - roomy).mean() < 0.05
    own, louder, muffled, roomy = AudioFeatures.fit(clips)(clips)
    assert min(np.abs(own - other).mean() for other in (louder, roomy)) > 0.25


def test_a_clip_without_any_change_is_zero():
    features = unscaled(by_clip=True)
    assert not features([Clip(np.zeros(1000), 8000)])[0].any()


def test_a_clip_shorter_than_a_window_has_frames_by_clip(refusal):
    features = AudioFeatures.fit([noise()], by_clip=True, stack=2)
    assert features([noise(80)])[0].shape == (1, 80)
    assert refusal(features, [noise(79, name="click.wav")]) == (
        "click.wav has 79 samples at 8000 a second, fewer than the 80 of one step; leave it out or use a "
        "longer clip"
    )
    assert AudioFeatures.fit([noise()], by_clip=True)([noise(1)])[0].shape == (1, 40)


# Steps


def test_frames_are_stacked_side_by_side_and_the_last_ones_left_out():
    clip = noise(200 + 6 * 80)
    frames = FITTED([clip])[0]
    assert frames.shape == (7, 40)
    stacked = replace(FITTED, stack=3)
    assert (stacked.size, stacked.mels, stacked.step_samples) == (120, 40, 360)
    np.testing.assert_array_equal(stacked([clip])[0], frames[:6].reshape(2, 120))
    fitted = AudioFeatures.fit([clip], stack=3)
    np.testing.assert_array_equal(fitted.scale.mean, AudioFeatures.fit([clip]).scale.mean)


def test_a_clip_has_the_same_bits_alone_and_among_others():
    clips = [noise(n, seed=n) for n in (200, 999, 12345)]
    together = FITTED(clips)
    for clip, rows in zip(clips, together):
        np.testing.assert_array_equal(FITTED([clip])[0], rows)


# Rates


def test_the_commonest_rate_is_taken_and_the_lower_of_two():
    low, high = noise(8000), noise(16000, 16000)
    assert AudioFeatures.fit([low, high, high]).rate == 16000
    assert AudioFeatures.fit([high, low]).rate == 8000
    assert AudioFeatures.fit([high], rate=8000).rate == 8000


def test_clips_of_another_rate_are_resampled_and_counted():
    n = np.arange(16000)
    tone = np.sin(2 * np.pi * (300 + n / 16) * n / 16000) * 0.3
    features = unscaled(mels=20)
    clips = [Clip(tone, 16000), Clip(tone[::2], 8000), noise(22050, 11025)]
    resampled, own, _ = features(clips)
    assert resampled.shape == own.shape
    low = slice(0, 15)
    np.testing.assert_allclose(resampled[5:-5, low], own[5:-5, low], atol=0.5)
    assert features.resampled(clips) == (
        "1 of 3 clips resampled from 11,025 to 8,000 samples a second.",
        "1 of 3 clips resampled from 16,000 to 8,000 samples a second.",
    )
    assert features.resampled(clips[1:2]) == ()


# Streams


@settings(max_examples=100, deadline=None)
@given(
    n=st.integers(200, 3000),
    cuts=st.lists(st.integers(0, 3000), max_size=40),
    hop=st.sampled_from([1.0, 3.3, 10.0, 25.0]),
    stack=st.integers(1, 3),
    rate=st.sampled_from([8000, 11025]),
    width=st.sampled_from([np.float32, np.float64]),
)
def test_a_stream_gives_the_bits_of_the_whole_clip_whatever_the_pieces(n, cuts, hop, stack, rate, width):
    features = AudioFeatures.fit([noise(rate=rate)], mels=20, hop=hop, stack=stack)
    clip = noise(max(n, features.step_samples), rate, seed=n)
    stream = FrameStream(features, rate=rate)
    pieces = np.split(clip.samples.astype(width), sorted(min(cut, len(clip.samples)) for cut in cuts))
    rows = [stream.push(piece) for piece in pieces]
    assert all(row.shape[1:] == (features.size,) and row.dtype == np.float32 for row in rows)
    np.testing.assert_array_equal(np.concatenate(rows), features([clip])[0])


def test_a_long_clip_has_the_bits_of_single_frames():
    clip = noise(8000 * 15)
    rows = FITTED([clip])[0]
    assert len(rows) > 1024
    for t in (0, 1, 1023, 1024, len(rows) - 1):
        alone = Clip(clip.samples[t * 80 : t * 80 + 200], 8000)
        np.testing.assert_array_equal(FITTED([alone])[0][0], rows[t])


def test_a_frame_is_given_as_soon_as_its_last_sample_is_there():
    stream = FrameStream(FITTED)
    assert stream.push(np.zeros(199)).shape == (0, 40)
    assert stream.push(np.zeros(1)).shape == (1, 40)
    assert stream.push(np.zeros(79)).shape == (0, 40)
    assert stream.push(np.zeros(0)).shape == (0, 40)
    assert stream.push(np.zeros(81)).shape == (2, 40)


def test_a_step_is_given_with_its_last_frame():
    stream = FrameStream(replace(FITTED, stack=2))
    assert stream.push(np.zeros(279)).shape == (0, 80)
    assert stream.push(np.zeros(1)).shape == (1, 80)
    assert stream.push(np.zeros(159)).shape == (0, 80)
    assert stream.push(np.zeros(1)).shape == (1, 80)


def test_a_stream_goes_on_from_its_state():
    samples = noise().samples
    stream = FrameStream(FITTED)
    stream.push(samples[:1234])
    state = stream.state()
    expected = stream.push(samples[1234:])
    other = FrameStream(FITTED)
    other.restore(state)
    np.testing.assert_array_equal(other.push(samples[1234:]), expected)
    assert list(state) == ["samples"]


def test_what_a_stream_refuses_it_does_not_take(refusal):
    stream, clean = FrameStream(FITTED), FrameStream(FITTED)
    samples = noise().samples
    stream.push(samples[:150]), clean.push(samples[:150])
    assert refusal(stream.push, np.array([0, np.inf])) == "samples must be finite, got inf at sample 1"
    assert refusal(stream.push, np.zeros((3, 2))) == (
        "samples must have shape (n,), one channel, got (3, 2); average the channels"
    )
    assert refusal(stream.push, np.zeros(3, np.int16)) == (
        "samples must be floats from -1 to 1, got dtype int16; divide integer samples by their full scale"
    )
    np.testing.assert_array_equal(stream.push(samples[150:]), clean.push(samples[150:]))


def test_a_stream_of_another_rate_is_refused(refusal):
    assert refusal(FrameStream, FITTED, rate=16000) == (
        "the stream has 16000 samples a second and the model 8000; a stream is not resampled, record it "
        "at 8000"
    )


@pytest.mark.parametrize("by_clip", [False, True])
@pytest.mark.parametrize("stack", [1, 3])
def test_a_click_is_loudest_in_the_step_whose_time_is_nearest(by_clip, stack):
    features = unscaled(stack=stack, by_clip=by_clip)
    for at in (1000, 1777, 3000):
        samples = np.zeros(4000, np.float32)
        samples[at] = 1.0
        energies = features([Clip(samples, 8000)])[0].reshape(-1, stack * 40).sum(axis=1)
        times = features.times(np.arange(len(energies)))
        assert abs(times[energies.argmax()] - at / 8000) <= (stack / 2 + 0.5) * 0.01
    assert features.times(np.array([0])) == (0 if by_clip else 0.0125) + (stack - 1) * 0.005


def test_features_by_clip_are_not_streamed(refusal):
    assert refusal(FrameStream, AudioFeatures.fit([noise()], by_clip=True)) == (
        "features with by_clip=True need a whole clip and cannot be streamed; fit with by_clip=False"
    )


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "the state of a stream of frames must have one array, samples"),
        (
            {"samples": np.zeros(200, np.float32)},
            "the samples of the state must be fewer than the 200 of one step, got 200",
        ),
        ({"samples": np.array([np.nan])}, "the samples of the state must be finite, got nan at sample 0"),
    ],
)
def test_what_is_no_state_is_refused(refusal, state, message):
    assert refusal(FrameStream(FITTED).restore, state) == message


# Storing, and refusals


def test_a_round_trip_through_json_or_pickle_gives_the_same_bits():
    features = AudioFeatures.fit(
        [noise(16000, 16000)], mels=30, window=32.0, hop=16.0, stack=2, by_clip=True, dynamic_range=40.0
    )
    clips = [noise(16000, 16000, seed=9)]
    back = AudioFeatures.from_dict(json.loads(json.dumps(features.to_dict())))
    np.testing.assert_array_equal(back(clips)[0], features(clips)[0])
    copied = pickle.loads(pickle.dumps(features))  # noqa: S301 - as joblib does
    np.testing.assert_array_equal(copied(clips)[0], features(clips)[0])


@pytest.mark.parametrize(
    ("clips", "options", "message"),
    [
        ([], {}, "there are no clips to learn from; give at least one"),
        (
            [noise(), noise(199, name="short.wav")],
            {},
            "short.wav has 199 samples at 8000 a second, fewer than the 200 of one step; leave it out or "
            "use a longer clip",
        ),
        (
            [noise(279, name="short.wav")],
            {"stack": 2},
            "short.wav has 279 samples at 8000 a second, fewer than the 280 of one step; leave it out or "
            "use a longer clip",
        ),
        ([noise()], {"mels": 0}, "mels must be a whole number of at least 1, got 0"),
        ([noise()], {"mels": 257}, "mels must be at most 256, got 257"),
        (
            [noise()],
            {"mels": 128},
            "mels=128 is too many for 8000 samples a second: 6 of them would hold no frequency of a "
            "transform of 256 samples; use fewer, or a longer window",
        ),
        ([noise()], {"window": 0}, "window must be a finite number above 0, got 0"),
        ([noise()], {"hop": float("nan")}, "hop must be a finite number above 0, got nan"),
        (
            [noise()],
            {"hop": 30.0},
            "window must be from hop to 100 milliseconds, got window=25 and hop=30",
        ),
        (
            [noise()],
            {"window": 101.0},
            "window must be from hop to 100 milliseconds, got window=101 and hop=10",
        ),
        ([noise()], {"hop": 0.01}, "hop=0.01 milliseconds is less than one sample at 8000 a second"),
        ([noise()], {"stack": 0}, "stack must be a whole number of at least 1, got 0"),
        ([noise()], {"stack": 17}, "stack must be at most 16, got 17"),
        ([noise()], {"by_clip": 1}, "by_clip must be True or False, got 1"),
        ([noise()], {"dynamic_range": 0}, "dynamic_range must be a finite number above 0, got 0"),
        (
            [noise()],
            {"rate": 10},
            "rate must be a whole number from 1000 to 384000 samples a second, got 10",
        ),
    ],
)
def test_features_that_cannot_be_made_are_refused(refusal, clips, options, message):
    assert refusal(AudioFeatures.fit, clips, **options) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": 1}, NO_FEATURES),
        ({"scale": None}, "the scales of a series must be an object with mean and deviation"),
        (
            {"rate": 10**12},
            "rate must be a whole number from 1000 to 384000 samples a second, got 1000000000000",
        ),
        ({"stack": True}, "stack must be a whole number of at least 1, got True"),
        ({"window": "25"}, "window must be a finite number above 0, got '25'"),
        ({"scale": {"mean": [0] * 5000, "deviation": [1] * 5000}}, "mels must be at most 256, got 5000"),
    ],
)
def test_fields_that_are_no_features_are_refused(refusal, change, message):
    assert refusal(AudioFeatures.from_dict, {**FITTED.to_dict(), **change}) == message


def test_fields_that_are_no_object_are_refused(refusal):
    assert refusal(AudioFeatures.from_dict, [1]) == NO_FEATURES


def test_the_features_of_three_thousand_real_clips_take_seconds(real_data):
    clips = read_clips(real_data / "audio" / "free-spoken-digits.zip")
    start = time.process_time()
    features = AudioFeatures.fit(clips)
    rows = features(clips)
    assert time.process_time() - start < 10
    together = np.concatenate(rows).astype(np.float64)
    assert together.shape == (125237, 40)
    np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(together.std(axis=0), 1, rtol=1e-5)
