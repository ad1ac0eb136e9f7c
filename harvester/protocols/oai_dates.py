"""From when on a server is asked, and whether it finds records by their dates: what it says is often not true."""

from __future__ import annotations

from datetime import datetime, timedelta

from harvester import windows
from harvester.fetching import FetchError, PatienceError
from harvester.protocols import oai_names
from harvester.protocols.oai_headers import OaiRecord
from harvester.protocols.oai_identify import SECONDS, Identity
from harvester.protocols.oai_sickle import Harvester, OaiError
from store.sources import SourceState

_CLOCKS_DIFFER = timedelta(minutes=2)
"""By so much any two clocks may, without one having been set back."""


def since(
    harvester: Harvester, prefix: str, state: SourceState, identity: Identity, began: datetime, notes: list[str]
) -> str:
    """The ``from`` of a run that asks for changes; "" = there is nothing to go by.

    Args:
        harvester: knows the server.
        prefix: of the format.
        state: what earlier runs taught.
        identity: what the server says of itself now.
        began: the run's begin, by our clock.
        notes: added to, where the operator should know something.
    """
    overlap = timedelta(seconds=state.overlap_s) if state.overlap_s else windows.OVERLAP
    if state.dates == "wide":
        overlap += windows.OVERLAP
    last = windows.parse_stamp(state.last_complete_at)
    elapsed = began - last if last else timedelta(0)
    back = windows.set_back(state.watermark, identity.response_date, elapsed) if last else timedelta(0)
    if back > _CLOCKS_DIFFER:  # or this answer is an old one, kept by somebody on the way
        told = _time_of_a_list(harvester, {"metadataPrefix": prefix, "from": state.watermark[:10]})
        back = windows.set_back(state.watermark, told, elapsed) if told else back
    if back > _CLOCKS_DIFFER:
        notes.append(
            f"the server's clock was set back by {back.total_seconds():,.0f} s: what changed since the last run is "
            "dated before it, and asked for from so much earlier on"
        )
        overlap += back
    by_day = {identity.granularity, state.granularity} != {SECONDS}  # dates of before may be those of midnight now
    return windows.lower_bound(
        state.watermark,
        by_day=by_day or state.dates in {"day", "wide"},
        earliest=identity.earliest,
        overlap=overlap,
    )


def tried(harvester: Harvester, arguments: dict[str, str], record: OaiRecord, *, seconds: bool) -> str:
    """Look for a record of a whole list by its own datestamp.

    Args:
        harvester: knows the server.
        arguments: of the list, without dates.
        record: one of its newest, so that few others come.
        seconds: the server says that it knows seconds.

    Returns:
        "second", "day", "wide" (only when a day more is asked for) or "none"; "" = nobody can say.
    """
    stamp = record.datestamp
    forms = [("second", stamp)] if seconds and "T" in stamp else []
    forms += [("day", stamp[:10]), ("wide", windows.lower_bound(stamp[:10], by_day=True))]
    for form, since in forms:
        try:
            page = next(oai_names.listed(harvester, {**arguments, "from": since}), None)
        except OaiError as error:
            if error.code == "badVerb":
                return ""
            continue
        except FetchError:
            return ""
        names = {one.identifier for one in page.records} if page else set()
        if record.identifier in names or (names and page and page.token and page.token.text):
            return form
    return "none"


def _time_of_a_list(harvester: Harvester, arguments: dict[str, str]) -> str:
    """The server's time by its answer to a question that changes; "" when it gives none."""
    try:
        return harvester.answer("ListIdentifiers", **arguments).response_date
    except OaiError as error:
        return error.response_date
    except PatienceError:
        raise
    except FetchError:
        return ""
