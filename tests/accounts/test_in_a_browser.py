"""A newcomer in a real browser: from the pasted web page of a library to a source that everybody finds."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from config.settings import Settings
from indexer.build import rebuild
from indexer.engines import open_engine
from lampway.harvest_worker import HarvestWorker
from lampway.index_worker import IndexWorker
from lampway.outside import Harvester
from search_api.app import create_app
from search_api.context import open_context
from store.database import open_database

pytestmark = pytest.mark.browser


class Box:
    """A mail box that takes everything."""

    def __init__(self) -> None:
        self.links: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        text = message_from_bytes(envelope.content, policy=policy.default).get_content()
        self.links += re.findall(r"http://\S+", text)[-1:]
        return "250 OK"


class Platform:
    """A served platform with its worker and its mail box."""

    def __init__(self, home: Path, dns: str) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://localhost:{self._socket.getsockname()[1]}"  # passkeys are for names only
        self.box = Box()
        self._mail = Controller(self.box, hostname="127.0.0.1", port=port)
        self._mail.start()
        self.settings = Settings(  # type: ignore[call-arg]
            home=home, public_url=self.url, registration="proven", fetch_allow=("127.0.0.1",), fetch_pause=0,
            dns=(dns,), smtp_url=f"smtp://127.0.0.1:{port}", _env_file=None,
        )  # fmt: skip
        self.database = open_database(self.settings.database)
        engine = open_engine(self.settings)
        rebuild(self.database, engine, self.settings)
        engine.close()
        self.context = open_context(self.settings)
        app = create_app(self.context, outside=Harvester(self.database, self.settings))
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    def mailed(self) -> str:
        """The link of the mail that comes."""
        give_up = time.monotonic() + 20
        while not self.box.links:
            assert time.monotonic() < give_up, "no mail came"
            time.sleep(0.02)
        return self.box.links.pop()

    def work(self) -> None:
        """What the worker does in its next seconds."""
        harvests, indexing = HarvestWorker(self.database, self.settings), IndexWorker(self.database, self.settings)
        harvests.look()
        harvests.wait(60)
        harvests.close()
        indexing.update()
        indexing.close()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._socket.close()
        self._mail.stop()
        self.context.close()
        self.database.close()


@pytest.fixture
def platform(tmp_path: Path, names: Any) -> Iterator[Platform]:
    made = Platform(tmp_path / "platform", names.address)
    yield made
    made.close()


class Newcomer:
    """Somebody at a page; counts what they have to do."""

    def __init__(self, page: Page, complaints: list[str]) -> None:
        self.page, self.complaints = page, complaints
        self.clicks = self.fields = 0
        self.by_keyboard = False

    def reach(self, what: Any) -> None:
        """Go there as those do who have no mouse."""
        for _ in range(200):
            if what.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {what}")

    def tick(self, what: Any) -> None:
        if self.by_keyboard:
            self.reach(what)
            self.page.keyboard.press("Space")
        else:
            what.check()
        assert what.is_checked()
        self.clicks += 1

    def click(self, what: Any) -> None:
        if self.by_keyboard:
            self.reach(what)
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")
        else:
            what.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def fill(self, name: str, value: str) -> None:
        field = self.page.locator(f'[name="{name}"]:visible').first
        if self.by_keyboard:
            self.reach(field)
            self.page.keyboard.type(value)
        else:
            field.fill(value)
        self.fields += 1

    def look(self, picture: str) -> None:
        """The page as it is: nothing sticks out, nothing wrong for assistive technology."""
        if folder := os.environ.get("LAMPWAY_TEST_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{picture}.png", full_page=True)
        width = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, f"{picture} scrolls sideways by {width}"
        self.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{picture}: {found.generate_report()}"


@pytest.fixture
def newcomer(browser: Browser, platform: Platform) -> Iterator[Callable[..., Newcomer]]:
    opened, complaints = [], []

    def come(*, width: int = 1280, scripts: bool = True, lang: str = "en") -> Newcomer:
        own = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts, locale=lang, base_url=platform.url
        )
        opened.append(own)
        page = own.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Newcomer(page, complaints)

    yield come
    for own in opened:
        own.close()
    assert complaints == []


def bring(person: Newcomer, platform: Platform, library: Any, prefix: str) -> Page:
    """Until the page that asks for a proof."""
    page = person.page
    page.goto(f"/register?lang={prefix}")
    person.look(f"register-{prefix}")
    person.fill("address", library.home)
    person.click(page.locator("form .button").first)
    page.wait_for_selector("#go", timeout=60_000)
    person.look(f"trial-{prefix}")
    expect(page.locator("main")).to_contain_text("The harbour, part 1")
    person.fill("email", "ada@example.org")
    person.click(page.locator('form[action*="/link"] button'))
    page.goto(platform.mailed())
    person.look(f"link-{prefix}")
    person.click(page.locator("main form button"))
    expect(page.locator("main")).to_contain_text("The harbour, part 1")
    person.look(f"claim-{prefix}")
    person.fill("name", "Harbour Library")
    person.fill("position", "54.97,-1.61")
    person.tick(page.locator('[name="terms"]'))
    person.click(page.locator("#go ~ form button"))
    person.look(f"proof-{prefix}")
    return page


def found(person: Newcomer, platform: Platform, prefix: str) -> None:
    """It is live and everybody finds it."""
    page = person.page
    expect(page.locator(".title-block .fact.good")).to_be_visible(timeout=20_000)
    person.look(f"live-{prefix}")
    platform.work()
    give_up = time.monotonic() + 20
    page.goto("/search?q=harbour")
    while not page.locator(".hit").count() and time.monotonic() < give_up:  # processes look for changes now and then
        page.goto("/search?q=harbour")
    expect(page.locator(".hit").first).to_contain_text("Harbour Library")
    assert person.clicks <= 12
    assert person.fields <= 6


@pytest.mark.parametrize("by_keyboard", [False, True])
def test_by_the_file(newcomer: Any, platform: Platform, library: Any, by_keyboard: bool) -> None:
    person = newcomer()
    person.by_keyboard = by_keyboard
    if by_keyboard:  # the other one looks at the pages
        person.look = lambda picture: None
    page = bring(person, platform, library, "en")
    codes = page.locator("#way-file ~ p code").all_inner_texts()
    library.files[codes[0].removeprefix(library.home)] = codes[1].encode()
    person.click(page.locator("#way-file ~ form button"))
    found(person, platform, "en")


def test_without_scripts_on_a_telephone_in_chinese(newcomer: Any, platform: Platform, library: Any) -> None:
    person = newcomer(width=360, scripts=False, lang="zh")
    # Axe is a script: it cannot look where there are none; widths are looked at by the other test.
    person.look = lambda picture: None
    page = bring(person, platform, library, "zh")
    codes = page.locator("#way-file ~ p code").all_inner_texts()
    library.files[codes[0].removeprefix(library.home)] = codes[1].encode()
    person.click(page.locator("#way-file ~ form button"))
    found(person, platform, "zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_areas_on_a_telephone(newcomer: Any, platform: Platform, lang: str, library: Any) -> None:
    from schemas.catalogue import Source
    from schemas.institution import Institution
    from store import accounts, institutions, links, sources

    with platform.database.begin() as connection:
        institutions.upsert(connection, [Institution(id="north", name="North", kind="library", lat=55.0, lon=-1.6)])
        boss = accounts.add(connection, "boss@example.org", operator=True)
        accounts.set_role(connection, boss.number, "north", "editor")
        secret = links.make(connection, "login", "boss@example.org")
        source = Source(id="n", protocol="csv", location="/nowhere.csv", format="csv", institution="north")
        sources.add(connection, source)
    platform.context.refresh()
    person = newcomer(width=360, lang=lang)
    person.page.goto(f"/link/{secret}")
    person.page.keyboard.press("Tab")
    person.page.locator("main form button").focus()
    person.page.keyboard.press("Enter")
    person.page.wait_for_url("**/account**")
    paths = ("/account", "/i/north", "/i/north/audit", "/operator", "/operator/audit", "/operator/records?work=x")
    for path in (*paths, "/i/north/sources/n", "/i/north/sources/n/leave", "/register"):
        person.page.goto(path)
        person.look(f"area-{path.strip('/').replace('/', '-')}-{lang}")
    table = b"Nr;Was;Wer;A long header that goes on and on\n1;The harbour;Ann Li;" + b"value " * 20 + b"\n"
    person.page.set_input_files("[name=file]", {"name": "t.csv", "mimeType": "text/csv", "buffer": table})
    person.page.locator("form .button").first.click()
    person.page.wait_for_selector("#columns", timeout=60_000)
    person.look(f"columns-{lang}")


def test_passkeys(newcomer: Any, platform: Platform) -> None:
    from store import accounts, links

    with platform.database.begin() as connection:
        accounts.add(connection, "boss@example.org", operator=True)
        secret = links.make(connection, "login", "boss@example.org")
    person = newcomer()
    page, device = person.page, person.page.context.new_cdp_session(person.page)
    device.send("WebAuthn.enable")
    own = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": {**own, "isUserVerified": True}})
    answers: list[str] = []
    page.on("request", lambda sent: answers.append(sent.post_data) if "answer=" in (sent.post_data or "") else None)

    def log_in() -> None:
        page.goto("/login?next=/operator")
        page.locator('form[action^="/login/passkey"] button').click()

    page.goto(f"/link/{secret}")
    page.locator("main form button").click()
    page.wait_for_url("**/account**")
    page.locator('form[data-passkey] [name="label"]').fill("blue telephone")
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/account?done=1")
    expect(page.locator("main")).to_contain_text("blue telephone")
    person.look("passkeys")
    with platform.database.begin() as connection:  # a quarter of an hour later
        connection.exec_driver_sql("UPDATE logins SET confirmed_at = NULL")

    # Adding another one asks for the first.
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/account/confirm**")
    person.look("confirm")
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/account")

    page.locator('form[action^="/logout"] button').click()
    page.wait_for_url(f"{platform.url}/")
    log_in()
    page.wait_for_url(f"{platform.url}/operator")
    used = answers[-1]

    # A stolen answer serves nobody, and neither does a copy of the device whose count is behind.
    headers = {"Origin": platform.url, "Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/login/passkey", "/account/confirm/passkey", "/account/passkeys"):
        assert page.request.post(platform.url + path, headers=headers, data=used, max_redirects=0).status == 422
    (key,) = device.send("WebAuthn.getCredentials", made)["credentials"]
    device.send("WebAuthn.removeCredential", {**made, "credentialId": key["credentialId"]})
    device.send("WebAuthn.addCredential", {**made, "credential": {**key, "signCount": 1}})
    page.context.clear_cookies()
    log_in()
    expect(page.locator("[role=alert]")).to_be_visible()
    device.send("WebAuthn.removeCredential", {**made, "credentialId": key["credentialId"]})
    device.send("WebAuthn.addCredential", {**made, "credential": {**key, "signCount": 99}})
    log_in()
    page.wait_for_url(f"{platform.url}/operator")
    page.goto("/account")
    page.locator('form[action^="/account/passkeys/remove"] button').click()
    page.wait_for_url("**/account?done=1")
    expect(page.locator("main")).not_to_contain_text("blue telephone")
    page.context.clear_cookies()
    log_in()
    expect(page.locator("[role=alert]")).to_be_visible()
    person.look("login-passkey")


def test_words_in_tables_stay_whole_on_a_telephone(newcomer: Any, platform: Platform) -> None:
    from store import accounts, links

    with platform.database.begin() as connection:
        accounts.add(connection, "boss@example.org", operator=True)
        secret = links.make(connection, "login", "boss@example.org")
    page = newcomer(width=360).page
    page.goto(f"/link/{secret}")
    page.locator("main form button").click()
    page.goto("/operator/audit")
    assert page.get_by_role("table").count() == 1
    cell = page.get_by_role("cell", name="logged in", exact=True)
    assert cell.evaluate("cell => { const all = document.createRange(); all.selectNodeContents(cell);"
                         " return all.getClientRects().length; }") == 1  # fmt: skip
