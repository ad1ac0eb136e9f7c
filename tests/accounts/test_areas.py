"""The people of an institution keep its things in order, and cannot touch another's; the operator decides."""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
import pyotp
import pytest
from fastapi.routing import APIRoute

from schemas.account import Act
from schemas.catalogue import CatalogueRecord, RawRecord, Source
from search_api.web import institution_area, leaving_pages, shelf_area
from store import accounts, api_keys, audit, harvest_runs, institutions, raw_records, records, registrations, sources
from store.harvest_runs import RunReport
from store.sources import SourceState

ADA, EVE = "ada@example.org", "eve@example.org"


@pytest.fixture
def stocked(context: Any) -> dict[str, str]:
    """A source and a key of the north; values for every parameter of a path."""
    with context.database.begin() as connection:
        source = Source(
            id="north-source", protocol="oai", location="https://n.example/oai", format="oai_dc", institution="north"
        )
        sources.add(connection, source)
        key = api_keys.create(connection, "north")
    return {"institution": "north", "id": "north-source", "act": "pause", "key": key.split("_")[1]}


def everything(context: Any) -> Any:
    with context.database.connect() as connection:
        rows = [
            sources.all_sources(connection),
            api_keys.all_keys(connection),
            institutions.all_institutions(connection),
        ]
        return [
            *rows,
            [accounts.members_of(connection, place) for place in ("north", "south")],
            len(audit.read(connection)),
        ]


def test_nothing_of_one_institution_is_there_for_another(person: Any, context: Any, stocked: dict[str, str]) -> None:
    person(ADA, north="editor")
    eve = person(EVE, south="editor")
    before = everything(context)
    tried = 0
    routes = [*leaving_pages.router.routes, *institution_area.router.routes, *shelf_area.router.routes]
    for route in (route for route in routes if isinstance(route, APIRoute)):
        path = route.path.replace("{institution}", "north").replace("{act}", "pause").replace("{name}", "raw")
        path = path.replace("{id}", stocked["key"] if "/keys/" in path else "north-source")
        for foreign in (path, path.replace("/i/north", "/i/south") if "{id}" in route.path else path):
            for method in route.methods - {"HEAD"}:
                answer = eve.request(method, foreign, data={"email": ADA, "opening_hours": "24/7", "schedule": ""})
                assert answer.status_code == 404, f"{method} {foreign}"
                assert "n.example" not in answer.text
                tried += 1
    assert tried >= 10
    assert everything(context) == before


def test_a_member_keeps_hours_and_nothing_else(person: Any, context: Any, stocked: dict[str, str]) -> None:
    member = person(EVE, north="member")
    page = member.get("/i/north")
    assert page.status_code == 200
    assert "API keys" not in page.text
    assert member.post("/i/north/entry", data={"opening_hours": "Mo-Fr 09:00-18:00", "phone": "1"}).status_code == 303
    for path in ("keys", "members", "sources/north-source/pause", f"keys/{stocked['key']}/revoke", "members/remove"):
        assert member.post(f"/i/north/{path}", data={"email": EVE}).status_code == 403
    with context.database.connect() as connection:
        assert institutions.get(connection, "north").opening_hours == "Mo-Fr 09:00-18:00"
        (line,) = [line for line in audit.read(connection) if line.action == "institution.edit"]
    assert line.actor == EVE
    assert line.detail["opening_hours"] == " → Mo-Fr 09:00-18:00"


def test_wrong_hours_come_back_with_the_fault_beside_them(person: Any, context: Any) -> None:
    ada = person(ADA, north="editor")
    answer = ada.post("/i/north/entry", data={"opening_hours": "Mo-Fr 99:00", "phone": "+44 1"})
    assert answer.status_code == 422
    assert ">Mo-Fr 99:00</textarea>" in answer.text
    assert 'aria-describedby="opening_hours-hint opening_hours-wrong"' in answer.text
    with context.database.connect() as connection:
        assert institutions.get(connection, "north").phone == ""


def test_schedule_pause_and_run(person: Any, context: Any, stocked: dict[str, str]) -> None:
    ada, page = person(ADA, north="editor"), "/i/north/sources/north-source"
    wrong = ada.post(f"{page}/schedule", data={"schedule": "every night"})
    assert wrong.status_code == 422
    assert "no cron expression" in wrong.text
    assert ada.post(f"{page}/schedule", data={"schedule": " 0 4 * * * "}).status_code == 303
    assert ada.post(f"{page}/pause", data={}).status_code == 303
    assert ada.post(f"{page}/run", data={}).status_code == 303
    assert "within a minute" in ada.get(page).text
    assert ada.post(f"{page}/approve", data={}).status_code == 422
    assert ada.post(f"{page}/explode", data={}).status_code == 404
    with context.database.connect() as connection:
        source = sources.get(connection, "north-source")
        acts = [line.action for line in audit.read(connection, institutions=["north"])]
    assert (source.schedule, source.paused, bool(source.wanted_at)) == ("0 4 * * *", True, True)
    assert acts == ["source.run", "source.pause", "source.schedule"]


