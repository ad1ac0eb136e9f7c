"""OAI-PMH on servers that keep to the protocol: lists, changes, deletions, sets, formats."""

from __future__ import annotations

import re

import pytest

from harvester import removals
from store import harvest_runs, quarantine, raw_records, records, sources


def test_everything_arrives_and_a_second_run_changes_nothing(oai, serve, harvest, stored, database):
    server = serve([oai.item(n) for n in range(25)])
    first = harvest(server)
    assert (first.status, first.received, first.new, first.pages) == ("complete", 25, 25, 3)
    record = stored()["oai:test:7"]
    assert (record.title, record.creators[0].name, record.year) == ("Título 7", "Müller, Änne", 1907)
    assert record.datestamp == "2024-01-01T00:00:00Z"
    with database.begin() as connection:
        waiting = records.pending(connection)
        records.clear_pending(connection, waiting)
    assert len(waiting) == 25
    second = harvest(server, full=True)
    assert (second.status, second.unchanged, second.new, second.changed) == ("complete", 25, 0, 0)
    with database.connect() as connection:
        assert records.pending(connection) == []


def test_the_payload_is_the_record_as_sent_and_stands_alone(oai, serve, harvest, database):
    serve_root_ns = '<dc:dc xmlns:dc="urn:x" xsi:type="dc:x"><dc:title>A  B</dc:title><!-- kept --></dc:dc>'
    server = serve([oai.Item("oai:x:1", serve_root_ns)])
    harvest(server)
    with database.connect() as connection:
        payload = next(raw_records.iterate(connection, 1, "s"))[0][1].payload.decode()
    assert payload.startswith("<record ")
    assert "A  B" in payload
    assert "<!-- kept -->" in payload
    assert 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' in payload


def test_changes_are_asked_for_from_the_servers_own_clock_with_an_overlap(oai, serve, harvest, database):
    server = serve([oai.item(n) for n in range(5)])
    harvest(server)
    server.items[2] = oai.item(2, "Neu", datestamp="2024-06-02T00:00:00Z")
    server.items.append(oai.item(99, datestamp="2024-06-02T00:00:00Z"))
    server.response_date = "2024-06-03T12:00:00Z"
    second = harvest(server)
    assert server.lists()[-1]["from"] == "2024-05-31T12:00:00Z"
    assert (second.new, second.changed, second.unchanged, second.received) == (1, 1, 0, 2)
    with database.connect() as connection:
        assert sources.state(connection, "s").watermark == "2024-06-03T12:00:00Z"


def test_a_server_that_knows_only_days_is_asked_in_days(oai, serve, harvest):
    server = serve([oai.item(1, datestamp="2024-01-01")], granularity=oai.DAY)
    harvest(server)
    server.items.append(oai.item(2, datestamp="2024-06-01"))
    assert harvest(server).new == 1
    assert server.lists()[-1]["from"] == "2024-05-31"


def test_nothing_new_is_success(oai, serve, harvest, database):
    server = serve([oai.item(1)])
    harvest(server)
    server.response_date = "2024-07-01T00:00:00Z"
    report = harvest(server)
    assert (report.status, report.received) == ("complete", 0)
    with database.connect() as connection:
        assert sources.state(connection, "s").watermark == "2024-07-01T00:00:00Z"


def test_an_empty_server_is_a_complete_harvest_of_nothing(serve, harvest):
    report = harvest(serve([]))
    assert (report.status, report.received, report.losses) == ("complete", 0, [])


def test_deleted_records_in_any_spelling(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(100)], page=50)
    harvest(server)
    server.items[3] = oai.tombstone(3, datestamp="2024-06-02T00:00:00Z")
    server.items[4] = oai.tombstone(4, deleted=" DELETED", datestamp="2024-06-02T00:00:00Z")
    server.items.append(oai.tombstone(500, datestamp="2024-06-02T00:00:00Z"))
    report = harvest(server)
    assert (report.status, report.deleted, report.received) == ("complete", 3, 3)
    assert {key for key, record in stored().items() if record.deleted} == {"oai:test:3", "oai:test:4", "oai:test:500"}
    again = harvest(server)
    assert (again.deleted, again.unchanged) == (0, 3)
    server.items[3] = oai.item(3, datestamp="2024-06-03T00:00:00Z")
    assert harvest(server).changed == 1
    assert not stored()["oai:test:3"].deleted


