"""Reads EDM (RDF/XML): the provided object with its aggregation, and the things they name resolved to words."""

from __future__ import annotations

from harvester.formats.base import UnreadableError
from harvester.formats.oai_dc import read_values
from harvester.formats.rights import online
from harvester.formats.text import distinct
from harvester.formats.xml import Element, local
from harvester.formats.xml_format import attribute, children, words, xml_format
from schemas.catalogue import CatalogueRecord, Holding, Link, RecordType

_TYPES: dict[str, RecordType] = {"IMAGE": "image", "SOUND": "audio", "VIDEO": "video", "3D": "object", "TEXT": "book"}
_NAMES = ("prefLabel", "name", "title", "altLabel")

Resources = dict[str, Element]


def fill(rdf: Element, into: CatalogueRecord) -> None:
    """Fill a record from an <rdf:RDF> that holds one ProvidedCHO and one Aggregation.

    Raises:
        UnreadableError: there is no ProvidedCHO, or it says nothing by which the thing could be found.
    """
    things = children(rdf, "ProvidedCHO")
    if not things:
        raise UnreadableError("no edm:ProvidedCHO in the rdf:RDF")
    resources: Resources = {about: element for element in rdf if (about := attribute(element, "about"))}
    values: dict[str, list[str]] = {}
    # Europeana keeps what the provider said in proxies, and the CHO nearly empty.
    for element in (things[0], *children(rdf, "Proxy")):
        for prop in element:
            value = _value(prop, resources)
            if value:
                values.setdefault(local(prop), []).append(value)
    kinds = values.pop("type", [])
    said = next((text for text in kinds if text in _TYPES), "")
    described = read_values(
        {**values, "type": [text for text in kinds if text != said]}, into.source, into.record, into.datestamp
    )
    for name in described.__struct_fields__:
        setattr(into, name, getattr(described, name))
    if into.type == "other" and said:
        into.type = _TYPES[said]
    if into.unique and not into.unit_id:
        into.unit_id = next((text for text in values.get("identifier", []) if "://" not in text), "")
    for aggregation in children(rdf, "Aggregation")[:1]:
        _aggregation(aggregation, resources, into, values.get("currentLocation", []))


edm = xml_format(frozenset({"RDF"}), fill)
"""Format "edm"."""


def _value(prop: Element, resources: Resources) -> str:
    """The words of a property: its text, or the label of the resource it refers to, or that resource's address."""
    if len(prop):
        return _label(prop[0]) or words(prop)
    reference = attribute(prop, "resource")
    if not reference:
        return words(prop)
    return (_label(resources[reference]) if reference in resources else "") or reference


def _label(resource: Element) -> str:
    for name in _NAMES:
        labels = children(resource, name)
        # Without a language it is a name of the source's own; else English, else the first.
        labels.sort(key=lambda label: {"": 0, "en": 1}.get(attribute(label, "lang"), 2))
        if labels:
            return words(labels[0])
    return ""


def _aggregation(aggregation: Element, resources: Resources, into: CatalogueRecord, locations: list[str]) -> None:
    said: dict[str, list[str]] = {}
    for prop in aggregation:
        if value := _value(prop, resources):
            said.setdefault(local(prop), []).append(value)
    addresses = [*said.get("isShownAt", []), *said.get("isShownBy", []), *said.get("hasView", [])]
    addresses = [text for text in addresses if text.lower().startswith(("http://", "https://"))]
    into.links = list(dict.fromkeys([*map(Link, addresses), *into.links]))
    into.thumbnail = next(iter([*said.get("object", []), *said.get("preview", [])]), into.thumbnail)
    rights = said.get("rights", [])
    into.rights = " ".join(distinct([*rights, into.rights]))
    digital = [online(rights)] if addresses else []
    into.holdings = [
        Holding(
            institution=next(iter(said.get("dataProvider", [])), ""),
            location=next((text for text in locations if "://" not in text), ""),
            call_number=into.unit_id,
            availability=digital,
            url=addresses[0] if addresses else "",
        )
    ]
