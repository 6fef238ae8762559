"""Inputs of estimators from process to process, and what a model makes of them, without PyTorch."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from recurra.data import Clip, Piece
from recurra.decoding import Beam


def write_inputs(X: Any, path: Path) -> None:
    """As `inputs` reads them: arrays and texts alone, nothing that could run."""
    if isinstance(X, np.ndarray):
        np.savez(path, array=X)
    elif isinstance(X[0], Clip):
        np.savez(path, **{f"clip{i:03}": clip.samples for i, clip in enumerate(X)})
    else:
        kind = {str: "text", list: "words"}.get(type(X[0]), "steps")
        np.savez(path, **{f"{kind}{i:03}": np.array(x) for i, x in enumerate(X)})


def inputs(path: Any) -> Any:
    """What `write_inputs` wrote."""
    with np.load(path) as file:
        found = {name: file[name] for name in sorted(file.files)}
    if "array" in found:
        return found["array"]
    read = {
        "clip": lambda array: Clip(array, 8000),
        "text": str,
        "words": lambda array: array.tolist(),
        "steps": lambda array: array,
    }
    return [read[name[:-3]](array) for name, array in found.items()]


def language_outputs(model: Any, X: Any) -> list[np.ndarray]:
    """What a model of texts or music finds probable of ``X``, and what it writes."""
    said = [getattr(one, "log_probabilities", one) for one in model.predict(X)]
    written = model.generate(length=20, seed=1, samples=2)
    pieces = [one.roll if isinstance(one, Piece) else list(one.text.encode()) for one in written]
    return [*said, *map(np.array, pieces)]


def transcripts(model: Any, X: Any) -> list[np.ndarray]:
    """The probabilities of each step, and the texts that each sequence may have, as numbers."""
    found = []
    for own in model.transcribe(X, beam=3, n_best=2):
        found += [own.probabilities, own.times]
        for one in own.transcripts:
            found += [np.frombuffer(one.text.encode(), np.uint8), np.array([one.log_probability, *one.times])]
    return found


def translations(model: Any, X: Any) -> list[np.ndarray]:
    """The texts that each source may become and those that are drawn, and where their tokens look."""
    looks = getattr(model, "model_", model).network.has_attention
    searched = model.translate(X, beam=Beam(size=4, n_best=3), attention=looks)
    found = []
    for one in (own for several in (*searched, *model.sample(X, samples=2, seed=1)) for own in several):
        found += [np.frombuffer(one.text.encode(), np.uint8), np.array([one.log_probability, one.score])]
        found += [] if one.attention is None else [one.attention]
    return found


def digest(model: Any, X: Any) -> str:
    """SHA-256 of every number that a model gives for ``X``."""
    if hasattr(model, "generate"):
        arrays = language_outputs(model, X)
    elif hasattr(model, "transcribe"):
        arrays = transcripts(model, X)
    elif hasattr(model, "translate"):
        arrays = translations(model, X)
    elif model.__class__.__name__.startswith("Forecast"):
        arrays = [model.predict(X).quantiles]
    elif hasattr(model, "predict_quantiles"):
        arrays = [model.predict_quantiles(X)]
    else:
        arrays = [np.concatenate([np.ravel(row) for row in model.predict(X)])]
        if getattr(model, "model_", model).network.crf is None:
            arrays += list(model.predict_proba(X))
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
