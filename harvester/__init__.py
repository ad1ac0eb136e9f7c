"""The way in: source -> raw record -> normalised record. Start reading at ``harvest.py``."""
