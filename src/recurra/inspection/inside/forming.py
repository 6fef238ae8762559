"""The prediction as it forms: what a model would say if its input ended after each step."""

from typing import Any

import numpy as np

from recurra._base.errors import InputError
from recurra._base.wording import count
from recurra.decoding import viterbi
from recurra.inspection.inside.foretold import keys_foretold, symbols_foretold
from recurra.inspection.inside.formed import Forming
from recurra.inspection.inside.inputs import Given
from recurra.inspection.inside.prefixes import prefixes
from recurra.inspection.inside.texts_forming import transcript_forming, translation_forming
from recurra.runtime.classification import ClassificationModel
from recurra.runtime.forecast import ForecastModel
from recurra.runtime.forecast_inputs import MEDIAN
from recurra.runtime.language import TextModel
from recurra.runtime.music import MusicModel
from recurra.runtime.network_parts import CrfScores
from recurra.runtime.regression import RegressionModel
from recurra.runtime.tagging import TaggingModel
from recurra.runtime.transcription import TranscriptionModel
from recurra.runtime.translation import TranslationModel

_BAND = (0.1, 0.9)


def forming(model: Any, given: Given) -> Forming:
    """What the loaded ``model`` says after each step of the input.

    That is what it says of each prefix, with the network's inputs as they are: a window stays centred on its
    last row, and a clip levelled as a whole. Values by the kind of model:

    - classes: their probabilities; tags: those of the newest step, with a conditional random field the
      marginal ones of all sequences that end there.
    - numbers and forecasts: the median and the 80 % band (or the outermost levels that the model has); of a
      forecast those of the first and the last step of its horizon.
    - language models: the log-probability that each symbol had; music: of all keys of a step together.
    - transcripts: the log-probability of the most probable way to write the text so far.
    - translations: that of the first eight tokens, written greedily.

    Raises InputError for what is no loaded model, and for an input of another model.
    """
    match model:
        case ClassificationModel():
            return _classes(model, given)
        case RegressionModel():
            return _numbers(model, given)
        case ForecastModel():
            return _forecasts(model, given)
        case TaggingModel():
            return _tags(model, given)
        case TranscriptionModel():
            return transcript_forming(model, given)
        case TranslationModel():
            return translation_forming(model, given)
        case TextModel():
            return symbols_foretold(model, given)
        case MusicModel():
            return keys_foretold(model, given)
    raise InputError(f"model must be one that recurra.load gives, got {type(model).__name__}")


def _classes(model: ClassificationModel, given: Given) -> Forming:
    found = prefixes(model.network, given.x)
    values = model.probabilities(np.stack(found.outputs))
    best, names = values.argmax(axis=1), tuple(map(str, model.classes))
    said = tuple(names[code] for code in best)
    flips = tuple((np.flatnonzero(np.diff(best)) + 1).tolist())
    return Forming(_at(given, found.ends), names, values, "probability", said[-1], flips, said)


def _numbers(model: RegressionModel, given: Given) -> Forming:
    found = prefixes(model.network, given.x)
    levels, names = _band(model.levels)
    quantiles = model.quantiles(np.stack(found.outputs))
    label = None if model.source is None else model.source.options.get("label")
    said = tuple(f"{median:.4g}" for median in quantiles[:, model.levels.index(MEDIAN)])
    unit = label if isinstance(label, str) else "value"
    return Forming(_at(given, found.ends), names, quantiles[:, levels], unit, said[-1], (), said)


def _forecasts(model: ForecastModel, given: Given) -> Forming:
    if given.values is None:
        raise InputError("given must have the values of a forecaster's window; make it with given(model, X)")
    found = prefixes(model.network, given.x)
    windows = np.broadcast_to(given.values, (len(found.ends), *given.values.shape))
    quantiles = model.inputs.quantiles(np.stack(found.outputs), windows)
    levels, names = _band(model.levels)
    ahead = sorted({0, model.horizon - 1})
    medians = quantiles[:, ahead, model.levels.index(MEDIAN)]
    said = tuple(" … ".join(f"{value:.4g}" for value in row) for row in medians)
    return Forming(
        _at(given, found.ends),
        tuple(f"{name}, {count(step + 1, 'step')} ahead" for step in ahead for name in names),
        quantiles[:, ahead][:, :, levels].reshape(len(said), -1),
        model.inputs.target,
        said[-1],
        (),
        said,
    )


def _tags(model: TaggingModel, given: Given) -> Forming:
    found, crf = prefixes(model.network, given.x), model.network.crf
    whole = found.outputs[-1]
    if crf is None:
        scores = np.stack([output[-1] for output in found.outputs])
        values, best, last = model.probabilities(scores), scores.argmax(axis=1), whole.argmax(axis=1)
    else:
        own = [whole] if found.causal else found.outputs
        ways = [_ending_in(output.astype(np.float64), crf, np.logaddexp) for output in own]
        paths = [_ending_in(output, crf, np.maximum) for output in own]
        odds = ways[0] if found.causal else np.stack([one[-1] for one in ways])
        values = np.exp(odds - np.logaddexp.reduce(odds, axis=1, keepdims=True))
        best = (paths[0] if found.causal else np.stack([one[-1] for one in paths])).argmax(axis=1)
        last = viterbi(whole[:, None], None, *crf)[0]
    names = tuple(map(str, model.classes))
    return Forming(
        _at(given, found.ends),
        names,
        values,
        "probability",
        " ".join(names[code] for code in last),
        tuple(np.flatnonzero(last[found.ends] != best).tolist()),
        tuple(names[code] for code in best),
    )


def _ending_in(emissions: np.ndarray, crf: CrfScores, join: np.ufunc) -> np.ndarray:
    """For each prefix of emissions (T, K) the score of ending in each tag, (T, K).

    Over all paths to it: their best with ``join`` the maximum, as Viterbi has it; the logarithm of their sum
    with logaddexp, the forward algorithm.
    """
    score = crf.start + emissions[0]
    scores = [score + crf.end]
    for emission in emissions[1:]:
        score = join.reduce(score[:, None] + crf.transitions, axis=0) + emission
        scores.append(score + crf.end)
    return np.stack(scores)


def _band(levels: tuple[float, ...]) -> tuple[list[int], tuple[str, ...]]:
    """The places of the median and what lies around it, and what they are called."""
    low, high = _BAND if set(_BAND) <= set(levels) else (levels[0], levels[-1])
    places = [levels.index(level) for level in sorted({low, MEDIAN, high})]
    return places, tuple(
        "median" if levels[i] == MEDIAN else f"{100 * levels[i]:g} % quantile" for i in places
    )


def _at(given: Given, ends: np.ndarray) -> tuple[str, ...]:
    return tuple(given.steps[end] for end in ends)
