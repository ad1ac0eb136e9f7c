"""A library brings its own catalogue: from its web page to a living source, and out again."""

from __future__ import annotations

import html
import re
import ssl
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

import harvester.probe
from harvester.fetching import Client
from harvester.harvest import harvest_source
from harvester.probe.probe import _CODES
from indexer.engines import open_engine
from indexer.update import update
from lampway.harvest_worker import HarvestWorker
from schemas.catalogue import Source
from schemas.registration import NewInstitution, Proposal
from search_api.accounts import registering
from search_api.messages import LANGUAGES, catalogue
from store import accounts, audit, links, records, registrations, sources

ADA = "ada@example.org"
DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title></oai_dc:dc>'
)


def finished(browser: Any, page: str) -> Any:
    """The page of a trial when the look is over."""
    for _ in range(600):
        answer = browser.get(page)
        if "http-equiv" not in answer.text:
            return answer
        time.sleep(0.05)
    raise AssertionError("the look did not end")


def tried(browser: Any, address: str) -> str:
    answer = browser.post("/register", data={"address": address})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def registered(person: Any, library: Any, **changes: str) -> tuple[Any, str]:
    """Somebody who has registered the library; the browser and the page of the registration."""
    ada = person(ADA)
    page = tried(ada, library.url)
    finished(ada, page)
    form = {"name": "Harbour Library", "kind": "library", "position": "54.97,-1.61", "licence": "CC0-1.0", "terms": "1"}
    answer = ada.post(page, data=form | changes)
    assert answer.status_code == 303, answer.text
    return ada, answer.headers["location"]


def codes(page: Any) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<code>(.*?)</code>", page.text)]


def test_a_web_page_leads_to_the_records_behind_it(visitor: Any, library: Any) -> None:
    browser = visitor()
    page = finished(browser, tried(browser, library.home))
    assert page.status_code == 200
    assert "The harbour, part 1" in page.text
    assert "&lt;dc:title&gt;The harbour, part 1&lt;/dc:title&gt;" in page.text
    assert library.url in page.text
    assert page.headers["cache-control"] == "no-store"


def test_a_file_is_looked_at_and_its_place_stays_hidden(visitor: Any, settings: Any) -> None:
    table = "id,title,author,isbn\n1,The harbour,Ann Li,9780141439518\n2,海港,李安,\n".encode("gb18030")
    browser = visitor()
    sent = browser.post("/register", data={"address": ""}, files={"file": ("books.csv", table, "text/csv")})
    page = finished(browser, sent.headers["location"])
    assert "海港" in page.text
    assert str(settings.home) not in page.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Give an address"),
        ("library.example", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("https://user:secret@example.org/oai", "must not carry a user name"),
        ("https://example.org:22/oai", "Only the ports"),
        ("http://[::1", "no web address"),
    ],
)
def test_addresses_nobody_is_asked_at(visitor: Any, address: str, words: str) -> None:
    answer = visitor().post("/register", data={"address": address})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{html.escape(address)}"' in answer.text


def test_private_addresses_are_refused_and_never_asked(visitor: Any, library: Any, settings: Any) -> None:
    port = library.home.rpartition(":")[2]
    browser = visitor()
    for host in ("localhost", "0x7f000001", "[::ffff:127.0.0.1]", "2130706433", "127.1"):
        answer = browser.post("/register", data={"address": f"http://{host}:{port}/"})
        if answer.status_code == 303:
            page = finished(browser, answer.headers["location"])
            assert "Welcome" not in page.text
            assert "cannot be harvested" in page.text
    assert library.asked == []


def test_a_link_by_mail_makes_the_account_and_comes_back(visitor: Any, library: Any, context: Any) -> None:
    browser = visitor()
    page = tried(browser, library.url)
    finished(browser, page)
    with context.database.begin() as connection:  # as the mail would carry it
        secret = links.make(connection, "invite", "new@example.org", next=page, lang="en")
    assert browser.post(f"/link/{secret}").headers["location"] == page
    answer = browser.post(page, data={"name": "", "position": "north", "licence": "x"})
    assert answer.status_code == 422
    for words in ("2 to 200 characters", "no position", "Confirm it"):
        assert words in answer.text


