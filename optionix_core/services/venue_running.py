"""Keeping the paper venue up to now: a look every so often, and what the log learnt between two looks.

It adds nothing to what the next command would do (see `passage`): orders fill, expire and trigger at the same quotes
and moments. It is for those who want it done while nobody trades: alerts told as they fire, algorithms sent on time.
Where another process holds the home's lock a look is left out; the next one makes up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import HomeLockedError, InvalidValueError
from optionix_core.services.lifecycle import VenueUpdate, bring_up_to_date
from optionix_core.trading import facts
from optionix_core.trading.working_records import ADVANCED

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.facts import Fact

SHORTEST: Final = 0.2
LONGEST: Final = 3600.0
"""Seconds between two looks."""
_QUIET: Final = frozenset({ADVANCED, "alerts.checked"})
"""Types that tell how far was looked, and nothing that happened."""


@dataclass(frozen=True, slots=True)
class VenueLook:
    """One look."""

    moment: datetime
    update: VenueUpdate | None
    """None where another process held the lock."""
    facts: tuple[Fact, ...]
    """What the log learnt since the look before, whoever wrote it."""


def looks(workspace: Workspace, every: float, wait: Callable[[float], bool]) -> Iterator[VenueLook]:
    """Look at once, then every `every` seconds until `wait`, asked to wait so long, answers that it shall end.

    Raises InvalidValueError for a time between looks out of bounds, and whatever bringing the venue up to now raises.
    """
    if not SHORTEST <= every <= LONGEST:
        raise InvalidValueError("every", every, f"from {SHORTEST} to {LONGEST:g} seconds")
    return _looks(workspace, every, wait)


def _looks(workspace: Workspace, every: float, wait: Callable[[float], bool]) -> Iterator[VenueLook]:
    seen = workspace.store.head().seq
    while True:
        update: VenueUpdate | None = None
        try:
            update = bring_up_to_date(workspace)
        except HomeLockedError:
            pass  # told by the look: it has no update
        found = tuple(fact for fact in facts.read(workspace.store, seen) if fact.event.type not in _QUIET)
        seen = max((fact.seq for fact in found), default=seen)
        yield VenueLook(workspace.clock.now(), update, found)
        if wait(every):
            return
