"""Logging in by the operator's own provider, a real one on loopback."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import oidc_provider_mock
import pytest
import requests
from fastapi.testclient import TestClient
from werkzeug.serving import make_server

from config.settings import Settings, SettingsError, load_settings
from search_api.accounts.provider import Provider
from search_api.app import create_app
from store import accounts, links

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")  # of the provider's own

ADA = "ada@example.org"
USERS = {
    "ada": {"email": ADA.title(), "email_verified": True},
    "eve": {"email": ADA, "email_verified": False},
    "new": {"email": "new@example.org", "email_verified": True},
}


class House:
    """The provider; remembers what was sent for a code, and can say other things than it should."""

    def __init__(self) -> None:
        users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in USERS.items()]
        self.exchanges: list[dict[str, str]] = []
        self.rewrite: Callable[[str, bytes], bytes] = lambda path, body: body
        inner = oidc_provider_mock.app(require_nonce=True, user_claims=users)

        def watched(environ: Any, start: Any) -> Any:
            path = environ["PATH_INFO"]
            if path == "/oauth2/token":
                sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                self.exchanges.append(dict(parse_qsl(sent.decode())))
                environ["wsgi.input"] = BytesIO(sent)
            told: list[Any] = []
            body = b"".join(inner(environ, lambda status, headers, *more: told.append((status, headers))))
            changed = self.rewrite(path, body)
            status, headers = told[0]
            start(status, [(n, v) for n, v in headers if n.lower() != "content-length"])
            return [changed]

        self._server = make_server("127.0.0.1", 0, watched, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def consent(self, address: str, sub: str) -> str:
        """The person says yes there; the address that they are sent back to."""
        response = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=10)
        return response.headers["location"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def built() -> Iterator[House]:
    made = House()
    yield made
    made.close()


@pytest.fixture
def house(built: House) -> House:
    built.exchanges.clear()
    built.rewrite = lambda path, body: body
    return built


@pytest.fixture
def app(context: Any, house: House) -> Any:
    own = {"oidc_issuer": house.url, "oidc_client_id": "lampway", "oidc_client_secret": "s3cret"}
    context.settings = context.settings.model_copy(update=own)
    with context.database.begin() as connection:
        accounts.add(connection, ADA)
    return create_app(context)


def go(browser: TestClient, house: House, sub: str) -> str:
    to = browser.get("/login/provider?next=/i/north").headers["location"]
    return house.consent(to, sub)


def back(browser: TestClient, address: str) -> Any:
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}", headers={"Sec-Fetch-Site": "cross-site"})


def test_who_has_an_account_logs_in(visitor: Any, house: House) -> None:
    browser = visitor()
    assert "127.0.0.1" in browser.get("/login").text
    begun = browser.get("/login/provider?next=/i/north")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    assert asked["redirect_uri"] == "https://lampway.example/login/provider/back"
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-lampway_provider=")
    assert "HttpOnly" in cookie
    address = house.consent(begun.headers["location"], "ada")
    done = back(browser, address)
    assert done.headers["location"] == "/i/north"
    assert ADA in browser.get("/account").text
    verifier = house.exchanges[0]["code_verifier"]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert digest == asked["code_challenge"]
    assert verifier not in begun.headers["location"]
    # What was used serves nobody a second time.
    browser.post("/logout")
    assert back(browser, address).status_code == 422


@pytest.mark.parametrize("sub", ["eve", "new"])
def test_who_is_not_known_or_not_verified_does_not(visitor: Any, house: House, context: Any, sub: str) -> None:
    browser = visitor()
    answer = back(browser, go(browser, house, sub))
    assert answer.status_code == 422
    assert browser.get("/account").status_code == 303
    with context.database.connect() as connection:
        assert accounts.by_email(connection, "new@example.org") is None


def test_an_invitation_is_taken(visitor: Any, house: House, context: Any) -> None:
    with context.database.begin() as connection:
        secret = links.make(connection, "invite", "new@example.org", institution="north", role="editor")
    browser = visitor()
    assert back(browser, go(browser, house, "new")).status_code == 303
    assert browser.get("/i/north").status_code == 200
    with context.database.connect() as connection:
        assert links.look(connection, secret).used_at


def test_another_browser_cannot_finish_it(visitor: Any, house: House) -> None:
    attacker, victim = visitor(), visitor()
    address = go(attacker, house, "ada")
    assert back(victim, address).status_code == 422  # without anything begun
    go(victim, house, "ada")
    assert back(victim, address).status_code == 422  # with something else begun
    assert victim.get("/account").status_code == 303


def test_what_the_provider_says_must_hold(visitor: Any, house: House) -> None:
    def other_issuer(path: str, body: bytes) -> bytes:
        return body.replace(house.url.encode(), b"http://127.0.0.1:9") if "openid" in path else body

    def other_signature(path: str, body: bytes) -> bytes:
        return body.replace(b'"id_token": "e', b'"id_token": "f').replace(b'"id_token":"e', b'"id_token":"f')

    def no_json(path: str, body: bytes) -> bytes:
        return b"<html>" if path == "/oauth2/token" else body

    def much(path: str, body: bytes) -> bytes:
        return b" " * 300_000 + body if path == "/oauth2/token" else body

    for wrong in (other_issuer, other_signature, no_json, much):
        house.rewrite, browser = wrong, visitor()
        browser.app.state.provider = Provider(browser.app.state.context.settings)
        begun = browser.get("/login/provider")
        if begun.status_code == 303:
            begun = back(browser, house.consent(begun.headers["location"], "ada"))
        assert begun.status_code == 422, wrong.__name__
        assert browser.get("/account").status_code == 303


def test_a_refusal_there_and_a_provider_that_is_away_are_told(visitor: Any, house: House) -> None:
    browser = visitor()
    to = browser.get("/login/provider").headers["location"]
    state = parse_qs(urlsplit(to).query)["state"][0]
    assert browser.get(f"/login/provider/back?error=access_denied&state={state}").status_code == 422
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    away = visitor()
    away.app.state.provider = Provider(away.app.state.context.settings.model_copy(update={"oidc_issuer": gone}))
    assert away.get("/login/provider").status_code == 422
    assert away.get("/login").status_code == 200


def test_without_a_provider_there_is_no_such_page(visitor: Any, context: Any) -> None:
    browser = visitor()
    browser.app.state.provider = Provider(context.settings.model_copy(update={"oidc_issuer": ""}))
    assert browser.get("/login/provider").status_code == 404
    assert browser.get("/login/provider/back?code=x").status_code == 404


def test_settings_that_do_not_fit_are_named() -> None:
    given: dict[str, Any] = {"oidc_issuer": "https://login.example", "oidc_client_id": "us", "_env_file": None}
    with pytest.raises(SettingsError, match=r"LAMPWAY_OIDC_ISSUER.*LAMPWAY_PUBLIC_URL"):
        load_settings(**given)
    with pytest.raises(SettingsError, match="LAMPWAY_OIDC_ISSUER"):
        load_settings(**given | {"public_url": "https://l.example", "oidc_issuer": "https://a@b"})
    fits = Settings(**given | {"public_url": "https://l.example", "oidc_client_secret": "hidden"})
    assert "hidden" not in repr(fits)
