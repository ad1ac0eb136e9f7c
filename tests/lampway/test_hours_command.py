"""``lampway hours`` as people and programs use it: one expression, a batch, prose; and what it says when it cannot."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from lampway.cli import app

run = CliRunner().invoke


def hours(*arguments: str, stdin: str | bytes = ""):
    return run(app, ["hours", *arguments], input=stdin)


def test_one_moment():
    result = hours("Mo-Fr 09:00-18:00; PH off", "--at", "2026-12-25T10:00", "--timezone", "Europe/Berlin")
    assert result.exit_code == 0
    assert result.stdout == "closed\nnext change: 2026-12-28T09:00:00+01:00\n"


def test_one_moment_for_a_program():
    place = ("--lat", "55.95", "--lon", "-3.19", "--country", "GB", "--region", "GB-SCT")
    result = hours("Mo-Fr 09:00-18:00; PH off", "--at", "2026-11-30T10:00+00:00", *place, "--json")
    expected = {"state": "closed", "next_change": "2026-12-01T09:00:00+00:00", "comment": ""}
    assert json.loads(result.stdout) == expected


def test_a_moment_without_a_zone_is_the_places_own_time_and_without_any_zone_its_offset_counts():
    local = hours("Mo-Fr 09:00-10:00", "--at", "2026-07-06T09:30", "--timezone", "America/New_York")
    assert local.stdout == "open\nnext change: 2026-07-06T10:00:00-04:00\n"
    offset = hours("Mo-Fr 09:00-10:00", "--at", "2026-07-06T09:30-07:00")
    assert offset.stdout == "open\nnext change: 2026-07-06T10:00:00-07:00\n"
    assert "no time zone given" in offset.stderr


def test_an_expression_that_cannot_be_read_is_pointed_at():
    result = hours("Mo-Fr 09:00-18:00; Xx 10:00", "--at", "2026-12-25T10:00", "--timezone", "UTC")
    assert result.exit_code == 1
    assert "  Mo-Fr 09:00-18:00; Xx 10:00\n                     ^" in result.stderr
    error = json.loads(hours("Mo-Fr 9-18h", "--timezone", "UTC", "--json").stdout)["error"]
    assert error["position"] == 6
    assert error["message"]


@pytest.mark.parametrize(
    "arguments", [(), ("24/7", "--text", "daily 9-5"), ("--batch", "no-such-file.jsonl"), ("24/7", "--nonsense")]
)
def test_wrong_use(arguments):
    assert hours(*arguments).exit_code == 2


@pytest.mark.parametrize("place", [("--timezone", "Europe/Londn"), ("--lat", "99", "--lon", "0")])
def test_places_that_cannot_be(place):
    result = hours("24/7", *place)
    assert result.exit_code == 1
    assert result.stderr.startswith("lampway: there is no")


def test_a_batch_answers_every_line_in_order(tmp_path):
    lines = [
        '{"expression": "24/7", "at": "2026-11-24T10:00+00:00", "timezone": "UTC"}',
        "not json",
        "",
        '{"expression": "Mo-Fr 9-18h", "at": "2026-11-24T10:00", "timezone": "UTC"}',
        '{"expression": "Mo-Fr 09:00-18:00", "at": "2026-11-24T10:00", "lat": 59.91, "lon": 10.75}',
        '{"expression": "Mo-Fr 09:00-18:00", "at": "yesterday", "timezone": "UTC"}',
        '{"expression": 7, "at": "2026-11-24T10:00"}',
        '{"at": "2026-11-24T10:00"}',
        '{"expression": "\\"by appointment\\"", "at": "2026-11-24T10:00Z", "timezone": "UTC", "country": null}',
        '{"expression": "24/7", "at": "2026-11-24T10:00Z", "timezone": "UTC", '
        '"exceptions": [{"first": "2026-11-24", "hours": "off"}]}',
    ]
    file = tmp_path / "questions.jsonl"
    file.write_bytes("\n".join(lines).encode() + b'\n\xff\xfe{"x"\n')
    for result in (hours("--batch", str(file)), hours("--batch", "-", stdin=file.read_bytes())):
        assert result.exit_code == 3
        answers = [json.loads(line) for line in result.stdout.splitlines()]
        assert [answer.get("state", "error") for answer in answers] == [
            "open", "error", "error", "error", "open", "error", "error", "error", "unknown", "closed", "error",
        ]  # fmt: skip
        assert answers[0] == {"state": "open", "next_change": None, "comment": ""}
        assert answers[3]["error"]["position"] == 6
        assert answers[4]["next_change"] == "2026-11-24T18:00:00+01:00"
        assert answers[8]["comment"] == "by appointment"
        assert answers[9]["next_change"] == "2026-11-25T00:00:00+00:00"
        assert all(answer["error"]["message"] for answer in answers if "error" in answer)
        assert "7 of 11 lines" in result.stderr


def test_a_batch_through_a_pipe_in_a_process_of_its_own():
    lines = [
        json.dumps(
            {"expression": f"Mo-Fr 0{hour % 10}:00-18:00", "at": "2026-11-24T12:00", "timezone": "Europe/London"}
        )
        for hour in range(2000)
    ]
    command = [sys.executable, "-c", "from lampway.cli import main; main()", "hours", "--batch", "-"]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 2000
    assert {answer["next_change"] for answer in answers} == {"2026-11-24T18:00:00+00:00"}


def test_prose_is_shown_as_it_is_understood():
    result = hours("--text", "Mon-Fri 9am-5pm, Sat 10-4")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "Mo-Fr 09:00-17:00; Sa 10:00-16:00"
    assert "  Su closed" in result.stdout
    assert "10-4 is 10:00-16:00" in result.stderr
    assert json.loads(hours("--text", "Mon 9-5", "--json").stdout)["expression"] == "Mo 09:00-17:00"
    assert hours("--text", "hello").exit_code == 1


def test_the_help_shows_an_example():
    assert 'lampway hours "Mo-Fr 09:00-18:00; PH off"' in " ".join(hours("--help").stdout.split())
