"""Compiles the readers of records with mypyc where LAMPWAY_COMPILE=1 asks for it; the rest stands in pyproject.toml.

The same modules run as plain Python everywhere else. What fetches and stores is C already and would gain nothing.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from setuptools import Extension, setup

FORMATS = """citations csv_cells csv_fields csv_single csv_steps date_words dates marc21 marcxml oai_dc text types
xml_flat"""
COMPILED = [
    "schemas/identifiers.py",
    "schemas/normal_form.py",
    *(f"harvester/formats/{name}.py" for name in FORMATS.split()),
    *sorted(map(str, Path("harvester/formats/marc").glob("*.py"))),
]


def _compiled() -> list[Extension]:
    if find_spec("mypyc") is None:
        return []  # the first of the two times that pip runs this: to learn what is needed
    from mypyc.build import mypycify

    # pip builds where the libraries are not: nothing is known of them then, and nothing needs to be.
    return mypycify(["--config-file=", "--ignore-missing-imports", *COMPILED], opt_level="3", group_name="lampway")


# Not in a checkout: there a change of the sources would not be seen.
wanted = os.environ.get("LAMPWAY_COMPILE") == "1" and "editable_wheel" not in sys.argv
setup(setup_requires=["mypy>=1.16"] if wanted else [], ext_modules=_compiled() if wanted else [])
