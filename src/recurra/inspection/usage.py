"""How to use a model of labelled sequences from here: commands and code that run as they stand."""

import shlex
from collections.abc import Mapping
from typing import Any

from recurra._base.errors import InputError
from recurra.data import Labelled
from recurra.runtime import NetworkStream
from recurra.runtime.sequence_model import SequenceModel

_LONGEST = 60
_ANSWERS = {
    "classify": [("predict", "the most probable classes"), ("predict_proba", "their probabilities")],
    "regress": [("predict", "the medians"), ("predict_quantiles", "the quantiles")],
    "tag": [("predict", "a tag for each step")],
    "transcribe": [("predict", "the texts"), ("transcribe", "how probable they are, and when symbols begin")],
}


def shell(model: SequenceModel, path: str, data: str) -> str:
    """Commands; none where a model can't read files."""
    name, file = shlex.quote(path), shlex.quote(data)
    lines = []
    if model.source is not None:
        lines += [
            "# how good it is on labelled data; put newer data in place of this one",
            f"recurra evaluate {name} {file}",
            "# what it says of data, labelled or not",
            f"recurra predict {name} {file}",
        ]
        if model.task == "transcribe":
            lines += [
                "# the three best texts of each, by a beam",
                f"recurra predict {name} {file} --beam 8 --n-best 3",
            ]
        if model.kind != "audio" and _goes_forwards(model):
            lines += [
                "# the same step by step, as if the data came in right now",
                f"recurra stream {name} {file}",
            ]
    if model.kind == "audio" and _goes_forwards(model):
        lines += ["# what happens in a recording, and when", f"recurra stream {name} recording.wav"]
    if model.kind in ("text", "tokens"):
        each = "a text" if model.kind == "text" else "a sentence, its words apart,"
        lines += [f"# of a file with {each} on each line", f"recurra predict {name} lines.txt"]
    return "\n".join(lines)


def python(model: SequenceModel, path: str, data: str, parts: Mapping[str, Labelled | None]) -> str:
    """Code that loads the model and asks it; it goes step by step where the model can."""
    item, step = _item(model, parts)
    lines = ["import recurra", ""]
    if model.kind == "audio":
        lines[0] = "import recurra\nfrom recurra.data import read_clip"
    if model.kind == "series":
        lines[0] = "import numpy as np\nimport recurra"
    lines.append(f"model = recurra.load({path!r})")
    for verb, answer in _ANSWERS[model.task]:
        lines += [f"# {answer}", f"model.{verb}([{item}])"]
    if model.source is not None:
        lines += ["# or of a file", "from pathlib import Path", f"model.predict(Path({data!r}))"]
    if _streams(model):
        lines += ["", "# step by step, as the data comes in", "stream = model.stream()", step]
    return "\n".join(lines)


def _goes_forwards(model: SequenceModel) -> bool:
    if model.network.crf is not None:
        return False
    try:
        NetworkStream(model.network)
    except InputError:
        return False
    return True


def _streams(model: SequenceModel) -> bool:
    try:
        model.stream()  # pyright: ignore[reportAttributeAccessIssue]
    except InputError:
        return False
    return True


def _item(model: SequenceModel, parts: Mapping[str, Labelled | None]) -> tuple[str, str]:
    """One item in code, and the call that takes one step of it."""
    if model.kind == "audio":
        return "read_clip('clip.wav')", "stream.push(samples)"
    if model.kind == "series":
        size = model.features.size  # pyright: ignore[reportAttributeAccessIssue]
        return f"np.zeros((50, {size}), np.float32)", f"stream.step(np.zeros({size}, np.float32))"
    part = next(part for part in (parts.get("test"), parts["training"]) if part is not None)
    item: Any = min(
        part.sequences.items, key=lambda each: abs(len(each) - 8 * (1 + 4 * isinstance(each, str)))
    )
    token = model.features.tokens(item)[0] if model.kind == "text" else item[0]  # pyright: ignore
    shown = item[:_LONGEST] if isinstance(item, str) else item[:12]
    return repr(shown), f"stream.step({token!r})"
