"""A real OAI-PMH server on loopback that plays a list of records, and any fault a script puts in its way.

Reached through the fixture ``oai`` (see conftest): ``server = oai.Server([oai.item(1), ...])``, ``server.url``.
A script is called with the request's arguments and how often this very request came before; it returns an Answer, or
None for the right one.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

SECONDS, DAY = "YYYY-MM-DDThh:mm:ssZ", "YYYY-MM-DD"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)
DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/">{}</oai_dc:dc>'
)
NAMESPACES = {
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "marc21": "http://www.loc.gov/MARC21/slim",
}


@dataclass
class Item:
    """One record of the server. ``metadata`` is the XML inside <metadata>; None = the element is missing."""

    identifier: str
    metadata: str | None
    datestamp: str = "2024-01-01T00:00:00Z"
    deleted: str = ""
    sets: tuple[str, ...] = ()
    title: str = ""

    def header(self) -> str:
        status = f' status="{self.deleted}"' if self.deleted else ""
        sets = "".join(f"<setSpec>{escape(name)}</setSpec>" for name in self.sets)
        return (
            f"<header{status}><identifier>{escape(self.identifier)}</identifier>"
            f"<datestamp>{self.datestamp}</datestamp>{sets}</header>"
        )

    def xml(self) -> str:
        body = "" if self.metadata is None else f"<metadata>{self.metadata}</metadata>"
        return f"<record>{self.header()}{body}</record>"


def item(number: int, title: str | None = None, **changes: object) -> Item:
    """A live record in oai_dc with a title, a creator and a date."""
    fields = (
        f"<dc:title>{escape(title or f'Título {number}')}</dc:title><dc:creator>Müller, Änne</dc:creator>"
        f"<dc:date>19{number % 100:02d}</dc:date><dc:type>Text</dc:type><dc:language>eng</dc:language>"
    )
    made = Item(f"oai:test:{number}", DC.format(fields), title=title or f"Título {number}")
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def tombstone(number: int, **changes: object) -> Item:
    """A deleted record."""
    made = Item(f"oai:test:{number}", None, deleted="deleted")
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@dataclass
class Answer:
    """What the server sends. With ``send`` a function writes to the socket itself."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    send: Callable[[socket.socket], None] | None = None


Script = Callable[[dict[str, str], int], Answer | None]


