"""Index -> candidates -> ranked answer. Start reading at ``search.py``."""