@pytest.mark.parametrize("policy", ["no", "transient"])
def test_what_is_no_longer_listed_is_removed_by_a_full_run_only(oai, serve, harvest, stored, policy):
    server = serve([oai.item(n) for n in range(100)], page=30, deleted=policy)
    harvest(server)
    del server.items[10:13]
    assert harvest(server).deleted == 0
    full = harvest(server, full=True)
    assert (full.status, full.deleted, full.unchanged, full.received) == ("complete", 3, 97, 100)
    assert sum(record.deleted for record in stored().values()) == 3


def test_a_server_that_lost_its_deletions_though_it_says_that_it_keeps_them_is_found_out(oai, serve, harvest):
    server = serve([oai.item(n) for n in range(100)], page=30, deleted="persistent")
    harvest(server)
    del server.items[10:13]
    assert harvest(server).deleted == 0
    full = harvest(server, full=True)
    assert (full.status, full.deleted) == ("complete", 3)
    assert "3 records are no longer listed, though the server says it keeps deletions" in full.notes


def test_the_brake_holds_a_run_that_would_remove_much(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(100)], page=30, deleted="no")
    harvest(server)
    kept, server.items = server.items, server.items[:94]
    report = harvest(server, full=True)
    assert (report.status, report.deleted) == ("waiting", 0)
    assert any("6 of 100 records would be removed" in note for note in report.notes)
    assert not any(record.deleted for record in stored().values())
    server.items.append(oai.item(200, datestamp="2024-06-02T00:00:00Z"))
    later = harvest(server)
    assert (later.status, later.new, later.deleted) == ("waiting", 1, 0)
    server.items = [*kept, server.items[-1]]
    assert harvest(server, full=True).status == "complete"


def test_a_person_decides_what_a_waiting_run_removes(oai, serve, harvest, stored, database):
    server = serve([oai.item(n) for n in range(100)], deleted="no")
    harvest(server)
    server.items = server.items[:90]
    waiting = harvest(server, full=True)
    assert waiting.status == "waiting"
    assert removals.decide(database, waiting.run, approved=False) == 0
    assert not any(record.deleted for record in stored().values())
    with pytest.raises(removals.DecisionError, match="does not wait"):
        removals.decide(database, waiting.run, approved=True)
    again = harvest(server, full=True)
    assert again.status == "waiting"
    server.items.append(oai.item(95, datestamp="2024-06-02T00:00:00Z"))
    harvest(server, full=False)
    assert removals.decide(database, again.run, approved=True) == 9, "one of the ten came back meanwhile"
    assert sum(record.deleted for record in stored().values()) == 9
    with database.connect() as connection:
        report = harvest_runs.report(connection, str(again.run))
    assert (report.status, report.deleted) == ("complete", 9)
    assert report.received == report.new + report.changed + report.unchanged + report.deleted + report.quarantined
    last = harvest(server, full=True)
    assert (last.status, last.unchanged, last.deleted) == ("complete", 91, 0)


def test_many_tombstones_wait_too(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(100)], page=50)
    harvest(server)
    server.items = [oai.tombstone(n, datestamp="2024-06-02T00:00:00Z") for n in range(60)] + server.items[60:]
    assert harvest(server).status == "waiting"
    assert not any(record.deleted for record in stored().values())


def test_a_source_that_is_suddenly_empty_loses_nothing(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(30)], deleted="no")
    harvest(server)
    server.items = []
    report = harvest(server, full=True)
    assert (report.status, report.deleted) == ("incomplete", 0)
    assert any("empty" in loss.reason for loss in report.losses)
    assert not any(record.deleted for record in stored().values())


def test_several_sets_are_harvested_in_turn(oai, serve, harvest, stored):
    items = [oai.item(n, sets=("a",) if n % 3 else ("b:x", "a")) for n in range(30)] + [oai.item(99, sets=("c",))]
    server = serve(items, sets=["a", "b", "c"])
    report = harvest(server, sets=["a", "b"])
    assert (report.status, report.new, report.unchanged) == ("complete", 30, 10)
    assert [request.get("set") for request in server.lists() if "set" in request] == ["a", "b"]
    assert "oai:test:99" not in stored()


