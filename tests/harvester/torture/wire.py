"""Cases 9 to 28 and 42 to 47: HTTP, XML, logins."""

from __future__ import annotations

import gzip
import ssl
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import trustme
from torture.case import N, Outcome, World, case, reset, stall

TEXT = "text/xml; charset=utf-8"


def busy(status: int, headers: dict[str, str], times_wrong: int = 1) -> Any:
    """A fault: an HTTP error so many times."""
    return lambda w: w.spoil(lambda _, times: w.oai.Answer("busy", status, headers) if times < times_wrong else None)


def dirty(old: bytes, new: bytes) -> Any:
    """A fault: other bytes in the third page, always."""
    return lambda w: w.spoil(lambda right, _: right.replace(old, new))


case("9", "503 with seconds", "503, Retry-After: 1", "waits, asks again", busy(503, {"Retry-After": "1"}))
case(
    "9b", "503 with a day", "503, Retry-After: 86400, while it is maintained",
    "ends as incomplete with the time to go on, which the worker keeps; then goes on from there",
    lambda w: w.spoil(lambda *_: w.oai.Answer("", 503, {"Retry-After": "86400"}) if not w.kept else None),
    ends=("incomplete", "complete"), steps=((lambda w: w.kept.update(mended=True), False),),
    check=lambda end: _resumed(end),
)  # fmt: skip
case(
    "10", "503 with a date", "503, Retry-After as an HTTP date", "waits until then",
    lambda w: busy(503, {"Retry-After": formatdate(usegmt=True)})(w),
)  # fmt: skip
case("11", "503 without header, three times", "503 without saying how long", "waits longer each time",
     busy(503, {}, 3))  # fmt: skip
case("12", "429", "429, Retry-After: 1", "waits, asks again", busy(429, {"Retry-After": "1"}))
case(
    "13", "500 on one token only", "fails on one page, always, and is well otherwise",
    "asks for its records by name: all arrive", lambda w: w.spoil(lambda *_: w.oai.Answer("oops", 500)),
    says="asked for in smaller parts",
)  # fmt: skip


def poisoned(w: World) -> None:
    """One record that the server cannot give, in any list or alone, among 400 of many dates."""
    items = [w.oai.item(n, datestamp=f"20{10 + n % 12}-0{1 + n % 9}-{1 + n % 28:02d}T00:00:00Z") for n in range(400)]

    def script(arguments: dict[str, str], _: int) -> Any:
        right = w.server.right(arguments)
        bad = arguments["verb"] in {"ListRecords", "GetRecord"} and b"<identifier>oai:test:250<" in right
        return w.oai.Answer("oops", 500) if bad and not w.kept else None

    w.start(items, script=script)


