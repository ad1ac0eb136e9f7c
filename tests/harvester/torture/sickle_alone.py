"""What Sickle alone does on each torture case: prints the table of docs/harvesting.md, all of it measured or played.

Usage: python tests/harvester/torture/sickle_alone.py > table.md
Each case is built anew; cases with several runs are brought to their last state, and Sickle reads the whole list then.
It gets a time limit per read, as anybody would give it, and its one way to log in. It runs in a process of its own with
12 seconds and 1 GB of memory.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

HERE = Path(__file__).parent
SECONDS, MEMORY, MOST = 12, 1 << 30, 2000

READ = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (%d, %d))
from sickle import Sickle
url, arguments, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
if "auth" in options:
    options["auth"] = tuple(options["auth"])
found, error = [], ""
try:
    for record in Sickle(url, timeout=3, **options).ListRecords(metadataPrefix="oai_dc", **arguments):
        if not record.deleted:
            title = record.metadata.get("title", [""])
            found.append([record.header.identifier, title[0]])
        if len(found) >= %d:
            break
except BaseException as reason:
    error = type(reason).__name__
print(json.dumps([found, error]))
"""


def load() -> Any:
    """The server's module, as the tests load it."""
    spec = importlib.util.spec_from_file_location("lampway_tests_oai_server", HERE.parent.parent / "oai_server.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def measure(one: Any, oai: Any) -> str:
    """One case, in words."""
    from torture.case import World

    servers: list[Any] = []

    def serve(*arguments: Any, **options: Any) -> Any:
        servers.append(oai.Server(*arguments, **options))
        return servers[-1]

    world = World(oai, serve)
    one.build(world)
    for change, _ in one.steps:
        if change and "13b" not in one.number and one.number not in {"9b", "25", "49"}:
            change(world)
    truth = world.truth()
    options: dict[str, Any] = {}
    if world.login.startswith("basic:"):
        options["auth"] = world.login.split(":")[1:]
    elif world.login.startswith("header:"):
        options["headers"] = dict([world.login.split(":")[1:]])
    location = world.location or world.server.url
    with NamedTemporaryFile(suffix=".pem") as file:
        if world.authorities:
            file.write(world.authorities)
            file.flush()
            options["verify"] = file.name
        try:
            done = subprocess.run(
                [
                    sys.executable, "-W", "ignore", "-c", READ % (MEMORY, MEMORY, MOST), location,
                    json.dumps({"set": world.fields["sets"][0]} if world.fields.get("sets") else {}),
                    json.dumps(options),
                ],
                capture_output=True, text=True, timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"still at it after {SECONDS} s, and all it had is lost"
        finally:
            inner = sum(server.connections for server in servers if server is world.kept.get("inner"))
            for server in servers:
                server.close()
    if not done.stdout.strip():
        return f"dies ({done.stderr.strip().splitlines()[-1][:60] if done.stderr.strip() else done.returncode})"
    found, error = json.loads(done.stdout.strip().splitlines()[-1])
    return words(found, error, truth, inner)


def words(found: list[list[str]], error: str, truth: dict[str, str], inner: int) -> str:
    """What came, against the truth."""
    got = dict(found)
    right = sum(got.get(name) == title for name, title in truth.items())
    strange = len(set(got) - set(truth))
    parts = [f"{right} of {len(truth)}"]
    if error:
        parts.append(f"then {error}, nothing after it")
    elif len(found) >= MOST:
        parts = [f"endless: {len(found):,} records and more, {right} of {len(truth)} different"]
    elif right < len(truth):
        parts.append("**and no error**")
    if strange:
        parts.append(f"{strange} that do not belong")
    if inner:
        parts.append("**the private server is asked**")
    return ", ".join(parts)


def main() -> None:
    """Print the table."""
    sys.path.insert(0, str(HERE.parent))
    sys.path.insert(0, str(HERE.parents[2]))
    from torture import lists, times, wire  # noqa: F401
    from torture.case import CASES

    oai = load()
    print("| | case | the server | Lampway | ends as | Sickle 0.7.0 alone |\n|---|---|---|---|---|---|")
    for one in sorted(CASES.values(), key=lambda case: (int(case.number.rstrip("bc")), case.number)):
        cells = [one.number, one.title, one.does, one.ours, ", then ".join(one.ends), measure(one, oai)]
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
