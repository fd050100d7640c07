"""One byte form for the inputs of a price, so that the same inputs are recognised.

Keys sorted, no blanks, floats in the shortest spelling that reads back as the same number. Refuses nan and infinity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(inputs: Mapping[str, Any]) -> str:
    """The inputs as text."""
    return json.dumps(inputs, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def digest_of(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of the inputs in hexadecimal."""
    return hashlib.sha256(canonical(inputs).encode("utf-8")).hexdigest()
