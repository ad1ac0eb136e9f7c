"""What an OAI-PMH server says of itself, and whether that makes sense."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from harvester import windows
from harvester.fetching import FetchError
from harvester.formats import FORMATS
from harvester.probe.look import Look
from harvester.protocols import oai_identify
from harvester.protocols.oai_identify import Identity, MetadataFormat
from harvester.protocols.oai_pages import BadPageError
from harvester.protocols.oai_sickle import Harvester

RICHEST_FIRST = ("marcxml", "unimarc", "lido", "mods", "ead", "edm", "qdc", "oai_dc")
_MOST_SETS = 500
_SHOWN = 20
_CLOCK_OFF = timedelta(minutes=10)
_MAIL = re.compile(r"(?:mailto:)?[^@\s]+@[^@\s]+\.[^@\s]+")
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
    way = "https, with a certificate that holds" if secure else "http, in the clear"
    size = f"compressed ({packed})" if packed else "not compressed: its lists take several times the traffic"
    look.tell(
        "answer", "good", f"it answers in {seconds:.1f} s over {way}, {size}",
        seconds=round(seconds, 2), secure=secure, compression=packed,
    )  # fmt: skip
    if harvester.moved_to:
        look.tell("moved", "care", f"it has moved for good to {harvester.moved_to}", "use that address")
    if identity.trouble:
        look.tell("identify", "care", "it does not say who it is (Identify cannot be used); a harvest goes on without")
        return identity
    doubts = list(_doubts(identity, harvester))
    look.tell(
        "identify",
        "care" if doubts else "good",
        f"it is {identity.repository_name[:200] or 'without a name'}, OAI-PMH {identity.protocol_version[:10] or '?'}, "
        f"contact {identity.admin_email[:200] or 'not given'}"
        f", datestamps to the {'second' if identity.granularity == oai_identify.SECONDS else 'day'}"
        f", the earliest {identity.said_earliest[:40] or 'not given'}{'; but ' if doubts else ''}{'; '.join(doubts)}",
        "ask the institution to correct what its server says of itself" if doubts else "",
        name=identity.repository_name[:200], contact=identity.admin_email[:200], granularity=identity.granularity,
        earliest=identity.said_earliest[:40], version=identity.protocol_version[:10],
    )  # fmt: skip
    grade, words = _DELETIONS[identity.deleted_record]
    look.tell("deletions", "care" if grade == "care" else "good", words, policy=identity.deleted_record)
    return identity


def _doubts(identity: Identity, harvester: Harvester) -> list[str]:
    found = []
    now = datetime.now(UTC)
    if identity.protocol_version != "2.0":
        found.append(f"it speaks version {identity.protocol_version[:10] or '(not said)'}, not 2.0")
    if not _MAIL.fullmatch(identity.admin_email):
        found.append("its contact is no mail address")
    if not identity.granularity:
        found.append("it does not say how exact its datestamps are")
    earliest = windows.parse_stamp(identity.said_earliest)
    if earliest is None:
        found.append("its earliest datestamp is none")
    elif earliest > now:
        found.append("its earliest datestamp lies in the future")
    said = windows.parse_stamp(identity.response_date)
    if said is None:
        found.append("its answers carry no date")
    elif abs(said - now) > _CLOCK_OFF:
        found.append(f"its clock differs from ours by {_span(abs(said - now))}")
    if identity.base_url and _host(identity.base_url) != _host(harvester.endpoint):
        found.append(f"it says its address is {identity.base_url[:200]}")
    return found


def formats(look: Look, harvester: Harvester) -> bool:
    """Which formats it offers, and which of ours is taken; False where there is none to go on with."""
    asked, found = look.source.format, look.found
    usual = oai_identify.PREFIXES.get(asked or "oai_dc", (asked,))[0]
    offered: list[MetadataFormat] = []
    try:
        offered = oai_identify.list_formats(harvester)
    except (FetchError, BadPageError) as error:
        look.tell_error("formats", f"it does not list its formats, so that {usual} is tried", error)
    ours = {name: prefix for name in FORMATS if (prefix := oai_identify.choose_prefix(name, offered))}
    found.format = asked or next((name for name in RICHEST_FIRST if name in ours), "oai_dc")
    found.prefix = look.source.prefix or ours.get(found.format, usual)
    if not offered:
        return True
    names = ", ".join(item.prefix[:40] for item in offered[:_SHOWN])
    told = [item.prefix[:80] for item in offered[:_MOST_SETS]]
    if found.format not in ours and not look.source.prefix:
        readable = f"of these we read {', '.join(sorted(ours))}" if ours else "none of which we read"
        mend = f"choose --format {next(iter(ours))}" if ours else "ask the institution for oai_dc, which all must offer"
        look.tell(
            "formats",
            "bad",
            f"it does not offer {found.format}, but {names}; {readable}",
            mend,
            offered=told,
            read=sorted(ours),
        )
        return False
    others = ", ".join(name for name in RICHEST_FIRST if name in ours and name != found.format)
    words = f"it offers {names}; taken is {found.format}" + (f", we read {others} as well" if others else "")
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
        look.tell("sets", "care", f"it says that it has no sets; asked for is {', '.join(gone)}", sets=listed)
    elif gone and len(listed) < _MOST_SETS:
        look.tell("sets", "bad", f"it has no set {', '.join(gone)}; it has {shown}", "change --set", sets=listed)
    else:
        count = f"{len(listed):,}{' or more' if len(listed) >= _MOST_SETS else ''}"
        look.tell("sets", "good", f"it has {count} sets: {shown}" if listed else "it has no sets", sets=listed)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _span(delta: timedelta) -> str:
    hours = delta.total_seconds() / 3600
    return f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours:,.1f} hours"
