"""Where an archival unit is and who may see it: repository, boxes, access, digital copies."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast

from config.load import load_yaml
from harvester.formats import ead_did
from harvester.formats.text import distinct, fold
from harvester.formats.xml import Element, local
from harvester.formats.xml_format import attribute, child, children, words
from schemas.catalogue import Availability, CatalogueRecord, Holding, Link, State

_ADDRESS = frozenset({"address", "head", "extptr", "extref", "ref"})
_STATUS_LENGTH = 200


def fill_access(here: Element, above: list[Element], into: CatalogueRecord) -> None:
    """Fill ``rights``, ``holdings``, ``links`` and ``thumbnail``.

    Args:
        here: the unit.
        above: the units above it, the nearest first: what it does not say is as there.
        into: with its number.
    """
    units = [here, *above]
    dids = [child(unit, "did") for unit in units]
    access = next((text for unit in units if (text := _prose(unit, "accessrestrict"))), "")
    use = next((text for unit in units if (text := _prose(unit, "userestrict"))), "")
    into.rights = " ".join(distinct([access, use]))
    repository = next((text for did in dids if (text := _repository(did))), "")
    shelf = next((words(e) for did in dids for e in children(did, "physloc") if words(e)), "")
    number = _full_number([number for did in dids if (number := ead_did.number(did))])
    state = access_state(access)
    place = Holding(
        institution=repository,
        location=", ".join(distinct([shelf, containers(dids[0])])),
        call_number=number,
        status=access[:_STATUS_LENGTH],
        availability=[Availability(service="on_site", state=state)] if state else [],
    )
    into.holdings = [place]
    for url, label in _digital(here, into):
        into.links.append(Link(url, label))
        # Who may open it is not said, so that it is not promised.
        digital = Availability(service="digital", state="limited")
        into.holdings.append(Holding(institution=repository, url=url, note=label, availability=[digital]))


def _full_number(numbers: list[str]) -> str:
    """What to ask for in the reading room: the nearest number, behind the collection's if it says nothing of that."""
    nearest, outermost = numbers[:1], numbers[-1:]
    if nearest == outermost or set(fold(nearest[0]).split()) & set(fold(outermost[0]).split()):
        return "".join(nearest)
    return f"{outermost[0]}, {nearest[0]}"


def containers(did: Element | None) -> str:
    """Boxes, folders, reels: "box 3, folder 12"."""
    found = []
    for element in children(did, "container"):
        kind = element.get("type") or element.get("localtype") or element.get("label") or ""
        text = words(element)
        if text:
            found.append(text if fold(kind) in fold(text) else f"{kind} {text}")
    return ", ".join(distinct(found))


@lru_cache(maxsize=4096)
def access_state(text: str) -> State | None:
    """What a statement on access says about seeing the thing on site; None = nothing that is understood.

    The most restrictive phrase counts: "open for research except for the closed series" is no free access.
    """
    folded = f" {fold(text)} "
    for state, phrases in _phrases().items():
        if any(phrase.search(folded) for phrase in phrases):
            return state
    return None


@lru_cache(maxsize=1)
def _phrases() -> dict[State, list[re.Pattern[str]]]:
    def pattern(phrase: str) -> re.Pattern[str]:
        word = fold(phrase)
        return re.compile(rf" {re.escape(word)} " if word.isascii() else re.escape(word))

    order = load_yaml("maps/access.yaml")["on_site"]
    return {cast("State", state): [pattern(phrase) for phrase in phrases] for state, phrases in order.items()}


def _prose(unit: Element, name: str) -> str:
    return " ".join(
        distinct(words(part) for e in children(unit, name) for part in ([p for p in e if local(p) != "head"] or [e]))
    )


def _repository(did: Element | None) -> str:
    for element in children(did, "repository"):
        named = [words(inner) for inner in element if local(inner) not in _ADDRESS]
        if not named:
            return words(element)
        # "Princeton University Library. <subarea>Special Collections": the text around counts, the address does not.
        plain = [element.text or "", *(inner.tail or "" for inner in element)]
        return " ".join(" ".join([plain[0], *named, *plain[1:]]).split())
    return ""


def _digital(here: Element, into: CatalogueRecord) -> list[tuple[str, str]]:
    did = child(here, "did")
    found: dict[str, str] = {}
    for holder in (did, here):
        for element in children(holder, "dao", "daogrp", "daoset"):
            described = words(child(element, "daodesc", "descriptivenote"))
            parts = [element] if local(element) == "dao" else children(element, "daoloc", "dao")
            for part in parts:
                url = attribute(part, "href")
                if not url.lower().startswith(("http://", "https://")):
                    continue
                kinds = (attribute(part, name).lower() for name in ("role", "label", "daotype", "linkrole"))
                if any("thumb" in kind for kind in kinds):
                    into.thumbnail = into.thumbnail or url
                else:
                    found.setdefault(url, described or attribute(part, "title") or attribute(part, "linktitle"))
    return list(found.items())
