"""Families of records as catalogues of several countries write them, with what a cataloguer would say of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from indexer.merging.clusters import cluster
from indexer.merging.keys import features_of
from indexer.merging.names import likeness, name_of
from indexer.merging.numbers import part_key, without_volumes
from indexer.merging.titles import title_of
from schemas.catalogue import CatalogueRecord, Creator, Host

EDITION, WORK, APART = "edition", "work", "apart"
PRINTED, SCREEN = "9780307588364", "9780307588388"


def book(title: str, creators: str = "Tolkien, J. R. R.", year: int | None = 1954, **given: object) -> CatalogueRecord:
    values: dict[str, object] = {"source": "s", "record": "r", "type": "book", "title": title, "year": year}
    values["creators"] = [Creator(name) for name in creators.split(" & ") if name]
    return CatalogueRecord(**{**values, **given})  # type: ignore[arg-type]


def level(one: int, other: int, *records: CatalogueRecord) -> str:
    """What two of some records are to each other; the same in every order of the records."""
    found = set()
    for seed in range(3):
        order = random.Random(seed).sample(range(len(records)), len(records))
        clusters = cluster([features_of(records[i]) for i in order])
        a, b = order.index(one), order.index(other)
        if clusters.edition[a] == clusters.edition[b]:
            found.add(EDITION)
        else:
            found.add(WORK if clusters.work[a] == clusters.work[b] else APART)
    (told,) = found
    return told


HENRY = "Shakespeare, William"
PAIRS = [
    # a volume's number, wherever and however it is written
    (book("Handbuch der Physik, Band 2"), book("Handbuch der Physik", part="Zweiter Band"), EDITION),
    (book("Handbuch der Physik Bd. 1"), book("Handbuch der Physik", part="2"), APART),
    (book("Henry IV, Part One", HENRY), book("Henry IV. Part I", HENRY), EDITION),
    (book("Henry IV, Part One", HENRY), book("Henry IV, Part Two", HENRY), APART),
    (book("The godfather II"), book("The Godfather 2"), EDITION),
    (book("The godfather"), book("The Godfather 2"), APART),
    (book("史记选 上册", "司马迁"), book("史記選（上）", "司馬遷"), EDITION),
    (book("史记选（上）", "司马迁"), book("史记选（下）", "司马迁"), APART),
    (book("资本论 第一卷", "马克思"), book("资本论", "马克思", part="1"), EDITION),
    (book("Собрание сочинений. В 6 т. Т. 1", "Пушкин А. С."),
     book("Собрание сочинений : в 6 томах. Том 1", "Пушкин, А. С.", publisher="Правда"), EDITION),
    (book("Histoire rurale. 1, La formation des campagnes"),
     book("Histoire rurale", part="1, La formation des campagnes"), EDITION),
    (book("The walking dead, Vol. 1"), book("The walking dead, Book One"), APART),
    (book("Jahresbericht 1995/96", "Stadtbibliothek Bern"), book("Jahresbericht 1995/1996", "Stadtbibliothek Bern"),
     EDITION),
    # spelling
    (book("St. Joan", "Shaw, B."), book("Saint Joan", "Shaw, B."), EDITION),
    (book("Growth of <i>E. coli</i> in H<sub>2</sub>O"), book("Growth of E. coli in H2O"), EDITION),
    (book("Microeconomics", "Krugman, P."), book("Macroeconomics", "Krugman, P."), APART),
    (book("Brat'ja Karamazovy", "Dostoevskij", languages=["ru"]),
     book("Bratʹi︠a︡ Karamazovy", "Dostoevskiĭ", languages=["ru"]), EDITION),
    (book("Bratʹi︠a︡ Karamazovy: roman v chetyrekh chasti︠a︡kh", languages=["ru"]),
     book("Bratʹi︠a︡ Karamazovy: roman v chetyrekh chasti︠a︡kh 2", languages=["ru"]), APART),
    (book("The Canterbury tales", "Chaucer, G."), book("The Canterbury tales : a selection", "Chaucer, G."), APART),
    (book("The origin of species, by natural selection", "Darwin"), book("Natural selection", "Darwin"), APART),
    # names
    (book("1Q84 : book 1", "村上春樹"), book("1Q84 : book 1", "村上, 春樹"), EDITION),
    (book("罪与罚", "陀思妥耶夫斯基 著"), book("罪与罚", "陀思妥耶夫斯基"), EDITION),
    (book("Quantum mechanics", "Brown, Alice"), book("Quantum mechanics", "Brown, Peter"), APART),
    (book("Annual report 1995", "National Gallery"), book("Annual report 1995", "Tate Gallery"), APART),
    (book("Bulletin", "Société botanique de France"), book("Bulletin", "Société zoologique de France"), APART),
    # recordings, scores, films, letters
    (book("Symphony no. 5", "Beethoven, L. van & Karajan, H. von", type="audio", publisher="EMI"),
     book("Symphony no. 5", "Beethoven, L. van & Klemperer, O.", type="audio", publisher="EMI"), WORK),
    (book("Requiem", "Mozart", type="score", extent="1 score (98 p.)"),
     book("Requiem", "Mozart", type="score", extent="12 parts"), WORK),
    (book("Alien", "", type="video", publisher="Fox", extent="1 DVD-video"),
     book("Alien", "", type="video", publisher="Fox", extent="1 Blu-ray disc"), APART),
    (book("Letter to Hooker", "Darwin, C.", 1844, date="1844-01-11"),
     book("Letter to Hooker", "Darwin, C.", 1844, date="1844-02-23"), APART),
    (book("Editorial", "Smith, J.", type="article", host=Host(title="Lancet", volume="357", pages="1")),
     book("Editorial", "Smith, J.", type="article", host=Host(title="Lancet", volume="358", pages="1")), APART),
    # one work in several editions
    (book("Emma", "Austen, Jane", 1816), book("Emma : a novel", "Austen, Jane", 1996), WORK),
    (book("Frankenstein, or, The modern Prometheus", "Shelley, M.", 1818), book("Frankenstein", "Shelley, M.", 1994),
     WORK),
    (book("The Awakening", "Smith, L. J.", 1991), book("The Awakening / The Struggle", "Smith, L. J.", 2007), APART),
    (book("The trial", "Kafka, F.", 1937), book("The trial", "Kafka, F.", 1956), WORK),
    (book("Crime and punishment", "Dostoyevsky, Fyodor", 1951, uniform_title="Prestuplenie i nakazanie"),
     book("Verbrechen und Strafe", "Dostoevskij, Fedor", 1994, uniform_title="Prestuplenie i nakazanie"), WORK),
    (book("Crime and punishment", "Dostoyevsky, Fyodor", 1951, uniform_title="Prestuplenie i nakazanie"),
     book("Преступление и наказание", "Достоевский Ф. М.", 1970, languages=["ru"]), WORK),
    (book("Nature", "", 1869, uniform_title="Nature (London)"), book("Natur", "", 1950, uniform_title="Nature (Paris)"),
     APART),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS, ids=lambda value: getattr(value, "title", value))
def test_what_two_records_are(one: CatalogueRecord, other: CatalogueRecord, expected: str) -> None:
    assert level(0, 1, one, other) == expected


def test_records_that_leave_out_the_given_name_join_no_two_persons() -> None:
    alice, peter, brown = (book("Quantum mechanics", name) for name in ("Brown, Alice", "Brown, Peter", "Brown"))
    assert level(0, 1, alice, peter, brown) == APART
    assert level(0, 1, alice, brown) == EDITION


def test_what_is_surely_one_speaks_with_one_voice() -> None:
    """The printed and the electronic book stay two, though title lists of both differ in nothing but the ISBN."""
    told: dict[str, Any] = {
        "title": "Gone girl: a novel",
        "creators": "Flynn, Gillian",
        "year": 2012,
        "publisher": "Crown",
    }
    records = [
        book(**told, isbns=[PRINTED], extent="419 pages"),
        book(**told, isbns=[SCREEN], extent="1 online resource (419 pages)"),
        book("Gone Girl", "Gillian Flynn", 2012, isbns=[PRINTED]),
        book("Gone Girl", "Gillian Flynn", 2012, isbns=[SCREEN]),
    ]
    assert level(0, 2, *records) == level(1, 3, *records) == EDITION
    assert level(0, 1, *records) == level(2, 3, *records) == WORK


def test_numbers_of_a_series_named_in_brackets_are_no_volumes() -> None:
    title = "The castle and its lords. (Reprinted from the Sussex Collection, vol. IV.)"
    assert without_volumes(title, title.lower().split())[1] == ()
    assert without_volumes("Band 2", ["band", "2"]) == ("Band 2", ())
    assert part_key("Part two, The return") == part_key("Zweiter Band") == "2"


def test_names_of_bodies_and_of_persons() -> None:
    assert likeness(name_of("Smith, John A."), name_of("Smith, John B.")) == "namesake"
    assert likeness(name_of("Goethe, Johann W. von"), name_of("Goethe, Johann Wolfgang von")) == "same"
    assert name_of("夏目, 漱石, 1867-1916") == name_of("夏目漱石 著")


def test_what_names_a_work() -> None:
    told = {text: form.named for text in ("Emma a novel", "The making of a novel", "Poems, or, Verses", "X Vol. 2")
            if (form := title_of(text))}  # fmt: skip
    assert list(told.values()) == ["emma", "making of a novel", "poems or verses", "x 2"]
