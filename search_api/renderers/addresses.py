"""Which addresses tell what, and where the other formats of the same thing are."""

from __future__ import annotations

import re
from typing import NamedTuple

from search_api.renderers import FORMATS, formats_of
from search_api.renderers.base import Subject

PATHS: dict[Subject, str] = {
    "work": "/works/{id}",
    "holdings": "/works/{id}/holdings",
    "institution": "/institutions/{id}",
    "institutions": "/institutions",
    "results": "/search",
}
"""Below "/" the page, below "/api" the JSON, either with a suffix another format."""
PREFIXES = ("", "/api")
_PATTERNS = [(re.compile(rf"(?:/api)?{path.replace('{id}', '[^/]+')}"), subject) for subject, path in PATHS.items()]


class Alternate(NamedTuple):
    """The same thing in another format."""

    name: str
    address: str
    media_type: str


def subject_of(path: str) -> Subject | None:
    """What an address without suffix tells; None for all that has no other formats."""
    found = next((subject for pattern, subject in _PATTERNS if pattern.fullmatch(path)), None)
    if found is None or path.endswith(tuple(f".{one.suffix}" for one in FORMATS.values() if getattr(one, found))):
        return None
    return found


def alternates(path: str, query: str = "") -> list[Alternate]:
    """The other formats of what an address tells, for the same question.

    Args:
        path: of the address, without suffix, percent-encoded.
        query: its query string.
    """
    subject = subject_of(path)
    found = formats_of(subject) if subject else {}
    return [Alternate(name, f"{path}.{one.suffix}{query and '?' + query}", one.type) for name, one in found.items()]
