"""Which statements of rights let everybody see a thing at its address."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.catalogue import Availability

_OPEN = ("creativecommons.org/", "rightsstatements.org/vocab/noc", "europeana.eu/rights/rr-f", "public domain mark")
"""Licences and marks under which it is open to all; in small letters."""


def online(rights: Iterable[str]) -> Availability:
    """What is online under these rights: available where they are open, else limited, since nobody promised it."""
    open_ = any(mark in text.lower() for text in rights for mark in _OPEN)
    return Availability(service="digital", state="available" if open_ else "limited")
