"""What a model says of data, as tables, lines of JSON, and what is printed."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra._base.errors import InputError
from recurra.cli.models import resampled
from recurra.cli.probabilities import Rows, of_music, of_texts
from recurra.cli.transcripts import of_sequences
from recurra.cli.translations import beam_of, of_sources

if TYPE_CHECKING:
    from recurra.data import Labelled
    from recurra.runtime import ForecastModel, RegressionModel, SequenceModel, TaggingModel
    from recurra.runtime.load import Model


@dataclass(frozen=True)
class Predictions:
    """For N items: texts, clips, or the steps of one forecast.

    Attributes:
        values: N objects, as JSON has them.
        writers: from the ending of a file to what is in it, "" for any other; the first one's is printed.
        notes: what people should know, in sentences.
    """

    values: Rows
    writers: Mapping[str, Callable[[], bytes]]
    notes: Sequence[str]


def endings(model: "Model", n_best: int = 1) -> list[str]:
    """Of the files that the predictions of ``model`` can be written to; none if any will do."""
    if model.task == "translate" and n_best == 1:
        return []
    return [*([".tsv"] if _tags_words(model) else []), *_WRITERS]


def predictions(
    model: "Model", data: Path, *, steps: bool = False, beam: int | None = None, n_best: int = 1
) -> Predictions:
    """What ``model`` says of the file ``data``; InputError where it does not suit.

    A language model says it of each of its ``steps``, which another model does not have. A model
    that writes texts follows ``beam`` of them at a time, and tells the ``n_best``.
    """
    from recurra.runtime import ForecastModel, RegressionModel, TaggingModel, TranscriptionModel
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel
    from recurra.runtime.translation import TranslationModel

    if not isinstance(model, TranslationModel | TranscriptionModel) and (beam is not None or n_best != 1):
        raise InputError(
            f"{'--n-best' if beam is None else '--beam'} is for models that write texts from a source or a "
            f"clip, and the task of this one is {model.task}; leave it out"
        )
    if isinstance(model, TextModel | MusicModel):
        rows, notes = (
            of_texts(model, data, steps=steps)
            if isinstance(model, TextModel)
            else of_music(model, data, steps=steps)
        )
        return Predictions(rows, _writers(rows, rows), notes)
    if steps:
        raise InputError(
            f"--tokens is for language models, and the task of this one is {model.task}; leave it out"
        )
    if isinstance(model, ForecastModel):
        return _forecast(model, data)
    if isinstance(model, TranslationModel):
        rows, values, best = of_sources(model, data, beam_of(beam, n_best))
        writers = _writers(rows, values)
        return Predictions(values, writers if n_best > 1 else {"": partial(_lines, best), **writers}, [])
    items = model.read_file(data, labelled=False)
    notes = [*items.notes, *resampled(model, items.sequences)]
    if isinstance(model, TranscriptionModel):
        rows, values = of_sequences(model, items, beam=beam, n_best=n_best)
        return Predictions(values, _writers(rows, values), notes)
    if isinstance(model, TaggingModel):
        return _tags(model, items, notes)
    said = _numbers(model, items) if isinstance(model, RegressionModel) else _classes(model, items)
    shown = [
        {**{name: value for name, value in one.items() if name != "probabilities"}, **_item(model, items, i)}
        for i, one in enumerate(said)
    ]
    values = [
        {"name": name, **_item(model, items, i), **one}
        for i, (name, one) in enumerate(zip(items.names, said))
    ]
    return Predictions(values, _writers(shown, values), notes)


def _classes(model: Any, items: "Labelled") -> Rows:
    names = model.classes.tolist()
    return [
        {
            "label": names[row.argmax()],
            "probability": float(row.max()),
            "probabilities": dict(zip(map(str, names), row.tolist())),
        }
        for row in model.predict_proba(items)
    ]


def _numbers(model: "RegressionModel", items: "Labelled") -> Rows:
    names = [f"q{level:g}" for level in model.levels]
    middle = model.levels.index(0.5)
    return [
        {"point": row[middle], **dict(zip(names, row))} for row in model.predict_quantiles(items).tolist()
    ]


def _tags(model: "TaggingModel", items: "Labelled", notes: Sequence[str]) -> Predictions:
    tags = model.predict(items)
    odds = (
        None
        if model.network.crf is not None
        else [row.max(axis=1).tolist() for row in model.predict_proba(items)]
    )
    values, rows = [], []
    for i, (name, own) in enumerate(zip(items.names, tags)):
        tokens = items.sequences.items[i] if model.kind == "tokens" else None
        values.append(
            {
                "name": name,
                **({} if tokens is None else {"tokens": tokens}),
                "tags": own,
                **({} if odds is None else {"probabilities": odds[i]}),
            }
        )
        rows += [
            {
                "name": name,
                "step": step + 1,
                **({} if tokens is None else {"token": tokens[step]}),
                "tag": tag,
                **({} if odds is None else {"probability": odds[i][step]}),
            }
            for step, tag in enumerate(own)
        ]
    writers = _writers(rows, values)
    if _tags_words(model):
        writers = {".tsv": partial(_columns, values), **writers}
    return Predictions(values, writers, notes)


def _forecast(model: "ForecastModel", data: Path) -> Predictions:
    from recurra.inspection.wording import times

    forecast = model.predict(data)
    frame = forecast.to_frame()
    rows = frame.to_dicts()
    if forecast.time.dtype.kind == "M":
        rows = [{**row, "time": time} for row, time in zip(rows, times(forecast.time, utc=forecast.utc))]
    writers = {**_writers(rows, rows), ".parquet": partial(_parquet_of, frame)}
    return Predictions(rows, writers, forecast.gaps.lines())


def _item(model: "SequenceModel", items: "Labelled", i: int) -> dict[str, str]:
    """By what people know an item: a text itself, anything else by its name."""
    item = items.sequences.items[i]
    match model.kind:
        case "text":
            return {"text": item}
        case "tokens":
            return {"text": " ".join(item)}
        case _:
            return {"name": items.names[i]}


def _tags_words(model: "Model") -> bool:
    return model.task == "tag" and getattr(model, "kind", None) == "tokens"


def _writers(rows: Rows, values: Rows) -> dict[str, Callable[[], bytes]]:
    return {
        ".csv": partial(_csv, rows),
        ".jsonl": partial(_json_lines, values),
        ".parquet": partial(_parquet, rows),
    }


def _csv(rows: Rows) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0] if rows else ()), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def _json_lines(values: Rows) -> bytes:
    return "".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in values).encode()


def _lines(texts: Sequence[str]) -> bytes:
    """A text on each line; a line end within one is a blank."""
    return "".join(f"{' '.join(text.splitlines())}\n" for text in texts).encode()


def _parquet(rows: Rows) -> bytes:
    import polars as pl

    return _parquet_of(pl.DataFrame(rows, infer_schema_length=None))


def _parquet_of(frame: Any) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def _columns(values: Rows) -> bytes:
    """A word and its tag on each line, with an empty line between sentences."""
    sentences = (
        "".join(f"{token}\t{tag}\n" for token, tag in zip(value["tokens"], value["tags"])) for value in values
    )
    return "\n".join(sentences).encode()


_WRITERS = (".csv", ".jsonl", ".parquet")
