"""Who merges with whom: pairs of records, and whether they are one edition, one work, or neither."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.merging.clusters import cluster
from indexer.merging.fields import merged_work
from indexer.merging.identity import edition_id, work_id
from indexer.merging.keys import features_of
from indexer.merging.names import surname_key
from indexer.merging.numbers import part_key
from schemas.catalogue import CatalogueRecord, Creator, Link

ISBN, OTHER_ISBN = "9780306406157", "9780141439518"


def record(title: str = "The hobbit", creator: str = "Tolkien, J. R. R.", **given: object) -> CatalogueRecord:
    values: dict[str, object] = {"source": "s", "record": "r", "type": "book", "title": title, "year": 1937}
    values["creators"] = [Creator(creator)] if creator else []
    return CatalogueRecord(**{**values, **given})  # type: ignore[arg-type]


def level(*records: CatalogueRecord) -> str:
    """ "edition", "work" or "" for "they stay apart"."""
    clusters = cluster([features_of(r) for r in records])
    if len(set(clusters.edition)) == 1:
        return "edition"
    return "work" if len(set(clusters.work)) == 1 else ""


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # equal title, creator, year, type
        (record("The Hobbit"), record("HOBBIT.", "J. R. R. Tolkien"), "edition"),
        (record("紅樓夢", "曹雪芹"), record("红楼梦", "曹雪芹"), "edition"),
        (record(), record(type="other"), "edition"),
        (record(), record(year=1999), "work"),
        (record(), record(year=None), "edition"),
        (record(languages=["en"]), record(languages=["de"]), "work"),
        (record(languages=["en"]), record(), "edition"),
        (record(), record(type="video"), ""),
        (record("Poems", "Smith, John"), record("Poems", "Jones, Ann"), ""),
        # shared identifiers
        (record(isbns=[ISBN]), record("The hobbit, or, There and back again", "", isbns=[ISBN], year=1938), "edition"),
        (record(isbns=[ISBN]), record("The hobit", "", isbns=[ISBN]), "edition"),
        (record(isbns=[ISBN]), record("", "", isbns=[ISBN]), "edition"),
        (record("Hong lou meng", isbns=[ISBN]), record("红楼梦", "", isbns=[ISBN]), "edition"),
        (record("Xi you ji", isbns=[ISBN]), record("西遊記", "", isbns=[ISBN]), "edition"),
        (record("Zhong xi yi", other_titles=["中西醫"], isbns=[ISBN]), record("中西医", "", isbns=[ISBN]), "edition"),
        (record("", "", isbns=[ISBN]), record("", "", isbns=[ISBN]), "edition"),
        (record("X", "", identifiers=["doi:10.1/a"]), record("X", "", identifiers=["doi:10.1/A"]), "edition"),
        (record("X", "", identifiers=["local:1"]), record("X", "", identifiers=["local:1"]), ""),
        (record("Nature", "", type="serial", issns=["0028-0836"]),
         record("Nature", "", type="serial", issns=["0028-0836"], year=1999), "edition"),
        (record("On fish", "", type="article", issns=["0028-0836"]),
         record("On fish", "", type="article", issns=["0028-0836"]), ""),
        # nearly the same, without an identifier
        (record("A history of whale fishing"), record("A history of whale fishnig"), "edition"),
        (record("A history of whale fishing"), record("A history of whale fishing : an account"), "edition"),
        (record("Emma", publisher="Dent"), record("Emma : a novel", publisher="J. M. Dent"), "edition"),
        (record(publisher="Allen"), record(creator="", publisher="Allen & Unwin"), "edition"),
        (record(publisher="Allen", extent="310 p."), record(year=1938, publisher="Allen", extent="310 pages"),
         "edition"),
        (record("Emma"), record("Emma : a novel"), "edition"),
        (record(), record(creator=""), "edition"),
        (record("A history of whale fishing"), record("A history of whale fishing : workbook"), ""),
        (record("A history of whale fishing"), record("A history of whale fishing and its end"), ""),
        (record("A history of whale fishing", isbns=[ISBN]),
         record("A history of whale fishnig", isbns=[OTHER_ISBN]), ""),
        (record(publisher="Allen", extent="310 p."), record(year=1938, publisher="Allen", extent="240 p."), "work"),
        # what contradicts
        (record(isbns=[ISBN]), record("A history of cooking", "", isbns=[ISBN]), ""),
        (record("Algebra 1", isbns=[ISBN]), record("Algebra 2", isbns=[ISBN]), ""),
        (record("Algebra", isbns=[ISBN]), record("Algebra 2", isbns=[ISBN]), ""),
        (record("Algebra", part="1"), record("Algebra", part="2"), ""),
        (record("Algebra", part="Bd. 2"), record("Algebra", part="II"), "edition"),
        (record("Algebra", part="Bd. 2, T. 1"), record("Algebra", part="Bd. 2, T. 2"), ""),
        (record("Algebra", part="2"), record("Algebra", part="Supplement 2"), ""),
        (record("Algebra", part="第十一卷"), record("Algebra", part="第十二卷"), ""),
        (record("Algebra"), record("Algebra", part="2"), ""),
        (record("Harry Potter and the chamber of secrets", isbns=[ISBN]),
         record("Harry Potter and the goblet of fire", isbns=[ISBN]), ""),
        (record("Emma", isbns=[ISBN], type="video"), record("Emma", isbns=[ISBN]), ""),
        (record("Faust", "", isbns=[ISBN], languages=["de"]), record("Faust", "", isbns=[ISBN], languages=["fr"]), ""),
        # too little to go by
        (record("Annual report", ""), record("Annual report", ""), ""),
        (record("", "Turner"), record("", "Turner"), ""),
        (record("..."), record("!!!"), ""),
        # things that exist once
        *[(record(type=t, isbns=[ISBN], identifiers=["doi:10.1/a"]),
           record(type=t, isbns=[ISBN], identifiers=["doi:10.1/a"]), "") for t in ("object", "archive", "manuscript")],
        # photographs of one name are many, posters are printed
        (record("Main Street", type="image"), record("Main Street", type="image"), ""),
        (record("Main Street", type="image", publisher="Penguin"),
         record("Main Street", type="image", publisher="Penguin"), "edition"),
    ],
)  # fmt: skip
def test_pairs(one: CatalogueRecord, other: CatalogueRecord, expected: str) -> None:
    assert level(one, other) == expected
    assert level(other, one) == expected


def test_an_identifier_under_many_titles_is_no_evidence() -> None:
    series = [record(f"Title {word}", "", isbns=[ISBN]) for word in ("of birds", "about cooking", "on war", "in law")]
    pair = [record("Same words", "", isbns=[ISBN]), record("Same words", "", isbns=[ISBN])]
    assert level(*pair) == "edition"
    clusters = cluster([features_of(r) for r in (*series, *pair)])
    assert len(set(clusters.work)) == 6


def test_records_without_language_do_not_chain_translations() -> None:
    three = [record(languages=["en"]), record(), record(languages=["de"])]
    assert len(set(cluster([features_of(r) for r in three]).edition)) == 3


def test_a_key_of_thousands_costs_no_square() -> None:
    copies = [features_of(record(isbns=[ISBN], languages=["en"] if i % 2 else [])) for i in range(20_000)]
    generic = [features_of(record(f"Title number {i} on {i * 7919}", "", isbns=[OTHER_ISBN])) for i in range(20_000)]
    began = time.process_time()
    clusters = cluster([*copies, *generic])
    assert len(set(clusters.work.tolist())) == 1 + len(generic)
    assert time.process_time() - began < 60  # the square would be an hour


titles = st.sampled_from(["The hobbit", "Hobbit", "Hobbit : or there", "Emma", "Algebra 1", "Algebra 2", ""])
some_records = st.lists(
    st.builds(
        record,
        title=titles,
        creator=st.sampled_from(["", "Tolkien, J.", "Austen, Jane"]),
        year=st.sampled_from([None, 1937, 1999]),
        type=st.sampled_from(["book", "other", "video", "object"]),
        part=st.sampled_from(["", "1", "2"]),
        languages=st.sampled_from([[], ["en"], ["de"], ["en", "de"]]),
        isbns=st.lists(st.sampled_from([ISBN, OTHER_ISBN]), max_size=2, unique=True),
    ),
    max_size=14,
)


def partition(records: list[CatalogueRecord], which: str) -> set[frozenset[int]]:
    labels = getattr(cluster([features_of(r) for r in records]), which).tolist()
    return {frozenset(i for i, label in enumerate(labels) if label == one) for one in set(labels)}


@given(some_records, st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order(records: list[CatalogueRecord], rng: random.Random) -> None:
    order = list(range(len(records)))
    rng.shuffle(order)
    for which in ("edition", "work"):
        shuffled = partition([records[i] for i in order], which)
        assert {frozenset(order[i] for i in group) for group in shuffled} == partition(records, which)


@given(some_records)
def test_invariants_of_clusters(records: list[CatalogueRecord]) -> None:
    works = partition(records, "work")
    for edition in partition(records, "edition"):
        assert any(edition <= work for work in works)
    for work in works:
        assert len({part_key(records[i].part) for i in work if records[i].part}) <= 1
        assert len(work) == 1 or not any(records[i].unique for i in work)


@given(some_records.filter(bool), st.randoms(use_true_random=False))
def test_the_merged_description_does_not_depend_on_the_order(
    records: list[CatalogueRecord], rng: random.Random
) -> None:
    rows = []
    for i, one in enumerate(records):
        one.record = str(i)
        rows.append((i, one))
    before = merged_work("w1", [("e1", rows)])
    rng.shuffle(rows)
    assert merged_work("w1", [("e1", rows)]) == before
    assert before.editions[0].record_ids == sorted(i for i, _ in rows)


def test_rules_of_the_fields() -> None:
    thin = record("Hobbit", "Tolkien", record="a", languages=["en"], isbns=[ISBN], other_titles=["Der kleine Hobbit"])
    full = record(
        "The hobbit", "Tolkien, J. R. R.", record="b", year=1951, languages=["en", "de"], isbns=[OTHER_ISBN],
        publisher="Allen", subjects=["Dragons", "Fantasy"], description="A long tale.", links=[Link("http://x")],
    )  # fmt: skip
    odd = record(
        "Hobbitt", "Lee, Alan", record="c", year=None, subjects=["dragons."], type="other", description="A tale"
    )
    work = merged_work("w1", [("e2", [(3, odd)]), ("e1", [(2, full), (1, thin)])])
    assert work.title == "The hobbit"
    assert work.other_titles == ["Der kleine Hobbit", "Hobbitt"]
    assert [c.name for c in work.creators] == ["Tolkien, J. R. R.", "Lee, Alan"]
    assert (work.year, work.type, work.publisher) == (1937, "book", "Allen")
    assert work.languages == ["en", "de"]
    assert set(work.isbns) == {ISBN, OTHER_ISBN}
    assert work.subjects == ["Dragons", "Fantasy"]
    assert work.description == "A long tale."
    assert [(e.id, e.record_ids) for e in work.editions] == [("e1", [1, 2]), ("e2", [3])]


def test_ids_stay_with_their_anchor() -> None:
    assert work_id({"b", "a"}, {}) == "wa"
    assert work_id({"a", "b"}, {"wb": 5, "wz": 1}) == "wb"
    assert work_id({"a", "b"}, {"wb": 5, "wa": 7}) == "wb"
    assert work_id({"b"}, {"wa": 5}) == "wb"
    assert edition_id({"a", "b"}, ["eb", "", "ez"]) == "eb"
    assert edition_id({"a", "b"}, []) == "ea"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Tolkien, J. R. R. (John), 1892-1973", "tolkien"),
        ("Tolkien J.R.R.", "tolkien"),
        ("Vincent van Gogh", "gogh"),
        ("Gogh, Vincent van", "gogh"),
        ("García Márquez, Gabriel", "marquez"),
        ("曹雪芹", "曹雪芹"),
        ("", ""),
        ("(?)", ""),
    ],
)
def test_family_names(name: str, key: str) -> None:
    assert surname_key(name) == key
