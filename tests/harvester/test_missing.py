"""What a list keeps back is looked for, and what seems to have vanished is asked for before it counts as gone."""

from __future__ import annotations

import pytest

from harvester.removals import DecisionError
from harvester.report import accept
from store import sources

N = 40


def test_a_token_that_gets_lost_costs_nothing_where_identifiers_are_listed(oai, serve, harvest, stored):
    def script(arguments, _):
        if arguments["verb"] == "ListRecords" and arguments.get("resumptionToken", "").endswith("|10"):
            right = server.right(arguments)
            return oai.Answer(right[: right.index(b"<resumptionToken")] + b"</ListRecords></OAI-PMH>")
        return None

    server = serve([oai.item(n) for n in range(N)], script=script)
    report = harvest(server)
    assert (report.status, report.received, len(stored())) == ("complete", N, N)
    assert any("20 records are listed, but did not come with the list" in note for note in report.notes)


def test_a_record_that_slips_through_a_shifting_list_is_found(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(N)])

    def script(arguments, _):
        if arguments.get("resumptionToken", "").endswith("|20") and arguments["verb"] == "ListRecords":
            server.items = [*server.items[:5], *server.items[6:], server.items[5]]
        return

    server.script = script
    assert harvest(server).status == "complete"
    assert len(stored()) == N


def test_what_a_shifting_list_hides_is_not_taken_for_vanished(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(100)], deleted="no", sizes=False)
    harvest(server)

    def script(arguments, _):
        if arguments.get("resumptionToken", "").endswith("|20") and arguments["verb"] == "ListRecords":
            server.items = [*server.items[:5], *server.items[6:], server.items[5]]
        return

    server.script = script
    del server.items[90]
    report = harvest(server, full=True)
    assert (report.status, report.deleted) == ("complete", 1)
    assert {key for key, one in stored().items() if one.deleted} == {"oai:test:90"}


def test_a_server_without_single_records_is_believed_by_its_list(oai, serve, harvest):
    server = serve([oai.item(n) for n in range(100)], deleted="no", verbs=("ListRecords",))
    harvest(server)
    del server.items[90]
    assert harvest(server, full=True).deleted == 1


def test_what_is_listed_and_never_given_is_asked_for_again_in_each_run(oai, serve, harvest, stored, database):
    broken = True

    def script(arguments, _):
        if not broken or arguments["verb"] not in {"ListRecords", "GetRecord"}:
            return None
        bad = b"<identifier>oai:test:7<" in server.right(arguments)
        return oai.Answer("oops", 500) if bad else None

    server = serve([oai.item(n) for n in range(N)], script=script)
    assert harvest(server).quarantined == 1
    server.response_date = "2024-06-02T12:00:00Z"
    server.items.append(oai.item(99, datestamp="2024-06-02T00:00:00Z"))
    second = harvest(server)
    assert (second.status, second.new, second.quarantined, second.received) == ("incomplete", 1, 1, 2)
    with database.connect() as connection:
        state = sources.state(connection, "s")
    assert (state.unfetched, state.watermark) == (["oai:test:7"], "2024-06-02T12:00:00Z")
    broken = False
    third = harvest(server)
    assert (third.status, third.new) == ("complete", 1)
    assert len(stored()) == N + 1
    with database.connect() as connection:
        assert sources.state(connection, "s").unfetched == []


def test_records_that_are_listed_but_do_not_exist_are_told(oai, serve, harvest, stored):
    def script(arguments, _):
        if arguments["verb"] == "ListRecords":
            return oai.Answer(server.right(arguments).replace(b'Size="40"', b'Size="41"'))
        if arguments["verb"] == "ListIdentifiers" and not arguments.get("resumptionToken"):
            ghost = b"<header><identifier>oai:ghost</identifier><datestamp>2024-01-01</datestamp></header>"
            right = server.right(arguments)
            return oai.Answer(right.replace(b"<ListIdentifiers>", b"<ListIdentifiers>" + ghost))
        return None

    report = harvest(server := serve([oai.item(n) for n in range(N)], script=script))
    assert len(stored()) == N
    assert any("they do not exist, e.g. oai:ghost" in note for note in report.notes)
    assert report.status == "complete"


def test_a_person_may_say_that_a_server_counts_a_record_twice(oai, serve, harvest, stored, database):
    server = serve([oai.item(n) for n in range(24)], page=10)
    server.items.append(server.items[3])
    first = harvest(server)
    assert (first.status, first.received, first.short_by) == ("incomplete", 25, 1)
    assert first.notes[-2] == "1 records came twice: it may be that it counts those twice"
    assert f"`lampway harvest accept {first.run}`" in first.notes[-1]
    assert accept(database, first.run) == 1
    again = harvest(server)
    assert (again.status, len(stored())) == ("complete", 24)
    with pytest.raises(DecisionError, match="not the latest run"):
        accept(database, first.run)
    server.items.append(oai.item(77, datestamp="2024-06-02T00:00:00Z"))
    assert harvest(server).status == "complete"

    def hides(arguments, times):
        more = server.right(arguments).replace(b'completeListSize="26"', b'completeListSize="27"')
        return oai.Answer(more, headers={"Content-Type": "text/xml"})

    server.script = hides
    assert harvest(server, full=True).status == "incomplete"  # more than the person said


def test_records_that_slip_through_a_list_that_becomes_shorter_are_found(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(N)], deleted="no")

    def script(arguments, times):
        if arguments["verb"] == "ListRecords" and arguments.get("resumptionToken", "").endswith("|20"):
            server.items = [one for one in server.items if one.identifier not in {"oai:test:2", "oai:test:5"}]

    server.script = script
    report = harvest(server)
    assert report.status == "complete"
    assert {f"oai:test:{n}" for n in range(N)} == set(stored())  # two of them came before they were gone
    assert any("2 records are listed, but did not come with the list" in note for note in report.notes)
