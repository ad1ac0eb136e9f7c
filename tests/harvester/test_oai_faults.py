"""Servers that break the protocol, the connection or XML: nothing is lost in silence, nothing runs for ever."""

from __future__ import annotations

import gzip
from contextlib import suppress
from urllib.parse import urlencode

import pytest

from harvester.protocols.oai_pages import BadPageError, read_page
from harvester.protocols.oai_repair import repair
from store import quarantine, sources

N = 40


@pytest.fixture
def faulty(oai, serve):
    """A server of 40 records in pages of ten whose page ``at`` (from 0) goes through ``fault(right bytes, times)``.

    There is no other way to its records, and no Identify once it is asked for them, unless it is ``well``.
    """

    def start(fault, at: int = 2, well: bool = False, **options):
        def script(arguments, times):
            verb = arguments.get("verb")
            if not well and (verb in {"ListIdentifiers", "GetRecord"} or (verb == "Identify" and server.lists())):
                return oai.Answer("", 404)
            token = arguments.get("resumptionToken", "")
            if arguments.get("verb") != "ListRecords" or (token.rpartition("|")[2] or "0") != str(at * 10):
                return None
            answer = fault(server.right(arguments), times)
            return oai.Answer(answer) if isinstance(answer, bytes | str) else answer

        server = serve([oai.item(n) for n in range(N)], script=script, **options)
        return server

    return start


def complete(report, count=N):
    return (report.status, report.received - report.unchanged) == ("complete", count)


@pytest.mark.parametrize("announced", [True, False])
def test_a_page_cut_once_is_asked_for_again(oai, faulty, harvest, stored, announced):
    server = faulty(lambda right, times: oai.cut(right, announced=announced) if times == 0 else None)
    assert complete(harvest(server))
    assert len(stored()) == N


