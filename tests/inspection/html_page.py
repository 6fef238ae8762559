"""A page taken apart, for tests of what is in it."""

import json
import re
from html import unescape
from html.parser import HTMLParser


class Page(HTMLParser):
    """The elements of a page, its scripts, the titles of its sections and its other text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.scripts: list[tuple[dict, str]] = []
        self.text = ""
        self.titles: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag == "h2":
            self.titles.append("")
        if tag in ("script", "style", "title", "h2"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self._inside and self._inside[-1] == "h2":
            self.titles[-1] += data
        elif not self._inside:
            self.text += data

    @property
    def figures(self) -> dict:
        return json.loads(self.scripts[0][1])


def section(html: str, title: str) -> str:
    """The section whose title begins so."""
    start = html.index(f"<h2>{title}")
    return html[start : html.index("</section>", start)]


def cells(html: str) -> list[list[str]]:
    """The rows of all tables in ``html``, without tags."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub("<[^>]*>", "", text)) for text in row] for row in found]
