"""The widget on a page of another origin that allows as little as it can."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from search_api.app import create_app
from search_api.context import Context
from search_api.web import assets

browser_test = pytest.mark.browser
PAGE = (
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Host</title>{head}</head>'
    "<body><main>{body}</main></body></html>"
)


class Host:
    """Somebody's site. It may stand before ours too, to be slow or broken in its place."""

    def __init__(self) -> None:
        self.page, self.policy = "", ""
        self.answers: Callable[[str], tuple[int, bytes]] | None = None
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, kind = 200, own.page.encode(), "text/html; charset=utf-8"
                if own.answers and not self.path.startswith("/page"):
                    (status, body), kind = own.answers(self.path), "application/json"
                    if self.path.startswith("/lampway.js"):
                        kind = "text/javascript"
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", str(len(body)))
                if own.policy and kind.startswith("text/html"):
                    self.send_header("Content-Security-Policy", own.policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.origin = f"http://localhost:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hosts() -> Iterator[Callable[[], Host]]:
    made: list[Host] = []

    def make() -> Host:
        made.append(Host())
        return made[-1]

    yield make
    for host in made:
        host.close()


class Seen:
    """What a browser did and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if "Content Security" in line.text else None)

    def asked(self) -> list[str]:
        return [url for url in self.requests if "/api/" in url]


@pytest.fixture
def show(browser: Browser, site: str, hosts: Any) -> Iterator[Callable[..., Seen]]:
    contexts = []

    def open_page(body: str, *, lang: str = "en", width: int = 1280, service: str = "", **more: Any) -> Seen:
        host, ours = hosts(), service or site
        host.page = PAGE.format(lang=lang, head=f'<script type="module" src="{ours}/lampway.js"></script>', body=body)
        host.policy = f"default-src 'none'; script-src {ours}; connect-src {ours}"
        context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=False, **more)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.set_default_timeout(15_000)
        seen.page.goto(f"{host.origin}/page")
        return seen

    yield open_page
    for context in contexts:
        context.close()


@browser_test
@pytest.mark.parametrize(("lang", "word"), [("en", "All places"), ("zh-CN", "全部地点")])
def test_it_shows_the_places_at_320_px(show: Any, lang: str, word: str, site: str) -> None:
    seen = show(
        '<lampway-nearby title="Turner\'s sketchbooks" near="54.97812,-1.61734"></lampway-nearby>', lang=lang, width=320
    )
    widget = seen.page.locator("lampway-nearby")
    expect(widget.locator("li").first).to_be_visible()
    expect(widget).to_contain_text(word)
    assert 1 <= widget.locator("li").count() <= 3
    (asked,) = seen.asked()
    assert dict(parse_qsl(urlsplit(asked).query))["near"] == "54.98,-1.62"
    assert seen.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert seen.page.context.cookies() == []
    assert seen.complaints == []
    assert all(url.startswith(("http://localhost", site)) for url in seen.requests)
    seen.page.keyboard.press("Tab")
    focused = seen.page.evaluate("document.activeElement.shadowRoot?.activeElement?.tagName")
    assert focused == "A"


@browser_test
def test_axe_finds_nothing(browser: Browser, show: Any) -> None:
    # Axe is a script that the strict policy would keep out: here it looks at the same widget without one.
    seen = show('<h1>Host</h1><lampway-nearby title="Turner\'s sketchbooks"></lampway-nearby>')
    expect(seen.page.locator("lampway-nearby li").first).to_be_visible()
    page = browser.new_context(bypass_csp=True).new_page()
    page.goto(seen.page.url)
    expect(page.locator("lampway-nearby li").first).to_be_visible()
    found = Axe().run(page)
    page.context.close()
    assert found.violations_count == 0, found.generate_report()


@browser_test
def test_twenty_widgets_ask_once_and_changes_ask_anew(show: Any) -> None:
    body = "".join(f'<lampway-nearby title="thing {n}" near="54.9,-1.6"></lampway-nearby>' for n in range(19))
    seen = show(body + '<lampway-nearby title="Turner\'s sketchbooks" near="54.9,-1.6"></lampway-nearby>')
    expect(seen.page.locator("lampway-nearby li").first).to_be_visible()
    assert len(seen.asked()) == 1
    assert len(parse_qsl(urlsplit(seen.asked()[0]).query)) == 22
    last = seen.page.locator("lampway-nearby").last
    last.evaluate("one => { one.setAttribute('title', 'zyxw'); one.setAttribute('near', '55,-1.6'); }")
    expect(last.locator("[role=status]")).to_contain_text("No library")
    assert len(seen.asked()) == 2


@browser_test
def test_things_with_long_names_are_asked_for_in_addresses_that_proxies_take(show: Any) -> None:
    body = "".join(f'<lampway-nearby title="{n} {"红楼梦 " * 200}"></lampway-nearby>' for n in range(4))
    seen = show(body + '<lampway-nearby title="Turner\'s sketchbooks"></lampway-nearby>')
    expect(seen.page.locator("lampway-nearby li").first).to_be_visible()
    expect(seen.page.locator("lampway-nearby [role=status]", has_text="No library")).to_have_count(4)
    assert len(seen.asked()) > 1
    assert max(map(len, seen.asked())) < 8000


@browser_test
@pytest.mark.parametrize("trouble", ["down", "slow", "rubbish"])
def test_with_the_service_in_trouble_it_says_so(show: Any, hosts: Any, trouble: str) -> None:
    service = hosts()
    script = assets.content("nearby.js").replace(b"PATIENCE = 8000", b"PATIENCE = 300")

    def answer(path: str) -> tuple[int, bytes]:
        if path.startswith("/lampway.js"):
            return 200, script
        if trouble == "slow":
            time.sleep(2)
        return (503, b"{}") if trouble == "down" else (200, b"<html>")

    service.answers = answer
    seen = show(
        '<lampway-nearby isbn="9780141439518"></lampway-nearby><p id="own">still here</p>', service=service.origin
    )
    expect(seen.page.locator("lampway-nearby [role=status]")).to_contain_text("cannot be found out")
    expect(seen.page.locator("#own")).to_be_visible()
    assert seen.complaints == []


@browser_test
def test_hostile_words_stay_words(show: Any, hosts: Any) -> None:
    service = hosts()
    script = assets.content("nearby.js")
    bad = '<img src=x onerror=\\"document.title=1\\">'
    card = (
        f'{{"want":"isbn:1","title":"{bad}","address":"javascript:alert(1)","institutions_count":1,"credit":"","problem":"",'
        f'"places":[{{"name":"{bad}","address":"javascript:alert(1)","facts":[{{"text":"{bad}","tone":"good","note":""}}]}}]}}'
    )
    service.answers = lambda path: (200, script if path.startswith("/lampway.js") else f'{{"cards":[{card}]}}'.encode())
    seen = show('<lampway-nearby isbn="1"></lampway-nearby>', service=service.origin)
    widget = seen.page.locator("lampway-nearby")
    expect(widget.locator("li")).to_contain_text("<img")
    assert widget.locator("img").count() == 0
    assert widget.locator("a[href^=javascript]").count() == 0
    assert seen.page.title() == "Host"


@pytest.fixture
def client(town: Context) -> Iterator[TestClient]:
    with TestClient(create_app(town), follow_redirects=False) as opened:
        yield opened


def test_it_is_small_and_pinned_by_its_content(client: TestClient) -> None:
    page = client.get("/embed?isbn=9780141439518").text
    script = client.get("/lampway.js")
    assert len(script.content) <= 15_000
    assert script.headers["access-control-allow-origin"] == "*"
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=3600" in script.headers["cache-control"]
    pinned = re.findall(r"/lampway-([0-9a-f]+)\.js", page)[0]
    assert client.get(f"/lampway-{pinned}.js").content == script.content
    assert "immutable" in client.get(f"/lampway-{pinned}.js").headers["cache-control"]
    assert client.get("/lampway-0000.js").status_code == 404


def test_lines_to_copy_never_hold_the_address_that_a_request_names(client: TestClient) -> None:
    page = client.get("/embed?isbn=9780141439518", headers={"Host": "elsewhere.example"}).text
    assert "elsewhere.example" not in page
    assert "LAMPWAY_PUBLIC_URL" in page
    assert 'href="/embed/nearby?isbn=9780141439518' in page


def test_the_frame_runs_nothing_and_may_be_framed(client: TestClient) -> None:
    frame = client.get("/embed/nearby?title=Turner's sketchbooks&near=54.978,-1.617&lang=zh")
    policy = frame.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "<script" not in frame.text
    assert 'lang="zh-Hans"' in frame.text
    assert "set-cookie" not in frame.headers
    for wrong in ("", "?isbn=9781849761031&near=Atlantis", "?title=x&at=never"):
        told = client.get(f"/embed/nearby{wrong}", headers={"Accept": "text/html"})
        assert told.status_code == 400
        assert "frame-ancestors *" in told.headers["content-security-policy"]  # else the frame would stay blank
    assert "Atlantis" in client.get("/embed/nearby?isbn=9781849761031&near=Atlantis").text
    assert "frame-ancestors 'none'" in client.get("/embed").headers["content-security-policy"]


def test_cards_say_what_is_wrong_with_each(client: TestClient) -> None:
    answer = client.get("/api/nearby/cards?want=isbn:9780141439519&want=title:zyxwvut&want=work:none").json()
    assert [card["matched"] for card in answer["cards"]] == [False] * 3
    assert answer["cards"][0]["problem"]
    twice = client.get("/api/nearby/cards?want=title:zyxwvut&want=work:none&want=title:zyxwvut").json()
    assert [card["want"] for card in twice["cards"]] == ["title:zyxwvut", "work:none", "title:zyxwvut"]
    for query in ("", "want=nonsense", "want=isbn:", "callback=x&want=title:a", "&".join(["want=title:a"] * 51)):
        refused = client.get(f"/api/nearby/cards?{query}")
        assert refused.status_code == 400, query
        assert refused.json()["parameter"] in ("want", "callback")
    assert client.get("/api/nearby/cards?want=title:a&near=99,0").json()["parameter"] == "near"


def test_oembed_leads_to_the_frame(client: TestClient, town: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = town.settings.model_copy(update={"public_url": "https://lampway.example"})
    monkeypatch.setattr(town, "settings", settings)
    work = client.get("/api/search?q=turner").json()["hits"][0]
    page = client.get(f"/works/{work['id']}").text
    assert 'type="application/json+oembed"' in page
    answer = client.get("/oembed", params={"url": f"https://lampway.example/works/{work['id']}", "maxwidth": "300"})
    body = answer.json()
    assert (body["version"], body["type"], body["title"], body["width"]) == ("1.0", "rich", work["title"], 300)
    src = body["html"].partition('src="')[2].partition('"')[0].replace("&amp;", "&")
    assert "sandbox=" in body["html"]
    shown = client.get(src.removeprefix("https://lampway.example"))
    assert shown.status_code == 200
    for url in (
        "https://evil.example/works/w1",
        "https://lampway.example/works/none",
        "",
        "https://lampway.example/search",
        "https://lampway.example/works/",
        "https://[lampway.example/works/w1",
    ):
        assert client.get("/oembed", params={"url": url}).status_code == 404
    assert client.get("/oembed", params={"url": "x", "format": "xml"}).status_code == 501
