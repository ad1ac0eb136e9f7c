"""Whether an OAI-PMH server's lists hold: two pages, a token it never gave, a window of one day, one record by name."""

from __future__ import annotations

import time

import msgspec

from harvester import windows
from harvester.budget import SpentError
from harvester.fetching import FetchError, OversizeError, PatienceError
from harvester.probe.look import Look, with_doubts
from harvester.protocols.oai_identify import SECONDS, Identity
from harvester.protocols.oai_pages import OaiPage, OaiRecord
from harvester.protocols.oai_sickle import Harvester, OaiError
from schemas.probe import Grade
from schemas.said import Said, say

_BOGUS = "lampway-never-got-this-token"
_SLOW_HOURS = 24
_FEW = 5


class Pages(msgspec.Struct):
    """The first pages of the list."""

    pages: list[OaiPage] = msgspec.field(default_factory=list)
    seconds: float = 0

    @property
    def records(self) -> list[OaiRecord]:
        """Of all pages."""
        return [record for page in self.pages for record in page.records]


def two_pages(look: Look, harvester: Harvester, asked: dict[str, str]) -> Pages:
    """The first page and the one its token leads to."""
    got, began = Pages(), time.monotonic()
    try:
        got.pages.append(harvester.answer("ListRecords", **asked))
        first = got.pages[0]
        if first.token and first.token.text:
            got.pages.append(_second(look, harvester, asked, first.token.text))
    except OaiError as error:
        if error.code == "noRecordsMatch" and not got.pages:
            return got
        look.tell_error("pages", _where(got), error, "care" if got.pages else "bad")
    except FetchError as error:
        if got.pages:
            look.tell_error("pages", _where(got), error)
        elif isinstance(error, OversizeError):
            look.tell_error("pages", _where(got), error)
            got.pages = _by_name(look, harvester, asked)
            return got
        else:  # a harvest takes this way, too
            got.pages = [] if isinstance(error, PatienceError | SpentError) else _by_name(look, harvester, asked)
            found = any(page.records for page in got.pages)
            look.tell_error("pages", _where(Pages()), error, "care" if found else "bad")
            return got
    else:
        _judge(look, got)
    got.seconds = time.monotonic() - began
    return got


def _by_name(look: Look, harvester: Harvester, asked: dict[str, str]) -> list[OaiPage]:
    """A few records one by one, of a server whose pages are larger than a look may take."""
    try:
        listed = harvester.answer("ListIdentifiers", **asked)
        look.found.size = listed.token.size if listed.token else len(listed.records)
        names = [record.identifier for record in listed.records if not record.deleted][:_FEW]
        prefix = asked["metadataPrefix"]
        return [harvester.answer("GetRecord", identifier=name, metadataPrefix=prefix) for name in names]
    except FetchError as error:
        look.tell_error("record", say("single records cannot be had either"), error)
        return []


def _where(got: Pages) -> Said:
    return say("the second page of its list cannot be had" if got.pages else "its list of records cannot be had")


def _second(look: Look, harvester: Harvester, asked: dict[str, str], token: str) -> OaiPage:
    try:
        return harvester.answer("ListRecords", resumptionToken=token)
    except OaiError as error:
        if error.code != "badArgument":
            raise
        harvester.with_tokens = {"metadataPrefix": asked["metadataPrefix"]}
        page = harvester.answer("ListRecords", resumptionToken=token, **harvester.with_tokens)
        look.tell("token-arguments", "care", "it wants metadataPrefix beside its tokens, against the protocol")
        return page


def _judge(look: Look, got: Pages) -> None:
    first, last = got.pages[0], got.pages[-1]
    size = look.found.size = first.token.size if first.token else len(first.records)
    doubts = [say("a page had to be mended ({what})", what=what) for page in got.pages for what in page.repairs]
    names = [{record.identifier for record in page.records} for page in got.pages]
    grade = "good"
    if len(got.pages) > 1 and names[1] and names[1] <= names[0]:
        grade = "bad"
        doubts.append(say("the second page brings the same records again: the list would never end"))
    elif len(got.pages) > 1 and names[0] & names[1]:
        doubts.append(say("{n:,} records stand on both pages", n=len(names[0] & names[1])))
    if size is not None and size < len(set().union(*names)):
        doubts.append(say("it says its list has {n:,} records, and more came", n=size))
        look.found.size = None
    stamps = [record.datestamp for record in got.records]
    if any(windows.parse_stamp(stamp) is None for stamp in stamps):
        doubts.append(say("there are records without a datestamp that can be read"))
    if last.response_date and any(stamp[:10] > last.response_date[:10] for stamp in stamps):
        doubts.append(say("there are datestamps in the future"))
    sizes = [len(page.records) + len(page.broken) for page in got.pages]
    counts = say("{n:,} and {m:,}", n=sizes[0], m=sizes[1]) if len(sizes) > 1 else say("{n:,}", n=sizes[0])
    if look.found.size is None:
        words = say("its list begins with {counts} records, the size of the whole list is not told", counts=counts)
    else:
        words = say("its list begins with {counts} records of {all:,}", counts=counts, all=look.found.size)
    graded: Grade = "bad" if grade == "bad" else "care" if doubts else "good"
    look.tell("pages", graded, with_doubts(words, doubts), records=str(counts), size=size)