case(
    "13b", "a record that breaks every page", "fails whenever one certain record is among those asked for",
    "halves the dates until the record stands alone, takes all others; asks for it in each run until it comes",
    poisoned,
    ends=("incomplete", "incomplete", "complete"), says="", missing=lambda _: set(),
    steps=((None, False), (lambda w: w.kept.update(mended=True), False)), check=lambda end: _isolated(end),
)  # fmt: skip
case(
    "14", "connection reset in a body", "resets the connection in the middle of a page, once", "asks again",
    lambda w: w.spoil(lambda right, times: w.oai.Answer(send=reset(right)) if times == 0 else None),
)  # fmt: skip
case(
    "15", "body stalls for minutes", "sends half a page and then nothing, once",
    "gives up after LAMPWAY_FETCH_STALL, asks again",
    lambda w: w.spoil(lambda right, times: w.oai.Answer(send=stall(right, 30)) if times == 0 else None),
)  # fmt: skip
case(
    "16", "truncated XML, once", "sends half a document as if it were whole", "asks again",
    lambda w: w.spoil(lambda right, times: right[: len(right) // 2] if times == 0 else None),
)  # fmt: skip
case(
    "16b", "truncated XML, always", "the same, each time", "never takes it for the end; asks for the records by name",
    lambda w: w.spoil(lambda right, _: right[: len(right) // 2]), says="cut off",
)  # fmt: skip
case("17", "control characters", "sends characters that XML forbids", "takes them out, counts, keeps all records",
     dirty(b"<dc:creator>", b"<dc:creator>\x0b\x1a&#x1f;"), says="characters that XML forbids")  # fmt: skip
case("18", "surrogate references", "sends &#55348;&#56606; and a lone &#55348;", "joins the pair, drops the lone one",
     dirty(b"<dc:creator>", b"<dc:creator>&#55348;&#56606;&#55348;"), says="characters that XML forbids")  # fmt: skip
case("19", "undeclared entity", "sends &nbsp; and a bare &", "writes them as they were meant",
     dirty(b"<dc:creator>", b"<dc:creator>&nbsp;A & B"), says="escaped ampersands")  # fmt: skip
BOMB = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>".encode() for n in range(9)
) + b"]>"  # fmt: skip
case(
    "20", "DTD bomb", "sends a document type whose entities unfold to gigabytes",
    "refuses the page unread; asks for its records by name",
    lambda w: w.spoil(lambda right, _: right.replace(b"<OAI-PMH", BOMB + b"<OAI-PMH", 1).replace(
        b"<dc:creator>", b"<dc:creator>&j;")),
    says="document type definition",
)  # fmt: skip
case(
    "21", "wrong charset header", "says charset=ISO-8859-1 over UTF-8", "believes the document",
    lambda w: w.start(script=lambda arguments, _: w.oai.Answer(
        w.server.right(arguments), headers={"Content-Type": "text/xml; charset=ISO-8859-1"})),
)  # fmt: skip
case(
    "22", "UTF-16 with BOM", "sends UTF-16", "reads it",
    lambda w: w.spoil(lambda right, _: right.decode().replace("UTF-8", "UTF-16", 1).encode("utf-16")),
)  # fmt: skip
case(
    "23", "gzip without header, header without gzip", "packs without saying so, and says so without packing",
    "looks at the bytes",
    lambda w: w.start(script=lambda arguments, _: (
        w.oai.Answer(gzip.compress(w.server.right(arguments))) if arguments.get("resumptionToken", "").endswith("20")
        else w.oai.Answer(w.server.right(arguments), headers={"Content-Encoding": "gzip"}))),
)  # fmt: skip
PAGE = b"<!DOCTYPE html>\n<html><head><title>%s</title></head><body>%s</body></html>"
case(
    "24", "HTML error page with 200", "sends a web page instead of an answer, once", "asks again",
    lambda w: w.spoil(lambda _, times: PAGE % (b"Error", b"database down") if times == 0 else None),
)  # fmt: skip


def challenge(w: World) -> None:
    def script(arguments: dict[str, str], _: int) -> Any:
        walled = not w.kept and len(w.server.lists()) > 2
        page = PAGE % (b"Just a moment...", b"<div class=cf-chl-widget>Checking your browser</div>")
        return w.oai.Answer(page, headers={"Content-Type": "text/html"}) if walled else None

    w.start(script=script)


case(
    "25", "bot-challenge page", "lets a wall for browsers answer from the third page on",
    "tells the institution what to let pass; goes on there when it does", challenge,
    ends=("incomplete", "complete"), steps=((lambda w: w.kept.update(open=True), False),),
    check=lambda end: _walled(end),
)  # fmt: skip


def to_https(w: World) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    w.authorities = authority.cert_pem.bytes()
    secure = w.start(tls=tls)
    old = w.serve(
        script=lambda arguments, _: w.oai.Answer("", 301, {"Location": f"{secure.url}?{urlencode(arguments)}"})
    )
    w.location = old.url


case("26", "301 to https", "has moved to https for good", "follows, checks the address, tells the new one", to_https,
     says="moved to https://")  # fmt: skip
case(
    "26b", "302 loop", "redirects to itself", "stops after five; nothing usable",
    lambda w: w.start([], script=lambda *_: w.oai.Answer("", 302, {"Location": w.server.url})),
    ends=("failed",), says="more than 5 redirects",
)  # fmt: skip


def moved_post(w: World) -> None:
    tokens = {"x" * 9000: "|||10", "y" * 9000: "|||20", "z" * 9000: "|||30"}

    def script(arguments: dict[str, str], _: int) -> Any:
        token = arguments.get("resumptionToken")
        right = w.server.right({**arguments, **({"resumptionToken": tokens.get(token, "")} if token else {})})
        for long, short in tokens.items():
            right = right.replace(f">{short}<".encode(), f">{long}<".encode())
        return w.oai.Answer(right)

    new = w.start(script=script)
    old = w.serve(script=lambda *_: w.oai.Answer("", 307, {"Location": new.url}))
    w.location = old.url


case(
    "26c",
    "307 on POST",
    "has tokens too long for an address, and redirects the POST",
    "sends the form again",
    moved_post,
)


def inward(w: World) -> None:
    w.kept["inner"] = w.serve([], host="127.0.0.2")
    target = w.kept["inner"].url
    w.spoil(lambda *_: w.oai.Answer("", 302, {"Location": target}))


case(
    "27", "redirect inward", "redirects a page to a private address (127.0.0.2; only 127.0.0.1 is allowed here)",
    "refuses before a byte is sent; keeps what came", inward, ends=("incomplete",),
    says="127.0.0.2 is not public", missing=lambda _: {f"oai:test:{n}" for n in range(20, N)},
    check=lambda end: _untouched(end),
)  # fmt: skip


def prefixed(w: World) -> None:
    def script(arguments: dict[str, str], _: int) -> Any:
        import re

        right = w.server.right(arguments).decode()
        if not arguments.get("resumptionToken", "").endswith(("|20", "|30")):
            right = re.sub(r"<(/?)(?![?/]|oai_dc:|dc:)", r"<\1oai:", right).replace(' xmlns="', ' xmlns:oai="', 1)
        else:
            right = right.replace(' xmlns="http://www.openarchives.org/OAI/2.0/"', "", 1)
        return w.oai.Answer(right)

    w.start(script=script)


case("28", "prefix oai:, and no namespace", "writes oai:record, and on other pages forgets the namespace",
     "reads by namespace; adds a missing one, with a note", prefixed, says="missing namespace")  # fmt: skip


def huge_page(w: World) -> None:
    """A server that puts everything in one page of 300 MB, and less where less is asked for."""
    items = [w.oai.item(n, datestamp=f"20{10 + n % 12}-01-01T00:00:00Z") for n in range(150)]

    def send(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
        for _ in range(300 << 4):
            connection.sendall(b" " * 65536)

    def script(arguments: dict[str, str], _: int) -> Any:
        huge = arguments["verb"] == "ListRecords" and "until" not in arguments and "from" not in arguments
        return w.oai.Answer(send=send) if huge else None

    w.start(items, script=script, page=1000)


case("42", "300 MB page", "sends everything in one page of 300 MB", "stops at 64 MB, asks for parts", huge_page,
     says="longer than 67,108,864 bytes")  # fmt: skip


def sticky(w: World) -> None:
    def script(arguments: dict[str, str], _: int) -> Any:
        if arguments.get("resumptionToken") and "node=7" not in w.server.headers[-1].get("cookie", ""):
            return w.oai.Answer(w.server.error("badResumptionToken", "another node's"))
        return w.oai.Answer(w.server.right(arguments), headers={"Set-Cookie": "node=7; Path=/"})

    w.start(script=script)


case(
    "43",
    "cookies for stickiness",
    "knows its tokens only on the node that a cookie names",
    "sends cookies back",
    sticky,
)


def locked(login: str, known: Any) -> Any:
    def build(w: World) -> None:
        w.login = login

        def script(arguments: dict[str, str], _: int) -> Any:
            if known(w.server.headers[-1], arguments):
                arguments.pop("key", None)
                return w.oai.Answer(w.server.right(arguments))
            return w.oai.Answer("", 401, {"WWW-Authenticate": 'Basic realm="x"'})

        w.start(script=script)

    return build


case("44", "Basic login", "wants user and password", "`--auth basic:USER`",
     locked("basic:me:secret", lambda h, _: h.get("authorization") == "Basic bWU6c2VjcmV0"))  # fmt: skip
case("44b", "API key in a header", "wants X-Api-Key", "`--auth header:X-Api-Key`",
     locked("header:X-Api-Key:secret", lambda h, _: h.get("x-api-key") == "secret"))  # fmt: skip
case("44c", "API key in the query", "wants key=", "`--auth query:key`",
     locked("query:key:secret", lambda _, a: a.get("key") == "secret"))  # fmt: skip


def chain(complete: bool) -> Any:
    def build(w: World) -> None:
        root = trustme.CA()
        between = root.create_child_ca()
        leaf = between.issue_cert("127.0.0.1")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "leaf.pem"
            file.write_bytes(leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes())
            tls.load_cert_chain(file)
        w.authorities = root.cert_pem.bytes() + (between.cert_pem.bytes() if complete else b"")
        w.start(tls=tls)

    return build


case("45", "incomplete TLS chain", "sends its certificate without the intermediate one",
     "never switches checking off; says what is wrong and two ways to mend it", chain(complete=False),
     ends=("failed",), says="chain is incomplete .* LAMPWAY_FETCH_CA", missing=lambda w: set(w.truth()))  # fmt: skip
case("45b", "incomplete TLS chain, mended here", "the same", "takes the missing certificate from LAMPWAY_FETCH_CA",
     chain(complete=True))  # fmt: skip
case(
    "46", "1.x protocol answer", "speaks OAI-PMH 1.1", "says so, takes nothing",
    lambda w: w.start(script=lambda arguments, _: w.oai.Answer(
        w.server.right(arguments).replace(b"http://www.openarchives.org/OAI/2.0/\"",
        b"http://www.openarchives.org/OAI/1.1/OAI\""))),
    ends=("failed",), says="not OAI-PMH 2.0", missing=lambda w: set(w.truth()),
)  # fmt: skip


def odd_tokens(w: World) -> None:
    odd = {"a+b & c%2Bd=é ;#?/1": "|||10", "  x  y": "|||20", "%25%": "|||30"}

    def script(arguments: dict[str, str], _: int) -> Any:
        from xml.sax.saxutils import escape

        token = arguments.get("resumptionToken")
        known = {name.strip(): place for name, place in odd.items()}
        right = w.server.right({**arguments, **({"resumptionToken": known.get(token.strip(), "?")} if token else {})})
        for name, place in odd.items():
            right = right.replace(f">{place}<".encode(), f">{escape(name)}<".encode())
        return w.oai.Answer(right)

    w.start(script=script)


case("47", "token with + & % = and spaces", "has tokens full of reserved characters", "encodes them once", odd_tokens)


def _resumed(end: Outcome) -> None:
    first, second = end.reports
    assert first.resume_at > first.finished_at
    assert "wants us to wait 86,400 s" in first.losses[-1].reason
    assert second.received == 20


def _isolated(end: Outcome) -> None:
    first, second, third = end.reports
    for report in (first, second):
        assert report.quarantined == 1
        assert [loss.record for loss in report.losses] == ["oai:test:250"]
        assert "identifier=oai%3Atest%3A250" in report.losses[0].position
    assert first.new == 399
    assert third.new == 1


def _walled(end: Outcome) -> None:
    first, second = end.reports
    assert "let the User-Agent Lampway pass" in first.losses[-1].reason
    assert first.received == 20
    assert second.received == 20


def _untouched(end: Outcome) -> None:
    assert end.world.kept["inner"].connections == 0
