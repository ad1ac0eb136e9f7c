"""OAI-PMH: one run over a server's records, set by set, page by page, that survives what servers do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from harvester import windows
from harvester.fetching import Client, FetchError
from harvester.protocols import oai_blame, oai_dates, oai_identify, oai_names, oai_position
from harvester.protocols.base import ByNamePage, Listing, Page, absent_in_words
from harvester.protocols.oai_guards import AnySetGuard, LoopGuard, SetGuard
from harvester.protocols.oai_headers import OaiRecord
from harvester.protocols.oai_pages import BadPageError
from harvester.protocols.oai_position import Position, Window
from harvester.protocols.oai_records import sort_out, strays
from harvester.protocols.oai_sickle import Harvester, OaiError, UnreadableAnswerError
from schemas.catalogue import Quarantined, RawRecord, Source
from store import codec
from store.sources import SourceState

_RESTARTS = 2
_FEW = 100
"""Records that are asked for one by one where their list fails."""
_FEW_TRIES = 2
_MOST_CUTS = 200
_MOST_VAIN_CUTS = 7
"""Windows that fail one after another: the whole, both halves and all four quarters."""
_MOST_AGAIN = 10_000
"""Records that may come again while a list is cut into windows, beside three times those that it brought before."""
_MOST_UNFETCHED = 1000
_SETS_CHECKED_EVERY = timedelta(days=7)


def open_oai(source: Source, state: SourceState, checkpoint: dict[str, Any], full: bool, client: Client) -> OaiFetch:
    """Begin a run, or go on with the one that the checkpoint belongs to.

    Raises:
        FetchError: the address is refused, or the server does not offer the format.
    """
    harvester = Harvester(source.location, client)
    identity = oai_identify.identify(harvester)
    notes = [f"Identify cannot be used, going on without: {identity.trouble}"] if identity.trouble else []
    prefix = source.prefix or oai_identify.find_prefix(harvester, source.format, notes)
    return OaiFetch(source, state, checkpoint, full, harvester, identity, prefix, notes)


class OaiFetch:
    """One run. See ``harvester.protocols.base.Fetch`` and ``FetchByName``."""

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
        self.notes = notes
        self._source, self._harvester, self._prefix, self._identity = source, harvester, prefix, identity
        self._sets = source.sets or [""]
        self._began = datetime.now(UTC)
        self._live_before = state.live
        self._mended: Counter[str] = Counter()
        self._newest: OaiRecord | None = None
        self._newest_of, self._anew = "", False
        self._most = _MOST_AGAIN
        self._cuts = self._vain_cuts = self._early = 0
        fingerprint = codec.digest("\n".join([source.location, prefix, *self._sets]).encode()).hex()
        self._at = Position(fingerprint=fingerprint)
        if checkpoint.get("fingerprint") == fingerprint:
            self._at = msgspec.convert(checkpoint, Position)
        elif not full and state.dates == "none":
            notes.append("the server does not find records by their date, so that everything is asked for each time")
        elif not full:
            self._at.since = oai_dates.since(harvester, prefix, state, identity, self._began, notes)
        self._guards = {set_: SetGuard(set_, self._at.judges.get(set_)) for set_ in self._sets}
        self._any_set = AnySetGuard(self._guards.values())
        self.losses, self.doubts = self._at.losses, self._at.doubts
        self.whole = not self._at.since and full
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
            if self._at.since and self.state.unfetched and not self._at.asked_again:
                yield self._ask_again()
            while self._at.set_index < len(self._sets):
                yield from self._whole_set(self._sets[self._at.set_index], resumed)
                resumed = False
        finally:
            self.notes += [f"{count} pages mended: {what}" for what, count in self._mended.items()]
            if self._harvester.moved_to:
                self.notes.append(f"the server has moved to {self._harvester.moved_to}: change the source's address")
        self.state.unfetched = list(dict.fromkeys(self._at.unfetched))[:_MOST_UNFETCHED]
        if self._early:
            self.notes.append(f"{self._early:,} records came that are older than asked for: the server ignores `from`")
        if not self._at.since:
            if not self._at.received and self._live_before:
                self.losses.append(f"the list is empty, though there were {self._live_before:,} records before")
            self._try_dates()

    def _whole_set(self, set_: str, resumed: bool) -> Iterator[Page]:
        """All of one set: its list, or the windows that it had to be cut into."""
        self._at.windows = self._at.windows or [Window(self._at.since)]
        restarts = 0
        while self._at.windows:
            try:
                yield from self._walk(set_)
                self._vain_cuts = 0
            except FetchError as error:
                if isinstance(error, OaiError) and error.code == "noRecordsMatch":
                    self._vain_cuts = 0
                if (
                    self._at.token
                    and restarts < _RESTARTS
                    and oai_blame.is_of_token(
                        error, first=not restarts, resumed=resumed, expires=self._at.token_expires
                    )
                ):
                    # What is stored already comes again and is recognised by its hash.
                    restarts += 1
                    self._anew = not self._is_cut()
                    self.notes.append(f"the list was begun anew, for the server no longer knows its token ({error})")
                    self._at.begin_list()
                elif self._can_go_on(error):
                    continue
                elif isinstance(error, OaiError) and error.code == "noRecordsMatch":
                    self._note_time(error.response_date)
                    if self._at.token:
                        self.notes.append("the server ended the list with noRecordsMatch")
                        self.doubts.append("the list ended with noRecordsMatch")
                    else:
                        self._check_set(set_)
                    yield self._end_of_window(set_)
                elif self._can_narrow(error):
                    yield from self._narrow(set_, error)
                else:
                    raise

    def _can_go_on(self, error: FetchError) -> bool:
        """Change the request as servers that are particular about arguments want it; False when nothing is left."""
        by_status = oai_blame.may_be_of_dates(error)
        if self._at.narrowed or not (by_status or oai_blame.is_of_arguments(error)):
            return False
        if self._at.token:
            if by_status or self._harvester.with_tokens:
                return False
            self._harvester.with_tokens = {"metadataPrefix": self._prefix}
            self.notes.append("the server wants metadataPrefix beside the resumption token, against the protocol")
            return True
        if "T" in self._at.since and not by_status:
            self._at.since = self._at.since[:10]
        elif self._at.since:
            self.notes.append(f"the server refuses from={self._at.since}: asking for everything ({error})")
            self._at.since = ""
        else:
            return False
        self._at.windows = [Window(self._at.since)]
        return True

    def _can_narrow(self, error: FetchError) -> bool:
        """Whether it is this list that fails, and not the server: then less of it may come."""
        if not oai_blame.may_be_of_list(error, later_page=bool(self._at.token)):
            return False
        self._cuts += 1
        self._vain_cuts += 1
        if self._cuts > _MOST_CUTS or self._vain_cuts > _MOST_VAIN_CUTS:
            return False
        identity = oai_identify.identify(self._harvester)
        if not identity.trouble:
            self._note_time(identity.response_date)  # no list may ever have been answered
        return not identity.trouble

    def _narrow(self, set_: str, error: FetchError) -> Iterator[Page]:
        """Get what can be got of a window that fails: its records one by one where they are few, else its halves."""
        self._harvester.client.tries = _FEW_TRIES
        window, by_day = self._at.windows[0], self._identity.granularity != oai_identify.SECONDS
        if not self._at.narrowed:
            self._at.narrowed = True
            self._most = 3 * self._at.received + _MOST_AGAIN
            self.notes.append(f"the list fails ({error}); it was asked for in smaller parts")
        headers = oai_names.few(self._harvester, self._first_arguments(set_, window), _FEW)
        if headers is not None:
            got = self._one_by_one(self._guards[set_], [header.identifier for header in headers])
            if got.works:
                self.notes += [absent_in_words(got.absent)] if got.absent else []
                self._vain_cuts = 0
                self._at.begin_list()
                yield self._end_of_window(set_, got.records, got.quarantined)
                return
        parts = oai_position.halves(window, earliest=self._identity.earliest, latest=self._at.mark, by_day=by_day)
        self._at.begin_list()
        if parts and self._at.received < self._most:
            # To the end of the queue: one bad record leaves one half whole, and only where both fail all may.
            self._at.windows = [*self._at.windows[1:], *parts]
            return
        self.losses.append(f"{window.in_words()}{f' of set {set_}' if set_ else ''} could not be had: {error}")
        left = error.content if isinstance(error, UnreadableAnswerError) else b""
        name = f"unidentified:{codec.digest(left).hex()}"
        kept = Quarantined(source=self._source.id, record=name, reason=str(error), payload=left) if left else None
        yield self._end_of_window(set_, [], [kept] if kept else [])

    def _one_by_one(self, guard: SetGuard, names: list[str]) -> oai_names.ByName:
        got = oai_names.ask(self._harvester, self._prefix, names, self._source.id, guard, lambda: "asked for by name")
        if got.works:
            self._at.received += len(got.records) + len(got.quarantined)
            self._at.unfetched += got.failed
        return got

    def _ask_again(self) -> Page:
        """What an earlier run was not given."""
        client, names = self._harvester.client, list(self.state.unfetched)
        client.tries, tries = _FEW_TRIES, client.tries
        got = self._one_by_one(self._any_set, names)
        if not got.works:
            self._at.unfetched += names
            self.losses.append(f"{len(names):,} records that failed before could not be asked for, e.g. {names[0]}")
        client.tries = tries
        self._at.asked_again = True
        return self._found(got)

    def _walk(self, set_: str) -> Iterator[Page]:
        guard, sets = LoopGuard(), self._guards[set_]
        for answer in self._harvester.ListRecords(**self._arguments(set_)):
            self._note_time(answer.response_date)
            self._mended.update(answer.repairs)
            sets.learn(answer.records)
            self._at.judges[set_] = sets.judges
            self._look_at(answer.records, set_)
            self._at.page += 1
            place = f"page {self._at.page}" + (f" of set {set_}" if set_ else "")
            records, quarantined = sort_out(answer, self._source.id, place, sets)
            self._at.received += len(records) + len(quarantined)
            names = {raw.record for raw in records} | {row.record for row in quarantined}
            self._at.in_list += guard.count(names) if self._is_cut() else len(names)
            self._at.token = answer.token.text if answer.token else ""
            self._at.token_expires = answer.token.expires if answer.token else ""
            size = answer.token.size if answer.token else None
            if size is not None and self._at.size is not None and size < self._at.size:
                self._doubt("the list became shorter while it was read, so that others may have slipped through")
            self._at.size = size if size is not None else self._at.size
            if not self._at.token and self._at.size is None and (doubt := guard.doubt(answer)):
                self.doubts.append(doubt)
            if not all(broken.identifier for broken in answer.broken):  # it may be any of those that are missing
                self.doubts.append("the list held what cannot be named")
            if answer.errors:
                code, text = answer.errors[0]
                self.losses.append(f"a page came with an error beside its records: {code} {text}".strip())
            stop = guard.check(answer)
            if stop:
                self.losses.append(f"{stop}; stopped after {self._at.received:,} records")
                self.whole = False
            if stop or not self._at.token:
                if not self._at.in_list:
                    self._check_set(set_)
                yield self._end_of_window(set_, records, quarantined)
                return
            yield self._page(records, quarantined)

    def _doubt(self, words: str) -> None:
        if words not in self.doubts:
            self.doubts.append(words)

    def _look_at(self, records: list[OaiRecord], set_: str) -> None:
        """Whether the server keeps to the window, and which record is the newest."""
        window = self._at.windows[0]
        since = window.since[:10]
        for record in records:
            stamp = record.datestamp
            if since and stamp and stamp[:10] < since:
                self._early += 1
            if not self._at.since and stamp <= self._at.mark and (not self._newest or stamp > self._newest.datestamp):
                self._newest, self._newest_of = record, set_

    def _arguments(self, set_: str) -> dict[str, str]:
        if self._at.token:
            return {"resumptionToken": self._at.token, **self._harvester.with_tokens}
        return self._first_arguments(set_, self._at.windows[0])

    def _first_arguments(self, set_: str, window: Window) -> dict[str, str]:
        arguments = {"metadataPrefix": self._prefix, "set": set_, "from": window.since, "until": window.until}
        return {name: value for name, value in arguments.items() if value}

    def _note_time(self, response_date: str) -> None:
        if not self._at.mark:
            self._at.mark = windows.watermark(response_date, self._began)
            self.state.watermark = self._at.mark

    def _check_set(self, set_: str) -> None:
        """An empty set may be one that is no longer there: no error of the protocol says so."""
        checked = windows.parse_stamp(self.state.sets_checked_at)
        due = not self._at.since or checked is None or self._began - checked > _SETS_CHECKED_EVERY
        if not set_ or not due:
            return
        try:
            names = [name for name, _ in oai_identify.list_sets(self._harvester)]
        except (FetchError, BadPageError) as error:
            self.notes.append(f"whether the set {set_} still exists cannot be seen: {error}")
            return
        self.state.sets_checked_at = self._began.isoformat(timespec="seconds")
        known = any(name == set_ or name.startswith(set_ + ":") for name in names)
        if names and not known and len(names) < oai_identify.MOST_SETS:
            there = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
            self.losses.append(f"the server no longer has the set {set_}; it has {there}")

    def _page(self, records: list[RawRecord], quarantined: list[Quarantined]) -> Page:
        anew, self._anew = self._anew, False
        return Page(
            records=records,
            quarantined=quarantined,
            checkpoint=msgspec.to_builtins(self._at),
            anew=anew,
            expected=None if self._is_cut() else self._at.size,
            last=self._at.set_index >= len(self._sets),
            strays=strays(quarantined),
        )

    def _is_cut(self) -> bool:
        """Whether there are several lists, so that the size of one says nothing about all."""
        return len(self._sets) > 1 or self._at.narrowed

    def _end_of_window(
        self, set_: str, records: list[RawRecord] | None = None, quarantined: list[Quarantined] | None = None
    ) -> Page:
        size, came = self._at.size, self._at.in_list
        if self._is_cut() and size is not None and came < size:
            what = self._at.windows[0].in_words() + (f" of set {set_}" if set_ else "")
            self.losses.append(f"the server says there are {size:,} of {what}, {came:,} came")
        del self._at.windows[0]
        if not self._at.windows:
            self._at.set_index += 1
        page = self._page(records or [], quarantined or [])
        self._at.begin_list()
        page.checkpoint = msgspec.to_builtins(self._at)
        return page

    def _try_dates(self) -> None:
        """Whether the server finds a record it has by that record's own date: the next run will rely on it."""
        if self._newest is None:
            return
        seconds = self._identity.granularity == oai_identify.SECONDS
        asked = self._first_arguments(self._newest_of, Window())
        self.state.dates = oai_dates.tried(self._harvester, asked, self._newest, seconds=seconds) or self.state.dates
        if self.state.dates in {"wide", "none"}:
            self.notes.append(
                f"the server does not find {self._newest.identifier} by its date {self._newest.datestamp}"
            )

    def listed(self) -> Iterator[Listing]:
        """What the server lists now, by name: another way to what the list of records was to have."""
        for set_ in self._sets:
            for page in oai_names.listed(self._harvester, self._first_arguments(set_, Window(self._at.since))):
                found = [record for record in page.records if record.identifier]
                yield Listing(
                    names=[record.identifier for record in found],
                    tombstones=oai_names.tombstones(found, self._source.id),
                    size=page.token.size if page.token and len(self._sets) == 1 else None,
                )

    def by_name(self, names: list[str]) -> ByNamePage:
        """Ask for records one by one."""
        got = self._one_by_one(self._any_set, names)
        self.state.unfetched = list(dict.fromkeys(self._at.unfetched))[:_MOST_UNFETCHED]
        return ByNamePage(page=self._found(got), absent=got.absent, works=got.works)

    def _found(self, got: oai_names.ByName) -> Page:
        return Page(
            records=got.records,
            quarantined=got.quarantined,
            checkpoint=msgspec.to_builtins(self._at),
            strays=strays(got.quarantined),
        )

    def size_of_everything(self) -> int | None:
        """How many records the server says it has, where only some were asked for."""
        if not self._at.since and not any(self._sets):
            return None  # that is what was asked for
        page = next(oai_names.listed(self._harvester, {"metadataPrefix": self._prefix}), None)
        return page.token.size if page and page.token else None
