"""Servers that nobody has met yet: what they misname, misencode, misannounce and forget is put right or told."""

from __future__ import annotations

import gzip
import re
import zlib

import pytest

from harvester.probe.probe import probe
from harvester.protocols.oai_encoding import believed, decoded
from harvester.windows import parse_stamp
from schemas.catalogue import Source

N = 12
OAI = b'"http://www.openarchives.org/OAI/2.0/"'
LOST = rb"(<resumptionToken[^>]*>)[^<]*"


@pytest.fixture
def changed(oai, serve):
    """A server of twelve records in pages of four, all of whose answers go through ``change(right bytes)``."""

    def start(change, **options):
        def script(arguments, _):
            answer = change(server.right(arguments))
            return oai.Answer(answer) if isinstance(answer, bytes) else answer

        server = serve(options.pop("items", [oai.item(n) for n in range(N)]), page=4, script=script, **options)
        return server

    return start


@pytest.fixture
def whole(harvest, stored):
    """Harvest a server, and expect all of it."""

    def check(server, count=N, **options):
        report = harvest(server, **options)
        assert (report.status, report.new) == ("complete", count), report
        truth = {item.identifier: item.title for item in server.items}
        assert {name: one.title for name, one in stored().items()} == truth
        return report

    return check


def swap(*pairs):
    def change(right):
        for old, new in pairs:
            right = re.sub(old, new, right)
        return right

    return change


def announced(data, length=None, extra=""):
    """An answer whose headers are what they should not be."""
    said = f"Content-Length: {length}\r\n" if length is not None else ""
    head = f"HTTP/1.1 200 OK\r\n{said}{extra}\r\n".encode("latin-1")
    return lambda connection: connection.sendall(head + data)


def raw_deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    "change",
    [
        swap((rb"(<resumptionToken[^>]*>)(\|)", rb"\1<!-- page -->\2<?x y?>")),
        swap((rb"resumptionToken", rb"resumptiontoken")),
        swap((rb"<resumptionToken", rb'<resumptionToken xmlns=""')),
        swap((rb"(<resumptionToken.*</resumptionToken>)(</List\w+>)", rb"\2\1")),
        swap((rb"<record>", rb'<record xmlns="">')),
        swap((rb"<header>", rb'<header xmlns="">')),
        swap((rb"<ListRecords>", rb'<ListRecords xmlns="">')),
        swap((rb"<(/?)record>", rb"<\1Record>")),
        swap((rb"<ListRecords>", rb"<ListRecords><records>"), (rb"</ListRecords>", rb"</records></ListRecords>")),
        swap((rb"<metadata>", rb"<metadata><![CDATA["), (rb"</metadata>", rb"]]></metadata>")),
        swap((rb"</metadata>", rb"</metadata><metadata/>")),
        swap((rb"</header><metadata>", rb"</header><header><identifier>x</identifier></header><metadata>")),
        swap((rb"<identifier>", rb"<identifier><!-- id -->")),
        swap((OAI, rb'"https://www.openarchives.org/OAI/2.0"')),
        swap((rb"Text</dc:type>", rb"a < b, 3 <5</dc:type>")),
        swap((rb"<\?xml", rb'<?xml version="1.0"?>\n<?xml')),
        swap((rb"</record><record>", rb"</record><br />\n<b>Notice</b>: Undefined index<br /><record>")),
        swap((rb"oai_dc/</metadataN", rb"oai_dc </metadataN"), (rb"Prefix>oai_dc<", rb"Prefix>OAI_DC<")),
    ],
    ids=[
        *("comment in token", "case of token", "token without namespace", "token outside", "records without namespace"),
        *("headers without namespace", "list without namespace", "case of records", "wrapper", "CDATA"),
        *("second metadata", "second header", "comment in identifier", "nearly the namespace", "less than"),
        *("two declarations", "warnings between records", "prefix in capitals"),
    ],
)  # fmt: skip
def test_what_can_be_meant_in_one_way_only_is_read_so(changed, whole, change):
    whole(changed(change, sizes=False, formats=("oai_dc", "OAI_DC")))


