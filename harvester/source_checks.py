"""Checks a source before it is saved: what is wrong with it, in words, and the id it gets by default."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.protocols import PROTOCOLS
from harvester.protocols.xml_file import FORMATS as XML_FORMATS
from harvester.schedule import ScheduleError, check_cron, check_window
from schemas.catalogue import Source

RESERVED = frozenset({"report", "run", "approve", "reject", "undo", "purge", "quarantine", "all"})
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_OAI_ARGUMENTS = frozenset({"verb", "metadataPrefix", "set", "from", "until", "resumptionToken", "identifier"})
_OAI_FORMATS = frozenset({"csv", "marc21"})


class SourceError(Exception):
    """The source cannot be used as given; the message says what to change."""


def is_url(location: str) -> bool:
    """Whether a location is an address rather than a path."""
    return "://" in location


def tidy_location(protocol: str, location: str) -> str:
    """The location as it is kept: a base URL without the arguments of a pasted request; a path made absolute."""
    location = location.strip()
    if not is_url(location):
        return str(Path(location).expanduser().resolve())
    parts = urlsplit(location)
    query = parts.query
    if protocol == "oai":
        query = urlencode([(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if k not in _OAI_ARGUMENTS])
    return parts._replace(query=query, fragment="").geturl()


def default_id(institution: str, location: str, taken: set[str]) -> str:
    """An id from the institution, else the host or the file's name, that no other source has."""
    if is_url(location):
        name = institution or urlsplit(location).hostname or "source"
    else:
        name = institution or Path(location).name.partition(".")[0]
    base = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:90] or "source"
    if base.isdigit() or base in RESERVED:
        base = f"source-{base}"
    return next(name for n in range(1, len(taken) + 3) if (name := base if n == 1 else f"{base}-{n}") not in taken)


def check(source: Source, institutions: set[str]) -> None:
    """Check a source as it would be saved.

    Args:
        source: with its mapping's text.
        institutions: ids that exist.

    Raises:
        SourceError: the first thing that is wrong, and how to mend it.
    """
    if not _ID.fullmatch(source.id) or source.id.isdigit() or source.id in RESERVED:
        raise SourceError(
            f"the id {source.id!r} cannot be used: small letters, digits, '-', '_' and '.', not only digits, "
            f"and none of {', '.join(sorted(RESERVED))}"
        )
    if source.protocol not in PROTOCOLS:
        raise SourceError(f"no protocol {source.protocol!r}; there are {', '.join(sorted(PROTOCOLS))}")
    allowed = _formats_of(source.protocol)
    if source.format not in allowed:
        raise SourceError(f"no format {source.format!r} for {source.protocol}; there are {', '.join(sorted(allowed))}")
    if source.institution and source.institution not in institutions:
        raise SourceError(
            f"no institution {source.institution!r}: see `lampway institutions list`, or import it first with "
            "`lampway institutions import FILE`"
        )
    check_location(source)
    _check_details(source)


def _formats_of(protocol: str) -> set[str]:
    if protocol == "csv":
        return {"csv"} & FORMATS.keys()
    if protocol == "marc":
        return {"marc21", "marcxml", "unimarc", "cnmarc"} & FORMATS.keys()
    if protocol == "xml":
        return set(XML_FORMATS & FORMATS.keys())
    return FORMATS.keys() - _OAI_FORMATS


def check_location(source: Source) -> None:
    """Check that an address can be one, and that a path leads to a file.

    Raises:
        SourceError: what is wrong, and how to mend it.
    """
    if is_url(source.location):
        try:
            parts = urlsplit(source.location)
            bad = (
                parts.scheme not in {"http", "https"}
                or not parts.hostname
                or (parts.port is not None and not parts.port)
            )
        except ValueError:
            bad = True
        if bad:
            raise SourceError(f"{source.location!r} is not an http or https address")
        if parts.username or parts.password:
            raise SourceError("the address carries a user name or password, which would show in lists and logs")
        return
    if source.protocol == "oai":
        raise SourceError(f"{source.location!r} is not an address; OAI-PMH needs one like https://host/oai")
    path = Path(source.location)
    if not path.exists():
        raise SourceError(f"no file {path}")
    if path.is_dir() and source.protocol in {"marc", "xml", ""}:
        return
    if not path.is_file():
        raise SourceError(f"{path} is not a file")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None


def _check_details(source: Source) -> None:
    if source.encoding:
        try:
            codecs.lookup(source.encoding)
        except LookupError:
            raise SourceError(f"no encoding {source.encoding!r}; try utf-8, cp1252, gb18030, big5, shift_jis") from None
    try:
        for cron in filter(None, (source.schedule, source.full_schedule)):
            check_cron(cron)
        check_window(source.window)
    except ScheduleError as error:
        raise SourceError(str(error)) from None
    if any(not name.strip() for name in source.sets):
        raise SourceError("a set's name is empty")
    try:
        FORMATS[source.format](source)
    except MappingError as error:
        raise SourceError(f"the mapping {source.mapping} cannot be used: {error}") from None
