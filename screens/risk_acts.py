"""What is done from the risk screen, each in a thread of its own: an act in, a sentence out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.services.acting_user import acting_user

if TYPE_CHECKING:
    from decimal import Decimal

    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.limit_board import LimitKey


def set_limit(workspace: Workspace, key: LimitKey, bound: Decimal) -> str:
    """Set a limit. Raises what `limits.set_limit` raises."""
    from optionix_core.services import limits

    made = limits.set_limit(workspace, key, bound, acting_user())
    return f"set {made.key.text} at {made.bound:,}"


def remove_limit(workspace: Workspace, key: LimitKey) -> str:
    """Take a limit away. Raises what `limits.remove_limit` raises."""
    from optionix_core.services import limits

    gone = limits.remove_limit(workspace, key, acting_user())
    return f"removed {gone.key.text}"


def acknowledge(workspace: Workspace, breach: str, note: str) -> str:
    """Say that a breach was seen. Raises what `limits.acknowledge` raises."""
    from optionix_core.services import limits

    seen = limits.acknowledge(workspace, breach, acting_user(), note)
    return f"acknowledged breach {seen.number} of {seen.key.text}"
