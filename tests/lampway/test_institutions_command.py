"""``lampway institutions set`` and ``remove``: the registry edited by hand."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from lampway.commands import institutions as command
from schemas.catalogue import Source
from schemas.institution import HoursException, Institution, ServicePoint
from store import institutions, sources
from store.database import Database

app = typer.Typer()
command.register(app)


@pytest.fixture
def place(database: Database, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Looks a library up in a registry of a city, its branch and a museum."""
    monkeypatch.setenv("LAMPWAY_HOME", str(settings.home))
    with database.begin() as connection:
        rows = [
            Institution(id="city", name="City", kind="library", country="GB", checked_on="2020-01-01"),
            Institution(id="harbour", name="Harbour", kind="library", parent="city"),
            Institution(id="museum", name="Museum", kind="museum"),
        ]
        institutions.upsert(connection, rows)
        sources.add(connection, Source(id="feed", protocol="csv", location="x.csv", format="csv", institution="museum"))

    def look(id_: str = "city") -> Institution | None:
        with database.connect() as connection:
            return institutions.get(connection, id_)

    return look


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["institutions", *arguments])


def test_fields_are_set_and_checked_today(place: Any) -> None:
    done = run(
        "set", "city", "opening_hours=Mon-Fri 9am-5pm", "services=loan,on_site", "aliases=CL, Main", "lat=54.97",
        "lon=-1.61", "url=city.example", "exceptions=2026-12-24 09:00-12:00; 2026-12-25 off",
        'service_points=[{"name": "last_entry", "hours": "16:30"}]', "description=a=b",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "understood as" in done.stderr
    city = place()
    assert (city.opening_hours, city.services, city.aliases) == (
        "Mo-Fr 09:00-17:00",
        ["loan", "on_site"],
        ["CL", "Main"],
    )
    assert (city.lat, city.lon, city.timezone, city.url) == (54.97, -1.61, "Europe/London", "https://city.example")
    assert city.exceptions[1] == HoursException(first="2026-12-25", hours="off")
    assert city.service_points == [ServicePoint(name="last_entry", hours="16:30")]
    assert (city.description, city.number, city.checked_on) == ("a=b", 1, date.today().isoformat())
    shown = run("set", "city", "checked_on=2026-01-31", "phone=", "lat=", "lon=", "closed=yes", "--json")
    assert json.loads(shown.stdout)["checked_on"] == place().checked_on == "2026-01-31"
    assert (place().lat, place().closed) == (None, True)


def test_a_derived_time_zone_moves_with_the_place(place: Any) -> None:
    run("set", "city", "lat=54.97", "lon=-1.61", "country=GB")
    run("set", "city", "lat=48.86", "lon=2.35", "country=FR")
    assert (place().timezone, place().country) == ("Europe/Paris", "FR")
    run("set", "city", "timezone=Europe/Berlin", "lat=48.85")
    run("set", "city", "lat=48.84")
    assert place().timezone == "Europe/Berlin"


def test_hours_do_not_need_a_position(place: Any) -> None:
    assert run("set", "city", "opening_hours=Mo-Fr 09:00-17:00").exit_code == 0
    points = 'service_points=[{"name": "desk", "hours": "Mo 09:00-12:00"}]'
    assert run("set", "city", "region=GB-ENG", points).exit_code == 0
    assert (place().region, place().service_points[0].name) == ("GB-ENG", "desk")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["colour=red", "phone=1"], ["'colour'", "opening_hours, exceptions"]),
        (["id=x"], ["'id'"]),
        (["number=7"], ["'number'"]),
        (["phone"], ["FIELD=VALUE"]),
        (["phone=1", "opening_hours=Mo-Fr 25:99-"], ["opening_hours:", "Mo-Fr 09:00-17:00"]),
        (["lat=154.97", "lon=-1.61"], ["lat:", "swapped"]),
        (["lat=54.97"], ["lon:", "give both"]),
        (["lat=-1.61", "lon=54.97"], ["inside when swapped"]),
        (["timezone=Mars/Base", "url=ftp://x.example", "email=nobody"], ["timezone:", "url:", "email:"]),
        (["parent=nowhere"], ["parent:", "not in the registry"]),
        (["parent=city"], ["parent:", "itself"]),
        (["parent=harbour"], ["parent:", "branches"]),
        (["kind=pub"], ["library, museum, archive, other"]),
        (["name="], ["name:", "blank"]),
        (["services=loan,haircut"], ["haircut", "on_site"]),
        (["exceptions=2026-12-24 25:99"], ["exceptions:"]),
        (["exceptions=2026-02-30 off"], ["exceptions:"]),
        (["checked_on=yesterday"], ["checked_on:"]),
        (['service_points=[{"name": "last_entry", "hours": "half past"}]'], ["service_points:", "last_entry"]),
        (["service_points=desk"], ["service_points:", "JSON"]),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_changed(place: Any, changes: list[str], said: list[str]) -> None:
    before = place()
    done = run("set", "city", *changes)
    assert done.exit_code == 2, done.output
    for words in said:
        assert words in done.stderr
    assert place() == before


def test_an_unknown_institution(place: Any) -> None:
    for arguments in (("set", "nowhere", "phone=1"), ("remove", "nowhere")):
        done = run(*arguments)
        assert (done.exit_code, "'nowhere'" in done.stderr) == (2, True)


def test_what_is_still_named_is_not_removed(place: Any) -> None:
    for id_, named in (("city", "branch harbour"), ("museum", "source feed")):
        done = run("remove", id_)
        assert (done.exit_code, named in done.stderr) == (1, True)
        assert place(id_)
    assert json.loads(run("remove", "harbour", "--json").stdout) == {"removed": "harbour"}
    assert place("harbour") is None
    assert run("remove", "city").exit_code == 0


def test_the_help_has_examples(place: Any) -> None:
    for name in ("set", "remove"):
        assert "Example: lampway institutions" in " ".join(run(name, "--help").output.split())
