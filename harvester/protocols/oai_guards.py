"""Tells a list that goes on from one that goes round, and records of the asked set from strays."""

from __future__ import annotations

from collections.abc import Iterable

from harvester.protocols.oai_headers import OaiRecord
from harvester.protocols.oai_pages import OaiPage
from store import codec

_MOST_EMPTY_PAGES = 100
_MOST_SAME_PAGES = 100
_SAME_PAGES = 3


class LoopGuard:
    """Watches the tokens and pages of one list. Keeps eight bytes a page."""

    def __init__(self) -> None:
        self._tokens: set[bytes] = set()
        self._pages: set[bytes] = set()
        self._same = self._empty = self._received = 0

    def check(self, page: OaiPage) -> str:
        """The reason to stop after this page; "" = the list goes on or ends by itself.

        A token may come again while the records are new (scroll ids), and a page may come again under new tokens
        while the announced size is not reached: both are how some servers are, and both end.
        """
        self._received += len(page.records)
        if page.token is None or not page.token.text:
            return ""
        token = _short(page.token.text)
        ids = _short("\n".join(record.identifier for record in page.records))
        token_again, page_again = token in self._tokens, bool(page.records) and ids in self._pages
        self._tokens.add(token)
        self._pages.add(ids)
        self._same = self._same + 1 if page_again else 0
        self._empty = 0 if page.records else self._empty + 1
        size = page.token.size
        if token_again and (page_again or not page.records):
            return "the server gives the same resumption token with the same records again"
        if self._same >= _MOST_SAME_PAGES or (self._same >= _SAME_PAGES and (size is None or self._received > size)):
            return "the server gives new resumption tokens, but the same records again and again"
        if self._empty >= _MOST_EMPTY_PAGES:
            return f"the server gives {self._empty} empty pages one after another"
        return ""


class SetGuard:
    """Finds records outside the asked set, on servers whose headers name it."""

    def __init__(self, asked: str) -> None:
        self._asked = asked
        self._judges: bool | None = None

    def learn(self, records: Iterable[OaiRecord]) -> None:
        """From the first page: sets that no header names (views, virtual sets) cannot be judged."""
        if self._asked and self._judges is None:
            self._judges = any(self._inside(record) for record in records)

    def outside(self, record: OaiRecord) -> bool:
        """Whether the record's header names other sets, but not the asked one or one below it."""
        return bool(self._judges and record.sets and not self._inside(record))

    def _inside(self, record: OaiRecord) -> bool:
        return any(name == self._asked or name.startswith(self._asked + ":") for name in record.sets)


def _short(text: str) -> bytes:
    return codec.digest(text.encode("utf-8", "surrogatepass"))[:8]
