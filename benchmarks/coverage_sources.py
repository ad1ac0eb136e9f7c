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
    _csv("museum-tate, simplified", "museum-tate/processed/simplified_artwork_data.csv.gz"),
    _csv("dedup-dblp-acm, ACM", "dedup-dblp-acm/py_entitymatching/ACM.csv.gz"),
    _csv("dedup-dblp-acm, DBLP", "dedup-dblp-acm/py_entitymatching/DBLP.csv.gz"),
    _csv("dedup-dblp-acm, demo", "dedup-dblp-acm/py_entitymatching/*_demo.csv"),
)

CATALOGUES: tuple[Catalogue, ...] = CSV
