"""What `order`, `algo`, `buy` and `sell` take: arguments and options, and the face that acts for an account."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from optionix_tui.cli.face import Face, face_of


class SideName(StrEnum):
    """Which way."""

    BUY = "buy"
    SELL = "sell"


class TypeName(StrEnum):
    """The types of orders by the names that the engine gives them."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop-limit"
    TRAILING_STOP = "trailing-stop"
    MARKET_IF_TOUCHED = "market-if-touched"
    LIMIT_IF_TOUCHED = "limit-if-touched"


class TimeName(StrEnum):
    """How long it may work."""

    DAY = "day"
    GTC = "gtc"
    GTD = "gtd"
    IOC = "ioc"
    FOK = "fok"


_SYMBOL = "OSI symbol, words in quotes ('ORBIT 15JAN27 230 C'), or the symbol of a share."
Symbol = Annotated[str, typer.Option("--symbol", help=_SYMBOL, metavar="OSI")]
AnySymbol = Annotated[str | None, typer.Option("--symbol", help=_SYMBOL, metavar="OSI")]
Legs = Annotated[
    str | None,
    typer.Option(
        "--legs",
        help='Legs of a combination instead: [{"symbol": OSI, "ratio": 1}, ...], @FILE or -; sold where negative. '
        "One leg may be shares, in hundreds.",
        metavar="JSON",
    ),
]
SideOption = Annotated[SideName, typer.Option("--side", help="buy or sell.", metavar="SIDE")]
AnySide = Annotated[SideName | None, typer.Option("--side", help="buy or sell.", metavar="SIDE")]
Quantity = Annotated[int, typer.Option("--quantity", help="Contracts or shares.", metavar="N")]
AnyQuantity = Annotated[
    int | None, typer.Option("--quantity", help="Contracts, shares, or units of a combination.", metavar="N")
]
Dollars = Annotated[
    Decimal | None,
    typer.Option(
        "--dollars",
        help="Money instead of a quantity: as many as it pays for with fees; of a market or limit order.",
        metavar="AMOUNT",
    ),
]
LotsOption = Annotated[
    str | None,
    typer.Option(
        "--lots",
        help="Lots that a closing order closes: fifo, lifo, or ENTRY=N,ENTRY=N with ids that `ledger lots` tells.",
        metavar="LOTS",
    ),
]
TypeOption = Annotated[
    TypeName | None,
    typer.Option(
        "--type",
        help="market, limit, stop, stop-limit, trailing-stop, market-if-touched or limit-if-touched; "
        "of a combination limit or market, told by --limit.",
        metavar="TYPE",
    ),
]
Limit = Annotated[
    Decimal | None,
    typer.Option("--limit", help="Worst price per unit, for types with a limit; net of all legs.", metavar="PRICE"),
]
TriggerOption = Annotated[
    Decimal | None, typer.Option("--trigger", help="Level of a stop or an if-touched order.", metavar="PRICE")
]
Trail = Annotated[
    Decimal | None, typer.Option("--trail", help="Distance of a trailing stop from the best touch.", metavar="PRICE")
]
TrailPercent = Annotated[
    Decimal | None, typer.Option("--trail-percent", help="The same in percent of the touch.", metavar="PERCENT")
]
TimeOption = Annotated[
    TimeName | None,
    typer.Option(
        "--tif", help="DAY, GTC, GTD, IOC or FOK; without it DAY, and IOC for a market order.", metavar="TIME"
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", help="End of a GTD order, such as 2027-01-08T20:00Z.", metavar="MOMENT")
]
Expires = Annotated[
    str | None,
    typer.Option(
        "--expires",
        help="Where the server of the account's venue is out of reach: until when it is kept; the session's end.",
        metavar="MOMENT",
    ),
]
PostOnly = Annotated[bool, typer.Option("--post-only", help="Refuse it where it would take at once.")]
ReduceOnly = Annotated[bool, typer.Option("--reduce-only", help="Never more than closes the position.")]
Parent = Annotated[
    str | None,
    typer.Option("--parent", help="Works as far as the order of this id has been filled.", metavar="ID"),
]
OneCancels = Annotated[
    str | None,
    typer.Option("--one-cancels", help="Group whose orders take from each other when one fills.", metavar="NAME"),
]
ClientId = Annotated[
    str | None,
    typer.Option(
        "--client-id", help="Your own order id: sent again it is the same order, never a second.", metavar="ID"
    ),
]
BatchOption = Annotated[
    str | None,
    typer.Option("--batch", help="Many immediate orders out of a file (-: standard input).", metavar="FILE"),
]
AllOrNone = Annotated[
    bool, typer.Option("--all-or-none", help="Of a batch: nothing trades unless every order is filled whole.")
]
Account = Annotated[str | None, typer.Option("--account", help="Account to act for.", metavar="NAME")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")]
Effect = Annotated[
    bool,
    typer.Option("--effect", help="Tell what it would lead to as well: payoff, margin, Greeks, value at risk."),
]
OrderId = Annotated[str, typer.Argument(help="Client order id, as `order list` tells it.", metavar="ID")]
AmendedQuantity = Annotated[
    int | None, typer.Option("--quantity", help="Contracts in all, with what is filled already.", metavar="N")
]
AmendedLimit = Annotated[Decimal | None, typer.Option("--limit", help="Other limit.", metavar="PRICE")]
AmendedTrigger = Annotated[Decimal | None, typer.Option("--trigger", help="Other level.", metavar="PRICE")]
AmendmentId = Annotated[
    str | None,
    typer.Option("--amendment-id", help="Your own id: sent again it is the same amendment.", metavar="ID"),
]
Ended = Annotated[bool, typer.Option("--all", help="Those that have ended too.")]
Every = Annotated[bool, typer.Option("--all-accounts", help="Of every account of this home.")]


def acting_for(context: typer.Context, account: str | None) -> Face:
    """The face, for an account where one is named."""
    face = face_of(context)
    if account is not None:
        face.flags["account.name"] = account
    return face
