"""Tries whether a server finds records by their dates, and how: what it says of its granularity is often not true."""

from __future__ import annotations

from harvester import windows
from harvester.fetching import FetchError
from harvester.protocols import oai_names
from harvester.protocols.oai_headers import OaiRecord
from harvester.protocols.oai_sickle import Harvester, OaiError


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