def bogus_token(look: Look, harvester: Harvester) -> None:
    """What it says to a token that it never gave: by that word a harvest knows that a real one has expired."""
    try:
        page = harvester.answer("ListRecords", resumptionToken=_BOGUS, **harvester.with_tokens)
    except OaiError as error:
        if error.code == "badResumptionToken":
            look.tell("token", "good", "it refuses a token that it never gave, as it should")
        else:
            look.tell_error("token", say("a token that it never gave is not refused with badResumptionToken"), error)
    except FetchError as error:
        look.tell_error("token", say("what it says to a token that it never gave cannot be understood"), error)
    else:
        words = say("it answers a token that it never gave with {n:,} records", n=len(page.records))
        look.tell("token", "care", words, "a list whose token has expired may silently begin anew or end there")


def one_day(look: Look, harvester: Harvester, asked: dict[str, str], identity: Identity, got: Pages) -> None:
    """Whether it finds a record by that record's own date, in a window of one day and by the second."""
    living = [record for record in got.records if windows.parse_stamp(record.datestamp)]
    if not living:
        return
    one = min(living, key=lambda record: (record.deleted, record.datestamp))
    day = one.datestamp[:10]
    broken = say("a window of one day (from={day}&until={day}) does not work", day=day)
    try:
        found = harvester.answer("ListRecords", **asked, **{"from": day, "until": day})
    except OaiError as error:
        if error.code == "noRecordsMatch":
            words = say(
                "a window of one day finds nothing: {record} is of {day} and does not come",
                record=one.identifier[:200], day=day,
            )  # fmt: skip
            look.tell("window", "care", words, "updates will ask for more than is needed, in the worst case everything")
        else:
            look.tell_error("window", broken, error)
        return
    except FetchError as error:
        look.tell_error("window", broken, error)
        return
    outside = sum(record.datestamp[:10] != day for record in found.records)
    more = bool(found.token and found.token.text)
    if outside:
        words = say(
            "it ignores from and until: in a window of one day, {n:,} of {all:,} records are of other days",
            n=outside, all=len(found.records),
        )  # fmt: skip
        look.tell("window", "care", words, "updates will bring everything each time", outside=outside)
    elif not more and one.identifier not in {record.identifier for record in found.records}:
        words = say("a window of one day leaves out {record}, which is of that day", record=one.identifier[:200])
        look.tell("window", "care", words)
    else:
        look.tell(
            "window", "good", say("a window of one day ({day}) brings records of that day only", day=day), day=day
        )
        _granularity(look, harvester, asked, identity, one)


def _granularity(look: Look, harvester: Harvester, asked: dict[str, str], identity: Identity, one: OaiRecord) -> None:
    exact = "T" in one.datestamp
    if not identity.granularity or exact != (identity.granularity == SECONDS):
        said = "seconds" if identity.granularity == SECONDS else "days" if identity.granularity else "nothing"
        shown = "seconds" if exact else "days"
        words = say("of its datestamps it says {said}, and they show {shown}", said=say(said), shown=say(shown))
        look.tell("granularity", "care", words, said=said)
        return
    if not exact:
        look.tell("granularity", "good", "its datestamps are of days, as it says")
        return
    try:
        page = harvester.answer("ListRecords", **asked, **{"from": one.datestamp, "until": one.datestamp})
        there = one.identifier in {r.identifier for r in page.records} or bool(page.token and page.token.text)
    except OaiError as error:
        there = False
        if error.code not in {"noRecordsMatch", "badArgument"}:
            look.tell_error("granularity", say("datestamps to the second cannot be tried"), error)
            return
    except FetchError as error:
        look.tell_error("granularity", say("datestamps to the second cannot be tried"), error)
        return
    right = "it finds a record by its datestamp to the second, as it says"
    wrong = "it says that it knows seconds, and does not find a record by its own: updates will ask by day"
    look.tell("granularity", "good" if there else "care", right if there else wrong)


def by_name(look: Look, harvester: Harvester, asked: dict[str, str], got: Pages) -> None:
    """Whether one record can be asked for, which is the second way to what a list keeps back."""
    one = next((record for record in got.records if record.identifier and not record.deleted), None)
    if one is None:
        return
    mend = "what its lists keep back cannot be asked for"
    try:
        page = harvester.answer("GetRecord", identifier=one.identifier, metadataPrefix=asked["metadataPrefix"])
    except FetchError as error:
        what = say("it does not give a record that it has just listed (GetRecord)")
        look.tell_error("record", what, error, mend=mend)
        return
    same = [record.identifier for record in page.records] == [one.identifier]
    look.tell("record", "good" if same else "care", "it gives single records (GetRecord)" if same else
              "asked for a single record it gives another one", "" if same else mend)  # fmt: skip


def speed(look: Look, got: Pages) -> None:
    """How long the whole list would take at the pace of its first pages."""
    count, size = len(got.records), look.found.size
    if not count or not got.seconds:
        return
    rate = look.found.records_a_second = round(count / got.seconds, 1)
    if size is None:
        look.tell("speed", "good", say("about {n:,.0f} records a second", n=rate), rate=rate)
        return
    seconds = size / max(rate, 0.01)
    hours = seconds / 3600
    if hours >= 2:
        long = say("{n:,.1f} hours", n=hours)
    else:
        long = say("{n:,.0f} minutes", n=seconds / 60) if seconds >= 120 else say("{n:,.0f} s", n=seconds)
    words = say("about {n:,.0f} records a second: {long} for all {all:,}", n=rate, long=long, all=size)
    mend = "larger pages or a faster server would help; a harvest that is cut off goes on where it stopped"
    look.tell("speed", "care" if hours > _SLOW_HOURS else "good", words, mend if hours > _SLOW_HOURS else "",
              rate=rate, hours=round(hours, 2))  # fmt: skip
