"""The API of accounts: what the pages do, for programs; with a log-in, with a key, and with neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from schemas.catalogue import Source
from schemas.registration import Proposal
from search_api.accounts.mail import Mail
from store import accounts, api_keys, audit, links, registrations, sources, trials

ADA, EVE = "ada@example.org", "eve@example.org"
SECRET = "n-southern"
"""Stands in everything of the south."""


@pytest.fixture
def stocked(context: Any) -> dict[str, str]:
    """A source, a key, a member and a registration of each; nothing of the south may be seen from the north."""
    made: dict[str, str] = {}
    with context.database.begin() as connection:
        for place, name in (("north", "n-northern"), ("south", SECRET)):
            location = f"https://{name}.example/oai"
            own = Source(id=f"{name}-source", protocol="oai", format="oai_dc", location=location, institution=place)
            sources.add(connection, own)
            made[f"{place}-key"] = api_keys.create(
                connection, place, scope="sources:read sources:manage", label=f"{name} key"
            )
            owner = accounts.add(connection, f"{name}@example.org")
            accounts.set_role(connection, owner.number, place, "member")
            proposal = Proposal(location=location, protocol="oai", format="oai_dc", institution=place)
            made[place] = registrations.add(connection, owner.number, "probed", proposal).id
    return made


@pytest.fixture
def program(app: Any) -> Callable[[str], TestClient]:
    def with_key(key: str) -> TestClient:
        headers = {"Authorization": f"Bearer {key}"}
        return TestClient(app, base_url="http://10.0.0.1", headers=headers, client=("203.0.113.7", 1))

    return with_key


def test_keys(person: Any, context: Any, stocked: dict[str, str]) -> None:
    ada, at = person(ADA, north="editor"), "/api/institutions/north/keys"
    made = ada.post(at, json={"scopes": ["availability:write"], "label": "shelf", "days": 30})
    assert made.status_code == 200, made.text
    assert made.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in made.headers
    key = made.json()["key"]
    assert key not in ada.get(at).text
    ada.post(at, json={"scopes": ["sources:read"], "label": "a\u202eb\u200b\u0000c" + "d" * 300})
    assert [one["label"] for one in ada.get(at).json()["keys"] if one["label"] != "shelf"][-1] == "abc" + "d" * 197
    id_ = key.split("_")[1]
    new = ada.post(f"{at}/{id_}/replace").json()["key"]
    assert ada.post(f"{at}/{id_}/replace").status_code == 422
    assert {one["replaces"] for one in ada.get(at).json()["keys"]} == {"", id_}
    assert id_ not in {one["id"] for one in ada.delete(f"{at}/{id_}").json()["keys"]}
    assert ada.delete(f"{at}/{id_}").status_code == 404
    with context.database.connect() as connection:
        assert api_keys.find(connection, key) is None
        assert api_keys.find(connection, new).may("availability:write")
    for wrong, pointer in (
        ({"scopes": ["merges:write"]}, "/scopes"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["sources:read"], "days": -1}, "/days"),
        ({"scopes": ["sources:read"], "institution": "south"}, "/institution"),
        ({"scopes": "sources:read"}, "/scopes"),
    ):
        answer = ada.post(at, json=wrong)
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert ada.post(at, content=b"[" * 20_000).status_code == 422


def test_members(person: Any, app: Any, context: Any, stocked: dict[str, str]) -> None:
    ada, at = person(ADA, north="editor"), "/api/institutions/north/members"
    assert "lampway accounts" in ada.post(at, json={"email": EVE}).json()["detail"]  # no mails: how to do it then
    app.state.mail = Mail(context.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9"}))
    sent: list[Any] = []
    app.state.mail.send = lambda to, *args, **values: sent.append((to, values["link"]))
    answer = ada.post(at, json={"email": " EVE@example.org", "role": "editor"})
    assert [one["email"] for one in answer.json()["members"]] == [ADA, "n-northern@example.org"]
    assert sent[0][0] == EVE
    assert sent[0][1] not in answer.text
    assert ada.post(at, json={"email": EVE, "role": "operator"}).status_code == 422
    assert ada.delete(f"{at}/{ADA}").status_code == 422  # the last editor
    assert [one["email"] for one in ada.delete(f"{at}/n-northern@example.org").json()["members"]] == [ADA]
    assert ada.delete(f"{at}/nobody@example.org").status_code == 404


def test_sources_by_people_and_programs(person: Any, program: Any, context: Any, stocked: dict[str, str]) -> None:
    at, robot = "/api/institutions/north/sources", program(stocked["north-key"])
    for caller in (person(ADA, north="editor"), robot):
        assert [one["id"] for one in caller.get(at).json()["sources"]] == ["n-northern-source"]
        changed = caller.post(f"{at}/n-northern-source", json={"act": "schedule", "schedule": " 0 4 * * * "})
        assert changed.json()["schedule"] == "0 4 * * *", changed.text
        wrong = caller.post(f"{at}/n-northern-source", json={"act": "schedule", "schedule": "every night"})
        assert "no cron expression" in wrong.json()["detail"]
        assert caller.post(f"{at}/n-northern-source", json={"act": "approve"}).status_code == 422
        assert caller.post(f"{at}/n-northern-source", json={"act": "explode"}).status_code == 422
    assert robot.post(f"{at}/n-northern-source", json={"act": "pause"}).json()["paused"]
    with context.database.connect() as connection:
        (line,) = [line for line in audit.read(connection) if line.action == "source.pause"]
    assert line.actor == f"key:{stocked['north-key'].split('_')[1]}"


def test_a_key_does_what_its_scopes_say(program: Any, context: Any, stocked: dict[str, str]) -> None:
    with context.database.begin() as connection:
        reads = program(api_keys.create(connection, "north", scope="sources:read"))
        other = program(api_keys.create(connection, "north", scope="availability:write institution:write"))
    source, own = "/api/institutions/north/sources/n-northern-source", f"/api/registrations/{stocked['north']}"
    assert (reads.get(source).status_code, reads.get(own).status_code) == (200, 200)
    for caller, method, path in (
        (reads, "POST", source),
        (reads, "POST", own),
        (other, "GET", source),
        (other, "GET", own),
        (other, "GET", "/api/registrations"),
    ):
        answer = caller.request(method, path, json={"act": "pause"})
        assert answer.status_code == 403, (method, path)
        assert answer.json()["type"].endswith("/not-allowed")
    for path in ("/api/audit", "/api/institutions/north/keys", "/api/institutions/north/members"):
        assert program(stocked["north-key"]).get(path).status_code in (401, 421)
    assert program("lw_wrong").get(source).status_code == 401


def test_registrations(person: Any, program: Any, context: Any, stocked: dict[str, str]) -> None:
    probe = {
        "steps": [], "verdict": "works", "location": "https://new.example/oai",
        "endpoint": "https://new.example/oai", "protocol": "oai", "format": "oai_dc",
        "looked_at": 0, "fields": {}, "samples": [],
    }  # fmt: skip
    with context.database.begin() as connection:
        trial = trials.add(connection, "https://new.example/oai")
        trials.finish(connection, trial, json.dumps(probe).encode())
    ada = person(ADA, north="editor")
    new = {"trial": trial, "licence": "CC0-1.0", "terms": True, "name": "Harbour Library", "position": "54.97,-1.61"}
    for field, value in (("licence", "mine"), ("name", "x"), ("position", "there"), ("terms", False), ("more", 1)):
        answer = ada.post("/api/registrations", json=new | {field: value})
        assert answer.status_code == 422, field
    made = ada.post("/api/registrations", json=new).json()
    assert made["state"] == "probed"
    assert made["new"]["name"] == "Harbour Library"
    assert {proof["way"] for proof in made["proofs"]} == {"file", "dns", "description"}
    assert ada.post("/api/registrations", json=new).status_code == 422  # it is taken
    assert ada.post("/api/registrations", json=new | {"trial": "x"}).status_code == 404
    listed = ada.get("/api/registrations").json()["registrations"]
    assert {one["id"] for one in listed} == {made["id"], stocked["north"]}
    at = f"/api/registrations/{made['id']}"
    assert ada.post(at, json={"act": "pause"}).status_code == 422  # it does not live yet
    missing = ada.post(at, json={"act": "prove", "way": "dns"})
    assert missing.status_code == 422, missing.text
    assert missing.json()["errors"][0]["pointer"] == "/way"
    assert ada.post(at, json={"act": "prove", "way": "mail"}).status_code == 422
    assert ada.post(at, json={"act": "withdraw"}).json()["state"] == "withdrawn"
    robot = program(stocked["north-key"])
    assert [one["id"] for one in robot.get("/api/registrations").json()["registrations"]] == [stocked["north"]]
    assert robot.get(at).status_code == 404


def test_a_proof_by_dns_goes_live(person: Any, context: Any, names: Any, stocked: dict[str, str]) -> None:
    ada, at = person(ADA, north="editor"), f"/api/registrations/{stocked['north']}"
    (dns,) = [proof for proof in ada.get(at).json()["proofs"] if proof["way"] == "dns"]
    names.texts[dns["place"]] = [dns["token"]]
    live = ada.post(at, json={"act": "prove", "way": "dns"})
    assert live.json()["state"] == "live", live.text
    assert ada.post(at, json={"act": "pause"}).json()["state"] == "paused"
    assert ada.post(at, json={"act": "resume"}).json()["state"] == "live"


def test_audit(person: Any, context: Any, stocked: dict[str, str]) -> None:
    ada, boss, member = (
        person(ADA, north="editor"),
        person("boss@example.org", operator=True),
        person(EVE, north="member"),
    )
    ada.post("/api/institutions/north/keys", json={"scopes": ["sources:read"]})
    person("sue@example.org", south="editor").post("/api/institutions/south/keys", json={"scopes": ["sources:read"]})
    assert {line["institution"] for line in ada.get("/api/audit").json()["lines"]} == {"north"}
    assert ada.get("/api/audit?institution=south").status_code == 404
    assert member.get("/api/audit").json()["lines"] == []
    assert member.get("/api/audit?institution=north").status_code == 404
    assert {"north", "south"} <= {line["institution"] for line in boss.get("/api/audit").json()["lines"]}
    page = boss.get("/api/audit?limit=1").json()
    assert boss.get(f"/api/audit?limit=1&before={page['next']}").json()["lines"][0]["number"] < page["next"]
    for wrong in ("limit=0", "limit=x", "before=-1"):
        assert boss.get(f"/api/audit?{wrong}").status_code == 400


def test_writes_of_other_origins_are_refused(person: Any, stocked: dict[str, str]) -> None:
    ada = person(ADA, north="editor")
    for site in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "", "Origin": "https://evil.example"}):
        answer = ada.post("/api/institutions/north/keys", json={"scopes": ["sources:read"]}, headers=site)
        assert answer.json()["type"].endswith("/foreign-origin")
    with ada as browser:
        assert browser.get("/api/registrations", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("who", ["nobody", "wrong key", "wrong cookie", "member", "editor", "key"])
def test_generated_requests(who: str, person: Any, app: Any, context: Any, stocked: dict[str, str]) -> None:
    """No failure, nothing of another institution in any answer, and nothing of it changed."""
    context.settings = context.settings.model_copy(update={"rate_limit": 0})
    headers, cookies = {"Sec-Fetch-Site": "same-origin", "Host": "lampway.example"}, {}
    if who in ("member", "editor"):
        cookies = dict(person(ADA, north=who).cookies)
    elif who == "wrong cookie":
        cookies = {"__Host-lampway_login": "A" * 43}
    elif who in ("wrong key", "key"):
        headers["Authorization"] = f"Bearer {stocked['north-key'] if who == 'key' else 'lw_abcdefgh_x'}"
    before, seen = everything_southern(context), set()
    description = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    for found in description.get_all_operations():
        operation = found.ok()
        if "accounts" not in operation.tags:
            continue

        @hypothesis_settings(
            max_examples=4, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            case.cookies = {}
            own = ("south", f"{SECRET}-source" if "sources" in case.path else stocked["south"])
            for place, id_ in (own, ("north", None)):
                parts = case.path_parameters or {}
                if "institution" in parts:
                    parts["institution"] = place
                if "id" in parts and id_:
                    parts["id"] = id_
                response = case.call(headers=headers, cookies=cookies)
                seen.add(response.status_code)
                case.validate_response(
                    response, checks=[not_a_server_error, content_type_conformance, response_schema_conformance]
                )
                assert SECRET not in response.text.replace(str(parts.get("id")), "")
                assert place == "north" or "institution" not in parts or response.status_code != 200

        check()
    assert everything_southern(context) == before
    assert (200 in seen) == (who in ("member", "editor", "key")), seen


def everything_southern(context: Any) -> list[Any]:
    with context.database.connect() as connection:
        keys = [(key.id, key.expires_at, key.revoked_at) for key in api_keys.all_keys(connection, "south")]
        people = [(account.email, own.role) for account, own in accounts.members_of(connection, "south")]
        lines = audit.read(connection, institutions=["south"])
        source = sources.get(connection, f"{SECRET}-source")
        own = [one for one in registrations.in_state(connection, "probed") if one.proposal.institution == "south"]
    return [keys, people, lines, source, own]


def test_invitations_of_the_south_are_not_given(context: Any, stocked: dict[str, str]) -> None:
    with context.database.begin() as connection:
        links.make(connection, "invite", EVE, institution="south", role="editor")
        assert links.use_invitation(connection, ADA) is None
        assert links.use_invitation(connection, EVE.upper()).detail["institution"] == "south"
        assert links.use_invitation(connection, EVE) is None
