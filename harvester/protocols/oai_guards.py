"""Tells a list that goes on from one that goes round, and records of the asked set from strays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harvester.protocols.oai_headers import OaiRecord
from harvester.protocols.oai_pages import OaiPage
from store import codec

_MOST_EMPTY_PAGES = 100
_MOST_SAME_PAGES = 100
_SAME_PAGES = 3
_ROUND = 10
"""Servers' pages are a multiple of this."""


class LoopGuard:
    """Watches the tokens and pages of one list. Keeps eight bytes a page."""

    def __init__(self) -> None:
        self._tokens: set[bytes] = set()
        self._pages: set[bytes] = set()
        self._names: set[int] = set()
        self._same = self._empty = self._received = self._first = 0

    def count(self, names: Iterable[str]) -> int:
        """How many of these records have not been counted before. Keeps a number a record."""
        before = len(self._names)
        self._names.update(map(hash, names))
        return len(self._names) - before

    def doubt(self, page: OaiPage) -> str:
        """Why a list without a size may go on behind its end, for tokens get lost; "" = it looks like its end."""
        count = len(page.records) + len(page.broken)
        if not self._tokens:  # the only page
            return "the list has one page of a round number of records" if count and not count % _ROUND else ""
        if not count:
            return "the list ends with an empty page"
        return "the last page of the list is as full as the first" if count == self._first else ""

    def check(self, page: OaiPage) -> str:
        """The reason to stop after this page; "" = the list goes on or ends by itself.

        A token may come again while the records are new (scroll ids), and a page may come again under new tokens
        while the announced size is not reached: both are how some servers are, and both end.
        """
        self._first = self._first or len(page.records) + len(page.broken)
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

    def __init__(self, asked: str, judges: bool | None = None) -> None:
        self._asked = asked
        self.judges = judges
        """Whether headers name the asked set; None = no page has shown it yet."""

    def learn(self, records: Sequence[OaiRecord]) -> None:
        """From the first page: sets that no header names (views, virtual sets) cannot be judged."""
        if self._asked and self.judges is None and records:
            self.judges = any(self._inside(record) for record in records)

    def outside(self, record: OaiRecord) -> bool:
        """Whether the record's header names other sets, but not the asked one or one below it."""
        return bool(self.judges and record.sets and not self._inside(record))

    def _inside(self, record: OaiRecord) -> bool:
        return any(name == self._asked or name.startswith(self._asked + ":") for name in record.sets)


class AnySetGuard(SetGuard):
    """Of several sets: outside is what is outside each of them."""

    def __init__(self, guards: Iterable[SetGuard]) -> None:
        super().__init__("")
        self._guards = list(guards)

    def outside(self, record: OaiRecord) -> bool:
        """Whether none of the asked sets has the record; one of which nothing came has none."""
        known = [guard for guard in self._guards if guard.judges is not None]
        return bool(known) and all(guard.outside(record) for guard in known)


def _short(text: str) -> bytes:
    return codec.digest(text.encode("utf-8", "surrogatepass"))[:8]