def test_a_server_that_forgets_the_set_does_not_slip_records_in(oai, serve, harvest, stored):
    items = [oai.item(n, sets=("a",)) for n in range(15)] + [oai.item(n, sets=("b",)) for n in range(15, 30)]

    def forget(arguments, _):
        token = arguments.get("resumptionToken", "")
        return oai.Answer(server.right({**arguments, "resumptionToken": token.replace("|a|", "||")})) if token else None

    server = serve(items, script=forget, sizes=False)
    report = harvest(server, sets=["a"])
    assert (report.status, report.new, report.quarantined) == ("incomplete", 15, 15)
    assert len(stored()) == 15
    assert "outside the asked set" in report.losses[0].reason


def test_the_servers_prefix_is_found_by_namespace_or_named(oai, serve, harvest):
    marc = '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader></record>'
    server = serve([oai.Item("oai:m:1", marc)], formats=("oai_dc", "marc21"))
    harvest(server, format="marcxml")
    assert server.lists()[0]["metadataPrefix"] == "marc21"
    harvest(server, id="t", prefix="oai_dc")
    assert server.lists()[-1]["metadataPrefix"] == "oai_dc"


def test_a_format_that_is_not_offered_fails_with_what_is(oai, serve, harvest):
    report = harvest(serve([oai.item(1)], formats=("oai_dc", "mods")), format="marcxml")
    assert (report.status, report.received) == ("failed", 0)
    assert re.search(r"does not offer marcxml; it offers oai_dc, mods", report.losses[0].reason)


@pytest.mark.parametrize("wrong", ["html", "404", "broken"])
def test_a_harvest_goes_on_without_identify_and_formats(oai, serve, harvest, wrong):
    answers = {
        "html": oai.Answer("<html><body>x</body></html>"),
        "404": oai.Answer("", 404),
        "broken": oai.Answer("<a>"),
    }
    server = serve(
        [oai.item(n) for n in range(3)],
        script=lambda arguments, _: answers[wrong] if arguments["verb"] != "ListRecords" else None,
    )
    report = harvest(server)
    assert (report.status, report.new) == ("complete", 3)
    assert any("Identify cannot be used" in note for note in report.notes)


def test_duplicates_count_once_and_the_newest_stands(oai, serve, harvest, stored):
    newer = oai.item(3, "Newer", datestamp="2024-03-01T00:00:00Z")
    server = serve([newer, oai.item(4), oai.item(3, "Older"), oai.item(4)], page=2, sizes=False)
    report = harvest(server)
    assert (report.status, report.new, report.unchanged, report.received) == ("complete", 2, 2, 4)
    assert stored()["oai:test:3"].title == "Newer"


@pytest.mark.parametrize(
    "identifier",
    [
        "a&b <c>",
        "../../../etc/passwd",
        "x'; DROP TABLE records;--",
        "oai:ü:日本/?#%41",
        "y" * 5000,
        "\u202eabc",
        "📚",
        "0",
    ],
)
def test_identifiers_are_data(oai, serve, harvest, stored, identifier):
    harvest(serve([oai.Item(identifier, oai.item(1).metadata)]))
    assert list(stored()) == [identifier]


def test_records_that_cannot_be_kept_are_quarantined_alone(oai, serve, harvest, database, stored):
    good = [oai.item(n) for n in range(4)]
    server = serve()
    bad = [
        "<record><metadata><x/></metadata></record>",
        "<record><header><datestamp>2024-01-01</datestamp></header><metadata><x/></metadata></record>",
        "<record><header><identifier>oai:no-metadata</identifier></header></record>",
        "<record><header><identifier>oai:empty-metadata</identifier></header><metadata/></record>",
    ]
    page = server.records([good[0], *bad, *good[1:]])
    server.script = lambda arguments, _: oai.Answer(page) if arguments["verb"] == "ListRecords" else None
    for _ in range(2):  # the second time they are counted again, and kept once
        report = harvest(server, full=True)
        assert (report.status, report.received, report.quarantined) == ("incomplete", 8, 4)
        reasons = {loss.reason: loss.count for loss in report.losses}
        assert reasons == {
            "the record has no header": 1,
            "the record has no identifier": 1,
            "the record has no metadata and is not marked as deleted": 2,
        }
        assert report.losses[0].position == "page 1, record 2"
    assert len(stored()) == 4
    with database.connect() as connection:
        kept = list(quarantine.iterate(connection, 1, "s"))
    assert len(kept) == 4
    assert any(b"oai:empty-metadata" in row.payload for row in kept)


