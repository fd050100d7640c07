"""What `optionix algo` takes: its arguments and options."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer


class KindName(StrEnum):
    """The algorithms."""

    TWAP = "twap"
    VWAP = "vwap"
    POV = "pov"
    IS = "is"


class StyleName(StrEnum):
    """What a slice does."""

    TAKE = "take"
    REST = "rest"


class CatchUpName(StrEnum):
    """The rules for what was left undone."""

    AT_ONCE = "at-once"
    SPREAD = "spread"


Kind = Annotated[
    KindName,
    typer.Argument(
        help="twap: evenly. vwap: as a volume curve. pov: a share of the volume seen. is: implementation shortfall.",
        metavar="KIND",
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", help="End, such as 2027-01-08T20:00Z; nothing works past it.", metavar="MOMENT")
]
Duration = Annotated[
    str | None, typer.Option("--duration", help="The same from now: 90s, 30m, 1h30m, 2d.", metavar="TIME")
]
Slices = Annotated[int, typer.Option("--slices", help="How many slices, evenly in time but for jitter.", metavar="N")]
StyleOption = Annotated[
    StyleName,
    typer.Option(
        "--style",
        help="take: takes the touch at once. rest: rests at the near touch till the next slice.",
        metavar="STYLE",
    ),
]
CatchUpOption = Annotated[
    CatchUpName | None,
    typer.Option(
        "--catch-up",
        help="What was left undone or missed: at-once, or spread over the slices left (not for pov). "
        "Without it spread, and at-once for pov.",
        metavar="RULE",
    ),
]
Curve = Annotated[
    str | None,
    typer.Option(
        "--curve",
        help="Of vwap: u-shape:DEPTH (ends DEPTH times as dense as the middle), history:DAYS (the venue's volume at "
        "that time on earlier days), or a weight for each slice: 3,2,2,3.",
        metavar="CURVE",
    ),
]
Participation = Annotated[
    Decimal | None, typer.Option("--participation", help="Of pov: share of the volume seen.", metavar="FRACTION")
]
RiskAversion = Annotated[
    float | None,
    typer.Option("--risk-aversion", help="Of is: cost paid for one less unit of variance, per money.", metavar="X"),
]
Volatility = Annotated[
    float | None,
    typer.Option("--volatility", help="Of is: money that a contract moves in a day, one deviation.", metavar="MONEY"),
]
Temporary = Annotated[
    float | None,
    typer.Option("--temporary", help="Of is: money per contract given up at a rate of one a day.", metavar="X"),
]
Permanent = Annotated[
    float | None,
    typer.Option("--permanent", help="Of is: money by which a contract moves for each traded.", metavar="X"),
]
Seed = Annotated[int, typer.Option("--jitter-seed", help="Of the jitter.", metavar="N")]
TimeJitter = Annotated[
    Decimal,
    typer.Option("--time-jitter", help="Slices are late by up to this part of their interval.", metavar="FRACTION"),
]
SizeJitter = Annotated[
    Decimal,
    typer.Option("--size-jitter", help="Slices are larger or smaller by up to this part.", metavar="FRACTION"),
]
ClientId = Annotated[
    str | None,
    typer.Option("--client-id", help="Your own id: started again it is the same algorithm.", metavar="ID"),
]
Plot = Annotated[bool, typer.Option("--plot", help="Draw contracts done over minutes.")]
AlgoId = Annotated[str, typer.Argument(help="Id, as `algo list` tells it.", metavar="ID")]
