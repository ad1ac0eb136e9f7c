"""Cases 1 to 8, 32 to 41: tokens, pages, sets, deletions."""

from __future__ import annotations

from typing import Any

from torture.case import N, Outcome, World, case


def once(answer: Any) -> Any:
    return lambda right, times: answer(right) if times == 0 else None


case(
    "1", "token expires mid-way", "answers a token it gave with badResumptionToken, once",
    "begins the list anew; what is stored is recognised by its hash",
    lambda w: w.spoil(once(lambda _: w.server.error("badResumptionToken", "expired"))),
    says="begun anew", check=lambda end: _counts(end, new=N, unchanged=20),
)  # fmt: skip
case(
    "2", "token repeats", "gives the same token with the same page for ever",
    "stops at the second time; looks up by name what did not come",
    lambda w: w.spoil(lambda right, _: right.replace(b"|||30", b"|||20")),
    says="same resumption token", check=lambda end: _few_requests(end, 12),
)  # fmt: skip
case(
    "2b", "token repeats, no other way", "the same, and neither ListIdentifiers nor GetRecord work",
    "stops, and says what is missing",
    lambda w: w.spoil(lambda right, _: right.replace(b"|||30", b"|||20"), verbs=("ListRecords",)),
    ends=("incomplete",), says="40 records, 30 different ones came", missing=lambda w: _numbers(range(30, N)),
)  # fmt: skip
case(
    "3", "valid token, empty page", "sends a page without records but with a token in the middle", "goes on",
    lambda w: (w.spoil(lambda *_: w.server.records([], "|||20x", N)), _alias(w, "|||20x", "|||20")),
    check=lambda end: _plain(end),
)  # fmt: skip
case(
    "4", "blank token element", "ends the list with a token of white space", "takes it for the end",
    lambda w: w.spoil(lambda right, _: right.replace(b"></resumptionToken>", b">\n  </resumptionToken>"), at=30),
)  # fmt: skip
case(
    "5", "no token on the last page", "ends the list without the element", "takes it for the end",
    lambda w: w.spoil(lambda right, _: right.replace(b'<resumptionToken completeListSize="40"></resumptionToken>', b""),
                      at=30),
)  # fmt: skip


def forget_set(w: World) -> None:
    items = [w.oai.item(n, sets=("a" if n < 15 else "b",)) for n in range(30)]

    def script(arguments: dict[str, str], _: int) -> Any:
        token = arguments.get("resumptionToken", "")
        return (
            w.oai.Answer(w.server.right({**arguments, "resumptionToken": token.replace("|a|", "||")}))
            if token
            else None
        )

    w.start(items, script=script, sizes=False)
    w.fields = {"sets": ["a"]}


case(
    "6", "different set on page 2", "forgets the asked set with the first token",
    "keeps what is outside the set raw and flagged, never live; all of the set arrives", forget_set,
    ends=("incomplete",), says="outside the asked set", check=lambda end: _counts(end, new=15, quarantined=15),
)  # fmt: skip


def forget_until(w: World) -> None:
    """A server that cannot give the whole list, and forgets `until` with the first token of a part of it."""
    items = [w.oai.item(n, datestamp=f"2023-{1 + n % 12:02d}-01T00:00:00Z") for n in range(200)]

    def script(arguments: dict[str, str], _: int) -> Any:
        token = arguments.get("resumptionToken", "")
        if arguments["verb"] == "ListRecords" and not token and not {"from", "until"} & set(arguments):
            return w.oai.Answer("too much", 500)
        parts = token.split("|")
        if len(parts) == 4 and parts[1]:
            return w.oai.Answer(w.server.right({**arguments, "resumptionToken": "|".join([parts[0], "", *parts[2:]])}))
        return None

    w.start(items, script=script)


case(
    "6b", "until forgotten on page 2", "cannot give the whole list, and forgets `until` with the first token of a part",
    "takes what comes beside the part as well; it is known when its own part comes", forget_until,
    says="asked for in smaller parts",
)  # fmt: skip
case(
    "7", "duplicate identifiers over pages", "repeats a record on a later page, newer or equal",
    "one record, the newest; counted as unchanged",
    lambda w: w.start([*w.items(12), w.oai.item(3), *w.items(N)[12:], w.oai.item(5)], sizes=False),
    check=lambda end: _counts(end, new=N, unchanged=2),
)  # fmt: skip


