"""Two institutions that are nothing to each other, and people who log in over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from config.settings import Settings
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


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(home=tmp_path, public_url=PUBLIC, registration="approve", _env_file=None)  # type: ignore[call-arg]


@pytest.fixture
def context(settings: Settings, database: Database) -> Iterator[Context]:
    with database.begin() as connection:
        institutions.upsert(connection, PLACES)
    context = open_context(settings, clock=lambda: datetime.now(UTC))
    yield context
    context.close()


@pytest.fixture
def app(context: Context) -> Any:
    return create_app(context)


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
