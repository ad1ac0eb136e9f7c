"""Sitemaps (sitemaps.org 0.9): addresses for search engines, with the day from which each says something else."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

MEDIA_TYPE = "application/xml"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
Address = tuple[str, str]
"""An absolute address and its last change, "" where that is not known."""


def index(files: Iterable[Address]) -> bytes:
    """The list of the files."""
    return _document("sitemapindex", "sitemap", files)


def addresses(pages: Iterable[Address]) -> bytes:
    """One file."""
    return _document("urlset", "url", pages)


def _document(outer: str, inner: str, rows: Iterable[Address]) -> bytes:
    # Text, not a tree: a file has 50,000 entries of the same shape.
    lines = [
        f"<{inner}><loc>{escape(address)}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</{inner}>\n"
        for address, changed in rows
    ]
    return f"{_HEAD}<{outer} {_NAMESPACE}>\n{''.join(lines)}</{outer}>\n".encode()
