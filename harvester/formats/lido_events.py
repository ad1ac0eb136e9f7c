"""Events of LIDO: who made an object, when, where, of what. Kinds of events stand in ``config/maps/lido.yaml``."""

from __future__ import annotations

from functools import lru_cache

from config.load import load_yaml
from harvester.formats.dates import LATEST_YEAR, year_of
from harvester.formats.marc.creators import relator
from harvester.formats.text import distinct, fold, strip_name
from harvester.formats.xml import Element
from harvester.formats.xml_format import along, attribute, terms, texts, words
from schemas.catalogue import CatalogueRecord, Creator

_ACTOR = "actorInRole/actor/nameActorSet/appellationValue"


def fill_events(part: Element, into: CatalogueRecord) -> None:
    """Fill ``creators``, ``date``, ``year``, places, publisher and material from the events of one language."""
    known = {creator.name for creator in into.creators}
    extent = into.extent.split("; ")
    for event in along(part, "eventWrap/eventSet/event"):
        kind = _kind(event)
        if not kind:
            continue
        people = _people(event)
        if kind == "publication" and people:
            into.publisher = into.publisher or people[0].name
        else:
            into.creators += [creator for creator in people if creator.name not in known]
            known.update(creator.name for creator in people)
        _date(event, into)
        places = texts(event, "eventPlace/place/namePlaceSet/appellationValue") or texts(
            event, "eventPlace/displayPlace"
        )
        into.publication_place = into.publication_place or (places[0] if places else "")
        materials = texts(event, "eventMaterialsTech/displayMaterialsTech")
        materials = materials or terms(event, "eventMaterialsTech/materialsTech/termMaterialsTech")
        extent += materials
    into.extent = "; ".join(distinct(extent))


def _kind(event: Element) -> str:
    """Whether it is a "making" or a "publication"; "" for what happened later (acquisition, exhibition)."""
    said = [*terms(event, "eventType"), *texts(event, "eventType/conceptID")]
    said += [attribute(concept, "about") for concept in along(event, "eventType/Concept")]
    said += [text.rpartition("/")[2] for text in said if "/" in text]
    return next((kind for text in said if (kind := _kinds().get(fold(text), ""))), "")


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    return {fold(word): kind for kind, terms in load_yaml("maps/lido.yaml")["events"].items() for word in terms}


def _people(event: Element) -> list[Creator]:
    found: dict[str, Creator] = {}
    for actor in along(event, "eventActor"):
        for role in along(actor, "actorInRole"):
            names = texts(role, "actor/nameActorSet/appellationValue")
            if names and (name := strip_name(names[0])):
                roles = [code for text in terms(role, "roleActor") if (code := relator(text))]
                found.setdefault(name, Creator(name, roles[0] if roles else ""))
        if not along(actor, _ACTOR):
            for text in texts(actor, "displayActorInRole"):
                name = strip_name(text.partition("(")[0])
                found.setdefault(name, Creator(name))
    return [creator for creator in found.values() if creator.name]


def _date(event: Element, into: CatalogueRecord) -> None:
    shown = texts(event, "eventDate/displayDate")
    first = words(next(iter(along(event, "eventDate/date/earliestDate")), None))
    last = words(next(iter(along(event, "eventDate/date/latestDate")), None))
    if into.year is None:
        # The coded date is surer than the words; "-0500-01-01" is 501 BCE by ISO 8601, which catalogues mean as 500.
        sign = -1 if first.startswith("-") else 1
        digits = first.lstrip("-")[:4]
        coded = (
            sign * int(digits)
            if digits.isdecimal() and digits.isascii() and 0 < int(digits) <= LATEST_YEAR
            else year_of(first)
        )
        into.year = (
            coded if coded is not None else next((y for text in shown if (y := year_of(text)) is not None), None)
        )
        if into.year is None and last:
            into.year = year_of(last)
    into.date = into.date or (shown[0] if shown else "/".join(distinct([first, last])))
