"""What a transcriber reads, what it is and how it is trained: options of `recurra fit transcribe`.

Defaults are the estimator's, which brings PyTorch; a test holds the texts of the help to them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from recurra._base.errors import InputError
from recurra.cli.fit.settings import NETWORK, TRAINING, Training
from recurra.cli.option import option

if TYPE_CHECKING:
    from recurra.data import Source

_COLUMNS = "Columns"


@dataclass(frozen=True, kw_only=True)
class TranscriptReading:
    """Of a table of clips and what is said in them."""

    audio: Annotated[
        str | None,
        option(
            "COL",
            "The column of file names, as seen from the folder of DATA: its name, or its number counted from "
            "1.",
            _COLUMNS,
        ),
    ] = None
    text: Annotated[str | None, option("COL", "The column of what is said in each clip.", _COLUMNS)] = None
    group: Annotated[
        str | None,
        option("COL", "The column of what must stay in one part, such as a speaker.", _COLUMNS),
    ] = None
    no_header: Annotated[
        bool,
        option("", "The first line of DATA is a row, and names no columns.", _COLUMNS, "--no-header"),
    ] = False

    def source(self) -> "Source":
        """The reader; InputError where a column is not named."""
        from recurra.data import Source

        for name, what in (("audio", "the files of clips"), ("text", "what is said in them")):
            if getattr(self, name) is None:
                raise InputError(f"--{name} must name the column of {what}, by its name or its number from 1")
        columns = {"audio": self.audio, "text": self.text, "header": not self.no_header}
        return Source("transcripts", columns if self.group is None else {**columns, "group": self.group})


@dataclass(frozen=True, kw_only=True)
class TranscriptionLayers:
    """Symbols and sizes."""

    level: Annotated[
        str | None,
        option(
            "NAME",
            "What is written at a time: char or word. Default: char, which can spell words that training "
            "never heard.",
            NETWORK,
        ),
    ] = None
    cell: Annotated[
        str | None, option("NAME", "rnn, lstm or gru. Default: lstm, which remembers longest.", NETWORK)
    ] = None
    hidden_size: Annotated[
        int | None, option("N", "Units in each layer and direction. Default: 128.", NETWORK)
    ] = None
    num_layers: Annotated[int | None, option("N", "Layers. Default: 2.", NETWORK)] = None
    bidirectional: Annotated[
        bool | None,
        option(
            "",
            "Hear from the start alone, as a model for recurra stream must. Default: from both ends, since "
            "what comes next tells what a sound was.",
            NETWORK,
            " /--no-bidirectional",
        ),
    ] = None
    dropout: Annotated[
        float | None,
        option("X", "The share of columns left out while training, at every layer. Default: 0.2.", NETWORK),
    ] = None
    weight_dropout: Annotated[
        float | None, option("X", "The share of recurrent weights left out. Default: 0.", NETWORK)
    ] = None


@dataclass(frozen=True, kw_only=True)
class TranscriptionTraining(Training):
    """Of transcribers; what differs from other estimators."""

    epochs: Annotated[
        int | None,
        option("N", "Passes over the training part. Default: 30; more of few clips.", TRAINING),
    ] = None
    batch_size: Annotated[
        int | None, option("N", "Clips in each step. Default: 16, for many steps in an epoch.", TRAINING)
    ] = None
    learning_rate: Annotated[
        float | None, option("X", "The highest step size. Default: 0.003.", TRAINING)
    ] = None
    augment: Annotated[
        bool | None,
        option(
            "",
            "Leave clips as they are. Default: training varies their pace and voice, so that it hears more "
            "speakers than there are.",
            TRAINING,
            " /--no-augment",
        ),
    ] = None
