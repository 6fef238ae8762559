"""The file that keeps where a run stands, so that one that is killed goes on from there, to the same bits.

The file is a safetensors file with one key of metadata, canonical JSON: the format, the run it belongs to
(settings, model, data), its epochs so far, its seconds, why it stopped (empty if it has not), and a SHA-256
over all that and the tensors. The tensors are

    model.NAME, best.NAME, average.NAME     weights by their names in the model's ``state_dict``: now, after
                                            the best epoch if one is over, and averaged if they are averaged
    adam.STATE.NAME                         Adam's state of each parameter that has had a gradient
    random, drawn_from                      the states of PyTorch's generator, now and when the order of the
                                            epoch under way was drawn: (n,) uint8
    carry.NAME                              what the loss hands to the next batch, such as recurrent states
    learnt                                  (batches learnt of the epoch under way, 4) float64, see `Learnt`
"""

import dataclasses
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_origin

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from recurra._base.errors import ArtifactError, InputError
from recurra.artifact import canonical, check_writable, replace_file
from recurra.artifact.header import read_header
from recurra.artifact.wording import FOREIGN, brief, shown
from recurra.training.average import WeightAverage
from recurra.training.events import EpochEnd
from recurra.training.settings import TrainingSettings
from recurra.training.standing import Learnt, Standing
from recurra.training.vital_signs import VitalSigns

FORMAT = 2  # 1 had no vital signs
KEY = "recurra-checkpoint"
AGAIN = "restore it from a copy, or start without resume"
_STOPS = ("", "epochs", "early", "time")


@dataclass(frozen=True)
class Run:
    """What a checkpoint must have in common with the run that goes on from it."""

    settings: dict[str, Any]
    model: str
    data: str

    @classmethod
    def of(
        cls,
        settings: TrainingSettings,
        model: torch.nn.Module,
        sizes: tuple[int, int],
        fingerprint: str,
        *,
        validate: bool,
    ) -> "Run":
        """``sizes`` and ``fingerprint`` tell the data from others."""
        data = _sha256([list(sizes), fingerprint])
        return cls(asdict(settings) | {"validate": validate}, _description(model), data)


