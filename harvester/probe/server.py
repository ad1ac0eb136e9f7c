"""What an OAI-PMH server says of itself, and whether that makes sense."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from harvester import windows
from harvester.fetching import FetchError
from harvester.formats import FORMATS
from harvester.probe.look import Look, with_doubts
from harvester.protocols import oai_identify
from harvester.protocols.oai_identify import Identity, MetadataFormat
from harvester.protocols.oai_pages import BadPageError
from harvester.protocols.oai_sickle import Harvester
from schemas.said import Said, say

RICHEST_FIRST = ("marcxml", "unimarc", "lido", "mods", "ead", "edm", "qdc", "oai_dc")
_MOST_SETS = 500
_SHOWN = 20
_CLOCK_OFF = timedelta(minutes=10)
_MAIL = re.compile(r"(?:mailto:)?[^@\s]+@[^@\s.]++\.[^@\s]+")
_DELETIONS = {
    "persistent": ("good", "it keeps a mark of every deleted record, so that updates find deletions"),
    "transient": ("good", "it keeps marks of deleted records for a while: harvest it often, and all of it now and then "
                  "(`lampway sources schedule --full-schedule`)"),
    "no": ("good", "it does not tell of deletions: only a run over everything finds them "
           "(`lampway sources schedule --full-schedule`)"),
    "": ("care", "it does not say whether it tells of deletions; it is taken as if it did not"),
}  # fmt: skip


def introduce(look: Look, harvester: Harvester) -> Identity:
    """Ask who the server is, and tell what of it is doubtful.

    Raises:
        RefusedError: the address may not be fetched.
        PatienceError: the server wants us to come later.
    """
    began = time.monotonic()
    identity = oai_identify.identify(harvester)
    seconds = time.monotonic() - began
    headers = harvester.last_headers
    secure = urlsplit(harvester.endpoint).scheme == "https"
    packed = headers.get("content-encoding", "")[:20].lower()
    way = say("https, with a certificate that holds") if secure else say("http, in the clear")
    size = say("compressed ({how})", how=packed) if packed else say(
        "not compressed: its lists take several times the traffic"
    )  # fmt: skip
    look.tell(
        "answer", "good", say("it answers in {n:.1f} s over {way}, {size}", n=seconds, way=way, size=size),
        seconds=round(seconds, 2), secure=secure, compression=packed,
    )  # fmt: skip
    if harvester.moved_to:
        words = say("it has moved for good to {url}", url=harvester.moved_to)
        look.tell("moved", "care", words, "use that address")
    if identity.trouble:
        look.tell("identify", "care", "it does not say who it is (Identify cannot be used); a harvest goes on without")
        return identity
    doubts = list(_doubts(identity, harvester))
    who = say(
        "it is {name}, OAI-PMH {version}, contact {contact}, datestamps to the {exact}, the earliest {earliest}",
        name=identity.repository_name[:200] or say("without a name"), version=identity.protocol_version[:10] or "?",
        contact=identity.admin_email[:200] or say("not given"),
        exact=say("second") if identity.granularity == oai_identify.SECONDS else say("day"),
        earliest=identity.said_earliest[:40] or say("not given"),
    )  # fmt: skip
    look.tell(
        "identify",
        "care" if doubts else "good",
        with_doubts(who, doubts),
        "ask the institution to correct what its server says of itself" if doubts else "",
        name=identity.repository_name[:200], contact=identity.admin_email[:200], granularity=identity.granularity,
        earliest=identity.said_earliest[:40], version=identity.protocol_version[:10],
    )  # fmt: skip
    grade, policy = _DELETIONS[identity.deleted_record]
    look.tell("deletions", "care" if grade == "care" else "good", policy, policy=identity.deleted_record)
    return identity


def _doubts(identity: Identity, harvester: Harvester) -> list[Said]:
    found = []
    now = datetime.now(UTC)
    if identity.protocol_version != "2.0":
        found.append(
            say("it speaks version {version}, not 2.0", version=identity.protocol_version[:10] or say("(not said)"))
        )
    if not _MAIL.fullmatch(identity.admin_email):
        found.append(say("its contact is no mail address"))
    if not identity.granularity:
        found.append(say("it does not say how exact its datestamps are"))
    earliest = windows.parse_stamp(identity.said_earliest)
    if earliest is None:
        found.append(say("its earliest datestamp is none"))
    elif earliest > now:
        found.append(say("its earliest datestamp lies in the future"))
    said = windows.parse_stamp(identity.response_date)
    if said is None:
        found.append(say("its answers carry no date"))
    elif abs(said - now) > _CLOCK_OFF:
        found.append(say("its clock differs from ours by {span}", span=_span(abs(said - now))))
    if identity.base_url and _host(identity.base_url) != _host(harvester.endpoint):
        found.append(say("it says its address is {url}", url=identity.base_url[:200]))
    return found


def formats(look: Look, harvester: Harvester) -> bool:
    """Which formats it offers, and which of ours is taken; False where there is none to go on with."""
    asked, found = look.source.format, look.found
    usual = oai_identify.PREFIXES.get(asked or "oai_dc", (asked,))[0]
    offered: list[MetadataFormat] = []
    try:
        offered = oai_identify.list_formats(harvester)
    except (FetchError, BadPageError) as error:
        what = say("it does not list its formats, so that {name} is tried", name=usual)
        look.tell_error("formats", what, error)
    ours = {name: prefix for name in FORMATS if (prefix := oai_identify.choose_prefix(name, offered))}
    found.format = asked or next((name for name in RICHEST_FIRST if name in ours), "oai_dc")
    found.prefix = look.source.prefix or ours.get(found.format, usual)
    if not offered:
        return True
    names = ", ".join(item.prefix[:40] for item in offered[:_SHOWN])
    told = [item.prefix[:80] for item in offered[:_MOST_SETS]]
    if found.format not in ours and not look.source.prefix:
        readable = (
            say("of these we read {names}", names=", ".join(sorted(ours))) if ours else say("none of which we read")
        )
        other = say("choose --format {name}", name=next(iter(ours), ""))
        mend = other if ours else say("ask the institution for oai_dc, which all must offer")
        look.tell(
            "formats",
            "bad",
            say("it does not offer {name}, but {names}; {readable}", name=found.format, names=names, readable=readable),
            mend,
            offered=told,
            read=sorted(ours),
        )
        return False
    others = ", ".join(name for name in RICHEST_FIRST if name in ours and name != found.format)
    words: str = say("it offers {names}; taken is {name}", names=names, name=found.format)
    if others:
        words = say("{taken}, we read {others} as well", taken=words, others=others)
    look.tell("formats", "good", words, offered=told, read=sorted(ours))
    return True


def sets(look: Look, harvester: Harvester) -> None:
    """Whether its sets can be listed, and whether the asked ones are among them."""
    try:
        listed = [name for name, _ in oai_identify.list_sets(harvester, _MOST_SETS)]
    except (FetchError, BadPageError) as error:
        look.tell_error("sets", "it does not list its sets", error)
        return
    gone = [one for one in look.source.sets if not any(n == one or n.startswith(one + ":") for n in listed)]
    shown = ", ".join(name[:60] for name in listed[:_SHOWN]) + (" …" if len(listed) > _SHOWN else "")
    if gone and not listed:  # some servers know sets that they do not list
        words = say("it says that it has no sets; asked for is {names}", names=", ".join(gone))
        look.tell("sets", "care", words, sets=listed)
    elif gone and len(listed) < _MOST_SETS:
        words = say("it has no set {names}; it has {shown}", names=", ".join(gone), shown=shown)
        look.tell("sets", "bad", words, "change --set", sets=listed)
    else:
        many = "it has {n:,} or more sets: {shown}" if len(listed) >= _MOST_SETS else "it has {n:,} sets: {shown}"
        words = say(many, n=len(listed), shown=shown) if listed else say("it has no sets")
        look.tell("sets", "good", words, sets=listed)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _span(delta: timedelta) -> Said:
    hours = delta.total_seconds() / 3600
    return say("{n:,.0f} days", n=hours / 24) if hours >= 48 else say("{n:,.1f} hours", n=hours)
