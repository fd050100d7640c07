from __future__ import annotations

from decimal import Decimal

import pytest

from config.actions import ACTIONS
from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui import command_line as line
from optionix_tui.completion import Known, complete

KEY = "ORBIT 260116C00230000"
NAMES = ("ORBIT", "TUNDRA")
KNOWN = Known(
    underlyings=(("ORBIT", "Orbit Aerospace"), ("TUNDRA", "Tundra Broad Index")),
    expiries=("16JAN26", "20FEB26"),
    shown="ORBIT",
    strikes=("230", "232.5"),
    actions=tuple((action, action.keys[0]) for action in ACTIONS if action.scope in {"app", "chain"}),
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ORBIT 16JAN26 230 C", line.ShowOption(KEY)),
        ("orbit 16jan26 230c", line.ShowOption(KEY)),
        ("ORBIT260116C00230000", line.ShowOption(KEY)),
        ("orbit", line.ShowUnderlying("ORBIT")),
        ("chain tundra", line.ShowUnderlying("TUNDRA")),
        ("book", line.OpenScreen("book")),
        ("buy 2 ORBIT 16JAN26 230 C 3.10", line.OpenTicket("buy", 2, KEY, Decimal("3.10"))),
        ("SELL 1 ORBIT 16JAN26 230 C", line.OpenTicket("sell", 1, KEY, None)),
        ("buy 100 orbit", line.OpenTicket("buy", 100, "ORBIT", None)),
        ("sell 100 ORBIT 215.50", line.OpenTicket("sell", 100, "ORBIT", Decimal("215.50"))),
        ("theme light", line.UseTheme("light")),
        ("quit", line.Perform(next(action for action in ACTIONS if action.id == "app.quit"))),
        ("chain.explain", line.Perform(next(action for action in ACTIONS if action.id == "chain.explain"))),
    ],
)
def test_a_line_means_what_it_says(text: str, command: line.Command) -> None:
    assert line.parse(text, NAMES) == command


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("", UsageError, "empty"),
        ("bok", UsageError, "nearest: book"),
        ("buy", UsageError, "buy QUANTITY SYMBOL"),
        ("buy 0 ORBIT 16JAN26 230 C", InvalidValueError, "quantity must be a whole number"),
        ("buy 1 NOSUCH", UsageError, "buy QUANTITY SYMBOL"),
        ("buy two ORBIT 16JAN26 230 C", InvalidValueError, "(got 'two')"),
        ("buy 2 ORBIT 16JAN26 230 C cheap", InvalidValueError, "limit must be a price"),
        ("buy 2 ORBIT 16JAN26 230 C -3", InvalidValueError, "limit must be positive (got -3)"),
        ("buy 2 ORBIT 16JAN26 230 C nan", InvalidValueError, "limit must be positive"),
        ("theme pink", UsageError, "theme takes one of dark, light"),
    ],
)
def test_a_mistake_is_named(text: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as caught:
        line.parse(text, NAMES)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("orb", ["ORBIT"]),
        ("ORBIT ", ["ORBIT 16JAN26", "ORBIT 20FEB26"]),
        ("ORBIT 16JAN26 ", ["ORBIT 16JAN26 230", "ORBIT 16JAN26 232.5"]),
        ("ORBIT 16JAN26 230 ", ["ORBIT 16JAN26 230 C", "ORBIT 16JAN26 230 P"]),
        ("buy 2 tun", ["buy 2 TUNDRA"]),
        ("buy 2 ORBIT 2", ["buy 2 ORBIT 20FEB26"]),
        ("theme hi", ["theme high-contrast"]),
        ("TUNDRA ", []),
    ],
)
def test_completion_goes_on_with_what_is_there(text: str, offers: list[str]) -> None:
    assert [item.line for item in complete(text, KNOWN) if "." not in item.line.split()[0]] == offers


def test_the_empty_line_lists_every_action_with_its_key() -> None:
    listed = {item.line: item.key for item in complete("", KNOWN)}
    assert {action.id for action, _ in KNOWN.actions} <= set(listed)
    assert listed["app.quit"] == "q"


def test_whatever_completion_offers_for_an_option_can_be_run() -> None:
    text = ""
    for _ in range(4):
        text = complete(text, KNOWN)[0].line + " "
    assert line.parse(text, NAMES) == line.ShowOption(KEY)
