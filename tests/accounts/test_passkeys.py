"""Passkeys without a browser: what is no answer, whose question it is, and how the second factor is guarded.

That real answers are taken, once, is looked at in a browser.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from lampway.cli import app
from store import accounts, audit, links, passkeys

PASSWORD = "three plain words"


def answer(challenge: str, **response: str) -> str:
    told = {"type": "webauthn.get", "challenge": challenge, "origin": "https://lampway.example"}
    data = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    parts = {"clientDataJSON": data, "authenticatorData": "AAAA", "signature": "AAAA", **response}
    return json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": parts})


def asked(browser: Any, path: str = "/login/passkey/question") -> Any:
    return browser.post(path).json()


def test_what_is_no_answer_is_told(visitor: Any, person: Any) -> None:
    ada, broken = person("ada@example.org"), '{"response": {"clientDataJSON": "%%%"}}'
    for text in ("", "{", "[" * 20_000, "null", broken, answer("x")):
        assert visitor().post("/login/passkey", data={"answer": text}).status_code == 422, text[:40]
        assert ada.post("/account/passkeys", data={"answer": text}).status_code == 422, text[:40]
        assert ada.post("/account/confirm/passkey", data={"answer": text}).status_code == 422, text[:40]


def test_a_question_is_for_one_use_of_one_person(visitor: Any, person: Any, context: Any) -> None:
    ada, browser = person("ada@example.org"), visitor()
    question = asked(browser)
    assert question["rpId"] == "lampway.example"
    assert question["userVerification"] == "required"
    assert not question.get("allowCredentials")
    added = asked(ada, "/account/passkeys/question")
    assert added["authenticatorSelection"]["residentKey"] == "required"
    assert "ada" not in base64.urlsafe_b64decode(added["user"]["id"] + "==").decode("latin-1")
    for given in (question, added):
        assert browser.post("/login/passkey", data={"answer": answer(given["challenge"])}).status_code == 422
        secret = base64.urlsafe_b64decode(given["challenge"] + "==").decode()
        with context.database.connect() as connection:
            assert links.look(connection, secret).used_at


def test_broken_parts_of_an_answer_are_told(visitor: Any, context: Any) -> None:
    with context.database.begin() as connection:
        ada = accounts.add(connection, "ada@example.org")
        passkeys.add(connection, ada.number, b"\0\0\0", b"no key", 0, "broken")
    browser = visitor()
    for part in ("authenticatorData", "signature", "userHandle"):
        for value in ("AAAA", "%", "A" * 20_000, "_" * 64):
            given = answer(asked(browser)["challenge"], **{part: value})
            assert browser.post("/login/passkey", data={"answer": given}).status_code == 422, (part, value[:9])


def test_a_log_in_alone_makes_no_second_factor_beside_another(person: Any, context: Any) -> None:
    ada = person("ada@example.org")
    with context.database.begin() as connection:
        number = accounts.by_email(connection, "ada@example.org").number
        passkeys.add(connection, number, b"one", b"key", 0, "telephone")
    page = ada.get("/account")
    name = page.text.split('name="id" value="')[1].split('"')[0]
    tries = {
        "/account/passkeys/question": {},
        "/account/passkeys": {"answer": "{}"},
        "/account/passkeys/remove": {"id": name},
        "/account/totp": {"secret": "A" * 32, "code": "000000"},
    }
    for path, form in tries.items():
        assert ada.post(path, data=form).headers["location"].startswith("/account/confirm"), path
    with context.database.connect() as connection:
        assert len(passkeys.of_account(connection, number)) == 1


def test_a_password_alone_is_not_enough_where_a_passkey_guards(
    person: Any, visitor: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person("ada@example.org", operator=True)
    with context.database.begin() as connection:
        number = accounts.by_email(connection, "ada@example.org").number
        passkeys.add(connection, number, b"one", b"key", 0, "telephone")
    monkeypatch.setenv("LAMPWAY_HOME", str(context.settings.home))
    (listed,) = json.loads(CliRunner().invoke(app, ["accounts", "list", "--json"]).stdout)
    assert listed["second_factor"] is True
    assert "1, 0 without a second factor" in CliRunner().invoke(app, ["doctor", "--public"]).output
    right = {"email": "ada@example.org", "password": PASSWORD}
    for form, words in ((right, "a passkey guards"), (right | {"code": "123456"}, "a passkey guards"),
                        (right | {"password": "x"}, "do not fit")):  # fmt: skip
        answer = visitor().post("/login", data=form)
        assert (answer.status_code, "set-cookie" in answer.headers) == (422, False)
        assert words in answer.text
    assert "通行密钥保护" in visitor().post("/login?lang=zh", data=right).text
    with context.database.begin() as connection:  # the mail box is the other way in
        secret = links.make(connection, "login", "ada@example.org")
        assert not [line for line in audit.read(connection) if line.detail.get("by") == "password"][1:]
    assert visitor().post(f"/link/{secret}").status_code == 303
    with context.database.begin() as connection:
        passkeys.remove(connection, number)
    assert visitor().post("/login", data=right).status_code == 303


def test_questions_are_limited_by_network(visitor: Any) -> None:
    answers = [visitor().post("/login/passkey/question") for _ in range(45)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429


def test_where_browsers_offer_none_there_is_none(visitor: Any, context: Any) -> None:
    context.settings = context.settings.model_copy(update={"public_url": "https://203.0.113.1"})
    browser = visitor(Host="203.0.113.1")
    assert browser.post("/login/passkey/question").status_code == 404
    assert "data-passkey" not in browser.get("/login").text
