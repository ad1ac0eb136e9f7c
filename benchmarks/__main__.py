"""Runs benchmarks, each in a process of its own; writes ``benchmarks/results/<name>.json`` and ``docs/performance.md``.

A benchmark is a module of this package with ``run() -> dict``: ``{"title": ..., "command": ..., "rows": [{"what": ...,
"value": ..., "target": ...}, ...]}``; or ``{"skipped": reason}`` where what it needs is missing, and then the figures
of last time stay. Machines are noisy: competitors run side by side in one process and the rows are
ratios, counts and medians wherever they can be.
"""

from __future__ import annotations

import ast
import json
import os
import platform
import resource
import subprocess
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import date
from importlib import import_module, metadata
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "performance.md"
NAMES = (
    "harvest",
    "csv_files",
    "store",
    "indexing",
    "hours",
    "ranking",
    "merging",
    "merging_scale",
    "elasticsearch",
    "renderers",
    "open_web",
)


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all."""
    parser = ArgumentParser(
        prog="python -m benchmarks",
        description="Run benchmarks and write docs/performance.md.",
        epilog="Example: python -m benchmarks hours ranking\n\n"
        + "\n".join(f"  {name:14} {_job(name)}" for name in NAMES),
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="of those below; none = all")
    names = parser.parse_args(arguments).names
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    RESULTS.mkdir(exist_ok=True)
    failed = []
    for name in names or NAMES:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", "benchmarks", "--one", name], check=False).returncode:
            failed.append(name)
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE.relative_to(HERE.parent)}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _job(name: str) -> str:
    """First line of a benchmark's docstring, without loading what it needs."""
    return (ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text("utf-8"))) or "").partition("\n")[0]


def one(name: str) -> None:
    """Run one benchmark in this process and keep its result."""
    result = import_module(f"benchmarks.{name}").run()
    if "skipped" in result:
        print(f"  skipped: {result['skipped']}; the figures of last time stay")
        return
    result["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    result["measured_on"] = date.today().isoformat()
    result["machine"] = machine()
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for row in result["rows"]:
        print(f"  {row['what']}: {row['value']}" + (f"   (target {row['target']})" if row.get("target") else ""))


def machine() -> str:
    """What the figures were measured on."""
    parts = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}"]
    parts += [f"{name} {metadata.version(name)}" for name in ("tantivy", "numpy", "lxml", "SQLAlchemy")]
    return ", ".join(parts)


def page() -> str:
    """``docs/performance.md`` from the kept results."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench` from `benchmarks/results/*.json`. Machines are noisy (whole runs differ by up to two",
        "times on shared cores): trust ratios and counts, not single milliseconds.",
    ]
    for name in NAMES:
        file = RESULTS / f"{name}.json"
        if not file.exists():
            continue
        result = json.loads(file.read_text("utf-8"))
        lines += [
            "",
            f"## {result['title']}",
            "",
            f"`{result['command']}` · {result['machine']} · {result['measured_on']}",
        ]
        lines += ["", "| what | measured | target |", "|---|---|---|"]
        lines += [f"| {row['what']} | {row['value']} | {row.get('target', '')} |" for row in result["rows"]]
        lines += [f"| peak memory of the benchmark | {result['peak_memory_mb']} MB | |"]
        lines += ["", *result.get("notes", [])]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2])
    else:
        sys.exit(main(sys.argv[1:]))
