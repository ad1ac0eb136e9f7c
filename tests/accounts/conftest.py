"""Two institutions that are nothing to each other, and people who log in over HTTP."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from argon2 import PasswordHasher
from dnslib import QTYPE, RCODE, RR, TXT
from dnslib.server import BaseResolver, DNSLogger, DNSServer
from fastapi.testclient import TestClient

from config.settings import Settings
from lampway.outside import Harvester
from schemas.institution import Institution
from search_api.accounts import passwords
from search_api.app import create_app
from search_api.context import Context, open_context
from store import accounts, institutions
from store.database import Database

PUBLIC = "https://lampway.example"
PASSWORD = "three plain words"
PLACES = [
    Institution(number=0, id=id_, name=id_.title(), kind="library", lat=55.0, lon=-1.6, timezone="Europe/London")
    for id_ in ("north", "south")
]


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hash with a thousandth of its cost; one test logs in with the real one."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))


@pytest.fixture
def settings(tmp_path: Path, names: Names) -> Settings:
    return Settings(  # type: ignore[call-arg]
        home=tmp_path,
        public_url=PUBLIC,
        registration="proven",
        fetch_allow=("127.0.0.1",),
        fetch_pause=0,
        dns=(names.address,),
        _env_file=None,
    )


@pytest.fixture
def context(settings: Settings, database: Database) -> Iterator[Context]:
    with database.begin() as connection:
        institutions.upsert(connection, PLACES)
    context = open_context(settings, clock=lambda: datetime.now(UTC))
    yield context
    context.close()


@pytest.fixture
def app(context: Context) -> Any:
    return create_app(context, outside=Harvester(context.database, context.settings))


@pytest.fixture
def visitor(app: Any) -> Iterator[Callable[..., TestClient]]:
    """A browser of one's own at our address; nobody is logged in."""
    opened: list[TestClient] = []

    def browser(client: str = "203.0.113.9", **headers: str) -> TestClient:
        own = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html", **headers}
        found = TestClient(app, base_url=PUBLIC, headers=own, client=(client, 50000), follow_redirects=False)
        opened.append(found)
        return found

    with TestClient(app):
        yield browser


@pytest.fixture
def person(context: Context, visitor: Callable[..., TestClient]) -> Callable[..., TestClient]:
    """Logs somebody in: ``person("ada@example.org", north="editor")``."""
    kept = passwords.hashed(PASSWORD)

    def log_in(email: str, *, operator: bool = False, **roles: Any) -> TestClient:
        with context.database.begin() as connection:
            account = accounts.add(connection, email, operator=operator)
            accounts.set_password(connection, account.number, kept)
            for institution, role in roles.items():
                accounts.set_role(connection, account.number, institution, role)
        browser = visitor()
        response = browser.post("/login", data={"email": email, "password": PASSWORD})
        assert response.status_code == 303, response.text
        return browser

    return log_in


class Library:
    """A library's own site on loopback: a page, an OAI-PMH server it links to, and files one can put there."""

    def __init__(self, oai: Any) -> None:
        self.oai = oai.Server([oai.item(n, f"The harbour, part {n}") for n in range(1, 8)])
        self.files: dict[str, bytes] = {"/": b'<html><a href="/repo/oai">OAI-PMH</a><p>Welcome</p></html>'}
        self.asked: list[str] = []
        own = self

        class Site(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                own.asked.append(path)
                body = own.files.get(path)
                if path == "/repo/oai":
                    body = own.oai.right(dict(parse_qsl(query)))
                    body = body.replace(own.oai.url.encode(), own.url.encode())
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Type", "text/xml" if path == "/repo/oai" else "text/html")
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.home = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.home}/repo/oai"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.oai.close()


@pytest.fixture
def library() -> Iterator[Library]:
    name = "lampway_tests_oai_server"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.parent / "oai_server.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    made = Library(sys.modules[name])
    yield made
    made.close()


class Names:
    """A name server on loopback that knows the TXT records it is told."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        own = self

        class Zone(BaseResolver):
            def resolve(self, request: Any, handler: Any) -> Any:
                reply, name = request.reply(), str(request.q.qname).rstrip(".").lower()
                for text in own.texts.get(name, []):
                    reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT(text)))
                if name not in own.texts:
                    reply.header.rcode = RCODE.NXDOMAIN
                return reply

        quiet = DNSLogger(log="-request,-reply,-truncated,-error,-recv,-send,-data")
        self._server = DNSServer(Zone(), address="127.0.0.1", port=0, logger=quiet)
        self._server.start_thread()
        self.address = f"127.0.0.1:{self._server.server.server_address[1]}"

    def close(self) -> None:
        self._server.stop()
        self._server.server.server_close()


@pytest.fixture
def names() -> Iterator[Names]:
    made = Names()
    yield made
    made.close()
