"""`risk/*`: what a book may lose, its scenarios, its Greeks, its limits, and what is halted.

A book is an account's, or positions that are told in the request and priced at the server's feed. Losses are positive
in value at risk; impacts of scenarios are gains, so that a loss is negative.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi import Request as HttpRequest

from optionix_core.errors import InvalidValueError, MissingDataError
from server.api.accounts import opened, up_to_now
from server.api.documented import problems
from server.api.portfolio import AccountAsked
from server.api.risk_values import (
    BookAsked,
    BookGreeks,
    Breakers,
    GreekGroup,
    GreeksAsked,
    GreekSum,
    Impact,
    Limits,
    LimitTold,
    StressAsked,
    Stressed,
    Tail,
    VarAsked,
    breach_told,
)
from server.api.turns import WHEN_BUSY, in_turn
from server.app import server_of
from server.auth.identity import Identity
from server.auth.rights import needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.risk_book import BuiltBook
    from server.context import Server

router = APIRouter(prefix="/risk", tags=["risk"])

Reader = Annotated[Identity, Depends(needs("risk", "read"))]
LimitReader = Annotated[Identity, Depends(needs("limits", "read"))]
HaltReader = Annotated[Identity, Depends(needs("halts", "read"))]

METHODS: Final = {"historical": "plain", "age-weighted": "age", "filtered": "filtered", "copula": "copula"}
"""Names of the wire, and those of `risk_tails`."""
_NO_DATA: Final = "The account is unknown or somebody else's, or there is no market data for what is held."


@router.post("/var", responses=problems(404, body=True, when={404: _NO_DATA, **WHEN_BUSY}))
async def value_at_risk(asked: VarAsked, caller: Reader, request: HttpRequest) -> Tail:
    """Tell value at risk and expected shortfall of a book by full revaluation. Takes turns."""
    return await in_turn(request.app, partial(_tail, server_of(request), caller, asked))


@router.post("/stress-test", responses=problems(404, body=True, when={404: _NO_DATA, **WHEN_BUSY}))
async def stress_test(asked: StressAsked, caller: Reader, request: HttpRequest) -> Stressed:
    """Revalue a book in scenarios. Takes turns."""
    return await in_turn(request.app, partial(_stressed, server_of(request), caller, asked))


@router.get("/greeks", responses=problems(404, when={404: _NO_DATA, **WHEN_BUSY}))
async def show_greeks(asked: Annotated[GreeksAsked, Query()], caller: Reader, request: HttpRequest) -> BookGreeks:
    """Show Greeks of an account and of its parts. Takes turns."""
    return await in_turn(request.app, partial(_greeks, server_of(request), caller, asked))


@router.get("/limits", responses=problems(404, when=WHEN_BUSY))
async def list_limits(asked: Annotated[AccountAsked, Query()], caller: LimitReader, request: HttpRequest) -> Limits:
    """List the limits on an account with their figures now, and the breaches that are not over."""
    return await in_turn(request.app, partial(_limits, server_of(request), caller, asked))


@router.get("/circuit-breakers", responses=problems(404))
def show_circuit_breakers(
    asked: Annotated[AccountAsked, Query()], caller: HaltReader, request: HttpRequest
) -> Breakers:
    """Show what is halted for an account's orders, and how the rules stand by which the venue halts by itself."""
    from optionix_core.services import halts, halts_json

    account = opened(server_of(request), caller, asked.account_id)
    told = halts.status(account.workspace)
    document = halts_json.to_json(told, None, None, None)
    return Breakers(
        account_id=account.account_id,
        as_of=told.moment,
        halts=document["halts"],
        suspended=document["suspended"],
        rules=document["rules"],
    )


def _built(server: Server, identity: Identity, asked: BookAsked) -> tuple[BuiltBook, QuoteSource]:
    """The book that is asked about, and the feed that it is marked on."""
    from optionix_core.market import symbols
    from optionix_core.services import risk_book

    if asked.positions is None:
        workspace = up_to_now(opened(server, identity, asked.account_id)).workspace
        return risk_book.of_account(workspace), workspace.venue_feed
    if asked.account_id is not None:
        raise InvalidValueError("positions", f"{len(asked.positions)} positions", "absent where an account is given")
    held: dict[str, risk_book.Holding] = {}
    for row, one in enumerate(asked.positions):
        key = symbols.security(one.symbol)
        if key in held:
            raise InvalidValueError("positions", one.symbol, "told once each", row)
        held[key] = risk_book.Holding(key, key, float(one.quantity))
    wanted = [one for one in held.values() if one.quantity]
    feed = server.books.feed
    return risk_book.build(wanted, feed, server.clock.now(), "USD"), feed