def test_from_the_file_to_the_search_and_out_again(
    person: Any, visitor: Any, library: Any, context: Any, settings: Any
) -> None:
    ada, page = registered(person, library)
    shown = ada.get(page)
    address, token = codes(shown)[:2]
    assert address.startswith(library.home)
    wrong = ada.post(f"{page}/prove", data={"way": "file"})
    assert wrong.status_code == 422
    assert "Nothing was found at" in wrong.text
    library.files[address.removeprefix(library.home)] = token.encode() + b"\n"
    assert ada.post(f"{page}/prove", data={"way": "file"}).status_code == 303
    assert "It is live." in ada.get(page).text

    worker = HarvestWorker(context.database, settings)
    assert worker.look() == {"harbour-library"}
    worker.wait(30)
    worker.close()
    with context.database.connect() as connection:
        assert accounts.roles_of(connection, accounts.by_email(connection, ADA).number) == {"harbour-library": "editor"}
        source = sources.get(connection, "harbour-library")
        number = sources.number_of(connection, "harbour-library")
        assert records.count_live(connection, number) == 7
        before = {row.id: row.edition for row in connection.execute(records.records.select())}
    assert source.licence == "CC0-1.0"
    assert worker.look() == set()

    assert ada.post(f"{page}/withdraw").status_code == 303
    with context.database.connect() as connection:
        assert records.count_live(connection, number) == 0
        assert sources.get(connection, "harbour-library").paused
    assert ada.post(f"{page}/return").status_code == 303
    with context.database.connect() as connection:
        assert records.count_live(connection, number) == 7
        assert {row.id: row.edition for row in connection.execute(records.records.select())} == before
        steps = [line.detail["to"] for line in audit.read(connection) if line.action == "registration.step"]
    assert steps == ["live", "withdrawn", "live", "proven", "proof_pending"]
    report = harvest_source(context.database, source, Client.from_settings(settings))
    assert (report.status, report.new) == ("complete", 0)


def far(context: Any, person: Any, **proposal: Any) -> tuple[Any, str]:
    """Somebody with a registration of an endpoint with a name of its own, which nobody asks here."""
    ada = person(ADA)
    with context.database.begin() as connection:
        account = accounts.by_email(connection, ADA)
        wanted = {"location": "https://oai.harbour.example/oai", "protocol": "oai", "format": "oai_dc", **proposal}
        wanted.setdefault("new", NewInstitution(name="Harbour Library"))
        made = registrations.add(connection, account.number, "probed", Proposal(**wanted))
    return ada, f"/registrations/{made.id}"


@pytest.mark.parametrize(
    ("host", "offered"),
    [
        ("oai.harbour.example", True),
        ("harbour.internal", True),
        ("127.0.0.1", False),
        ("127.1", False),
        ("0x7f.1", False),
        ("[2001:db8::1]", False),
        ("localhost", False),
        ("catalogue.localhost", False),
        ("printer.local.", False),
        ("intranet", False),
    ],
)
def test_dns_is_offered_where_it_can_tell(context: Any, person: Any, host: str, offered: bool) -> None:
    ada, page = far(context, person, location=f"http://{host}/oai")
    shown = ada.get(page).text
    assert ("way-dns" in shown) == offered
    assert "way-file" in shown
    tokens = ada.get(f"/api{page}", headers={"Accept": "application/json"}).json()["proofs"]
    assert {proof["way"] for proof in tokens} == {"file", "description", *(["dns"] if offered else [])}
    if not offered:
        assert ada.post(f"{page}/prove", data={"way": "dns"}).status_code in (404, 422)


def test_by_dns_of_the_host(context: Any, person: Any, names: Any) -> None:
    ada, page = far(context, person)
    name, value = next(
        (a, b) for a, b in zip(codes(ada.get(page)), codes(ada.get(page))[1:], strict=False) if a.startswith("_lampway")
    )
    names.texts[name] = ["v=spf1 -all", value[:-1]]
    answer = ada.post(f"{page}/prove", data={"way": "dns"})
    assert answer.status_code == 422
    assert "not this token" in answer.text
    names.texts[name] = ["v=spf1 -all", value]
    assert ada.post(f"{page}/prove", data={"way": "dns"}).status_code == 303
    with context.database.connect() as connection:
        assert registrations.counts(connection) == {"live": 1}


