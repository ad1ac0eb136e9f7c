"""One federation of real catalogues, harvested once a test session through the ordinary command.

A city (Newcastle upon Tyne): its libraries and museums with real hours and coordinates, the copies of its city
libraries, a university's MARC records served as MARCXML over OAI-PMH, an art museum's collection, two large book lists
as files on a web server. Everything is served from loopback and harvested as a user would. Of the three largest one
record in eight is taken; LAMPWAY_TEST_WHOLE=1 takes them all.
"""

from __future__ import annotations

import csv
import gzip
import http.server
import io
import json
import os
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lampway.cli import app

MAPS = Path(__file__).parent / "maps"
SHARE = 1 if os.environ.get("LAMPWAY_TEST_WHOLE") else 8
ASKED_FOR = ("粉妝樓", "Les Misérables", "Norham Castle", "Newton", "90907")
"""Stays in the catalogues, however few records are taken."""
INCOMPLETE = 3
BRANCHES = ("36", "2", "1", "35", "5", "20", "3", "9", "7", "12", "14", "6", "27")
"""Codes of branches in the copies' table, busiest first; the source has no key to them, so the test gives one."""


@dataclass
class Federation:
    """A home with everything harvested and indexed, and the command that works on it."""

    home: Path
    environment: dict[str, str]
    expected: dict[str, int] = field(default_factory=dict)
    """Records per source, counted in the sources themselves."""
    first: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Report of each source's first harvest."""
    second: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """Standard output of ``lampway ...``; its exit status is checked (None = any).

        What takes long is a process of its own, as a user starts it.
        """
        if arguments[0] not in ("harvest", "index") or "report" in arguments:
            told = CliRunner().invoke(app, list(arguments), env=self.environment)
            assert status in (None, told.exit_code), f"{arguments}: exit {told.exit_code}\n{told.output}"
            return str(told.stdout)
        done = subprocess.run(
            [sys.executable, "-m", "lampway", *arguments],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if status is not None:
            assert done.returncode == status, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def read(self, *arguments: str) -> Any:
        """What a command tells programs."""
        return json.loads(self.run(*arguments, "--json"))

    def search(self, *arguments: str) -> dict[str, Any]:
        """The answer of ``lampway search ... --json``."""
        return self.read("search", *arguments)  # type: ignore[no-any-return]

    def report(self, source: str) -> dict[str, Any]:
        """The source's latest ``lampway harvest report``."""
        return self.read("harvest", "report", source)  # type: ignore[no-any-return]


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """Rows of a gzipped or plain CSV by their header."""
    opener = partial(gzip.open, mode="rt") if path.suffix == ".gz" else open
    with opener(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def write_csv(path: Path, rows: list[dict[str, object]]) -> Path:
    """Write rows under the keys of the first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def taken(id_: str, text: str) -> bool:
    """Whether a record is among those that are harvested."""
    return zlib.crc32(id_.encode()) % SHARE == 0 or any(word in text for word in ASKED_FOR)


def taken_of(table: Path, to: Path, column: str, delimiter: str = ",") -> Path:
    """The rows that are taken, in the bytes that the table has them in."""
    with gzip.open(table, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = file.readlines()
    rows = csv.reader(lines, delimiter=delimiter)
    header, end = next(rows), rows.line_num
    kept = lines[:end]
    for row in rows:
        text = "".join(lines[end : rows.line_num])
        kept += lines[end : rows.line_num] if taken(row[header.index(column)], text) else []
        end = rows.line_num
    with gzip.open(to, "wt", encoding="utf-8", newline="", compresslevel=1) as file:
        file.writelines(kept)
    return to


def slug(text: str) -> str:
    """Id made of a name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def library_rows(data: Path) -> list[dict[str, object]]:
    """The city's libraries as the national table has them, with coordinates where the city's own table has them."""
    places = rows_of(data / "library-newcastle/library-buildings/current-libraries.csv")
    found: list[dict[str, object]] = []
    for row in rows_of(data / "institutions-uk-libraries/schemas/libraries.csv.gz"):
        if row["Local authority"] != "Newcastle City Council":
            continue
        place = next((p for p in places if row["Library name"].startswith(p["Library"])), None)
        found.append(
            {
                "Code": slug(row["Library name"]),
                "Parent": "newcastle-libraries",
                **row,
                "Latitude": place["Latitude"] if place else "",
                "Longitude": place["Longitude"] if place else "",
            }
        )
    return found


def museum_rows(data: Path) -> list[dict[str, object]]:
    """The city's museums that are still open."""
    [table] = (data / "institutions-uk-museums").glob("*.csv.gz")
    return [
        dict(row)
        for row in rows_of(table)
        if "newcastle" in row["village_town_or_city"].lower()
        and row["region"].startswith("North East")
        and row["still_open"] == "TRUE"
    ]


def copy_rows(data: Path, libraries: list[dict[str, object]]) -> list[dict[str, object]]:
    """Every copy once, where it was seen last, on loan if its last event was an issue."""
    with_place = [row for row in libraries if row["Latitude"]]
    branch = {code: with_place[i % len(with_place)]["Library name"] for i, code in enumerate(BRANCHES)}
    table = data / "library-newcastle/top-5-most-borrowed-items-circulation/top-5-most-borrowed-items.csv.gz"
    copies: dict[str, dict[str, object]] = {}
    for row in rows_of(table):
        day, month, year_time = row["date"].split("/")
        when = f"{year_time[:4]}-{month}-{day}{year_time[4:]}"
        old = copies.get(row["item"])
        if old and str(old["when"]) > when:
            continue
        copies[row["item"]] = {
            "when": when,
            "id": row["isbn"],
            "title": row["title"],
            "author": row["author"],
            "isbn": row["isbn"],
            "branch": branch.get(row["branch"], ""),
            "barcode": row["item"],
            "status": "on loan" if row["issuedate"] == row["date"] else "on shelf",
            "shelf": row["stock area"],
        }
    rows = sorted(copies.values(), key=lambda row: (str(row["id"]), str(row["barcode"])))
    for row in rows:
        del row["when"]
    return rows


def tate_rows(data: Path) -> list[dict[str, object]]:
    """The art museum's objects as a CSV would have them."""
    rows: list[dict[str, object]] = []
    with gzip.open(data / "museum-tate/artworks.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            work = json.loads(line)
            if not taken(work["acno"], work["title"]):
                continue
            span = work.get("dateRange") or {}
            rows.append(
                {
                    "accession_number": work["acno"],
                    "title": work["title"],
                    "artist": "; ".join(person["mda"] for person in work["contributors"]),
                    "date": work["dateText"],
                    "year": span.get("startYear") or "",
                    "medium": work["medium"] or "",
                    "dimensions": work["dimensions"] or "",
                    "subjects": "; ".join(_leaves(work.get("subjects") or {})),
                    "url": work["url"],
                    "thumbnail": work["thumbnailUrl"] or "",
                }
            )
    return rows


def _leaves(node: dict[str, object]) -> list[str]:
    children = node.get("children") or []
    if not isinstance(children, list) or not children:
        return [str(node["name"])] if "name" in node else []
    return [name for child in children for name in _leaves(child)]


def uva_marcxml(data: Path) -> list[tuple[str, bytes]]:
    """The university's records as MARCXML, by their control number."""
    import pymarc

    records: list[tuple[str, bytes]] = []
    with gzip.open(data / "marc-uva-solrmarc/uva_001_2000.mrc.gz", "rb") as file:
        for record in pymarc.MARCReader(io.BytesIO(file.read()), to_unicode=True):
            assert record is not None
            records.append((record["001"].data.strip(), pymarc.record_to_xml(record, namespace=True)))
    return records


@pytest.fixture(scope="session")
def file_server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, Path], str]]:
    """A web server on loopback; call it with a name and a file to get the file's URL."""
    root = tmp_path_factory.mktemp("www")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(name: str, file: Path) -> str:
        (root / name).symlink_to(file)
        return f"http://127.0.0.1:{server.server_port}/{name}"

    yield serve
    server.shutdown()
    server.server_close()


