"""Clients of libraries that others wrote: YAZ, Catmandu and WWW::OpenSearch."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

Run = Callable[..., str]


@pytest.mark.parametrize(("schema", "sign"), [("dc", "<dc:title>Emma</dc:title>"), ("mods", "<title>Emma</title>"),
                                              ("marcxml", '<subfield code="a">Emma</subfield>')])  # fmt: skip
def test_zoomsh(service: str, run: Run, schema: str, sign: str) -> None:
    said = run("zoomsh", "set sru get", f"set schema {schema}", f"connect {service}/sru", "search cql:dc.title=emma",
               "show 0 1", "quit", package="yaz")  # fmt: skip
    assert "1 hits" in said
    assert sign in said


@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0"])
def test_zoomsh_in_every_version(service: str, run: Run, version: str) -> None:
    said = run("zoomsh", "set sru get", f"set sru_version {version}", f"connect {service}/sru", "search cql:emma",
               "show 0 1", "quit", package="yaz")  # fmt: skip
    assert "1 hits" in said
    assert "<dc:title>Emma</dc:title>" in said


def test_zoomsh_reads_diagnostics(service: str, run: Run) -> None:
    said = run("zoomsh", "set sru get", f"connect {service}/sru", "search cql:colour=red", "quit", package="yaz")
    assert "info:srw/diagnostic/1:16" in said or "Unsupported index" in said


def test_catmandu(service: str, run: Run) -> None:
    said = run("catmandu", "convert", "SRU", "--base", f"{service}/sru", "--query", "dc.title=harbour",
               "--recordSchema", "dc", "--parser", "simple", "to", "JSON", "--line_delimited", "1",
               package="libcatmandu-sru-perl", module="Catmandu::Importer::SRU")  # fmt: skip
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert len(rows) == 24


OPENSEARCH = """
use WWW::OpenSearch; use strict; use warnings;
my $engine = WWW::OpenSearch->new($ARGV[0]);
my $found = $engine->search("harbour", { count => 5 });
print $engine->description->shortname, "\\n", $found->pager->total_entries, "\\n";
print $_->title, "\\n" for $found->feed->entries;
my $next = $found->next_page;
print $_->title, "\\n" for $next->feed->entries;
"""


def test_www_opensearch(service: str, run: Run) -> None:
    package, module = "libwww-opensearch-perl", "WWW::OpenSearch"
    said = run("perl", "-e", OPENSEARCH, f"{service}/opensearch.xml", package=package, module=module)
    name, total, *titles = said.splitlines()
    assert (name, int(total)) == ("Lampway", 24)
    assert len(titles) == len(set(titles)) == 10
