"""What holds for every estimator, of every kind of sequences: one contract."""

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import recurra
from recurra._base.errors import ArtifactError, InputError
from tests.contracts.estimators import ANSWERED, CASES, CAUSAL, LABELLED
from tests.contracts.inputs import language_outputs, transcripts, translations


@functools.cache
def fitted(name: str) -> Any:
    """Shared by the tests, which leave it as it is."""
    return CASES[name].fit()


def outputs(model: Any, X: Any) -> list[np.ndarray]:
    """All numbers that a model or an estimator gives for ``X``."""
    if hasattr(model, "predict_quantiles"):
        return [model.predict_quantiles(X)]
    if hasattr(model, "generate"):
        return language_outputs(model, X)
    if hasattr(model, "transcribe"):
        return transcripts(model, X)
    if hasattr(model, "translate"):
        return translations(model, X)
    try:
        return [np.concatenate(model.predict_proba(X)), np.concatenate(model.predict(X), axis=None)]
    except AttributeError:
        return [model.predict(X).quantiles]
    except InputError:  # a conditional random field has no probabilities
        return [np.concatenate(model.predict(X), axis=None)]
    except ValueError:
        return [model.predict_proba(X), model.predict(X)]


def assert_same_bits(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", CASES)
def test_fit_gives_itself_metrics_and_baselines(name):
    estimator = fitted(name)
    assert estimator.metrics_ == estimator.evaluation_.to_dict()["metrics"]
    assert estimator.baselines_
    assert all(scores.keys() == estimator.metrics_.keys() for scores in estimator.baselines_.values())
    failed = estimator.artifact_.card["failed_baselines"]
    assert failed.keys() == ({"seasonal naive"} if name == "forecast" else set())  # rows have no season
    assert len(estimator.history_["epochs"]) == 2
    assert estimator.artifact_.task == estimator.model_.task


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_kept_copied_and_set(name):
    case = CASES[name]
    estimator = case.make()
    copy = clone(fitted(name))
    assert copy.get_params() == estimator.get_params()
    assert not hasattr(copy, "model_")
    assert copy.set_params(hidden_size=-5) is copy
    assert copy.get_params()["hidden_size"] == -5
    assert f"seed={estimator.seed}" in repr(estimator)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", ["predict", "evaluate", "score", "save", "stream"])
def test_not_fitted(name, method, tmp_path):
    estimator = CASES[name].make()
    if not hasattr(estimator, method):
        pytest.skip(f"it has no {method}")
    arguments = {"save": [tmp_path / "m"], "stream": []}.get(method, [CASES[name].X])
    if method == "score" and CASES[name].answered:
        arguments = [CASES[name].X, CASES[name].y]
    with pytest.raises(NotFittedError) as raised:
        getattr(estimator, method)(*arguments)
    assert str(raised.value) == (
        f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments "
        "before using this estimator."
    )


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_gives_the_same_file_whatever_was_fitted_before(name, tmp_path):
    first = fitted(name)
    again = CASES[name].fit(seed=4)
    assert again.model_.fingerprint != first.model_.fingerprint
    again.set_params(seed=first.seed)
    CASES[name].refit(again)
    first.save(tmp_path / "first")
    again.save(tmp_path / "again")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()


@pytest.mark.parametrize("name", CASES)
def test_a_loaded_estimator_is_the_one_that_was_saved(name, tmp_path):
    first, case = fitted(name), CASES[name]
    first.save(tmp_path / "first")
    loaded = type(first).load(tmp_path / "first")
    assert loaded.get_params() == first.get_params()
    assert (loaded.metrics_, loaded.baselines_) == (first.metrics_, first.baselines_)
    assert loaded.history_ == first.history_
    assert_same_bits(outputs(loaded, case.X), outputs(first, case.X))
    loaded.save(tmp_path / "again")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()


PREDICTING = """
import sys
import numpy as np
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "lightning_fabric", "sklearn"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
import recurra
from recurra.data import Clip
from tests.contracts.inputs import digest, inputs
folder = sys.argv[1]
for name in sys.argv[2:]:
    model = recurra.load(f"{folder}/{name}")
    print(digest(model, inputs(f"{folder}/{name}.npz")))
"""


def test_a_process_without_pytorch_predicts_the_same_bits(tmp_path):
    from tests.contracts.inputs import digest, inputs, write_inputs

    expected = []
    for i, name in enumerate(CASES):
        fitted(name).save(tmp_path / str(i))
        write_inputs(CASES[name].X, tmp_path / f"{i}.npz")
        expected.append(digest(fitted(name), inputs(tmp_path / f"{i}.npz")))
    names = [str(i) for i in range(len(CASES))]
    command = [sys.executable, "-c", PREDICTING, str(tmp_path), *names]
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    assert done.stdout.split() == expected


@pytest.mark.parametrize("name", LABELLED)
def test_a_sequence_alone_has_the_bits_that_it_has_among_others(name):
    model, X = fitted(name).model_, CASES[name].X
    among = model.outputs(model.read(X))
    alone = [model.outputs(model.read([x]))[0] for x in X]
    backwards = model.outputs(model.read(X[::-1]), threads=2)[::-1]
    assert_same_bits(alone, among)
    assert_same_bits(backwards, among)


def answers(model: Any, X: list[Any]) -> list[np.ndarray]:
    """What a stream of the model says after each step, or where a sequence has one label after the last."""
    match model.task:
        case "regress":
            return list(model.predict_quantiles(X))
        case "transcribe":
            return [own.probabilities for own in model.transcribe(X)]
        case _:
            return list(model.predict_proba(X))


def steps_of(kind: str, model: Any, x: Any) -> list[Any]:
    return model.features.tokens(x) if kind == "text" else list(x)


def prefix(kind: str, model: Any, x: Any, count: int) -> Any:
    if kind == "text":
        glue = "" if model.features.level == "char" else " "
        return glue.join(model.features.tokens(x)[:count])
    return x[:count]


@pytest.mark.parametrize("name", [name for name in CAUSAL if "audio" not in name])
def test_a_step_has_the_bits_of_the_sequence_up_to_it(name):
    model, x = fitted(name).model_, CASES[name].X[0]
    stream = model.stream()
    for t, step in enumerate(steps_of(model.kind, model, x), start=1):
        got = stream.step(step)
        if t == 2:
            stream = model.stream(stream.state())
        whole = answers(model, [prefix(model.kind, model, x, t)])[0]
        np.testing.assert_array_equal(got, whole if model.pools else whole[-1])
    stream.reset()
    np.testing.assert_array_equal(
        stream.step(steps_of(model.kind, model, x)[0]), model.stream().step(steps_of(model.kind, model, x)[0])
    )


@pytest.mark.parametrize("name", [name for name in CAUSAL if "audio" in name])
def test_pushed_samples_have_the_bits_of_the_clip(name):
    model, clip = fitted(name).model_, CASES[name].X[0]
    stream, got = model.stream(), []
    for i, piece in enumerate(np.array_split(clip.samples, 7)):
        got.extend(stream.push(piece))
        if i == 3:
            stream = model.stream(stream.state())
    whole = answers(model, [clip])[0]
    np.testing.assert_array_equal(got[-1] if model.pools else got, whole)


STREAMING = """
import sys
import recurra
model = recurra.load(sys.argv[1])
stream = model.stream(open(sys.argv[2], "rb").read())
print(stream.step(sys.argv[3]).tobytes().hex())
"""


def test_a_state_goes_on_in_another_process(tmp_path):
    estimator = fitted("tag tokens, causal")
    estimator.save(tmp_path / "model")
    stream = estimator.stream()
    stream.step("good")
    (tmp_path / "state").write_bytes(stream.state())
    command = [sys.executable, "-c", STREAMING, tmp_path / "model", tmp_path / "state", "film"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == stream.step("film").tobytes().hex()


@pytest.mark.parametrize("name", LABELLED)
def test_a_model_that_reads_both_ways_or_decides_at_the_end_has_no_stream(name):
    if name in CAUSAL:
        fitted(name).stream()
        return
    with pytest.raises(InputError) as raised:
        fitted(name).stream()
    decides_late = (
        "a stream needs a model without a conditional random field, which decides once all steps are in; "
        "fit with crf=False and bidirectional=False"
    )
    both_ways = (
        "a stream needs layers in one direction, but 'encoder' is bidirectional; give it whole sequences"
    )
    assert str(raised.value) == (decides_late if "crf" in name else both_ways)


@pytest.mark.parametrize("name", ANSWERED)
def test_a_resumed_run_gives_the_same_bits(name, tmp_path):
    case, whole = CASES[name], fitted(name)
    path = tmp_path / "run"

    def stop(event: Any) -> None:
        if type(event).__name__ == "EpochEnd" and event.epoch == 2:
            raise KeyboardInterrupt

    parts = {"validation": case.validation, "test": case.test, "checkpoint": path}
    with pytest.raises(KeyboardInterrupt):
        case.make().fit(case.X, case.y, on_event=stop, **parts)
    resumed = case.make().fit(case.X, case.y, resume=True, **parts)
    assert resumed.model_.fingerprint == whole.model_.fingerprint


def test_a_run_does_not_go_on_with_other_weights(tmp_path):
    case = CASES["classify series"]
    parts = {"validation": case.validation, "checkpoint": tmp_path / "run"}
    case.make().fit(case.X, case.y, **parts)
    with pytest.raises(InputError) as raised:
        case.make().fit(case.X, case.y, sample_weight=np.arange(1, 25), resume=True, **parts)
    assert str(raised.value) == (
        f"{tmp_path / 'run'} is the checkpoint of a run on other data; give the same data, or start without "
        "resume"
    )


@pytest.mark.parametrize("name", LABELLED)
def test_a_sequence_that_weighs_nothing_is_as_if_it_were_not_there(name):
    case = CASES[name]
    weights = np.ones(len(case.X))
    weights[[1, 7]] = 0
    left = [i for i in range(len(case.X)) if weights[i]]
    some = case.make().fit(case.X, case.y, sample_weight=weights)
    other = case.make().fit([case.X[i] for i in left], [case.y[i] for i in left], sample_weight=2)
    assert some.model_.fingerprint == other.model_.fingerprint


@pytest.mark.parametrize("name", LABELLED)
def test_groups_are_whole_in_one_part(name):
    case = CASES[name]
    groups = [f"g{i // 3 % 4}" for i in range(len(case.X))]
    parts = case.make(validation_share=0.25).fit(case.X, case.y, groups=groups).parts_
    assert set(parts["training"].groups).isdisjoint(parts["validation"].groups)
    assert len(parts["training"]) + len(parts["validation"]) == len(case.X)
    assert parts["test"] is None


@pytest.mark.parametrize("name", CASES)
def test_damaged_files_are_refused(name, tmp_path):
    fitted(name).save(tmp_path / "good")
    good = (tmp_path / "good").read_bytes()
    bad = tmp_path / "bad"
    header = int.from_bytes(good[:8], "little")
    for data in (good[:-1], good[: 8 + header // 2], good[:-5] + b"12345", good + b"1", b"", b"no model"):
        bad.write_bytes(data)
        for load in (recurra.load, type(fitted(name)).load):
            with pytest.raises(ArtifactError) as raised:
                load(bad)
            assert str(raised.value).startswith(f"{bad}: ")


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_another_task_is_refused(name, tmp_path):
    fitted(name).save(tmp_path / "model")
    others = {type(fitted(other)) for other in CASES} - {type(fitted(name))}
    for other in others:
        with pytest.raises(ArtifactError) as raised:
            other.load(tmp_path / "model")
        assert str(raised.value) == (
            f"{tmp_path / 'model'} does not hold the settings of a {other.__name__}; use recurra.load to "
            "predict with it"
        )


@pytest.mark.parametrize(
    "name",
    [
        "forecast",
        "classify words of texts",
        "regress audio",
        "tag tokens, crf",
        "transcribe audio",
        "translate characters",
        "write words",
        "write music",
    ],
)
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1, got 0"),
        ({"num_layers": 1.5}, "num_layers must be a whole number of at least 1, got 1.5"),
        ({"epochs": "2"}, "epochs must be a whole number of at least 1, got '2'"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"learning_rate": 0}, "learning_rate must be a finite number above 0, got 0"),
        ({"clip_norm": -1}, "clip_norm must be a finite number above 0, got -1"),
        ({"cell": "lsm"}, "cell must be one of rnn, lstm, gru, got 'lsm'; did you mean 'lstm'?"),
        ({"seed": -1}, "seed must be a whole number from 0 to 2**63 - 1, got -1"),
    ],
    ids=str,
)
def test_wrong_settings_are_named(name, setting, message):
    case = CASES[name]
    with pytest.raises(InputError) as raised:
        case.fit(**setting)
    assert str(raised.value) == message


def test_the_card_is_json_without_numpy():
    for name in CASES:
        json.dumps(fitted(name).artifact_.card, allow_nan=False)
