"""Logging in as people do it, and as others try to."""

from __future__ import annotations

import re
import socket
import time
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
import structlog
from aiosmtpd.controller import Controller
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from search_api import access_log
from search_api.accounts import passwords
from search_api.accounts.guard import safe_next
from search_api.accounts.mail import Mail
from store import accounts, audit, links

PASSWORD = "three plain words"
ADA = "ada@example.org"


def cookie_line(response: Any) -> str:
    return str(response.headers["set-cookie"])


def test_a_password_logs_in_and_out(person: Any, visitor: Any) -> None:
    ada = person(ADA, north="editor")
    page = ada.get("/account")
    assert page.status_code == 200
    assert "North" in page.text
    assert page.headers["cache-control"] == "no-store"
    cookie = dict(ada.cookies)
    assert ada.post("/logout").status_code == 303
    stolen = visitor()
    stolen.cookies.update(cookie)
    assert stolen.get("/account").headers["location"].startswith("/login?next=")


@pytest.mark.parametrize("path", ["/login?next=%2Faccount", "/link/x"])
def test_who_refuses_our_cookie_is_told(visitor: Any, path: str) -> None:
    browser = visitor()
    back = browser.get("/account", headers={"Referer": f"https://lampway.example{path}"})
    assert "our cookie" in browser.get(back.headers["location"]).text
    assert "our cookie" not in browser.get(browser.get("/account").headers["location"]).text


def test_the_cookie_is_out_of_reach(person: Any, visitor: Any, context: Any) -> None:
    person(ADA)
    line = cookie_line(visitor().post("/login", data={"email": "ADA@Example.org ", "password": PASSWORD}))
    assert line.startswith("__Host-lampway_login=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in line
    secret = line.partition("=")[2].partition(";")[0]
    stored = b"".join(path.read_bytes() for path in context.settings.home.glob("lampway.db*"))
    assert secret.encode() not in stored
    assert PASSWORD.encode() not in stored


def test_hashes_are_dear_and_renewed(person: Any, visitor: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    person(ADA)
    real = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", real)
    assert visitor().post("/login", data={"email": ADA, "password": PASSWORD}).status_code == 303
    with context.database.connect() as connection:
        kept = accounts.by_email(connection, ADA).password
    assert kept.startswith("$argon2id$v=19$m=65536,t=2,p=1$")


def test_strangers_learn_nothing_from_the_answer(person: Any, visitor: Any) -> None:
    person(ADA)
    answers = []
    for email in (ADA, "nobody@example.org"):
        page = visitor().post("/login", data={"email": email, "password": "not this one at all"})
        answers.append((page.status_code, page.text.replace(email, "X"), sorted(page.headers)))
        sent = visitor().post("/login/link", data={"email": email})
        answers.append((sent.status_code, sent.text.replace(email, "X"), sorted(sent.headers)))
    assert answers[:2] == answers[2:]
    assert answers[0][0] == 422


def test_guessing_is_slowed_down_and_nobody_is_locked_out(person: Any, visitor: Any) -> None:
    person(ADA)
    guesses = [visitor().post("/login", data={"email": ADA, "password": f"guess number {n}"}) for n in range(8)]
    assert guesses[-1].status_code == 429
    assert 0 < int(guesses[-1].headers["retry-after"]) <= 60
    other = visitor()
    assert other.post("/login", data={"email": "eve@example.org", "password": "x"}).status_code == 422


def test_a_code_of_the_app_serves_once(person: Any, visitor: Any) -> None:
    ada = person(ADA)
    secret = re.search(r"<code>(\w+)</code>", ada.get("/account").text)[1]
    wrong = ada.post("/account/totp", data={"secret": secret, "code": "000000"})
    assert wrong.status_code == 422
    assert secret in wrong.text
    assert ada.post("/account/totp", data={"secret": secret, "code": pyotp.TOTP(secret).now()}).status_code == 303
    form = {"email": ADA, "password": PASSWORD}
    assert visitor().post("/login", data=form).status_code == 422
    code = pyotp.TOTP(secret).at(time.time() + 30)
    assert visitor().post("/login", data={**form, "code": code}).status_code == 303
    assert visitor().post("/login", data={**form, "code": code}).status_code == 422


def test_a_new_password_ends_the_other_log_ins(person: Any, visitor: Any) -> None:
    ada, elsewhere = person(ADA), visitor()
    elsewhere.post("/login", data={"email": ADA, "password": PASSWORD})
    assert elsewhere.get("/account").status_code == 200
    for new, status in (("short", 422), ("aaaaaaaaaaaa", 422), ("four other plain words", 303)):
        assert ada.post("/account/password", data={"old": PASSWORD, "new": new}).status_code == status
    assert ada.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.lampway.example"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": ""},
    ],
)
def test_writes_from_elsewhere_are_refused(person: Any, headers: dict[str, str]) -> None:
    ada = person(ADA)
    for path in ("/logout", "/account/logins/end", "/account/name", "/login", "/login/link", "/link/x"):
        answer = ada.post(path, data={"name": "Eve"}, headers=headers | {"Accept": "application/json"})
        assert answer.status_code == 403, path
        assert answer.json()["type"].endswith("/foreign-origin")
    assert ada.get("/account").status_code == 200