def whole_size(w: World) -> None:
    def script(arguments: dict[str, str], _: int) -> Any:
        return w.oai.Answer(w.server.right(arguments).replace(b'completeListSize="20"', b'completeListSize="40"'))

    w.start([w.oai.item(n, sets=("a" if n % 2 else "b",)) for n in range(N)], script=script)
    w.fields = {"sets": ["a"]}


case(
    "8", "wrong completeListSize", "names the size of the whole repository for every list, and a wrong cursor",
    "compares with its list of identifiers and with the size of everything: the number means nothing", whole_size,
    says="as many as it has in all",
)  # fmt: skip
case(
    "8b", "completeListSize out of nowhere", "says 999 for 40 records, the same for identifiers",
    "all is stored, yet nobody can call it complete; says both numbers",
    lambda w: w.start(script=lambda arguments, _: w.oai.Answer(
        w.server.right(arguments).replace(b'Size="40"', b'Size="999"'))),
    ends=("incomplete",), says="999 records, 40 different ones came",
)  # fmt: skip


def shuffled(w: World) -> None:
    items = [w.oai.item(n, datestamp=f"2024-0{1 + n * 7 % 5}-{1 + n * 11 % 28:02d}T00:00:00Z") for n in range(N)]
    w.start(items)


def update_old(w: World) -> None:
    w.server.items[3] = w.oai.item(3, "Neu", datestamp="2024-06-02T00:00:00Z")
    w.server.response_date = "2024-06-03T00:00:00Z"


case(
    "32", "records out of order", "lists in no order of dates",
    "takes the high-water mark from the first answer's date",
    shuffled, ends=("complete", "complete"), steps=((update_old, False),),
    check=lambda end: _counts(end, changed=1),
)  # fmt: skip


def late(w: World) -> None:
    w.server.items.append(w.oai.item(77, datestamp="2024-06-01T09:00:00Z"))
    w.server.response_date = "2024-06-01T15:00:00Z"


case(
    "33", "late-visible change", "shows a change hours after its datestamp",
    "goes back a learned overlap, a day at first",
    lambda w: w.start(), ends=("complete", "complete"), steps=((late, False),), check=lambda end: _counts(end, new=1),
)  # fmt: skip


def restamp(w: World) -> None:
    w.server.items = [w.oai.item(n, "Neu" if n == 5 else None, datestamp="2024-06-02T00:00:00Z") for n in range(N)]
    w.server.response_date = "2024-06-02T10:00:00Z"


case(
    "34", "all datestamps are today's", "stamps every record anew each day",
    "takes the new datestamps, and the one change",
    lambda w: w.start(), ends=("complete", "complete"), steps=((restamp, False),),
)  # fmt: skip
case(
    "35", "noRecordsMatch at first", "has nothing new", "success with zero; the mark moves",
    lambda w: w.start(), ends=("complete", "complete"), steps=((None, False),),
    check=lambda end: _counts(end, received=0),
)  # fmt: skip
case(
    "35b", "noRecordsMatch for a token", "ends the list with an error", "takes it for the end, with a note",
    lambda w: w.spoil(lambda *_: w.server.error("noRecordsMatch"), at=N, sizes=False) and _go_on(w),
    says="ended the list with noRecordsMatch",
)  # fmt: skip


def forget(numbers: Any) -> Any:
    def change(w: World) -> None:
        w.server.items = [one for one in w.server.items if one.identifier not in _numbers(numbers)]

    return change


case(
    "36", "deletedRecord no", "drops records without a word", "a full run finds them gone, asks for each, removes them",
    lambda w: w.start(w.items(100), deleted="no"), ends=("complete", "complete"), steps=((forget(range(3)), True),),
    check=lambda end: _counts(end, deleted=3),
)  # fmt: skip
case(
    "36b", "deletedRecord transient", "drops tombstones after a while", "the same",
    lambda w: w.start(w.items(100), deleted="transient"), ends=("complete", "complete"),
    steps=((forget(range(3)), True),), check=lambda end: _counts(end, deleted=3),
)  # fmt: skip


