"""Reads LIDO 1.x: a museum's object, with the events in which it was made."""

from __future__ import annotations

from harvester.formats import lido_events
from harvester.formats.text import distinct
from harvester.formats.types import best_type
from harvester.formats.xml import Element
from harvester.formats.xml_format import along, attribute, child, children, texts, words, xml_format
from schemas.catalogue import Availability, CatalogueRecord, Holding, Link
from schemas.identifiers import language_tag

_OBJECT = "objectIdentificationWrap"
_NAME = "legalBodyName/appellationValue"


def fill(lido: Element, into: CatalogueRecord) -> None:
    """Fill a record from a <lido> element. Titles of all its languages are kept, the preferred one first."""
    described = children(lido, "descriptiveMetadata")
    managed = children(lido, "administrativeMetadata")
    kinds = [
        text
        for part in described
        for text in texts(part, "objectClassificationWrap/objectWorkTypeWrap/objectWorkType/term")
    ]
    classes = [
        e for part in described for e in along(part, "objectClassificationWrap/classificationWrap/classification")
    ]
    into.type = best_type([*kinds, *(text for e in classes for text in texts(e, "term"))]) or "object"
    values = [e for part in described for e in along(part, f"{_OBJECT}/titleWrap/titleSet/appellationValue")]
    values.sort(key=lambda value: attribute(value, "pref") not in {"preferred", ""})
    titles = distinct(words(value) for value in values)
    into.title = titles[0] if titles else (kinds[0] if kinds else "")
    into.other_titles = titles[1:]
    into.languages = distinct(
        tag
        for e in classes
        if attribute(e, "type") == "language"
        for text in texts(e, "term")
        if (tag := language_tag(text))
    )
    for part in described:
        _identify(part, into)
        lido_events.fill_events(part, into)
        into.subjects = distinct([*into.subjects, *_subjects(part)])
        into.path += [text for text in _belongs_to(part) if text not in into.path]
    into.subjects = distinct([*into.subjects, *kinds])
    rights: list[str] = []
    digital: list[Holding] = []
    for part in managed:
        rights += texts(part, "rightsWorkWrap/rightsWorkSet/creditLine")
        rights += texts(part, "rightsWorkWrap/rightsWorkSet/rightsType/term")
        _pictures(part, into, digital)
    into.rights = " ".join(distinct(rights))
    for identifier in texts(lido, "lidoRecID"):
        into.identifiers.append(f"local:{identifier}")
    if not into.holdings:
        into.holdings = digital
    elif digital:
        into.holdings[0].url = into.holdings[0].url or digital[0].url
        into.holdings[0].availability += digital[0].availability


lido = xml_format(frozenset({"lido"}), fill)
"""Format "lido"."""


def _identify(part: Element, into: CatalogueRecord) -> None:
    for place in along(part, f"{_OBJECT}/repositoryWrap/repositorySet"):
        if attribute(place, "type").rpartition("/")[2].lower() not in {
            "",
            "current",
            "http://terminology.lido-schema.org/lido00475",
        }:
            continue
        number = next(iter(texts(place, "workID")), "")
        into.unit_id = into.unit_id or number
        site = texts(place, "repositoryLocation/namePlaceSet/appellationValue")
        names = texts(place, f"repositoryName/{_NAME}")
        holding = Holding(institution=names[0] if names else "", location=site[0] if site else "", call_number=number)
        # The same place is told again in each language.
        if (names or number) and all(number != known.call_number for known in into.holdings):
            into.holdings.append(holding)
    notes = texts(part, f"{_OBJECT}/objectDescriptionWrap/objectDescriptionSet/descriptiveNoteValue")
    into.description = "\n".join(distinct([*into.description.split("\n"), *notes]))
    sizes = texts(part, f"{_OBJECT}/objectMeasurementsWrap/objectMeasurementsSet/displayObjectMeasurements")
    into.extent = "; ".join(distinct([*into.extent.split("; "), *sizes]))
    into.edition = into.edition or "; ".join(texts(part, f"{_OBJECT}/displayStateEditionWrap/displayEdition"))


def _subjects(part: Element) -> list[str]:
    found: list[str] = []
    for subject in along(part, "objectRelationWrap/subjectWrap/subjectSet"):
        for one in children(subject, "subject"):
            found += texts(one, "subjectConcept/term")
            found += texts(one, "subjectActor/actor/nameActorSet/appellationValue")
            found += texts(one, "subjectPlace/place/namePlaceSet/appellationValue")
            found += texts(one, "subjectObject/displayObject")
        if child(subject, "subject") is None:
            found += texts(subject, "displaySubject")
    return found


def _belongs_to(part: Element) -> list[str]:
    found: list[str] = []
    for related in along(part, "objectRelationWrap/relatedWorksWrap/relatedWorkSet"):
        relation = " ".join(
            [*texts(related, "relatedWorkRelType/term"), *texts(related, "relatedWorkRelType/conceptID")]
        )
        if any(word in relation.lower() for word in ("part of", "teil von", "partie de", "belongs", "lido00292")):
            found += texts(related, "relatedWork/displayObject")
    return found


def _pictures(part: Element, into: CatalogueRecord, digital: list[Holding]) -> None:
    for text in texts(part, "recordWrap/recordInfoSet/recordInfoLink"):
        if text.startswith(("http://", "https://")):
            into.links.append(Link(text))
    for shown in along(part, "resourceWrap/resourceSet/resourceRepresentation"):
        for text in texts(shown, "linkResource"):
            if not text.startswith(("http://", "https://")):
                continue
            if "thumb" in attribute(shown, "type").lower():
                into.thumbnail = into.thumbnail or text
            else:
                into.links.append(Link(text))
                digital.append(Holding(url=text, availability=[Availability(service="digital", state="limited")]))
