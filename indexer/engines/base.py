"""The engine seam: the primitives an engine offers. Ranking is ours and the same for every engine.

Every engine scores alike: BM25 with k1 = 1.2 and b = 0.75 over the text fields with ``FIELD_BOOSTS``; for each clause
the best field counts (dis_max) plus ``TIE_BREAKER`` times the others; clauses add up. Tokens arrive analysed, and each
text field of each document ends in a sentinel token, so that every engine sees the same document count and lengths
(without it their scores differ by up to half). Documents are written whole; there are no partial updates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from schemas.document import Document
from schemas.query import EngineQuery

FIELD_BOOSTS = {"title": 1.5, "creator": 1.2, "subject": 1.0, "text": 0.7}
"""Modest on purpose: large title boosts help known items, which have their own signal, and hurt topical queries."""
TIE_BREAKER = 0.1
MOST_SIMILAR = 20


class EngineError(Exception):
    """The engine cannot do what was asked; the message says why and what to do."""


def nearest(word: str, counted: Iterable[tuple[str, int]], edits: int) -> list[tuple[str, int]]:
    """What ``Snapshot.similar`` returns, of words that may be among them and the works that have each."""
    most: dict[str, int] = {}
    for other, works in counted:
        most[other] = max(works, most.get(other, 0))
    found = [
        (distance, -works, other)
        for other, works in most.items()
        if other != word and (distance := OSA.distance(word, other, score_cutoff=edits)) <= edits
    ]
    return [(other, -works) for _, works, other in sorted(found)[:MOST_SIMILAR]]


class EngineUnavailableError(EngineError):
    """The engine does not answer now; asking again later may help."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Works that match, best first. ``numbers`` int64, ``scores`` float64 (0 for browse), equal length."""

    numbers: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tier:
    """Institutions whose best imaginable utility is at most ``edge``."""

    institutions: Sequence[int]
    edge: float


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the engine answers, and what it holds."""

    ok: bool
    engine: str
    generation: str
    works: int
    message: str = ""


class GenerationWriter(Protocol):
    """Fills one new generation beside the live one."""

    name: str

    def add(self, documents: Iterable[Document]) -> int:
        """Write documents; returns how many. Raises EngineError, after which the generation cannot be promoted."""

    def finish(self) -> int:
        """Make all durable and searchable; returns the number of documents in the generation."""

    def abandon(self) -> None:
        """Drop what was built."""


class Snapshot(Protocol):
    """One consistent view of the live generation: all calls of one search use the same, so their scores compare."""

    generation: str

    def expect(self, searches: Sequence[tuple[EngineQuery, int]], counts: Sequence[EngineQuery]) -> None:
        """Told which ``search_text`` (query, limit) and ``count`` come next: an engine far away asks them together."""

    def search_text(self, query: EngineQuery, limit: int, *, settle_ties: bool = True) -> Candidates:
        """The best by text score alone, ties by number ascending. Browse: any matches, score 0, by number.

        Without ``settle_ties`` any of those whose score equals the last one's may be returned, which is cheaper.
        """

    def search_bounded(self, query: EngineQuery, boost: float, tiers: Sequence[Tier], limit: int) -> Candidates:
        """Matches held by an institution of any tier, best first, by ``boost * text + highest edge of its tiers``.

        That sum is the score returned. For browse the text part is 0.
        """

    def search_sorted(
        self, query: EngineQuery, field: str, descending: bool, limit: int, offset: int = 0
    ) -> Candidates:
        """Matches by a field (year or sort_title), ties by number ascending; documents without a value come last."""

    def count(self, query: EngineQuery) -> int:
        """How many match, exactly."""

    def all_matches(self, query: EngineQuery, limit: int) -> NDArray[np.int64]:
        """Numbers of matches in any order, at most ``limit``."""

    def facet(self, query: EngineQuery, field: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent values of type, language, decade or institution among the matches, most frequent first."""

    def complete(self, tokens: Sequence[str], limit: int) -> list[tuple[str, int]]:
        """Words of the title and creator fields that begin with the last token (beside the others): (word, works).

        Most frequent first, ties by word; single Latin letters and digits, which are initials, are left out.
        """

    def similar(self, word: str, edits: int) -> list[tuple[str, int]]:
        """Words of the title and creator fields that are 1 or 2 edits from a word and begin alike: (word, works).

        An edit changes, drops, adds or swaps letters. Nearest first, then most frequent, at most ``MOST_SIMILAR``; a
        word of both fields counts where it is more frequent. The word itself is not among them.
        """


class SearchEngine(Protocol):
    """An engine: embedded or a cluster."""

    name: str

    def open_generation(self, name: str) -> GenerationWriter:
        """Begin a generation. Raises EngineError when another build is running."""

    def promote(self, name: str) -> None:
        """Make a finished generation the live one, at once and for every process."""

    def generations(self) -> list[str]:
        """Names of all generations kept, the live one included."""

    def live(self) -> str:
        """Name of the live generation; "" before the first."""

    def drop(self, name: str) -> None:
        """Delete a generation that is not live."""

    def write(self, documents: Sequence[Document], deleted: Sequence[int]) -> None:
        """Replace documents and delete numbers in the live generation; visible to new snapshots when it returns."""

    def snapshot(self) -> Snapshot:
        """A view of the live generation as it is now. Raises EngineError when there is none."""

    def health(self) -> Health:
        """Never raises."""

    def close(self) -> None:
        """Release what is held."""
