"""Questions to the engine that need nothing of each other are asked at the same time.

An engine searches without the interpreter's lock, or on another machine; so a search waits for the longest of its
questions, not for all of them. What runs here must not itself ask beside: the threads could run out.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

BESIDE = ThreadPoolExecutor(max_workers=32, thread_name_prefix="beside")
