"""COinS: an OpenURL (Z39.88) in the title of a <span>, by which reference managers find each item of a page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from schemas.answer import Hit
from search_api.renderers.names import undated
from search_api.renderers.text import one_line

_FORMAT = "info:ofi/fmt:kev:mtx:"


def context_object(hit: Hit, address: str) -> str:
    """The value of the title attribute, not yet escaped for HTML.

    Args:
        hit: the item.
        address: of the work's page.
    """
    return urlencode([(name, text) for name, value in _pairs(hit, address) if (text := one_line(value))])


def _pairs(hit: Hit, address: str) -> Iterator[tuple[str, str]]:
    book = hit.type in ("book", "score") or bool(hit.isbns)
    yield "ctx_ver", "Z39.88-2004"
    yield "rft_val_fmt", _FORMAT + ("book" if book else "dc")
    yield "rfr_id", "info:sid/lampway"
    yield ("rft.btitle" if book else "rft.title"), ". ".join(part for part in (hit.title, hit.part) if part)
    if book:
        yield "rft.genre", "book"
        for number in hit.isbns[:1]:
            yield "rft.isbn", number
        yield "rft.pub", hit.publisher
    else:
        yield "rft.type", hit.type
        yield "rft.publisher", hit.publisher
    for name in hit.creators:
        yield ("rft.au" if book else "rft.creator"), undated(name)
    yield "rft.date", "" if hit.year is None else str(hit.year)
    for tag in hit.languages[:1]:
        yield "rft.language", tag
    yield "rft_id", address
