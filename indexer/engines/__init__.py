"""The engines by their name in the settings; ``base.py`` is the seam. A library is imported when its engine is used."""

from __future__ import annotations

from collections.abc import Callable

from config.settings import Settings
from indexer.engines.base import EngineError, SearchEngine


def _embedded(settings: Settings) -> SearchEngine:
    from indexer.engines.embedded import EmbeddedEngine

    return EmbeddedEngine(settings.index_home)


def _elasticsearch(settings: Settings) -> SearchEngine:
    from indexer.engines.elasticsearch import ElasticsearchEngine

    return ElasticsearchEngine(settings)


ENGINES: dict[str, Callable[[Settings], SearchEngine]] = {"embedded": _embedded, "elasticsearch": _elasticsearch}


def open_engine(settings: Settings) -> SearchEngine:
    """The engine that the settings name.

    Raises:
        EngineError: there is no such engine.
    """
    if settings.engine not in ENGINES:
        raise EngineError(f"LAMPWAY_ENGINE={settings.engine} is not built in; known: {', '.join(ENGINES)}")
    return ENGINES[settings.engine](settings)
