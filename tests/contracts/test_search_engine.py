"""What every search engine promises (``indexer/engines/base.py``), on each engine of the registry.

Scores are compared with a BM25 written out here, so that "every engine scores alike" is a fact and not a hope.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from config.settings import Settings
from indexer.analysis import field_tokens, sort_title, title_key
from indexer.engines import ENGINES
from indexer.engines.base import FIELD_BOOSTS, TIE_BREAKER, EngineError, SearchEngine, Tier
from schemas.document import TEXT_FIELDS, Document
from schemas.query import Clause, EngineQuery, Range, Terms

K1, B = 1.2, 0.75


def document(number: int, title: str, **given: object) -> Document:
    values: dict[str, object] = {
        "number": number,
        "title": field_tokens([title]),
        "creator": field_tokens([]),
        "subject": field_tokens([]),
        "text": field_tokens([]),
        "type": "book",
        "language": [],
        "isbn": [],
        "identifier": [],
        "title_key": [title_key(title)],
        "institution": [],
        "year": None,
        "sort_title": sort_title(title),
    }
    for name, value in given.items():
        values[name] = field_tokens([str(value)]) if name in TEXT_FIELDS else value
    return Document(**values)  # type: ignore[arg-type]


def catalogue(size: int = 300, seed: int = 7) -> list[Document]:
    rng = random.Random(seed)
    words = [f"w{i}" for i in range(40)]

    def some(low: int, high: int) -> str:
        return " ".join(rng.choice(words[: rng.choice((3, 10, 40))]) for _ in range(rng.randint(low, high)))

    return [
        document(
            number,
            some(1, 8) or "x",
            creator=some(0, 3),
            subject=some(0, 4),
            text=some(0, 12),
            type=rng.choice(("book", "map", "image")),
            language=rng.sample(["en", "zh", "de"], rng.randint(0, 2)),
            institution=rng.sample(range(1, 9), rng.randint(0, 3)),
            year=rng.choice((None, -50, 1869, 1869, 1999, 2020)),
            isbn=[f"978{number:010d}"],
        )
        for number in rng.sample(range(1, 10 * size), size)
    ]


class Reference:
    """The contract in plain Python."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents

    def score(self, document: Document, query: EngineQuery) -> float | None:
        if not all(self._passes(document, f) for f in query.filters):
            return None
        scores = [self._clause(document, clause) for clause in query.clauses]
        found = [score for score in scores if score is not None]
        if query.clauses and len(found) < (len(scores) if query.match == "all" else query.least):
            return None
        return sum(found)

    def matches(self, query: EngineQuery) -> dict[int, float]:
        scored = {d.number: self.score(d, query) for d in self.documents}
        return {number: score for number, score in scored.items() if score is not None}

    def _passes(self, document: Document, filter_: Terms | Range) -> bool:
        value = getattr(document, filter_.field, None)
        if filter_.field == "decade":
            value = document.year // 10 * 10 if document.year is not None else None
        values = value if isinstance(value, list) else [] if value is None else [value]
        if isinstance(filter_, Terms):
            return any(v in filter_.values for v in values)
        low = -math.inf if filter_.low is None else filter_.low
        high = math.inf if filter_.high is None else filter_.high
        return any(low <= v <= high for v in values)

    def _clause(self, document: Document, clause: Clause) -> float | None:
        if clause.field not in (None, *TEXT_FIELDS):
            return 1.0 if set(clause.tokens) & set(getattr(document, clause.field)) else None
        fields = [clause.field] if clause.field else list(TEXT_FIELDS)
        scores = [FIELD_BOOSTS[f] * s for f in fields if (s := self._in_field(document, clause, f)) is not None]
        return max(scores) + TIE_BREAKER * (sum(scores) - max(scores)) if scores else None

    def _in_field(self, document: Document, clause: Clause, field: str) -> float | None:
        parts: list[float] = []
        for position, token in enumerate(clause.tokens):
            if clause.prefix and position == len(clause.tokens) - 1:
                if not any(word.startswith(token) for word in getattr(document, field)):
                    return None
                parts.append(1.0)
            elif token in getattr(document, field):
                parts.append(self._bm25(document, token, field))
            else:
                return None
        return sum(parts)

    def _bm25(self, document: Document, token: str, field: str) -> float:
        lists = [getattr(d, field) for d in self.documents]
        frequency = sum(token in words for words in lists)
        idf = math.log(1 + (len(lists) - frequency + 0.5) / (frequency + 0.5))
        words = getattr(document, field)
        length = len(words) / (sum(map(len, lists)) / len(lists))
        tf = words.count(token)
        return idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length))


