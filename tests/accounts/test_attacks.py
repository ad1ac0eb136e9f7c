"""What strangers try: each is refused in bounded time, with words for honest people, and leaves no trace in a log."""

from __future__ import annotations

import gzip
import html
import io
import json
import re
import socket
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import search_api.web
from schemas.catalogue import Source
from schemas.registration import NewInstitution, Proposal
from search_api import access_log
from search_api.app import ACCOUNT_ROUTERS
from search_api.web import register_pages
from store import accounts, api_keys, audit, links, registrations, sources
from store.secrets import seal

Browser = Callable[..., Any]
SCRIPT = "</script><script>alert(4711)</script>\"'><img src=x onerror=alert(4711)>"


class Server:
    """Counts who comes; at ``/to/N`` it leads to the N-th of its targets."""

    def __init__(self, host: str, port: int) -> None:
        self.hits, self.targets = 0, list[str]()
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                own.hits += 1
                to = self.path.startswith("/to/")
                self.send_response(302 if to else 200)
                if to:
                    self.send_header("Location", own.targets[int(self.path.split("/")[2].partition("?")[0])])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer((host, port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.host, self.port = host, int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def inside_server() -> Server:
    """A server that nobody may be led to, at a port that strangers may name."""
    for last in range(3, 60):
        for port in (8080, 8443):
            try:
                return Server(f"127.0.0.{last}", port)
            except OSError:  # somebody else's
                continue
    pytest.fail("no loopback address has a free port 8080 or 8443")


def outcome(browser: Any, **form: Any) -> str:
    """The words in the end: the form's, or the finished look's."""
    answer = browser.post("/register", **form)
    if answer.status_code != 303:
        assert answer.status_code in (422, 429), answer.text
        return html.unescape(answer.text)
    began = time.monotonic()
    while "http-equiv" in (page := browser.get(answer.headers["location"])).text:
        assert time.monotonic() - began < 60, "the look did not end"
        time.sleep(0.03)
    return html.unescape(page.text)


def spellings(last: int) -> list[str]:
    """127.0.0.LAST as people write who want to be let in."""
    number = (127 << 24) + last
    return [
        f"127.0.0.{last}", f"127.{last}", str(number), f"0{number:o}", f"0x7f.{last}", f"{number:#x}",
        f"0177.0.0.{last}",
        f"[::ffff:127.0.0.{last}]", f"[::ffff:7f00:{last:x}]", f"[::7f00:{last:x}]", f"[64:ff9b::7f00:{last:x}]",
        f"[64:ff9b:1::7f00:{last:x}]", f"[2002:7f00:{last:x}::]", "inside.example", "both.example", "rebind.example",
    ]  # fmt: skip


NOT_ASCII = (
    "127\u30020\u30020\u3002{}",
    "\uff11\uff12\uff17.0.0.{}",
    "127\uff0e0\uff0e0\uff0e{}",
    "\u24d8nside.example",
)


def test_no_spelling_leads_inside(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, door = inside_server(), Server("127.0.0.1", 0)  # the door may be asked, what is behind it may not
    last, answers = int(inside.host.rpartition(".")[2]), Counter[str]()
    known = socket.getaddrinfo

    def names(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        found = {"inside.example": [inside.host], "both.example": ["93.184.215.14", inside.host]}.get(str(host), [])
        if host == "rebind.example":  # public for whoever checks first, then inside
            answers[host] += 1
            found = ["93.184.215.14", inside.host] if answers[host] == 1 else [inside.host]
        if found:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]
        return known(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", names)
    door.targets = [f"http://{host}:{inside.port}/" for host in spellings(last)]
    addresses = [*door.targets, *(f"http://127.0.0.1:{door.port}/to/{n}" for n in range(len(door.targets)))]
    began = time.monotonic()
    for number, address in enumerate(addresses):
        text = outcome(visitor(client=f"203.0.113.{number}"), data={"address": address})
        assert "cannot be harvested" in text, address
    for host in NOT_ASCII:
        text = outcome(visitor(), data={"address": f"http://{host.format(last)}:{inside.port}/"})
        assert "That is no web address" in text
    assert time.monotonic() - began < 60
    assert door.hits >= len(door.targets)
    assert inside.hits == 0
    inside.close()
    door.close()


SECRET = "planted-in-a-file-4711"
DOCUMENT = """<!DOCTYPE r [{}]><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>
<header><identifier>a</identifier><datestamp>2024-01-01</datestamp></header><metadata>
<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>{}</dc:title></oai_dc:dc></metadata></record></ListRecords></OAI-PMH>"""


def zipped(name: str, content: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        name, content = "inner.zip", packed.getvalue()
    return content


def hostile_files(inside: Path) -> dict[str, bytes]:
    zeros = b"id,title\n" + b"0" * (64 << 20)
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    sheet = {"xl/workbook.xml": b"<workbook/>", "[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": zeros}
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sheet.items():
            archive.writestr(name, content)
    return {
        "entity.xml": DOCUMENT.format(f'<!ENTITY x SYSTEM "file://{inside}">', "&x;").encode(),
        "parameter.xml": DOCUMENT.format(f'<!ENTITY % x SYSTEM "file://{inside}">%x;', "a").encode(),
        "laughs.xml": DOCUMENT.format(f'<!ENTITY a0 "ha">{laughs}', "&a9;").encode(),
        "bomb.csv.gz": gzip.compress(zeros),
        "bomb.zip": zipped("bomb.csv", zeros),
        "nested.zip": zipped("bomb.csv", b"id,title\n1,x\n", times=3),
        "climb.zip": zipped("../../../climbed.csv", b"id,title\n1,x\n"),
        "bomb.xlsx": book.getvalue(),
        "deep.xml": b"<r>" * 200_000,
        "deep.json": b"[" * 200_000,
    }


def test_files_that_bite(visitor: Browser, context: Any, tmp_path: Path) -> None:
    inside = tmp_path / "inside.txt"
    inside.write_text(SECRET)
    for number, (name, content) in enumerate(hostile_files(inside).items()):
        began = time.monotonic()
        files = {"file": (name, content, "application/octet-stream")}
        text = outcome(visitor(client=f"203.0.113.{number}"), data={"address": ""}, files=files)
        assert time.monotonic() - began < 60
        assert SECRET not in text, name
        assert "hahahaha" not in text
        assert "for a reason of ours" not in text, name
        assert str(context.settings.home) not in text
        if name not in {"climb.zip", "nested.zip"}:
            assert re.search("cannot be harvested|Take care|Not known", text), name
    assert not list(context.settings.home.rglob("climbed.csv"))


@pytest.mark.parametrize("size", [51 << 20])
def test_too_much_is_refused_before_it_is_read(visitor: Browser, size: int) -> None:
    files = {"file": ("big.csv", b"0" * size, "text/csv")}
    assert visitor().post("/register", data={"address": ""}, files=files).status_code == 413


def made(context: Any, email: str = "ada@example.org") -> dict[str, str]:
    """A registration, a source with a sealed login, a key and a trial: a value for each parameter of a path."""
    with context.database.begin() as connection:
        account = accounts.by_email(connection, email)
        own = Proposal(location="https://n.example/oai", protocol="oai", format="oai_dc", institution="north")
        registration = registrations.add(connection, account.number, "probed", own)
        sealed = seal(context.settings.home, "planted-password-4711")
        sources.add(
            connection,
            Source(
                id="s", protocol="oai", location="https://n.example/oai", format="oai_dc", institution="north",
                auth="basic:reader", sealed=sealed,
            ),
        )  # fmt: skip
        key = api_keys.create(connection, "north")
        link = links.make(connection, "login", email)
    return {"institution": "north", "registration": registration.id, "source": "s", "key": key, "link": link}


def paths(things: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(method, path) of all routes of people, with real things in them."""
    for route in (route for router in ACCOUNT_ROUTERS for route in router.routes if isinstance(route, APIRoute)):
        id_ = things["source"] if "/sources/" in route.path else things["registration"]
        id_ = things["key"].split("_")[1] if "/keys/" in route.path else id_
        path = route.path.replace("{institution}", "north").replace("{id}", id_).replace("{act}", "schedule")
        path = path.replace("{name}", "raw").replace("{secret}", things["link"])
        yield from ((method, path) for method in sorted(route.methods - {"HEAD"}) if "logout" not in path)


def field_names() -> set[str]:
    """Names of the fields of all forms, as the templates write them."""
    folder = Path(search_api.web.__file__).parent / "templates"
    text = "".join(file.read_text("utf-8") for file in folder.rglob("*.html"))
    return set(re.findall(r'(?:name="|field\(form, ")([\w-]+)"', text)) | {
        "next",
        "column-1",
        "schedule",
        "opening_hours",
    }


def test_scripts_in_every_field_come_back_as_text(person: Browser, context: Any) -> None:
    ada = person("ada@example.org", north="editor")
    things = made(context)
    boss = person("boss@example.org", operator=True)
    fields = field_names()
    assert {"email", "reason", "record", "label", "position"} <= fields
    answered = 0
    for method, path in paths(things):
        for browser in (ada, boss):
            sent = {"data": dict.fromkeys(fields, SCRIPT)} if method == "POST" else {}
            answer = browser.request(method, path, params={"done": SCRIPT, "work": SCRIPT, "next": SCRIPT}, **sent)
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"
            if "html" in answer.headers.get("content-type", ""):
                assert "<script>alert(4711)" not in answer.text, f"{method} {path}"
                assert "<img src=x" not in answer.text, f"{method} {path}"
            assert "4711" not in answer.headers.get("location", "").partition("?")[0]
            answered += answer.status_code in (200, 422)
    assert answered > 20


NAMES = (
    "Library\u202eyrarbil", "Zero\u200bwidth", "Bell\x07", "Soft\u00adhyphen", "Line\u2028break", "\ufeffMark",
    "\u2066x",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_with_what_cannot_be_seen_are_refused(name: str) -> None:
    form = register_pages.Form({"name": name, "kind": "library"})
    assert register_pages.name_of(form, lambda key: key) == ""
    assert form.wrong == {"name": "register.name_hidden"}


def test_names_are_kept_composed(person: Browser, visitor: Browser, context: Any) -> None:
    form = register_pages.Form({"name": "  Bibliothe\u0300que   X ", "kind": "library"})
    assert register_pages.name_of(form, lambda key: key) == "Biblioth\u00e8que X"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("\r\n\t\0 \\/:;=@.%0dax\u2028\u560a"), max_size=30))
def test_no_header_and_no_log_line_is_forged(visitor: Browser, capsys: pytest.CaptureFixture[str], text: str) -> None:
    access_log.configure()
    try:
        browser = visitor()
        for answer in (
            browser.get("/login", params={"next": f"/account{text}", "lang": text}),
            browser.post("/login", data={"email": f"a@example.org{text}", "password": text, "next": text}),
            browser.post("/register", data={"address": f"https://x.example/{text}\r\nSet-Cookie: a=b"}),
            browser.get("/account", params={"x": text}),
        ):
            assert answer.status_code < 500
            assert "a=b" not in answer.headers.get("set-cookie", "")
            assert answer.headers.get("location", "/").startswith("/")
            assert not answer.headers.get("location", "/").startswith(("//", "/\\"))
    finally:
        structlog.reset_defaults()
    for line in capsys.readouterr().err.splitlines():
        assert json.loads(line)["event"], line


def test_what_a_client_says_of_itself_is_not_believed(visitor: Browser, context: Any) -> None:
    browser = visitor()
    codes = []
    for number in range(40):
        forged = {
            "X-Forwarded-For": f"9.9.9.{number}",
            "Forwarded": f"for=9.9.9.{number}",
            "X-Real-IP": f"9.9.9.{number}",
        }
        answer = browser.post("/login", data={"email": f"{number}@example.org", "password": "x"}, headers=forged)
        codes.append(answer.status_code)
    assert codes[-1] == 429
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "evil"}):
        answer = visitor(client="203.0.113.77").get("/register", headers=headers)
        assert "evil" not in answer.text + str(answer.headers)


def test_scanners_use_nothing_up_and_a_link_serves_once(visitor: Browser, person: Browser, context: Any) -> None:
    person("ada@example.org")
    things = made(context)
    with context.database.begin() as connection:
        contact = links.make(connection, "contact", "o@n.example", registration=things["registration"])
    for path in (f"/link/{things['link']}", f"/contact/{contact}"):
        for _ in range(3):
            scanner = visitor()
            assert scanner.get(path).status_code == 200
            assert scanner.head(path).status_code == 200
            assert not scanner.cookies
        assert visitor(**{"Sec-Fetch-Site": "cross-site"}).post(path).status_code == 403
        assert visitor().post(path).status_code in (200, 303)
        again = visitor().post(path)
        assert again.status_code in (200, 404, 410)
        assert not again.cookies
    with context.database.connect() as connection:
        steps = [line for line in audit.read(connection) if line.action == "registration.step"]
        logins = [line for line in audit.read(connection) if line.detail.get("by") == "login"]
    assert (len(steps), len(logins)) == (3, 1)


def test_what_is_secret_is_told_nowhere(
    person: Browser, visitor: Browser, context: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person("ada@example.org", north="editor")
    things = made(context)
    said: list[str] = []
    access_log.configure()
    try:
        for method, path in paths(things):
            answer = ada.request(method, path, params={"q": "planted-query-4711"})
            said.append(answer.text.replace("planted-query-4711", "", 1) if "planted" in answer.text else answer.text)
        said.append(visitor().get("/api/search?q=planted-query-4711&near=54.9712345,-1.6112345").text)
        monkeypatch.setattr(context, "registry", lambda: 1 / 0)
        visitor().get(f"/link/{things['link']}x?q=planted-query-4711")
        failed = visitor().get("/institutions?q=planted-query-4711")
        assert failed.status_code == 500
    finally:
        structlog.reset_defaults()
    logged = capsys.readouterr().err
    told = "".join(said)
    assert "ZeroDivisionError" in logged
    for secret in (things["key"], "planted-password-4711", things["link"]):
        assert secret not in logged
        assert secret not in failed.text
    for secret in (things["key"], "planted-password-4711"):
        assert secret not in told
    for private in ("planted-query-4711", "ada@example.org", "54.97123", "203.0.113.9"):
        assert private not in logged


def test_formulas_stay_text(visitor: Browser) -> None:
    table = 'id,title\n1,"=HYPERLINK(""http://evil.example"",""x"")"\n2,@SUM(1)\n3,-2+3\n'
    text = outcome(visitor(), data={"address": ""}, files={"file": ("f.csv", table.encode(), "text/csv")})
    assert '=HYPERLINK("http://evil.example","x")' in text
    assert 'href="http://evil.example' not in text


def test_a_look_alike_is_pointed_out(person: Browser, context: Any) -> None:
    with context.database.begin() as connection:
        ada = accounts.add(connection, "ada@example.org")
        new = NewInstitution(name="N\u043erth")  # with a Cyrillic letter
        own = Proposal(location="https://evil.example/oai", protocol="oai", format="oai_dc", new=new)
        registrations.add(connection, ada.number, "proven", own)
    assert "looks like North," in html.unescape(person("boss@example.org", operator=True).get("/operator").text)
