from __future__ import annotations

from decimal import Decimal

import pytest

from config.actions import ACTIONS
from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui import command_line as line
from optionix_tui.completion import Known, complete
from screens.host import Draft

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
        ("buy 2 ORBIT 16JAN26 230 C 3.10", line.OpenTicket(Draft("buy", KEY, 2, Decimal("3.10")))),
        ("SELL 1 ORBIT 16JAN26 230 C", line.OpenTicket(Draft("sell", KEY))),
        ("buy 100 orbit", line.OpenTicket(Draft("buy", "ORBIT", 100))),
        ("sell 100 ORBIT 215.50", line.OpenTicket(Draft("sell", "ORBIT", 100, Decimal("215.50")))),
        ("var", line.ShowRisk("value_at_risk")),
        ("var 99 10d", line.ShowRisk("value_at_risk", 0.99, 10)),
        ("ES 5D 97.5%", line.ShowRisk("expected_shortfall", 0.975, 5)),
        ("var 0.95", line.ShowRisk("value_at_risk", 0.95)),
        ("ticket", line.OpenKeptTicket()),
        ("theme light", line.UseTheme("light")),
        ("iron-condor 220/225/245/250", line.OnChain("stage", "iron-condor 220/225/245/250")),
        ("short strangle delta .2", line.OnChain("stage", "short strangle delta .2")),
        ("condor", line.OnChain("stage", "condor")),
        ("stage calendar 215", line.OnChain("stage", "calendar 215")),
        ("layout greeks", line.OnChain("layout", "greeks")),
        ("filter delta .2-.4 otm", line.OnChain("filter", "delta .2-.4 otm")),
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
        ("buy 2 ORBIT 16JAN26 230 C cheap", UsageError, "'cheap' is no term of an order"),
        ("buy 2 ORBIT 16JAN26 230 C -3", InvalidValueError, "limit must be positive (got -3)"),
        ("var 30", InvalidValueError, "level must be above 50 and below 100 percent (got 30)"),
        ("var 100", InvalidValueError, "level must be above 50"),
        ("var nan", InvalidValueError, "level must be above 50"),
        ("var much", InvalidValueError, "level must be percent such as 99"),
        ("var 99 95", UsageError, "var LEVEL HORIZON"),
        ("buy 2 ORBIT 16JAN26 230 C nan", UsageError, "'nan' is no term of an order"),
        ("theme dark light", UsageError, "theme takes one name, such as dark, light"),
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
