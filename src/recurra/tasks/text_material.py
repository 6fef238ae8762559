"""Texts as a language model learns them: symbols, and where documents begin and end."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from recurra._base.errors import InputError
from recurra.data import Corpus, Sequences, TextFeatures, as_corpus, hold_out
from recurra.evaluation import LanguageEvaluation, fit_language_baselines
from recurra.runtime.language import TextModel, shifted
from recurra.tasks.sequence_features import fit_vectors


@dataclass(frozen=True, eq=False)
class TextMaterial:
    """The features of a training part; `recurra.tasks.music_material.MusicMaterial` is its like for music.

    Attributes:
        features: learnt from the training part.
        ends: whether its documents end.
        lines, column: how its file was read, see `recurra.data.Corpus`.
        vectors: (V + 1, D) float32 that symbols begin with, NaN for those that begin at random; or None.
        notes: what was done, in sentences for people.
    """

    model_class: ClassVar = TextModel
    keys: ClassVar = 0

    features: TextFeatures
    ends: bool
    lines: bool
    column: str | int | None
    vectors: np.ndarray | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, training: Corpus, arguments: Mapping[str, Any]) -> Self:
        """Of a training part and the estimator's arguments; raises InputError where these do not do."""
        level = "char" if arguments["level"] is None else arguments["level"]
        limits = {name: arguments[name] for name in ("max_vocabulary", "min_count")}
        features = TextFeatures.fit(training.texts, level=level, lowercase=False, **limits)
        vectors, notes = fit_vectors(arguments["vectors"], arguments["embedding_size"], features)
        if vectors is not None:
            vectors = np.concatenate([vectors, np.full((1, vectors.shape[1]), np.nan, np.float32)])
        return cls(features, training.ends, training.lines, training.column, vectors, notes)

    @property
    def symbols(self) -> int:
        """Those of the features, and the one between documents."""
        return self.features.size + 1

    @staticmethod
    def read(X: Any, name: str, like: Corpus | None = None) -> Corpus:
        """A part as documents that end as those of ``like`` do; raises InputError for what is none."""
        if like is None:
            return as_corpus(X, name=name)
        return dataclasses.replace(as_corpus(X, ends=like.ends, name=name), ends=like.ends)

    @staticmethod
    def hold_out(training: Corpus, share: float, seed: int) -> tuple[Corpus, Corpus]:
        """The training part without its validation part, and that."""
        return hold_out(training, share, name="validation_share", seed=seed, spread=True)

    def check(self, part: Corpus, name: str) -> None:
        """Raise InputError for a part in which there is nothing to foretell."""
        if not self.ends and not any(map(len, self.features(part.texts))):
            raise InputError(f"the {name} part has no words; give texts that are not only blanks")

    def steps(self, part: Corpus) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Inputs and targets (T_d,) int64 of each document."""
        pairs = [shifted(ids, self.features.size, ends=self.ends) for ids in self.features(part.texts)]
        return [x for x, _ in pairs], [targets for _, targets in pairs]

    def preprocessing(self) -> dict[str, Any]:
        """What the model file says of how texts are read."""
        reading = {"ends": self.ends, "lines": self.lines, "column": self.column}
        return {"features": self.features.to_dict(), **reading}

    def part_notes(self, parts: Mapping[str, Corpus | None]) -> tuple[str, ...]:
        """What was done to any part, each note once."""
        notes = [note for part in parts.values() if part is not None for note in part.notes]
        return tuple(dict.fromkeys(notes))

    def evaluate(self, model: TextModel, parts: Mapping[str, Corpus]) -> LanguageEvaluation:
        """Score the model on the test part, beside n-grams of the training part."""
        training, validation = (Sequences("text", parts[name].texts) for name in ("training", "validation"))
        baselines = fit_language_baselines(training, validation, self.features, ends=self.ends)
        return model.evaluate(parts["test"], baselines=baselines)
