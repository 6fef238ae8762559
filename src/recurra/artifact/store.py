"""Save and load model files. The format is described in docs/model-file.md."""

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
import safetensors.numpy

from recurra._base.errors import ArtifactError, InputError
from recurra.artifact import canonical
from recurra.artifact.artifact import Artifact
from recurra.artifact.header import MAX_HEADER, PREFIX, check_table, read_header
from recurra.artifact.wording import DAMAGED, FOREIGN, brief, shown
from recurra.artifact.writing import check_writable, replace_file

FORMAT = 1
KEY = "recurra"  # the one key of the safetensors metadata
_FIELDS = {
    "format": int,
    "task": str,
    "spec": dict,
    "preprocessing": dict,
    "history": dict,
    "card": dict,
    "input": list,
    "output": list,
    "fingerprint": str,
}


def save(artifact: Artifact, path: str | os.PathLike[str]) -> None:
    """Write a model file, durably and all at once (see ``replace_file``): the same bytes for the same model.

    Raises InputError when ``path`` cannot be written or the description is too long for a model file, and
    OSError when writing fails, such as on a full disk.
    """
    check_writable(path)
    description = canonical.dumps(
        {
            "format": FORMAT,
            "task": artifact.task,
            "spec": artifact.spec,
            "preprocessing": artifact.preprocessing,
            "history": artifact.history,
            "card": artifact.card,
            "input": artifact.inputs,
            "output": artifact.outputs,
            "fingerprint": artifact.fingerprint,
        }
    )
    data = safetensors.numpy.save(artifact.tensors, metadata={KEY: description})
    length = int.from_bytes(data[:PREFIX], "little")
    if length > MAX_HEADER:
        raise InputError(f"a model's description must fit in {MAX_HEADER} bytes, got {length}; shorten it")
    replace_file(path, data)


def load(path: str | os.PathLike[str]) -> Artifact:
    """Read a model file. Every size is checked before memory is taken, and nothing in it is executed.

    Raises ArtifactError, in one line that names the file and the likely fix, for anything but a whole and
    unaltered model file of a format up to ``FORMAT``.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode  # before opening, which would wait for ever on a pipe
        if stat.S_ISDIR(mode):
            raise ArtifactError("it is a folder; give the model file itself")
        if not stat.S_ISREG(mode):
            raise ArtifactError("it is not a regular file; give the model file itself")
        with path.open("rb") as file:
            return _read(file)
    except FileNotFoundError:
        raise ArtifactError(f"{path}: there is no such file; check the path") from None
    except OSError as error:
        raise ArtifactError(f"{path}: it cannot be read ({error.strerror}); check the path") from None
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from None


def _read(file: BinaryIO) -> Artifact:
    size = os.fstat(file.fileno()).st_size
    header = read_header(file, size)
    description = _description(header.metadata)
    check_table(header, size)
    file.seek(0)
    data = file.read(size)
    if len(data) < size:
        raise ArtifactError("the file shrank while it was read; load it again")
    try:
        artifact = Artifact(
            task=description["task"],
            spec=description["spec"],
            preprocessing=description["preprocessing"],
            tensors=safetensors.numpy.load(data),
            inputs=description["input"],
            outputs=description["output"],
            history=description["history"],
            card=description["card"],
        )
    except (InputError, safetensors.SafetensorError) as error:
        raise ArtifactError(f"the file is damaged ({brief(error)}); {DAMAGED}") from None
    if artifact.fingerprint != description["fingerprint"]:
        raise ArtifactError(f"the contents do not match their fingerprint, so they were altered; {DAMAGED}")
    return artifact


def _description(metadata: dict[str, str]) -> dict[str, Any]:
    """The model's description, once its format is one that this version reads and its fields are in place."""
    if KEY not in metadata:
        raise ArtifactError(f"a safetensors file, but not a Recurra model; {FOREIGN}")
    try:
        description = canonical.loads(metadata[KEY])
    except ValueError as error:
        raise ArtifactError(f"the description is damaged ({error}); {DAMAGED}") from None
    version = description.get("format") if isinstance(description, dict) else None
    if type(version) is not int or version < 1:
        raise ArtifactError(f"the description is damaged (it has no format number); {DAMAGED}")
    if version > FORMAT:
        raise ArtifactError(
            f"written by a newer version of Recurra (format {version}, this one reads up to {FORMAT}); "
            "upgrade with: pip install --upgrade recurra"
        )
    for field in sorted(_FIELDS.keys() | description.keys()):
        if field not in description:
            raise ArtifactError(f"the description is damaged ({field} is missing); {DAMAGED}")
        if field not in _FIELDS:
            raise ArtifactError(f"the description is damaged ({shown(field)} is unknown); {DAMAGED}")
        if type(description[field]) is not _FIELDS[field]:
            kind = _FIELDS[field].__name__
            raise ArtifactError(f"the description is damaged ({field} is not a {kind}); {DAMAGED}")
    return description
