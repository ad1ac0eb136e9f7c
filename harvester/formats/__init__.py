"""How to read. ``FORMATS`` is the registry: one file and one line each."""
