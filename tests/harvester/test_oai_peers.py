"""Servers that other people wrote: the PyPI package oaipmh serves the records, over its own XML, tokens and errors."""

from __future__ import annotations

import datetime as dt
import threading
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest

from harvester.probe.probe import probe
from schemas.catalogue import Source

common = pytest.importorskip("oaipmh.common", reason="the package oaipmh (extra dev) is not installed")
from oaipmh import error  # noqa: E402
from oaipmh.metadata import MetadataRegistry  # noqa: E402
from oaipmh.server import BatchingServer, oai_dc_writer  # noqa: E402

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"


class Repository:
    """What oaipmh's server asks. ``rows`` may change at any time."""

    def __init__(self, rows):
        self.rows = rows

    def identify(self):
        begin = dt.datetime(2000, 1, 1)
        return common.Identify("Peer", "http://127.0.0.1/", "2.0", ["a@example.org"], begin, "persistent",
                               "YYYY-MM-DDThh:mm:ssZ", [])  # fmt: skip

    def listMetadataFormats(self, identifier=None):  # noqa: N802
        return [("oai_dc", NAMESPACE + "x.xsd", NAMESPACE)]

    def listSets(self, cursor=0, batch_size=10):  # noqa: N802
        return [(name, name, "") for name in ("a", "b")][cursor : cursor + batch_size]

    def listRecords(self, cursor=0, batch_size=10, **asked):  # noqa: N802
        return [self._whole(row) for row in self._chosen(**asked)[cursor : cursor + int(batch_size)]]

    def listIdentifiers(self, cursor=0, batch_size=10, **asked):  # noqa: N802
        return [self._whole(row)[0] for row in self._chosen(**asked)[cursor : cursor + int(batch_size)]]

    def getRecord(self, metadataPrefix, identifier):  # noqa: N802, N803
        for row in self.rows:
            if row.id == identifier:
                return self._whole(row)
        raise error.IdDoesNotExistError(identifier)

    def _chosen(self, metadataPrefix=None, set=None, from_=None, until=None):  # noqa: A002, N803
        rows = [
            row
            for row in self.rows
            if (not set or set in row.sets) and (not from_ or row.stamp >= from_) and (not until or row.stamp <= until)
        ]
        if not rows:
            raise error.NoRecordsMatchError
        return rows

    @staticmethod
    def _whole(row):
        head = common.Header(None, row.id, row.stamp, row.sets, row.deleted)
        metadata = None if row.deleted else common.Metadata(None, {"title": [row.title], "date": ["1999"]})
        return head, metadata, None


def row(number, title=None, stamp=None, deleted=False):
    moment = stamp or dt.datetime(2024, 1, 1) + dt.timedelta(hours=number)
    sets = ["a"] if number % 3 else ["a", "b"]
    return SimpleNamespace(id=f"oai:p:{number}", title=title or f"Étude {number} & 中文", stamp=moment, sets=sets,
                           deleted=deleted)  # fmt: skip


@pytest.fixture
def peer():
    """A running server of 250 records in pages of 40, 4 of them deleted."""
    registry = MetadataRegistry()
    registry.registerWriter("oai_dc", oai_dc_writer)
    repository = Repository([row(n, deleted=n % 60 == 7) for n in range(250)])
    server = BatchingServer(repository, registry, resumption_batch_size=40)

    def app(environment, start):
        query = environment.get("QUERY_STRING", "")
        if environment["REQUEST_METHOD"] == "POST":
            query = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0)).decode()
        body = server.handleRequest(dict(parse_qsl(query)))
        start("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    listening = Server(("127.0.0.1", 0), Quiet)
    listening.set_app(app)
    threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
    repository.url = f"http://127.0.0.1:{listening.server_port}/oai"
    yield repository
    listening.shutdown()
    listening.server_close()


def living(repository):
    return {one.id: one.title for one in repository.rows if not one.deleted}


def test_everything_then_changes_then_deletions(peer, harvest, stored):
    first = harvest(peer.url)
    assert (first.status, first.received, first.deleted, first.losses) == ("complete", 250, 5, [])
    assert {key: one.title for key, one in stored().items() if not one.deleted} == living(peer)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    peer.rows[3] = row(3, "Neu", now)
    peer.rows[4] = row(4, stamp=now, deleted=True)
    peer.rows.append(row(900, stamp=now))
    second = harvest(peer.url)
    assert (second.status, second.new, second.changed, second.deleted) == ("complete", 1, 1, 1)
    assert second.received < 10
    assert {key: one.title for key, one in stored().items() if not one.deleted} == living(peer)


def test_one_set(peer, harvest, stored):
    assert harvest(peer.url, sets=["b"]).status == "complete"
    wanted = {one.id for one in peer.rows if "b" in one.sets}
    assert set(stored()) == wanted


def test_a_record_that_the_server_cannot_write_stands_alone(peer, harvest, stored):
    bad = "oai:p:120"
    whole = peer._whole
    broken = True

    def fails(one):
        if broken and one.id == bad:
            raise RuntimeError("no metadata for you")
        return whole(one)

    peer._whole = fails
    peer.listIdentifiers = lambda cursor=0, batch_size=10, **asked: [
        whole(one)[0] for one in peer._chosen(**asked)[cursor : cursor + int(batch_size)]
    ]
    report = harvest(peer.url)
    assert (report.status, report.quarantined) == ("incomplete", 1)
    assert report.losses[-1].record == bad
    assert len(stored()) == 249
    broken = False
    again = harvest(peer.url)
    assert (again.status, again.new) == ("complete", 1)
    assert len(stored()) == 250


def test_a_look_at_it_finds_what_it_keeps_to(peer, client):
    found = probe(Source(id="t", protocol="", location=peer.url, format=""), client)
    grades = {step.code: step.grade for step in found.steps}
    assert {code for code, grade in grades.items() if grade != "good"} == set(), found.steps
    assert (found.verdict, found.looked_at, len(found.samples)) == ("works", 78, 50)  # two are deleted
