"""What is typed into the kill dialog, and what it says. Pure: words and reports in, an act or lines out.

`arm`, `fire`, `fire flatten`, `flatten`, `disarm`, and after a kill `rearm-` with the kill's id; words behind that are
the reason, for the log. Nothing shorter will do: the word is the confirmation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.deliverables import label_of
from optionix_core.trading.kill_switch import KillPhase

if TYPE_CHECKING:
    from optionix_core.services.kill import KillReport
    from optionix_core.trading.kill_switch import KillSwitch

Act = Literal["arm", "fire", "rearm", "disarm"]
MOST_NAMED = 6
_REASONS: dict[Act, str] = {
    "arm": "armed on request",
    "fire": "fired on request",
    "rearm": "armed again on request",
    "disarm": "paused on request",
}


@dataclass(frozen=True, slots=True)
class KillCommand:
    """What is to be done with the switch."""

    act: Act
    reason: str
    flatten: bool = False
    confirmation: str = ""
    """Of `rearm`, word by word as it was typed."""


def read_command(text: str, switch: KillSwitch) -> KillCommand:
    """What the words ask for. Raises InvalidValueError where they are none of those that the switch's phase allows."""
    words = text.split()
    verb, rest = (words[0], words[1:]) if words else ("", [])
    allowed = allowed_words(switch)
    if verb not in allowed:
        raise InvalidValueError("word", repr(verb), " or ".join(allowed))
    act: Act
    flatten = False
    if verb == switch.confirmation:
        act = "rearm"
    elif verb == "flatten":
        act, flatten = "fire", True
    elif verb == "fire":
        act, flatten = "fire", rest[:1] == ["flatten"]
        rest = rest[1:] if flatten else rest
    else:
        act = "arm" if verb == "arm" else "disarm"
    reason = " ".join(rest) or _REASONS[act]
    return KillCommand(act, reason, flatten, verb if act == "rearm" else "")


def allowed_words(switch: KillSwitch) -> tuple[str, ...]:
    """Words that may be typed first."""
    if switch.phase is KillPhase.DISARMED:
        return ("arm",)
    if switch.phase is KillPhase.ARMED:
        return ("fire", "disarm")
    return (str(switch.confirmation), "flatten")


def standing_lines(report: KillReport) -> tuple[str, ...]:
    """The switch, what works and what is held, in all accounts of the home."""
    switch = report.switch
    since = "" if switch.since is None else f" since {switch.since:%d %b %H:%M:%S} UTC"
    moved = "" if switch.by is None else f", by {switch.by}: {switch.reason}"
    lines = [f"The switch is {switch.phase}{since}{moved}."]
    if switch.in_force is not None:
        lines.append(f"Kill {switch.in_force} is in force: nothing passes the gate but what it sends to close.")
    lines.append(f"Working orders, all accounts: {_named(report.cancelled)}")
    held = [f"{item.quantity:+f} {label_of(item.symbol)} ({item.account})" for item in report.held]
    lines.append(f"Held, all accounts: {_named(held)}")
    return tuple(lines)


def may_type(report: KillReport) -> tuple[str, ...]:
    """A line for each word that may be typed."""
    switch, orders, held = report.switch, len(report.cancelled), len(report.held)
    if switch.phase is KillPhase.DISARMED:
        return ("arm             makes it ready to fire; nothing else happens",)
    if switch.phase is KillPhase.ARMED:
        return (
            f"fire            ends {_many(orders, 'working order')}; then nothing passes the gate",
            f"fire flatten    the same, and closes {_many(held, 'position')} by market orders",
            "disarm          pauses it",
        )
    return (
        f"{switch.confirmation}    lets orders pass again",
        f"flatten         goes on closing {_many(held, 'position')}",
    )


def done_lines(command: KillCommand, report: KillReport) -> tuple[str, ...]:
    """What an act came to."""
    if command.act != "fire":
        return (f"The switch is {report.switch.phase}.",)
    lines = [f"Kill {report.switch.kill_id}: {_many(len(report.cancelled), 'order')} ended."]
    lines += [
        f"Sent {order.intent.side} {order.intent.quantity} {label_of(order.intent.symbol)}: {order.state}, "
        f"{order.filled_quantity} filled{f' ({order.reason})' if order.reason else ''}"
        for order in report.orders
    ]
    if command.flatten:
        left = [
            f"{item.quantity:+f} {label_of(item.symbol)}{f' ({item.reason})' if item.reason else ''}"
            for item in report.held
        ]
        lines.append(f"Still held: {_named(left)}")
    return tuple(lines)


def _named(names: tuple[str, ...] | list[str]) -> str:
    if not names:
        return "none"
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
