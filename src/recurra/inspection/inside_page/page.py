"""The page of `recurra inspect`, put together."""

import re

from markupsafe import Markup, escape

from recurra.inspection.inside.compare import Comparison
from recurra.inspection.inside.inspection import Inspection
from recurra.inspection.inside_page import sentences
from recurra.inspection.inside_page.attended_section import attended_section, posteriors_section
from recurra.inspection.inside_page.attribution_section import attribution_section
from recurra.inspection.inside_page.compare_section import compare_section
from recurra.inspection.inside_page.forming_section import forming_section
from recurra.inspection.inside_page.gates_section import gates_section
from recurra.inspection.inside_page.memory_section import memory_section
from recurra.inspection.inside_page.training_section import training_section
from recurra.inspection.inside_page.weights_section import weights_section
from recurra.inspection.page import sections_page
from recurra.inspection.section import Section


def inspection_page(inspection: Inspection | Comparison) -> str:
    """One self-contained interactive HTML page, which fetches nothing.

    Of one model, or of two side by side: the sections are then the first one's, and gates are shown of both.
    Raises MissingExtraError without plotly and jinja2.
    """
    comparison = inspection if isinstance(inspection, Comparison) else None
    own = inspection.first if isinstance(inspection, Comparison) else inspection
    title = own.name if comparison is None else f"{own.name}, beside {comparison.second.name}"
    return sections_page(
        _sections(own, comparison),
        title=title,
        data=own.task.replace("-", " "),
        verdict=[isolated(paragraph) for paragraph in sentences.verdict(own)],
        headline=sentences.headline(own),
        template="inside/page.html",
        more=["inside"],
    )


def isolated(paragraph: str) -> Markup:
    """Escaped, and what is quoted set apart, so that Hebrew or Arabic in it does not turn what is around."""
    return Markup(re.sub("“(.*?)”", r"“<bdi>\1</bdi>”", str(escape(paragraph))))  # noqa: S704 - escaped


def _sections(own: Inspection, comparison: Comparison | None) -> list[Section]:
    both = [own] if comparison is None else [comparison.first, comparison.second]
    return [
        *(
            [forming_section(own.forming, own.task, len(own.trace.given.steps))]
            if own.forming is not None and own.trace is not None
            else []
        ),
        *([compare_section(comparison)] if comparison is not None else []),
        *([attribution_section(own)] if own.attributions else []),
        *([attended_section(own.attended)] if own.attended is not None else []),
        *([posteriors_section(own.posteriors)] if own.posteriors is not None else []),
        *([gates_section(both)] if own.layers else []),
        *([memory_section(own)] if own.memory is not None or own.spectra else []),
        *([training_section(own)] if own.epochs else []),
        weights_section(own),
    ]
