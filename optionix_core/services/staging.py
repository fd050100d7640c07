"""Legs that are put together before they are an order: placed by name, moved along strikes and expiries, and judged.

A leg is an instrument's key and signed contracts (or shares). What the legs are worth and what may become of them is
told at their natural price, the far side of every quote, as the ticket tells it: what sending them now would cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from math import gcd
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import DomainError, InvalidValueError, OptionixError
from optionix_core.market import symbols
from optionix_core.portfolio.exact import ZERO

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.strategies.selection import Choice
    from optionix_core.portfolio.strategies.values import Leg
    from optionix_core.services.order_effect import Change
    from optionix_core.services.strategies import Report
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import GateCheck
    from optionix_core.trading.terms import OrderTerms

Legs = tuple[tuple[str, int], ...]
"""Keys and signed quantities: contracts, or shares."""
Curve = tuple[tuple[float, float], ...]

POINTS: Final = 97
REACH: Final = 3.0
"""Standard deviations to the nearest expiry that a payoff is drawn to."""
WIDTHS: Final = 4
"""Multiples of the distance between listed strikes that are tried for a strategy that is placed by name."""


class Need(NamedTuple):
    """Cash that must stand behind what the account has sold; None where its loss has no bound."""

    before: Decimal | None
    after: Decimal | None


class Asked(NamedTuple):
    """What gate and margin say of sending the legs now; what is None is explained by `trouble`."""

    need: Need | None = None
    fees: Decimal | None = None
    """Of sending it at once, where all of it would fill."""
    checks: tuple[GateCheck, ...] = ()
    margin: Change | None = None
    """What the account's value must reach by the strategy based regime, before and after."""
    trouble: str = ""
    """Why the gate could not be asked."""
    no_margin: str = ""
    """Why there is no margin."""


@dataclass(frozen=True, slots=True, eq=False)
class StagedReport:
    """What the legs are, all together, and what sending them now would do."""

    legs: Legs
    underlying: str
    moment: datetime
    currency: str
    report: Report
    today: Curve
    """(price of the underlying, profit in money) if it were there now, by the model; empty where nothing can tell."""
    expiry: Curve
    """The same when the nearest expiry ends."""
    density: Curve
    """(price of the underlying, probability per unit of price) at the nearest expiry; empty where there is no smile."""
    asked: Asked


def evaluate(workspace: Workspace, legs: Sequence[tuple[str, int]], moment: datetime) -> StagedReport:
    """Price, payoff, probability, Greeks and needs of the legs at `moment`.

    Raises InvalidValueError for legs of several underlyings or none, UnknownNameError for one that is not listed,
    MissingDataError naming a leg that has no quote on the side that it would trade at.
    """
    from optionix_core.services import strategies, surfaces

    feed, kept = workspace.feed, tuple(legs)
    chain = chain_of(feed, kept, moment)
    smile: surfaces.ModelName | None = "svi" if surfaces.is_prepared("svi") else None
    report = strategies.of_legs(_strategy_legs(feed, kept), chain, rule="natural", smile=smile)
    today, expiry = _curves(report)
    asked = _ask(workspace, kept, moment)
    return StagedReport(
        kept, chain.underlying, moment, chain.currency, report, today, expiry, _density(chain, smile), asked
    )


def chain_of(feed: QuoteSource, legs: Sequence[tuple[str, int]], moment: datetime) -> OptionChain:
    """The expiries of the legs. InvalidValueError where there is no option among them or they have several roots."""
    options = [feed.instrument(symbol) for symbol, _ in legs if not symbols.is_share(symbol)]
    names = {one.underlying for one in options} | {symbol for symbol, _ in legs if symbols.is_share(symbol)}
    if not options:
        raise InvalidValueError("legs", "none of an option", "at least one option")
    if len(names) > 1:
        raise InvalidValueError("legs", ", ".join(sorted(names)), "of one underlying")
    places = sorted({(one.expires_at, one.root, one.expiry) for one in options})
    parts = [feed.chain(options[0].underlying, moment, expiry, root) for _, root, expiry in places]
    return replace(parts[0], slices=tuple(item for part in parts for item in part.slices))


