"""UNIMARC and CNMARC to the normalised record; the record itself is read as ``harvester.formats.marc.record``."""
