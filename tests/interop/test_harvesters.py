"""Harvesters in other languages take the catalogue from ``/oai``: whole, by set, and what changed, with deletions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from store import dated_works, works

Run = Callable[..., str]

HTTP_OAI = """
use strict; use warnings; use HTTP::OAI;
my ($url, %asked) = @ARGV;
my $client = HTTP::OAI::Harvester->new(baseURL => $url);
die $client->Identify->message if $client->Identify->is_error;
binmode STDOUT, ':utf8';
my $list = $client->ListRecords(%asked, onRecord => sub {
    my $record = shift;
    if ($record->is_deleted) { print "-\\t", $record->identifier, "\\n"; return }
    my ($title) = $record->metadata->dom->findnodes(".//*[local-name()='title']");
    print "+\\t", $record->identifier, "\\t", $title->textContent, "\\n";
});
die $list->message if $list->is_error;
"""


def told(said: str) -> tuple[dict[str, str], set[str]]:
    """What HTTP::OAI got: titles of the living by identifier, and the deleted ones."""
    rows = [line.split("\t") for line in said.splitlines() if line[:2] in ("+\t", "-\t")]
    return {row[1]: row[2] for row in rows if row[0] == "+"}, {row[1] for row in rows if row[0] == "-"}


def ours(town: Any, institution: str = "") -> dict[str, str]:
    """What the store has, by the identifiers under which it is set out."""
    with town.database.connect() as connection:
        numbers = sorted(works.living_numbers(connection))
        members = dated_works.members(connection, numbers)
        wanted = dated_works.state(connection).institutions.get(institution, 0)
        found = works.by_numbers(connection, [n for n in numbers if not institution or wanted in members.get(n, ())])
    return {f"oai:127.0.0.1:{work.id}": work.title for work in found.values()}


def test_http_oai(village: Any, run: Run) -> None:
    def harvest(**asked: str) -> tuple[dict[str, str], set[str]]:
        asked.setdefault("metadataPrefix", "oai_dc")
        words = [word for pair in asked.items() for word in pair]
        return told(run("perl", "-e", HTTP_OAI, f"{village.url}/oai", *words, package="libhttp-oai-perl",
                        module="HTTP::OAI"))  # fmt: skip

    assert harvest() == (ours(village), set())
    assert harvest(set="institution:museum") == (ours(village, "museum"), set())
    with dated_works.reading(village.database) as (_, began):
        pass
    before = ours(village)
    later = {"datestamp": "2024-06-02T00:00:00Z"}
    village.catalogue.items[3] = village.oai.Item("oai:library:3", None, deleted="deleted", **later)
    village.catalogue.items[4] = village.book(4, "A title <new> & odd", **later)
    village.harvest("library")
    village.index()
    changed, deleted = harvest(**{"from": began})
    assert {**{id_: title for id_, title in before.items() if id_ not in deleted}, **changed} == ours(village)
    assert len(deleted) == 1


@pytest.mark.parametrize(("prefix", "more"), [("oai_dc", []), ("marcxml", ["--handler", "marcxml"])])
def test_catmandu_harvests(village: Any, run: Run, prefix: str, more: list[str]) -> None:
    def harvest(*asked: str) -> set[str]:
        said = run("catmandu", "convert", "OAI", "--url", f"{village.url}/oai", "--metadataPrefix", prefix, *more,
                   *asked, "to", "JSON", "--line_delimited", "1", package="libcatmandu-oai-perl",
                   module="Catmandu::Importer::OAI")  # fmt: skip
        return {json.loads(line)["_identifier"] for line in said.splitlines() if line.startswith("{")}

    assert harvest() == set(ours(village))
    assert harvest("--set", "institution:museum") == set(ours(village, "museum"))
