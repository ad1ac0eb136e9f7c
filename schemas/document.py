"""Document: what an engine indexes for a work. Availability, hours and distance never go into it."""

from __future__ import annotations

import msgspec

TEXT_FIELDS = ("title", "creator", "subject", "text")
"""Analysed fields, each a list of tokens that ends in ``indexer.analysis.SENTINEL``."""

KEYWORD_FIELDS = ("type", "language", "isbn", "identifier", "title_key", "fingerprint")
"""Exact-match fields. ``title_key``: folded whole titles, for known items (see ``indexer.analysis.title_key``)."""

INTEGER_FIELDS = ("year", "years", "institution", "decade")
"""``institution`` holds the numbers of every institution with a holding, and so do filters and the bounded search."""


class Document(msgspec.Struct, kw_only=True):
    """One work, as every engine indexes it. Tokens come from ``indexer.analysis``; engines do no analysis at all."""

    number: int
    title: list[str]
    creator: list[str]
    subject: list[str]
    text: list[str]
    type: str
    language: list[str]
    isbn: list[str]
    """ISBN-13 and ISSN, without hyphens."""
    identifier: list[str]
    """Other identifiers, unit ids and the sources' own identifiers, folded."""
    title_key: list[str]
    institution: list[int]
    year: int | None
    """The earliest: what the orders newest and oldest go by."""
    years: list[int] = msgspec.field(default_factory=list)
    """Of all editions: what filters and decades go by."""
    sort_title: str
    """Folded title without leading article, at most 60 characters: the order of sort=title."""
    fingerprint: str = ""
    """Hash of all the rest: one question tells which of many documents an index holds as they are now."""
