"""The lines of the pricer in words: what is priced, and what it is worth. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.market import units
from screens.pricer_columns import SIGNS, greek_text
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from optionix_core.pricing.engine.result import PricingResult
    from optionix_core.services.price_options import PriceOptions
    from optionix_core.services.what_if import ContractView
    from optionix_core.services.what_if_legs import LegsView
    from optionix_core.services.what_if_legs_market import LegsMarket
    from screens.pricer_case import Case, ContractCase

SHORT = ("delta", "gamma", "theta", "vega", "rho", "epsilon", "vanna", "volga", "charm")
PER = {"theta": "/day", "vega": "/pt", "rho": "/pt", "epsilon": "/pt", "vanna": "/pt", "volga": "/pt²", "charm": "/day"}


def contract_pieces(case: ContractCase, quantity: Decimal | None, error: str = "") -> list[Piece]:
    """What is priced under which model, and where the market has it."""
    options, link = case.options, case.link
    name = link.label if link is not None else typed_name(case)
    pieces = [Piece(name, "title")]
    if quantity is not None and link is not None:
        pieces.append(Piece(f"{quantity:+f} × {link.multiplier:g}", "strong", 1))
    pieces += [Piece(options.kind, "plain"), Piece(model_name(case), "accent")]
    if error:
        pieces.append(Piece(error, "alert"))
    if link is not None:
        quote = f"{figures.price(link.bid)}/{figures.price(link.ask)}"
        pieces += [Piece("market", "muted", 3), Piece(quote, "plain", 3, joined=True)]
    pieces.append(standing(case))
    return pieces


def legs_pieces(market: LegsMarket, case: Case, error: str = "") -> list[Piece]:
    """Which strategy, of which legs."""
    strategy = market.strategy
    counted = "" if strategy.units == 1 else f"{strategy.units:f} × "
    pieces = [Piece(f"{counted}{strategy.name.replace('-', ' ')}", "title"), Piece(market.underlying, "strong")]
    if error:
        pieces.append(Piece(error, "alert"))
    pieces.append(standing(case))
    for leg in strategy.legs:
        date = "" if leg.expiry is None else f" {leg.expiry:%d%b%y}".upper()
        letter = {"call": "C", "put": "P", "stock": "shares"}[leg.type]
        strike = "" if leg.strike is None else f" {figures.strike(leg.strike)}"
        pieces.append(Piece(f"{leg.quantity:+f}{date}{strike} {letter}", "plain", 2))
    return pieces


def standing(case: Case) -> Piece:
    """Whether the inputs are the market's, in words."""
    moved = [item.label.removesuffix(" ±") for item in case.inputs if item.name in case.moved]
    if moved:
        return Piece(f"moved: {' '.join(moved)}", "warn", 1)
    if getattr(case, "link", None) is None:
        return Piece("as typed", "muted", 2)
    return Piece("at the market", "muted", 1)


def compared_pieces(compared: PriceOptions, options: PriceOptions, key: str) -> list[Piece]:
    """At which inputs methods were compared, and whether these have moved since."""
    from optionix_core.services.what_if_inputs import inputs
    from screens.pricer_sliders import written

    pieces = [Piece("methods at", "muted")]
    pieces += [Piece(f"{item.label} {written(item)}", "plain", place) for place, item in enumerate(inputs(compared))]
    if compared != options:
        pieces.append(Piece(f"moved since: {key} again", "warn"))
    return pieces


def typed_name(case: ContractCase) -> str:
    """`call 105 126d` of a contract that is not listed."""
    options = case.options
    parts = [
        options.type or "",
        "" if options.strike is None else figures.strike(options.strike),
        "" if options.expiry is None else f"{options.expiry * units.DAYS_PER_YEAR:.0f}d",
    ]
    return " ".join(part for part in parts if part) or options.kind


def model_name(case: ContractCase) -> str:
    """The model, and a method that was named."""
    from optionix_core.services.price_options import model_kind

    options = case.options
    return model_kind(options) if options.method is None else f"{model_kind(options)}, {options.method}"


