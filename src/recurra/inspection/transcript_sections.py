"""The sections that only a transcriber's report has."""

from recurra._base.wording import plural
from recurra.data import Labelled
from recurra.evaluation import TranscriptionEvaluation
from recurra.inspection.section import Section
from recurra.inspection.sequence_summary import ITEMS
from recurra.inspection.showing import Example, show
from recurra.runtime.sequence_model import SequenceModel

_MOST_ERRORS = 12


def transcript_sections(
    model: SequenceModel, evaluation: TranscriptionEvaluation, part: Labelled
) -> list[Section]:
    """Sequences of a part that were not transcribed as they are, in the order of the part."""
    pairs = list(zip(evaluation.hypotheses, evaluation.references))
    wrong = [row for row, (heard, said) in enumerate(pairs) if heard != said]
    examples = [
        Example(
            part.names[row], [("predicted", pairs[row][0]), ("actual", pairs[row][1])], show(model, part, row)
        )
        for row in wrong[:_MOST_ERRORS]
    ]
    items = plural(ITEMS[model.kind])
    note = f"Of {len(pairs):,} {items} {len(wrong):,} have a transcript with an error"
    note += f"; the first {len(examples)} of them." if wrong else "."
    content = {"groups": [("", examples)], "note": note}
    return [Section("errors", "Transcripts with errors", "examples.html", content)]
