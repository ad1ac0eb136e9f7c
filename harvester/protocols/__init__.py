"""How to fetch. ``PROTOCOLS`` is the registry: one file and one line each."""