def test_a_key_is_shown_once(person: Any, context: Any, stocked: dict[str, str]) -> None:
    ada = person(ADA, north="editor")
    assert ada.post("/i/north/keys", data={"label": "x"}).status_code == 422
    made = ada.post("/i/north/keys", data={"label": "shelf", "scope-availability:write": "1"})
    key = re.search(r"<code>(lw_\w{8}_\w+)</code>", made.text)[1]
    assert key not in ada.get("/i/north").text
    with context.database.connect() as connection:
        found = api_keys.find(connection, key)
        assert (found.institution, found.scope, found.label) == ("north", "availability:write", "shelf")
        assert key not in str(audit.read(connection))
    assert ada.post(f"/i/north/keys/{found.id}/revoke").status_code == 303
    with context.database.connect() as connection:
        assert api_keys.find(connection, key) is None


def test_keys_end_by_themselves_and_are_replaced(person: Any, context: Any) -> None:
    ada = person(ADA, north="editor")
    form = {"label": "shelf", "scope-availability:write": "1"}
    for days in ("soon", "-1", "99999", "1.5", "٣x"):
        assert ada.post("/i/north/keys", data={**form, "days": days}).status_code == 422, days
    keys = [re.search(r"<code>(lw_\w{8}_\w+)</code>", ada.post("/i/north/keys", data={**form, "days": "90"}).text)[1]]
    assert "ends" in ada.get("/i/north").text
    for _ in range(2):
        answer = ada.post(f"/i/north/keys/{keys[-1].split('_')[1]}/replace")
        keys.append(re.search(r"<code>(lw_\w{8}_\w+)</code>", answer.text)[1])
    # Of a line two hold at a time; what has a successor gets no second one.
    assert ada.post(f"/i/north/keys/{keys[1].split('_')[1]}/replace").status_code == 422
    with context.database.connect() as connection:
        first, second, third = (api_keys.find(connection, key) for key in keys)
        acts = [line.action for line in audit.read(connection, institutions=["north"])]
    assert first is None
    assert second.expires_at < third.expires_at
    assert (third.institution, third.scope, third.label) == ("north", "availability:write", "shelf")
    assert acts == ["key.replace", "key.replace", "key.add"]
    with context.database.begin() as connection:
        connection.exec_driver_sql("UPDATE api_keys SET expires_at = '2020-01-01T00:00:00+00:00'")
    with context.database.connect() as connection:
        assert api_keys.find(connection, keys[2]) is None
    assert third.id not in ada.get("/i/north").text


def test_what_reaches_beyond_an_institution_is_the_operators_to_give(person: Any, context: Any) -> None:
    form = {"label": "x", "scope-merges:write": "1"}
    ada = person(ADA, north="editor")
    assert "merges:write" not in ada.get("/i/north").text
    assert ada.post("/i/north/keys", data=form).status_code == 422
    assert person("boss@example.org", operator=True).post("/i/north/keys", data=form).status_code == 200


def test_the_last_editor_stays_and_invitations_go_by_mail_only(person: Any) -> None:
    ada = person(ADA, north="editor")
    assert ada.post("/i/north/members/remove", data={"email": ADA}).status_code == 422
    person(EVE, north="editor")
    assert ada.post("/i/north/members/remove", data={"email": ADA}).status_code == 303
    assert ada.get("/i/north").status_code == 404
    eve = person(EVE)
    answer = eve.post("/i/north/members", data={"email": "new@example.org", "role": "member"})
    assert answer.status_code == 422
    assert "lampway accounts add new@example.org" in answer.text
    assert "/link/" not in answer.text


def with_second_factor(browser: Any) -> None:
    secret = re.search(r"<code>(\w+)</code>", browser.get("/account").text)[1]
    code = pyotp.TOTP(secret).at(time.time() - 30)
    assert browser.post("/account/totp", data={"secret": secret, "code": code}).status_code == 303


def proposal(context: Any, state: Any) -> str:
    from schemas.registration import NewInstitution, Proposal

    with context.database.begin() as connection:
        ada = accounts.by_email(connection, ADA)
        made = registrations.add(
            connection,
            ada.number,
            state,
            Proposal(
                location="https://h.example/oai", protocol="oai", format="oai_dc", new=NewInstitution(name="Hafen")
            ),
        )
    return made.id


def test_the_operator_decides_with_a_second_factor(person: Any, context: Any) -> None:
    context.settings = context.settings.model_copy(update={"registration": "approve"})
    ada, boss = person(ADA), person("boss@example.org", operator=True)
    id_ = proposal(context, "probed")
    assert ada.get("/operator").status_code == 403
    assert ada.post(f"/operator/registrations/{id_}/vouch", data={"reason": "x"}).status_code == 403
    refused = boss.post(f"/operator/registrations/{id_}/vouch", data={"reason": "spoke to them"})
    assert refused.headers["location"].startswith("/account/confirm")
    with_second_factor(boss)
    assert boss.post(f"/operator/registrations/{id_}/vouch", data={"reason": ""}).status_code == 422
    assert boss.post(f"/operator/registrations/{id_}/vouch", data={"reason": "spoke to them"}).status_code == 303
    assert "looks at it now" in ada.get(f"/registrations/{id_}").text
    assert "spoke to them" in boss.get("/operator").text
    assert boss.post(f"/operator/registrations/{id_}/approve").status_code in (303, 422)
    assert boss.post(f"/operator/registrations/{id_}/approve", data={}).status_code in (303, 422)
    assert "It is live." in ada.get(f"/registrations/{id_}").text
    assert boss.post(f"/operator/registrations/{id_}/refuse", data={"reason": "late"}).status_code == 422
    with context.database.connect() as connection:
        assert accounts.roles_of(connection, accounts.by_email(connection, ADA).number) == {"hafen": "editor"}
        steps = [line.detail["to"] for line in audit.read(connection) if line.action == "registration.step"]
    assert steps == ["live", "approved", "proven", "proof_pending"]


