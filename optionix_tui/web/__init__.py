"""The workstation in a browser: textual-serve's terminal page and process protocol behind a door of our own.

What a page shows is the same application, one process a page, on the same home. The door lets in whoever holds a
one-time address; the page loads nothing from anywhere else.
"""

from __future__ import annotations

import os

DRIVER = "optionix_tui.web.driver:PageDriver"
"""What draws into a page, as Textual's TEXTUAL_DRIVER names it."""


def is_page() -> bool:
    """Whether this process draws into a page, not into a terminal."""
    return os.environ.get("TEXTUAL_DRIVER") == DRIVER
