"""A checkpoint that is damaged, hostile or of another run is refused in one line, and changes nothing."""

import hashlib
import json
import os
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

from recurra._base.errors import ArtifactError, InputError
from recurra.artifact import load
from recurra.training import BatchEnd, TrainingSettings, checkpoint, loop, train

KEY = "recurra-checkpoint"
AGAIN = "restore it from a copy, or start without resume"


class Rows:
    def __init__(self, rows: int, seed: int) -> None:
        self.x = torch.randn(rows, 3, generator=torch.Generator().manual_seed(seed))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.x[index], self.x[index].sum(dim=1)


def squares(network, x, y):
    return ((network(x).squeeze(1) - y) ** 2).sum(), torch.tensor(len(y))


def model(dropout: float = 0.5) -> torch.nn.Module:
    layers = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(dropout), torch.nn.Linear(4, 1))
    for i, weight in enumerate(layers.parameters()):
        torch.nn.init.constant_(weight, 0.1 * (i + 1))
    return layers


def run(path: Path, *, network=None, training=None, on_event=None, resume=True, **options):
    settings = {name: options.pop(name) for name in list(options) if hasattr(TrainingSettings, name)}
    settings = {"epochs": 4, "batch_size": 8, "average": 0.5} | settings
    parts = training or Rows(40, 0), Rows(10, 1)
    network = network or model()
    options = {"checkpoint": path, "resume": resume, "on_event": on_event} | options
    return train(network, squares, *parts, TrainingSettings(**settings), **options)


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """The checkpoint of a run that was interrupted in epoch 2, after two of its five batches."""
    path, minute = tmp_path / "run.safetensors", [0.0]

    def stop(event):
        minute[0] += 60
        if isinstance(event, BatchEnd) and (event.epoch, event.batch) == (2, 3):
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "monotonic", lambda: minute[0])
    with pytest.raises(KeyboardInterrupt):
        run(path, on_event=stop, resume=False)
    return path


def contents(path: Path) -> tuple[dict, dict[str, torch.Tensor]]:
    with safetensors.safe_open(path, "pt") as file:
        return json.loads(file.metadata()[KEY]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def forge(path: Path, fields: object, tensors: dict[str, torch.Tensor]) -> None:
    """Write the file anew, with a checksum that is right."""
    if isinstance(fields, dict):
        fields = {name: value for name, value in fields.items() if name != "checksum"}
        fields["checksum"] = checkpoint._checksum(fields, tensors)
    safetensors.torch.save_file(tensors, path, metadata={KEY: json.dumps(fields)})


def refusal(path: Path, kind: type[Exception] = ArtifactError, **options) -> str:
    """The message, of one line, with which resuming is refused; nothing may have changed."""
    network, before, random = model(), path.read_bytes() if path.is_file() else None, torch.get_rng_state()
    with pytest.raises(kind) as raised:
        run(path, **{"network": network} | options)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(one, two) for one, two in zip(network.parameters(), model().parameters()))
    assert before is None or path.read_bytes() == before
    message = str(raised.value)
    assert message.isprintable()
    assert len(message) < 500
    prefix = f"{path}: " if kind is ArtifactError else f"{path} "
    assert message.startswith(prefix)
    return message.removeprefix(prefix)


def test_the_file_has_what_its_description_says(path):
    fields, tensors = contents(path)
    assert set(fields) == {"format", "run", "epochs", "seconds", "stopped", "checksum"}
    weights = {"0.weight", "0.bias", "2.weight", "2.bias"}
    states = ("model", "best", "average", "adam.step", "adam.exp_avg", "adam.exp_avg_sq")
    names = {f"{state}.{name}" for state in states for name in weights}
    assert set(tensors) == names | {"random", "drawn_from", "learnt"}
    assert tensors["learnt"].shape == (2, 4)
    assert tensors["random"].dtype == torch.uint8
    run(path)


