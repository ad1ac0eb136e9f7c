"""What is found in two records, what it is worth, and what the neighbourhood decides where they leave it open."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.merging.clusters import cluster
from indexer.merging.compare import Decision, compare, decide
from indexer.merging.extents import extent_of
from indexer.merging.keys import features_of
from indexer.merging.names import likeness, name_of
from indexer.merging.numbers import edition_number, numbers_in, volumes_in
from indexer.merging.rules import RULES
from indexer.merging.sounds import sound
from indexer.merging.titles import resemblance, slips, title_of
from schemas.catalogue import CatalogueRecord, Creator, Host

ISBN, OTHER_ISBN = "9780306406157", "9780141439518"
LONG = "A history of whale fishing"


def record(title: str = "The hobbit", creator: str = "Tolkien, J. R. R.", **given: object) -> CatalogueRecord:
    values: dict[str, object] = {"source": "s", "record": "r", "type": "book", "title": title, "year": 1937}
    values["creators"] = [Creator(name) for name in creator.split(" & ") if name]
    return CatalogueRecord(**{**values, **given})  # type: ignore[arg-type]


def article(title: str = LONG, venue: str = "Nature", year: int = 1990, **place: str) -> CatalogueRecord:
    return record(title, "Ahab, J.", type="article", year=year, host=Host(title=venue, **place))


def parts(*records: CatalogueRecord) -> list[set[int]]:
    """Positions of the records that are one edition."""
    labels = cluster([features_of(r) for r in records]).edition.tolist()
    return [{i for i, label in enumerate(labels) if label == one} for one in dict.fromkeys(labels)]


SHARED: dict[str, Any] = {"isbns": [ISBN]}
FOUND = [
    ("kind-different", record(), record(type="video")),
    ("kind-lacking", record(type="other"), record(type="video")),
    ("volume-different", record("Algebra, volume two"), record("Algebra, vol. 3")),
    ("volume-different", record(extent="2 v."), record(extent="3 v.")),
    ("language-different", record(languages=["en"]), record(languages=["fi", "sv"])),
    ("companion-different", record(LONG), record(f"{LONG} : study guide")),
    ("edition-different", record(edition="2nd ed."), record(edition="Third, revised edition")),
    ("edition-same", record(edition="2nd ed."), record(edition="Zweite Auflage")),
    ("edition-one", record(edition="2nd ed."), record()),
    ("edition-doubtful", record(edition="2nd ed."), record(year=None)),
    ("carrier-different", record(extent="310 p."), record(extent="1 online resource")),
    ("carrier-different", record(extent="1 sound disc"), record(extent="2 Kassetten")),
    ("carrier-different", record(extent="1 DVD-video"), record(extent="1 Blu-ray disc")),
    ("carrier-different", record(type="score", extent="1 score (98 p.)"), record(type="score", extent="12 parts")),
    ("performers-different", record(creator="Beethoven, L. van & Karajan, H. von", type="audio"),
     record(creator="Beethoven, L. van & Solti, G.", type="audio")),
    ("day-different", record("Letter to Hooker", date="1844-01-11"), record("Letter to Hooker", date="1844-02-23")),
    ("series-different", record(series=["Star wars ; 1"]), record(series=["Star Wars ; 8"])),
    ("title-long", record(f"{LONG} in the northern and southern seas"),
     record(f"{LONG} in the northern and southern seas /")),
    ("title-extended-long", record(f"{LONG} in the northern and southern seas"),
     record(f"{LONG} in the northern and southern seas : an account")),
    ("title-telling", record(LONG), record(LONG.upper())),
    ("title-same", record(), record("Hobbit /")),
    ("title-same", record("Hobbit [text (large print)]"), record("Hobbit")),
    ("title-short", record("Emma"), record("EMMA")),
    ("title-generic", record("Selected poems"), record("Selected poems")),
    ("title-extended", record("Emma"), record("Emma : her story")),
    ("title-extended-telling", record(LONG), record(f"{LONG} : an account")),
    ("title-extended-generic", record("Letters"), record("Letters : 1800-1850")),
    ("title-slip", record(LONG), record("A history of wahle fishing")),
    ("title-near", record(LONG), record("A hisotry of wahle fishing")),
    ("title-romanised", record("al-Raḥīq al-makhtūm"), record("الرحيق المختوم")),
    ("title-romanised", record("Prestuplenie i nakazanie"), record("Преступление и наказание")),
    ("title-alike", record("The hobbit, how it came there and back", **SHARED), record("The hobbit", **SHARED)),
    ("title-other-script", record("Bai lu yuan", **SHARED), record("红楼梦", **SHARED)),
    ("title-different", record("Prestuplenie i nakazanie", **SHARED), record("Война и мир", **SHARED)),
    ("title-different", record(), record("Emma")),
    ("title-different", record("Guide (Guides, #1)"), record("Guide (Guides, #2)")),
    ("title-translated", record("鐘樓怪人", uniform_title="Notre-Dame", publisher="木棉", **SHARED),
     record("巴黎圣母院", publisher="木棉", **SHARED)),
    ("title-alike", record("活着", **SHARED), record("活著", **SHARED)),
    ("creator-other-script", record(creator="圣埃克苏佩里"), record(creator="聖修伯里")),
    ("title-lacking", record(""), record()),
    ("subtitle-different", record("Star wars : a new hope"), record("Star wars : the empire strikes back")),
    ("creator-same", record(), record(creator="J. R. R. Tolkien & Alan Lee")),
    ("creator-same", record(creator="Murakami Haruki"), record(creator="Haruki Murakami")),
    ("creator-alike", record(creator="Dostoevskij, F."), record(creator="Dostoyevsky, Fyodor")),
    ("creator-alike", record(creator="Достоевский, Федор"), record(creator="Dostoevsky, Fyodor")),
    ("creator-other-script", record(creator="曹雪芹"), record(creator="Hawkes, David")),
    ("creator-lacking", record(creator=""), record()),
    ("creators-lacking", record(creator=""), record(creator="")),
    ("creator-short", record(creator="Smith, John"), record(creator="Smith")),
    ("creator-namesake", record(creator="Smith, John"), record(creator="Smith, Mary")),
    ("creator-different", record(), record(creator="Austen, Jane")),
    ("year-same", record(), record()),
    ("year-lacking", record(), record(year=None)),
    ("years-lacking", record(year=None), record(year=None)),
    ("year-next", record(), record(year=1938)),
    ("year-different", record(), record(year=1939)),
    ("year-different", article(year=1990), article(year=1991)),
    ("year-reprint", record(**SHARED), record(year=1950, **SHARED)),
    ("identifier-same", record(**SHARED), record(**SHARED)),
    ("identifier-different", record(**SHARED), record(isbns=[OTHER_ISBN])),
    ("publisher-same", record(publisher="Dent"), record(publisher="J. M. Dent & Sons")),
    ("publisher-different", record(publisher="Dent"), record(publisher="Oxford University Press")),
    ("extent-same", record(extent="xii, 310 p. ; 24 cm"), record(extent="308 pages")),
    ("extent-different", record(extent="310 p. ; 24 cm"), record(extent="250 p. ; 24 cm")),
    ("host-same", article(volume="12", pages="7-19"), article(volume="12", pages="7")),
    ("host-different", article(volume="12", pages="7-19"), article(volume="12", pages="33-40")),
    ("journal-same", article(venue="VLDB Journal"), article(venue="Very large data bases journal")),
    ("journal-same", article(venue="VLDB"), article(venue="Very large data bases")),
    ("journal-different", article(venue="Nature"), article(venue="Science")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one", "other"), FOUND)
def test_evidence(name: str, one: CatalogueRecord, other: CatalogueRecord) -> None:
    for a, b in ((one, other), (other, one)):
        verdict = compare(features_of(a), features_of(b))
        assert name in {reason.name for reason in verdict.reasons}
        assert verdict.points == sum(reason.points for reason in verdict.reasons)


def test_every_kind_of_evidence_is_found_somewhere() -> None:
    assert {name for name, _, _ in FOUND} == set(RULES.points)


@pytest.mark.parametrize(
    ("one", "other", "decision"),
    [
        (record(), record("HOBBIT.", "J. R. R. Tolkien"), "same"),
        (record(), record(year=None), "unsure"),
        (record(), record(creator=""), "unsure"),
        (record(publisher="Unwin", extent="310 p."), record(year=None, publisher="Unwin", extent="310 p."), "unsure"),
        (record(**SHARED), record(creator="", year=None, **SHARED), "same"),
        (record(), record(creator="", year=None), "unknown"),
        (record("Poems", "Smith, J."), record("Poems", "Smith, J.", year=None), "unknown"),
        (record(publisher="Unwin", **SHARED), record(publisher="Dent", isbns=[OTHER_ISBN]), "unknown"),
        (record(), record(year=1950, publisher="Unwin", extent="310 p."), "different"),
        (record(creator="Smith, John"), record(creator="Jones, Ann"), "different"),
    ],
)
def test_decisions(one: CatalogueRecord, other: CatalogueRecord, decision: Decision) -> None:
    assert compare(features_of(one), features_of(other)).decision == decision


some = st.builds(
    record,
    title=st.sampled_from(
        ["The hobbit", "Hobbit : a tale", "Hobbit (Ring, #1)", "Hobbti tales", "Хоббит", "Poems", ""]
    ),
    creator=st.sampled_from(["", "Tolkien, J.", "Tolkien, Mary", "Толкин, Дж.", "Austen, Jane"]),
    year=st.sampled_from([None, 1937, 1938, 1950]),
    type=st.sampled_from(["book", "other", "serial", "article"]),
    edition=st.sampled_from(["", "2nd ed.", "1. Aufl."]),
    extent=st.sampled_from(["", "310 p.", "3 v.", "1 online resource (310 p.)"]),
    publisher=st.sampled_from(["", "Unwin", "Dent"]),
    isbns=st.sampled_from([[], [ISBN], [OTHER_ISBN]]),
)


@given(some, some)
def test_a_comparison_has_no_first_and_second(one: CatalogueRecord, other: CatalogueRecord) -> None:
    a, b = features_of(one), features_of(other)
    verdict = compare(a, b)
    assert (verdict.decision, verdict.points) == (compare(b, a).decision, compare(b, a).points)
    assert decide(a, b) == verdict.decision


def test_a_record_that_leaves_the_year_out_belongs_to_the_only_edition() -> None:
    whole, bare, later = record(), record(year=None), record(year=1951)
    assert parts(whole, bare) == [{0, 1}]
    assert parts(whole, bare, later) == [{0}, {1}, {2}]
    told = record(publisher="Unwin"), record(year=None, publisher="Unwin"), record(year=1951, publisher="Dent")
    assert parts(*told) == [{0, 1}, {2}]


def test_a_record_that_leaves_the_creator_out_belongs_to_the_only_book_of_the_name() -> None:
    whole, bare, other = record(LONG, "Ahab, J."), record(LONG, ""), record(LONG, "Starbuck, S.")
    assert parts(whole, bare) == [{0, 1}]
    assert parts(whole, bare, other) == [{0}, {1}, {2}]


def test_neighbouring_years_are_slips_only_where_there_is_no_third() -> None:
    assert parts(record(LONG), record(LONG, year=1938)) == [{0, 1}]
    assert parts(record(LONG), record(LONG, year=1938), record(LONG, year=1940)) == [{0}, {1}, {2}]
    twice = [record(LONG, publisher=house, year=year) for year in (1937, 1938) for house in ("", "Dent")]
    assert parts(*twice) == [{0, 1}, {2, 3}]
    assert parts(*twice[:3]) == [{0, 1, 2}]


def test_a_title_without_its_subtitle_belongs_to_the_only_one_with_it() -> None:
    bare, one, other = record("Star wars"), record("Star wars : a new hope"), record("Star wars : the empire strikes")
    assert parts(bare, one) == [{0, 1}]
    assert parts(bare, one, other) == [{0}, {1}, {2}]


def test_two_slips_of_one_title_do_not_speak_against_each_other() -> None:
    assert parts(record(LONG), record("A histroy of whale fishing"), record("A history of wahle fishing")) == [
        {0, 1, 2}
    ]


def test_a_title_of_very_many_is_compared_by_creator_and_year_and_says_little() -> None:
    crowd = [record(LONG, f"Author{chr(97 + i % 26)}{chr(97 + i // 26)}, X.", year=1800 + i) for i in range(70)]
    twins = [record(LONG, "Ahab, J.", publisher="Dent"), record(LONG, "Ahab, J.", extent="310 p."),
             record(LONG, "Ahab, J.", year=None), record(LONG, "", year=1937)]  # fmt: skip
    found = parts(*twins, *crowd)
    assert found[:2] == [{0, 1, 2}, {3}]
    assert len(found) == 2 + len(crowd)


def test_an_isbn_under_contradicting_titles_is_learned_to_prove_nothing() -> None:
    pair = [record("Blue", "Ahab, J.", **SHARED), record("Blue : the sea", "", year=None, **SHARED)]
    assert parts(*pair) == [{0, 1}]
    series = [record(title, "", **SHARED) for title in ("Gardens of Kent", "Roman law", "Fish", "Cooking with rice")]
    assert {0} in parts(*pair, *series)


def test_one_library_says_printed_and_the_other_online_under_one_isbn() -> None:
    assert parts(record(extent="310 p.", **SHARED), record(extent="1 Online-Ressource (310 S.)", **SHARED)) == [
        {0},
        {1},
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Moby-Dick, or, The whale", "Moby Dick", "extended"),
        ("Title / by John Smith", "Title", "same"),
        ("Title (Library of the World)", "Title", "same"),
        ("Title the subtitle", "Title : the subtitle", "same"),
        ("Title : a novel", "Title", "same"),
        ("Title : a memoir", "Title : a memoir and what came of it", "different"),
        ("Title : a memoir", "Title : a memoir 2", "different"),
        ("The data base", "Database", "same"),
        ("Guide to Austria", "Guide to Australia", "near"),
        ("Tax guide 2019", "Tax guide 2020", "different"),
        ("दूध को मूल्य निर्धारण", "दूध को मलय निरधारण", "slip"),
    ],
)
def test_titles(one: str, other: str, expected: str) -> None:
    names = [name_of("Smith, John")]
    a, b = title_of(one, names), title_of(other, names)
    assert a is not None
    assert b is not None
    assert (resemblance(a, b), resemblance(b, a)) == (expected, expected)


def test_both_ends_of_an_endless_title_tell() -> None:
    contents = "The contents of " + "many words " * 60
    one, other = title_of(contents), title_of(f"{contents} and the return of the stranger")
    assert one is not None
    assert other is not None
    assert resemblance(one, other) == "different"


def test_slips() -> None:
    assert slips("whale fishing", "whale fihsing") == 1
    assert slips("whale fishing", "whale fisching") == 1
    assert slips("whale fishing", "whael fihsing") == 2
    assert slips("whale fishing", "snail fishing") == 0
    assert slips("the form of it", "the farm of it") == 0  # another letter of a short word is another word
    assert slips("emma", "emam") == 0


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Goethe, Johann Wolfgang von", "Goethe, J. W.", "same"),
        ("Goethe, Wolfgang", "Johann Wolfgang von Goethe, 1749-1832", "same"),
        ("Smith, John", "Smith, Mary", "namesake"),
        ("García Márquez, Gabriel", "Gabriel Garcia Marquez", "same"),
        ("Cao, Xueqin", "曹雪芹", "alike"),
        ("Толстой, Лев", "Tolstoj, Lev", "alike"),
        ("Толстой, Лев", "Austen, Jane", "different"),
        ("Lee, Ann", "Lea, Ann", "different"),
    ],
)
def test_names(one: str, other: str, expected: str) -> None:
    assert likeness(name_of(one), name_of(other)) == likeness(name_of(other), name_of(one)) == expected


def test_numbers() -> None:
    assert numbers_in("algebra volume two") == numbers_in("algebra second book") == ("2",)
    assert numbers_in("henry iv part 2") == ("4", "2")
    assert numbers_in("what to expect the first year") == numbers_in("london 1984") == ()
    assert numbers_in("红楼梦第三卷") == numbers_in("红楼梦第3卷") == ("3",)
    assert volumes_in("a story of 3 bears") == ()
    statements = ("3., überarb. Aufl.", "2nd rev. ed.", "Zweite Auflage", "第三版", "Rev. ed.")
    assert [edition_number(text) for text in statements] == ["3", "2", "2", "3", ""]


def test_extents() -> None:
    told = [
        extent_of(record(extent=text)) for text in ("xii, 310 p. ; 24 cm", "3 Bde. : Ill.", "1 sound disc : 33 1/3 rpm")
    ]
    assert [(e.pages, e.volumes, sorted(e.carriers)) for e in told] == [
        (310, 0, ["paper"]), (0, 3, ["paper"]), (0, 0, ["blu-ray", "cd", "dvd", "lp"])
    ]  # fmt: skip
    assert extent_of(record("Emma [electronic resource]", extent="310 p.")).carriers == {"online"}
    assert extent_of(record(extent="310 p. + 1 CD-ROM")).carriers == {"cd"}


def test_sounds() -> None:
    assert sound("Dostoevskij") == sound("Dostoyevsky") == sound("Достоевский") != ""
    assert sound("红楼梦") == sound("Hong lou meng")
    assert sound("1984") == ""
