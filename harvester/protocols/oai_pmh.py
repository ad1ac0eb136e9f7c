"""OAI-PMH: one run over a server's records, set by set, page by page, that survives what servers do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from harvester import windows
from harvester.fetching import Client, FetchError, RefusedError, StatusError
from harvester.protocols import oai_identify
from harvester.protocols.base import Page
from harvester.protocols.oai_guards import LoopGuard, SetGuard
from harvester.protocols.oai_pages import BadPageError
from harvester.protocols.oai_records import sort_out
from harvester.protocols.oai_sickle import Harvester, OaiError, UnreadableAnswerError
from schemas.catalogue import Source
from store import codec
from store.sources import SourceState

_RESTARTS = 2


def open_oai(source: Source, state: SourceState, checkpoint: dict[str, Any], full: bool, client: Client) -> OaiFetch:
    """Begin a run, or go on with the one that the checkpoint belongs to.

    Raises:
        FetchError: the address is refused, or the server does not offer the format.
    """
    harvester = Harvester(source.location, client)
    identity = oai_identify.identify(harvester)
    notes = [f"Identify cannot be used, going on without: {identity.trouble}"] if identity.trouble else []
    prefix = source.prefix or _find_prefix(harvester, source.format, notes)
    return OaiFetch(source, state, checkpoint, full, harvester, identity, prefix, notes)


def _find_prefix(harvester: Harvester, format_: str, notes: list[str]) -> str:
    usual = oai_identify.PREFIXES.get(format_, (format_,))[0]
    try:
        offered = oai_identify.list_formats(harvester)
    except RefusedError:
        raise
    except (FetchError, BadPageError) as error:
        notes.append(f"the server does not list its formats, trying {usual}: {error}")
        return usual
    prefix = oai_identify.choose_prefix(format_, offered)
    if offered and not prefix:
        names = ", ".join(item.prefix for item in offered)
        raise FetchError(
            f"{harvester.endpoint} does not offer {format_}; it offers {names}: choose another --format, "
            "or name the one that means the same with --prefix"
        )
    return prefix or usual


class OaiFetch:
    """One run. See ``harvester.protocols.base.Fetch``."""

    def __init__(
        self,
        source: Source,
        state: SourceState,
        checkpoint: dict[str, Any],
        full: bool,
        harvester: Harvester,
        identity: oai_identify.Identity,
        prefix: str,
        notes: list[str],
    ) -> None:
        self.losses: list[str] = []
        self.notes = notes
        self._source, self._harvester, self._prefix = source, harvester, prefix
        self._sets = source.sets or [""]
        self._began = datetime.now(UTC)
        self._live_before = state.live
        self._mended: Counter[str] = Counter()
        fingerprint = codec.digest("\n".join([source.location, prefix, *self._sets]).encode()).hex()
        self._at = _Position(fingerprint=fingerprint)
        if checkpoint.get("fingerprint") == fingerprint:
            self._at = msgspec.convert(checkpoint, _Position)
        else:
            self._at.since = "" if full else windows.lower_bound(
                state.watermark, by_day=identity.granularity != oai_identify.SECONDS, earliest=identity.earliest
            )  # fmt: skip
        self.whole = not self._at.since and full and identity.deleted_record != "persistent"
        self.state = msgspec.structs.replace(
            state,
            watermark=self._at.mark or state.watermark,
            granularity=identity.granularity or state.granularity,
            deleted_record=identity.deleted_record or state.deleted_record,
            repository_name=identity.repository_name or state.repository_name,
            admin_email=identity.admin_email or state.admin_email,
        )

    def pages(self) -> Iterator[Page]:
        """The pages of all sets, one set after another."""
        resumed = bool(self._at.token)
        try:
            while self._at.set_index < len(self._sets):
                yield from self._whole_list(self._sets[self._at.set_index], resumed)
                resumed = False
        finally:
            self.notes += [f"{count} pages mended: {what}" for what, count in self._mended.items()]
            if self._harvester.moved_to:
                self.notes.append(f"the server has moved to {self._harvester.moved_to}: change the source's address")
        if not self._at.since and not self._at.received and self._live_before:
            self.losses.append(f"the list is empty, though there were {self._live_before:,} records before")

    def _whole_list(self, set_: str, resumed: bool) -> Iterator[Page]:
        """One list to its end; begun anew when the server forgets where we were."""
        restarts = 0
        while True:
            try:
                yield from self._walk(set_)
            except (OaiError, StatusError, UnreadableAnswerError) as error:
                forgotten = isinstance(error, OaiError) and error.code == "badResumptionToken"
                if self._at.token and (forgotten or (resumed and not restarts)) and restarts < _RESTARTS:
                    # What is stored already comes again and is recognised by its hash.
                    restarts += 1
                    self.notes.append(f"the list was begun anew, for the server no longer knows its token ({error})")
                    self._at.begin_list()
                    continue
                if isinstance(error, OaiError) and self._can_go_on(error):
                    continue
                if isinstance(error, OaiError) and error.code == "noRecordsMatch":
                    self._note_time(error.response_date)
                    if self._at.token:
                        self.notes.append("the server ended the list with noRecordsMatch")
                    yield self._end_of_list()
                    return
                raise
            else:
                return

    def _can_go_on(self, error: OaiError) -> bool:
        """Change the request as servers that are particular about arguments want it; False when nothing is left."""
        if error.code != "badArgument":
            return False
        if self._at.token:
            if self._harvester.with_tokens:
                return False
            self._harvester.with_tokens = {"metadataPrefix": self._prefix}
            self.notes.append("the server wants metadataPrefix beside the resumption token, against the protocol")
            return True
        if "T" in self._at.since:
            self._at.since = self._at.since[:10]
            return True
        if self._at.since:
            self.notes.append(f"the server refuses from={self._at.since}: asking for everything ({error})")
            self._at.since = ""
            return True
        return False

    def _walk(self, set_: str) -> Iterator[Page]:
        guard, sets = LoopGuard(), SetGuard(set_)
        for answer in self._harvester.ListRecords(**self._arguments(set_)):
            self._note_time(answer.response_date)
            self._mended.update(answer.repairs)
            sets.learn(answer.records)
            self._at.page += 1
            place = f"page {self._at.page}" + (f" of set {set_}" if set_ else "")
            records, quarantined = sort_out(answer, self._source.id, place, sets)
            self._at.received += len(records) + len(quarantined)
            self._at.in_list += len({raw.record for raw in records} | {row.record for row in quarantined})
            self._at.token = answer.token.text if answer.token else ""
            size = answer.token.size if answer.token else None
            self._at.size = size if size is not None else self._at.size
            stop = guard.check(answer)
            if stop:
                self.losses.append(f"{stop}; stopped after {self._at.received:,} records")
                self.whole = False
            if stop or not self._at.token:
                yield self._end_of_list(records, quarantined)
                return
            yield self._page(records, quarantined)

    def _arguments(self, set_: str) -> dict[str, str]:
        if self._at.token:
            return {"resumptionToken": self._at.token, **self._harvester.with_tokens}
        arguments = {"metadataPrefix": self._prefix, "set": set_, "from": self._at.since}
        return {name: value for name, value in arguments.items() if value}

    def _note_time(self, response_date: str) -> None:
        if not self._at.mark:
            self._at.mark = windows.watermark(response_date, self._began)
            self.state.watermark = self._at.mark

    def _page(self, records: list[Any], quarantined: list[Any]) -> Page:
        single = len(self._sets) == 1
        return Page(
            records=records,
            quarantined=quarantined,
            checkpoint=msgspec.to_builtins(self._at),
            expected=self._at.size if single else None,
            last=self._at.set_index >= len(self._sets),
        )

    def _end_of_list(self, records: list[Any] | None = None, quarantined: list[Any] | None = None) -> Page:
        size, came = self._at.size, self._at.in_list
        if len(self._sets) > 1 and size is not None and came < size:
            set_ = self._sets[self._at.set_index]
            self.losses.append(f"the server says set {set_} has {size:,} records, {came:,} came")
        self._at.set_index += 1
        page = self._page(records or [], quarantined or [])
        self._at.begin_list()
        page.checkpoint = msgspec.to_builtins(self._at)
        return page


class _Position(msgspec.Struct):
    """Where a run stands: the checkpoint."""

    fingerprint: str
    """Of address, prefix and sets: a token belongs to them."""
    since: str = ""
    mark: str = ""
    set_index: int = 0
    token: str = ""
    size: int | None = None
    in_list: int = 0
    received: int = 0
    page: int = 0

    def begin_list(self) -> None:
        """Stand at the beginning of a list."""
        self.token, self.size, self.in_list = "", None, 0
