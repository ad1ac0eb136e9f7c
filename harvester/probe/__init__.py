"""Looks at an address or a file before anything is stored. Begin reading at ``probe.py``."""
