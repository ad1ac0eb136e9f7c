"""The client for outside addresses: what it refuses, how long it waits, what it takes for whole."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from harvester.addresses import Allowed, BlockedError
from harvester.fetching import Client, FetchError, PatienceError, RefusedError, StatusError
from schemas.catalogue import Source


@pytest.fixture
def waits():
    return []


@pytest.fixture
def fetch(waits):
    """``fetch(url, allow=..., ...)`` with a client that notes its waits instead of sleeping."""
    made = []

    def get(url, params=None, **options):
        options = {"allow": ("127.0.0.1",), "stall": 2, "deadline": 5, "pause": 0, "sleep": waits.append, **options}
        made.append(Client(**options))
        return made[-1].get(url, params)

    yield get
    for client in made:
        client.close()


@pytest.fixture
def page(oai, serve):
    """A server that gives one answer: ``page(body, status, headers)`` or ``page(send=function)``; returns it."""

    def start(*answers, **fields):
        answers = list(answers) or [oai.Answer(**fields)]
        return serve(script=lambda _, times: answers[min(times, len(answers) - 1)])

    return start


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::7f00:1",
        "2001:0:53aa:64c:0:0:80ff:fffe", "fe80::1%eth0", "2001:db8::1", "64:ff9b:1::808:808",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address):
    with pytest.raises(BlockedError, match="is not public; set LAMPWAY_FETCH_ALLOW=host"):
        Allowed().check("host", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_pass(address):
    Allowed().check("host", address)


def test_exceptions_are_for_the_named_host_or_block_only():
    allowed = Allowed(("Intern.example", "10.1.0.0/16", "fd00::/8"))
    allowed.check("intern.example", "127.0.0.1")
    allowed.check("other.example", "10.1.2.3")
    allowed.check("other.example", "::ffff:10.1.2.3")
    allowed.check("other.example", "fd00::5")
    with pytest.raises(BlockedError):
        allowed.check("other.example", "10.2.0.1")


def test_ports_where_no_web_server_is_are_refused():
    for port in (80, 443, 8080, 8983, 12345):
        Allowed().check("host", "8.8.8.8", port)
    for port in (22, 25, 5432, 6379, 3306, 9200, 11211, 6000):
        with pytest.raises(BlockedError, match=f"port {port} of host is no port of web servers"):
            Allowed().check("host", "8.8.8.8", port)
        Allowed(("host",)).check("host", "8.8.8.8", port)


def test_a_name_with_a_public_and_a_private_address_is_refused(fetch, page, monkeypatch):
    server = page(body="secret")
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port)) for address in ("93.184.216.34", "10.0.0.7")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(RefusedError, match=r"10\.0\.0\.7 of both\.example is not public"):
        fetch(f"http://both.example:{server.port}/", allow=())


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "127.1"])
def test_other_spellings_of_loopback_are_refused_before_connecting(fetch, page, host):
    server = page(body="secret")
    with pytest.raises(RefusedError, match="not public"):
        fetch(f"http://{host}:{server.port}/", allow=())
    assert server.connections == 0


def test_a_second_dns_answer_cannot_go_round_the_check(fetch, page, monkeypatch):
    server = page(body="secret")
    answers = ["93.184.216.34", "127.0.0.1"]

    def resolve(host, port, *args, **kwargs):
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(RefusedError, match=r"127\.0\.0\.1 of rebind\.example is not public"):
        fetch(f"http://rebind.example:{server.port}/", allow=())
    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://x/", "ftp://127.0.0.1/", "http://user:pass@127.0.0.1/", "http:///x", "nonsense"],
)
def test_other_schemes_and_user_names_are_refused(fetch, url):
    with pytest.raises(RefusedError) as error:
        fetch(url)
    assert "pass@" not in str(error.value)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://10.0.0.1/", "http://169.254.169.254/latest"])
def test_redirects_are_checked_anew(fetch, page, target):
    with pytest.raises(RefusedError):
        fetch(page(status=302, headers={"Location": target}).url)


def test_redirects_end(fetch, oai, serve):
    server = serve(script=lambda *_: oai.Answer("", 302, {"Location": server.url}))
    with pytest.raises(RefusedError, match="more than 5 redirects"):
        fetch(server.url)
    assert len(server.requests) == 6


def test_the_body_of_a_redirect_is_not_waited_for(oai, serve, waits):
    there, sent = serve(script=lambda *_: oai.Answer("there")), 0

    def send(connection):
        nonlocal sent
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {there.url}\r\n\r\n".encode())
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 65536)
                sent += 65536

    client = Client(allow=("127.0.0.1",), pause=0, deadline=5, sleep=waits.append)
    here = serve(script=lambda *_: oai.Answer(send=send))
    assert client.get(here.url).content == b"there"
    assert (waits, sent < 64 << 20) == ([], True)
    client.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_keeps_the_arguments_that_its_address_forgets(oai, serve, status):
    other = serve(script=lambda *_: oai.Answer("there"))
    first = serve(script=lambda *_: oai.Answer("", status, {"Location": other.url}))
    client = Client(allow=("127.0.0.1",), pause=0)
    asked = {"verb": "ListRecords", "resumptionToken": "a b&c"}
    assert client.get(first.url, asked).content == b"there"
    assert other.requests[-1] == asked
    long = {"verb": "ListRecords", "resumptionToken": "x" * 9000}
    assert client.get(first.url, long).content == b"there"
    assert other.requests[-1] == long
    client.close()


def test_hosts_get_their_pause_whichever_client_asks(page, waits):
    server = page(body="x")
    clients = [Client(allow=("127.0.0.1",), pause=7, sleep=waits.append) for _ in range(3)]
    for client in clients:
        client.get(server.url)
        client.close()
    assert [round(wait) for wait in waits] == [7, 14]


def test_secret_headers_stay_with_the_first_host(oai, serve):
    other = serve(script=lambda *_: oai.Answer("there"))
    first = serve(script=lambda *_: oai.Answer("", 307, {"Location": other.url}))
    client = Client(allow=("127.0.0.1",), pause=0)
    assert client.get(first.url, headers={"Authorization": "secret"}).content == b"there"
    assert first.headers[0]["authorization"] == "secret"
    assert "authorization" not in other.headers[0]
    client.close()


def test_one_connection_serves_many_requests_and_says_who_asks(page):
    server = page(body="x" * 5000)
    client = Client(allow=("127.0.0.1",), pause=0, contact="mailto:a@example.org")
    for _ in range(5):
        assert client.get(server.url).status == 200
    client.close()
    assert server.connections == 1
    assert server.headers[0]["user-agent"].startswith("Lampway/")
    assert "mailto:a@example.org" in server.headers[0]["user-agent"]


def test_no_proxy_or_login_comes_from_the_environment(fetch, page, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = page(body="x")
    assert fetch(server.url).content == b"x"
    assert "authorization" not in server.headers[0]


def test_between_requests_to_a_host_there_is_a_pause(page, waits):
    server = page(body="x")
    client = Client(allow=("127.0.0.1",), pause=7, sleep=waits.append)
    client.get(server.url)
    client.get(server.url)
    client.close()
    assert len(waits) == 1
    assert 6 < waits[0] <= 7


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("3", 3, 3),
        ("0", 0, 0.1),
        ("850", 850, 850),
        ("999999999", 0.2, 0.6),
        ("nonsense", 0.2, 0.6),
        ("-5", 0.2, 0.6),
        ("", 0.2, 0.6),
    ],
)
def test_retry_after_in_seconds(fetch, page, oai, waits, value, low, high):
    server = page(oai.Answer("", 503, {"Retry-After": value}), oai.Answer("ready"))
    assert fetch(server.url).content == b"ready"
    assert low <= waits[0] <= high


def test_retry_after_as_a_date(fetch, page, oai, waits):
    from email.utils import formatdate

    server = page(oai.Answer("", 429, {"Retry-After": formatdate(time.time() + 20, usegmt=True)}), oai.Answer("ready"))
    assert fetch(server.url).content == b"ready"
    assert 17 < waits[0] <= 20


def test_patience_bounds_all_waiting_of_a_run(page, oai, waits):
    server = page(oai.Answer("", 503, {"Retry-After": "40"}))
    client = Client(allow=("127.0.0.1",), pause=0, patience=60, sleep=waits.append)
    with pytest.raises(PatienceError, match="patience of this run is used up") as error:
        client.get(server.url)
    assert error.value.resume_after == 40
    assert sum(waits) == 40
    with pytest.raises(FetchError, match="patience"):
        client.get(server.url)
    client.begin(Source(id="s", protocol="oai", location=server.url, format="oai_dc"))
    server.script = lambda *_: oai.Answer("ready")
    assert client.get(server.url).content == b"ready"
    client.close()


def test_errors_that_waiting_does_not_mend_are_told_at_once(fetch, page, waits):
    server = page(status=404)
    with pytest.raises(StatusError, match=r"answers 404 .*check the address"):
        fetch(server.url)
    assert waits == []


def test_nobody_there(fetch, waits):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(FetchError, match=r"cannot be reached: no connection: Connection refused \(asked 5 times\)"):
        fetch(f"http://127.0.0.1:{port}/")
    assert len(waits) == 4


@pytest.mark.parametrize("where", ["body", "head"])
def test_a_drip_ends_at_the_deadline(fetch, oai, page, where):
    head = b"HTTP/1.1 200 OK\r\n" if where == "head" else b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n"
    drip = oai.drip(b"X-A: b\r\n", 0.1, head)
    began = time.monotonic()
    with pytest.raises(FetchError, match="LAMPWAY_FETCH_DEADLINE"):
        fetch(page(drip).url, deadline=0.8)
    assert time.monotonic() - began < 10


def test_silence_is_given_up_and_asked_again(fetch, oai, page):
    stop = threading.Event()
    server = page(oai.Answer(send=lambda connection: stop.wait(5)), oai.Answer("ready"))
    assert fetch(server.url, stall=0.3).content == b"ready"
    stop.set()


def test_an_endless_body_is_cut_at_the_cap(oai, page):
    def send(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    client = Client(allow=("127.0.0.1",), pause=0)
    with pytest.raises(RefusedError, match="longer than 1,000,000 bytes"):
        client.get(page(send=send).url, limit=1_000_000)
    client.close()


def test_an_announced_giant_is_not_even_begun(oai, page):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nxx"
    with pytest.raises(RefusedError, match="announces 10,737,418,240 bytes"):
        Client(allow=("127.0.0.1",), pause=0).get(page(send=lambda connection: connection.sendall(head)).url)


def test_https_is_for_those_whose_certificate_is_signed_by_whom_we_trust(tmp_path, monkeypatch):
    authority, own = trustme.CA(), tmp_path / "own.pem"
    authority.cert_pem.write_to_path(own)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    class Closing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"page")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Closing)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    allow = ("127.0.0.1", "localhost")
    stranger, friend = Client(allow=allow, pause=0), Client(allow=allow, pause=0, authorities=own)
    read = []
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *given, **named: read.append(named))
    with pytest.raises(FetchError, match="certificate"):
        stranger.get(f"https://127.0.0.1:{server.server_port}/")
    with pytest.raises(FetchError, match="certificate"):
        friend.get(f"https://localhost:{server.server_port}/")  # it is another's
    for _ in range(2):  # each by a connection of its own
        assert friend.get(f"https://127.0.0.1:{server.server_port}/").content == b"page"
    assert read == []
    stranger.close()
    friend.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("bits", [15, -15])
def test_deflate_in_both_forms(fetch, page, bits):
    packer = zlib.compressobj(wbits=bits)
    packed = packer.compress(b"<a>text</a>" * 1000) + packer.flush()
    assert fetch(page(body=packed, headers={"Content-Encoding": "deflate"}).url).content == b"<a>text</a>" * 1000


def test_a_download_is_written_whole_or_not_at_all(oai, serve, tmp_path):
    right = b"id,title\n1,x\n" * 1000
    answers = [oai.cut(right), oai.Answer(right)]
    server = serve(script=lambda *_: answers.pop(0) if answers else oai.Answer("", 404))
    client = Client(allow=("127.0.0.1",), pause=0, sleep=lambda _: None)
    target = tmp_path / "file.csv"
    client.download(server.url, target)
    assert target.read_bytes() == right
    with pytest.raises(StatusError):
        client.download(server.url, target)
    assert target.read_bytes() == right
    assert [file.name for file in tmp_path.iterdir()] == ["file.csv"]
    client.close()


def test_a_packed_file_stays_packed_unless_the_transport_packed_it(oai, serve, tmp_path):
    import gzip

    packed = gzip.compress(b"a,b\n")
    client = Client(allow=("127.0.0.1",), pause=0)
    client.download(serve(script=lambda *_: oai.Answer(packed)).url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == packed
    transported = serve(script=lambda *_: oai.Answer(packed, headers={"Content-Encoding": "gzip"}))
    client.download(transported.url, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"a,b\n"
    client.close()
