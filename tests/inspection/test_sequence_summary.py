from dataclasses import replace

import numpy as np
import pytest

from recurra.data import Sequences, as_labelled
from recurra.evaluation import (
    BaselineOutputs,
    Comparison,
    Estimates,
    RegressionEvaluation,
    Tagging,
    evaluate_labels,
    evaluate_language,
    evaluate_music,
    evaluate_tags,
    evaluate_transcription,
    evaluate_translation,
    evaluate_values,
)
from recurra.inspection import sequence_summary


def labelled(model: float, error: float = 0.01, **baselines: float) -> Comparison:
    """An evaluation of 1,000 labels with these accuracies."""
    made = evaluate_labels(["a", "b"], np.array([[0.9, 0.1], [0.2, 0.8]]), ["a", "b"])
    others = {
        name.replace("_", " "): {**made.metrics, "accuracy": value} for name, value in baselines.items()
    }
    return replace(
        made,
        metrics={**made.metrics, "accuracy": model},
        baselines=others,
        count=1000,
        accuracy_standard_error=error,
    )


def measured(model: list[float], baseline: list[float] | None) -> RegressionEvaluation:
    """An evaluation of labels 0, …, 0, 1 that a model and a baseline are off by these."""
    labels = np.arange(len(model)) // (len(model) - 1) * 1.0
    others = {} if baseline is None else {"mean": Estimates(labels + np.asarray(baseline))}
    outputs = BaselineOutputs(
        others, {"ridge regression": "there is one value only"}, {"mean": "0.5 for all"}
    )
    return evaluate_values(labels, Estimates(labels + np.asarray(model)), baselines=outputs)


def test_the_verdict_names_the_best_baseline_and_by_how_much_it_is_beaten() -> None:
    assert sequence_summary.verdict(labelled(0.853, majority_class=0.5, naive_Bayes=0.82)) == [
        "Of 1,000 labels, 85.3 % are predicted rightly (standard error 1.0 %), 3.3 percentage points more "
        "than by the best baseline, naive Bayes (82.0 %)."
    ]


def test_a_lead_that_may_be_chance_is_called_so() -> None:
    assert sequence_summary.verdict(labelled(0.83, naive_Bayes=0.82))[1:] == [
        "That is less than two standard errors: it may be chance."
    ]


@pytest.mark.parametrize("accuracy", [0.82, 0.805])
def test_a_model_that_is_no_better_is_not_praised(accuracy: float) -> None:
    assert sequence_summary.verdict(labelled(accuracy, naive_Bayes=0.82))[1:] == [
        "They can't be told apart by so few labels; naive Bayes is the simpler choice."
    ]


def test_a_model_that_is_worse_is_called_so() -> None:
    assert sequence_summary.verdict(labelled(0.7, naive_Bayes=0.82)) == [
        "Of 1,000 labels, 70.0 % are predicted rightly (standard error 1.0 %), 12.0 percentage points fewer "
        "than by the best baseline, naive Bayes (82.0 %).",
        "Here naive Bayes is the better choice, unless other settings or more data change that.",
    ]


def test_equal_accuracies_are_said_to_be_equal() -> None:
    assert (
        "(standard error 1.0 %), as many as by the best baseline, naive Bayes (82.0 %)."
        in (sequence_summary.verdict(labelled(0.82, naive_Bayes=0.82))[0])
    )


def test_without_a_baseline() -> None:
    assert sequence_summary.verdict(labelled(0.82)) == [
        "Of 1,000 labels, 82.0 % are predicted rightly (standard error 1.0 %); there is no baseline."
    ]
    assert sequence_summary.verdict(measured([0.1, 0.3], None)) == [
        "The predictions are off by 0.200 on average (MAE over 2 labels); there is no baseline."
    ]


def test_the_verdict_on_numbers_takes_the_error_of_the_difference() -> None:
    always = measured([0.1, 0.1, 0.1, 0.1], [0.4, 0.4, 0.4, 0.4])
    assert sequence_summary.standard_error(always) == pytest.approx(0)
    assert sequence_summary.verdict(always) == [
        "The predictions are off by 0.100 on average (MAE over 4 labels), 75 % less than the best baseline, "
        "mean (0.400)."
    ]
    at_times = measured([0.1, 0.9, 0.1, 0.1], [0.4, 0.4, 0.4, 0.4])
    assert sequence_summary.standard_error(at_times) == pytest.approx(np.std([-0.3, 0.5, -0.3, -0.3]) / 2)
    assert sequence_summary.verdict(at_times)[1:] == [
        "That is less than two standard errors: it may be chance."
    ]


