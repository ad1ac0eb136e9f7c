"""The service for clients in other languages, which a machine may or may not have (`make interop`)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest


def _of(folder: str, name: str) -> ModuleType:
    """The fixtures of another folder of tests."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.parent / folder / "conftest.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


service = _of("search_api", "lampway_tests_service").service
village = _of("oai", "lampway_tests_village").village

TAKES_AT_MOST_S = 60


def _without(why: str) -> NoReturn:
    """Skip, or fail where LAMPWAY_TEST_REQUIRE names "interop"."""
    if "interop" in os.environ.get("LAMPWAY_TEST_REQUIRE", "").split(","):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def run() -> Callable[..., str]:
    """Runs a program and gives what it writes; skips, saying what is missing, where it is not there."""

    def start(*command: str, package: str, module: str = "") -> str:
        if shutil.which(command[0]) is None:
            _without(f"no {command[0]} on the PATH (Debian: {package})")
        if module and subprocess.run(["perl", f"-M{module}", "-e", "1"], capture_output=True).returncode:
            _without(f"no Perl module {module} (Debian: {package})")
        ran = subprocess.run(command, capture_output=True, text=True, timeout=TAKES_AT_MOST_S)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    return start
