"""The real catalogues whose coverage is measured: where their files lie, how they are read, and with which mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from harvester.protocols.base import Page


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """One catalogue."""

    name: str
    glob: str
    """Its files, below the folder of the data."""
    protocol: str
    format: str
    mapping: str = ""
    """Text of a mapping file, where the columns or fields are not recognised by themselves."""
    pages: Callable[[Path], Iterator[Page]] | None = None
    """How a file is cut into records, where no protocol reads files of its kind."""


def _csv(name: str, glob: str, mapping: str = "") -> Catalogue:
    return Catalogue(name=name, glob=glob, protocol="csv", format="csv", mapping=mapping)


_FOLIO = """
id: hrid
columns: {creator: contributors.name, date: publication.dateOfPublication, other_id: identifiers.value,
          subject: subjects.value, series: series.value, language: languages}
"""
CSV = (
    _csv("library-bl-flickr-books, plates", "library-bl-flickr-books/plates_1528-1926.tsv.gz"),
    _csv("library-bl-flickr-books, unknown plates", "library-bl-flickr-books/unknown_plates.tsv.gz"),
    _csv("library-goodbooks10k", "library-goodbooks10k/books.csv.gz"),
    _csv("library-gutenberg", "library-gutenberg/gutenberg_metadata.csv.gz"),
    _csv(
        "library-newcastle, copies",
        "library-newcastle/top-5-most-borrowed-items-circulation/top-5-most-borrowed-items.csv.gz",
    ),
    _csv("library-newcastle, most borrowed", "library-newcastle/loans/MostBorrowed*.csv"),
    _csv("museum-aic-sample", "museum-aic-sample/getting-started/someArtworks.csv"),
    _csv("museum-aic-sample, JSON", "museum-aic-sample/json/artworks/*.json"),
    _csv(
        "museum-tate, JSON Lines", "museum-tate/artworks.jsonl.gz", "columns: {unit_id: acno, creator: contributors.fc}"
    ),
    _csv("museum-tate, simplified", "museum-tate/processed/simplified_artwork_data.csv.gz"),
    _csv("dedup-dblp-acm, ACM", "dedup-dblp-acm/py_entitymatching/ACM.csv.gz"),
    _csv("dedup-dblp-acm, DBLP", "dedup-dblp-acm/py_entitymatching/DBLP.csv.gz"),
    _csv("dedup-dblp-acm, demo", "dedup-dblp-acm/py_entitymatching/*_demo.csv"),
    _csv("rero-ils, documents as JSON", "rero-ils/data/documents_small.json.gz"),
    _csv("folio-inventory-sample", "folio-inventory-sample/instances/*.json", _FOLIO),
)


def _file(name: str, glob: str, protocol: str, format_: str) -> Catalogue:
    return Catalogue(name=name, glob=glob, protocol=protocol, format=format_)


MARC = (
    _file("marc-uva-solrmarc, 2,000", "marc-uva-solrmarc/**/uva_001_2000.mrc.gz", "marc", "marc21"),
    _file("marc-uva-solrmarc, others", "marc-uva-solrmarc/**/*.mrc", "marc", "marc21"),
    _file("berlin-gbv-elag", "berlin-gbv-elag/*.mrc.gz", "marc", "marc21"),
    _file("marc-evergreen, binary", "marc-evergreen/**/*.m[ar]*c*", "marc", "marc21"),
    _file("marc-evergreen, XML", "marc-evergreen/**/*.xml*", "marc", "marcxml"),
    _file("marc-princeton-bibdata", "marc-princeton-bibdata/**/*.mrx*", "marc", "marcxml"),
    _file("marc-princeton-liberation", "marc-princeton-liberation/**/*.mrx*", "marc", "marcxml"),
    _file("marc-traject, binary", "marc-traject/**/*.marc", "marc", "marc21"),
    _file("marc-traject, XML", "marc-traject/**/*.xml", "marc", "marcxml"),
    _file("rero-ils, documents", "rero-ils/data/documents_small.xml.gz", "marc", "marcxml"),
    _file("rero-ils, DNB", "rero-ils/tests/data/xml/dnb/*", "marc", "marcxml"),
    _file("rero-ils, Library of Congress", "rero-ils/tests/data/xml/loc/*", "marc", "marcxml"),
    _file("rero-ils, KU Leuven", "rero-ils/tests/data/xml/kul/*", "marc", "marcxml"),
    _file("rero-ils, UGent", "rero-ils/tests/data/xml/ugent/*", "marc", "marcxml"),
    _file("rero-ils, SLSP", "rero-ils/tests/data/xml/slsp/*", "marc", "marcxml"),
    _file("rero-ils, BnF (UNIMARC)", "rero-ils/tests/data/xml/bnf/*", "marc", "unimarc"),
    _file("unimarc-pica-qa-catalogue, UNIMARC", "unimarc-pica-qa-catalogue/unimarc/*bnr*.mrc", "marc", "unimarc"),
    _file("unimarc-pica-qa-catalogue, MARC 21", "unimarc-pica-qa-catalogue/unimarc/*firenze*.mrc", "marc", "marc21"),
    _file("marc-cnmarc-dp2, CNMARC", "marc-cnmarc-dp2/sample_cnmarcxml.xml", "marc", "cnmarc"),
    _file("marc-cnmarc-dp2, UNIMARC", "marc-cnmarc-dp2/sample_unimarcxml.xml", "marc", "unimarc"),
    _file("marc-cnmarc-dp2, KORMARC", "marc-cnmarc-dp2/sample_kormarcxml.xml", "marc", "marcxml"),
    _file("marc-cnmarc-dp2, MARC 21", "marc-cnmarc-dp2/sample_marcxml.xml", "marc", "marcxml"),
)
_MODS_HUBS = ("bhl", "ct", "esdn", "ma", "michigan", "michigan_bad", "mt", "nc", "northwest-heritage", "nypl",
              "oklahoma", "tn")  # fmt: skip
XML = (
    _file("marc-cnmarc-dp2, MODS", "marc-cnmarc-dp2/sample_mods.xml", "xml", "mods"),
    _file("marc-cnmarc-dp2, Dublin Core", "marc-cnmarc-dp2/sample_dc*.xml", "xml", "qdc"),
    _file("ead-princeton", "ead-princeton/**/*.xml*", "xml", "ead"),
    _file("ead-arclight-samples", "ead-arclight-samples/*/*.xml", "xml", "ead"),
    _file("oai-dpla-ingestion3, MODS page", "oai-dpla-ingestion3/oai-page.xml.gz", "xml", "mods"),
    *(
        _file(f"oai-dpla-ingestion3, MODS, {hub}", f"oai-dpla-ingestion3/{hub}.xml", "xml", "mods")
        for hub in [
            "bhl",
            "ct",
            "esdn",
            "ma",
            "michigan",
            "michigan_bad",
            "mt",
            "nc",
            "northwest-heritage",
            "nypl",
            "oklahoma",
            "tn",
        ]
    ),
    *(
        _file(f"oai-dpla-ingestion3, qualified DC, {hub}", f"oai-dpla-ingestion3/{hub}.xml", "xml", "qdc")
        for hub in ["il", "in", "maryland", "ohio", "scdl", "vt", "wi"]
    ),
    *(
        _file(f"oai-dpla-ingestion3, DC, {hub}", f"oai-dpla-ingestion3/{hub}.xml", "xml", "oai_dc")
        for hub in ["rumsey", "txdl"]
    ),
    _file("oai-dpla-ingestion3, EDM", "oai-dpla-ingestion3/jh3.xml", "xml", "edm"),
    _file("oai-ckanext, DC", "oai-ckanext/helda*.xml", "xml", "oai_dc"),
    _file("oai-phpoaipmh", "oai-phpoaipmh/*Good*.xml*", "xml", "oai_dc"),
    _file("oai-pyoai", "oai-pyoai/fake[12]/*.xml", "xml", "oai_dc"),
    _file("oai-sickle", "oai-sickle/*Record*.xml", "xml", "oai_dc"),
    _file("oai-natlibfi-client", "oai-natlibfi-client/index/*/*.xml", "xml", "oai_dc"),
)

CATALOGUES: tuple[Catalogue, ...] = (*CSV, *MARC, *XML)