def test_spans_have_a_sentence_of_their_own() -> None:
    tags, classes = [["B-PER", "O"], ["O", "B-PER"]], ["O", "B-PER", "I-PER"]
    nothing = BaselineOutputs({"most frequent tag": Tagging([["O", "O"], ["O", "O"]])}, {}, {})
    found = evaluate_tags(tags, Tagging([["B-PER", "O"], ["O", "O"]]), classes, baselines=nothing)
    assert sequence_summary.verdict(found)[-1] == (
        "Of 2 spans, whole ones are found with an F1 of 0.667; the best baseline, most frequent tag, has "
        "0.000."
    )
    alone = evaluate_tags(tags, Tagging(tags), classes)
    assert sequence_summary.verdict(alone)[0] == (
        "Of 4 tags, 100.0 % are predicted rightly (standard error 0.0 %); there is no baseline."
    )


def test_scores_mark_the_best_and_leave_out_what_nobody_has() -> None:
    evaluation = measured([0.1, 0.1], [0.0, 0.4])
    scores = {score.metric.key: score.cells for score in sequence_summary.scores(evaluation)}
    assert list(scores) == ["mae", "rmse", "r2"]  # there are no quantiles to score
    assert scores["mae"] == [("0.100", True), ("0.200", False)]
    assert scores["r2"] == [("0.960", True), ("0.680", False)]
    assert sequence_summary.names(evaluation) == ["model", "mean"]
    shares = {score.metric.key: score.cells for score in sequence_summary.scores(labelled(0.03, other=0.195))}
    assert shares["accuracy"] == [("3.0 %", False), ("19.5 %", True)]


def test_baselines_say_how_they_were_made_and_why_one_is_absent() -> None:
    assert sequence_summary.baseline_lines(measured([0.1, 0.1], [0.0, 0.4])) == [
        "mean: 0.5 for all.",
        "No ridge regression: there is one value only.",
    ]


def test_parts_are_counted() -> None:
    texts = as_labelled(["a", "b", "c"], ["x", "y", "x"])
    groups = as_labelled(["a", "b"], ["x", "y"], groups=["ann", "ann"])
    table = sequence_summary.parts({"training": texts, "validation": groups, "test": None})
    assert table.columns == ["Part", "Texts", "Different labels", "Groups"]
    assert table.rows == [["training", "3", "2", "0"], ["validation", "2", "2", "1"]]
    words = as_labelled([["a", "b"], ["c"]], [["X", "Y"], ["X"]])
    assert sequence_summary.parts({"training": words}).columns == [
        "Part",
        "Sentences",
        "Labels",
        "Different labels",
    ]
    assert sequence_summary.parts({"training": words}).rows == [["training", "2", "3", "2"]]
    values = as_labelled([np.zeros(3), np.ones(4)], [0.5, 1.5])
    assert sequence_summary.parts({"training": values}).columns == ["Part", "Series"]


def test_what_was_done_to_the_data_is_said_once_and_of_which_part(fitted) -> None:
    model, parts = fitted("clips").model_, fitted("clips").parts_
    test = replace(parts["test"], notes=("1 clip left out.", "Made louder."))
    lines = sequence_summary.data_lines(model, {**parts, "test": test}, ("Made louder.",))
    assert lines == [
        "Made louder.",
        "1 clip left out (test part).",
        "2 of 6 clips resampled from 2,000 to 8,000 samples a second (test part).",
    ]


def told(ours: float, theirs: float | None = None, *, documents: int = 4) -> Comparison:
    """An evaluation of documents with two tokens each, which cost these nats, a little more or less."""
    rows = [np.full(2, -ours - 0.1 * (i % 2)) for i in range(documents)]
    others = {} if theirs is None else {"n-gram": [np.full(2, -theirs)] * documents}
    return evaluate_language(
        [np.array([1, 2])] * documents,
        rows,
        ends=False,
        characters=2 * documents,
        decode=lambda ids: "ab"[: len(ids)],
        baselines=BaselineOutputs(others, {}, {}),
    )


def test_a_language_model_is_judged_by_its_nats() -> None:
    assert sequence_summary.verdict(told(1.45, 2.0)) == [
        "Over 8 tokens, the model is surprised by 1.50 nats a token (standard error 0.029), 25 % less than "
        "the best baseline, n-gram (2.00)."
    ]


def test_language_models_that_differ_little_are_not_told_apart() -> None:
    assert sequence_summary.verdict(told(1.47, 1.5))[1:] == [
        "They can't be told apart by so few tokens; n-gram is the simpler choice."
    ]