def test_a_file_that_was_forged_alike_is_taken(path):
    """What the refusals below start from."""
    forge(path, *contents(path))
    run(path)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("learning_rate", 0.01, "learning_rate 0.001, not 0.01"),
        ("epochs", 5, "epochs 4, not 5"),
        ("batch_size", 4, "batch_size 8, not 4"),
        ("seed", 1, "seed 0, not 1"),
        ("max_seconds", 60, "max_seconds None, not 60.0"),
        ("schedule", "cosine", "schedule 'constant', not 'cosine'"),
        ("average", 0.0, "average 0.5, not 0.0"),
        ("validate", lambda model: 1.0, "validate False, not True"),
    ],
)
def test_other_settings_are_refused(path, setting, value, words):
    assert refusal(path, InputError, **{setting: value}) == (
        f"is the checkpoint of a run with {words}; give the same settings, or start without resume"
    )


@pytest.mark.parametrize(
    "other",
    [
        lambda: model(dropout=0.4),
        lambda: torch.nn.Sequential(torch.nn.Linear(3, 1)),
        lambda: model().double(),
        lambda: torch.nn.Sequential(*model(), torch.nn.Tanh()),
    ],
)
def test_another_model_is_refused(path, other):
    with pytest.raises(InputError) as raised:
        run(path, network=other())
    assert str(raised.value) == (
        f"{path} is the checkpoint of a run of another model; give the same model, or start without resume"
    )


@pytest.mark.parametrize("options", [{"training": Rows(39, 0)}, {"fingerprint": "other"}])
def test_other_data_are_refused(path, options):
    assert refusal(path, InputError, **options) == (
        "is the checkpoint of a run on other data; give the same data, or start without resume"
    )


def test_a_missing_file_is_refused(tmp_path):
    assert refusal(tmp_path / "none") == ("there is no such file; check the path, or start without resume")


def test_a_path_that_cannot_be_written_is_refused_before_training(tmp_path):
    folder, events = tmp_path / "folder", []
    with pytest.raises(InputError) as raised:
        run(folder / "run", resume=False, on_event=events.append)
    assert str(raised.value) == (
        f"{folder / 'run'} cannot be written: the folder {folder} does not exist; create it first"
    )
    assert events == []


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError) as raised:
        run(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path} is a folder; give a file name, such as {tmp_path / 'model.safetensors'}"
    )


