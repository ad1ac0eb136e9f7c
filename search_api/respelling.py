"""Another spelling of a question that finds nothing: mistyped words, words written apart or together, plurals.

Only words of titles and creators are proposed, and only what finds something; the answer says what was searched for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, product

import msgspec
from rapidfuzz.distance import OSA

from indexer.analysis import query_clauses, title_key, tokens
from indexer.engines.base import Snapshot
from schemas.query import Clause, EngineQuery, Terms
from search_api.ranking.known_item import splits

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MOSTWORDS, _MOST_UNKNOWN = 12, 3
"""A question with more words that nothing has is in a language that is not here, not mistyped."""
_SHORTEST, _TWO_EDITS = 3, 6
"""Letters of words that are respelt beside others, and by up to two edits."""
_SHORTEST_ALONE, _TWO_EDITS_ALONE = 5, 8
"""The same where no other word supports them."""
_MOST_EACH, _MOST_WORDS_MEANT, _LONGEST_NAME = 6, 8, 3
_RARE, _MORE_FREQUENT = 3, 10
"""A word in so few works may be a mistake in a catalogue; another must be so many times more frequent."""


def respelt(asked: str, snapshot: Snapshot) -> str | None:
    """The question in a spelling that finds something; None where none is known."""
    words = _plain_words(asked)
    if not 0 < len(words) <= _MOSTWORDS:
        return None
    return _together(asked, snapshot) or _mistyped(asked, words, snapshot)


def words_in(text: str) -> Iterator[tuple[str, str]]:
    """The words of a text as they are written, each with its token."""
    for match in WORD.finditer(text):
        if found := tokens(match[0]):
            yield match[0], found[0]


def _plain_words(asked: str) -> list[str]:
    """Tokens of the words that are asked for as they are: no phrase, beginning or field of numbers."""
    found = []
    for clause in query_clauses(asked):
        word = clause.tokens[0]
        plain = len(clause.tokens) == 1 and not clause.prefix and clause.field in (None, "title", "creator")
        if plain and word.isalpha() and not _UNSPACED.search(word):
            found.append(word)
    return found


def _together(asked: str, snapshot: Snapshot) -> str | None:
    """All words as one (hong lou meng), as two (cao xue qin hong lou meng), or two neighbours (data base)."""
    parts = asked.split()
    if not 2 <= len(parts) <= _MOSTWORDS or not all(WORD.fullmatch(part) for part in parts):
        return None
    cuts = range(1, len(parts))
    ways = [["".join(parts)]]
    ways += [["".join(parts[:cut]), "".join(parts[cut:])] for cut in cuts]
    ways += [[*parts[: cut - 1], parts[cut - 1] + parts[cut], *parts[cut + 1 :]] for cut in cuts]
    texts = [" ".join(way) for way in ways]
    _expect(texts, snapshot)
    return next((text for text in texts if works_with(text, snapshot)), None)


def _mistyped(asked: str, words: list[str], snapshot: Snapshot) -> str | None:
    _expect(words, snapshot)
    works = {word: works_with(word, snapshot) for word in words}
    if all(works.values()) and (other := _other_number(asked, words, snapshot) or _meant(asked, words, snapshot)):
        return other
    left = sorted((word for word in works if works[word] <= _RARE), key=lambda word: works[word])
    if sum(not works[word] for word in left) > _MOST_UNKNOWN:
        return None
    if len(words) == len(left) == 2:  # a rare word may well be right (pipi longstocking), or wrong too (hary poter)
        either = (_changed(asked, word, (), works, snapshot) for word in left)
        if other := next(filter(None, either), None) or _both(asked, left, works, snapshot):
            return other
    text = asked
    for word in left[: _MOST_UNKNOWN + 1]:
        left = [one for one in left if one != word]
        if works[word] and works_with(_without(text, left), snapshot):
            continue  # a rare word that goes with the others
        unknown = [one for one in left if not works[one]]
        ways = dict.fromkeys((tuple(unknown), tuple(left)))
        if other := next(filter(None, (_changed(text, word, doubtful, works, snapshot) for doubtful in ways)), None):
            text = other
        elif not works[word]:
            left = [*left, word]
    return text if text != asked else None


def _other_number(asked: str, words: list[str], snapshot: Snapshot) -> str | None:
    """One word in the singular instead of the plural, or the other way round: what finds most."""
    return _most(
        [
            _replaced(asked, word, word[:-1] if word.endswith("s") else f"{word}s")
            for word in words if len(word) > _SHORTEST
        ],
        _all_words,
        snapshot,
    )  # fmt: skip


def _meant(asked: str, words: list[str], snapshot: Snapshot) -> str | None:
    """One word that there is, but that is not the right one, where another makes a title or a name.

    As in: shades of gray, stieg larson.
    """
    if not 1 < len(words) <= _MOST_WORDS_MEANT:
        return None
    others = {word: _replaced(asked, word, "") for word in words if len(word) > _SHORTEST}
    _expect(others.values(), snapshot)
    ways = [
        _replaced(asked, word, other)
        for word, rest in others.items()
        if works_with(rest, snapshot)
        for other, _ in snapshot.similar(word, 1)[:_MOST_EACH]
    ]
    return _most(ways, _title_in, snapshot) or (_most(ways, _name, snapshot) if len(words) <= _LONGEST_NAME else None)


def _most(ways: list[str], asking: Callable[[str], EngineQuery], snapshot: Snapshot) -> str | None:
    """Of some texts the one whose question finds most; None where none finds anything."""
    queries = [asking(way) for way in ways]
    snapshot.expect((), queries)
    counted = ((snapshot.count(query), way) for query, way in zip(queries, ways, strict=True) if query.clauses)
    found = [(-count, way) for count, way in counted if count]
    return min(found)[1] if found else None


def _all_words(text: str) -> EngineQuery:
    return EngineQuery(clauses=query_clauses(text))


def _expect(texts: Iterable[str], snapshot: Snapshot) -> None:
    """Tell the engine whose works will be counted: one far away asks for them together."""
    snapshot.expect((), [query for text in texts if (query := _all_words(text)).clauses])


def _title_in(text: str) -> EngineQuery:
    """What has all words, and the first or last of them (not one alone) as its title."""
    keys = tuple(key for key in (title_key(text), *splits(text.split())) if " " in key)
    return EngineQuery(clauses=query_clauses(text), filters=(Terms("title_key", keys),))


def _name(text: str) -> EngineQuery:
    clauses = (msgspec.structs.replace(clause, field="creator") for clause in query_clauses(text))
    return EngineQuery(clauses=tuple(clauses))


def _both(asked: str, words: list[str], works: dict[str, int], snapshot: Snapshot) -> str | None:
    """Both of two unknown words (hary poter): those that go together, the nearest first, then what makes a title."""
    ways = [islice(_others(word, works, snapshot, alone=False, supported=False), _MOST_EACH) for word in words]
    texts = [
        (edits + more, _replaced(_replaced(asked, words[0], other), words[1], another))
        for (edits, other), (more, another) in product(*ways)
    ]
    _expect([text for _, text in texts], snapshot)
    found = []
    for edits, text in texts:
        if count := works_with(text, snapshot):
            titled = EngineQuery(filters=(Terms("title_key", (title_key(text),)),))
            found.append((edits, not snapshot.count(titled), -count, text))
    return min(found)[-1] if found else None


def _changed(text: str, word: str, doubtful: Sequence[str], works: dict[str, int], snapshot: Snapshot) -> str | None:
    """The text with what a word was meant to be: the nearest that goes with the sure words.

    Of equals one that makes a title, else the most frequent.
    """
    trial = _without(text, doubtful)
    found: list[tuple[int, bool, int, str]] = []
    for edits, other in _others(word, works, snapshot, alone=len(works) == 1, supported=not doubtful):
        if found and edits > found[0][0]:
            break
        if count := works_with(whole := _replaced(trial, word, other), snapshot, phrase=other if " " in other else ""):
            titled = EngineQuery(filters=(Terms("title_key", (title_key(whole),)),))
            found.append((edits, not snapshot.count(titled), -count, other))
    return _replaced(text, word, min(found)[-1]) if found else None


def _others(
    word: str, works: dict[str, int], snapshot: Snapshot, *, alone: bool, supported: bool
) -> Iterator[tuple[int, str]]:
    """What a word may have been meant to be, with its edits: the nearest first, and two that were written as one."""
    if len(word) < (_SHORTEST_ALONE if alone else _SHORTEST):
        return
    from_letters = _TWO_EDITS if supported and not alone else _TWO_EDITS_ALONE
    near = snapshot.similar(word, 2 if len(word) >= from_letters else 1)
    near = [(other, count) for other, count in near if count >= _MORE_FREQUENT * works[word]]
    if len(word) == _SHORTEST:  # what is left of it without a letter may be anything
        near = [(other, count) for other, count in near if len(other) >= _SHORTEST]
    yield from ((1, other) for other, _ in near if OSA.distance(word, other) == 1)
    if not works[word]:
        yield from ((1, f"{word[:at]} {word[at:]}") for at in range(2, len(word) - 1))
    yield from ((2, other) for other, _ in near if OSA.distance(word, other) == 2)


def works_with(text: str, snapshot: Snapshot, phrase: str = "") -> int:
    """How many works have all words of a text, and a phrase."""
    clauses = query_clauses(text)
    if phrase:
        clauses = (*clauses, Clause(tokens=tuple(phrase.split()), phrase=True))
    return snapshot.count(EngineQuery(clauses=clauses)) if clauses else 0


def _without(text: str, words: Sequence[str]) -> str:
    for word in words:
        text = _replaced(text, word, "")
    return text


def _replaced(text: str, word: str, other: str) -> str:
    """The text with another word for every one that is searched for as ``word``."""
    return " ".join(WORD.sub(lambda match: other if tokens(match[0])[:1] == [word] else match[0], text).split())
