"""Tells whether an address or a file can be harvested: whether it works, works with care, or cannot. Stores nothing.

Strangers may start it, so that it takes a bounded time and size (``budget``) and shows nothing of what a foreign server
sends but catalogue records and the words of OAI-PMH itself.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from harvester import parts
from harvester.budget import Budget, SpentError
from harvester.fetching import Client, FetchError, PatienceError, RefusedError, StatusError
from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.probe import lists, server
from harvester.probe.arrival import OAI, arrive
from harvester.probe.endpoints import bare
from harvester.probe.files import fetch_beginning, look_at_file
from harvester.probe.look import TRIES, Look, OnStep, told
from harvester.probe.samples import look_at_records
from harvester.protocols.oai_guards import SetGuard
from harvester.protocols.oai_records import sort_out
from harvester.protocols.oai_sickle import Harvester
from schemas.catalogue import Quarantined, RawRecord, Source
from schemas.probe import Probe, Step
from schemas.said import say

SECONDS, SIZE = 60.0, 5 << 20
_CODES = {RefusedError: "address", PatienceError: "patience", SpentError: "budget", StatusError: "status"}


def budget() -> Budget:
    """What one look may take: make the client with it."""
    return Budget(SECONDS, SIZE)


def probe(source: Source, client: Client, on_step: OnStep = lambda _: None, *, trusted: bool = False) -> Probe:
    """Look at a source, or at an address or file of which nothing is known but where it is.

    Args:
        source: as it would be saved; with ``protocol`` and ``format`` "" these are found out. A web page in place of an
            OAI-PMH server leads to the likely one of its site.
        client: made with ``budget()``, unless the look may take as long as it likes.
        on_step: told each step as it comes.
        trusted: who asks may read files of this machine, and learn why an address is refused.

    Returns:
        What was found. Whatever is wrong stands in it; nothing of that is raised.
    """
    look = Look(source, client, on_step, trusted=trusted)
    try:
        client.begin(source)
        client.tries = TRIES
        _look(look)
    except MappingError as error:
        look.tell("mapping", "bad", told(error), "say which columns hold what, here or in a mapping file")
    except FetchError as error:
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "answer")
        code = "answer" if look.hides(error) else code
        look.tell_error(code, "it cannot be looked at", error, "bad")
    return look.conclude()


def _look(look: Look) -> None:
    source = look.source
    if not source.location.lower().startswith(("http://", "https://")):
        if not look.trusted:
            raise FetchError(say("an address begins with http:// or https://"))
        path = Path(source.location).expanduser()
        if not path.exists():
            raise FetchError(say("no file {path}", path=str(path)))
        look_at_file(look, path, source.location)
        return
    address, kind = (source.location, None) if source.protocol not in {"", "oai"} else arrive(look)
    if kind is not None and kind.protocol in {"", "html"}:
        return
    if kind == OAI:
        _look_at_server(look, bare(address))
        return
    with tempfile.TemporaryDirectory(prefix="lampway-") as folder:
        path, whole = fetch_beginning(look, address, Path(folder))
        look_at_file(look, path, address, whole=whole)


def _look_at_server(look: Look, endpoint: str) -> None:
    found, harvester = look.found, Harvester(endpoint, look.client)
    found.endpoint, found.protocol = endpoint, "oai"
    identity = server.introduce(look, harvester)
    if not server.formats(look, harvester):
        return
    server.sets(look, harvester)
    asked = {"metadataPrefix": found.prefix, "set": look.source.sets[0] if look.source.sets else ""}
    asked = {name: value for name, value in asked.items() if value}
    got = lists.two_pages(look, harvester, asked)
    _records(look, got, asked)
    lists.speed(look, got)
    lists.bogus_token(look, harvester)
    lists.one_day(look, harvester, asked, identity, got)
    lists.by_name(look, harvester, asked, got)


def _records(look: Look, got: lists.Pages, asked: dict[str, str]) -> None:
    source = msgspec.structs.replace(look.source, protocol="oai", format=look.found.format)
    guard = SetGuard(asked.get("set", ""))
    records: list[RawRecord] = []
    set_aside: list[Quarantined] = []
    for number, page in enumerate(got.pages, 1):
        guard.learn(page.records)
        kept, broken = sort_out(page, source.id, f"page {number}", guard)
        for raw in kept:
            records.append(raw)
            if parts.may_have(source) and not raw.deleted:
                records += parts.units_of(raw) or []
        set_aside += broken
    look_at_records(look, records, set_aside, FORMATS[source.format](source))


__all__ = ["Probe", "Step", "budget", "probe"]