def order_terms(legs: Sequence[tuple[str, int]]) -> OrderTerms:
    """The legs as one order at the touch: of one instrument, or of as many units as the legs have in common."""
    from optionix_core.trading.orders import OrderLeg
    from optionix_core.trading.terms import OrderTerms

    if len(legs) == 1:
        symbol, quantity = legs[0]
        return OrderTerms("buy" if quantity > 0 else "sell", abs(quantity), symbol)
    units = gcd(*(OrderLeg(symbol, quantity).weight for symbol, quantity in legs)) or 1
    return OrderTerms("buy", units, legs=tuple(OrderLeg(symbol, quantity // units) for symbol, quantity in legs))


def _ask(workspace: Workspace, legs: Legs, moment: datetime) -> Asked:
    from optionix_core.services import order_effect, trading
    from optionix_core.services.draft import Draft
    from optionix_core.services.judging import backing_of
    from optionix_core.trading.terms import intent_of_terms

    try:
        terms = order_terms(legs)
        preview = trading.preview_terms(workspace, terms)
        intent = intent_of_terms(terms, workspace.account, "staged", moment)
        with workspace.desk.lock:
            draft = Draft(workspace.desk)
            account = draft.book.account(workspace.account) or trading.unopened_account(
                workspace.account, workspace.venue
            )
            needs = backing_of(draft.orders, workspace.feed, intent, account)
    except OptionixError as error:
        return Asked(trouble=str(error), no_margin=str(error))
    before, after = (None if one.unbounded else one.amount for one in (needs.before, needs.after))
    fees = preview.fees if preview.fillable == terms.quantity else None
    margin, no_margin = None, ""
    try:
        margin = order_effect.effect(workspace, intent).margin
    except OptionixError as error:
        no_margin = str(error)
    return Asked(Need(before, after), fees, preview.checks, margin, "", no_margin)


def _strategy_legs(feed: QuoteSource, legs: Legs) -> list[Leg]:
    from optionix_core.market.option_type import OptionType
    from optionix_core.portfolio.strategies.values import Leg

    found = []
    for symbol, quantity in legs:
        if symbols.is_share(symbol):
            found.append(Leg(type="stock", quantity=Decimal(quantity), multiplier=Decimal(1), symbol=symbol))
            continue
        one = feed.instrument(symbol)
        found.append(
            Leg(
                type="call" if one.option_type is OptionType.CALL else "put",
                quantity=Decimal(quantity),
                multiplier=one.multiplier,
                strike=one.strike,
                expiry=one.expiry,
                root=one.root,
                symbol=symbol,
            )
        )
    return found


def _curves(report: Report) -> tuple[Curve, Curve]:
    """Profit today and when the nearest expiry ends, over where the underlying may be by then."""
    import numpy as np

    from optionix_core.portfolio.strategies import model

    strikes = [float(leg.strike) for leg in report.strategy.legs if leg.strike is not None]
    terms, low, high = report.terms, min(strikes), max(strikes)
    width = max(high - low, 0.05 * high)
    low, high = low - 0.5 * width, high + 0.5 * width
    if terms is not None:
        near = min((one for one in terms.legs if one is not None), key=lambda one: one.years)
        reach = REACH * near.forward * near.volatility * near.years**0.5
        low, high = min(low, near.forward - reach), max(high, near.forward + reach)
    spots = np.linspace(max(low, 0.01 * high), high, POINTS)
    spots = np.unique(np.concatenate([spots, [one for one in strikes if spots[0] < one < spots[-1]]]))
    expiry = tuple(zip(spots.tolist(), report.curve(spots).tolist(), strict=True))
    if terms is None:
        return (), expiry
    now = model.profit(report.strategy, terms, spots, 0.0)
    return tuple(zip(spots.tolist(), now.tolist(), strict=True)), expiry


def _density(chain: OptionChain, smile: str | None) -> Curve:
    """Of the nearest expiry."""
    if smile is None:
        return ()
    from optionix_core.services import surfaces
    from optionix_core.services.surface_smile import density_curve

    try:
        told = density_curve(surfaces.fit(replace(chain, slices=chain.slices[:1])), 0)
    except OptionixError:
        return ()  # the report says why it has no probability
    return () if isinstance(told, str) else tuple(zip(told.level, told.density, strict=True))


def roll_strikes(feed: QuoteSource, legs: Sequence[tuple[str, int]], steps: int, moment: datetime) -> Legs:
    """Every option `steps` listed strikes further up (down where negative); shares stay.

    InvalidValueError where a leg has no such strike.
    """
    found = []
    for symbol, quantity in legs:
        if symbols.is_share(symbol):
            found.append((symbol, quantity))
            continue
        one = feed.instrument(symbol)
        part = feed.chain(one.underlying, moment, one.expiry, one.root).slices[0]
        keys = part.call.symbols if int(one.option_type) > 0 else part.put.symbols
        listed = [key for key in keys if key is not None]
        place = listed.index(one.symbol) + steps if one.symbol in listed else -1
        if not 0 <= place < len(listed):
            way = "above" if steps > 0 else "below"
            raise InvalidValueError("strike", f"none {way} {one.label}", "listed")
        found.append((listed[place], quantity))
    return tuple(found)


def roll_expiries(feed: QuoteSource, legs: Sequence[tuple[str, int]], steps: int, moment: datetime) -> Legs:
    """Every option `steps` listed expiries later (earlier where negative), at its strike; shares stay.

    InvalidValueError where there is no such expiry, or the strike is not listed there.
    """
    found = []
    for symbol, quantity in legs:
        if symbols.is_share(symbol):
            found.append((symbol, quantity))
            continue
        one = feed.instrument(symbol)
        listed = feed.expiries(one.underlying, moment)
        place = listed.index((one.expiry, one.root)) + steps if (one.expiry, one.root) in listed else -1
        if not 0 <= place < len(listed):
            way = "after" if steps > 0 else "before"
            raise InvalidValueError("expiry", f"none {way} that of {one.label}", "listed")
        found.append((_at(feed, one.underlying, listed[place], one.option_type, one.strike, moment), quantity))
    return tuple(found)


def _at(
    feed: QuoteSource, underlying: str, place: tuple[date, str], option_type: int, strike: Decimal, moment: datetime
) -> str:
    """The key of an option; InvalidValueError names the listed strikes nearest the one that is not."""
    part = feed.chain(underlying, moment, *place).slices[0]
    keys = part.call.symbols if option_type > 0 else part.put.symbols
    listed = {one: key for one, key in zip(part.strikes.tolist(), keys, strict=True) if key is not None}
    key = listed.get(float(strike))
    if key is None:
        near = sorted(sorted(listed, key=lambda one: abs(one - float(strike)))[:4])
        told = ", ".join(f"{one:g}" for one in near)
        raise InvalidValueError("strike", f"{strike:f}", f"listed for {place[1]} {place[0]}; near it are {told}")
    return key


def place(
    feed: QuoteSource,
    name: str,
    underlying: str,
    expiry: tuple[date, str],
    moment: datetime,
    *,
    strikes: Sequence[Decimal] = (),
    width: Decimal | None = None,
    deltas: Sequence[float] = (),
    centre: float | None = None,
    units: int = 1,
    short: bool = False,
    option_type: str | None = None,
) -> Legs:
    """The legs of a named strategy: at `strikes`, by `deltas`, or around the listed strike `centre`, else the money.

    `width` is the distance of neighbouring strikes; without it, the least that is listed there.

    A strategy of two expiries has the one that is listed after `expiry` as its far one. Raises what
    `selection.select` raises.
    """
    from optionix_core.portfolio.strategies.catalogue import shape
    from optionix_core.portfolio.strategies.selection import Choice, select
    from optionix_core.volatility.solve import solve

    found = shape(name, option_type, short=short)
    listed = [one for one in feed.expiries(underlying, moment) if one[1] == expiry[1]]
    if expiry not in listed:
        raise InvalidValueError("expiry", f"{expiry[1]} {expiry[0]}", f"one that {feed.name} lists for {underlying}")
    first = listed.index(expiry)
    days = listed[first : first + found.expiries]
    if len(days) < found.expiries:
        raise InvalidValueError("expiry", f"none after {expiry[0]}", f"two, for {found.name}")
    parts = [feed.chain(underlying, moment, *one) for one in days or (expiry,)]
    solved = solve(replace(parts[0], slices=tuple(item for part in parts for item in part.slices)))
    if strikes or deltas:
        wanted = [Choice(tuple(strikes), None, tuple(deltas))]
    else:
        wanted = _around(found.offsets, parts[0], solved.slices[0].forward, centre, width)
    trouble: OptionixError | None = None
    for choice in wanted:
        try:
            chosen = select(
                found.name, solved, [day for day, _ in days], choice, units=Decimal(units), root=expiry[1]
            ).strategy
        except InvalidValueError as error:
            trouble = trouble or error
            continue
        return tuple(_staged(leg, underlying) for leg in chosen.legs)
    raise trouble or DomainError(f"{found.name} has no options to place")


def _staged(leg: Leg, underlying: str) -> tuple[str, int]:
    if leg.type == "stock":
        return underlying, int(leg.quantity * leg.multiplier)
    if leg.symbol is None:
        raise InvalidValueError("leg", leg.label, "listed")
    return leg.symbol, int(leg.quantity)


def _around(
    offsets: Sequence[int], chain: OptionChain, forward: float | None, centre: float | None, width: Decimal | None
) -> list[Choice]:
    from optionix_core.portfolio.exact import decimal_of_float
    from optionix_core.portfolio.strategies.selection import Choice

    listed = chain.slices[0].strikes.tolist()
    level = centre if centre is not None else forward if forward is not None else chain.spot
    if level is None:
        raise InvalidValueError("strikes", "none", "told: there is no price to lay them around")
    middle = min(range(len(listed)), key=lambda index: abs(listed[index] - level))
    other = middle + 1 if middle + 1 < len(listed) else middle - 1
    step = decimal_of_float(abs(listed[other] - listed[middle]), "strike") if other >= 0 else ZERO
    start = decimal_of_float(listed[middle], "strike")
    steps = [step * times for times in range(1, WIDTHS + 1)] if width is None else [width]
    return [Choice(tuple(start + one * offset for offset in offsets)) for one in steps]
