"""Why are these together: the page for everybody, and the operator's forms on it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lampway.merging import StoreMerges
from schemas.account import Account
from search_api.accounts.guard import cookie_name
from search_api.app import create_app
from store import accounts, decisions, logins

Open = Callable[..., TestClient]


@pytest.fixture
def site(federation: Any) -> Iterator[Open]:
    app = create_app(federation.context, merging=StoreMerges(federation.context.database))

    def browser(lang: str = "en", **cookies: str) -> TestClient:
        headers = {"Accept": "text/html, */*;q=0.8", "Accept-Language": lang, "Sec-Fetch-Site": "same-origin"}
        return TestClient(
            app, base_url="https://lampway.example", headers=headers, cookies=cookies, follow_redirects=False
        )

    with TestClient(app):
        yield browser


@pytest.fixture
def work(site: Open) -> str:
    """A work of two libraries."""
    return str(site().get("/api/search", params={"q": "pride and prejudice"}).json()["hits"][0]["id"])


@pytest.fixture
def operator(site: Open, federation: Any) -> TestClient:
    """Logged in, with the second factor given."""
    settings = federation.settings
    with federation.context.database.begin() as connection:
        account: Account = accounts.add(connection, "ann@example.org", operator=True)
        accounts.set_name(connection, account.number, "Ann", "en")
        token = logins.begin(connection, account.number, confirmed=True)
    return site(**{cookie_name(settings.public_url): token})


def shown(page: Any, status: int = 200) -> str:
    assert page.status_code == status, page.text[:2000]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def test_everybody_sees_why(site: Open, work: str) -> None:
    assert f'href="/works/{work}/why"' in site().get(f"/works/{work}").text
    words = shown(site().get(f"/works/{work}/why"))
    for expected in ("Why are these together?", "brings together 2 records", "A creator in common", "Side by side",
                     "city-oai", "uni-marc", "Nobody has decided anything"):  # fmt: skip
        assert expected in words
    assert "<form" not in site().get(f"/works/{work}/why").text
    chinese = shown(site("zh").get(f"/works/{work}/why"))
    assert "并列对照" in chinese
    assert "merging." not in words + chinese
    assert site().get("/works/nothing/why").status_code == 404
    assert site().post(f"/works/{work}/why", data={"kind": "split"}).headers["location"].startswith("/login")


def test_an_operator_splits_and_undoes(site: Open, work: str, operator: TestClient, federation: Any) -> None:
    page = operator.get(f"/works/{work}/why").text
    first, second = (html.unescape(value) for value in re.findall(r'name="record-\d+" value="([^"]+)"', page))
    address = f"/works/{work}/why"
    assert "Choose the records first" in shown(operator.post(address, data={"kind": "split"}), 400)
    chosen = {"record-2": second, "level": "work", "reason": "the <b>film</b>", "kind": "split"}
    done = operator.post(address, data=chosen)
    assert done.status_code == 303, done.text
    assert "Done." in shown(operator.get(done.headers["location"]))
    assert "brings together" not in shown(site().get(address))
    with federation.context.database.connect() as connection:
        [made] = decisions.active(connection)
    assert (made.author, made.reason, made.level) == ("Ann", "the <b>film</b>", "work")
    assert [json.loads(first)] == [{"source": ref.source, "record": ref.record} for ref in made.others]
    text = site().get(address).text
    assert "“the <b>film</b>”" in html.unescape(re.sub(r"</?bdi>", "", text))
    assert "<b>film" not in text
    unknown = operator.post(address, data={"kind": "join", "record-1": first, "with": "nothing"})
    assert "no such work" in shown(unknown, 400)
    assert operator.post(f"{address}/undo", data={"decision": "x"}).status_code == 400
    assert operator.post(f"{address}/undo", data={"decision": str(made.id)}).status_code == 303
    assert "undone by Ann" in shown(site().get(address))
    assert "brings together 2 records" in shown(site().get(address))


def test_an_operator_joins_with_another_work(site: Open, work: str, operator: TestClient) -> None:
    emma = site().get("/api/search", params={"q": "emma"}).json()["hits"][0]["id"]
    page = operator.get(f"/works/{work}/why").text
    first = html.unescape(re.findall(r'name="record-1" value="([^"]+)"', page)[0])
    asked = {
        "record-1": first,
        "kind": "join",
        "level": "work",
        "with": f"https://lampway.example/works/{emma}?lang=zh",
    }
    assert operator.post(f"/works/{work}/why", data=asked).status_code == 303
    moved = {site().get(f"/works/{id_}/why").status_code for id_ in (work, emma)}
    assert moved == {200, 308}