def test_the_operator_sees_which_sources_need_somebody(person: Any, context: Any, stocked: dict[str, str]) -> None:
    boss = person("boss@example.org", operator=True)
    now = context.clock().isoformat()
    south = Source(
        id="south-source", protocol="oai", location="https://s.example/oai", format="oai_dc", institution="south"
    )
    with context.database.begin() as connection:
        sources.add(connection, south)
        for name in ("north-source", "south-source"):
            sources.set_state(connection, name, SourceState(last_complete_at=now))
    assert "None: all" in boss.get("/operator").text
    with context.database.begin() as connection:
        run = harvest_runs.start(connection, sources.number_of(connection, "south-source"))
        report = RunReport(source="south-source", status="failed")
        report.lose("the server <is> away")
        harvest_runs.finish(connection, run, report)
        sources.set_state(connection, "north-source", SourceState(last_complete_at="2020-01-01T00:00:00+00:00"))
    page = boss.get("/operator").text
    told = page[page.index('id="sick"') :]
    assert told.index("south-source") < told.index("the server &lt;is&gt; away") < told.index("north-source")
    assert 'href="/i/south/sources/south-source"' in told
    assert "None: all" not in page
    with context.database.begin() as connection:
        sources.add(connection, msgspec.structs.replace(south, paused=True))
    assert "the server" not in boss.get("/operator").text  # somebody has paused it: known


def test_each_field_of_the_area_has_its_own_label(person: Any) -> None:
    ada = person(ADA, north="editor")
    page = ada.get("/i/north").text
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    answer = ada.post("/i/north/members", data={"email": "no address", "role": "member"})
    assert answer.status_code == 422
    assert 'id="invite-wrong"' in answer.text
    assert 'id="email-wrong"' not in answer.text


def test_who_decides_about_removals_sees_what_would_go(person: Any, context: Any, stocked: dict[str, str]) -> None:
    with context.database.begin() as connection:
        number = sources.number_of(connection, "north-source")
        first = harvest_runs.start(connection, number)
        raw = [RawRecord(source="north-source", record=f"r{n}", payload=b"x") for n in range(14)]
        rows = raw_records.store_page(connection, number, first, raw).new
        described = [
            (id_, CatalogueRecord(source="north-source", record=one.record, title=f"Tale {one.record}"))
            for id_, one in rows
        ]
        records.upsert(connection, number, described)
        run = harvest_runs.start(connection, number)
        harvest_runs.finish(connection, run, RunReport(source="north-source", status="waiting", unlisted_since=run))
        sources.set_state(connection, "north-source", SourceState(waits_on_run=run))
    ada = person(ADA, north="editor")
    page = ada.get("/i/north/sources/north-source").text
    assert "14 of 14 records would go: 0 deleted by the source, 14 no longer in its list." in page
    assert page.count("<li><bdi>Tale r") == 10
    assert "and 4 more" in page
    assert ada.post("/i/north/sources/north-source/approve", data={}).status_code == 303
    with context.database.connect() as connection:
        assert records.count_live(connection, number) == 0
    assert "would go" not in ada.get("/i/north/sources/north-source").text
    assert "let removals happen" in ada.get("/i/north/audit").text


def test_acts_are_told_in_words_page_by_page(person: Any, context: Any) -> None:
    ada = person(ADA, north="editor")
    with context.database.begin() as connection:
        for n in range(101):
            act = Act(actor=ADA, action="key.add" if n else "odd.thing", thing=f"key:{n}", institution="north")
            audit.write(connection, act)
    page = ada.get("/i/north/audit").text
    assert page.count("made a key") == 100
    older = ada.get(re.search(r'href="([^"]*before=[^"]*)"', page)[1]).text
    assert "odd.thing" in older
    assert "Older" not in older
    assert "创建密钥" in ada.get("/i/north/audit?lang=zh").text
    assert ada.get("/i/north/audit?before=²").status_code == 200


def test_what_waits_is_shown_to_the_operator(person: Any, context: Any, stocked: dict[str, str]) -> None:
    with context.database.begin() as connection:
        sources.set_state(connection, "north-source", SourceState(waits_on_run=7))
    boss = person("boss@example.org", operator=True)
    page = boss.get("/operator").text
    assert "north-source" in page
    assert boss.get("/operator/audit").status_code == 200
    assert boss.get("/i/north").status_code == 200
