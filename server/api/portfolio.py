"""`portfolio/*`: what an account is worth, what it holds and what margin that needs. What cannot be told is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from optionix_core.market.units import to_market, unit
from server.api.accounts import Opened, opened, up_to_now
from server.api.documented import problems
from server.api.turns import WHEN_BUSY, in_turn
from server.api.values import AccountId, Answer, Asked, Day, Id, Instant, Money, Quantity
from server.app import server_of
from server.auth.identity import Identity
from server.auth.rights import needs
from server.store.names import position_id

if TYPE_CHECKING:
    from fastapi import FastAPI

    from optionix_core.services.book_view import BookLine, BookView, PositionGreeks
    from optionix_core.services.margins import MarginReport

router = APIRouter(prefix="/portfolio", tags=["portfolio"])

Caller = Annotated[Identity, Depends(needs("portfolio", "read"))]
GREEKS: Final = ("delta", "gamma", "theta", "vega")


class AccountAsked(Asked):
    """Which account."""

    account_id: Annotated[AccountId | None, Field(description="The caller's first where it is absent.")] = None


class BookGreeks(Answer):
    """Of all positions that have Greeks, quantities and multipliers in."""

    dollar_delta: Annotated[float | None, Field(description="Delta times spot, in the account's currency.")]
    dollar_gamma: Annotated[float | None, Field(description="Change of dollar delta for one percent of the spot.")]
    theta: Annotated[float | None, Field(description="Per calendar day.")]
    vega: Annotated[float | None, Field(description="Per volatility point.")]
    without_greeks: Annotated[int, Field(description="Positions that the sums leave out.")]


class Unmarked(Answer):
    """A position that the values leave out."""

    symbol: str
    reason: str


class Summary(Answer):
    """An account at a moment; money in its currency."""

    account_id: str
    currency: str
    as_of: Instant
    opened: Annotated[bool, Field(description="False: what it will open with at its first order.")]
    may: Annotated[str, Field(description="What its orders may do: active, close-only or blocked.")]
    may_reason: str | None
    total_value: Annotated[
        Money | None,
        Field(description="Net liquidation value, without what `unmarked` lists; null if no position has a mark."),
    ]
    cash_balance: Money
    buying_power: Money
    positions_value: Annotated[Money | None, Field(description="Of the positions with a mark; null if none has one.")]
    day_pnl: Annotated[Money | None, Field(description="Since the last close.")]
    day_pnl_reason: str | None
    total_pnl: Annotated[Money | None, Field(description="Since it was opened; null if anything is unmarked.")]
    realised_pnl: Money
    unrealised_pnl: Annotated[Money | None, Field(description="Of the positions with a mark, fees excluded.")]
    fees: Money
    income: Money
    greeks: BookGreeks
    unmarked: list[Unmarked]
    unconverted: Annotated[list[str], Field(description="Currencies without a rate, which the values leave out.")]


class PositionGreeksTold(Answer):
    """Of the whole position, quantity and multiplier in."""

    delta: Annotated[float, Field(description="In units of the underlying.")]
    gamma: float
    theta: Annotated[float, Field(description="Per calendar day.")]
    vega: Annotated[float, Field(description="Per volatility point.")]


class PositionTold(Answer):
    """What an account holds of one instrument."""

    position_id: Id
    symbol: str
    label: str
    underlying: str
    option_type: str | None
    strike: Money | None
    expiration: Day | None
    quantity: Quantity
    entry_price: Annotated[Money | None, Field(description="Average, per unit of the underlying, fees excluded.")]
    current_price: Annotated[Money | None, Field(description="The mark; null where there is none.")]
    current_price_reason: str | None
    market_value: Money | None
    pnl: Annotated[Money | None, Field(description="Unrealised, fees excluded.")]
    day_pnl: Money | None
    currency: str
    opened_at: Instant
    greeks: PositionGreeksTold | None
    greeks_reason: str | None


class Positions(Answer):
    """Open positions, by underlying, expiry and strike."""

    account_id: str
    as_of: Instant
    units: Annotated[dict[str, str], Field(description="What Greeks are per.")]
    positions: list[PositionTold]


class Health(Answer):
    """How the account stands against a requirement; in its currency."""

    net_liquidation_value: float
    needed: float
    excess: float
    ratio: float | None
    margin_call: float


class Requirement(Answer):
    """Of one regime."""

    regime: str
    currency: str
    requirement: float
    requirement_net_of_premium: float
    against_equity: Annotated[float, Field(description="What the account's equity must cover.")]
    worst_scenario: str | None
    assumptions: list[str]
    health: Health | None


class Absent(Answer):
    """A regime without an answer."""

    regime: str
    reason: str


class Margin(Answer):
    """Requirements of what the account holds, side by side."""

    account_id: str
    as_of: Instant
    positions: int
    maintenance: bool
    least: Annotated[str | None, Field(description="The regime that asks for the least equity.")]
    regimes: list[Requirement]
    absent: list[Absent]


class MarginAsked(AccountAsked):
    """Of which account, and which requirement."""

    maintenance: Annotated[bool, Field(description="What must be kept, in place of what must be put up.")] = False


@router.get("/summary", responses=problems(404))
def show_summary(asked: Annotated[AccountAsked, Query()], caller: Caller, request: Request) -> Summary:
    """Show what an account is worth, with its profits and losses and its Greeks."""
    return summary_of(request.app, opened(server_of(request), caller, asked.account_id))


def summary_of(app: FastAPI, found: Opened) -> Summary:
    """An account up to now at a glance, as far as it can be told."""
    from optionix_core.services.book_groups import GroupBy, tree_of

    account = up_to_now(found)
    view = _viewed(app, account)
    report, state = view.report, view.report.state
    totals = tree_of(view, GroupBy.NONE).totals
    marked = not report.positions or len(report.unmarked) < len(report.positions)
    return Summary(
        account_id=account.account_id,
        currency=state.currency,
        as_of=report.moment,
        opened=report.opened,
        may=str(report.may),
        may_reason=report.may_reason,
        total_value=report.nlv if marked else None,
        cash_balance=state.cash,
        buying_power=report.buying_power,
        positions_value=report.positions_value if marked else None,
        day_pnl=report.day_pnl,
        day_pnl_reason=report.day_reason,
        total_pnl=report.total_pnl,
        realised_pnl=state.realised_pnl,
        unrealised_pnl=report.unrealised_pnl if marked else None,
        fees=state.fees,
        income=state.income,
        greeks=BookGreeks(
            dollar_delta=totals.dollar_delta,
            dollar_gamma=totals.dollar_gamma,
            theta=_market("theta", totals.theta),
            vega=_market("vega", totals.vega),
            without_greeks=totals.without_greeks,
        ),
        unmarked=[Unmarked(symbol=one.symbol, reason=one.reason) for one in report.unmarked],
        unconverted=list(report.unconverted),
    )


@router.get("/positions", responses=problems(404))
def list_positions(asked: Annotated[AccountAsked, Query()], caller: Caller, request: Request) -> Positions:
    """List what an account holds, at the marks of its venue's feed."""
    account = up_to_now(opened(server_of(request), caller, asked.account_id))
    view = _viewed(request.app, account)
    return Positions(
        account_id=account.account_id,
        as_of=view.moment,
        units={name: unit(name).label for name in GREEKS},
        positions=[_position(account, line) for line in view.lines],
    )


