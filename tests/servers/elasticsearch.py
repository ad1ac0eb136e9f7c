"""Real Elasticsearch nodes on loopback for tests and benchmarks, from the jars of Maven Central.

They are bare servers: no plug-in, no module but the HTTP one, no security; what works here works on any cluster. Needs
Maven once and Java >= 21. ``python tests/servers/elasticsearch.py warm`` fetches the jars; they are kept in
~/.cache/lampway-tests (LAMPWAY_TEST_CACHE). ``java`` prints the Java that is used; with ``serve HOME`` a node runs
until it is stopped.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

VERSION = "9.2.2"
HERE = Path(__file__).resolve().parent
OLDEST_JAVA = 21
_STARTS_WITHIN_S = 120
_CONFIG = """cluster.name: lampway-tests
node.name: {name}
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport}
node.portsfile: true
cluster.routing.allocation.disk.threshold_enabled: false
"""
_LOGGING = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""
_DESCRIPTOR = """name=transport-netty4
description=Netty transport
version={v}
elasticsearch.version={v}
java.version=21
classname=org.elasticsearch.transport.netty4.Netty4Plugin
extended.plugins=
has.native.controller=false
"""


class NotHereError(Exception):
    """What a node needs is missing on this machine; the message says what."""


def java() -> str:
    """The newest suitable Java: of JAVA_HOME, of the system's folder, of the path."""
    homes = [os.environ.get("JAVA_HOME", ""), *sorted(map(str, Path("/usr/lib/jvm").glob("*")), reverse=True)]
    found = [f"{home}/bin/java" for home in homes if home] + [shutil.which("java") or ""]
    for binary in found:
        if os.access(binary, os.X_OK):
            told = subprocess.run([binary, "-version"], capture_output=True, text=True, check=False).stderr
            version = re.search(r'version "(\d+)', told)
            if version and int(version[1]) >= OLDEST_JAVA:
                return binary
    raise NotHereError(f"no Java >= {OLDEST_JAVA} (looked at JAVA_HOME, /usr/lib/jvm and the path)")


def jars() -> Path:
    """Folder of the server's jars; Maven fetches them the first time."""
    cache = (
        Path(os.environ.get("LAMPWAY_TEST_CACHE", "~/.cache/lampway-tests")).expanduser() / f"elasticsearch-{VERSION}"
    )
    if not (cache / "complete").exists():
        maven = shutil.which("mvn")
        if not maven:
            raise NotHereError(
                f"the jars of Elasticsearch {VERSION} are not in {cache}, and there is no Maven to fetch them"
            )
        cache.mkdir(parents=True, exist_ok=True)
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
        command = [maven, "-q", "-B", "-f", str(HERE / "elasticsearch-pom.xml"), goal]
        command += [f"-DoutputDirectory={cache}", f"-Delasticsearch.version={VERSION}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotHereError(f"Maven cannot fetch Elasticsearch {VERSION}: {(done.stdout + done.stderr)[-600:]}")
        (cache / "complete").touch()
    return cache


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Node:
    """One node in a folder of its own, whose data outlive its process."""

    home: Path
    heap: str = "512m"
    more: str = "discovery.type: single-node\n"
    """Lines of its configuration."""
    compile_to: int = 1
    """How far Java compiles: 1 starts in half the time, 4 is what a server would do."""
    port: int = field(default_factory=free_port)
    transport: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Node:
        """Start it, without waiting."""
        self._prepare()
        binary, log = java(), (self.home / "console.log").open("ab")
        options = [
            f"-Xms{self.heap}",
            f"-Xmx{self.heap}",
            "-XX:+UseSerialGC",
            f"-XX:TieredStopAtLevel={self.compile_to}",
        ]
        options += [f"-Des.nativelibs.path={self.home}/native", "--enable-native-access=ALL-UNNAMED"]
        options += ["--add-modules", "jdk.incubator.vector", "-cp", f"{self.home}/lib/*"]
        command = [binary, *options, str(HERE / "StartNode.java"), str(self.home)]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        return self

    def wait(self) -> Node:
        """Wait until it answers."""
        until = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < until and self.process and self.process.poll() is None:
            ports = self.home / "logs" / "http.ports"
            if ports.exists() and ports.read_text().strip():
                return self
            time.sleep(0.1)
        self.kill()
        said = (self.home / "console.log").read_text(errors="replace")[-3000:]
        raise RuntimeError(f"Elasticsearch did not start within {_STARTS_WITHIN_S} s: {said}")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it hang: connections are taken, nothing is answered."""
        if self.process:
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after ``pause``."""
        if self.process:
            self.process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)
        self.process = None

    def _prepare(self) -> None:
        self.home = self.home.resolve()
        module = self.home / "modules" / "transport-netty4"
        for folder in (self.home / "config", self.home / "lib", self.home / "native", module):
            folder.mkdir(parents=True, exist_ok=True)
        for jar in jars().glob("*.jar"):
            to = (
                module if re.match(r"netty-|transport-netty4|elasticsearch-ssl-config", jar.name) else self.home / "lib"
            )
            if not (to / jar.name).exists():
                (to / jar.name).symlink_to(jar)
        (module / "plugin-descriptor.properties").write_text(_DESCRIPTOR.format(v=VERSION))
        (self.home / "config" / "log4j2.properties").write_text(_LOGGING)
        config = _CONFIG.format(name=self.home.name, port=self.port, transport=self.transport)
        (self.home / "config" / "elasticsearch.yml").write_text(config + self.more)
        (self.home / "logs" / "http.ports").unlink(missing_ok=True)


@dataclass
class Cluster:
    """Nodes that know one another. ``nodes[1].kill()``, and ``.start().wait()`` to bring it back."""

    nodes: list[Node]

    @property
    def urls(self) -> str:
        """For LAMPWAY_ELASTICSEARCH_URL."""
        return ",".join(node.url for node in self.nodes)

    def stop(self) -> None:
        """End all at once: their data are of no more use."""
        for node in self.nodes:
            node.kill()


def start_cluster(home: Path, size: int = 3, heap: str = "512m") -> Cluster:
    """Start nodes as one cluster and wait until each answers."""
    names = [f"node-{i + 1}" for i in range(size)]
    nodes = [Node(home / name, heap=heap) for name in names]
    seeds = ", ".join(f'"127.0.0.1:{node.transport}"' for node in nodes)
    cluster = Cluster(nodes)
    try:
        for node in nodes:
            node.more = f"discovery.seed_hosts: [{seeds}]\ncluster.initial_master_nodes: [{', '.join(names)}]\n"
            node.start()
        for node in nodes:
            node.wait()
    except BaseException:
        cluster.stop()
        raise
    return cluster


if __name__ == "__main__":
    if sys.argv[1:] == ["java"]:
        try:
            print(java())
        except NotHereError as error:
            sys.exit(str(error))
    elif sys.argv[1:] == ["warm"]:
        print(f"Elasticsearch {VERSION}: {jars()}, {java()}")
    elif len(sys.argv) == 3 and sys.argv[1] == "serve":
        node = Node(Path(sys.argv[2])).start().wait()
        print(node.url, flush=True)
        try:
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        finally:
            node.stop()
    else:
        sys.exit(__doc__)
