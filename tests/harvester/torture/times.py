"""Cases 29 to 31, 48, 49: days, clocks, windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from torture.case import Outcome, World, case

FORM = "%Y-%m-%dT%H:%M:%SZ"


def days(w: World) -> None:
    w.start([w.oai.item(n, datestamp="2024-05-01") for n in range(40)], granularity=w.oai.DAY)


def same_day(w: World) -> None:
    w.server.items.append(w.oai.item(99, datestamp="2024-06-01"))
    w.server.items[1] = w.oai.item(1, "Neu", datestamp="2024-06-01")
    w.server.response_date = "2024-06-02T08:00:00Z"


case(
    "29", "day-only granularity", "knows days only and refuses seconds", "asks in days, the last day again and again",
    days, ends=("complete", "complete"), steps=((same_day, False),), check=lambda end: _asked_in_days(end),
)  # fmt: skip


def exclusive(w: World) -> None:
    """``from`` means "after that day": a window of one day is empty."""
    days(w)

    def script(arguments: dict[str, str], _: int) -> Any:
        if since := arguments.get("from"):
            after = (datetime.fromisoformat(since) + timedelta(days=1)).strftime("%Y-%m-%d")
            return w.oai.Answer(w.server.right({**arguments, "from": after}))
        return None

    w.server.script = script


case(
    "30", "one-day window empty", "takes `from` as the day after, so that a window of one day is empty",
    "tries a record's own date after the first list; goes back a day more from then on", exclusive,
    ends=("complete", "complete", "complete"), steps=((same_day, False), (lambda w: _add_on_last_day(w), False)),
)  # fmt: skip


def never(w: World) -> None:
    """``from`` finds nothing at all."""
    w.start(script=lambda arguments, _: w.oai.Answer(w.server.error("noRecordsMatch")) if "from" in arguments else None)


case(
    "30b", "windows find nothing", "finds no records by date at all", "notices, and asks for everything each time",
    never,
    ends=("complete", "complete"), steps=((lambda w: w.server.items.append(w.oai.item(99)), False),),
    says="does not find records by their date",
)  # fmt: skip


def local_time(w: World) -> None:
    """Datestamps of a clock two hours ahead, marked as UTC."""
    w.start([w.oai.item(n, datestamp="2024-06-01T13:59:00Z") for n in range(40)])


def two_hours_on(w: World) -> None:
    w.server.items.append(w.oai.item(98, datestamp="2024-06-01T14:30:00Z"))
    w.server.items.append(w.oai.item(99, datestamp="2031-01-01T00:00:00Z"))
    w.server.response_date = "2024-06-01T13:00:00Z"


case(
    "31", "datestamps in the future, local time", "marks local time as UTC, and dates a record in 2031",
    "takes only the answer's own date as mark", local_time, ends=("complete", "complete"),
    steps=((two_hours_on, False),), check=lambda end: _new(end, 2),
)  # fmt: skip


def clock(hours: int) -> Any:
    def now(offset: int) -> str:
        return (datetime.now(UTC) + timedelta(hours=hours, minutes=offset)).strftime(FORM)

    def build(w: World) -> None:
        w.start([w.oai.item(n, datestamp=now(-60)) for n in range(40)])
        w.server.response_date = now(0)

    def change(w: World) -> None:
        w.server.items.append(w.oai.item(99, datestamp=now(0)))
        w.server.response_date = now(1)

    return build, change


for label, hours, words in (("48", 2, "ahead"), ("48b", -2, "behind")):
    build, change = clock(hours)
    case(
        label, f"server clock two hours {words}", f"has a clock two hours {words}",
        "uses the server's clock, never beyond our own", build, ends=("complete", "complete"),
        steps=((change, False),), check=lambda end: _new(end, 1),
    )  # fmt: skip


def back_in_time(w: World) -> None:
    """A server that refuses windows that end before they begin, and fails on big ones."""
    items = [w.oai.item(n, datestamp=f"2024-05-{1 + n % 20:02d}T00:00:00Z") for n in range(400)]

    def script(arguments: dict[str, str], _: int) -> Any:
        big = arguments["verb"] == "ListRecords" and "until" not in arguments and "resumptionToken" not in arguments
        return w.oai.Answer("too much", 500) if big and not w.kept else None

    w.start(items, script=script)


def clock_set_back(w: World) -> None:
    w.kept["well"] = True
    w.server.response_date = "2023-12-31T00:00:00Z"
    w.server.items.append(w.oai.item(999, datestamp="2024-05-31T20:00:00Z"))


case(
    "49", "from > until", "refuses windows that end before they begin; its clock is set back by months",
    "never asks for such a window, whatever the clocks say", back_in_time, ends=("complete", "complete"),
    steps=((clock_set_back, False),), check=lambda end: _windows_are_windows(end),
)  # fmt: skip


def _add_on_last_day(w: World) -> None:
    w.server.items.append(w.oai.item(100, datestamp="2024-06-02"))
    w.server.response_date = "2024-06-03T08:00:00Z"


def _asked_in_days(end: Outcome) -> None:
    assert all(len(request.get("from", "2024-05-31")) == 10 for request in end.world.server.requests)
    _new(end, 1)


def _new(end: Outcome, count: int) -> None:
    assert end.reports[-1].new == count


def _windows_are_windows(end: Outcome) -> None:
    asked = [r for r in end.world.server.requests if "from" in r and "until" in r]
    assert asked
    assert all(request["from"] <= request["until"] for request in asked)
