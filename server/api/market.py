"""`market/*`: chains and surfaces of the feed that the server's venue trades on.

The documents are those of `chain show --json` and `surface fit --json`. Within one second of the server's clock
everybody is answered with the same one, so that many who look cost one solution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from server.api.answers import cached
from server.api.documented import problems
from server.api.turns import WHEN_BUSY
from server.api.values import Answer, Asked, Day, Positive, Symbol
from server.app import server_of
from server.auth.identity import Identity
from server.auth.rights import needs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from server.context import Server

router = APIRouter(prefix="/market", tags=["market"])

Caller = Annotated[Identity, Depends(needs("market", "read"))]

KEPT_SECONDS: Final = 1.0
_UNKNOWN: Final = "The feed does not quote the underlying, or nothing of what is asked for."


class ChainAsked(Asked):
    """Which part of a chain."""

    expiration_date: Annotated[Day | None, Field(description="One expiry alone.")] = None
    min_strike: Annotated[Positive | None, Field(description="The lowest strike, itself in.")] = None
    max_strike: Annotated[Positive | None, Field(description="The highest strike, itself in.")] = None


class QuotedOption(Answer):
    """One option; what is absent is null."""

    symbol: str | None
    bid: float | None
    ask: float | None
    iv: Annotated[float | None, Field(description="Of the mid, per root year.")]
    delta: float | None
    vendor_iv: float | None
    rejected: Annotated[str | None, Field(description="Why its quote gives no volatility.")]


class ChainRow(Answer):
    """Call and put of one strike."""

    strike: float
    call: QuotedOption
    put: QuotedOption


class ChainExpiry(Answer):
    """One expiry of one root."""

    expiry: Day
    root: str
    days: Annotated[float, Field(description="Calendar days.")]
    forward: Annotated[float | None, Field(description="By put-call parity.")]
    discount_factor: float | None
    rows: list[ChainRow]


class Chain(Answer):
    """A chain, solved. Natural units."""

    schema_version: Literal[1]
    underlying: str
    as_of: str
    spot: float | None
    expiries: list[ChainExpiry]


class SurfaceAsked(Asked):
    """Which surface."""

    symbol: Annotated[Symbol, Field(description="The underlying.", examples=["ORBIT"])]
    model: Annotated[Literal["svi", "ssvi", "essvi", "spline", "sabr"], Field(description="Of the smiles.")] = "svi"


class Skipped(Answer):
    """An expiry without a smile."""

    expiry: Day
    root: str
    reason: str


class Smile(Answer):
    """One expiry's smile on a grid within five standard deviations."""

    expiry: Day
    root: str
    years: float
    forward: float
    quotes: int
    inside_bid_ask: Annotated[float, Field(description="Share of the quotes that it meets within bid and ask.")]
    rmse_vol_points: float
    log_moneyness: list[float]
    total_variance: list[float]
    max_error_vol_points: float
    discount_factor: float
    at_the_money_volatility: float
    note: str | None


class Surface(Answer):
    """A surface of implied volatility."""

    seconds: Annotated[float | None, Field(description="That the fit took.")]
    slices: list[Smile]
    schema_version: Literal[1]
    underlying: str
    as_of: str
    model: str
    spot: float | None
    inside_bid_ask: float
    rmse_vol_points: float
    skipped: list[Skipped]


@router.get("/options-chain/{symbol}", response_model=Chain, responses=problems(404, when={404: _UNKNOWN}))
async def show_chain(
    symbol: Annotated[Symbol, Path(examples=["ORBIT"], description="The underlying.")],
    asked: Annotated[ChainAsked, Query()],
    _: Caller,
    request: HttpRequest,
) -> Response:
    """Show a chain with forwards, implied volatilities, deltas, and the reason for every quote that is not used."""
    server = server_of(request)

    def make() -> dict[str, Any]:
        from optionix_core.services import chains, feed_chains

        solved = chains.solve_chain(feed_chains.chain_of(server.books.feed, symbol, server.clock.now()))
        if asked.expiration_date is not None:
            solved = feed_chains.narrowed(solved, asked.expiration_date)
        return feed_chains.between(chains.to_json(solved), asked.min_strike, asked.max_strike)

    return await _of_this_second(server, ("chain", symbol, asked.model_dump_json()), make)


@router.get("/volatility-surface", response_model=Surface, responses=problems(404, when={404: _UNKNOWN, **WHEN_BUSY}))
async def fit_surface(asked: Annotated[SurfaceAsked, Query()], _: Caller, request: HttpRequest) -> Response:
    """Fit a surface of implied volatility to the chain of an underlying. Takes turns."""
    server = server_of(request)

    def make() -> dict[str, Any]:
        from optionix_core.services import feed_chains, surfaces

        chain = feed_chains.chain_of(server.books.feed, asked.symbol, server.clock.now())
        return surfaces.to_json(surfaces.fit(chain, surfaces.model_of(asked.model)))

    return await _of_this_second(server, ("surface", asked.model_dump_json()), make, request.app)


async def _of_this_second(
    server: Server, what: tuple[str, ...], make: Callable[[], dict[str, Any]], turns_of: FastAPI | None = None
) -> Response:
    second = int(server.clock.now().timestamp())
    return await cached(server.cache, "/".join(("market", str(second), *what)), KEPT_SECONDS, make, turns_of)