def test_a_quarantined_record_that_comes_right_leaves_the_quarantine(oai, serve, harvest, database, stored):
    server = serve([oai.item(1), oai.Item("oai:test:2", None)])
    assert harvest(server).status == "incomplete"
    server.items[1] = oai.item(2)
    assert harvest(server, full=True).status == "complete"
    assert len(stored()) == 2
    with database.connect() as connection:
        assert quarantine.count(connection, 1) == 0


def test_the_dates_of_several_sets_are_tried_where_the_newest_record_is(oai, serve, harvest, database):
    items = [oai.item(n, sets=("a" if n < 20 else "b",)) for n in range(30)]
    items[3].datestamp = "2024-03-01T00:00:00Z"
    server = serve(items, sets=["a", "b"])
    assert harvest(server, sets=["a", "b"]).notes == []
    server.items[25] = oai.item(25, "Neu", datestamp="2024-06-02T00:00:00Z", sets=("b",))
    assert harvest(server, sets=["a", "b"]).received == 1


def test_a_clock_that_was_set_back_costs_nothing(oai, serve, harvest, stored):
    server = serve([oai.item(n) for n in range(30)])
    harvest(server)
    server.response_date = "2024-04-01T12:00:00Z"
    server.items[3] = oai.item(3, "Neu", datestamp="2024-04-01T11:00:00Z")
    report = harvest(server)
    assert (report.status, report.changed) == ("complete", 1)
    assert report.notes[0].startswith("the server's clock was set back by 5,27")
    assert stored()["oai:test:3"].title == "Neu"
    assert harvest(server).notes == []


def test_an_old_identify_kept_on_the_way_is_no_clock_that_was_set_back(oai, serve, harvest):
    server = serve([oai.item(n) for n in range(30)])
    harvest(server)

    def script(arguments, _):
        if arguments["verb"] == "Identify":
            old = server.right(arguments).replace(b"<responseDate>2024", b"<responseDate>2019")
            return oai.Answer(old, headers={"Content-Type": "text/xml"})
        return None

    server.script = script
    assert harvest(server).notes == []
    assert server.lists()[-1]["from"] == "2024-05-31T12:00:00Z"


def test_a_server_whose_records_got_other_names_is_asked_for_everything_next_time(
    oai, serve, harvest, stored, database
):
    server = serve([oai.item(n) for n in range(40)], deleted="persistent")
    harvest(server)
    later = {"datestamp": "2024-06-02T00:00:00Z"}
    server.items = [oai.item(n, identifier=f"oai:other:{n}", **later) for n in range(40)]
    changes = harvest(server)
    assert (changes.status, changes.new) == ("complete", 40)
    assert "as when a server is moved" in changes.notes[-1]
    whole = harvest(server)
    assert (whole.status, "from" in server.lists()[-1]) == ("waiting", False)
    assert removals.decide(database, whole.run, approved=True) == 40
    assert {name for name, one in stored().items() if not one.deleted} == {one.identifier for one in server.items}


def test_another_set_of_a_source_is_asked_for_from_its_beginning(oai, serve, harvest, stored, database):
    server = serve([oai.item(n, sets=("a",) if n < 20 else ("b",)) for n in range(40)], sets=["a", "b"])
    harvest(server, sets=["a"])
    report = harvest(server, sets=["b"])
    assert (report.status, report.new) == ("waiting", 20)
    assert removals.decide(database, report.run, approved=True) == 20
    assert len([one for one in stored().values() if not one.deleted]) == 20
    assert harvest(server, sets=["b"]).received == 0


def test_a_record_that_moved_out_of_the_set_is_gone_after_a_whole_list(oai, serve, harvest, stored):
    server = serve([oai.item(n, sets=("a",)) for n in range(40)], sets=["a", "b"])
    harvest(server, sets=["a"])
    server.items[4] = oai.item(4, "Neu", sets=("b",), datestamp="2024-06-02T00:00:00Z")
    assert harvest(server, sets=["a"]).deleted == 0  # nobody tells
    whole = harvest(server, sets=["a"], full=True)
    assert (whole.status, whole.deleted, whole.quarantined) == ("complete", 1, 0)
    assert "1 records are there, but in other sets than those asked for" in whole.notes
    assert stored()["oai:test:4"].deleted
