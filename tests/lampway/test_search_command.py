"""``lampway search``, as a person and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lampway.cli import app


@pytest.fixture
def run(federation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    federation.close()
    monkeypatch.setenv("LAMPWAY_HOME", str(federation.settings.home))
    return lambda *arguments: CliRunner().invoke(app, ["search", *arguments])


def test_plain_lines_say_where(run: Any) -> None:
    done = run("pride and prejudice", "--near", "54.973,-1.613", "--at", "2036-11-24T10:00", "--limit", "1")
    assert done.exit_code == 0
    first, hit, where = done.stdout.splitlines()
    assert first.endswith("found")
    assert hit.startswith("1. Pride and prejudice (")
    assert where.startswith("   Aldport City Library, 0.2 km (3 min on foot): availability unknown (last known ")


def test_json_is_the_answer(run: Any) -> None:
    done = run("harbour", "--near", "Aldport", "--at", "2026-11-23T10:00", "--explain", "--json", "--limit", "3")
    answer = json.loads(done.stdout)
    assert done.exit_code == 0
    assert set(answer) >= {"total", "total_relation", "exact", "query", "hits", "facets", "next"}
    assert answer["query"]["near"]["name"] == "Aldport"
    assert len(answer["hits"]) == 3
    assert all(signal["reason"] for hit in answer["hits"] for signal in hit["signals"].values())


def test_a_position_in_the_south_west(run: Any) -> None:
    answer = json.loads(run("emma", "--near", "-17.5,-178.2", "--json").stdout)
    assert answer["query"]["near"] == {"lat": -17.5, "lon": -178.2, "name": ""}


def test_options_filter(run: Any) -> None:
    asked = ("harbour", "--at", "2026-11-23T10:00", "--near", "54.974,-1.61", "--json", "--limit", "100")
    hits = json.loads(run(*asked, "--open", "--within", "2", "--mode", "drive", "--sort", "near").stdout)["hits"]
    assert hits
    assert all(hit["best"]["open"] == "open" and hit["best"]["distance_km"] <= 2 for hit in hits)
    assert json.loads(run(*asked, "--available").stdout)["total"] <= json.loads(run(*asked).stdout)["total"]


def test_chinese_and_explained(run: Any) -> None:
    done = run("红楼梦", "--lang", "zh", "--explain", "--at", "2026-11-23T10:00")
    assert "题名与所查完全一致" in done.stdout
    assert "known_item: 4 x 1.000" in done.stdout


def test_on_a_terminal_it_is_coloured(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    done = run("hostile braces", "--at", "2026-11-23T10:00")
    assert "\x1b[1m" in done.stdout
    assert '</script><b>"Hostile" & {braces} %s]]>' in done.stdout, "a title is never read as markup"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("x", "--near", "Nowhereville"), "--near"),
        (("x", "--at", "tomorrow"), "--at"),
        (("x", "--within", "3"), "--within"),
        (("x", "--limit", "1000"), "--limit"),
        (("x", "--sort", "cheapest"), "--sort"),
        (("x", "--lang", "tlh"), "--lang"),
        (("x" * 501,), "QUERY"),
    ],
)
def test_wrong_use_names_the_option(run: Any, arguments: tuple[str, ...], named: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert named in done.stderr
    assert done.stdout == ""


def test_before_the_first_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPWAY_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["search", "anything"])
    assert done.exit_code == 1
    assert "lampway index" in done.stderr


def test_a_radius_without_a_place_names_the_option(run: Any) -> None:
    done = run("harbour", "--within", "2")
    assert done.exit_code == 2
    assert "--within: needs a position, or a place, to be near: give --near LAT,LON or --near PLACE" in done.output
    assert "near=" not in run("harbour", "--sort", "near").output
