"""Addresses within the pages: they keep the language that was asked for, and the asker's place and time."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode, urlsplit

from schemas.catalogue import Link

CARRIED = ("near", "at", "mode")
"""Parameters that a link to a work or an institution takes along: its answers depend on them."""

Pairs = Iterable[tuple[str, str]]


class Addresses:
    """Makes the links of one page.

    Args:
        lang: the language asked for in the address; None when the browser's own preference decides.
        pairs: the query parameters of the page.
    """

    def __init__(self, lang: str | None, pairs: Pairs = ()) -> None:
        self._lang = lang
        self._carried = [(name, value) for name, value in pairs if name in CARRIED and value]

    def page(self, path: str, pairs: Pairs = (), *, fragment: str = "") -> str:
        """A page with exactly these parameters."""
        every = [(name, value) for name, value in pairs if value != "" and name != "lang"]
        if self._lang:
            every.append(("lang", self._lang))
        query = f"?{urlencode(every)}" if every else ""
        return f"{path}{query}{'#' + fragment if fragment else ''}"

    def work(self, id_: str) -> str:
        """A work's page, for the same place and time."""
        return self.page(f"/works/{quote(id_, safe='')}", self._carried)

    def edition(self, work: str, edition: str) -> str:
        """The copies of one edition on its work's page, for the same place and time."""
        return self.page(f"/works/{quote(work, safe='')}", [*self._carried, ("edition", edition)], fragment="copies")

    def institution(self, id_: str) -> str:
        """An institution's page, for the same place and time."""
        return self.page(f"/institutions/{quote(id_, safe='')}", self._carried)

    def source(self, id_: str) -> str:
        """The card of a source."""
        return self.page(f"/sources/{quote(id_, safe='')}")

    def search(self, **more: str) -> str:
        """A new search from the same place and time."""
        return self.page("/search", [*more.items(), *self._carried])

    def in_language(self, path: str, pairs: Pairs, lang: str) -> str:
        """The same page in another language."""
        return Addresses(lang).page(path, pairs)


def safe_url(url: str) -> str:
    """An address from outside if it is one for a browser (http, https), else ""."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


def safe_links(links: Iterable[Link]) -> list[Link]:
    """The links that lead somewhere: what runs when followed ("javascript:") would do so in other people's pages."""
    return [link for link in links if safe_url(link.url) or link.url.lower().startswith("ftp://")]
