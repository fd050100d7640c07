"""What the risk screen says in a pane's place when there are no figures, and what to do about it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import IntegrityError, MissingDataError, RefusedError
from screens import book_trouble

if TYPE_CHECKING:
    from optionix_core.errors import OptionixError
    from optionix_core.services.risk_view import Part
    from screens.host import Host

NOT_MADE: Final = "stopped before this was made"


def trouble_text(problem: OptionixError) -> str:
    """Why there is no book, and what to do."""
    if isinstance(problem, IntegrityError):
        return book_trouble.trouble_text(problem)
    lines = [f"✗ {problem}", ""]
    lines.append("optionix doctor  looks at the whole home; optionix feed list  tells which feeds there are")
    return "\n".join(lines)


def empty_text(host: Host, account: str, left_out: int) -> str:
    """Nothing is held, or nothing that has a quote."""
    if left_out:
        explain, refresh = host.key_of("risk.explain"), host.key_of("risk.refresh")
        words = f"{explain} names what is left out, and why; {refresh} looks again"
        return f"! nothing that is held in {account} has a quote\n{words}"
    chain = host.key_of("app.chain")
    return "\n".join(
        (
            f"nothing is held in {account}",
            f"buy something from the chain ({chain}, then {host.key_of('chain.buy')}),",
            "or put legs on its stage: what they would do is told here before they are sent",
        )
    )


def part_text(part: Part[Any], *, running: bool) -> tuple[str, str]:
    """What stands in the place of one part, and its tone."""
    problem = part.problem
    if problem is None:
        return ("◌" if running else NOT_MADE), "muted"
    lines = [f"✗ {problem}"]
    if isinstance(problem, RefusedError):
        lines.append("the limit is broken already: bring the book back within it, or give a loss of your own")
    elif isinstance(problem, MissingDataError):
        lines += [_way_out(str(problem))]
    return "\n".join(lines), "warn"


def _way_out(reason: str) -> str:
    if "daily moves are needed" in reason or "history" in reason:
        return "these figures are told of past days: a feed with a longer history, or a book without it, has them"
    if "no price" in reason or "no two-sided" in reason or "quote" in reason:
        return "its market shows no two-sided quote now: r looks again once it has one"
    return "r looks again"
