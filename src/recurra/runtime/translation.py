"""From sources to texts with a trained encoder-decoder: no PyTorch from here on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra._base.wording import count
from recurra.artifact import Artifact
from recurra.data import Pairs, SeriesFeatures, TextFeatures, as_pairs, is_table, read_pairs, read_sources
from recurra.data.rows import read_rows
from recurra.data.text_file import check_file
from recurra.decoding import Beam, Hypothesis, Sampling, beam_search, sample
from recurra.decoding.beam import LONGEST
from recurra.evaluation import Baselines, TranslationEvaluation, evaluate_translation
from recurra.runtime import schema
from recurra.runtime.encoder_decoder import EncoderDecoder
from recurra.runtime.features import features_from_dict, features_to_dict, kind_of
from recurra.runtime.model import Model
from recurra.runtime.sequence_model import KINDS, check_sequences

SourceFeatures = TextFeatures | SeriesFeatures

Options = TypeVar("Options", Beam, Sampling)

_UNKNOWN = 0  # of the target's ids; it is never written
_ROOM = 10  # tokens that an answer may have beside twice its source's, or as many as the longest learnt
_MOST_ROWS = 320  # hypotheses that are open together
_MOST_SOURCES = 64
_MOST_STEPS = 16_384  # of sources that are read together, padding among them


@dataclass(frozen=True, eq=False)
class Translation:
    """What a source may become.

    Attributes:
        text: of it.
        tokens: (T,) as the model writes them.
        log_probability: natural, of the tokens, and of the end if it came.
        score: what the best is chosen by, see `recurra.decoding.beam`; of one that was drawn the same.
        ended: whether the end came; otherwise there was no room for more.
        source_tokens: (S,) as the model reads them; None where the source is no text.
        attention: (T + 1, S), where each token, and the end, looks in the source, each row adding up to 1;
            None where it was not asked for, or the source is empty.
    """

    text: str
    tokens: tuple[str, ...]
    log_probability: float
    score: float
    ended: bool
    source_tokens: tuple[str, ...] | None
    attention: np.ndarray | None = None


class TranslationModel(Model[EncoderDecoder]):
    """A trained model from sources, texts or series of numbers, to texts."""

    task = "translate"
    network_type = EncoderDecoder
    fields: ClassVar[Mapping[str, schema.Field]] = {
        "source": schema.DICT,
        "target": schema.DICT,
        "longest": schema.SIZE,
        "columns": schema.DICT_OR_NONE,
    }

    def _take(self, artifact: Artifact) -> None:
        fields = artifact.preprocessing
        schema.check_fields(fields, self.fields, "preprocessing")
        features = features_from_dict(fields["source"])
        if not isinstance(features, SourceFeatures):
            raise InputError("preprocessing.source must be of texts or series")
        self.source: SourceFeatures = features
        self.target = TextFeatures.from_dict(fields["target"], "preprocessing.target")
        self.longest: int = min(fields["longest"], LONGEST)
        """Tokens of the longest target that was learnt."""
        self.columns: dict[str, Any] | None = fields["columns"]
        """How a table is read: the columns "source" and "target", and "header"; None for plain text."""
        if self.columns is not None:
            check_columns(self.columns, "preprocessing.columns")
        sizes = {
            "source symbols": (
                self.network.source_symbols,
                features.size if isinstance(features, TextFeatures) else None,
            ),
            "columns": (self.network.input_size, None if self.network.takes_ids else features.size),
            "target symbols": (self.network.target_symbols, self.target.size + 1),
        }
        for what, (has, wanted) in sizes.items():
            if has != wanted:
                raise InputError(
                    f"the preprocessing reads {wanted or 'no'} {what}, but the network has {has or 'none'}"
                )

    @property
    def kind(self) -> str:
        """The kind of the sources, see `recurra.data.Sequences`."""
        return kind_of(self.source)

    def predict(self, X: Any, *, beam: Beam | None = None) -> list[str]:
        """The best text for each source, see `translate`."""
        return [own[0].text for own in self.translate(X, beam=beam)]

    def translate(
        self, X: Any, *, beam: Beam | None = None, attention: bool = False, threads: int = 1
    ) -> list[list[Translation]]:
        """The best texts for each source, the best first.

        Args:
            X: N sources, see `read`. An empty one becomes the empty text.
            beam: how to search; None for five hypotheses and the best of them.
            attention: whether to tell where each token looks.
            threads: to compute with; the bits are the same with any number.

        Raises InputError for data that does not suit the model, and where attention is asked of one without.
        """
        search, pairs = _instance("beam", beam, Beam()), self.read(X)
        if attention and not self.network.has_attention:
            raise InputError("attention=True needs a model with attention, and this one has none")

        def decode(state: Any, limits: np.ndarray, rows: np.ndarray) -> list[list[Hypothesis]]:
            limits = np.maximum(limits, search.max_length or search.min_length)  # what was asked for has room
            names = [pairs.names[row] for row in rows]
            return beam_search(
                self.network, state, len(rows), search, max_lengths=limits, names=names, **self._symbols
            )

        return self._decode(pairs, decode, search.size, attention=attention, threads=threads)

    def answer(self, x: np.ndarray) -> np.ndarray:
        """The tokens (T,) int64 of what `predict` says of one source ``x`` as the network reads it.

        x is int64 ids (S,), or float32 vectors (S, I), S at least 1; InputError for any other.
        """
        state = self.network.initial_state([x])
        limits = np.array([self._limit(x)])
        return beam_search(self.network, state, 1, Beam(), max_lengths=limits, **self._symbols)[0][0].tokens

    def sample(
        self, X: Any, *, sampling: Sampling | None = None, samples: int = 1, seed: int = 0
    ) -> list[list[Translation]]:
        """Texts that are drawn for each source, ``samples`` of each; the same seed draws the same.

        ``sampling`` says how a token is drawn, None for as the model says. Raises InputError for arguments
        out of range, and for data that does not suit the model.
        """
        drawing = _instance("sampling", sampling, Sampling())
        samples = positive_int("samples", samples)
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise InputError(f"seed must be a whole number of at least 0, got {seed!r}")

        def decode(state: Any, limits: np.ndarray, rows: np.ndarray) -> list[list[Hypothesis]]:
            each = np.repeat(np.arange(len(rows)), samples)
            drawn = sample(
                self.network,
                self.network.select(state, each),
                len(each),
                drawing,
                max_lengths=limits[each],
                generators=[
                    np.random.default_rng([seed, int(row), k]) for row in rows for k in range(samples)
                ],
                **self._symbols,
            )
            return [drawn[start : start + samples] for start in range(0, len(drawn), samples)]

        return self._decode(X, decode, samples, empty=samples)

    def evaluate(
        self,
        X: Any,
        y: Any = None,
        *,
        beam: Beam | None = None,
        baselines: Baselines[list[str]] | None = None,
    ) -> TranslationEvaluation:
        """Score the best texts beside ``baselines`` that were fitted in training.

        X and y as for `pairs`. Raises InputError for data that does not suit the model, or has no targets.
        """
        pairs = self.pairs(X, y)
        answers = self.predict(pairs, beam=beam)
        return evaluate_translation(
            answers,
            pairs.targets or [],
            level="char" if self.target.level == "char" else "word",
            source_lengths=[len(ids) for ids in self._inputs(pairs)],
            baselines=None if baselines is None else baselines.on(pairs.sources),
        )

    def attention(self, X: Any, y: Any) -> list[np.ndarray]:
        """Where each token of given targets, and their end, looks: (T_i + 1, S_i) for each source.

        Raises InputError for sources that are empty, and a model without attention.
        """
        pairs = self.pairs(X, y)
        check_sequences(pairs.sources, self.kind, pairs.names)
        return self.network.attention(self._inputs(pairs), self.target(pairs.targets or []))

    def read(self, X: Any) -> Pairs:
        """``X`` as sources: what `recurra.data.as_pairs` takes, or the `pathlib.Path` of a file.

        A file has a source on each line, or is a table such as the model was trained on. Raises InputError
        for anything else.
        """
        if isinstance(X, Path):
            columns = self.columns if is_table(X) else None
            options = {} if columns is None else {name: columns[name] for name in ("source", "header")}
            if columns is None and is_table(X):
                _check_one_column(X)
            pairs = read_sources(X, **options)
        else:
            pairs = as_pairs(X)
        if pairs.sources.kind != self.kind:
            got = KINDS[pairs.sources.kind]
            raise InputError(f"X must hold {KINDS[self.kind]}, as the training part does, got {got}")
        if pairs.columns not in (None, self.source.size):
            raise InputError(
                f"X must hold arrays with {count(self.source.size, 'column')}, as the training part does, "
                f"got {pairs.columns}"
            )
        return pairs

    def pairs(self, X: Any, y: Any = None) -> Pairs:
        """``X`` with the targets ``y``; those of pairs, of two files or of a table where ``y`` is None.

        Raises InputError where there are none.
        """
        if isinstance(X, Path) and isinstance(y, Path | None):
            X, y = self._read_pairs(X, y), None
        pairs = as_pairs(self.read(X), y)
        if pairs.targets is None:
            raise InputError("y must hold the right text of each source, got none")
        return pairs

    def _read_pairs(self, path: Path, targets: Path | None) -> Pairs:
        """Those of two files of lines, or of a table such as the model was fitted on."""
        if self.columns is None:
            if tables := [file for file in (path, targets) if file is not None and is_table(file)]:
                raise InputError(
                    f"{tables[0]} is a table, and the model was not fitted on one; give a file with a source "
                    "on each line, and one of their targets"
                )
            if targets is None:
                check_file(path)
                raise InputError(f"{path} has sources and no targets; give the file of their targets, too")
        return read_pairs(path, **(self.columns or {})) if targets is None else read_pairs(path, targets)

    @property
    def _symbols(self) -> dict[str, Any]:
        boundary = self.network.boundary
        return {"start": boundary, "end": boundary, "never": (_UNKNOWN,)}

    def _limit(self, x: np.ndarray) -> int:
        """Tokens of an answer at most."""
        return max(self.longest, 2 * len(x) + _ROOM)

    def _inputs(self, pairs: Pairs) -> list[np.ndarray]:
        return self.source(pairs.sources.items)

    def _decode(
        self,
        X: Any,
        decode: Callable[[Any, np.ndarray, np.ndarray], list[list[Hypothesis]]],
        width: int,
        *,
        empty: int = 1,
        attention: bool = False,
        threads: int = 1,
    ) -> list[list[Translation]]:
        """What ``decode`` finds for sources of about the same length, ``width`` open rows for each.

        ``empty`` is how many empty texts a source without anything in it becomes.
        """
        pairs = self.read(X)
        inputs = self._inputs(pairs)
        found: list[list[Translation]] = [[_empty(self.kind)] * empty for _ in inputs]
        for rows in _batches(inputs, max(1, min(_MOST_SOURCES, _MOST_ROWS // width))):
            own = [inputs[row] for row in rows]
            limits = np.array([self._limit(x) for x in own])
            state = self.network.initial_state(own, threads=threads)
            for row, hypotheses in zip(rows, decode(state, limits, rows)):
                source, looked = pairs.sources.items[row], [None] * len(hypotheses)
                if attention:
                    tokens = [one.tokens for one in hypotheses]
                    looked = self.network.attention([inputs[row]] * len(tokens), tokens, threads=threads)
                found[row] = [
                    self._translation(one, source, weights) for one, weights in zip(hypotheses, looked)
                ]
        return found

    def _translation(self, found: Hypothesis, source: Any, attention: np.ndarray | None) -> Translation:
        features = self.source
        return Translation(
            text=self.target.decode(found.tokens),
            tokens=tuple(self.target.vocabulary[token] for token in found.tokens),
            log_probability=found.log_probability,
            score=found.score,
            ended=found.ended,
            source_tokens=tuple(features.tokens(source)) if isinstance(features, TextFeatures) else None,
            attention=attention,
        )


def check_columns(columns: Any, name: str) -> None:
    """Raise InputError, which calls them ``name``, unless ``columns`` say how a table is read."""
    expected = {"source": schema.COLUMN_OR_NONE, "target": schema.COLUMN_OR_NONE, "header": schema.FLAG}
    schema.check_fields(columns, expected, name)


def translation_artifact(
    spec: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray],
    source: SourceFeatures,
    target: TextFeatures,
    *,
    longest: int,
    columns: dict[str, Any] | None,
    history: dict[str, Any],
) -> Artifact:
    """The artifact of an encoder-decoder, without a card; InputError for tensors that do not fit ``spec``."""
    network = EncoderDecoder(spec, tensors)
    shape = ["N", "S"] if network.takes_ids else ["N", "S", network.input_size]
    return Artifact(
        task=TranslationModel.task,
        spec=dict(spec),
        preprocessing={
            "source": features_to_dict(source),
            "target": target.to_dict(),
            "longest": longest,
            "columns": columns,
        },
        tensors=dict(tensors),
        inputs=[
            {"name": "source", "shape": shape, "dtype": "int64" if network.takes_ids else "float32"},
            {"name": "tokens", "shape": ["N", "T"], "dtype": "int64"},
        ],
        outputs=[{"name": "logits", "shape": ["N", "T", network.target_symbols], "dtype": "float32"}],
        history=history,
        card={},
    )


def _check_one_column(path: Path) -> None:
    """Raise InputError unless the table has a single column, so that nobody need say which."""
    check_file(path)
    names = read_rows(path, header=True).names
    if len(names) > 1:
        raise InputError(
            f"{path} is a table with the columns {', '.join(names)}, and the model was not fitted on a "
            "table; give a file with a source on each line, or a table of one column"
        )


def _batches(inputs: Sequence[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Rows of sources that are not empty, of about the same length together: ``size``, or fewer long ones."""
    lengths = np.array([len(x) for x in inputs], np.int64)
    order = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]
    while len(order):
        rows = max(1, min(size, _MOST_STEPS // lengths[order[0]]))
        yield order[:rows]
        order = order[rows:]


def _empty(kind: str) -> Translation:
    return Translation("", (), 0.0, 0.0, True, () if kind == "text" else None)


def _instance(name: str, given: Any, default: Options) -> Options:
    if given is None:
        return default
    if not isinstance(given, type(default)):
        raise InputError(
            f"{name} must be a recurra.decoding.{type(default).__name__} or None, got {type(given).__name__}"
        )
    return given
