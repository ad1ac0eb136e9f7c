"""Records by their names: which ones a server lists, and one at a time. The second way to what a list keeps from us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import msgspec

from harvester.fetching import FetchError, OversizeError, PatienceError, RefusedError
from harvester.protocols.oai_guards import LoopGuard, SetGuard
from harvester.protocols.oai_headers import OaiRecord
from harvester.protocols.oai_pages import OaiPage
from harvester.protocols.oai_records import sort_out
from harvester.protocols.oai_sickle import Harvester, OaiError, UnreadableAnswerError
from schemas.catalogue import Quarantined, RawRecord

_GIVE_UP_AFTER = 5
"""Records that fail one after another before it is the verb that does not work."""


class ByName(msgspec.Struct, kw_only=True):
    """What asking for records one by one gave."""

    records: list[RawRecord] = msgspec.field(default_factory=list)
    quarantined: list[Quarantined] = msgspec.field(default_factory=list)
    absent: list[str] = msgspec.field(default_factory=list)
    """The server says there is no such record, or not in this format."""
    failed: list[str] = msgspec.field(default_factory=list)
    """Not given, though listed; they are among the quarantined too, with the reason and what came instead."""
    works: bool = True
    """False: the server does not give single records at all; nothing of the above counts."""


def listed(harvester: Harvester, arguments: dict[str, str]) -> Iterator[OaiPage]:
    """Pages of headers.

    Raises:
        FetchError: the list cannot be had to its end.
    """
    guard = LoopGuard()
    try:
        for page in harvester.ListIdentifiers(**arguments):
            yield page
            if stop := guard.check(page):
                raise UnreadableAnswerError(f"{harvester.endpoint} cannot list its identifiers: {stop}")
    except OaiError as error:
        if error.code != "noRecordsMatch":
            raise


def few(harvester: Harvester, arguments: dict[str, str], most: int) -> list[OaiRecord] | None:
    """The headers of a list when they are at most so many; None when they are more or cannot be listed."""
    found: list[OaiRecord] = []
    try:
        for page in listed(harvester, arguments):
            found += page.records
            if len(found) > most or (page.token is not None and (page.token.size or 0) > most):
                return None
    except PatienceError:
        raise
    except FetchError:
        return None
    return found


def tombstones(headers: list[OaiRecord], source: str) -> dict[str, RawRecord]:
    """The headers of deleted records, by identifier."""
    return {
        head.identifier: RawRecord(
            source=source, record=head.identifier, payload=head.payload, datestamp=head.datestamp, deleted=True
        )
        for head in headers
        if head.deleted
    }


def ask(
    harvester: Harvester, prefix: str, names: list[str], source: str, guard: SetGuard, told: Callable[[], str]
) -> ByName:
    """Ask for records one by one.

    Args:
        harvester: knows the server.
        prefix: of the format.
        names: identifiers.
        source: the source's id.
        guard: knows the asked set.
        told: where we stand, for the operator.

    Raises:
        PatienceError, RefusedError: it cannot go on.
    """
    outcome = ByName()
    for name in names:
        arguments = {"identifier": name, "metadataPrefix": prefix}
        try:
            page = harvester.answer("GetRecord", **arguments)
        except OaiError as error:
            if error.code in {"idDoesNotExist", "cannotDisseminateFormat", "noRecordsMatch"}:
                outcome.absent.append(name)
            elif error.code == "badVerb":
                return ByName(works=False)
            else:
                _fail(outcome, source, name, f"{harvester.endpoint}?{urlencode(arguments)}", str(error), b"")
        except FetchError as error:
            if isinstance(error, PatienceError) or (
                isinstance(error, RefusedError) and not isinstance(error, OversizeError)
            ):
                raise
            content = error.content if isinstance(error, UnreadableAnswerError) else b""
            address = f"{harvester.endpoint}?{urlencode({'verb': 'GetRecord', **arguments})}"
            _fail(outcome, source, name, address, str(error), content)
        else:
            _take(outcome, page, source, name, guard, told())
        tried = len(outcome.records) + len(outcome.absent) + len(outcome.failed)
        if len(outcome.failed) == tried == _GIVE_UP_AFTER < len(names):
            return ByName(works=False)
    return outcome


def _take(outcome: ByName, page: OaiPage, source: str, name: str, guard: SetGuard, place: str) -> None:
    others = [record.identifier for record in page.records if record.identifier not in {name, ""}]
    page.records = [record for record in page.records if record.identifier in {name, ""}]
    records, quarantined = sort_out(page, source, place, guard)
    if not records and not quarantined and others:
        _fail(outcome, source, name, place, f"asked for it, it gives {others[0]}", b"")
    elif not records and not quarantined:
        outcome.absent.append(name)
    outcome.records += records
    outcome.quarantined += quarantined


def _fail(outcome: ByName, source: str, name: str, address: str, reason: str, content: bytes) -> None:
    outcome.failed.append(name)
    outcome.quarantined.append(
        Quarantined(
            source=source,
            record=name,
            reason=f"the server lists the record but does not give it: {reason}",
            position=address[:200],
            payload=content,
        )
    )
