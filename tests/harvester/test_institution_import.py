"""Institutions from tables of many makers: our own CSV, GeoJSON, JSON, foreign columns; mistakes told row by row."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from harvester.formats.base import MappingError
from harvester.institution_import import ImportPreview, TableError, read_institutions
from lampway.cli import app

OWN = (
    "id,name,kind,isil,lat,lon,address,city,country,timezone,opening_hours,services,url,phone,email\n"
    'city,City Library,library,GB-X1,54.9749,-1.6104,"1 Main St",Leeds,GB,Europe/London,"Mo-Fr 09:00-17:00; PH off",'
    '"loan;on_site",https://city.example,+44 1,a@city.example\n'
    "hall,Old Hall,museum,,54.97,-1.62,,Newcastle,GB,,,,,,\n"
    "roll,Record Office,archive,,,,,,,,,,,,\n"
)


def preview(tmp_path: Path, content: str | bytes, mapping: dict[str, Any] | None = None) -> ImportPreview:
    path = tmp_path / "institutions"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_institutions(path, mapping)


def test_our_own_csv(tmp_path: Path) -> None:
    got = preview(tmp_path, OWN)
    assert got.problems == []
    city, hall, roll = got.institutions
    assert (city.id, city.name, city.kind, city.isil, city.country) == (
        "city",
        "City Library",
        "library",
        "GB-X1",
        "GB",
    )
    assert (city.lat, city.lon, city.opening_hours) == (54.9749, -1.6104, "Mo-Fr 09:00-17:00; PH off")
    assert (city.services, city.url, city.email) == (["loan", "on_site"], "https://city.example", "a@city.example")
    assert (hall.kind, hall.timezone) == ("museum", "Europe/London")  # from the position
    assert (roll.kind, roll.lat, roll.lon, roll.timezone) == ("archive", None, None, "")


@pytest.mark.parametrize(
    ("column", "value", "reason", "fix"),
    [
        ("lat", "95", "not between -90 and 90", "WGS 84"),
        ("lat", "north", "no number of degrees", "decimal"),
        ("lat", "", "is missing, though the other", "both or none"),
        ("lon", "254", "not between -180 and 180", "WGS 84"),
        ("timezone", "London", "no time zone", "Europe/London"),
        ("country", "Atlantis", "no country", "two letters"),
        ("kind", "zoo", "no kind", "library, museum"),
        ("name", "", "is missing", "name"),
        ("id", "a/b", "slash", "letters"),
        ("id", " ", "is blank", "ISIL"),
        ("id", "city", "stands in row 1 already", "own id"),
        ("services", "loan;swimming", "no service", "interloan"),
        ("opening_hours", "Mo-Fr 09:00-17:00; Xy 10:00", "not understood from character", "OSM"),
        ("opening_hours", "whenever we like", "left empty", "OSM"),
        ("url", "http://", "no web address", "https://"),
        ("email", "nobody", "no mail address", "name@host"),
    ],
)
def test_a_mistake_is_told_and_costs_its_row(tmp_path: Path, column: str, value: str, reason: str, fix: str) -> None:
    """Hours and addresses on the web cost only themselves: the place is where it is all the same."""
    kept = column in {"opening_hours", "url", "email"}
    header = OWN.splitlines()[0].split(",")
    row = dict.fromkeys(header, "") | {"id": "x", "name": "X", "kind": "library", "lat": "54.97", "lon": "-1.61"}
    row[column] = value
    line = ",".join('"' + row[name] + '"' for name in header)
    got = preview(tmp_path, OWN + line + "\n")
    assert [place.id for place in got.institutions] == ["city", "hall", "roll", *(["x"] if kept else [])]
    assert not kept or getattr(got.institutions[-1], column) == ""
    (problem,) = got.problems
    assert (problem.row, problem.column) == (4, column)
    assert problem.value in value
    assert reason in problem.reason
    assert fix in problem.fix
    assert str(problem).startswith(f"row 4, {column}:")


def test_latitude_and_longitude_the_wrong_way_round_are_noticed(tmp_path: Path) -> None:
    got = preview(
        tmp_path,
        "id,name,kind,lat,lon,country\n"
        "a,A,library,-1.61,54.97,GB\n"  # both could be right, but then it lies off the Seychelles
        "b,B,library,139.7,35.7,JP\n"
        "c,C,library,54.97,-1.61,GB\n"
        "d,D,library,-1.61,54.97,\n",
    )
    assert [place.id for place in got.institutions] == ["c", "d"]
    assert [problem.fix for problem in got.problems] == [
        "lat=54.97, lon=-1.61",
        "use WGS 84 degrees; if swapped: lat=35.7, lon=139.7",
    ]


def test_damaged_rows_do_not_stop_the_others(tmp_path: Path) -> None:
    got = preview(tmp_path, "id,name,kind,lat,lon\na,A,library,1,2\nb,B\n\nc,C,museum,3,4\n")
    assert [place.id for place in got.institutions] == ["a", "c"]
    assert "only 2 cells" in got.problems[0].reason


def test_geojson_with_all_that_we_know(tmp_path: Path) -> None:
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-1.61, 54.97]},
                "properties": {
                    "id": "a", "name": "A", "kind": "library", "country": "GB", "opening_hours": "Mo-Fr 09:00-17:00",
                    "aliases": ["AA", "Old A"], "parent": "Head", "closed": False, "services": ["loan"],
                    "exceptions": [{"first": "2026-12-24", "hours": "09:00-12:00", "note": "Eve"}],
                    "service_points": [{"name": "last_entry", "hours": "-00:30"}],
                    "live": {"adapter": "daia", "url": "https://a.example/daia"},
                },
            },
            {"type": "Feature", "id": "h", "geometry": None, "properties": {"name": "Head", "kind": "library"}},
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [[[10, 50], [12, 50], [12, 52], [10, 52], [10, 50]]]},
                "properties": {"id": "p", "name": "P", "kind": "museum"},
            },
            {"type": "Feature", "properties": {"id": "q", "name": "Q", "kind": "museum", "exceptions": [1]}},
        ],
    }  # fmt: skip
    got = preview(tmp_path, json.dumps(collection))
    a, head, p = got.institutions
    assert (a.lat, a.lon, a.parent, a.aliases, a.closed) == (54.97, -1.61, "h", ["AA", "Old A"], False)
    assert (a.exceptions[0].first, a.exceptions[0].note) == ("2026-12-24", "Eve")
    assert a.service_points[0].hours == "-00:30"
    assert a.live["adapter"] == "daia"
    assert (head.lat, p.lat, p.lon) == (None, 51.0, 11.0)
    assert got.problems[0].column == "exceptions"


def test_json_lists_and_exceptions_in_a_cell(tmp_path: Path) -> None:
    got = preview(tmp_path, '[{"id": "a", "name": "A", "kind": "archive", "latitude": 1.5, "lng": "2,5"}]')
    assert (got.institutions[0].lat, got.institutions[0].lon) == (1.5, 2.5)
    cell = "2026-12-24 09:00-12:00; 2026-12-25 .. 2026-12-28 off"
    got = preview(
        tmp_path,
        f"id,name,kind,opening_hours,timezone,exceptions\na,A,library,Mo-Fr 09:00-17:00,Europe/London,{cell}\n",
    )
    assert [(e.first, e.last, e.hours) for e in got.institutions[0].exceptions] == [
        ("2026-12-24", "", "09:00-12:00"),
        ("2026-12-25", "2026-12-28", "off"),
    ]


@pytest.mark.parametrize("content", ["", "{}", '{"features": 3}', "[1, 2", '"text"'])
def test_what_is_no_table_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(TableError):
        preview(tmp_path, content)


def test_foreign_columns_weekdays_and_prose(tmp_path: Path) -> None:
    table = (
        "Name of Library;Type;Standort Breite;Standort Länge;Monday_Staffed_hours;Tuesday staffed hours;"
        "Wednesday staffed hours;Thursday staffed hours;Friday staffed hours;Saturday staffed hours;"
        "Sunday staffed hours;Monday unstaffed hours;Still open\n"
        'Central;LAL;54,97;-1,61;"09:00-17:30,18:00-19:00";09:00-17:30;closed;09:00-17:30;09:00-17:30;;;07:00-09:00;yes\n'
        "West;LAL;54,98;-1,65;;;;;;;;;yes\n"
        "Gone;LAL;54,90;-1,60;;;;;;;;;no\n"
    )
    mapping = {
        "columns": {"lat": "Standort Breite", "lon": "Standort Länge"},
        "constants": {"kind": "library", "country": "GB"},
        "leave_out": {"Still open": ["no"]},
    }
    got = preview(tmp_path, table, mapping)
    central, west = got.institutions
    assert (central.id, central.lat, central.lon, central.timezone) == ("central", 54.97, -1.61, "Europe/London")
    assert central.opening_hours == "Mo 09:00-17:30,18:00-19:00; Tu,Th,Fr 09:00-17:30"
    assert [(p.name, p.hours) for p in central.service_points] == [("self_service", "Mo 07:00-09:00")]
    assert west.opening_hours == ""  # nothing said is unknown, not closed
    assert got.left_out == 1
    assert any("ids made from names: 2" in note for note in got.notes)
    prose = preview(
        tmp_path, "id,name,kind,hours of operation\na,A,library,Mon - Fri: 9am-5pm; Sat: 10:00 AM - 4:00 PM\n"
    )
    assert prose.institutions[0].opening_hours == "Mo-Fr 09:00-17:00; Sa 10:00-16:00"
    assert any("understood as" in note for note in prose.notes)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"colums": {}}, "colums"),
        ({"columns": {"latitude": "lat"}}, "'latitude' is no field"),
        ({"columns": {"name": "Nome"}}, "no column 'Nome'"),
        ({"hours": {"someday": "x"}}, "'someday' is no day"),
    ],
)
def test_a_wrong_mapping_says_what(tmp_path: Path, mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        preview(tmp_path, OWN, mapping)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAMPWAY_HOME", str(tmp_path / "home"))
    run = CliRunner().invoke
    (tmp_path / "good.csv").write_text(OWN)
    (tmp_path / "bad.csv").write_text(OWN + "x,X,library,,95,3" + "," * 9 + "\n")
    (tmp_path / "map.yaml").write_text("constants: {city: Newcastle}\n")
    dry = run(app, ["institutions", "import", "good.csv", "--dry-run"])
    assert (dry.exit_code, "3 institutions can be imported" in dry.stdout) == (0, True)
    assert run(app, ["institutions", "list"]).stdout == ""
    done = run(app, ["institutions", "import", "bad.csv", "--json", "--mapping", "map.yaml"])
    told = json.loads(done.stdout)
    assert done.exit_code == 3
    assert (told["new"], told["problems"][0]["row"], told["problems"][0]["column"]) == (3, 4, "lat")
    again = run(app, ["institutions", "import", "good.csv"])
    assert again.exit_code == 0
    assert "0 new, 1 changed, 2 unchanged" in again.stdout  # only the archive had no city of its own
    listed = json.loads(run(app, ["institutions", "list", "--json"]).stdout)
    assert [row["id"] for row in listed] == ["city", "hall", "roll"]
    assert "opening_hours: Mo-Fr 09:00-17:00; PH off" in run(app, ["institutions", "show", "city"]).stdout
    assert json.loads(run(app, ["institutions", "show", "city", "--json"]).stdout)["number"] == listed[0]["number"]
    assert run(app, ["institutions", "show", "nobody"]).exit_code == 2
    assert run(app, ["institutions", "import", "none.csv"]).exit_code == 2
    assert run(app, ["institutions", "import", "good.csv", "--mapping", "none.yaml"]).exit_code == 2


UK = {
    "id": ["Local authority", "Library name"],
    "columns": {"name": "Library name", "address": ["Address 1", "Address 2"], "city": "Address 3"},
    "constants": {"kind": "library", "country": "GB", "timezone": "Europe/London"},
    "keep": {"Local authority": ["Newcastle City Council"]},
}  # fmt: skip


@pytest.mark.data
def test_newcastles_libraries(data: Path) -> None:
    got = read_institutions(data / "institutions-uk-libraries/schemas/libraries.csv.gz", UK)
    assert got.problems == []
    assert len(got.institutions) == 21
    hours = {place.name: place.opening_hours for place in got.institutions}
    assert sum(bool(text) for text in hours.values()) == 20
    assert sum("Mo" in text for text in hours.values()) == 13
    assert hours["City Library"] == "Mo,We,Fr 10:00-17:00; Tu,Th 10:00-19:00; Sa 10:00-16:00"


@pytest.mark.data
def test_the_museums_of_the_uk(data: Path) -> None:
    mapping = {
        "columns": {"id": "museum_id", "address": ["address_line_1", "address_line_2", "address_line_3"]},
        "constants": {"kind": "museum"},
        "leave_out": {"still_open": ["FALSE"]},
        "values": {"country": {"Channel Islands": ""}},
        "ignore": ["id", "code"],
    }
    got = read_institutions(data / "institutions-uk-museums/mapping-museums-2024-10-15.csv.gz", mapping)
    assert (len(got.institutions), len(got.problems), got.left_out) == (3420, 1, 859)
    assert got.problems[0].value == "99.999999"  # the table's own mark for a place it does not know
    titanic = got.institutions[0]
    assert (titanic.id, titanic.name, titanic.lat, titanic.lon) == ("mm.New.1", "Titanic Belfast", 54.60808, -5.909915)
    cities = Counter(place.city for place in got.institutions)
    assert (cities["Newcastle upon Tyne"], cities["Newcastle-upon-Tyne"]) == (7, 2)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "kind", "rows", "problems"),
    [("libraries", "library", 230, 3), ("museums", "museum", 63, 2)],
)
@pytest.mark.parametrize("form", ["spreadsheet-{}.csv", "map-{}.geojson"])
def test_new_york(data: Path, form: str, name: str, kind: str, rows: int, problems: int) -> None:
    got = read_institutions(
        data / "institutions-nyc" / form.format(name), {"constants": {"kind": kind, "country": "US"}}
    )
    assert len(got.institutions) == rows
    assert len(got.problems) == problems  # hours such as "10;00 AM" or "first Thursday of each month"
    assert Counter(place.timezone for place in got.institutions) == {"America/New_York": rows}
    first = got.institutions[0]
    expected = {
        "libraries": ("115th Street Library", "Mo,We 12:00-19:00; Tu,Th 11:00-18:00; Fr,Sa 10:00-17:00", 40.802893),
        "museums": ("American Folk Art Museum", "Tu-Th,Sa 10:30-17:30; Fr 10:30-19:30", 40.76152),
    }
    assert (first.name, first.opening_hours, first.lat) == expected[name]


@pytest.mark.data
def test_berlins_libraries_from_openstreetmap(data: Path) -> None:
    got = read_institutions(data / "berlin-gbv-elag/libraries.json")
    assert len(got.institutions) + len(got.problems) == 127
    assert {problem.reason for problem in got.problems} == {"is missing"}  # features without a name
    first = got.institutions[0]
    assert (first.id, first.isil, first.city, first.postcode) == ("node-29071031", "DE-B707", "Berlin", "10559")
    assert first.address == "Perleberger Straße 33"


def test_hours_address_and_position_as_schema_org_nests_them(tmp_path: Path) -> None:
    days = [{"dayOfWeek": ["Monday", "Tuesday"], "opens": "09:00", "closes": "17:00"}]
    rows = [
        {"@id": "town", "@type": "Library", "name": "Town Library", "openingHoursSpecification": days,
         "specialOpeningHoursSpecification": [{"validFrom": "2026-12-24", "validThrough": "2026-12-26"}],
         "address": {"@type": "PostalAddress", "streetAddress": "1 Main St", "addressLocality": "Leeds",
                     "postalCode": "LS1", "addressCountry": "GB"},
         "geo": {"@type": "GeoCoordinates", "latitude": 53.8, "longitude": -1.55}},
        {"@id": "port", "name": "Port Museum", "openingHours": ["Mo-Fr 09:00-17:00", "Sa 10:00-12:00"]},
        {"@id": "hill", "name": "Hill Library", "opening_hours": {"monday": "9-17", "sunday": "closed"}},
        {"@id": "dale", "name": "Dale Library", "openingHours": [{"day": "Monday", "from": 9}]},
    ]  # fmt: skip
    got = preview(tmp_path, json.dumps(rows))
    town, port, hill, dale = got.institutions
    assert (town.kind, town.lat, town.lon, town.timezone) == ("library", 53.8, -1.55, "Europe/London")
    assert (town.address, town.city, town.postcode, town.country) == ("1 Main St", "Leeds", "LS1", "GB")
    assert town.opening_hours == "Mo,Tu 09:00-17:00; 2026 Dec 24-2026 Dec 26 off"
    assert port.opening_hours == "Mo-Fr 09:00-17:00; Sa 10:00-12:00"
    assert hill.opening_hours == "Mo 09:00-17:00"
    assert dale.opening_hours == ""
    assert [(problem.row, problem.column) for problem in got.problems] == [(4, "openingHours")]


def test_service_point_hours_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    points = [{"name": "last_entry", "hours": "half past"}, {"name": "desk", "hours": "Mo-Fr 09:00-12:00"}]
    file = tmp_path / "x.json"
    file.write_text(json.dumps([{"id": "a", "name": "A", "kind": "museum", "service_points": points}]), "utf-8")
    got = read_institutions(file)
    assert [point.name for point in got.institutions[0].service_points] == ["last_entry", "desk"]
    (note,) = [line for line in got.notes if "service point" in line]
    assert "row 1" in note
    assert "last_entry" in note