class Checkpoint:
    """The checkpoint of one run at ``path``. Raises InputError if it cannot be written there."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        run: Run,
        batches: int,
        model: torch.nn.Module,
        adam: torch.optim.Optimizer,
        average: WeightAverage,
        carry: Mapping[str, Tensor],
    ) -> None:
        check_writable(path)
        self.path, self.run, self.batches = Path(path), run, batches
        self.model, self.adam, self.average, self.carry = model, adam, average, carry

    def write(self, standing: Standing) -> None:
        """Put the run as it stands under the path, durably and all at once; raises OSError if that fails."""
        tensors = {
            "random": torch.get_rng_state(),
            "drawn_from": standing.drawn_from,
            "learnt": torch.tensor(standing.learnt, dtype=torch.float64).reshape(-1, len(Learnt._fields)),
            **_under("model", self.model.state_dict()),
            **_under("best", standing.best),
            **_under("average", self.average.weights),
            **_under("carry", standing.carry),
        }
        for name, parameter in self.model.named_parameters():
            for state, value in self.adam.state.get(parameter, {}).items():
                tensors[f"adam.{state}.{name}"] = value
        tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
        fields: dict[str, Any] = {
            "format": FORMAT,
            "run": asdict(self.run),
            "epochs": [asdict(epoch) for epoch in standing.epochs],
            "seconds": standing.seconds,
            "stopped": standing.stopped,
        }
        fields["checksum"] = _checksum(fields, tensors)
        metadata = {KEY: canonical.dumps(canonical.plain(fields, "checkpoint"))}
        replace_file(self.path, safetensors.torch.save(tensors, metadata=metadata))

    def read(self) -> Standing:
        """Give the model, Adam, the average and PyTorch's generator the state they had.

        Raises ArtifactError, in one line that names the file, for anything but a whole and unaltered
        checkpoint, and InputError for one of another run.
        """
        try:
            if not self.path.is_file():
                raise ArtifactError("there is no such file; check the path, or start without resume")
            fields, tensors = _load(self.path)
            self._check_run(fields["run"])
            return self._restore(fields, tensors)
        except OSError as error:
            reason = f"it cannot be read ({error.strerror}); check the path"
            raise ArtifactError(f"{self.path}: {reason}") from None
        except ArtifactError as error:
            raise ArtifactError(f"{self.path}: {error}") from None

    def _check_run(self, run: dict[str, Any]) -> None:
        ours = asdict(self.run)
        for name, this in ours["settings"].items():
            that = run["settings"].get(name)
            if this != that:
                raise InputError(
                    f"{self.path} is the checkpoint of a run with {name} {brief(repr(that), 60)}, "
                    f"not {this!r}; give the same settings, or start without resume"
                )
        for name, other in (("model", "of another model"), ("data", "on other data")):
            if ours[name] != run[name]:
                raise InputError(
                    f"{self.path} is the checkpoint of a run {other}; give the same {name}, "
                    "or start without resume"
                )

    def _restore(self, fields: dict[str, Any], tensors: dict[str, Tensor]) -> Standing:
        """Check everything first, so that a bad file changes nothing."""
        take = _Take(tensors)
        standing = Standing(seconds=fields["seconds"], stopped=fields["stopped"])
        standing.epochs = [_epoch(entry, i) for i, entry in enumerate(fields["epochs"], start=1)]
        standing.learnt = self._learnt(take("learnt"))
        done, settings = len(standing.epochs), self.run.settings
        sound = done > 0 and not standing.learnt if standing.stopped else done < settings["epochs"]
        scored = all((epoch.score is not None) == settings["validate"] for epoch in standing.epochs)
        if not (sound and scored and standing.stopped in _STOPS and (standing.best_epoch > 0) == (done > 0)):
            raise _damaged("its epochs")
        random, standing.drawn_from = take.generator("random"), take.generator("drawn_from")
        weights = self.model.state_dict()
        model = take.all("model", weights)
        standing.best = take.all("best", weights) if done else {}
        average = take.all("average", self.average.weights)
        standing.carry = take.all("carry", self.carry)
        adam = {
            parameter: take.adam(name, parameter)
            for name, parameter in self.model.named_parameters()
            if f"adam.step.{name}" in tensors
        }
        if take.left:
            raise _damaged(shown(min(take.left)))
        torch.set_rng_state(random)
        self.model.load_state_dict(model)
        self.average.weights = average
        for parameter, state in adam.items():
            self.adam.state[parameter] = state
        return standing

    def _learnt(self, rows: Tensor) -> list[Learnt]:
        sound = rows.dtype == torch.float64 and rows.ndim == 2 and rows.shape[1] == len(Learnt._fields)
        if not (sound and len(rows) <= self.batches and rows.isfinite().all() and (rows[:, 1] > 0).all()):
            raise _damaged(shown("learnt"))
        return [Learnt(*row) for row in rows.tolist()]


class _Take:
    """A file's tensors, each given out once, as the tensors that it stands for."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.left = dict(tensors)

    def __call__(self, name: str, like: Tensor | None = None) -> Tensor:
        tensor = self.left.pop(name, None)
        if tensor is None or (like is not None and (tensor.shape, tensor.dtype) != (like.shape, like.dtype)):
            raise _damaged(shown(name))
        return tensor

    def generator(self, name: str) -> Tensor:
        """A state of PyTorch's generator: 624 numbers, which of them is next, and how many are left.

        PyTorch does not check that the last two go together, and would read beyond the numbers.
        """
        state = self(name, torch.get_rng_state())
        left, following = state[8:12].view(torch.int32).item(), state[16:24].view(torch.int64).item()
        try:
            torch.Generator().set_state(state)
        except RuntimeError:
            raise _damaged(shown(name)) from None
        if left + following != 625 and (left, following) != (1, 0):  # the latter just after seeding
            raise _damaged(shown(name))
        return state

    def all(self, part: str, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: self(f"{part}.{name}", tensor) for name, tensor in like.items()}

    def adam(self, name: str, parameter: Tensor) -> dict[str, Tensor]:
        like = {"step": torch.zeros(()), "exp_avg": parameter, "exp_avg_sq": parameter}
        state = {part: self(f"adam.{part}.{name}", tensor) for part, tensor in like.items()}
        if not state["step"] >= 1:  # Adam would divide by 0
            raise _damaged(shown(f"adam.step.{name}"))
        return state


