"""A server with real faults: the PyPI package oai-repo leaves deleted records out of its lists, but counts them."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import ClassVar
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

oai_repo = pytest.importorskip("oai_repo", reason="the package oai-repo (extra dev) is not installed")
from lxml import etree  # noqa: E402

DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title></oai_dc:dc>"
)


class Data(oai_repo.DataInterface):
    """130 records in pages of 40, six of them deleted."""

    limit = 40
    rows: ClassVar = {
        f"oai:r:{n}": SimpleNamespace(
            title=f"Blatt {n}", deleted=n % 25 == 3, stamp=f"2024-01-{1 + n % 28:02d}T00:00:00Z"
        )
        for n in range(130)
    }

    def get_identify(self):
        one = oai_repo.Identify()
        one.repository_name, one.base_url, one.admin_email = "Sloppy", "http://127.0.0.1/", ["a@example.org"]
        one.deleted_record, one.granularity = "persistent", "YYYY-MM-DDThh:mm:ssZ"
        one.earliest_datestamp, one.compression = "2000-01-01T00:00:00Z", []
        return one

    def is_valid_identifier(self, identifier):
        return identifier in self.rows

    def get_metadata_formats(self, identifier=None):
        return [oai_repo.MetadataFormat("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
                                        "http://www.openarchives.org/OAI/2.0/oai_dc/")]  # fmt: skip

    def get_record_header(self, identifier):
        head, row = oai_repo.RecordHeader(), self.rows[identifier]
        head.identifier, head.datestamp, head.setspecs = identifier, row.stamp, []
        if row.deleted:
            head.status = "deleted"
        return head

    def get_record_metadata(self, identifier, metadataprefix):
        row = self.rows[identifier]
        return None if row.deleted else etree.fromstring(DC.format(row.title))

    def get_record_abouts(self, identifier):
        return []

    def list_set_specs(self, identifier=None, cursor=0):
        return [], 0, None

    def get_set(self, setspec):
        return oai_repo.Set()

    def list_identifiers(self, metadataprefix, filter_from=None, filter_until=None, filter_set=None, cursor=0):
        names = list(self.rows)
        return names[cursor : cursor + self.limit], len(names), None


@pytest.fixture
def peer():
    def app(environment, start):
        query = environment.get("QUERY_STRING", "")
        body = bytes(oai_repo.OAIRepository(Data()).process(dict(parse_qsl(query))))
        start("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/oai"
    server.shutdown()
    server.server_close()


def test_what_it_counts_and_has_not_is_told_and_the_rest_is_complete(peer, harvest, stored):
    report = harvest(peer)
    dead = [name for name, row in Data.rows.items() if row.deleted]
    assert set(stored()) == set(Data.rows) - set(dead)
    assert report.status == "complete"
    assert f"{len(dead)} records are listed, but the server says they do not exist, e.g. {dead[0]}" in report.notes
