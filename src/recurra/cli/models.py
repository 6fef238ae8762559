"""What models tell of what, in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recurra.data import Sequences
    from recurra.runtime import SequenceModel
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel
    from recurra.runtime.translation import TranslationModel

_ITEMS = {"text": "text", "tokens": "sentence", "series": "series", "audio": "clip"}
_STEPS = {"text": "token", "tokens": "word", "series": "step", "audio": "frame"}
_SYMBOLS = {"char": "character", "word": "word", "bpe": "byte pair"}
_SHOWN = 12


def learnt(model: "SequenceModel | TextModel | MusicModel | TranslationModel") -> str:
    """What the model tells of what: ``One of 2 classes for each text: 0, 1``."""
    from recurra._base.wording import count
    from recurra.runtime import RegressionModel, TranscriptionModel
    from recurra.runtime.language import TextModel
    from recurra.runtime.music import MusicModel
    from recurra.runtime.translation import TranslationModel

    if isinstance(model, TextModel):
        symbol = _SYMBOLS[model.features.level]
        return f"The next {symbol} of a text: one of {model.features.size - 1:,} that training saw"
    if isinstance(model, MusicModel):
        beat = f"{model.template.steps_per_beat:g} steps a beat"
        return f"The next step of a piece: which of 88 keys sound, with {beat}"
    if isinstance(model, TranscriptionModel):
        what = count(model.symbols.size - 1, _SYMBOLS[model.symbols.level])
        return f"What each {_ITEMS[model.kind]} says, in {what}"
    if isinstance(model, TranslationModel):
        what, symbol = model.target.size - 1, _SYMBOLS[model.target.level]
        return f"What each {_ITEMS[model.kind]} becomes: a text of {count(what, symbol)} that training saw"
    if isinstance(model, RegressionModel):
        return f"A number for each {_ITEMS[model.kind]}"
    names = [str(name) for name in model.classes]  # pyright: ignore[reportAttributeAccessIssue]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    what = (
        f"classes for each {_ITEMS[model.kind]}" if model.pools else f"labels for each {_STEPS[model.kind]}"
    )
    return f"One of {len(names)} {what}: {', '.join(names[:_SHOWN])}{more}"


def resampled(model: "SequenceModel", sequences: "Sequences") -> list[str]:
    """How many clips had another rate than the model's, in sentences; none where there are no clips."""
    from recurra.data import AudioFeatures

    if not isinstance(model.features, AudioFeatures):
        return []
    return list(model.features.resampled(sequences.items))
