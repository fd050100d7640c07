"""The option chain."""

from __future__ import annotations

from config.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "chain.buy",
        "buy",
        "Open a ticket that buys the option under the cursor, with price, cost, fees and the gate's answers.",
        "chain",
        keys=("b", "enter"),
        footer=True,
        cli='optionix buy {quantity} "{symbol}" --limit {price}',
    ),
    Action(
        "chain.sell",
        "sell",
        "Open a ticket that sells the option under the cursor.",
        "chain",
        keys=("s",),
        footer=True,
        cli='optionix sell {quantity} "{symbol}" --limit {price}',
    ),
    Action(
        "chain.explain",
        "explain",
        "Say how the number under the cursor came about: model, inputs, source, age.",
        "chain",
        keys=("i",),
        footer=True,
    ),
    Action(
        "chain.previous_expiry",
        "earlier",
        "Show the expiry before this one.",
        "chain",
        keys=("[",),
        footer=True,
    ),
    Action(
        "chain.next_expiry",
        "later",
        "Show the expiry after this one.",
        "chain",
        keys=("]",),
        footer=True,
    ),
    Action(
        "chain.filter",
        "filter",
        "Keep some strikes only: 220-240, >230, <250, 10%, or +-8 rows around the money.",
        "chain",
        keys=("/",),
        footer=True,
    ),
    Action(
        "chain.previous_underlying",
        "underlying",
        "Show the underlying before this one.",
        "chain",
        keys=("{",),
        footer=True,
    ),
    Action(
        "chain.next_underlying",
        "next underlying",
        "Show the underlying after this one.",
        "chain",
        keys=("}",),
    ),
    Action(
        "chain.at_the_money",
        "at the money",
        "Move the cursor to the strike nearest the forward.",
        "chain",
        keys=("m",),
        footer=True,
    ),
    Action(
        "chain.zoom",
        "zoom",
        "Give the whole screen to the table, or bring the charts back.",
        "chain",
        keys=("+",),
    ),
)