def test_what_is_no_record_is_set_aside_with_its_name(changed, harvest, stored):
    server = changed(swap((rb"<ListRecords>", b'<ListRecords><record xmlns="urn:other"><id>1</id></record>')))
    report = harvest(server)
    assert (report.status, len(stored())) == ("incomplete", N)
    assert "no record: <record>" in report.losses[0].reason
    assert any(request["verb"] == "ListIdentifiers" for request in server.requests)


@pytest.mark.parametrize(
    ("encoding", "declared", "title"),
    [
        ("utf-8", "ISO-8859-1", "Título"),
        ("windows-1251", "windows-1251", "Книга"),
        ("gb18030", "gb18030", "红楼梦"),
        ("utf-16", "UTF-16", "红楼梦"),
        ("big5", "", "紅樓夢"),
    ],
)
def test_text_is_read_in_the_encoding_that_it_has(oai, changed, whole, encoding, declared, title):
    def change(right):
        said = f' encoding="{declared}"' if declared else ""
        text = right.decode().replace(' encoding="UTF-8"', said).replace("Text</dc:type>", "A & B</dc:type>")
        headers = {"Content-Type": f"text/xml; charset={encoding}"}
        return oai.Answer(text.replace("Müller, Änne", "M").encode(encoding), headers=headers)

    whole(changed(change, items=[oai.item(n, f"{title} {n}") for n in range(N)]))


def test_a_declaration_is_disbelieved_only_where_it_is_surely_wrong():
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><a>{}</a>'
    assert believed(latin.format("é").encode()) == '<?xml version="1.0"?><a>é</a>'.encode()
    assert believed(latin.format("é").encode("latin-1")) is None
    assert believed(latin.format("e").encode()) is None
    assert believed(latin.replace("ISO-8859-1", "no-such-thing").format("é").encode()) is None
    assert decoded(b"\xed\xa0\xb4\xed\xb4\x9e")[0] == "\U0001d11e"
    assert decoded(b"\xff\xe9", "no-such-thing")[0] == "ÿé"


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (lambda data: data, "UTF-8"),
        (lambda data: data, "br"),
        (gzip.compress, "deflate"),
        (zlib.compress, "gzip"),
        (raw_deflate, "deflate"),
        (lambda data: gzip.compress(data) + b"<!-- cached -->", "gzip"),
    ],
    ids=["a charset", "not packed", "gzip as deflate", "zlib as gzip", "raw deflate", "rubbish behind"],
)
def test_the_bytes_tell_how_they_are_packed(oai, changed, whole, packed, said):
    whole(changed(lambda right: oai.Answer(packed(right), headers={"Content-Encoding": said})))


@pytest.mark.parametrize(
    "send",
    [
        lambda data: announced(data, len(data) + 30),
        lambda data: announced(data, "\xb2"),
        lambda data: announced(b"%x\r\n%s\r\n" % (len(data), data), extra="Transfer-Encoding: chunked\r\n"),
    ],
    ids=["too long", "no number", "last chunk missing"],
)
def test_an_answer_with_its_end_is_whole_whatever_was_announced(oai, changed, whole, client, send):
    server = changed(lambda right: oai.Answer(send=send(right)))
    whole(server)
    assert probe(Source(id="p", protocol="oai", location=server.url, format="oai_dc"), client).verdict != "cannot"


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_counts_whatever_its_status(oai, changed, whole, status):
    whole(changed(lambda right: oai.Answer(right, status)))


@pytest.mark.parametrize("header", ["\xb2", "1.5", "Fri, 99 Xxx 2026 25:61:00 GMT", "Fri, 01 Jan 9999 00:00:00 -2359"])
def test_a_wish_to_wait_that_makes_no_sense_is_no_end(oai, serve, whole, header):
    def script(arguments, times):
        if arguments.get("resumptionToken") and times == 0:
            return oai.Answer(server.error("busy"), 503, {"Retry-After": header})
        return None

    server = serve([oai.item(n) for n in range(N)], page=4, script=script)
    whole(server)


def refusing(oai, server, refuse):
    """Makes the server's GET answer ``refuse(path)``, a status, where that is not 0."""
    handler = server._http.RequestHandlerClass
    usual = handler.do_GET

    def get(self):
        status = refuse(self.path)
        if not status:
            return usual(self)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        return self.end_headers()

    handler.do_GET = get
    return server


