"""Signal "known_item": the question is the thing's own title (with or without its creator) or identifier.

Its weight is above all others together, so a known item is passed by nothing but another known item.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import msgspec

from indexer.analysis import FIELDS, query_clauses, title_key, title_keys, tokens
from indexer.engines.base import Snapshot
from schemas.query import EngineQuery, SearchRequest, Terms
from schemas.type_words import TYPE_WORDS
from schemas.work import Work
from store import works
from store.database import Database

Kind = Literal["identifier", "title", "title_creator", "short_title"]
SCORES: dict[Kind, float] = {"identifier": 1.0, "title": 1.0, "title_creator": 1.0, "short_title": 0.5}
_MOST_WORDS = 16
_LABELS = "|".join(name for name, field in FIELDS.items() if field in ("title", "creator"))
_LABEL = re.compile(rf"(?<!\w)(?:{_LABELS})[:：]", re.IGNORECASE)
_MOST = 200
"""A title that more works share is nobody's own: those are ranked as one group."""


class Match(NamedTuple):
    """How one work is known, and its text score in the engine's measure."""

    kind: Kind
    text: float


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Which matches are known items: some by number, or all that a query finds."""

    works: dict[int, Match] = {}
    query: EngineQuery | None = None
    kind: Kind = "title"


class Titles(msgspec.Struct, frozen=True):
    """What a question may be the title of."""

    whole: str
    one_word: str
    """The whole without blanks, as the index has the pinyin of titles."""
    rests: dict[str, set[str]]
    """Key of a part of the words -> the words left, which may be the creator, the year, the kind of thing."""

    def anywhere(self) -> EngineQuery:
        """Whatever is called so: the first question, and for most the only one."""
        return EngineQuery(filters=(Terms("title_key", (self.whole, self.one_word, *self.rests)),))


def titles_of(request: SearchRequest, query: EngineQuery, identifier: str) -> Titles | None:
    """The titles that a question may name; None where it names none."""
    fields = {clause.field for clause in query.clauses}
    of_a_title = fields == {None} or ("title" in fields and fields <= {None, "title", "creator"})
    if identifier or not of_a_title or query.match != "all":
        return None
    text = (request.q if fields == {None} else _LABEL.sub("", request.q)).replace('"', " ")
    whole = title_key(text)
    return Titles(whole, whole.replace(" ", ""), splits(text.split())) if whole else None


def find_known(
    titles: Titles | None, query: EngineQuery, identifier: str, snapshot: Snapshot, database: Database
) -> Known:
    """The known items among the matches of a query."""
    if identifier:
        return Known(query=query, kind="identifier")
    if titles is None or not snapshot.count(titles.anywhere()):
        return Known()
    whole, rests = titles.whole, titles.rests
    titled = _titled(query, (whole,))
    if snapshot.count(titled) > _MOST:
        return Known(query=titled)
    found = snapshot.search_text(_titled(query, (whole, titles.one_word, *rests)), _MOST)
    in_pinyin = snapshot.search_text(_titled(query, (titles.one_word,)), _MOST).numbers.tolist()
    with database.connect() as connection:
        shown = works.by_numbers(connection, found.numbers.tolist())
    kinds = {number: _kind(work, whole, rests) for number, work in shown.items()}
    kinds |= dict.fromkeys((number for number in in_pinyin if number in kinds and not kinds[number]), "title")
    scores = dict(zip(found.numbers.tolist(), found.scores.tolist(), strict=True))
    return Known(works={number: Match(kind, scores[number]) for number, kind in kinds.items() if kind})


def _titled(query: EngineQuery, keys: tuple[str, ...]) -> EngineQuery:
    return msgspec.structs.replace(query, filters=(*query.filters, Terms("title_key", keys)))


def splits(words: list[str]) -> dict[str, set[str]]:
    """Every beginning and end of the words as a title, with what is left as the creator."""
    rests: dict[str, set[str]] = {}
    for cut in range(1, len(words) if len(words) <= _MOST_WORDS else 0):
        for title, rest in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            if key := title_key(" ".join(title)):
                rests.setdefault(key, set()).add(" ".join(rest))
    return rests


def _kind(work: Work, whole: str, rests: dict[str, set[str]]) -> Kind | None:
    titles = (work.title, *work.other_titles)
    if any(title_key(title) == whole for title in titles):
        return "title"
    said = [creator.name for creator in work.creators]
    said += [str(edition.year) for edition in work.editions if edition.year is not None]
    said += TYPE_WORDS.get(work.type, ())
    beside = set(tokens(" ".join(said)))
    asked = (rest for title in titles for key in title_keys(title) for rest in rests.get(key, ()))
    if any((names := _names(rest)) and names <= beside for rest in asked):
        return "title_creator"
    return "short_title" if any(whole in title_keys(title) for title in titles) else None


def _names(text: str) -> set[str]:
    """The words left, without "by" and the like, which catalogues leave out or not."""
    return {token for clause in query_clauses(text) for token in clause.tokens} - _BETWEEN


_BETWEEN = frozenset(("by", "von", "par", "de", "of", "著"))
