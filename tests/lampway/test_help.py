"""The help of the command line: every group a person meets shows an example to copy."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from lampway.cli import COMMANDS, app


@pytest.mark.parametrize("group", ["harvest", "institutions", "merges", "records", "sources", "sources add", "works"])
def test_the_help_of_a_group_shows_an_example(group: str) -> None:
    shown = CliRunner().invoke(app, [*group.split(), "--help"])
    assert shown.exit_code == 0
    assert f"Example: lampway {group}" in shown.stdout


def test_the_version_is_told() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.stdout) == (0, f"lampway {version('lampway')}\n")


def test_every_command_is_in_the_help_and_has_its_own() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    for name in COMMANDS:
        assert f"\n  {name} " in shown
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


def test_a_name_that_is_nearly_one_is_proposed() -> None:
    assert "Did you mean 'sources'?" in CliRunner().invoke(app, ["sorces"]).stderr


def test_a_command_loads_no_other() -> None:
    """All of them together take 1.5 s and 220 MB, which a harvest by cron would need each time."""
    look = (
        "import sys\nfrom lampway.cli import app\n"
        "try: app(['harvest', '--help'])\n"
        "except SystemExit: print(*sorted({'fastapi', 'openpyxl', 'pypinyin', 'tantivy'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == ""


def test_the_help_loads_no_command_and_is_a_line_for_each() -> None:
    look = (
        "import sys\nfrom lampway.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: print(*[name for name in sys.modules if name.startswith('lampway.commands')])"
    )
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.splitlines()
    assert shown[-1] == ""
    assert [line.split()[0] for line in shown[shown.index("Commands:") + 1 : -1]] == list(COMMANDS)


def test_the_benchmarks_name_themselves_and_refuse_others() -> None:
    run = [sys.executable, "-m", "benchmarks"]
    shown = subprocess.run([*run, "--help"], capture_output=True, text=True, check=True).stdout
    assert "\n  ranking " in shown
    wrong = subprocess.run([*run, "rankings"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "no benchmark rankings; there are " in wrong.stderr
