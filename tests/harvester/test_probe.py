"""A look at an address or a file before anything is stored: what works, what needs care, what cannot be."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from harvester.budget import Budget
from harvester.fetching import Client
from harvester.probe.endpoints import candidates, same_site
from harvester.probe.probe import SIZE, probe
from harvester.probe.recognise import recognise
from lampway.commands import sources as sources_command
from schemas.catalogue import Source
from schemas.probe import Probe, Step

MARC = (
    "<collection xmlns='http://www.loc.gov/MARC21/slim'>{}</collection>".format(
        "<record><leader>00000nam a2200000   4500</leader><controlfield tag='001'>{0}</controlfield>"
        "<datafield tag='{1}' ind1='0' ind2='0'><subfield code='a'>Title {0}</subfield></datafield></record>"
    )
)  # fmt: skip
MODS = b"<mods xmlns='http://www.loc.gov/mods/v3'><titleInfo><title>T</title></titleInfo></mods>"


def look(location: str, budget: Budget | None = None, *, trusted: bool = True, **fields: Any) -> Probe:
    """A probe of an address of which nothing else is known, within its budget."""
    client = Client(allow=("127.0.0.1",), stall=2, deadline=5, patience=5, pause=0, sleep=lambda _: None,
                    budget=budget or Budget(60, SIZE))  # fmt: skip
    try:
        source = Source(id="test", location=location, **{"protocol": "", "format": "", **fields})
        return probe(source, client, trusted=trusted)
    finally:
        client.close()


def grades(found: Probe) -> dict[str, str]:
    return {step.code: step.grade for step in found.steps}


def step(found: Probe, code: str) -> Step:
    return next(one for one in found.steps if one.code == code)


@pytest.fixture
def good(oai: Any, serve: Callable[..., Any]) -> Callable[..., Any]:
    """Starts a server without a fault but those that the script puts in its way: 35 records of nine months."""

    def start(script: Any = None, **options: Any) -> Any:
        items = [oai.item(n, datestamp=f"2024-0{1 + n % 9}-01T00:00:00Z", sets=("a",)) for n in range(35)]
        server = serve(items, **{"sets": ["a", "b"], **options}, script=script and (lambda a, t: script(server, a, t)))
        server.response_date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return server

    return start


@pytest.fixture
def site() -> Iterator[Callable[[dict[str, bytes]], Any]]:
    """Serves pages by their path, anything else is 404; tells what was asked for."""
    running: list[ThreadingHTTPServer] = []

    def start(pages: dict[str, bytes]) -> Any:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                body = pages.get(self.path)
                self.send_response(200 if body is not None else 404)
                self.end_headers()
                self.wfile.write(b"<html>not here, and secret" if body is None else body)

            def log_message(self, *_: object) -> None:
                pass

        asked: list[str] = []
        server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.asked, server.url = asked, f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_good_server_works_and_shows_its_records(good: Any) -> None:
    server = good()
    told: list[Step] = []
    client = Client(allow=("127.0.0.1",), pause=0, budget=Budget(60, SIZE))
    source = Source(id="test", protocol="", location=server.url + "?verb=ListRecords&metadataPrefix=oai_dc", format="")
    found = probe(source, client, told.append)
    assert (found.verdict, found.endpoint, found.format, found.size) == ("works", server.url, "oai_dc", 35)
    assert found.steps == told
    assert set(grades(found).values()) == {"good"}
    assert grades(found).keys() >= {
        *("answer", "identify", "deletions", "formats", "sets", "pages", "records", "speed"),
        *("token", "window", "granularity", "record"),
    }
    assert (found.looked_at, len(found.samples), found.fields["title"], found.fields["holdings"]) == (20, 20, 20, 0)
    assert found.samples[0].title == "Título 0"
    assert found.add_with == f"lampway sources add oai {server.url} --institution ID"


def test_the_richest_format_is_taken_and_a_wrong_one_told(good: Any) -> None:
    found = look(good(formats=["oai_dc", "marc21"]).url)
    assert (found.format, found.prefix) == ("marcxml", "marc21")
    found = look(good().url, format="marcxml")
    assert (found.verdict, step(found, "formats").mend) == ("cannot", "choose --format oai_dc")


def identify(old: bytes, new: bytes) -> Any:
    return lambda s, a, _: s.right(a).replace(old, new) if a.get("verb") == "Identify" else None


def listed(change: Callable[[Any, dict[str, str]], Any]) -> Any:
    return lambda s, a, _: change(s, a) if a.get("verb") == "ListRecords" else None


def bogus(answer: Callable[[Any], bytes]) -> Any:
    return listed(lambda s, a: answer(s) if a.get("resumptionToken", "").startswith("lampway") else None)


def dated(answer: Callable[[Any, dict[str, str]], bytes]) -> Any:
    return listed(lambda s, a: answer(s, a) if "from" in a else None)


TOMORROW = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT00:00:00Z").encode()
FAULTS: dict[str, tuple[Any, str, str, str]] = {
    "version": (identify(b">2.0<", b">1.1<"), "identify", "care", "version 1.1"),
    "contact": (identify(b"a@example.org", b"nobody"), "identify", "care", "no mail address"),
    "earliest": (identify(b"2000-01-01T00:00:00Z", TOMORROW), "identify", "care", "in the future"),
    "deletions": (identify(b"<deletedRecord>persistent", b"<deletedRecord>maybe"), "deletions", "care", "not say"),
    "granularity said": (identify(b"YYYY-MM-DDThh:mm:ssZ", b"YYYY-MM-DD"), "granularity", "care", "says days"),
    "endless": (
        listed(lambda s, a: s.right({**a, "resumptionToken": "|||0"}) if a.get("resumptionToken") == "|||10" else None),
        "pages", "bad", "never end",
    ),
    "second page fails": (
        listed(lambda s, a: s.error("badArgument", "no") if a.get("resumptionToken") == "|||10" else None),
        "pages", "care", "second page",
    ),
    "size": (
        listed(lambda s, a: s.right(a).replace(b'completeListSize="35"', b'completeListSize="5"')),
        "pages", "care", "says its list has 5",
    ),
    "mended": (listed(lambda s, a: s.right(a).replace(b"M\xc3\xbc", b"M\x01")), "pages", "care", "mended"),
    "token taken": (bogus(lambda s: s.right({"verb": "ListRecords", "metadataPrefix": "oai_dc"})), "token", "care",
                    "with 10 records"),
    "token not known": (bogus(lambda s: s.error("badArgument")), "token", "care", "badArgument"),
    "token breaks it": (bogus(lambda _: b"<html>Fatal error: secret</html>"), "token", "care", "no answer of OAI-PMH"),
    "dates ignored": (
        dated(lambda s, a: s.right({k: v for k, v in a.items() if k not in {"from", "until"}})),
        "window", "care", "ignores from and until",
    ),
    "window empty": (dated(lambda s, _: s.error("noRecordsMatch")), "window", "care", "finds nothing"),
    "seconds not found": (
        dated(lambda s, a: s.error("noRecordsMatch") if "T" in a["from"] else None), "granularity", "care", "by day",
    ),
    "no single records": (
        lambda s, a, _: s.error("idDoesNotExist") if a.get("verb") == "GetRecord" else None,
        "record", "care", "GetRecord",
    ),
    "no list": (listed(lambda s, _: s.error("cannotDisseminateFormat")), "pages", "bad", "cannot be had"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_server_is_told_in_words(good: Any, oai: Any, fault: str) -> None:
    script, code, grade, words = FAULTS[fault]

    def play(server: Any, arguments: dict[str, str], times: int) -> Any:
        body = script(server, arguments, times)
        return None if body is None else oai.Answer(body)

    found = look(good(play).url)
    assert (step(found, code).grade, found.verdict) == (grade, "cannot" if grade == "bad" else "with care")
    assert words in step(found, code).words
    assert "secret" not in json.dumps([one.words for one in found.steps])


def test_the_clock_the_sets_and_the_future_are_looked_at(good: Any) -> None:
    server = good()
    server.response_date = "2024-06-01T12:00:00Z"
    found = look(server.url, sets=["nowhere"])
    assert "its clock differs" in step(found, "identify").words
    assert (step(found, "sets").grade, found.verdict) == ("bad", "cannot")
    server.items[3].datestamp = "2031-01-01T00:00:00Z"
    assert "in the future" in step(look(server.url), "pages").words


def test_problems_of_records_are_grouped_and_say_how_to_mend_them(good: Any, oai: Any) -> None:
    server = good()
    server.items[1] = oai.Item("oai:test:1", None)
    for n in (2, 3, 4):
        server.items[n] = oai.Item(f"oai:test:{n}", oai.DC.format("<dc:publisher>P</dc:publisher>"))
    found = look(server.url)
    assert [(one.count, one.example) for one in found.problems] == [(3, "oai:test:2"), (1, "oai:test:1")]
    assert "mapping file" in found.problems[0].mend
    assert (found.verdict, len(found.samples), found.looked_at) == ("with care", 16, 20)


def test_finding_aids_show_their_units(good: Any, oai: Any) -> None:
    server = good(formats=["oai_dc", "ead"])
    unit = "<c id='u1' level='file'><did><unittitle>Ledger</unittitle></did></c>"
    aid = f"<ead><archdesc><did><unittitle>Company</unittitle></did><dsc>{unit}</dsc></archdesc></ead>"
    server.items = [oai.Item("oai:test:1", aid)]
    found = look(server.url)
    assert (found.format, [record.title for record in found.samples]) == ("ead", ["Company", "Ledger"])


def test_records_of_unimarc_offered_as_marc_are_recognised(good: Any, oai: Any) -> None:
    record = MARC[len("<collection xmlns='http://www.loc.gov/MARC21/slim'>") : -len("</collection>")]
    record = record.replace("<record>", "<record xmlns='http://www.loc.gov/MARC21/slim'>")
    server = good(formats=["marc21"])
    server.items = [oai.Item(f"oai:test:{n}", record.format(n, 200)) for n in range(3)]
    found = look(server.url)
    assert (found.verdict, found.problems[0].mend) == ("cannot", "these are UNIMARC records: take --format unimarc")


def test_a_web_page_leads_to_the_server_of_its_site(good: Any, site: Any) -> None:
    server = good()
    right = server.right({"verb": "Identify"})
    page = b"<html><body><a href='/elsewhere'>x</a><a href='http://other.example/oai'>OAI</a>%s</body></html>"
    linked = site({"/": page % b"<a href='/x/provider'>Harvest us (OAI)</a>", "/x/provider?verb=Identify": right})
    found = look(linked.url + "/")
    assert (found.endpoint, step(found, "found").grade) == (linked.url + "/x/provider", "good")
    assert linked.asked.index("/x/provider?verb=Identify") <= 3
    known = site({"/": b"<html>Powered by Koha</html>", "/cgi-bin/koha/oai.pl?verb=Identify": right})
    assert look(known.url + "/").endpoint == known.url + "/cgi-bin/koha/oai.pl"
    assert len(known.asked) < 12
    found = look(known.url + "/", protocol="oai", format="oai_dc")
    assert (found.verdict, step(found, "found").grade) == ("cannot", "bad")
    nothing = site({"/": b"<html>We have books. Secret.</html>"})
    found = look(nothing.url + "/")
    assert (found.verdict, found.endpoint, len(nothing.asked) < 45) == ("cannot", "", True)
    assert "ask the institution" in found.steps[-1].mend
    assert "ecret" not in json.dumps([one.words for one in found.steps])


def test_only_the_pages_own_site_is_asked() -> None:
    page = b"<a href='https://oai.lib.example.ac.uk/oai'>a</a><a href='//evil.example.com/oai'>b</a><a href='oai'>c</a>"
    found = list(candidates("https://www.lib.example.ac.uk/catalogue/", page))
    assert found[:2] == ["https://oai.lib.example.ac.uk/oai", "https://www.lib.example.ac.uk/catalogue/oai"]
    assert all(same_site("https://www.lib.example.ac.uk", url) for url in found)
    primo = "https://lib.primo.exlibrisgroup.com/discovery/search?vid=01ABC_INST:VIEW"
    assert "https://lib.alma.exlibrisgroup.com/view/oai/01ABC_INST/request" in list(candidates(primo, b""))[:2]
    assert not same_site("https://one.ac.uk/", "https://two.ac.uk/oai")
    assert not same_site("https://a.example.org/", "file:///etc/passwd")


def test_nobody_is_there_and_an_address_that_is_refused(site: Any) -> None:
    gone = site({})
    gone.shutdown()
    gone.server_close()
    found = look(gone.url)
    assert (found.verdict, [one.code for one in found.steps]) == ("cannot", ["answer"])
    found = look("http://10.0.0.1/oai")
    assert (found.verdict, [one.code for one in found.steps]) == ("cannot", ["address"])


def test_a_server_that_says_nothing_without_arguments_and_one_that_wants_a_login(good: Any, oai: Any) -> None:
    dumb = good(lambda s, a, t: oai.Answer(send=lambda _: None) if not a else None)
    assert look(dumb.url).verdict == "works"
    closed = good(lambda *_: oai.Answer("<html>Who are you?</html>", 401))
    found = look(closed.url)
    assert (found.verdict, [one.code for one in found.steps]) == ("cannot", ["status"])
    assert "--auth" in found.steps[0].words
    assert len(closed.requests) < 5


def test_a_stranger_reads_no_file_and_learns_nothing_of_our_network(site: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,title\n1,secret\n")
    for location in (str(tmp_path / "x.csv"), f"file://{tmp_path}/x.csv"):
        found = look(location, trusted=False)
        assert (found.verdict, found.samples, found.steps[0].words) == (
            "cannot", [], "it cannot be looked at: an address begins with http:// or https://",
        )  # fmt: skip
    gone = site({})
    gone.shutdown()
    gone.server_close()
    said = {
        (one.code, one.words) for where in ("http://10.0.0.1/oai", "http://127.0.0.2/oai", gone.url, "http://no.invalid/")
        for one in look(where, trusted=False).steps
    }  # fmt: skip
    assert said == {("answer", "it cannot be looked at: it cannot be reached from here")}


def test_the_budget_ends_the_look(good: Any, oai: Any, site: Any) -> None:
    began = time.monotonic()
    slow = good(lambda s, a, t: oai.drip(s.right(a), 0.2) if a.get("verb") == "ListSets" else None)
    found = look(slow.url, Budget(1.5, SIZE))
    assert time.monotonic() - began < 20
    assert found.verdict in {"with care", "cannot"}
    assert "unknown" in grades(found).values()
    big = site({"/big.csv": b"id,title\n" + b"".join(b"%d,Title %d\n" % (n, n) for n in range(500_000))})
    budget = Budget(60, SIZE)
    found = look(big.url + "/big.csv", budget)
    assert (found.verdict, found.format, len(found.samples)) == ("works", "csv", 50)
    assert budget.taken < SIZE + (1 << 20)
    assert step(found, "part").grade == "good"


def test_a_server_with_pages_larger_than_a_look_may_take_is_not_condemned(good: Any, oai: Any) -> None:
    server = good()
    for one in server.items:
        one.metadata = one.metadata.replace("<dc:date>", f"<dc:description>{'x' * 30_000}</dc:description><dc:date>")
    found = look(server.url, Budget(60, 400 << 10))
    assert (found.verdict, step(found, "pages").grade, found.size) == ("with care", "unknown", 35)
    assert (found.looked_at, found.samples[0].title) == (5, "Título 0")


def workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "title"])
    book.active.append([1, "Emma"])
    book.save(path)


@pytest.mark.parametrize(
    ("content", "protocol", "format_", "verdict"),
    [
        (b"id;Titel\n1;Emma\n2;Faust\n", "csv", "csv", "works"),
        ("id\ttitle\n1\tÉmile\n".encode("utf-16"), "csv", "csv", "works"),
        (MARC.format(1, 245).encode(), "marc", "marcxml", "works"),
        (gzip.compress(MARC.format(1, 200).encode()), "marc", "unimarc", "works"),
        (MODS, "xml", "mods", "works"),
        (b"<r xmlns:dc='http://purl.org/dc/elements/1.1/'><record><dc:title>T</dc:title></record></r>", "xml", "qdc",
         "works"),
        (b"<!DOCTYPE html><html>shop</html>", "", "", "cannot"),
        (b'{"title": "x", "id": 1}', "csv", "csv", "works"),
        (b"%PDF-1.7 x", "", "", "cannot"),
        (b"", "", "", "cannot"),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_content(
    tmp_path: Path, site: Any, content: bytes, protocol: str, format_: str, verdict: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    local, remote = look(str(tmp_path / "file")), look(site({"/file": content}).url + "/file")
    for found in (local, remote):
        assert (found.protocol, found.format, found.verdict) == (protocol, format_, verdict), found.steps
        assert bool(found.samples) == bool(protocol)


def test_local_fields_of_marc_are_shown_where_no_copies_are_recognised(tmp_path: Path) -> None:
    path, local = tmp_path / "x.xml", "<datafield tag='931'><subfield code='q'>Main</subfield></datafield>"
    path.write_text(MARC.format(1, 245).replace("</record>", f"{local}</record>"))
    found = step(look(str(path)), "copies")
    assert ("931 in 1 records ($q Main)" in found.words, found.facts, "items:" in found.mend) == (
        True, {"fields": {"931": 1}}, True,
    )  # fmt: skip
    path.write_text(MARC.format(1, 245))
    assert "name no copies" in step(look(str(path)), "copies").words


def test_a_workbook_and_a_file_of_another_kind_than_was_said(tmp_path: Path) -> None:
    workbook(tmp_path / "book.xlsx")
    found = look(str(tmp_path / "book.xlsx"))
    assert (found.verdict, found.format, found.columns[1]) == ("works", "csv", "column 2 'title' -> title, e.g. 'Emma'")
    (tmp_path / "x.mrc").write_text(MARC.format(1, 245))
    found = look(str(tmp_path / "x.mrc"), protocol="csv", format="csv")
    assert (found.verdict, step(found, "file").mend) == ("cannot", "`lampway sources add marc` reads it")


def test_binary_marc_is_told_from_text() -> None:
    def record(tag: bytes) -> bytes:
        return b"00062nam a2200037   4500" + tag + b"001100000\x1e00\x1faTitle\x1e\x1d"

    assert recognise(record(b"245")).format == "marc21"
    assert recognise(record(b"200")).format == "unimarc"
    assert recognise(b"a line\nof prose\n").protocol == ""
    assert recognise(b"00062nam a2200037   4500" + b"245001100000" * 10_000).format == "marc21"  # and in no time


def test_the_command_tells_in_words_or_json(good: Any, site: Any, tmp_path: Path) -> None:
    def command(*arguments: str) -> Any:
        env = {"LAMPWAY_HOME": str(tmp_path), "LAMPWAY_FETCH_ALLOW": "127.0.0.1", "LAMPWAY_FETCH_PAUSE": "0"}
        return CliRunner().invoke(sources_command.app, ["test", *arguments], env=env)

    server = good()
    done = command(server.url)
    assert done.exit_code == 0, done.output
    assert f"{server.url} works." in done.stdout
    assert f"Add it with: lampway sources add oai {server.url} --institution ID" in done.stdout
    told = json.loads(command(server.url, "--json").stdout)
    assert (told["verdict"], len(told["samples"])) == ("works", 20)
    assert command(server.url, "--set", "nowhere").exit_code == 1
    server.items[0].metadata = None
    assert command(server.url).exit_code == 3
    assert command("nobody").exit_code == 2
    assert command("ftp://x.example/").exit_code == 2
    assert not list((tmp_path).glob("**/*.part"))