def _load(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The fields and tensors of a file that is whole and unaltered."""
    with path.open("rb") as file:
        header = read_header(file, os.fstat(file.fileno()).st_size)
        if KEY not in header.metadata:
            raise ArtifactError(f"a safetensors file, but not a checkpoint; {FOREIGN}")
        try:
            fields = canonical.loads(header.metadata[KEY])
        except ValueError as error:
            raise _damaged(str(error)) from None
        _check_fields(fields)
        file.seek(0)
        try:
            tensors = safetensors.torch.load(file.read())
        except (safetensors.SafetensorError, KeyError, RuntimeError, ValueError) as error:
            raise _damaged(shown(str(error))) from None
    if fields.pop("checksum") != _checksum(fields, tensors):
        raise ArtifactError(f"the contents do not match their checksum; {AGAIN}")
    return fields, tensors


def _check_fields(fields: Any) -> None:
    kinds = {"format": int, "run": dict, "epochs": list, "seconds": float, "stopped": str, "checksum": str}
    _check_kinds(fields, kinds, "the description")
    if fields["format"] != FORMAT:
        raise ArtifactError(
            f"written by another version of Recurra (format {fields['format']}, this one reads {FORMAT}); "
            "start without resume"
        )
    _check_kinds(fields["run"], {"settings": dict, "model": str, "data": str}, "the run")


def _epoch(entry: Any, number: int) -> EpochEnd:
    kinds: dict[str, Any] = dict.fromkeys(("loss", "validation_loss", "gradient_norm"), float)
    kinds |= {"epoch": int, "is_best": bool, "learning_rate": float, "seconds": float, "signs": dict}
    kinds["score"] = float if isinstance(entry, dict) and entry.get("score") is not None else type(None)
    _check_kinds(entry, kinds, f"epoch {number}")
    if entry["epoch"] != number:
        raise _damaged(f"epoch {number}")
    entry["signs"] = _signs(entry["signs"], f"epoch {number}")
    return EpochEnd(**entry)


def _signs(entry: dict[str, Any], where: str) -> VitalSigns:
    kinds: Any = {
        field.name: get_origin(field.type) or field.type for field in dataclasses.fields(VitalSigns)
    }
    _check_kinds(entry, kinds, where)
    for shares in (*entry["spectral_radius"].values(), entry["dead_units"], entry["saturated_units"]):
        _check_kinds(shares, dict.fromkeys(shares, float) if isinstance(shares, dict) else {}, where)
    return VitalSigns(**entry)


def _check_kinds(value: Any, kinds: dict[str, type], where: str) -> None:
    if type(value) is not dict or value.keys() != kinds.keys():
        raise _damaged(where)
    for name, kind in kinds.items():
        if type(value[name]) is not kind:
            raise _damaged(where)


def _damaged(what: str) -> ArtifactError:
    return ArtifactError(f"the checkpoint is damaged ({what}); {AGAIN}")


def _under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{part}.{name}": tensor for name, tensor in tensors.items()}


def _description(model: torch.nn.Module) -> str:
    """Of its layers with their options, and of the names, shapes and types of its weights."""
    weights = [[name, list(w.shape), str(w.dtype)] for name, w in model.state_dict().items()]
    return _sha256([re.sub(r" at 0x[0-9a-f]+", "", str(model)), weights])


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical.dumps(value).encode()).hexdigest()


def _checksum(fields: dict[str, Any], tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(canonical.dumps(fields).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
