"""Which site a host belongs to, by the Public Suffix List as it came with the library: nothing is fetched."""

from __future__ import annotations

from functools import lru_cache

from tldextract import TLDExtract


@lru_cache(maxsize=1)
def _suffixes() -> TLDExtract:
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


_NEVER_ASKED = frozenset({"localhost", "local", "invalid", "onion"})
"""Ends of names that no name server is asked for (RFC 6761, 6762, 7686)."""


def in_dns(host: str) -> bool:
    """Whether a host has a name that records in DNS can hang below: no address, in any spelling, and no bare name."""
    name = host.lower().rstrip(".")
    last = name.rpartition(".")[2]
    return "." in name and ":" not in name and last not in _NEVER_ASKED and not last[:1].isdigit()


def site_of(host: str) -> str:
    """The registrable domain of a host ("oai.museum.ac.uk" -> "museum.ac.uk"); "" for a suffix that many share.

    Hosts of one site are in the same hands. An address (127.0.0.1) or a bare name (localhost) is a site of its own.
    """
    host = host.lower().strip("[]").rstrip(".")
    found = _suffixes()(host)
    return found.top_domain_under_public_suffix or ("" if found.suffix else host)