def _tail(server: Server, identity: Identity, asked: VarAsked) -> Tail:
    from optionix_core.services import risk_json, risk_tails

    built, feed = _built(server, identity, asked)
    found = risk_tails.tails(
        built,
        feed,
        confidences=(asked.confidence_level,),
        horizons=(asked.time_horizon_days,),
        method=METHODS[asked.method],  # type: ignore[arg-type] # the table's values are the method's names
        scenarios=asked.n_scenarios,
        seed=asked.seed,
    )
    book, (estimate,) = risk_json.book(built), found.estimates
    return Tail(
        var_amount=estimate.value_at_risk,
        expected_shortfall=estimate.expected_shortfall,
        confidence_level=estimate.confidence,
        time_horizon_days=estimate.horizon_days,
        method=asked.method,
        convention=str(estimate.convention),
        horizon_rule=str(estimate.horizon_rule),
        currency=book["currency"],
        as_of=built.moment,
        source=book["source"],
        positions=book["positions"],
        scenarios=estimate.scenarios,
        rank=estimate.rank,
        notes=[*book["notes"], *found.notes, *estimate.notes],
    )


def _stressed(server: Server, identity: Identity, asked: StressAsked) -> Stressed:
    from optionix_core.risk.stress import stress
    from optionix_core.services import risk_json

    built, _ = _built(server, identity, asked)
    if not built.book.positions:
        raise MissingDataError("nothing is held: there is no book to stress")
    document: dict[str, Any] = risk_json.stressed(built, stress(built.book, _scenarios(asked)))
    return Stressed(
        currency=document["currency"],
        as_of=built.moment,
        source=document["source"],
        positions=document["positions"],
        assumptions=document["assumptions"],
        worst=document["worst"]["id"],
        scenarios=[
            Impact(
                name=one["id"],
                title=one["title"],
                kind=one["kind"],
                portfolio_impact=one["pnl"],
                by_underlying=one["by_underlying"],
                source=one["source"],
            )
            for one in document["scenarios"]
        ],
    )


def _scenarios(asked: StressAsked) -> tuple[StressScenario, ...]:
    from config.scenarios import STRESS_LIBRARY
    from optionix_core.risk.stress_library import ScenarioKind, StressScenario, VolatilityMove, chosen, read

    library = read(STRESS_LIBRARY)
    if asked.scenarios is None:
        return library
    found: list[StressScenario] = []
    for row, one in enumerate(asked.scenarios):
        if isinstance(one, str):
            found += chosen(library, (one,))
        else:
            moves = (VolatilityMove(30.0, one.volatility),) if one.volatility else ()
            found.append(
                StressScenario(
                    id=one.name,
                    title=one.name,
                    kind=ScenarioKind.USER,
                    source="the request",
                    spot=one.spot,
                    volatility=moves,
                    rate=one.rate,
                    dividend_yield=one.dividend_yield,
                    days=one.days,
                )
            )
        if found[-1].id in {earlier.id for earlier in found[:-1]}:
            raise InvalidValueError("scenarios", found[-1].id, "named once each", row)
    return tuple(found)


def _greeks(server: Server, identity: Identity, asked: GreeksAsked) -> BookGreeks:
    from optionix_core.risk.greeks import book_greeks
    from optionix_core.services import risk_book, risk_json

    account = up_to_now(opened(server, identity, asked.account_id))
    built = risk_book.of_account(account.workspace)
    found = book_greeks(built.book)
    groups: Mapping[Any, Any] = getattr(found, f"by_{asked.by}")()
    document: dict[str, Any] = risk_json.greeks(built, found, asked.by, groups)
    return BookGreeks(
        account_id=account.account_id,
        currency=document["currency"],
        as_of=built.moment,
        source=document["source"],
        by=asked.by,
        total=GreekSum(**{name: document["total"][name] for name in GreekSum.model_fields}),
        groups=[GreekGroup(**{name: one[name] for name in GreekGroup.model_fields}) for one in document["groups"]],
        notes=document["notes"],
    )


def _limits(server: Server, identity: Identity, asked: AccountAsked) -> Limits:
    from optionix_core.services import limits

    account = opened(server, identity, asked.account_id)
    report = limits.report(account.workspace)
    return Limits(
        account_id=account.account_id,
        as_of=report.moment,
        limits=[
            LimitTold(
                limit=one.limit.key.text,
                level=str(one.limit.key.level),
                name=one.limit.key.name,
                kind=str(one.limit.key.kind),
                grade=str(one.limit.key.grade),
                bound=one.limit.bound,
                by=one.limit.by,
                figure=one.figure,
                use=one.use,
                beyond=one.beyond,
                reason=one.reason,
                breach=None if one.breach is None else one.breach.id,
            )
            for one in report.limits
        ],
        breaches=[breach_told(one) for one in report.breaches],
    )