def test_by_the_description_of_the_repository(person: Any, library: Any) -> None:
    ada, page = registered(person, library)
    token = codes(ada.get(page))[-1]
    right = library.oai.right
    library.oai.right = lambda asked: right(asked).replace(
        b"</Identify>", f"<description><x>{token}</x></description></Identify>".encode()
    )
    assert ada.post(f"{page}/prove", data={"way": "description"}).status_code == 303


def test_the_same_endpoint_is_registered_once(person: Any, library: Any) -> None:
    registered(person, library)
    eve = person("eve@example.org")
    page = tried(eve, library.url.replace("/repo/", "/repo/./"))
    finished(eve, page)
    answer = eve.post(page, data={"name": "Mine", "licence": "CC0-1.0", "terms": "1"})
    assert answer.status_code == 422
    assert "registered already" in answer.text


def test_the_registration_of_another_is_not_there(person: Any, library: Any) -> None:
    _, page = registered(person, library)
    eve = person("eve@example.org", south="editor")
    assert eve.get(page).status_code == 404
    for act in ("pause", "withdraw", "resume", "return", "prove", "mail"):
        assert eve.post(f"{page}/{act}", data={"way": "file"}).status_code == 404
    assert eve.get("/registrations/nothing").status_code == 404


def test_closed_means_closed(app: Any, visitor: Any, library: Any, context: Any) -> None:
    context.settings = context.settings.model_copy(update={"registration": "closed"})
    answer = visitor().post("/register", data={"address": library.url})
    assert answer.status_code == 403
    assert library.asked == []


def test_one_look_at_a_time_and_few_an_hour(visitor: Any, library: Any) -> None:
    browser = visitor()
    answers = []
    for _ in range(12):
        answer = browser.post("/register", data={"address": library.url})
        answers.append(answer.status_code)
        if answer.status_code == 303:
            finished(browser, answer.headers["location"])
    assert answers == [303] * 10 + [429] * 2
    assert visitor("198.51.100.7").post("/register", data={"address": library.url}).status_code == 303


ODD = "Nr;Was;Wer;Code\n1;The northern harbour 1;Ann Li;red\n2;Something;Bo Ek;blue\n"


def uploaded(browser: Any, content: bytes, name: str = "table.csv") -> str:
    sent = browser.post("/register", data={"address": ""}, files={"file": (name, content, "text/csv")})
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def selected(page: Any) -> list[str]:
    """The field each column is read as."""
    return [
        (re.findall(r'value="(\w*)" selected', part) or [""])[0]
        for part in re.findall(r'<select name="column-.*?</select>', page.text, re.DOTALL)
    ]


def test_columns_are_chosen_from_their_values(person: Any, settings: Any, context: Any) -> None:
    ada = person(ADA, north="editor")
    page = uploaded(ada, ODD.encode())
    shown = finished(ada, page)
    assert "no column is recognised as title" in html.unescape(shown.text)
    assert "The northern harbour 1" in shown.text  # the values of a column nobody can read yet
    assert ada.post(f"{page}/columns", data={"column-1": "nonsense"}).status_code == 422
    chosen = {"column-1": "id", "column-2": "title", "column-3": "creator", "column-4": ""}
    assert ada.post(f"{page}/columns", data=chosen).status_code == 303
    shown = finished(ada, page)
    assert selected(shown) == ["id", "title", "creator", ""]
    assert "Bo Ek" in shown.text
    chosen["column-4"] = "subject"
    assert ada.post(f"{page}/columns", data=chosen | {"column-3": ""}).status_code == 303
    assert selected(finished(ada, page)) == ["id", "title", "", "subject"]
    ada.post(f"{page}/columns", data=chosen)
    finished(ada, page)
    form = {"institution": "north", "licence": "CC0-1.0", "terms": "1"}
    made = ada.post(page, data=form).headers["location"]
    with context.database.begin() as connection:
        registration = registrations.get(connection, made.rpartition("/")[2])
        registering.proven(connection, settings, registration, "vouched", "boss")
        source = sources.get(connection, "north")
    report = harvest_source(context.database, source, Client.from_settings(settings))
    assert (report.status, report.new) == ("complete", 2)
    with context.database.connect() as connection:
        found = {record.record: record for batch in records.iterate(connection) for _, record in batch}
    assert [creator.name for creator in found["2"].creators] == ["Bo Ek"]
    assert found["1"].subjects == ["red"]


