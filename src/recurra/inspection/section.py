"""One section of a page: what its template shows, and the figures in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it.

    Attributes:
        id: where links to it lead.
        title: its heading.
        template: the file that lays it out, which sees ``content`` as ``it``.
        content: by name.
        figures: by the id of the element that shows each.
    """

    id: str
    title: str
    template: str
    content: Mapping[str, Any]
    figures: Mapping[str, Any] = field(default_factory=dict)
