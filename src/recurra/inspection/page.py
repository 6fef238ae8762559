"""Render a page: one HTML file with its pictures, style and scripts inside, which fetches nothing."""

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import recurra
from recurra._base.errors import MissingExtraError
from recurra.inspection.section import Section

try:
    import jinja2
    import plotly.graph_objects as go
    import plotly.io
    import plotly.offline
except ImportError as error:
    raise MissingExtraError.of(error.name or "plotly", "report") from error

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, figures: dict[str, Any], *, more: Sequence[str] = (), **values: Any) -> str:
    """Fill ``template`` with ``values``, escaped, and ``figures``, by the id of the element that shows each.

    A figure is a plotly figure, or plain JSON values for the page's scripts: its own, and those named in
    ``more``, whose styles have the same names. The page's content policy lets the scripts written here run
    and nothing else, so text from the data can't become code.
    """
    names = ["page", *more]
    scripts = [plotly.offline.get_plotlyjs(), *(_read(f"{name}.js") for name in names)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        **values,
        style="".join(_read(f"{name}.css") for name in names),
        scripts=scripts,
        policy=_policy(scripts),
        figures=_json(figures),
    )


def sections_page(
    sections: Sequence[Section],
    *,
    title: str,
    data: str,
    verdict: Sequence[str],
    headline: Sequence[tuple[str, str, str]],
    template: str = "sections.html",
    more: Sequence[str] = (),
) -> str:
    """A page of ``sections`` below its title.

    Args:
        sections: in order.
        title: what the page is about.
        data: what to call the data.
        verdict: sentences to read first.
        headline: figures to read first: name, value, note.
        template: of the page.
        more: see `render`.
    """
    drawn: dict[str, Any] = {}
    for section in sections:
        drawn |= section.figures
    return render(
        template,
        drawn,
        more=more,
        version=recurra.__version__,
        created=dt.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        title=title,
        data=data,
        verdict=verdict,
        headline=headline,
        sections=sections,
    )


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


def _policy(scripts: list[str]) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "media-src data:; base-uri 'none'"
    )


def _json(figures: dict[str, Any]) -> str:
    """JSON that is safe inside a script element: ``<`` is escaped, so nothing in it ends the element."""
    plain = {
        name: value.to_plotly_json() if isinstance(value, go.Figure) else value
        for name, value in figures.items()
    }
    text = str(plotly.io.json.to_json_plotly(plain))
    return text.replace("<", "\\u003c")
