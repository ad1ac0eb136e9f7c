"""Sorts an identifier that comes with the name of its scheme into ISBNs, ISSNs and "scheme:value"."""

from __future__ import annotations

import re

from harvester.formats.text import distinct
from schemas.catalogue import CatalogueRecord
from schemas.identifiers import isbn13, issn

_DOI = re.compile(r"(?i)^(?:https?://(?:dx\.)?doi\.org/|doi:\s*|info:doi/)?(10\.\d{4,9}/\S+)$")
_OCLC = re.compile(r"(?i)^(?:\(ocolc\))?(?:ocm|ocn|on)?\s*0*((?!0)\d+|0)$")


def add_identifier(into: CatalogueRecord, scheme: str, value: str, *, invalid: bool = False) -> None:
    """Add one identifier; ``into.type`` must be known, since a book's ISSN is the number of its series.

    A record may have a hundred thousand: when all are there, ``each_once`` takes away those that came twice.

    Args:
        into: the record.
        scheme: the source's name of the scheme, in any case; "" when it gives none.
        value: tidied text.
        invalid: the source itself says that it is wrong or cancelled.
    """
    scheme = scheme.strip().lower().replace(" ", "-")
    if not any(c.isalnum() for c in value):
        return
    if scheme == "isbn":
        number = None if invalid else isbn13(value)
        into.isbns.append(number) if number else into.identifiers.append(f"invalid-isbn:{value}")
    elif scheme in {"issn", "issn-l"}:
        code = None if invalid else issn(value)
        if code and into.type in {"serial", "other"}:
            into.issns.append(code)
        else:
            into.identifiers.append(f"series-issn:{code}" if code else f"invalid-issn:{value}")
    elif (scheme in {"doi", ""} or scheme.endswith("uri")) and (doi := _DOI.match(value)):
        into.identifiers.append(f"doi:{doi[1].lower().rstrip('.,;')}")
    elif scheme == "lccn" and not invalid:
        into.identifiers.append(f"lccn:{normal_lccn(value)}")
    elif scheme in {"oclc", "ocolc"}:
        match = _OCLC.match(value)
        into.identifiers.append(f"oclc:{match[1] if match else value}")
    else:
        into.identifiers.append(f"{'invalid-' if invalid else ''}{scheme or 'local'}:{value}")


def normal_lccn(value: str) -> str:
    """The form of info:lccn: no blanks, no suffix after "/", the serial part six digits."""
    value = value.replace(" ", "").partition("/")[0]
    head, hyphen, serial = value.partition("-")
    return head + serial.zfill(6) if hyphen else value


def each_once(into: CatalogueRecord) -> None:
    """Leave each identifier once, in order. What nothing is said of but an ISBN is a book."""
    into.isbns, into.issns, into.identifiers = distinct(into.isbns), distinct(into.issns), distinct(into.identifiers)
    if into.isbns and into.type == "other":
        into.type = "book"