def bury(w: World) -> None:
    for n in range(3):
        w.server.items[n] = w.oai.tombstone(n, datestamp="2024-06-02T00:00:00Z")


case(
    "36c", "deletedRecord persistent", "sends tombstones", "removes what they name, in any run",
    lambda w: w.start(w.items(100)), ends=("complete", "complete"), steps=((bury, False),),
    check=lambda end: _counts(end, deleted=3),
)  # fmt: skip


def bury_with_metadata(w: World) -> None:
    w.server.items[2] = w.oai.item(2, deleted="deleted", datestamp="2024-06-02T00:00:00Z")


case(
    "37", "tombstone with metadata", "marks a record as deleted and sends its metadata all the same", "deleted it is",
    lambda w: w.start(), ends=("complete", "complete"), steps=((bury_with_metadata, False),),
    check=lambda end: _counts(end, deleted=1),
)  # fmt: skip
case(
    "38", "source suddenly empty", "has no records any more, after an accident", "removes nothing, says so",
    lambda w: w.start(deleted="no"), ends=("complete", "incomplete"), says="empty, though there were 40 records",
    steps=((lambda w: w.server.items.clear(), True),), extra=lambda _: _numbers(range(N)),
)  # fmt: skip


def lose_set(w: World) -> None:
    w.server.items = [one for one in w.server.items if "b" in one.sets]
    w.server.sets = ["b", "c"]


case(
    "39", "set vanishes", "drops a set; asking for it finds nothing",
    "looks at its sets, removes nothing, says which are left",
    lambda w: w.start([w.oai.item(n, sets=("a" if n % 2 else "b",)) for n in range(N)], deleted="no", sets=["a", "b"])
    and w.fields.update(sets=["a"]),
    ends=("complete", "incomplete"), steps=((lose_set, False),), says="no longer has the set a; it has b, c",
    extra=lambda _: _numbers(range(1, N, 2)),
)  # fmt: skip


def rename(w: World) -> None:
    for one in w.server.items:
        one.identifier = one.identifier.replace("oai:test:", "oai:new.example:")


case(
    "40", "identifiers change their prefix", "moves to a new system and renames all records",
    "takes the new ones; the old ones wait for a person's decision",
    lambda w: w.start(deleted="no"), ends=("complete", "waiting"), steps=((rename, True),), says="would be removed",
    extra=lambda _: _numbers(range(N)),
)  # fmt: skip


def empty_metadata(w: World) -> None:
    items = w.items()
    items[7].metadata, items[7].title = "", ""
    w.start(items)


case(
    "41", "record with empty metadata", "sends one record without content",
    "sets it aside with its bytes, takes the others",
    empty_metadata, ends=("incomplete",), says="has no metadata and is not marked as deleted oai:test:7",
    check=lambda end: _counts(end, new=N - 1, quarantined=1),
)  # fmt: skip


def _numbers(numbers: Any) -> set[str]:
    return {f"oai:test:{n}" for n in numbers}


def _counts(end: Outcome, **wanted: int) -> None:
    report = end.reports[-1]
    assert {name: getattr(report, name) for name in wanted} == wanted


def _plain(end: Outcome) -> None:
    """Nothing out of the ordinary had to be done."""
    assert end.said == ""


def _few_requests(end: Outcome, most: int) -> None:
    assert len(end.world.server.lists()) < most


def _alias(w: World, odd: str, right: str) -> None:
    """A token that stands for another page."""
    before = w.server.script

    def script(arguments: dict[str, str], times: int) -> Any:
        if arguments.get("resumptionToken") == odd:
            return w.oai.Answer(w.server.right({**arguments, "resumptionToken": right}))
        return before(arguments, times)

    w.server.script = script


def _go_on(w: World) -> None:
    """The last page has a token, too."""
    before = w.server.script

    def script(arguments: dict[str, str], times: int) -> Any:
        if arguments.get("resumptionToken", "").endswith("|30"):
            return w.oai.Answer(w.server.right(arguments).replace(b"<resumptionToken>", b"<resumptionToken>|||40"))
        return before(arguments, times)

    w.server.script = script
