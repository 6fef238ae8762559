"""A classifier that begins with what a language model has learnt of texts.

Howard & Ruder, "Universal language model fine-tuning for text classification", ACL 2018: the layers thaw one
by one from the top, an epoch apart, and the lower a layer is the less it changes.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from recurra._base.errors import InputError
from recurra.data import TextFeatures, TextWords, WordFeatures
from recurra.data.text import normalise
from recurra.runtime.language import TextModel
from recurra.runtime.music import MusicModel
from recurra.tasks.language_modelling import LanguageModel
from recurra.tasks.sequence_network import NetworkSettings, SequenceNetwork

# Of the learning rate, from a layer to the one below. The paper has 2.6, for a model that has read a hundred
# million words; one that has read thousands of sentences has more to learn.
_DECAY = 1.3
_GIVEN = (
    "level",
    "max_vocabulary",
    "min_count",
    "vectors",
    "embedding_size",
    "cell",
    "hidden_size",
    "num_layers",
)
"""Arguments of a classifier that the language model has settled."""
_TABLES = ("embedding.word.weight", "embedding.weight")
"""What a classifier's table of symbols is called, where words are spelt and where they are not."""
_MEMBER = re.compile(r"networks\.\d+\.")
"""What the names of an ensemble's parameters begin with, see `recurra.tasks.network_ensemble`."""


@dataclass(frozen=True, eq=False)
class Pretrained:
    """What a classifier takes of a language model.

    Attributes:
        features: how the language model cuts texts.
        settings: the language model's own arguments of the network.
        tensors: by their names in the model file.
        fingerprint: of the language model.
    """

    features: TextFeatures
    settings: Mapping[str, Any]
    tensors: Mapping[str, np.ndarray]
    fingerprint: str

    @classmethod
    def of(cls, model: Any, kind: str, arguments: Mapping[str, Any]) -> Self:
        """Of a fitted estimator of a `TextModel`, or of its file, for sequences of that ``kind``.

        The model alone does not do, as its network keeps weights as the kernels read them. Raises InputError
        for anything else, and for arguments that the model has settled; ArtifactError for a file that
        `LanguageModel.load` refuses.
        """
        if isinstance(model, str | Path):
            model = LanguageModel.load(model)
        at_work = getattr(model, "model_", None)
        if not isinstance(at_work, TextModel):
            raise InputError(
                "pretrained must be a fitted LanguageModel of texts, or the path of its file, got "
                f"{type(model).__name__}{' of music' if isinstance(at_work, MusicModel) else ''}"
            )
        if kind != "text":
            raise InputError(f"pretrained is for texts, got sequences of kind {kind!r}; leave it out")
        for name in _GIVEN:
            if arguments[name] is not None:
                raise InputError(
                    f"{name} must be left out with a pretrained language model, whose own is used, got "
                    f"{arguments[name]!r}"
                )
        artifact = model.artifact_
        layers = {layer["name"]: layer for layer in artifact.spec["layers"]}
        encoder = layers["encoder"]
        sizes = {name: encoder[name] for name in ("cell", "hidden_size", "num_layers")}
        sizes["embedding_size"] = layers["embedding"]["size"]
        if sizes["num_layers"] > 1:
            if arguments["bidirectional"]:
                raise InputError(
                    "bidirectional must be False or left out with a pretrained model of several layers, "
                    "which read what the layer below has read in one direction"
                )
            sizes["bidirectional"] = False
        return cls(at_work.features, sizes, artifact.tensors, artifact.fingerprint)

    def features_for(self, texts: list[str]) -> TextFeatures | TextWords:
        """How a classifier of these training texts reads them, see `Pretrained.begin`.

        Words are spelt beside their vectors, and those that the language model does not know have their own.
        """
        own = self.features
        if own.level != "word":
            return own
        known = self._words()
        words = WordFeatures.fit([list(own.vocabulary[1:]), *map(own.tokens, texts)])
        new = [word for word in words.words if word not in known]
        return TextWords(own.lowercase, dataclasses.replace(words, words=(*known, *new)))

    def sizes(self, settings: NetworkSettings) -> NetworkSettings:
        """The settings of a network that has the language model's layers."""
        return dataclasses.replace(settings, **self.settings)

    def begin(self, network: SequenceNetwork) -> None:
        """Give the network the language model's embedding and layers; a second direction stays as it is.

        Words that the language model does not know begin as its unknown one, and the layers read nothing yet
        of how words are spelt.
        """
        state = network.state_dict()
        for name, array in self.tensors.items():
            if name.startswith("encoder."):
                given = torch.tensor(array)
                state[name].zero_()[..., : given.size(-1)] = given
        table = torch.tensor(self.tensors["embedding.weight"][:-1])  # less what stands before a text
        if (words := state.get("embedding.word.weight")) is None:
            state["embedding.weight"].copy_(table)
        else:
            known = list(self._words().values())
            words.copy_(table[:1].expand_as(words))
            words[: len(known)] = table[known]

    def rates(self, name: str, epoch: int) -> float:
        """The share of the learning rate of a parameter in an epoch, see `recurra.training.train`."""
        depth = self._depth(name)
        return 0.0 if depth >= epoch else _DECAY**-depth

    def notes(self, epoch: int) -> tuple[str, ...]:
        """What people should know of a network whose weights after that epoch were kept."""
        notes = (f"The network begins with the language model {self.fingerprint[:12]}.",)
        thaws = self._depth("embedding.weight") + 1
        if epoch < thaws:
            why = f"they thaw in epoch {thaws}, and epoch {epoch} was the best"
            notes += (f"Its vectors stayed as they were: {why}.",)
        return notes

    def _words(self) -> dict[str, int]:
        """The row of each word that the language model knows, in lower case, as `WordFeatures` has words.

        Of words that differ by their capitals, that in lower case counts, or else the most frequent one.
        """
        rows: dict[str, int] = {}
        for row, word in enumerate(self.features.vocabulary):
            lower = normalise(word, lowercase=True)
            if lower not in rows or word == lower:
                rows[lower] = row
        return rows

    def _depth(self, name: str) -> int:
        """0 for what is new, 1 for the language model's last layer, and so on down to the embedding."""
        layers = self.settings["num_layers"]
        name = _MEMBER.sub("", name, count=1)
        if name in _TABLES:
            return layers + 1
        if name in self.tensors and name.startswith("encoder."):
            return layers - int(name.rpartition("_l")[2])
        return 0
