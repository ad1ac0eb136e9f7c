"""Availability from outside the catalogue: pushed by institutions, sent in files, looked up live in their systems."""