def test_a_server_that_takes_only_post(oai, serve, whole, client):
    server = refusing(oai, serve([oai.item(n) for n in range(N)], page=4), lambda _: 405)
    whole(server)
    assert probe(Source(id="p", protocol="oai", location=server.url, format="oai_dc"), client).verdict != "cannot"


@pytest.mark.parametrize("status", [404, 414])
def test_a_token_too_long_for_an_address_goes_by_post(oai, serve, whole, status):
    def script(arguments, _):
        place = arguments.get("resumptionToken", "").lstrip("k")
        right = server.right({**arguments, "resumptionToken": place} if place else arguments)
        return oai.Answer(re.sub(rb"(<resumptionToken[^>]*>)(\|)", rb"\1" + b"k" * 3000 + rb"\2", right))

    server = serve([oai.item(n) for n in range(N)], page=4, script=script)
    whole(refusing(oai, server, lambda path: status if len(path) > 2048 else 0))


def test_an_address_that_moves_to_one_with_a_query_keeps_its_arguments(oai, serve, whole):
    def script(arguments, _):
        if arguments.pop("db", "") != "x":
            return oai.Answer("", 301, {"Location": "/oai2?db=x"})
        return oai.Answer(server.right(arguments))

    server = serve([oai.item(n) for n in range(N)], page=4, script=script)
    assert f"the server has moved to {server.url}2?db=x" in whole(server).notes[-1]


@pytest.mark.parametrize("location", ["", "http://[bad"])
def test_a_redirect_to_nowhere_is_told(oai, serve, harvest, location):
    def script(arguments, _):
        return oai.Answer("", 302, {"Location": location}) if arguments.get("resumptionToken") else None

    server = serve([oai.item(n) for n in range(N)], page=4, script=script, verbs=("ListRecords",), sizes=False)
    assert harvest(server).status == "incomplete"


@pytest.mark.parametrize("port", ["99999", "abc"])
def test_an_address_that_is_none_is_not_asked_again_and_again(harvest, port):
    report = harvest(f"http://127.0.0.1:{port}/oai")
    assert (report.status, "is no address" in report.losses[0].reason) == ("failed", True)


@pytest.mark.parametrize(
    "end",
    [
        lambda server, right: re.sub(LOST, rb"\1", right),
        lambda server, right: server.error("noRecordsMatch"),
        lambda server, right: server.document("<ListRecords/>"),
        lambda server, right: server.document('<error code="badResumptionToken"/><ListRecords/>'),
        lambda server, right: re.sub(rb"<ListRecords>(.*)<resumptionToken.*</resumptionToken>",
                                     rb'<error code="badResumptionToken"/><ListRecords>\1', right),
    ],
    ids=["empty token", "noRecordsMatch", "empty list", "error and empty list", "error and records"],
)  # fmt: skip
def test_an_end_that_nobody_vouches_for_is_checked(oai, serve, whole, end):
    def script(arguments, _):
        if arguments["verb"] == "ListRecords" and arguments.get("resumptionToken", "").endswith("|4"):
            return oai.Answer(end(server, server.right(arguments)))
        return None

    server = serve([oai.item(n) for n in range(N)], page=4, script=script, sizes=False)
    harvested = whole(server)
    assert harvested.received >= N


def test_records_that_are_listed_and_cannot_be_had_are_told_where_a_list_ends_too_early(oai, serve, harvest):
    def script(arguments, _):
        if arguments["verb"] == "ListRecords" and arguments.get("resumptionToken", "").endswith("|4"):
            return oai.Answer(re.sub(LOST, rb"\1", server.right(arguments)))
        return None

    verbs = ("ListRecords", "ListIdentifiers")
    server = serve([oai.item(n) for n in range(N)], page=4, script=script, sizes=False, verbs=verbs)
    report = harvest(server)
    assert (report.status, report.losses[0].reason[:40]) == ("incomplete", "4 records are listed and cannot be had, ")


