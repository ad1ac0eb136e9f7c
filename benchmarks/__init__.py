"""Benchmarks: measured, not asserted. ``python -m benchmarks [NAME]...`` runs them and writes ``results/``."""
