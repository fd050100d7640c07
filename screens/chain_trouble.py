"""What the chain screen says in the table's place when what was asked for has no answer. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError, UnknownNameError

if TYPE_CHECKING:
    from screens.host import Host
    from screens.session import Session

MOST_NAMES = 6


def trouble_text(problem: OptionixError, session: Session, host: Host) -> str:
    """What went wrong, then what to do about it with the keys of the live key map."""
    lines = [_problem(problem), "", *_ways_out(problem, session, host)]
    return "\n".join(lines)


def _problem(problem: OptionixError) -> str:
    if not isinstance(problem, UnknownNameError) or len(problem.known) <= MOST_NAMES:
        return f"✗ {problem}"
    near = get_close_matches(problem.name, problem.known, MOST_NAMES, 0.3) or problem.known[:MOST_NAMES]
    return f"✗ unknown {problem.kind} {problem.name!r}; of {len(problem.known)} the nearest are {', '.join(near)}"


def _ways_out(problem: OptionixError, session: Session, host: Host) -> list[str]:
    keys = {name: host.key_of(name) for name in _ACTIONS}
    known = ", ".join(item.symbol for item in session.underlyings)
    found = []
    if isinstance(problem, UnknownNameError) and problem.kind == "expiry":
        found.append(f"{keys['chain.previous_expiry']} {keys['chain.next_expiry']}  the listed expiry before or after")
    if session.underlyings:
        feed = session.workspace.feed_name
        found.append(
            f"{keys['chain.previous_underlying']} {keys['chain.next_underlying']}  an underlying of {feed}: {known}"
        )
    else:
        found.append("optionix feed list  tells which feeds there are; optionix --feed NAME opens one")
    if session.chain is not None:
        found.append(f"{keys['app.last_view']}  the view before this one")
    return [*found, f"{keys['app.command']}  a command line      {keys['app.quit']}  quit"]


_ACTIONS = (
    "chain.previous_expiry",
    "chain.next_expiry",
    "chain.previous_underlying",
    "chain.next_underlying",
    "app.last_view",
    "app.command",
    "app.quit",
)
