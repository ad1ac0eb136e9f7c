"""Questions as people type them, when nothing has all their words: mistyped, a number among words, too many words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from config.settings import Settings
from indexer.build import rebuild
from indexer.engines import open_engine
from schemas.answer import Answer
from schemas.catalogue import CatalogueRecord, Creator, Holding
from schemas.institution import Institution
from search_api.asking_words import without_asking
from search_api.context import open_context
from search_api.search import search
from search_api.understand import understand
from store.database import Database

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOUSE = Institution(
    id="house", name="House", kind="library", lat=54.97, lon=-1.61, timezone="Europe/London", opening_hours="24/7"
)
BOOKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Pride and Prejudice", "Austen, Jane", {"isbns": ["9780141439518"], "year": 1813, "languages": ["en"]}),
    ("Jane Eyre", "Brontë, Charlotte", {"year": 1847, "languages": ["en"]}),
    ("Jane Eyes the sea", "Doe, Richard", {"isbns": ["9780099594420"], "languages": ["en"]}),
    ("Emma", "Austen, Jane", {"year": 1816, "languages": ["en"]}),
    ("A memoir by Jane Austen's nephew: the way to Emma", "Leigh, James", {"languages": ["en"]}),
    ("Die Wahlverwandtschaften", "Goethe, Johann Wolfgang von", {"year": 1809, "languages": ["de"]}),
    ("Database design for small museums", "Roe, Anna", {}),
    ("Преступление и наказание", "Достоевский, Федор", {"languages": ["ru"]}),
    ("Anna Karenina", "Tolstoy, Leo", {"year": 1878, "languages": ["en"]}),
    ("Fifty shades of grey", "James, E. L.", {"languages": ["en"]}),
    ("Catch-22", "Heller, Joseph", {"languages": ["en"]}),
    ("A note on the book Jane Eyre", "Critic, Carl", {"languages": ["en"]}),
    ("Songs and a book of songs: a song book", "Tune, Ida", {"languages": ["en"]}),
    ("Hamlet", "Shakespeare, William", {"languages": ["en"]}),
    ("Pippi Longstocking", "Lindgren, Astrid", {"languages": ["en"]}),
    ("Pipe smoking for beginners", "Larson, Lars", {"languages": ["en"]}),
    ("Millennium", "Larsson, Stieg", {"languages": ["en"]}),
    ("The bees at home", "Hive, Ann", {"languages": ["en"]}),
    ("Wandering", "Lu, Xun", {"languages": ["en"]}),
    ("粉妝樓全傳", "羅貫中", {"languages": ["zh"]}),
    ("红楼梦", "曹雪芹", {"languages": ["zh"]}),
    ("Honglou meng yan jiu", "Shi, Tao", {"languages": ["zh"], "other_titles": ["紅樓夢研究"]}),
    ("ノルウェイの森", "村上春樹", {"languages": ["ja"]}),
    ("Annals of the harbour", "", {"issns": ["0077-8923"], "type": "serial"}),
    ("Plan of Aldport", "Grey, Thomas", {"type": "map", "year": 1849}),
    ("Turandot", "Puccini, Giacomo", {"type": "video"}),
    ("Turandot", "Puccini, Giacomo", {"type": "score"}),
    ("Sketch of the harbour", "Turner, J. M. W.", {"unit_id": "A00373", "type": "object"}),
    (
        "Thoughts on graphene",
        "",
        {"identifiers": ["doi:10.1126/science.1102896", "oclc:10664086", "lccn:84006409", "1813"]},
    ),
)

Ask = Callable[..., Answer]


@pytest.fixture
def ask(stock: Callable[..., None], database: Database, settings: Settings) -> Iterator[Ask]:
    rows = [
        CatalogueRecord(
            source="shelf", record=f"r{n}", title=title, creators=[Creator(name=creator)] if creator else [],
            holdings=[Holding(call_number=f"QA76.{n} .B5 2001")], **({"type": "book"} | given),
        )
        for n, (title, creator, given) in enumerate(BOOKS)
    ]  # fmt: skip
    stock([HOUSE], rows, seen=NOW)
    engine = open_engine(settings)
    rebuild(database, engine, settings)
    engine.close()
    context = open_context(settings, clock=lambda: NOW)
    yield lambda q, lang="en", **params: search(
        context, understand(context, {name: [value] for name, value in {"q": q, **params}.items()}, lang)
    )
    context.close()


def test_mistyped_words_are_respelt_and_the_answer_says_so(ask: Ask) -> None:
    for q, respelt, title in (
        ("pride and predujice", "pride and Prejudice", "Pride and Prejudice"),
        ("Wahlverwandschaften", "Wahlverwandtschaften", "Die Wahlverwandtschaften"),
        ("jane eyer", "jane Eyre", "Jane Eyre"),
        ("prideand prejudice", "Pride and prejudice", "Pride and Prejudice"),
        ("data base museums", "Database museums", "Database design for small museums"),
        ("Goehte Wahlverwandschaften", "Goethe Wahlverwandtschaften", "Die Wahlverwandtschaften"),
        ("Достоевскй", "Достоевский", "Преступление и наказание"),
        ("brnte", "Brontë", "Jane Eyre"),
        ("memoir nephews", "memoir nephew", "A memoir by Jane Austen's nephew: the way to Emma"),
        ("pryde and prejudice austin", "Pride and prejudice Austen", "Pride and Prejudice"),
    ):
        answer = ask(q)
        assert answer.hits[0].title == title, q
        assert (answer.query["q"], answer.query["respelt"]) == (q, respelt)
        assert any(f"“{respelt}”" in warning for warning in answer.query["warnings"])
        assert answer.exact
        assert answer.hits[0].score == pytest.approx(sum(s.weight * s.score for s in answer.hits[0].signals.values()))
    assert ask("pride and predujice").hits[0].signals["known_item"].score == 1


def test_what_is_found_as_it_was_typed_is_not_respelt(ask: Ask) -> None:
    for q in ("jane eyes", "jane austen", "粉妆楼", "のるうぇいの森"):
        answer = ask(q)
        assert answer.total >= 1, q
        assert "respelt" not in answer.query
        assert not answer.query["warnings"]
    for q in ("qwertyuiop", "xyz", "eyrr", "?", "zzz zzzz zzzzz zzzzzz"):
        assert "respelt" not in ask(q).query


def test_pinyin_is_found_with_and_without_blanks(ask: Ask) -> None:
    for q in (
        "hongloumeng",
        "hong lou meng",
        "HONG LOUMENG",
        "hong lou meng cao xue qin",
        "honglumeng",
    ):
        assert ask(q).hits[0].title == "红楼梦", q
        assert "cao" in q or ask(q).hits[0].signals["known_item"].score == 1, q
    for q in ("fenzhuanglouquanzhuan", "Fen zhuang lou quan zhuan", "luoguanzhong", "Luo Guanzhong"):
        assert [hit.title for hit in ask(q).hits] == ["粉妝樓全傳"], q
    for q in ("honglou meng yanjiu", "hongloumengyanjiu"):
        assert [hit.title for hit in ask(q).hits] == ["Honglou meng yan jiu"], q


def test_by_joins_a_title_and_a_name(ask: Ask) -> None:
    assert ask("Emma by Jane Austen").hits[0].title == "Emma"
    assert ask("die wahlverwandtschaften von goethe").hits[0].signals["known_item"].score == 1
    assert ask("emma austen 1816").hits[0].signals["known_item"].score == 1
    assert ask("A memoir by").total == 1


def test_things_are_asked_for_by_what_they_are(ask: Ask) -> None:
    for q in ("map aldport 1849", "Karte Aldport", "地图", "plan of aldport map"):
        assert [hit.title for hit in ask(q).hits] == ["Plan of Aldport"], q
    assert [hit.type for hit in ask("turandot dvd").hits] == ["video"]
    assert [hit.type for hit in ask("turandot noten").hits] == ["score"]
    assert ask("turandot dvd puccini").hits[0].signals["known_item"].score == 1


OTHER_WORDS = (
    ("where can I borrow jane eyre today near the station", "jane eyre", "Jane Eyre"),
    ("a book about bees", "bees", "The bees at home"),
    ("Wo kann ich die Wahlverwandtschaften ausleihen?", "Wahlverwandtschaften", "Die Wahlverwandtschaften"),
    ("avez-vous jane eyre", "jane eyre", "Jane Eyre"),
    ("哪里可以借红楼梦", "红楼梦", "红楼梦"),
    ("do you have jane eyer?", "jane Eyre", "Jane Eyre"),
    ("50 shades of grey", "Fifty shades of grey", "Fifty shades of grey"),
    ("fifty shades of gray", "fifty shades of grey", "Fifty shades of grey"),
    ("catch twenty-two", "catch 22", "Catch-22"),
    ("catch22", "catch 22", "Catch-22"),
    ("Толстой", "Tolstoy", "Anna Karenina"),
    ("толстои", "Tolstoy", "Anna Karenina"),
    ("Гамлет", "Hamlet", "Hamlet"),
    ("pride and prej", "pride and prej*", "Pride and Prejudice"),
    ("Преступл", "Преступл*", "Преступление и наказание"),
    ("pipi longstocking", "Pippi longstocking", "Pippi Longstocking"),
    ("stieg larson", "stieg Larsson", "Millennium"),
    ("dostoevskij", "Достоевский", "Преступление и наказание"),
    ("鲁迅", '"Lu Xun"', "Wandering"),
    ("jane brnte", "jane Brontë", "Jane Eyre"),
    ("jhane eyrre", "Jane Eyre", "Jane Eyre"),
)


def test_the_same_is_asked_for_in_other_words(ask: Ask) -> None:
    for q, respelt, title in OTHER_WORDS:
        answer = ask(q)
        assert (answer.query["respelt"], answer.hits[0].title) == (respelt, title), q
        assert any(f"“{respelt}”" in warning for warning in answer.query["warnings"])


def test_a_title_asked_for_as_one_is_known(ask: Ask) -> None:
    for q in ('title:"jane eyre"', "title: jane eyre", "title:emma author:austen", "书名：红楼梦"):
        assert ask(q).hits[0].signals["known_item"].score == 1, q
    assert "known_item" not in ask("author:austen").hits[0].signals


def test_a_book_is_called_so_only_in_questions(ask: Ask) -> None:
    for q, bare, title in (
        ("jane eyre book", "jane eyre", "Jane Eyre"),
        ("emma jane austen novel", "emma jane austen", "Emma"),
        ("Buch Die Wahlverwandtschaften Goethe", "Die Wahlverwandtschaften Goethe", "Die Wahlverwandtschaften"),
        ("红楼梦这本书", "红楼梦", "红楼梦"),
    ):
        answer = ask(q)
        assert (answer.query["respelt"], answer.hits[0].title) == (bare, title)
        assert answer.hits[0].signals["known_item"].score == 1
    assert [hit.title for hit in ask("jane eyre book").hits] == ["Jane Eyre", "A note on the book Jane Eyre"]
    for kept in ("song book", "a note on the book jane eyre", "jane book"):
        assert "respelt" not in ask(kept).query


def test_titles_keep_words_that_may_ask(ask: Ask) -> None:
    assert without_asking("the book thief") == []
    assert without_asking("to the lighthouse by virgina woolf") == []
    assert without_asking("where the wild things are") == []
    assert without_asking("book") == []
    assert without_asking("Llyn Dinas, near Beddgelert") == []
    asked = without_asking("do you have Close to nature near Aldport")
    assert asked == ["Close to nature near Aldport", "Close to nature"]
    assert ask("where is the zeppelin").total == 0


def test_most_of_the_words_count(ask: Ask) -> None:
    answer = ask("pride prejudice austen paperback zeppelin")
    assert [hit.title for hit in answer.hits] == ["Pride and Prejudice"]
    assert answer.query["match"] == "any"
    assert ask("die zauberflöte").total == 0, "an article says nothing"
    assert ask("粉妝樓全書").hits[0].title == "粉妝樓全傳"
    assert ask("红楼梦（1-3册）").hits[0].title == "红楼梦"


def test_numbers_are_found_however_they_are_written(ask: Ask) -> None:
    for q, title in (
        ("urn:isbn:9780141439518", "Pride and Prejudice"),
        ("pride prejudice 978-0-14-143951-8", "Pride and Prejudice"),
        ("ISBN 0-14-143951-3 (pbk.)", "Pride and Prejudice"),
        ("isbn13 9780141439518", "Pride and Prejudice"),
        ("https://books.example/dp/0141439513", "Pride and Prejudice"),
        ("00778923", "Annals of the harbour"),
        ("ISSN 0077-8923", "Annals of the harbour"),
        ("A00373 watercolour", "Sketch of the harbour"),
        ("accession number A00373", "Sketch of the harbour"),
        ("call number QA76.5 .B5 2001", "Die Wahlverwandtschaften"),
        ("https://doi.org/10.1126/science.1102896", "Thoughts on graphene"),
        ("doi:10.1126/science.1102896", "Thoughts on graphene"),
        ("(OCoLC)10664086", "Thoughts on graphene"),
        ("ocm10664086", "Thoughts on graphene"),
        ("84-6409", "Thoughts on graphene"),
    ):
        answer = ask(q)
        assert [hit.title for hit in answer.hits] == [title], q
        assert answer.query.get("identifier"), q
        assert answer.hits[0].signals["known_item"].score == 1
    two = ask("9780141439518, 978-0-09-959442-0")
    assert {hit.title for hit in two.hits} == {"Pride and Prejudice", "Jane Eyes the sea"}


@pytest.mark.parametrize(
    ("q", "said"),
    [
        ("9780141439519", "the others call for 8"),
        ("0-14-143951-X", "the others call for 3"),
        ("978014143951", " 12 "),
        ("0077-8924", "the others call for 3"),
    ],
)
def test_a_mistyped_number_is_told_and_finds_nothing_else(ask: Ask, q: str, said: str) -> None:
    answer = ask(q)
    assert answer.total == 0
    assert any(said in warning for warning in answer.query["warnings"])
    assert ask(q, lang="zh").query["warnings"] != answer.query["warnings"]


def test_a_year_in_a_citation_is_no_identifier(ask: Ask) -> None:
    answer = ask("Austen, J. (1813). Pride and Prejudice. London: T. Egerton.")
    assert [hit.title for hit in answer.hits] == ["Pride and Prejudice"]


def test_an_unknown_identifier_is_not_searched_for_in_pieces(ask: Ask) -> None:
    assert ask("10.1111/j.1749-6632.1847.tb00000.x").total == 0


def test_filters_that_leave_nothing_are_named_instead_of_other_words(ask: Ask) -> None:
    answer = ask("jane eyre", language="de")
    assert answer.total == 0
    assert any("2 works have all of these words, but the filters" in warning for warning in answer.query["warnings"])
    mistyped = ask("jane eyer", language="de")
    assert mistyped.total == 0
    assert len(mistyped.query["warnings"]) == 2