@router.get("/margin", responses=problems(404, when=WHEN_BUSY))
async def show_margin(asked: Annotated[MarginAsked, Query()], caller: Caller, request: Request) -> Margin:
    """Show the margin that an account's positions need, by every regime that knows them."""
    server = server_of(request)

    def told() -> Margin:
        from optionix_core.services import margins

        account = up_to_now(opened(server, caller, asked.account_id))
        source = margins.book_of_account(account.workspace)
        terms = margins.MarginTerms("all", maintenance=asked.maintenance)
        return _margin(account, margins.margin(source, terms))

    return await in_turn(request.app, told)


def _viewed(app: FastAPI, account: Opened) -> BookView:
    from optionix_core.services.book_view import BookViewer
    from optionix_core.services.shared_chains import SharedChains

    workspace = account.workspace
    shared: SharedChains | None = getattr(app.state, "chains", None)
    if shared is None:
        shared = app.state.chains = SharedChains()
    return BookViewer(workspace, shared.of(workspace.venue_feed), entries=False).view(workspace.clock.now())


def _market(name: str, value: float | None) -> float | None:
    return None if value is None else to_market(name, value)


def _position(account: Opened, line: BookLine) -> PositionTold:
    from optionix_core.market import symbols
    from optionix_core.portfolio.deliverables import kind_of
    from optionix_core.services.book import entry_price

    value, position = line.value, line.value.position
    terms = symbols.terms(line.symbol) if kind_of(line.symbol) == "option" else None
    return PositionTold(
        position_id=position_id(account.ref.stream_id, position.account, position.symbol),
        symbol=line.symbol,
        label=line.label,
        underlying=line.underlying,
        option_type=None if terms is None else terms.option_type.label,
        strike=None if terms is None else terms.strike,
        expiration=line.expiry,
        quantity=position.quantity,
        entry_price=entry_price(value),
        current_price=value.mark.price,
        current_price_reason=value.mark.reason,
        market_value=value.market_value,
        pnl=value.unrealised_pnl,
        day_pnl=value.day_pnl,
        currency=position.currency,
        opened_at=position.opened_at,
        greeks=None if line.greeks is None else _greeks(line.greeks),
        greeks_reason=line.greeks_reason,
    )


def _greeks(told: PositionGreeks) -> PositionGreeksTold:
    return PositionGreeksTold(**{name: to_market(name, getattr(told, name)) for name in GREEKS})


def _margin(account: Opened, report: MarginReport) -> Margin:
    from optionix_core.services import margins_json

    document: dict[str, Any] = margins_json.to_json(report)
    return Margin(
        account_id=account.account_id,
        as_of=report.source.book.as_of,
        positions=document["positions"],
        maintenance=document["maintenance"],
        least=document["least"],
        regimes=[Requirement(**{name: one[name] for name in Requirement.model_fields}) for one in document["regimes"]],
        absent=[Absent(**one) for one in document["absent"]],
    )
