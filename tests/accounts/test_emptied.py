"""What is paused says so everywhere; who has withdrawn all they had is not left behind as an empty place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from lampway.cli import app as cli
from lampway.housekeeping import Housekeeping
from lampway.outside import Harvester
from schemas.catalogue import Source
from schemas.registration import NewInstitution, Proposal
from search_api.accounts import registering
from store import accounts, audit, institutions, registrations, sources

ADA = "ada@example.org"
PLACE = "harbour-library"


@pytest.fixture
def harbour(context: Any) -> str:
    """The registration that has brought an institution."""
    with context.database.begin() as connection:
        ada = accounts.add(connection, ADA)
        proposal = Proposal(
            location="https://harbour.example/oai", protocol="oai", format="oai_dc",
            new=NewInstitution(name="Harbour Library", lat=54.97, lon=-1.61),
        )  # fmt: skip
        made = registrations.add(connection, ada.number, "probed", proposal)
        registering.proven(connection, context.settings, made, "vouched", "boss@example.org")
    context.refresh()
    return made.id


def state(context: Any, id_: str) -> tuple[str, bool]:
    with context.database.connect() as connection:
        found = registrations.get(connection, id_)
        return found.state, sources.get(connection, found.source).paused


@pytest.mark.parametrize("by", ["page", "api", "command"])
def test_paused_is_paused_everywhere(
    context: Any, person: Any, harbour: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person(ADA)
    monkeypatch.setenv("LAMPWAY_HOME", str(context.settings.home))

    def do(act: str) -> None:
        if by == "page":
            assert ada.post(f"/i/{PLACE}/sources/{PLACE}/{act}").status_code == 303
        elif by == "api":
            assert ada.post(f"/api/institutions/{PLACE}/sources/{PLACE}", json={"act": act}).status_code == 200
        else:
            assert CliRunner().invoke(cli, ["sources", act, PLACE]).exit_code == 0

    do("pause")
    assert state(context, harbour) == ("paused", True)
    assert "It is paused." in ada.get(f"/registrations/{harbour}").text
    assert "It is paused." in ada.get("/account").text
    (listed,) = ada.get("/api/registrations").json()["registrations"]
    assert listed["state"] == "paused"
    do("pause")  # again is no fault
    do("resume")
    assert state(context, harbour) == ("live", False)
    assert ada.post(f"/registrations/{harbour}/pause").status_code == 303
    do("resume")
    assert state(context, harbour) == ("live", False)


def seen(browser: Any) -> dict[str, bool]:
    """Where a visitor comes upon it."""
    return {
        "page": browser.get(f"/institutions/{PLACE}").status_code == 200,
        "api": browser.get(f"/api/institutions/{PLACE}").status_code == 200,
        "list": PLACE in browser.get("/institutions").text,
        "map": PLACE in browser.get("/institutions.geojson").text,
        "sitemap": PLACE in browser.get("/sitemaps/institutions.xml").text,
        "place": browser.get("/api/institutions?near=Harbour+Library").status_code == 200,
        "source": browser.get(f"/sources/{PLACE}").status_code == 200,
    }


def test_nobody_comes_upon_a_place_that_has_withdrawn_all(
    context: Any, person: Any, visitor: Any, harbour: str
) -> None:
    ada, anybody = person(ADA), visitor(Accept="*/*")
    assert set(seen(anybody).values()) == {True}
    assert ada.post(f"/registrations/{harbour}/withdraw").status_code == 303
    assert not any(seen(anybody).values()), seen(anybody)
    assert "Nobody sees this institution" in ada.get(f"/i/{PLACE}").text  # its people do, to bring it back
    assert ada.post(f"/registrations/{harbour}/return").status_code == 303
    assert set(seen(anybody).values()) == {True}
    assert "Nobody sees this institution" not in ada.get(f"/i/{PLACE}").text

    ada.post(f"/registrations/{harbour}/withdraw")
    later = datetime.now(UTC) + timedelta(days=context.settings.rest_days + 1)
    outside = Harvester(context.database, context.settings)
    Housekeeping(context.database, context.settings, outside, clock=lambda: later).look()
    with context.database.connect() as connection:
        assert institutions.get(connection, PLACE) is None
        assert "institution.remove" in {line.action for line in audit.read(connection)}
    assert not any(seen(anybody).values())
    assert ada.get("/account").status_code == 200


def test_a_place_with_another_catalogue_or_of_the_registry_stays(
    context: Any, person: Any, visitor: Any, harbour: str
) -> None:
    ada, anybody = person(ADA, north="editor"), visitor(Accept="*/*")
    other = Source(id="other", protocol="csv", location="/x.csv", format="csv", institution=PLACE)
    with context.database.begin() as connection:
        sources.add(connection, other)
        account = accounts.by_email(connection, ADA)
        own = Proposal(location="https://n.example/oai", protocol="oai", format="oai_dc", institution="north")
        of_registry = registrations.add(connection, account.number, "probed", own)
        registering.proven(connection, context.settings, of_registry, "vouched", "boss@example.org")
    for id_ in (harbour, of_registry.id):
        assert ada.post(f"/registrations/{id_}/withdraw").status_code == 303
    assert anybody.get(f"/institutions/{PLACE}").status_code == 200
    assert anybody.get("/institutions/north").status_code == 200


def test_a_catalogue_that_the_operator_adds_lets_it_be_seen_again(
    context: Any, person: Any, visitor: Any, harbour: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    person(ADA).post(f"/registrations/{harbour}/withdraw")
    monkeypatch.setenv("LAMPWAY_HOME", str(context.settings.home))
    table = tmp_path / "more.csv"
    table.write_text("id,title\n1,Harbours\n")
    ran = CliRunner().invoke(cli, ["sources", "add", "csv", str(table), "--institution", PLACE])
    assert ran.exit_code == 0, ran.output
    context.refresh()
    assert visitor().get(f"/institutions/{PLACE}").status_code == 200
