"""A part of the server's API, which asks by a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optionix_tui.remote.client import Client


@dataclass(frozen=True, slots=True)
class Resource:
    """Routes that belong together."""

    client: Client
