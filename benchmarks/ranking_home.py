"""The ranking and HTTP on a home that exists, such as a harvested federation: questions drawn from its own records."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from benchmarks.ranking_data import NOW
from config.settings import load_settings
from indexer.engines.base import EngineError
from schemas.query import Point, SearchRequest
from schemas.work import Work
from search_api.context import Context, open_context
from search_api.json_response import json_response
from search_api.ranking.rules import load_rules
from search_api.retrieve import retrieve
from search_api.search import search
from search_api.understand import understand
from store import works

QUESTIONS, ROUNDS = 100, 3


def run_home(home: Path) -> list[dict[str, Any]]:
    """Rows of figures of a home. Give a copy: opening one may migrate its database.

    Raises:
        EngineError: it has no index.
    """
    from benchmarks.ranking import Asked, look, summary

    context = open_context(load_settings(home=home, _env_file=None), clock=lambda: NOW)
    try:
        if not context.engine.live():
            raise EngineError(f"{home} has no index: run `lampway index` with LAMPWAY_HOME={home} first")
        requests, snapshot, rules = asked_of(context), context.engine.snapshot(), load_rules()
        seen = []
        for request in requests:
            found = retrieve(request, snapshot, None)
            seen.append(look(context, Asked("home", request, found.query, found.identifier), rules))
        about = f"real federation ({snapshot.count(retrieve(SearchRequest(at=NOW), snapshot, None).query):,} works)"
        return summary(about, seen) + _http(context, requests, about)
    finally:
        context.close()


def asked_of(context: Context) -> list[SearchRequest]:
    """Questions of its titles, creators and subjects, by users in town, far away and at night."""
    rng, registry = np.random.default_rng(5), context.registry()
    places = registry.by_number.values()
    placed = [(place.lat, place.lon) for place in places if place.lat is not None and place.lon is not None]
    snapshot = context.engine.snapshot()
    numbers = snapshot.all_matches(retrieve(SearchRequest(at=NOW), snapshot, None).query, 10_000_000)
    with context.database.connect() as connection:
        chosen = rng.choice(numbers, min(3 * QUESTIONS, len(numbers)), replace=False).tolist()
        found = works.by_numbers(connection, chosen)
    requests = []
    for index, work in enumerate(found.values()):
        text = _words_of(work, index)
        if not text:
            continue
        place = placed[int(rng.integers(0, len(placed)))]
        near = Point(20.0, -40.0) if index % 3 == 1 else Point(place[0] + float(rng.normal(0, 0.03)), place[1])
        at = NOW + timedelta(hours=13 if index % 3 == 2 else 0)
        requests.append(SearchRequest(q=text, near=near, at=at, mode="walk"))
    return requests[:QUESTIONS]


def _words_of(work: Work, index: int) -> str:
    """A whole title, one or two words of it, a creator or a subject."""
    words = sorted(work.title.split(), key=len)
    creators = [creator.name for creator in work.creators]
    kinds = [work.title, " ".join(words[-1:]), " ".join(words[-2:]), *creators[:1], *work.subjects[:1]]
    return kinds[index // 3 % len(kinds)][:200]


def _http(context: Context, requests: list[SearchRequest], about: str) -> list[dict[str, Any]]:
    """The same searches through a server on loopback and in process, in turn: parameters in, JSON out."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"LAMPWAY_HOME": str(context.settings.home), "LAMPWAY_RATE_LIMIT": "0"}
    server = subprocess.Popen(
        [sys.executable, "-m", "lampway", "serve", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times: list[list[float]] = []
    try:
        _wait(connection, server)
        for request in requests:
            params = _parameters(request)
            path = "/api/search?" + urlencode(params)
            pairs = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                connection.request("GET", path)
                answer = connection.getresponse()
                body, middle = answer.read(), time.perf_counter()
                json_response(search(context, understand(context, {k: [v] for k, v in params.items()}, "en")))
                pairs.append((middle - began, time.perf_counter() - middle))
                if answer.status != 200:
                    raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
                json.loads(body)
            times.append(np.median(np.array(pairs), axis=0).tolist())
    finally:
        connection.close()
        server.terminate()
        server.wait()
    over, inside = np.percentile(np.array(times) * 1000, 50, axis=0)
    value = f"{over:.1f} - {inside:.1f} = {over - inside:.1f}"
    return [{"what": f"{about}: HTTP overhead, loopback, keep-alive, ms: p50 over HTTP - p50 in process",
             "value": value}]  # fmt: skip


def _wait(connection: http.client.HTTPConnection, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"lampway serve ended with {server.returncode}")


def _parameters(request: SearchRequest) -> dict[str, str]:
    at: datetime = request.at
    near = f"{request.near.lat},{request.near.lon}" if request.near else ""
    return {"q": request.q, "near": near, "at": at.isoformat(), "mode": request.mode}