def lacking_pieces(case: ContractCase, keys: str) -> list[Piece]:
    """What must be typed before there is a price."""
    pieces = [Piece("needs", "warn"), *(Piece(one, "strong", joined=True) for one in case.lacking)]
    for item in case.inputs:
        why = case.why_missing(item.name) if item.value is None else ""
        if why:
            pieces.append(Piece(f"{item.label}: {why}", "muted", 2))
    return [*pieces, Piece(keys, "muted", 1)]


def worth_pieces(view: ContractView, mid: float | None, *, unmoved: bool) -> list[Piece]:
    """Price with its error, intrinsic and time value, and the first Greeks in market units."""
    result = view.result
    pieces = [
        Piece("price", "muted"),
        Piece(price_text(result.price), "title", joined=True),
        *([Piece(error_text(result), "muted", 4, joined=True)] if error_text(result) else []),
    ]
    if result.intrinsic is not None and result.time_value is not None:
        pieces += [
            Piece("intrinsic", "muted", 3), Piece(price_text(result.intrinsic), "plain", 3, joined=True),
            Piece("time", "muted", 3), Piece(price_text(result.time_value), "plain", 3, joined=True),
        ]  # fmt: skip
    if mid is not None and not unmoved:
        change = result.price - mid
        tone = "up" if change > 0 else "down" if change < 0 else "plain"
        pieces += [
            Piece("to mid", "muted", 2),
            Piece(f"{figures.arrow(change)}{figures.signed(change)}", tone, 2, joined=True),
        ]
    greeks = [(name, getattr(result.greeks, name)) for name in SHORT]
    return [*pieces, *greek_pieces(greeks, 1)]


def legs_worth_pieces(view: LegsView) -> list[Piece]:
    """Value and profit since the mids, bounds, breakevens, probability of profit, and the first Greeks."""
    report = view.report
    tone = "up" if view.profit > 0 else "down" if view.profit < 0 else "plain"
    pieces = [
        Piece("value", "muted"), Piece(figures.signed(view.value), "title", joined=True),
        Piece("P&L", "muted"),
        Piece(f"{figures.arrow(round(view.profit, 2))}{figures.signed(round(view.profit, 2))}", tone, joined=True),
    ]  # fmt: skip
    if report is not None:
        payoff = report.expiry_payoff or report.model_payoff
        if payoff is not None:
            pieces += [
                Piece("max +", "muted", 1), Piece(_bound(payoff.max_gain), "up", 1, joined=True),
                Piece("max −", "muted", 1), Piece(_bound(payoff.max_loss), "down", 1, joined=True),
            ]  # fmt: skip
        found = " ".join(figures.price(round(level, 2)) for level in report.breakevens)
        pieces += [Piece("BE", "muted", 2), Piece(found or "none", "plain", 2, joined=True)]
        chance = figures.ABSENT if report.probability is None else f"{report.probability.value:.0%}"
        pieces += [Piece("PoP", "muted", 1), Piece(chance, "strong", 1, joined=True)]
    return [*pieces, *greek_pieces([(name, at) for name, at in view.greeks if name in SHORT], 3)]


def greek_pieces(greeks: Sequence[tuple[str, float | None]], rank: int) -> list[Piece]:
    """`Δ +.61`, `Θ -.12/day`: the further on, the sooner dropped; the table tells those that there are not."""
    pieces = []
    for place, (name, natural) in enumerate(greeks):
        if natural is None:
            continue
        shown = greek_text(units.to_market(name, natural))
        sign = SIGNS.get(name, name)
        pieces += [
            Piece(sign, "muted", rank + place),
            Piece(f"{shown}{PER.get(name, '')}", "plain", rank + place, joined=True),
        ]
    return pieces


def price_text(value: float) -> str:
    """Two decimals, four under ten."""
    return figures.money(value) if abs(value) >= 10 else f"{value:.4f}"


def error_text(result: PricingResult) -> str:
    """`±2e-12`; nothing where no error is known."""
    if result.standard_error is not None:
        return f"±{result.standard_error:.1e} s.e."
    return "" if result.error_bound is None else f"±{result.error_bound:.0e}"


def _bound(value: float | Decimal | None) -> str:
    return "unbounded" if value is None else figures.money(value)
