"""Simple models that tag single steps, fitted on the training part, for a network to beat."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from recurra._base.errors import InputError, MissingExtraError
from recurra._base.wording import count
from recurra.data import Sequences
from recurra.evaluation.fitted_baselines import Baseline, Baselines
from recurra.evaluation.label_baselines import check_counts, trained_on
from recurra.evaluation.linear_models import logistic_regression
from recurra.evaluation.pooled_features import Features, array_features
from recurra.evaluation.tagging import Tagging

_MOST_STEPS = 50_000


def fit_tag_baselines(
    sequences: Sequences,
    tags: Sequence[Sequence[str]],
    classes: Sequence[str],
    *,
    features: Features | None = None,
) -> Baselines[Tagging]:
    """Fit "most frequent tag" and, for series and audio, "logistic regression" on single steps.

    The most frequent tag is that of the word (of the character, in texts), of the word in lower case if
    training never saw it as it is written, or of all words; for series and audio it is that of all steps.

    Args:
        sequences: N of the training part.
        tags: N times T_i theirs.
        classes: (K,) in the order of the columns of probabilities.
        features: of the items of series or audio, a row a tag, see `recurra.evaluation.pooled_features`.

    Raises:
        InputError: the tags are not one a step, or not all of them are in ``classes``.
    """
    check_counts(sequences, tags)
    codes = trained_on([tag for row in tags for tag in row], classes).codes
    if sequences.kind in ("text", "tokens"):
        check_steps(sequences.items, tags)
        return Baselines.fit({"most frequent tag": lambda: _by_word(sequences, codes, classes)})
    features = array_features(sequences, features)
    arrays = features(sequences.items)
    check_steps(arrays, tags)
    return Baselines.fit(
        {
            "most frequent tag": lambda: _overall(codes, classes, features),
            "logistic regression": lambda: _by_step(arrays, codes, classes, features),
        }
    )


def check_steps(items: Sequence[Sequence[object]] | list[np.ndarray], tags: Sequence[Sequence[str]]) -> None:
    """InputError unless each item has as many steps as tags."""
    for i, (item, row) in enumerate(zip(items, tags)):
        if len(item) != len(row):
            raise InputError(
                f"sequence {i} has {count(len(item), 'step')} and {count(len(row), 'tag')}; "
                "expected as many of each"
            )


def _by_word(sequences: Sequences, codes: np.ndarray, classes: Sequence[str]) -> Baseline[Tagging]:
    """P(tag | word) from the counts of the word and one pseudo-count, which is spread as P(tag | lower case).

    That one in turn has a pseudo-count spread as the tags of all words. A pseudo-count only decides ties.
    """
    counts: dict[str, Counter[int]] = {}
    lowered: dict[str, Counter[int]] = {}
    words = [word for item in sequences.items for word in item]
    for word, code in zip(words, codes.tolist()):
        counts.setdefault(word, Counter())[code] += 1
        lowered.setdefault(word.lower(), Counter())[code] += 1
    overall = (np.bincount(codes, minlength=len(classes)) + 1) / (len(codes) + len(classes))

    def shares(word: str) -> np.ndarray:
        found = overall
        for seen in (lowered.get(word.lower()), counts.get(word)):
            if seen is not None:
                found = found.copy()
                found[list(seen)] += list(seen.values())
                found /= found.sum()
        return found

    def predict(other: Sequences) -> Tagging:
        by_word = {word: shares(word) for word in {word for item in other.items for word in item}}
        none = np.empty((0, len(classes)))
        return _most_likely(
            [np.stack([by_word[word] for word in item]) if len(item) else none for item in other.items],
            classes,
        )

    most = str(classes[int(overall.argmax())])
    unit = "word" if sequences.kind == "tokens" else "character"
    return Baseline(predict, f"the most frequent tag of each {unit} in the training part, else {most!r}")


def _overall(codes: np.ndarray, classes: Sequence[str], features: Features) -> Baseline[Tagging]:
    shares = np.bincount(codes, minlength=len(classes)) / len(codes)
    most = str(classes[int(shares.argmax())])

    def predict(other: Sequences) -> Tagging:
        return _most_likely([np.tile(shares, (len(array), 1)) for array in features(other.items)], classes)

    return Baseline(predict, f"{most!r} at every step, {100 * shares.max():.1f} % of the training part")


def _by_step(
    arrays: list[np.ndarray], codes: np.ndarray, classes: Sequence[str], features: Features
) -> Baseline[Tagging]:
    try:
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "report") from error

    steps = np.concatenate(arrays).astype(np.float64)
    chosen = slice(None, None, -(-len(steps) // _MOST_STEPS))
    scaler = StandardScaler().fit(steps[chosen])
    model = logistic_regression(
        scaler.transform(steps[chosen]), codes[chosen], len(classes), strengths=(0.01, 0.1, 1.0)
    )

    def predict(other: Sequences) -> Tagging:
        found = features(other.items)
        rows = model.probabilities(scaler.transform(np.concatenate(found).astype(np.float64)))
        return _most_likely(np.split(rows, np.cumsum([len(array) for array in found])[:-1]), classes)

    amount = "every step" if chosen.step == 1 else f"one step in {chosen.step}"
    return Baseline(predict, f"on {amount} by itself, {model.note}")


def _most_likely(probabilities: list[np.ndarray], classes: Sequence[str]) -> Tagging:
    tags = [[classes[int(code)] for code in rows.argmax(axis=1)] for rows in probabilities]
    return Tagging(tags, probabilities)