def test_a_record_that_another_one_is_given_for_is_not_absent(oai, serve, harvest):
    def script(arguments, _):
        if arguments["verb"] == "GetRecord":
            return oai.Answer(server.right({**arguments, "identifier": "oai:test:0"}))
        last = arguments["verb"] == "ListRecords" and arguments.get("resumptionToken", "").endswith("|8")
        return oai.Answer("x", 500) if last else None

    server = serve([oai.item(n) for n in range(N)], page=4, script=script)
    report = harvest(server)
    assert report.status == "incomplete"
    assert "it gives oai:test:0" in str(report.losses), report


def test_a_record_that_slips_through_one_of_several_sets_is_found(oai, serve, whole):
    def script(arguments, _):
        if arguments["verb"] == "ListRecords" and "|a|4" in arguments.get("resumptionToken", ""):
            return oai.Answer(server.records([server.items[3], *server.items[5:8]], "", 8))
        return None

    items = [oai.item(n, sets=("a" if n < 8 else "b",)) for n in range(N)]
    server = serve(items, page=4, script=script, sets=("a", "b"))
    assert any("1 records are listed" in note for note in whole(server, sets=["a", "b"]).notes)


@pytest.mark.parametrize("answer", ["status", "case", "text"])
def test_nothing_new_in_other_words(oai, serve, harvest, stored, answer):
    def script(arguments, _):
        if arguments.get("from", "") < "2024-05":
            return None
        if answer == "status":
            return oai.Answer("<html>nothing</html>", 404)
        error = '<error code="NORECORDSMATCH "/>' if answer == "case" else "<error>noRecordsMatch: none</error>"
        return oai.Answer(server.document(error))

    server = serve([oai.item(n) for n in range(N)], page=4, script=script)
    assert harvest(server).status == "complete"
    assert harvest(server).status == "complete"
    assert len(stored()) == N


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", ""])
def test_a_server_whose_clock_is_a_programs_zero(oai, serve, harvest, stored, date):
    server = serve([oai.item(n, datestamp=date) for n in range(N)], page=4)
    server.response_date = date
    for _ in range(2):
        assert harvest(server).status == "complete"
    assert len(stored()) == N
    assert parse_stamp(date) is None


def test_sets_listed_in_a_circle_end(oai, serve, harvest):
    def script(arguments, _):
        if arguments["verb"] != "ListSets":
            return None
        at = int(arguments.get("resumptionToken", "0"))
        named = f"<set><setSpec>x{at}</setSpec><setName/></set><resumptionToken>{(at + 1) % 3}</resumptionToken>"
        return oai.Answer(server.document(f"<ListSets>{named}</ListSets>"))

    server = serve([], script=script)
    assert "no longer has the set" in harvest(server, sets=["gone"]).losses[0].reason
    assert sum(request["verb"] == "ListSets" for request in server.requests) < 6


def test_what_an_earlier_run_set_aside_is_not_forgotten(oai, serve, harvest):
    server = serve([oai.item(0, metadata=None), oai.item(1)])
    assert harvest(server).status == "incomplete"
    second = harvest(server)
    assert (second.status, "1 records of earlier runs are still set aside" in second.notes[0]) == ("complete", True)


@pytest.mark.parametrize("odd", ["utf-16-le", "two marks", "warnings", "no identify", "no list"])
def test_a_look_does_not_refuse_what_a_harvest_takes(oai, serve, harvest, client, odd):
    def script(arguments, _):
        verb, right = arguments.get("verb"), server.right(arguments)
        if odd == "utf-16-le":
            return oai.Answer(right.decode().replace("UTF-8", "UTF-16").encode("utf-16-le"))
        if odd == "warnings":
            return oai.Answer(b"<br>\n<b>Deprecated</b>: x<br>\n" + right)
        if odd == "two marks":
            return oai.Answer(b"\xef\xbb\xbf" * 2 + right)
        if (odd, verb) in {("no identify", "Identify"), ("no list", "ListRecords")}:
            return oai.Answer("<html>sorry</html>", 500)
        return None

    server = serve([oai.item(n) for n in range(N)], page=4, script=script)
    assert harvest(server).status == "complete"
    found = probe(Source(id="p", protocol="oai", location=server.url, format="oai_dc"), client)
    assert found.verdict != "cannot", found.steps
