"""JSON as catalogues, portals and museums give it: where the records are and what their inner fields mean, unmapped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harvester.formats.csv_paths import meaning
from schemas.catalogue import CatalogueRecord

RERO = {"pid": "7", "type": [{"main_type": "docmaintype_book"}], "language": [{"type": "bf:Language", "value": "eng"}],
        "title": [{"type": "bf:Title", "mainTitle": [{"value": "Emma"}], "subtitle": [{"value": "a novel"}]},
                  {"type": "bf:VariantTitle", "mainTitle": [{"value": "Miss Woodhouse"}]}],
        "identifiedBy": [{"type": "bf:Isbn", "value": "9780141439587"}, {"type": "bf:Local", "value": "R1"}],
        "contribution": [{"entity": {"pid": "9", "authorized_access_point": "Austen, Jane"}, "role": ["cre"]}],
        "provisionActivity": [{"type": "bf:Publication", "startDate": 1815, "statement": [
            {"type": "bf:Place", "label": [{"value": "London"}]}, {"type": "bf:Agent", "label": [{"value": "Murray"}]},
        ]}],
        "subjects": [{"entity": {"type": "bf:Topic", "authorized_access_point": "Love"}}],
        "classification": [{"type": "bf:Dewey", "edition": "22"}],
        "partOf": [{"document": {"title": "no"}}]}  # fmt: skip
OMEKA_S = {"@id": "https://x.example/items/1", "@type": "o:Item", "o:title": "Emma",
           "o:created": {"@value": "2024-01-02"},
           "o:owner": {"@id": "u", "o:id": 3}, "dcterms:language": [{"@value": "en"}],
           "dcterms:title": [{"type": "literal", "property_label": "Title", "@value": "Emma"},
                             {"type": "literal", "property_label": "Title", "@value": "Miss Woodhouse"}],
           "dcterms:creator": [{"type": "literal", "@value": "Austen, Jane"}],
           "dcterms:date": [{"type": "numeric:timestamp", "@value": "1815"}]}  # fmt: skip
SOLR = {"id": "7", "title_full": "Emma : a novel", "author": ["Austen, Jane"], "publishDate": ["1815", "1816"],
        "isbn": ["9780141439587"], "topic": ["Love", "Class"], "publisher": ["Murray"]}  # fmt: skip
IIIF = {"id": "https://x.example/7", "type": "Manifest", "label": {"en": ["Emma"]}, "metadata": [
    {"label": {"en": ["Author"]}, "value": {"none": ["Austen, Jane"]}},
    {"label": {"en": ["Date"]}, "value": {"none": ["1815"]}},
    {"label": {"en": ["Sponsor"]}, "value": {"none": ["A bank"]}},
]}  # fmt: skip
TEXTS = [{"text": text, "element_set": {"id": 1, "name": "Dublin Core"}, "element": {"id": 50, "name": name}}
         for name, text in (("Title", "Emma"), ("Creator", "Austen, Jane"), ("Date", "1815"))]  # fmt: skip
COPY = {"barcode": "c1", "status": "on loan", "location": {"name": "Hall"}}
EMMA = {"title": "Emma", "author": "Austen, Jane", "year": 1815}

DOCUMENTS: dict[str, Any] = {
    "rero": [RERO],
    "omeka s": [OMEKA_S],
    "omeka": [{"id": 7, "url": "https://x.example", "item_type": {"name": "Document"}, "element_texts": TEXTS}],
    "solr": {"responseHeader": {"status": 0}, "response": {"numFound": 1, "start": 0, "docs": [SOLR]}},
    "hits": {"took": 1, "hits": {"total": {"value": 1}, "hits": [{"_id": "7", "_index": "i", "_source": EMMA}]}},
    "vufind": {"resultCount": 1, "status": "OK", "records": [
        {"id": "7", "title": "Emma", "authors": {"primary": {"Austen, Jane": {"role": ["author"]}}, "secondary": []},
         "dates": ["1815"], "languages": ["English"], "subjects": [["Love", "Class"]]}]},
    "iiif": {"id": "https://x.example/c", "type": "Collection", "label": {"en": ["All of it"]}, "items": [IIIF]},
    "one manifest": IIIF | {"items": [{"id": "p1", "type": "Canvas", "label": {"none": ["1r"]}}]},
    "csl": [{"id": "7", "type": "book", "title": "Emma", "author": [{"family": "Austen", "given": "Jane"}],
             "issued": {"date-parts": [[1815, 12]]}}],
    "crossref": {"status": "ok", "message": {"total-results": 1, "items": [
        {"DOI": "10.1/a", "title": ["Emma"], "author": [{"given": "Jane", "family": "Austen", "affiliation": []}],
         "issued": {"date-parts": [[1815]]}, "reference": [{"key": "r1", "title": "no"}]}]}},
    "by number": {"b7": EMMA, "b8": EMMA | {"title": "Persuasion"}},
    "feed": {"title": "Our books", "data": [EMMA], "links": {"self": "https://x.example"}},
    "schema.org": {"@context": "https://schema.org", "@graph": [
        {"@id": "7", "@type": "Book", "name": "Emma", "author": {"@type": "Person", "name": "Austen, Jane"},
         "datePublished": "1815", "offers": {"@type": "Offer", "price": "3"}}]},
    "books api": {"kind": "books#volumes", "totalItems": 1, "items": [
        {"kind": "books#volume", "id": "7", "etag": "x", "volumeInfo": {
            "title": "Emma", "authors": ["Austen, Jane"], "publishedDate": "1815",
            "industryIdentifiers": [{"type": "ISBN_13", "identifier": "9780141439587"}]}}]},
    "collectiveaccess": {"ok": True, "total": 1, "results": [
        {"object_id": "12", "idno": "2014.1", "display_label": "Emma", "maker": "Austen, Jane", "date": "1815"}]},
    "museum": {"info": {"totalrecords": 1}, "records": [
        {"objectnumber": "1.2", "title": "Emma", "dated": "1815",
         "people": [{"role": "Artist", "name": "Austen, Jane", "displayname": "J. Austen"}]}]},
}  # fmt: skip


@pytest.fixture
def read(harvest: Any, stored: Callable[[], dict[str, CatalogueRecord]], tmp_path: Path) -> Any:
    def run(text: str) -> list[CatalogueRecord]:
        path = tmp_path / "catalogue"
        path.write_text(text, "utf-8")
        report = harvest(str(path), protocol="csv", format="csv")
        assert (report.status, report.losses) == ("complete", [])
        return list(stored().values())

    return run


@pytest.mark.parametrize("shape", DOCUMENTS)
def test_records_are_found_and_read_whatever_the_shape(shape: str, read: Any) -> None:
    found = read(json.dumps(DOCUMENTS[shape]))
    first = found[0]
    assert (len(found), first.title.partition(":")[0].strip()) == (2 if shape == "by number" else 1, "Emma")
    who = [creator.name for creator in first.creators]
    assert (who, first.year) == ([] if shape == "one manifest" and not who else ["Austen, Jane"], 1815)
    if shape == "rero":
        assert (first.title, first.other_titles, first.isbns) == (
            "Emma: a novel",
            ["Miss Woodhouse"],
            ["9780141439587"],
        )
        assert (first.publisher, first.publication_place, first.languages) == ("Murray", "London", ["en"])
        assert (first.record, first.subjects, first.edition, first.holdings) == ("7", ["Love"], "", [])
        assert first.identifiers == ["local:R1"]
    if shape == "omeka s":
        assert (first.other_titles, first.holdings) == (["Miss Woodhouse"], [])
    if shape == "solr":
        assert (first.subjects, first.date, first.isbns) == (["Love", "Class"], "1815", ["9780141439587"])
    if shape == "books api":
        assert (first.isbns, first.record) == (["9780141439587"], "7")
    if shape == "collectiveaccess":
        assert first.unit_id == "2014.1"


def test_copies_keep_their_fields_apart_from_those_of_the_record(read: Any) -> None:
    first = read(json.dumps([{"id": 1, "title": "Emma", "items": [COPY, {"barcode": "c2", "id": 9}]}]))[0]
    assert [(copy.key, copy.location, copy.status) for copy in first.holdings] == [
        ("c1", "Hall", "on loan"), ("c2", "", ""),
    ]  # fmt: skip


def test_qualified_dublin_core_in_a_table(read: Any) -> None:
    header = "id,dc.title[en],dc.contributor.author[],dc.date.issued,dc.date.available,dc.identifier.isbn"
    row = '1,Emma,"Austen, Jane||Lefroy, T.",1815,2020-01-01,9780141439587,Miss Woodhouse'
    first = read(f"{header},dc.title.alternative\n{row}\n")[0]
    assert (first.title, first.year, first.isbns, first.other_titles) == (
        "Emma", 1815, ["9780141439587"], ["Miss Woodhouse"],
    )  # fmt: skip
    assert [creator.name for creator in first.creators] == ["Austen, Jane", "Lefroy, T."]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("title.mainTitle.value", "title"), ("titles.en", "title"), ("o:title", "title"), ("title_tesim", "title"),
        ("bib_data.title", "title"), ("series.title", "series"), ("title.type", ""), ("publisher.id", ""),
        ("subjects.type", ""), ("publication.place", "publication_place"), ("author.name", "creator"),
        ("relatedItems.title", ""), ("thumbnail.url", "thumbnail"), ("items.id", "key"), ("items.title", ""),
        ("creator.birth.date", ""), ("dc.date.accessioned", ""), ("language.code", "language"), ("", ""),
        ("makers.name", "creator"), ("production.date.text", "date"), ("location.onDisplay", "status"),
        ("attributes.field_date", "date"), ("fielding", ""),
    ],
)  # fmt: skip
def test_what_a_path_means(path: str, field: str) -> None:
    found = meaning(path)
    assert (found.field if found else "") == field