class Server:
    """Serves ``items`` in pages; both may be changed at any time, as on a real server."""

    def __init__(
        self,
        items: Sequence[Item] = (),
        *,
        page: int = 10,
        granularity: str = SECONDS,
        deleted: str = "persistent",
        sizes: bool = True,
        formats: Sequence[str] = ("oai_dc",),
        sets: Sequence[str] = (),
        verbs: Sequence[str] = ("ListRecords", "ListIdentifiers", "GetRecord"),
        script: Script | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.items, self.page, self.sizes = list(items), page, sizes
        self.granularity, self.deleted, self.formats, self.sets = granularity, deleted, list(formats), list(sets)
        self.script, self.verbs = script, verbs
        self.response_date = "2024-06-01T12:00:00Z"
        self.requests: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self._counts: Counter[str] = Counter()
        self._http = ThreadingHTTPServer((host, 0), _handler(self))
        self._http.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._http.block_on_close = False
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return str(self._http.server_address[0])

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.host}:{self.port}/oai"

    def lists(self) -> list[dict[str, str]]:
        """The requests for records."""
        return [request for request in self.requests if request.get("verb") == "ListRecords"]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, arguments: dict[str, str]) -> Answer:
        self.requests.append(arguments)
        key = repr(sorted(arguments.items()))
        times = self._counts[key]
        self._counts[key] += 1
        scripted = self.script(arguments, times) if self.script else None
        return scripted or Answer(self.right(arguments), headers={"Content-Type": "text/xml; charset=utf-8"})

    def right(self, arguments: dict[str, str]) -> bytes:
        """The answer of a server without faults."""
        verb = arguments.get("verb", "")
        if verb == "Identify":
            return self.document(
                f"<Identify><repositoryName>Test</repositoryName><baseURL>{self.url}</baseURL>"
                "<protocolVersion>2.0</protocolVersion><adminEmail>a@example.org</adminEmail>"
                f"<earliestDatestamp>2000-01-01T00:00:00Z</earliestDatestamp><deletedRecord>{self.deleted}"
                f"</deletedRecord><granularity>{self.granularity}</granularity></Identify>"
            )
        if verb == "ListMetadataFormats":
            inner = "".join(
                f"<metadataFormat><metadataPrefix>{name}</metadataPrefix><schema>http://example.org/x.xsd</schema>"
                f"<metadataNamespace>{NAMESPACES.get(name, 'urn:x:' + name)}</metadataNamespace></metadataFormat>"
                for name in self.formats
            )
            return self.document(f"<ListMetadataFormats>{inner}</ListMetadataFormats>")
        if verb == "ListSets":
            if not self.sets:
                return self.error("noSetHierarchy")
            inner = "".join(f"<set><setSpec>{name}</setSpec><setName>{name}</setName></set>" for name in self.sets)
            return self.document(f"<ListSets>{inner}</ListSets>")
        if verb not in self.verbs:
            return self.error("badVerb")
        if verb in {"ListRecords", "ListIdentifiers"}:
            return self._list(arguments)
        if verb == "GetRecord":
            found = [one for one in self.items if one.identifier == arguments.get("identifier")]
            if not found:
                return self.error("idDoesNotExist")
            return self.document(f"<GetRecord>{found[0].xml()}</GetRecord>")
        return self.error("badVerb")

    def _list(self, arguments: dict[str, str]) -> bytes:
        if token := arguments.get("resumptionToken"):
            if len(arguments) > 2:
                return self.error("badArgument", "resumptionToken is exclusive")
            try:
                since, until, set_, start = token.split("|")
                offset = int(start)
            except ValueError:
                return self.error("badResumptionToken")
        else:
            if arguments.get("metadataPrefix") not in self.formats:
                return self.error("cannotDisseminateFormat")
            since, until, set_ = (arguments.get(name, "") for name in ("from", "until", "set"))
            offset = 0
            if self.granularity == DAY and "T" in since + until:
                return self.error("badArgument", "granularity is a day")
            if since and until and (since > until or len(since) != len(until)):
                return self.error("badArgument", "from and until")
        chosen = [
            one
            for one in self.items
            if one.datestamp[: len(since)] >= since
            and (not until or one.datestamp[: len(until)] <= until)
            and (not set_ or any(name == set_ or name.startswith(set_ + ":") for name in one.sets))
        ]
        if not chosen:
            return self.error("noRecordsMatch")
        page = chosen[offset : offset + self.page]
        more = offset + self.page < len(chosen)
        following = f"{since}|{until}|{set_}|{offset + self.page}" if more else ""
        size = len(chosen) if self.sizes else None
        if arguments["verb"] == "ListIdentifiers":
            return self.headers_of(page, following, size)
        return self.records(page, following, size)

    def headers_of(self, page: Sequence[Item], token: str | None = None, size: int | None = None) -> bytes:
        """A page of headers."""
        return self.records([one.header() for one in page], token, size).replace(b"ListRecords>", b"ListIdentifiers>")

    def records(self, page: Sequence[Item | str], token: str | None = None, size: int | None = None) -> bytes:
        """A page of records. Token None: no token element; "": the empty one of the last page."""
        inner = "".join(one if isinstance(one, str) else one.xml() for one in page)
        if token is not None:
            attribute = f' completeListSize="{size}"' if size is not None else ""
            inner += f"<resumptionToken{attribute}>{escape(token)}</resumptionToken>"
        return self.document(f"<ListRecords>{inner}</ListRecords>")

    def error(self, code: str, text: str = "") -> bytes:
        return self.document(f'<error code="{code}">{text}</error>')

    def document(self, inner: str, head: str = HEAD) -> bytes:
        date = f"<responseDate>{self.response_date}</responseDate>"
        return f"{head}{date}<request>{self.url}</request>{inner}</OAI-PMH>".encode()


def drip(data: bytes, every: float, head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n") -> Answer:
    """An answer that comes byte by byte for ever."""

    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(every)

    return Answer(send=send)


def cut(data: bytes, *, announced: bool = True) -> Answer:
    """Half of an answer, then the end of the connection; with or without the length announced."""

    def send(connection: socket.socket) -> None:
        length = f"Content-Length: {len(data)}\r\n" if announced else ""
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{length}\r\n".encode() + data[: len(data) // 2]
        )

    return Answer(send=send)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            server.connections += 1

        def do_GET(self) -> None:
            self._serve(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def _serve(self, query: str) -> None:
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = server.answer(dict(parse_qsl(query, keep_blank_values=True)))
            try:
                if answer.send:
                    self.close_connection = True
                    answer.send(self.connection)
                    return
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the client has had enough
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def serving(*servers: Server) -> Iterator[Server]:
    """Close servers at the end of a fixture."""
    try:
        yield from servers
    finally:
        for server in servers:
            server.close()
