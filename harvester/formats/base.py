"""The seam of "how to read": a format turns one raw record into one normalised record."""

from __future__ import annotations

from collections.abc import Callable

from schemas.catalogue import CatalogueRecord, RawRecord, Source


class UnreadableError(Exception):
    """The record cannot be normalised; the message is the reason shown in the run's report."""


Reader = Callable[[RawRecord], CatalogueRecord]
"""Reads one live raw record. Raises UnreadableError; never returns a record without ``source`` and ``record`` set."""

Format = Callable[[Source], Reader]
"""Makes the reader of a source once a run: mappings are compiled here. Raises MappingError when one is wrong."""


class MappingError(Exception):
    """A source's mapping file cannot be used; the message names the line or key."""


def tombstone(source: str, record: str, datestamp: str) -> CatalogueRecord:
    """What is left of a deleted record."""
    return CatalogueRecord(source=source, record=record, datestamp=datestamp, deleted=True)
