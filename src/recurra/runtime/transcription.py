"""What is said in a sequence, from a trained model: no PyTorch from here on."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import one_of, positive_int
from recurra.data import AudioFeatures, TextFeatures
from recurra.data.label_values import text_labels
from recurra.decoding import ctc_beam, ctc_frames, ctc_greedy
from recurra.evaluation import (
    BaselineOutputs,
    Baselines,
    TranscriptionEvaluation,
    evaluate_transcription,
)
from recurra.runtime import schema
from recurra.runtime.sequence_model import SequenceModel
from recurra.runtime.transcript import BLANK, LEVELS, Transcript, Transcription, written
from recurra.runtime.transcription_stream import TranscriptionStream

_KINDS = ("audio", "series")
_LONGEST_SHOWN = 40  # characters of a text in a note


class TranscriptionModel(SequenceModel):
    """A trained transcriber."""

    task = "transcribe"
    pools = False
    fields: ClassVar[Mapping[str, schema.Field]] = {"symbols": schema.DICT, "commonest": schema.TEXT}

    symbols: TextFeatures
    """The characters or words that it writes; id 0 is the blank."""

    @property
    def output_size(self) -> int:
        return self.symbols.size

    def _adopt(self, fields: Mapping[str, Any]) -> None:
        one_of("the kind of sequences", self.kind, _KINDS)
        self.symbols = TextFeatures.from_dict(fields["symbols"], "symbols")
        one_of("symbols.level", self.symbols.level, LEVELS)
        self._commonest = fields["commonest"]

    def predict(self, X: Any, *, beam: int | None = None) -> list[str]:
        """What each sequence says; ``X`` as for `read`, ``beam`` as for `transcribe`."""
        return [own.transcripts[0].text for own in self.transcribe(X, beam=beam)]

    def transcribe(self, X: Any, *, beam: int | None = None, n_best: int = 1) -> list[Transcription]:
        """What each sequence says, how sure the model is of that, and when each symbol begins.

        Args:
            X: as for `read`.
            beam: texts that are followed through each sequence (prefix beam search); None to read greedily,
                the most probable symbol of each step.
            n_best: texts to give for each sequence at most, up to the ``beam``.

        Raises InputError for arguments out of range, and sequences that do not suit the model.
        """
        _check_beam(beam, n_best)
        return [self._transcription(output, beam, n_best) for output in self.outputs(self.read(X))]

    def evaluate(
        self, X: Any, y: Any = None, *, baselines: Baselines[list[str]] | None = None
    ) -> TranscriptionEvaluation:
        """Score what the model reads greedily against the texts ``y``, beside baselines.

        Texts are compared as the model would write them: characters composed, words in lower case and apart.
        Without ``baselines`` there is the text that is commonest in training. Raises InputError as `predict`
        does, and for texts that are none.
        """
        data = self.labelled(X, y)
        sequences = self.read(data)
        texts = [written(text, self.symbols) for text in text_labels(data.labels)]
        return evaluate_transcription(
            self.predict(sequences),
            texts,
            baselines=self._constant(len(texts)) if baselines is None else baselines.on(sequences),
        )

    def stream(self, state: bytes | None = None) -> TranscriptionStream:
        """What a sequence says so far, as its steps come in, see `TranscriptionStream`."""
        return TranscriptionStream(self, state)

    def log_probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """The log-softmax (T, V) float64 of outputs (T, V) of the network."""
        scores = outputs.astype(np.float64)
        scores -= scores.max(axis=1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def times(self, steps: np.ndarray) -> np.ndarray:
        """Where ``steps`` (n,) have their middle, float64: seconds of a clip, their numbers in a series."""
        if isinstance(self.features, AudioFeatures):
            return self.features.times(steps)
        return steps.astype(np.float64)

    def _transcription(self, output: np.ndarray, beam: int | None, n_best: int) -> Transcription:
        known = self.log_probabilities(output)
        transcripts = [self._transcript(*found) for found in _found(known, beam, n_best)]
        return Transcription(transcripts, np.exp(known), self.times(np.arange(len(known))))

    def _transcript(self, tokens: np.ndarray, steps: np.ndarray, log_probability: float) -> Transcript:
        symbols = tuple(self.symbols.vocabulary[token] for token in tokens)
        return Transcript(
            self.symbols.decode(tokens), log_probability, symbols, tuple(self.times(steps).tolist())
        )

    def _constant(self, count: int) -> BaselineOutputs[list[str]]:
        text = self._commonest
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
        note = f"{shown!r} for all, the commonest of the training part"
        return BaselineOutputs({"commonest": [text] * count}, {}, {"commonest": note})


def _found(
    known: np.ndarray, beam: int | None, n_best: int
) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Of each text in the steps ``known`` (T, V) the tokens, the steps where they begin, and log p."""
    if beam is None:
        yield *ctc_greedy(known, BLANK), float(known.max(axis=1).sum())
        return
    for found in ctc_beam(known, BLANK, beam, n_best):
        yield found.tokens, ctc_frames(known, found.tokens, BLANK), found.log_probability


def _check_beam(beam: int | None, n_best: int) -> None:
    if beam is not None:
        positive_int("beam", beam)
    if positive_int("n_best", n_best) > (beam or 1):
        wide = "without a beam" if beam is None else f"with a beam of {beam}"
        raise InputError(
            f"n_best must be at most {beam or 1} {wide}, got {n_best}; give beam={n_best} or more"
        )