def test_a_language_model_without_a_baseline_or_a_standard_error() -> None:
    assert sequence_summary.verdict(told(1.5, documents=1)) == [
        "Over 2 tokens, the model is surprised by 1.50 nats a token; there is no baseline."
    ]


def test_music_is_judged_by_its_steps() -> None:
    rolls = Sequences("series", [np.zeros((3, 88))] * 2)
    evaluation = evaluate_music(rolls, [np.full(2, -9.0), np.full(2, -8.0)])
    assert sequence_summary.verdict(evaluation) == [
        "Over 4 steps, the model is surprised by 8.50 nats a step (standard error 0.5); there is no baseline."
    ]


REFERENCES = ["a man rides a red bicycle", "two dogs play in the snow", "the child eats an apple now"]


def answered(ours: list[str], references: list[str], **others: list[str]) -> Comparison:
    """An evaluation of answers beside those of other models."""
    return evaluate_translation(ours, references, baselines=BaselineOutputs(others, {}, {}))


def test_answers_are_judged_by_bleu() -> None:
    evaluation = answered(REFERENCES, REFERENCES, nearest=REFERENCES[:1] * 3, copy=["der", "ein", "das"])
    theirs = evaluation.baselines["nearest"]["bleu"]
    assert sequence_summary.verdict(evaluation) == [
        f"The BLEU of 3 answers is 100.0 (standard error 0.0), {100 - theirs:.1f} above the best baseline, "
        f"nearest ({theirs:.1f})."
    ]
    assert sequence_summary.standard_error(evaluation) == evaluation.bleu_standard_error


def test_answers_that_differ_little_or_not_at_all_are_not_told_apart() -> None:
    close = replace(
        answered(REFERENCES, REFERENCES, nearest=REFERENCES),
        metrics={"bleu": 20.0, "chrf": 40.0, "exact": 0.1, "token_accuracy": 0.3},
        baselines={"nearest": {"bleu": 20.0, "chrf": 40.0, "exact": 0.1, "token_accuracy": 0.3}},
        bleu_standard_error=1.25,
    )
    assert sequence_summary.verdict(close) == [
        "The BLEU of 3 answers is 20.0 (standard error 1.2), the same as the best baseline, nearest (20.0).",
        "They can't be told apart by so few answers; nearest is the simpler choice.",
    ]
    ahead = replace(close, metrics={**close.metrics, "bleu": 21.0})
    assert sequence_summary.verdict(ahead)[1:] == ["That is less than two standard errors: it may be chance."]
    behind = replace(close, metrics={**close.metrics, "bleu": 10.0})
    assert sequence_summary.verdict(behind) == [
        "The BLEU of 3 answers is 10.0 (standard error 1.2), 10.0 below the best baseline, nearest (20.0).",
        "Here nearest is the better choice, unless other settings or more data change that.",
    ]


def test_answers_of_a_word_are_judged_by_how_many_are_right() -> None:
    evaluation = answered(["ba", "dc", "fe", "hg"], ["ba", "dc", "fe", "gh"], copy=["ab", "cd", "ef", "gh"])
    assert sequence_summary.read_first(evaluation).key == "exact"
    assert sequence_summary.verdict(evaluation) == [
        "Of 4 answers, 75.0 % are right as a whole (standard error 21.7 %), 50.0 percentage points more than "
        "by the best baseline, copy (25.0 %)."
    ]
    assert sequence_summary.verdict(answered(["ba"], ["ba"])) == [
        "Of 1 answer, 100.0 % are right as a whole (standard error 0.0 %); there is no baseline."
    ]


def test_transcripts_are_judged_by_their_words() -> None:
    others = BaselineOutputs({"commonest": ["one two", "one two", "one two"]}, {}, {})
    evaluation = evaluate_transcription(
        ["one two", "two", "three four"], ["one two", "two three", "three four"], baselines=others
    )
    error = sequence_summary.standard_error(evaluation)
    assert error == evaluation.word_error_rate_standard_error
    assert sequence_summary.verdict(evaluation) == [
        f"The word error rate is 16.7 % (standard error {100 * error:.1f} %) over 6 words in 3 transcripts, "
        "75 % less than the best baseline, commonest (66.7 %)."
    ]


def test_transcripts_of_silence_are_judged_by_how_many_are_right() -> None:
    evaluation = evaluate_transcription(["", "one"], ["", ""])
    assert sequence_summary.verdict(evaluation) == [
        "Of 2 transcripts, 50.0 % are right as a whole (standard error 35.4 %); there is no baseline."
    ]
