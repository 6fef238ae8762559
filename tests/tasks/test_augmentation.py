"""Clips varied in training: what each change does, what a seed fixes, and where nothing is varied."""

import numpy as np
import pytest
import torch

from recurra._base.errors import InputError
from recurra.data import AudioFeatures, Clip
from recurra.tasks import SequenceClassifier, SequenceRegressor, SequenceTagger
from recurra.tasks.augmentation import augmented, interpolated, one_run, stretched, warped
from recurra.training import BatchEnd, EpochEnd


def tone(frequency, n, seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.01, n)
    return Clip((noise + 0.3 * np.sin(2 * np.pi * frequency / 8000 * np.arange(n))).astype(np.float32), 8000)


CLIPS = [tone(300 + 1700 * (i % 2), 1200 + 60 * i, i) for i in range(24)]
LABELS = ["low", "high"] * 12
FEATURES = AudioFeatures.fit(CLIPS, stack=2, by_clip=True)


def batch(rows=8):
    x = torch.nn.utils.rnn.pad_sequence([*map(torch.from_numpy, FEATURES(CLIPS[:rows]))], batch_first=True)
    return x, torch.tensor([len(one) for one in FEATURES(CLIPS[:rows])])


def varied(seed):
    torch.manual_seed(seed)
    return augmented(*batch(), FEATURES)


def test_no_time_is_masked_where_that_is_not_asked_for():
    x, lengths = batch()
    ones = torch.ones_like(x)
    torch.manual_seed(0)
    frames, paced = augmented(ones, lengths, FEATURES, masked_time=0.0)
    for own, length in zip(frames.unflatten(2, (FEATURES.stack, FEATURES.mels)), paced):
        assert (own[:length] == own[0, 0]).all()  # the same bands in every frame
    torch.manual_seed(0)
    masked, _ = augmented(ones, lengths, FEATURES)
    assert any((own[:length].sum(dim=1) == 0).any() for own, length in zip(masked, paced))


def test_interpolation_is_linear_and_exact_on_steps():
    x = torch.randn(2, 5, 3)
    np.testing.assert_array_equal(interpolated(x, torch.arange(5.0).expand(2, 5)), x)
    got = interpolated(x, torch.tensor([[0.25], [4.0]]))
    torch.testing.assert_close(got[0, 0], 0.75 * x[0, 0] + 0.25 * x[0, 1])
    np.testing.assert_array_equal(got[1, 0], x[1, 4])


def test_stretching_keeps_both_ends_and_reads_no_padding():
    frames = torch.arange(6.0).expand(3, 6)[:, :, None].clone()
    frames[1, 3:] = 1e9
    got = stretched(frames, torch.tensor([6, 3, 6]), torch.tensor([11, 5, 1]))
    assert got.shape == (3, 11, 1)
    np.testing.assert_array_equal(got[0, :, 0], np.arange(11) / 2)
    np.testing.assert_array_equal(got[1, :5, 0], np.arange(5) / 2)
    assert got[2, 0, 0] == 0


def test_warping_moves_a_tone_to_where_its_frequency_is():
    features = AudioFeatures.fit(CLIPS)
    tones = torch.from_numpy(np.stack(features([tone(1000, 1000), tone(1100, 1000), tone(900, 1000)])))
    tones = tones.clamp(min=0.5)
    peaks = lambda frames: frames.mean(1).argmax(1).tolist()  # noqa: E731
    own, higher, lower = peaks(tones)
    assert lower < own < higher
    warped_tones = warped(tones[[0, 0, 0]], torch.tensor([1.0, 1 / 1.1, 1 / 0.9]), 8000)
    assert peaks(warped_tones) == [own, higher, lower]
    torch.testing.assert_close(warped_tones[0], tones[0], atol=1e-4, rtol=0)


def test_a_run_is_one_run_of_no_more_than_its_share():
    torch.manual_seed(0)
    lengths = torch.randint(1, 50, (2000,))
    runs = one_run(lengths, 0.2, 50)
    assert not (runs & (torch.arange(50) >= lengths[:, None])).any()
    assert (runs.sum(1) <= 0.2 * lengths + 1).all()
    assert ((runs[:, 1:] & ~runs[:, :-1]).sum(1) + runs[:, 0] <= 1).all()
    torch.testing.assert_close(runs.sum(1).double().mean(), 0.1 * lengths.double().mean(), rtol=0.05, atol=0)


