"""How to fetch. ``PROTOCOLS`` is the registry: one file and one line each."""

from __future__ import annotations

from harvester.protocols.base import Opener
from harvester.protocols.oai_pmh import open_oai

PROTOCOLS: dict[str, Opener] = {
    "oai": open_oai,
}
