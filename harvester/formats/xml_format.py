"""What formats of XML metadata have in common: the element is found, a record begun, a title demanded."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from harvester.formats.base import Format, MappingError, Reader, UnreadableError, tombstone
from harvester.formats.mapping import mapping_of
from harvester.formats.text import distinct, tidy
from harvester.formats.xml import Element, is_deleted, local, metadata_of, parse, text_of
from schemas.catalogue import RECORD_TYPES, CatalogueRecord, RawRecord, RecordType, Source

Fill = Callable[[Element, CatalogueRecord], None]
"""Fills a record from the format's element; raises UnreadableError."""


def xml_format(roots: frozenset[str], fill: Fill) -> Format:
    """A format whose payload is an OAI <record> around one of these elements, or that element itself.

    Args:
        roots: local names of the element.
        fill: reads it.
    """

    def format_(source: Source) -> Reader:
        mapping = mapping_of(source)
        if mapping.type and mapping.type not in RECORD_TYPES:
            raise MappingError(f"type: {mapping.type!r} is not one of {', '.join(RECORD_TYPES)}")

        def read(raw: RawRecord) -> CatalogueRecord:
            root = None if raw.deleted else parse(raw.payload)
            if root is None or is_deleted(root):
                return tombstone(raw.source, raw.record, raw.datestamp)
            into = CatalogueRecord(source=raw.source, record=raw.record, datestamp=raw.datestamp)
            fill(_element(metadata_of(root), roots), into)
            if not into.title:
                into.title = into.description.split("\n", 1)[0][:200]
            if not into.title:
                raise UnreadableError("no title, and no description in its stead")
            if mapping.type:
                into.type = cast("RecordType", mapping.type)
            for holding in into.holdings:
                holding.institution = mapping.institutions.get(holding.institution, holding.institution)
                holding.branch = mapping.branches.get(holding.branch, holding.branch)
            return into

        return read

    return format_


def _element(root: Element, roots: frozenset[str]) -> Element:
    if local(root) in roots:
        return root
    # A wrapper (modsCollection, lidoWrap) around one record is harmless; around several it would hide the others.
    inner = [element for element in root if local(element) in roots]
    if len(inner) == 1:
        return inner[0]
    said = f"{len(inner)} of them in" if inner else "but"
    raise UnreadableError(f"no <{'> or <'.join(sorted(roots))}>, {said} <{local(root)}>")


def words(element: Element | None) -> str:
    """All text of an element, tidied; "" of None."""
    if element is None:
        return ""
    return tidy(text_of(element))


def block_words(element: Element) -> str:
    """All text of an element that may hold lists and tables, whose cells stand apart without a blank between them."""
    return tidy(" ".join(element.itertext())) if any(len(inner) for inner in element) else words(element)


def child(element: Element | None, *names: str) -> Element | None:
    """The first child of the first of these local names that is there; of None, None."""
    if element is not None:
        for name in names:
            for inner in element:
                if local(inner) == name:
                    return inner
    return None


def children(element: Element | None, *names: str) -> list[Element]:
    """The children with any of the local names, in order."""
    return [] if element is None else [inner for inner in element if local(inner) in names]


def along(element: Element | None, path: str) -> list[Element]:
    """The elements at the end of a path of local names ("titleWrap/titleSet/appellationValue"), all branches taken."""
    found = [] if element is None else [element]
    for name in path.split("/"):
        found = [inner for outer in found for inner in outer if local(inner) == name]
    return found


def texts(element: Element | None, path: str) -> list[str]:
    """The distinct texts at the end of such a path, without empty ones."""
    return distinct(words(inner) for inner in along(element, path))


def terms(element: Element | None, path: str = "") -> list[str]:
    """The words for the concepts at the end of such a path: <term>, or since LIDO 1.1 the labels of SKOS concepts."""
    found = along(element, path) if path else [element]
    return distinct(words(e) for one in found for e in (*children(one, "term"), *along(one, "Concept/prefLabel")))


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name, whatever its namespace ("href" of xlink:href); "" when it is not there."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value).strip()
    return ""