def environment_of(home: Path) -> dict[str, str]:
    """A clean environment for the command, with its home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LAMPWAY_")}
    return kept | {
        "LAMPWAY_HOME": str(home),
        "LAMPWAY_FETCH_ALLOW": "127.0.0.1",
        "LAMPWAY_FETCH_PAUSE": "0",
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture(scope="session")
def federation(
    data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    file_server: Callable[[str, Path], str],
) -> Federation:
    """The city and its sources, harvested and indexed once."""
    from lampway.demo_oai import OaiRecord, Repository
    from lampway.demo_server import serve

    root = tmp_path_factory.mktemp("federation")
    files = root / "files"
    files.mkdir()
    home = root / "home"
    home.mkdir()
    made = Federation(home=home, environment=environment_of(home))

    libraries = library_rows(data)
    write_csv(files / "libraries.csv", libraries)
    write_csv(files / "museums.csv", museum_rows(data))
    copies = copy_rows(data, libraries)
    write_csv(files / "copies.csv", copies)
    objects = tate_rows(data)
    write_csv(files / "tate.csv", objects)
    records = [
        OaiRecord(identifier=f"oai:uva:{number}", datestamp="2025-11-16T00:00:00Z", metadata={"marcxml": xml})
        for number, xml in uva_marcxml(data)
    ]
    gutenberg = data / "library-gutenberg/gutenberg_metadata.csv.gz"
    gutenberg = taken_of(gutenberg, files / "gutenberg.csv.gz", "gutenberg_id")
    flickr = data / "library-bl-flickr-books/plates_1528-1926.tsv.gz"
    flickr = taken_of(flickr, files / "flickr.tsv.gz", "book_identifier", "\t")

    made.run("institutions", "import", str(MAPS / "owners.csv"))
    made.run("institutions", "import", str(files / "libraries.csv"), "--mapping", str(MAPS / "libraries.yaml"))
    made.run("institutions", "import", str(files / "museums.csv"), "--mapping", str(MAPS / "museums.yaml"))
    with serve({"uva": Repository("University of Virginia", records)}) as server:
        made.run(
            "sources", "add", "oai", server.url("uva"), "--institution", "uva", "--format", "marcxml", "--id", "uva",
            "--mapping", str(MAPS / "uva.yaml"),
        )  # fmt: skip
        for id_, location, institution, mapping in (
            ("copies", str(files / "copies.csv"), "newcastle-libraries", None),
            ("tate", str(files / "tate.csv"), "tate", "tate"),
            ("gutenberg", file_server("gutenberg.csv.gz", gutenberg), "gutenberg", "gutenberg"),
            ("flickr", file_server("flickr.tsv.gz", flickr), "british-library", "flickr"),
        ):
            extra = ["--mapping", str(MAPS / f"{mapping}.yaml")] if mapping else []
            made.run("sources", "add", "csv", location, "--institution", institution, "--id", id_, *extra)
        made.run("harvest", status=INCOMPLETE)  # one row of the book list has neither title nor author
        made.first = {id_: made.report(id_) for id_ in ("uva", "copies", "tate", "gutenberg", "flickr")}
        made.run("harvest", "--full", status=INCOMPLETE)
        made.second = {id_: made.report(id_) for id_ in made.first}
    made.run("index")
    made.expected = {
        "uva": len(records),
        "copies": len({str(row["id"]) for row in copies}),
        "tate": len({str(row["accession_number"]) for row in objects}),
        "gutenberg": len({row["gutenberg_id"] for row in rows_of(gutenberg)}),
        "flickr": len({row["book_identifier"] for row in rows_of(flickr, "\t")}),
    }
    return made
