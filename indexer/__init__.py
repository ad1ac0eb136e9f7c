"""Normalised record -> edition, work -> index. Start reading at ``build.py``."""
