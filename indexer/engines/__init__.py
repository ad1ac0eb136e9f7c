"""Search engines behind one seam (``base.py``)."""
