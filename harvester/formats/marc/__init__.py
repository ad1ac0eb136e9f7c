"""MARC 21 to the normalised record: one small file for each group of fields; ``record.py`` is what they read."""