def test_what_they_would_join_is_shown(visitor: Any, context: Any) -> None:
    table = context.settings.home / "here.csv"
    table.write_text("id,title,author,isbn\n1,The northern harbour,Ann Li,\n2,Tides,Bo Ek,9780141439518\n")
    with context.database.begin() as connection:
        sources.add(
            connection, Source(id="here", protocol="csv", location=str(table), format="csv", institution="south")
        )
        source = sources.get(connection, "here")
    harvest_source(context.database, source, Client.from_settings(context.settings))
    with closing(open_engine(context.settings)) as engine:
        update(context.database, engine, context.settings)
    context.refresh()
    mine = "id,title,author,isbn\na,The Northern Harbour,Ann Li,\nb,Ebb,X Y,0141439513\nc,Tides,Nobody Else,\n"
    browser = visitor()
    page = finished(browser, uploaded(browser, mine.encode())).text
    assert re.findall(r"Would join here: <a href=\"/works/\w+\"><bdi>([^<]+)", page) == [
        "The northern harbour",
        "Tides",
    ]
    with context.database.connect() as connection:
        assert records.count(connection) == 2


def advice(browser: Any, page: str) -> str:
    """The words of a finished look."""
    return html.unescape(finished(browser, page).text)


def test_first_time_failures_name_what_to_do(visitor: Any, library: Any) -> None:
    browser = visitor()
    gone = advice(browser, tried(browser, f"{library.home}/oai/wrong"))  # the wrong address
    assert "ask the institution for the base URL of its OAI-PMH server, or for a file" in gone
    pdf = advice(browser, uploaded(browser, b"%PDF-1.7\n%\xe2\xe3 1 0 obj", "catalogue.pdf"))  # the wrong format
    assert "ask for the catalogue itself: an export as a table" in pdf
    table = "编号,题名,责任者\n1,海港,李安\n2,潮汐,王博\n".encode("gb18030")  # read without being told
    chinese = advice(browser, uploaded(browser, table))
    assert "海港" in chinese
    assert "gb18030" in chinese.lower()
    assert selected(finished(browser, uploaded(browser, table))) == ["id", "title", "creator"]


def test_a_dead_certificate_is_told_with_its_cure(visitor: Any, library: Any) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    server = type(library.oai)(library.oai.items, tls=tls)
    browser = visitor()
    page = advice(browser, tried(browser, server.url))
    server.close()
    assert "the TLS certificate does not hold" in page
    assert "to send the intermediate certificates too" in page


def test_a_list_in_one_huge_page_is_told_with_its_cure(visitor: Any, library: Any) -> None:
    record = library.oai.items[0]
    library.oai.items = [replace(record, identifier=f"i{n}", metadata=DC.format("x" * 20_000)) for n in range(200)]
    library.oai.page = 200
    browser = visitor()
    page = advice(browser, tried(browser, library.url))
    assert "not known whether it works" in page
    assert "in pages of 100 to 1,000 records" in page


def test_every_step_of_a_look_has_a_name_in_every_language() -> None:
    folder = Path(harvester.probe.__file__).parent
    told = set(re.findall(r'tell(?:_error)?\(\s*"(\w+)"', "".join(file.read_text() for file in folder.glob("*.py"))))
    told |= set(_CODES.values()) | {"answer"}
    assert len(told) > 15
    for lang in LANGUAGES:
        assert {code for code in told if f"register.step_{code}" not in catalogue(lang)} == set()


def test_a_look_that_could_not_begin_is_not_under_way(app: Any, monkeypatch: pytest.MonkeyPatch, library: Any) -> None:
    trying = app.state.trials
    with monkeypatch.context() as broken:
        broken.setattr("search_api.accounts.trying.trials.add", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trying.begin("203.0.113.9", library.url)
    assert isinstance(trying.begin("203.0.113.9", library.url), str)
    trying.close()