def test_clips_vary_in_pace_by_no_more_than_a_fifth_and_keep_their_width():
    x, lengths = batch()
    seen = set()
    for seed in range(20):
        got, paced = varied(seed)
        assert got.shape == (8, int(paced.max()), 80)
        assert got.dtype == torch.float32
        assert paced.dtype == torch.int64
        assert got.isfinite().all()
        assert (paced >= (lengths / 1.2).floor()).all()
        assert (paced <= (lengths * 1.2).ceil()).all()
        seen |= set((paced - lengths).tolist())
    assert {-1, 1} <= seen <= {-2, -1, 0, 1, 2}
    torch.testing.assert_close(got.mean(), x.mean(), atol=0.2, rtol=0)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    (one, lengths), (same, same_lengths), (other, _) = varied(0), varied(0), varied(1)
    assert torch.equal(one, same)
    assert torch.equal(lengths, same_lengths)
    assert one.shape != other.shape or not torch.equal(one, other)


def test_a_clip_of_one_step_stays_one():
    x = torch.randn(4, 1, 80)
    got, lengths = augmented(x, torch.ones(4, dtype=torch.int64), FEATURES)
    assert got.shape == (4, 1, 80)
    assert lengths.tolist() == [1] * 4


# In the estimators


def classifier(**options):
    return SequenceClassifier(hidden_size=4, num_layers=1, epochs=3, batch_size=8, **options)


def tensors(estimator):
    return estimator.artifact_.tensors


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_classes_of_clips_are_learnt_from_varied_clips_unless_told_otherwise():
    by_default, on, off = (classifier(augment=augment).fit(CLIPS, LABELS) for augment in (None, True, False))
    assert same(tensors(by_default), tensors(on))
    assert not same(tensors(by_default), tensors(off))


def test_numbers_are_learnt_from_clips_as_they_are_unless_told_otherwise():
    lengths = [float(len(clip.samples)) for clip in CLIPS]
    by_default, on, off = (
        SequenceRegressor(hidden_size=4, num_layers=1, epochs=2, augment=augment).fit(CLIPS, lengths)
        for augment in (None, True, False)
    )
    assert same(tensors(by_default), tensors(off))
    assert not same(tensors(by_default), tensors(on))


def test_the_validation_part_is_not_varied(monkeypatch):
    seen = []

    def recorded(x, lengths, features):
        seen.append(x)
        return augmented(x, lengths, features)

    monkeypatch.setattr("recurra.tasks.sequence_estimator.augmented", recorded)
    given = {"X": CLIPS[:16], "y": LABELS[:16], "validation": (CLIPS[16:], LABELS[16:])}
    epochs = []
    fitted = classifier().fit(**given, on_event=epochs.append)
    assert len(seen) == 3 * 2
    losses = [event.validation_loss for event in epochs if isinstance(event, EpochEnd)]
    logits = fitted.model_.outputs(fitted.model_.read(CLIPS[16:]))
    targets = torch.tensor([list(fitted.classes_).index(label) for label in LABELS[16:]])
    loss = torch.nn.functional.cross_entropy(torch.tensor(np.array(logits)), targets)
    assert min(losses) == pytest.approx(loss.item(), abs=1e-5)


def test_a_run_that_goes_on_has_the_bits_of_one_that_is_never_interrupted(tmp_path):
    def kill(event):
        if isinstance(event, BatchEnd) and event.epoch == 2:
            raise RuntimeError("killed")

    whole = classifier().fit(CLIPS, LABELS)
    path = tmp_path / "run.safetensors"
    with pytest.raises(RuntimeError, match="killed"):
        classifier().fit(CLIPS, LABELS, checkpoint=path, on_event=kill)
    resumed = classifier().fit(CLIPS, LABELS, checkpoint=path, resume=True)
    assert same(tensors(whole), tensors(resumed))


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (
            lambda: classifier(augment="yes").fit(CLIPS, LABELS),
            "augment must be True, False or None, got 'yes'",
        ),
        (
            lambda: classifier(augment=True).fit(np.zeros((4, 5, 1)), [0, 1, 0, 1]),
            "augment is for audio, got True with sequences of kind 'series'; leave it out",
        ),
        (
            lambda: SequenceTagger(augment=True).fit(CLIPS, [[label] for label in LABELS]),
            "augment must be False or None where each step has a label, which a change of pace would shift, "
            "got True",
        ),
    ],
)
def test_what_cannot_be_varied_is_refused(fit, message):
    with pytest.raises(InputError) as error:
        fit()
    assert str(error.value) == message
