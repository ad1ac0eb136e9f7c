"""What ``lampway doctor`` says of one thing it looked at."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["ok", "warning", "failed"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at: what was found, and how to mend it where it is not right."""

    name: str
    verdict: Verdict
    message: str
    mend: str = ""