@pytest.fixture(params=sorted(ENGINES))
def settings(request: pytest.FixtureRequest, tmp_path: Path, engine_settings: Callable[..., Settings]) -> Settings:
    return engine_settings(request.param, tmp_path / "home")


@pytest.fixture
def engine(settings: Settings) -> Iterator[SearchEngine]:
    opened = ENGINES[settings.engine](settings)
    yield opened
    opened.close()


def fill(engine: SearchEngine, documents: list[Document], name: str = "g1") -> None:
    writer = engine.open_generation(name)
    assert writer.add(documents) == len(documents)
    assert writer.finish() == len(documents)
    engine.promote(name)


def words(*tokens: str, **given: object) -> EngineQuery:
    return EngineQuery(clauses=tuple(Clause(tokens=(t,)) for t in tokens), **given)  # type: ignore[arg-type]


def numbers_of(engine: SearchEngine, query: EngineQuery) -> list[int]:
    return sorted(engine.snapshot().all_matches(query, 10_000).tolist())


QUERIES = [
    words("w0"),
    words("w1", "w2"),
    words("w1", "w20", "w30", match="any"),
    words("w0", "w1", "w2", "w20", match="any", least=3),
    words("w3", filters=(Terms(field="language", values=("zh", "de")), Range(field="year", low=1900))),
    words("w0", filters=(Terms(field="institution", values=(2, 5)),)),
    words("w0", filters=(Terms(field="type", values=("map",)), Terms(field="decade", values=(1860, -50)))),
    EngineQuery(clauses=(Clause(tokens=("w1", "w2")), Clause(tokens=("w0",), field="subject"))),
    EngineQuery(clauses=(Clause(tokens=("w3",), prefix=True),)),
    EngineQuery(clauses=(Clause(tokens=("w2", "w1"), prefix=True),)),
    EngineQuery(filters=(Range(field="year", high=1900),)),
    EngineQuery(),
    words("nothing"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_scores_matches_and_counts_are_those_of_the_contract(engine: SearchEngine, query: EngineQuery) -> None:
    documents = catalogue()
    fill(engine, documents)
    expected = Reference(documents).matches(query)
    view = engine.snapshot()
    found = view.search_text(query, 10_000)
    assert dict(zip(found.numbers.tolist(), found.scores, strict=True)) == pytest.approx(expected, rel=1e-5)
    assert found.numbers.dtype == np.int64
    assert found.scores.dtype == np.float64
    order = list(zip(-found.scores, found.numbers, strict=True))
    assert order == sorted(order)
    assert view.count(query) == len(expected)
    assert sorted(view.all_matches(query, 10_000).tolist()) == sorted(expected)
    assert len(view.all_matches(query, 5)) == min(5, len(expected))
    first = view.search_text(query, 7)
    assert first.numbers.tolist() == found.numbers.tolist()[:7]
    assert len(view.search_text(query, 0).numbers) == 0


@pytest.mark.parametrize("query", QUERIES)
def test_the_bounded_search_adds_the_highest_edge(engine: SearchEngine, query: EngineQuery) -> None:
    documents = catalogue()
    fill(engine, documents)
    tiers = [Tier([1, 2], 0.9), Tier([2, 3, 4], 0.5), Tier([], 5.0), Tier([99], 3.0)]
    edges = {1: 0.9, 2: 0.9, 3: 0.5, 4: 0.5}
    expected = {}
    for number, score in Reference(documents).matches(query).items():
        held = next(d for d in documents if d.number == number).institution
        best = max((edges[i] for i in held if i in edges), default=None)
        if best is not None:
            expected[number] = 0.3 * score + best
    found = engine.snapshot().search_bounded(query, 0.3, tiers, 10_000)
    assert dict(zip(found.numbers.tolist(), found.scores, strict=True)) == pytest.approx(expected, rel=1e-5)
    assert list(found.scores) == sorted(found.scores, reverse=True)
    assert engine.snapshot().search_bounded(query, 0.3, [Tier([], 1.0)], 10).numbers.tolist() == []


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", ["year", "sort_title"])
def test_sorted_pages_are_exact_to_the_end(engine: SearchEngine, field: str, descending: bool) -> None:
    odd = [document(50_000 - i, ("", "w1", "Untitled", "無題")[i % 4]) for i in range(200)]
    documents = [*catalogue(400), *odd]
    fill(engine, documents)
    with_value = sorted((d for d in documents if getattr(d, field) not in (None, "")), key=lambda d: d.number)
    with_value.sort(key=lambda d: getattr(d, field), reverse=descending)
    without = sorted(d.number for d in documents if getattr(d, field) in (None, ""))
    expected = [d.number for d in with_value] + without
    view = engine.snapshot()
    pages = [
        view.search_sorted(EngineQuery(), field, descending, 7, offset).numbers.tolist()
        for offset in range(0, len(documents) + 7, 7)
    ]
    assert [number for page in pages for number in page] == expected
    with pytest.raises(EngineError):
        view.search_sorted(EngineQuery(), "type", descending, 10)


def test_ties_are_cut_by_number(engine: SearchEngine) -> None:
    numbers = random.Random(3).sample(range(1, 5000), 400)
    fill(engine, [document(number, "same words") for number in numbers])
    engine.write([document(9999, "same words"), document(2_000_000, "same words")], [min(numbers)])
    found = engine.snapshot().search_text(words("same"), 20)
    assert len(set(found.scores)) == 1
    assert found.numbers.tolist() == sorted(numbers)[1:21]


def test_phrases_and_fields(engine: SearchEngine) -> None:
    fill(
        engine,
        [
            document(1, "War and peace", creator="Tolstoy, Leo"),
            document(2, "Peace and war"),
            document(3, "紅樓夢研究", isbn=["9780306406157"]),
            document(4, "Tolstoy", subject="war peace"),
        ],
    )
    phrase = Clause(tokens=("war", "and", "peace"), phrase=True)
    assert numbers_of(engine, EngineQuery(clauses=(phrase,))) == [1]
    assert numbers_of(
        engine, EngineQuery(clauses=(Clause(tokens=("war", "and", "pea"), phrase=True, prefix=True),))
    ) == [1]
    assert numbers_of(engine, EngineQuery(clauses=(Clause(tokens=("红楼", "楼梦"), phrase=True),))) == [3]
    assert numbers_of(engine, EngineQuery(clauses=(Clause(tokens=("tolstoy",), field="creator"),))) == [1]
    assert numbers_of(engine, EngineQuery(clauses=(Clause(tokens=("9780306406157",), field="isbn"),))) == [3]
    assert numbers_of(engine, EngineQuery(filters=(Terms(field="title_key", values=("war and peace",)),))) == [1]
    assert engine.snapshot().search_text(EngineQuery(clauses=(phrase,)), 5).scores[0] > 0


def test_words_with_signs_can_be_begun(engine: SearchEngine) -> None:
    fill(engine, [document(1, "C++ primer"), document(2, "C# primer"), document(3, "Clojure")])
    for begin, expected in (("c+", [1]), ("c#", [2]), ("c", [1, 2, 3])):
        assert numbers_of(engine, EngineQuery(clauses=(Clause(tokens=(begin,), prefix=True),))) == expected


def test_facets_count_exactly(engine: SearchEngine) -> None:
    documents = catalogue()
    fill(engine, documents[:200])
    engine.write(documents[200:], [])
    view = engine.snapshot()
    hits = set(view.all_matches(words("w0"), 10_000).tolist())
    for field in ("type", "language", "institution", "decade"):
        counts: dict[str, int] = {}
        for d in documents:
            decade = [] if d.year is None else [d.year // 10 * 10]
            values = {"type": [d.type], "decade": decade}.get(field) or ([] if field == "decade" else getattr(d, field))
            for value in values if d.number in hits else []:
                counts[str(value)] = counts.get(str(value), 0) + 1
        found = view.facet(words("w0"), field, 100)
        assert dict(found) == counts
        assert [n for _, n in found] == sorted(counts.values(), reverse=True)
        assert view.facet(words("w0"), field, 1) == found[:1]
    with pytest.raises(EngineError):
        view.facet(EngineQuery(), "sort_title", 5)


def test_suggestions_complete_the_last_word(engine: SearchEngine) -> None:
    fill(
        engine,
        [
            document(1, "Turner sketchbook", creator="Turner"),
            document(2, "Turner's sketches"),
            document(3, "Turnip", subject="turning"),
            document(4, "A sketchbook"),
        ],
    )
    view = engine.snapshot()
    assert view.complete(["turn"], 10) == [("turner", 2), ("turners", 1), ("turnip", 1)]
    assert view.complete(["turner", "sket"], 10) == [("sketchbook", 1), ("sketches", 1)]
    assert view.complete(["turn"], 1) == [("turner", 2)]
    assert view.complete([], 5) == []
    assert view.complete(["zzz"], 5) == []


def test_similar_words_nearest_first(engine: SearchEngine) -> None:
    titles = ("Prejudice", "Prejudices", "Prejudice", "Project", "Verjudice", "Pride", "Preface", "Гоголь", "Гоголя")
    made = [document(number, title) for number, title in enumerate(titles, 1)]
    fill(engine, [*made, document(20, "A", creator="Prejudicio"), document(21, "B", creator="Prejudices")])
    view = engine.snapshot()
    assert view.similar("predujice", 2) == [("prejudice", 2)]
    assert view.similar("prejudcie", 2) == [("prejudice", 2), ("prejudices", 1), ("prejudicio", 1)]
    assert view.similar("prejudice", 1) == [("prejudices", 1)]
    assert view.similar("prejudixes", 2) == [("prejudices", 1), ("prejudice", 2)]
    assert view.similar("prejudicoi", 2) == [("prejudicio", 1), ("prejudice", 2), ("prejudices", 1)]
    assert view.similar("гогль", 1) == [("гоголь", 1)]
    assert view.similar("zzzzzz", 2) == []
    assert view.similar("", 2) == []


def test_writes_replace_delete_and_are_seen(engine: SearchEngine, settings: Settings) -> None:
    fill(engine, [document(1, "one"), document(2, "two"), document(3, "three")])
    other = ENGINES[engine.name](settings)
    before, others_before = engine.snapshot(), other.snapshot()
    engine.write([document(2, "deux"), document(4, "quatre"), document(4, "four")], [3, 77])
    for reader in (engine, other):
        assert numbers_of(reader, EngineQuery()) == [1, 2, 4]
        assert numbers_of(reader, words("deux")) == [2]
        assert numbers_of(reader, words("two", "quatre", match="any")) == []
        assert reader.health().works == 3
    for old in (before, others_before):
        assert sorted(old.all_matches(EngineQuery(), 10).tolist()) == [1, 2, 3]
    engine.write([], [])
    other.close()


def test_a_write_that_fails_changes_nothing(engine: SearchEngine) -> None:
    fill(engine, [document(1, "one"), document(2, "two")])
    broken = document(3, "three", year="never")
    with pytest.raises(EngineError):
        engine.write([document(1, "eins"), broken], [2])
    assert numbers_of(engine, words("one", "two", match="any")) == [1, 2]
    engine.write([document(3, "three")], [2])
    assert numbers_of(engine, EngineQuery()) == [1, 3]


def test_generations_live_beside_each_other(engine: SearchEngine, settings: Settings) -> None:
    assert engine.live() == ""
    assert engine.generations() == []
    with pytest.raises(EngineError, match="lampway index"):
        engine.snapshot()
    assert not engine.health().ok
    fill(engine, [document(1, "old")], "g1")
    reader = ENGINES[engine.name](settings)
    old = reader.snapshot()
    writer = engine.open_generation("g2")
    with pytest.raises(EngineError, match="running"):
        reader.open_generation("g3")
    writer.add([document(1, "new"), document(2, "new")])
    with pytest.raises(EngineError):
        engine.promote("g2")
    assert numbers_of(reader, words("old")) == [1]
    assert writer.finish() == 2
    engine.promote("g2")
    assert numbers_of(reader, words("new")) == [1, 2]
    assert reader.snapshot().generation == reader.live() == "g2"
    assert old.generation == "g1"
    assert old.count(words("old")) == 1
    with pytest.raises(EngineError):
        engine.drop("g2")
    engine.promote("g1")
    assert numbers_of(reader, words("old")) == [1]
    engine.drop("g2")
    assert engine.generations() == ["g1"]
    with pytest.raises(EngineError):
        engine.promote("g2")
    reader.close()


def test_an_abandoned_or_failed_build_leaves_nothing(engine: SearchEngine) -> None:
    fill(engine, [document(1, "old")])
    writer = engine.open_generation("g2")
    writer.add([document(1, "new")])
    writer.abandon()
    writer.abandon()
    failing = engine.open_generation("g3")
    with pytest.raises(EngineError):
        failing.add([document(1, "new"), document(2, "new", year="never")])
    with pytest.raises(EngineError):
        failing.finish()
    assert engine.generations() == ["g1"]
    assert numbers_of(engine, EngineQuery()) == [1]
    fill(engine, [], "g4")
    assert engine.snapshot().count(EngineQuery()) == 0
    assert engine.snapshot().search_text(words("old"), 5).numbers.tolist() == []