def test_a_page_cut_always_ends_the_run_as_incomplete_and_the_next_goes_on(oai, faulty, harvest, stored):
    broken = True
    server = faulty(lambda right, _: right[: len(right) // 2] if broken else None)
    first = harvest(server)
    assert (first.status, first.received) == ("incomplete", 20)
    assert "cut off" in first.losses[-1].reason
    broken = False
    server.requests.clear()
    second = harvest(server)
    assert (second.status, second.new, second.received) == ("complete", 20, 20)
    assert server.lists()[0]["resumptionToken"].endswith("|20")
    assert len(stored()) == N


def test_an_incomplete_run_does_not_move_the_watermark(faulty, harvest, database):
    assert harvest(faulty(lambda *_: b"<html>maintenance</html>")).status == "incomplete"
    with database.connect() as connection:
        assert sources.state(connection, "s").watermark == ""


@pytest.mark.parametrize(
    "answer",
    [
        (503, {"Retry-After": "1"}),
        (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        (503, {"Retry-After": "soon"}),
        (503, {"Retry-After": "-5"}),
        (503, {"Retry-After": "999999999"}),
        (503, {}),
        (429, {"Retry-After": "1"}),
        (500, {}),
        (502, {}),
        (204, {}),
    ],
)
def test_a_server_that_wants_us_to_wait(oai, faulty, harvest, answer):
    status, headers = answer
    often = 1 if headers.get("Retry-After") == "999999999" else 2

    def fault(_, times):
        return oai.Answer("busy" if status != 204 else "", status, headers) if times < often else None

    server = faulty(fault)
    assert complete(harvest(server))


def test_a_server_that_is_never_ready(oai, faulty, harvest):
    report = harvest(faulty(lambda *_: oai.Answer("no", 503, {"Retry-After": "7200"})))
    assert (report.status, report.received) == ("incomplete", 20)
    assert "503" in report.losses[0].reason
    assert "LAMPWAY_FETCH_PATIENCE" in report.losses[0].reason


def test_a_protocol_error_counts_whatever_the_http_status(oai, faulty, harvest):
    forgotten = True

    def fault(right, _):
        return oai.Answer(server.error("badResumptionToken"), 500) if forgotten else None

    server = faulty(fault)
    report = harvest(server)
    assert report.status == "incomplete"
    assert "badResumptionToken" in report.losses[0].reason
    assert len(server.lists()) < 12


def test_a_forgotten_token_begins_the_list_anew(faulty, harvest, stored):
    server = faulty(lambda right, times: server.error("badResumptionToken", "expired") if times == 0 else None)
    report = harvest(server)
    assert complete(report)
    assert (report.new, report.unchanged) == (N, 20)
    assert any("begun anew" in note for note in report.notes)


def test_a_token_that_expired_between_two_runs(faulty, harvest, stored):
    broken, expired = True, False

    def fault(right, times):
        nonlocal expired
        if broken:
            return b"<html>down</html>"
        if expired:
            expired = False
            return server.error("badArgument", "what token?")
        return None

    server = faulty(fault)
    assert harvest(server).status == "incomplete"
    broken, expired = False, True
    report = harvest(server)
    assert report.status == "complete"
    assert len(stored()) == N


def test_the_same_token_with_the_same_page_is_a_loop(oai, faulty, harvest, stored):
    server = faulty(lambda right, _: right.replace(b"|||30", b"|||20"))
    report = harvest(server)
    assert report.status == "incomplete"
    assert "same resumption token" in report.losses[0].reason
    assert len(server.lists()) <= 5
    assert len(stored()) == 30


def test_a_circle_of_tokens_is_a_loop(oai, serve, harvest):
    def script(arguments, _):
        if arguments.get("resumptionToken", "").endswith("|20"):
            return oai.Answer(server.right(arguments).replace(b"|||30", b"|||10"))
        return None

    server = serve([oai.item(n) for n in range(N)], script=script, sizes=False, verbs=("ListRecords",))
    report = harvest(server)
    assert (report.status, report.new) == ("incomplete", 30)
    assert len(server.lists()) < 8


def test_new_tokens_with_the_same_page_for_ever_end(oai, serve, harvest):
    def script(arguments, _):
        if arguments["verb"] != "ListRecords":
            return None
        return oai.Answer(server.records(server.items, str(len(server.requests))))

    server = serve([oai.item(n) for n in range(5)], script=script, verbs=("ListRecords",))
    report = harvest(server)
    assert report.status == "incomplete"
    assert "again and again" in report.losses[0].reason
    assert len(server.lists()) < 10


def test_a_scroll_token_that_never_changes_is_no_loop(oai, serve, harvest):
    place = 0

    def script(arguments, _):
        nonlocal place
        if arguments["verb"] != "ListRecords":
            return None
        place += 10
        return oai.Answer(server.records(server.items[place - 10 : place], "scroll" if place < N else "", N))

    server = serve([oai.item(n) for n in range(N)], script=script)
    assert complete(harvest(server))


def test_a_scroll_token_that_skips_a_page_when_asked_again_is_noticed(oai, serve, harvest):
    place = 0

    def script(arguments, _):
        nonlocal place
        if arguments["verb"] != "ListRecords":
            return None
        place += 10
        right = server.records(server.items[place - 10 : place], "scroll" if place < N else "", N)
        return oai.cut(right) if place == 20 else oai.Answer(right)

    server = serve([oai.item(n) for n in range(N)], script=script, verbs=("ListRecords",))
    report = harvest(server)
    assert (report.status, report.received) == ("incomplete", 30)
    assert "40 records, 30 different ones came" in report.losses[0].reason


def test_a_list_that_ends_before_its_announced_size(faulty, harvest):
    server = faulty(
        lambda right, _: right.replace(b'<resumptionToken completeListSize="40">|||20</resumptionToken>', b""), 1
    )
    report = harvest(server)
    assert (report.status, report.received) == ("incomplete", 20)
    assert "40 records, 20 different ones came" in report.losses[0].reason


def test_a_record_that_slips_through_while_the_list_shifts_is_noticed(oai, serve, harvest):
    server = serve([oai.item(n) for n in range(N)], verbs=("ListRecords",))

    def script(arguments, _):
        if arguments.get("resumptionToken", "").endswith("|20"):
            server.items = [*server.items[:5], *server.items[6:], server.items[5]]
        return

    server.script = script
    assert "40 records, 39 different ones came" in harvest(server).losses[0].reason


@pytest.mark.parametrize("last", ["", "\n   "])
def test_an_empty_or_blank_token_ends_the_list(oai, serve, harvest, last):
    server = serve([oai.item(1)])
    page = server.records(server.items, last)
    server.script = lambda arguments, _: oai.Answer(page) if arguments["verb"] == "ListRecords" else None
    assert harvest(server).status == "complete"


def test_an_empty_page_in_the_middle_is_no_end(oai, serve, harvest):
    def script(arguments, _):
        token = arguments.get("resumptionToken", "")
        if token.endswith("|10"):
            return oai.Answer(server.records([], "|||10x", N))
        if token.endswith("|10x"):
            return oai.Answer(server.right({"verb": "ListRecords", "resumptionToken": "|||10"}))
        return None

    server = serve([oai.item(n) for n in range(N)], script=script)
    assert complete(harvest(server))


def test_no_records_match_in_answer_to_a_token_ends_the_list(faulty, harvest):
    server = faulty(lambda *_: server.error("noRecordsMatch"), sizes=False)
    report = harvest(server)
    assert (report.status, report.received) == ("complete", 20)
    assert any("noRecordsMatch" in note for note in report.notes)


def test_a_token_is_sent_back_encoded_once_and_by_post_when_long(oai, serve, harvest):
    tokens = ["a&b<c>+%2B/=é 1", "x" * 9000]

    def script(arguments, _):
        if arguments["verb"] != "ListRecords":
            return None
        token = arguments.get("resumptionToken")
        place = 0 if token is None else tokens.index(token) + 1
        following = tokens[place] if place < len(tokens) else ""
        return oai.Answer(server.records([server.items[place]], following, 3))

    server = serve([oai.item(n) for n in range(3)], script=script)
    assert complete(harvest(server), 3)


def test_a_server_that_wants_the_prefix_beside_the_token(oai, serve, harvest):
    def script(arguments, _):
        if "resumptionToken" in arguments:
            if "metadataPrefix" not in arguments:
                return oai.Answer(server.error("badArgument", "metadataPrefix missing"))
            return oai.Answer(server.right({k: v for k, v in arguments.items() if k != "metadataPrefix"}))
        return None

    server = serve([oai.item(n) for n in range(N)], script=script)
    assert complete(harvest(server))


def test_a_server_that_refuses_from_is_asked_for_everything(oai, serve, harvest):
    server = serve([oai.item(n) for n in range(3)])
    harvest(server)
    server.script = lambda arguments, _: oai.Answer(server.error("badArgument")) if "from" in arguments else None
    report = harvest(server)
    assert (report.status, report.unchanged) == ("complete", 3)
    assert any("refuses from" in note for note in report.notes)


@pytest.mark.parametrize(
    ("old", "new", "title"),
    [
        (b"Title 25", b"Ti\x0btle\x00 25&#x1f;", "Title 25"),
        (b"Title 25", b"Title \xe9 25", "Title é 25"),
        (b"Title 25", b"Smith & Sons&nbsp;25", "Smith & Sons 25"),
        (b"Title 25", b"clef &#55348;&#56606; and half &#55348;", "clef 𝄞 and half"),
        (b"<dc:title>Title 25</dc:title>", b"<dc:title>T</dc:title><foo:x>y</foo:x>", "T"),
        (b"<?xml", b"\xef\xbb\xbf\n<br />\n<b>Warning</b>: x<br />\n<?xml", "Title 25"),
        (b"</OAI-PMH>", b"</OAI-PMH>\n<br />\n<b>Notice</b>: y\n", "Title 25"),
        (b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"', b"<OAI-PMH", "Title 25"),
    ],
    ids=["control", "latin1", "ampersand", "surrogates", "prefix", "before", "after", "namespace"],
)  # fmt: skip
def test_a_dirty_page_is_mended_without_loss(oai, faulty, harvest, stored, old, new, title):
    server = faulty(lambda right, _: right.replace(old, new))
    server.items[25] = oai.item(25, "Title 25")
    report = harvest(server)
    assert complete(report)
    assert report.new == N
    assert any("pages mended" in note for note in report.notes)
    assert stored()["oai:test:25"].title == title


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "gb18030"])
def test_the_declared_encoding_counts_not_the_header(oai, faulty, harvest, stored, encoding):
    def fault(right, _):
        text = right.decode().replace("UTF-8", encoding, 1)
        return oai.Answer(
            text.encode(encoding, "xmlcharrefreplace"), headers={"Content-Type": "text/xml; charset=UTF-8"}
        )

    assert complete(harvest(faulty(fault)))
    assert stored()["oai:test:25"].title == "Título 25"


def test_one_unreadable_record_costs_only_itself(oai, faulty, harvest, database, stored):
    server = faulty(lambda right, _: right.replace(b"<dc:title>Title 25</dc:title>", b"<dc:title>Title </25>"))
    server.items[25] = oai.item(25, "Title 25")
    report = harvest(server)
    assert (report.status, report.received, report.quarantined) == ("incomplete", N, 1)
    assert report.losses[0].record == "oai:test:25"
    assert "byte" in report.losses[0].position
    assert len(stored()) == N - 1
    with database.connect() as connection:
        kept = next(quarantine.iterate(connection, 1, "s"))
    assert b"<dc:title>Title </25>" in kept.payload


def test_errors_and_tokens_quoted_inside_records_are_not_the_servers(oai, faulty, harvest):
    quoted = b'<about><error code="badArgument">x</error><resumptionToken>EVIL</resumptionToken></about></record>'
    server = faulty(lambda right, _: right.replace(b"</record>", quoted, 1))
    assert complete(harvest(server))
    assert not [request for request in server.requests if request.get("resumptionToken") == "EVIL"]


def test_a_record_with_a_huge_text_or_deep_nesting_costs_nothing_else(oai, faulty, harvest, stored):
    deep = b"<a>" * 3000 + b"</a>" * 3000
    huge = b"<dc:description>" + b"x" * 11_000_000 + b"</dc:description>"
    server = faulty(lambda right, _: right.replace(b"</oai_dc:dc>", huge + b"</oai_dc:dc>", 1))
    report = harvest(server)
    assert report.received == N
    assert len(stored()) >= N - 1
    server = faulty(lambda right, _: right.replace(b"</oai_dc:dc>", deep + b"</oai_dc:dc>", 1))
    report = harvest(server, id="deep")
    assert report.received == N


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(oai, faulty, harvest, stored, doctype, encoding):
    def fault(right, _):
        text = right.decode().replace("UTF-8", encoding, 1).replace("<OAI-PMH", doctype + "<OAI-PMH", 1)
        return text.encode(encoding)

    report = harvest(faulty(fault))
    assert (report.status, report.received) == ("incomplete", 20)
    assert "document type" in report.losses[0].reason
    assert len(stored()) == 20


@pytest.mark.parametrize("times_wrong", [1, 99])
def test_a_web_page_instead_of_an_answer(faulty, harvest, times_wrong):
    html = b"<html><body><h1>Maintenance</h1><p>back soon</body></html>"
    report = harvest(faulty(lambda _, times: html if times < times_wrong else None))
    assert report.status == ("complete" if times_wrong == 1 else "incomplete")


def test_an_undefined_error_code_is_told(oai, serve, harvest):
    server = serve([oai.item(1)], verbs=("ListRecords",))
    server.script = lambda arguments, _: (
        oai.Answer(server.error("", "odd")) if arguments["verb"] == "ListRecords" else None
    )
    report = harvest(server)
    assert report.status == "failed"
    assert "odd" in report.losses[0].reason


@pytest.mark.parametrize("wrong", ["plain", "unannounced", "cut", "members"])
def test_gzip_in_all_its_forms(oai, faulty, harvest, wrong):
    def fault(right, times):
        packed = gzip.compress(right)
        if wrong == "plain":
            return oai.Answer(right, headers={"Content-Encoding": "gzip"})
        if wrong == "unannounced":
            return oai.Answer(packed)
        if wrong == "members":
            return oai.Answer(
                gzip.compress(right[:500]) + gzip.compress(right[500:]), headers={"Content-Encoding": "gzip"}
            )
        return oai.Answer(packed[:-20], headers={"Content-Encoding": "gzip"}) if times == 0 else None

    assert complete(harvest(faulty(fault)))


def test_a_gzip_bomb_is_refused_in_little_memory(oai, faulty, harvest):
    bomb = gzip.compress(b"<OAI-PMH>" + b" " * (40 << 20))
    report = harvest(faulty(lambda *_: oai.Answer(bomb, headers={"Content-Encoding": "gzip"})))
    assert report.status == "incomplete"
    assert "100 to 1" in report.losses[0].reason


def test_a_redirect_to_a_private_address_is_refused_before_a_byte_is_sent(oai, serve, faulty, harvest):
    inner = serve([], host="127.0.0.2")
    server = faulty(lambda *_: oai.Answer("", 302, {"Location": inner.url}))
    report = harvest(server)
    assert report.status == "incomplete"
    assert "127.0.0.2" in report.losses[0].reason
    assert inner.connections == 0


def test_a_move_for_good_is_followed_and_told(oai, serve, harvest):
    new = serve([oai.item(n) for n in range(15)])

    def script(arguments, _):
        return oai.Answer("", 301, {"Location": f"{new.url}?{urlencode(arguments)}"})

    report = harvest(serve([], script=script))
    assert complete(report, 15)
    assert any(f"moved to {new.url}" in note for note in report.notes)


OAI_PAGE = "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><ListRecords><record><header>{}</record></ListRecords></OAI-PMH>"
HOSTILE = {
    "comments": b"<!-->" * 100_000,
    "tokens": b"<resumptionToken & " * 100_000,
    "sections": b"<![CDATA[ & " * 100_000,
    "lists": b"<ListRecords " * 100_000,
    "records": b"<record><!-- " * 100_000,
    "halves": b"<record><header>&#55348;" * 100_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_page_made_to_be_slow_to_read_is_refused_like_any_other(kind):
    page = OAI_PAGE.format(HOSTILE[kind].decode()).encode()
    for data in (HOSTILE[kind], page):  # a pattern that goes back and forth would take days
        with pytest.raises(BadPageError):
            read_page(data)
    with suppress(BadPageError):
        assert not repair(page).records