def test_plain_http_pages_say_where_they_are(person: Any) -> None:
    ada = person(ADA)
    same = {"Sec-Fetch-Site": "", "Origin": "https://lampway.example"}
    assert ada.post("/account/name", data={"name": "Ada", "lang": "zh"}, headers=same).status_code == 303
    assert "Ada" in ada.get("/account").text


def test_a_link_survives_scanners_and_serves_once(context: Any, visitor: Any) -> None:
    with context.database.begin() as connection:
        accounts.add(connection, ADA)
        secret = links.make(connection, "login", ADA)
    scanner, ada, late = visitor(), visitor(), visitor()
    for _ in range(3):
        assert scanner.get(f"/link/{secret}").status_code == 200
    assert "set-cookie" not in scanner.get(f"/link/{secret}").headers
    assert ada.post(f"/link/{secret}").headers["location"] == "/account?new=1"
    assert ada.get("/account").status_code == 200
    again = late.post(f"/link/{secret}")
    assert again.status_code == 410
    assert "used already" in again.text
    assert late.get("/link/notalink").status_code == 410


def test_a_disabled_account_is_out_at_once(person: Any, context: Any, visitor: Any) -> None:
    ada = person(ADA)
    with context.database.begin() as connection:
        account = accounts.by_email(connection, ADA)
        secret = links.make(connection, "login", ADA)
        accounts.disable(connection, account.number)
    assert ada.get("/account").status_code == 303
    assert visitor().post(f"/link/{secret}").status_code == 410
    assert visitor().post("/login", data={"email": ADA, "password": PASSWORD}).status_code == 422


def test_each_act_leaves_one_line(person: Any, context: Any) -> None:
    ada = person(ADA)
    ada.post("/account/name", data={"name": "Ada", "lang": "en"})
    ada.post("/logout")
    with context.database.connect() as connection:
        acts = [line.action for line in audit.read(connection)]
    assert acts == ["account.logout", "account.name", "account.login"]


def test_mails_carry_the_link_of_our_address_only(context: Any, visitor: Any, app: Any) -> None:
    received: list[Any] = []

    class Box:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
            received.append(envelope)
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:  # the library cannot choose one itself
        port = free.getsockname()[1]
    server = Controller(Box(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        app.state.mail = Mail(context.settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"}))
        with context.database.begin() as connection:
            accounts.add(connection, ADA, lang="zh")
        forged = {"X-Forwarded-Host": "evil.example"}
        assert visitor().post("/login/link", data={"email": ADA}, headers=forged).status_code == 200
        visitor().post("/login/link", data={"email": "nobody@example.org"})
        app.state.mail.close()
    finally:
        server.stop()
    (mail,) = received
    assert mail.rcpt_tos == [ADA]
    text = message_from_bytes(mail.content, policy=policy.default).get_content()
    link = urlsplit(re.search(r"https://\S+", text)[0])
    assert link.netloc == "lampway.example"
    assert visitor().post(link.path).status_code == 303


@given(st.one_of(st.text(max_size=30), st.sampled_from(["//evil", "/\\evil", "/\t/evil", "\t//evil", "https://evil"])))
def test_after_logging_in_nobody_lands_elsewhere(path: str) -> None:
    to = safe_next(path)
    assert to.startswith("/")
    assert not to.startswith(("//", "/\\"))
    assert to.isprintable()


def test_rubbish_is_told(visitor: Any) -> None:
    browser = visitor(Accept="application/json")
    assert browser.post("/login", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 422
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/login", content=b"email=%ff%fe", headers=form).status_code == 422
    assert browser.post("/login", content=b"a=1&" * 500, headers=form).status_code == 422
    assert browser.post("/login", content=b"x" * 100_000, headers=form).status_code == 413
    assert isinstance(browser, TestClient)


def test_what_was_typed_stands_in_no_log(
    visitor: Any, app: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    access_log.configure()
    try:
        monkeypatch.setattr("search_api.web.log_in_pages.by_password", lambda *_: 1 / 0)
        browser = visitor()
        browser.get("/login?next=/account%0d%0aforged")
        answer = browser.post("/login", data={"email": ADA, "password": "planted-secret-4711", "code": "123456"})
        assert answer.status_code == 500
    finally:
        structlog.reset_defaults()
    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged
    for planted in ("planted-secret-4711", ADA, "123456", "forged"):
        assert planted not in logged
        assert planted not in answer.text or planted == ADA


def test_too_many_codes_are_told_where_they_are_asked_for(person: Any) -> None:
    ada = person(ADA)
    secret = re.search(r"<code>(\w+)</code>", ada.get("/account").text)[1]
    assert ada.post("/account/totp", data={"secret": secret, "code": pyotp.TOTP(secret).now()}).status_code == 303
    answers = [ada.post("/account/confirm", data={"code": "000000"}) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {422}
    assert "Too many tries" in answers[-1].text