def test_every_truncation_is_refused(path):
    data = path.read_bytes()
    for length in [*range(64), *range(64, len(data), 97), len(data) - 1]:
        path.write_bytes(data[:length])
        refusal(path)
    path.write_bytes(data[: len(data) // 2])
    assert refusal(path).startswith(("the file is cut off", "the checkpoint is damaged"))


def test_every_altered_byte_is_refused(path):
    """One bit of a good many bytes: of the header's length, the header and the tensors."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    for place in [*range(8), *range(8, start, 11), *range(start, len(data), 97)]:
        altered = bytearray(data)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        try:
            run(path)
        except (ArtifactError, InputError) as error:
            assert str(error).isprintable()  # noqa: PT017
        else:
            # A change of the JSON's layout, such as a space for a control character, tells nothing else.
            assert contents(path)[0]["checksum"]
            assert place < start


def test_an_altered_tensor_is_told_by_the_checksum(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert refusal(path) == f"the contents do not match their checksum; {AGAIN}"


def test_a_model_file_is_no_checkpoint(path, tmp_path):
    safetensors.torch.save_file({"w": torch.zeros(2)}, path, metadata={"recurra": "{}"})
    assert refusal(path) == (
        "a safetensors file, but not a checkpoint; give a file that recurra fit has written"
    )


def test_a_checkpoint_is_no_model_file(path):
    with pytest.raises(ArtifactError) as raised:
        load(path)
    assert str(raised.value) == (
        f"{path}: a safetensors file, but not a Recurra model; give a file that recurra fit has written"
    )


def test_a_pickle_is_never_read(path):
    class Bomb:
        def __reduce__(self):
            return os.abort, ()

    torch.save({"model": Bomb()}, path)
    assert refusal(path) == "not a safetensors file; give a file that recurra fit has written"


def test_another_format_is_refused(path):
    fields, tensors = contents(path)
    forge(path, fields | {"format": 1}, tensors)
    assert refusal(path) == (
        "written by another version of Recurra (format 1, this one reads 2); start without resume"
    )


EPOCH = {"epoch": 1, "loss": 1.0, "validation_loss": 1.0, "gradient_norm": 1.0, "is_best": True}
EPOCH |= {"learning_rate": 0.001, "seconds": 1.0, "score": None}
SIGNS = {"gradient_norm_max": 1.0, "clipped_norm": 1.0, "clipped": 0.0, "weight_norm": 1.0}
SIGNS |= {
    "spectral_radius": {"a.weight_hh_l0": {"h": 1.0}},
    "dead_units": {"a.h_l0": 0.5},
    "saturated_units": {},
}
EPOCH["signs"] = SIGNS


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ([], "the description"),
        (None, "the description"),
        ({"extra": 1}, "the description"),
        ({"seconds": "1"}, "the description"),
        ({"seconds": 1}, "the description"),
        ({"epochs": {}}, "the description"),
        ({"stopped": None}, "the description"),
        ({"run": {}}, "the run"),
        ({"run": {"settings": [], "model": "", "data": ""}}, "the run"),
        ({"epochs": [7]}, "epoch 1"),
        ({"epochs": [EPOCH | {"loss": None}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"epoch": 2}]}, "epoch 1"),
        ({"epochs": [EPOCH, EPOCH]}, "epoch 2"),
        ({"epochs": [EPOCH | {"more": 1}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"score": "low"}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"signs": []}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"signs": SIGNS | {"more": 1.0}}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"signs": SIGNS | {"clipped": "0"}}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"signs": SIGNS | {"spectral_radius": []}}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"signs": SIGNS | {"spectral_radius": {"a.weight_hh_l0": 1.0}}}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"signs": SIGNS | {"dead_units": {"a.h_l0": None}}}]}, "epoch 1"),
        ({"epochs": [EPOCH | {"score": 1.0}]}, "its epochs"),
        ({"epochs": [EPOCH | {"is_best": False}]}, "its epochs"),
        ({"epochs": [EPOCH | {"epoch": i} for i in range(1, 5)]}, "its epochs"),  # none is left to do
        ({"epochs": []}, "'best.0.bias'"),
        ({"stopped": "early"}, "its epochs"),  # within an epoch
        ({"stopped": "\x1b[2J"}, "its epochs"),
    ],
)
def test_a_hostile_description_is_refused(path, changes, what):
    fields, tensors = contents(path)
    forge(path, fields | changes if isinstance(changes, dict) else changes, tensors)
    assert refusal(path) == f"the checkpoint is damaged ({what}); {AGAIN}"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "it is not JSON: Expecting property name enclosed in double quotes at character 1"),
        ("[" * 10000, "it is nested deeper than 32 levels"),
        ('{"seconds":NaN}', "it holds NaN, which is no JSON number"),
        ('{"a":1,"a":2}', "it holds a repeated key"),
    ],
)
def test_hostile_json_is_refused(path, text, what):
    safetensors.torch.save_file(contents(path)[1], path, metadata={KEY: text})
    assert refusal(path) == f"the checkpoint is damaged ({what}); {AGAIN}"


def test_a_setting_of_the_file_is_shown_safely(path):
    fields, tensors = contents(path)
    fields["run"]["settings"]["schedule"] = "\x1b[2J\n" + "x" * 1000
    forge(path, fields, tensors)
    shown = repr("\x1b[2J\n" + "x" * 1000)[:57] + "..."
    assert refusal(path, InputError) == (
        f"is the checkpoint of a run with schedule {shown}, not 'constant'; "
        "give the same settings, or start without resume"
    )


def state(**places: int) -> torch.Tensor:
    """A state of PyTorch's generator with other numbers left, or another next."""
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    for place, value in places.items():
        at = {"left": 8, "seeded": 12, "following": 16}[place]
        state[at : at + 4] = torch.tensor(list(value.to_bytes(4, "little", signed=True)), dtype=torch.uint8)
    return state


@pytest.mark.parametrize(
    ("name", "tensor", "what"),
    [
        ("model.0.weight", None, "'model.0.weight'"),
        ("model.0.weight", torch.zeros(4, 4), "'model.0.weight'"),
        ("model.0.weight", torch.zeros(4, 3, dtype=torch.float64), "'model.0.weight'"),
        ("best.2.bias", torch.zeros(0), "'best.2.bias'"),
        ("average.2.bias", None, "'average.2.bias'"),
        ("adam.exp_avg.2.bias", torch.zeros(2), "'adam.exp_avg.2.bias'"),
        ("adam.exp_avg_sq.2.bias", None, "'adam.exp_avg_sq.2.bias'"),
        ("adam.step.2.bias", None, "'adam.exp_avg.2.bias'"),  # what nothing asked for
        ("adam.step.2.bias", torch.zeros(1), "'adam.step.2.bias'"),
        ("adam.step.2.bias", torch.tensor(-1.0), "'adam.step.2.bias'"),  # Adam would divide by 0
        ("adam.step.2.bias", torch.tensor(torch.nan), "'adam.step.2.bias'"),
        ("more", torch.zeros(1), "'more'"),
        ("\x1b[2J" + "x" * 99, torch.zeros(1), repr("\x1b[2J" + "x" * 53 + "...")),
        ("learnt", None, "'learnt'"),
        ("learnt", torch.ones(6, 4, dtype=torch.float64), "'learnt'"),  # an epoch has five batches
        ("learnt", torch.ones(2, 3, dtype=torch.float64), "'learnt'"),
        ("learnt", torch.ones((), dtype=torch.float64), "'learnt'"),
        ("learnt", torch.ones(2, 4), "'learnt'"),
        ("learnt", torch.zeros(2, 4, dtype=torch.float64), "'learnt'"),  # no targets
        ("learnt", torch.full((2, 4), torch.nan, dtype=torch.float64), "'learnt'"),
        ("random", None, "'random'"),
        ("random", torch.zeros(3, dtype=torch.uint8), "'random'"),
        ("random", torch.zeros(5056, dtype=torch.uint8), "'random'"),
        ("random", torch.zeros(5056, dtype=torch.int8), "'random'"),
        ("random", state(left=600, following=624), "'random'"),  # would read beyond the 624 numbers
        ("random", state(left=0), "'random'"),
        ("random", state(left=-5, following=630), "'random'"),
        ("random", state(seeded=0), "'random'"),
        ("drawn_from", state(left=624, following=624), "'drawn_from'"),
    ],
)
def test_hostile_tensors_are_refused(path, name, tensor, what):
    fields, tensors = contents(path)
    tensors.pop(name, None)
    forge(path, fields, tensors if tensor is None else tensors | {name: tensor})
    assert refusal(path) == f"the checkpoint is damaged ({what}); {AGAIN}"


def test_a_header_with_impossible_sizes_is_refused(path):
    """None of these takes the memory that it asks for."""
    fields, _ = contents(path)
    for entry in (
        {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 2**62]},
        {"dtype": "F32", "shape": [0, 2**62, 2**62], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
        {"dtype": "F4", "shape": [8], "data_offsets": [0, 4]},
        {"dtype": "PICKLE", "shape": [1], "data_offsets": [0, 4]},
    ):
        header = json.dumps({"__metadata__": {KEY: json.dumps(fields)}, "\x1b[2J\n": entry}).encode()
        path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
        assert refusal(path).endswith(AGAIN), entry


def test_the_checksum_is_over_everything(path):
    fields, tensors = contents(path)
    checksum = fields.pop("checksum")
    assert checksum == checkpoint._checksum(fields, tensors)
    assert len(bytes.fromhex(checksum)) == hashlib.sha256().digest_size
    for name in fields:
        assert checkpoint._checksum(fields | {name: 0}, tensors) != checksum
    for name in tensors:
        assert checkpoint._checksum(fields, {k: v for k, v in tensors.items() if k != name}) != checksum
    swapped = tensors | {"random": tensors["drawn_from"], "drawn_from": tensors["random"]}
    assert checkpoint._checksum(fields, swapped) != checksum
