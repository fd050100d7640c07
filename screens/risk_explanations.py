"""Where the numbers of the risk screen come from: method, level, window, seed, inputs, source, age.

Pure: a view and a place in it in, sentences out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from optionix_core.market.units import volatility_points
from screens.explanations import Explanation
from screens.risk_columns import amount, signed
from screens.risk_rows import LimitRow, limit_name, part_name, regime_name
from screens.risk_tail_explanations import Facts, Place, absent, explain_backtest, explain_components, explain_methods
from widgets import figures

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from optionix_core.services.limit_watch import Standing
    from optionix_core.services.risk_view import RiskView
    from optionix_core.trading.limit_board import Breach
    from widgets.grid_columns import Column

_GREEKS: Final = {
    "delta_cash": "gain for a rise of the spot by 1%, to first order",
    "gamma_cash": "by how much that gain grows over a rise of 1%",
    "vega": "gain for a rise of every implied volatility by one point",
    "theta": "gain of a calendar day that passes",
    "rho": "gain for a rise of rates by one point",
    "delta": "units of the underlying",
    "vanna": "change of the gain for 1% of spot by one point of volatility",
    "volga": "change of vega, per point, by one point of volatility",
    "value": "value of the positions by their models at their own volatilities",
}
_KINDS: Final = {
    "limit-delta": "gain for a rise of every underlying by 1%; both signs",
    "limit-gamma": "by how much that gain grows over a rise of 1%; both signs",
    "limit-vega": "gain of a point of volatility; both signs",
    "limit-theta": "gain of a day; both signs",
    "limit-value-at-risk": "one day at 99%, full revaluation of up to 500 past days",
    "limit-expected-shortfall": "one day at 97.5%, full revaluation of up to 500 past days",
    "limit-stress-loss": "loss in the worst of the shipped scenarios",
    "limit-concentration": "percent of the gross value that the largest underlying has",
    "limit-margin-use": "percent of the net liquidation value that the strategy regime asks for",
    "limit-daily-loss": "loss since the last close, fees with it",
    "limit-contracts": "option contracts, long and short alike, with what open orders may bring",
}
_REGIMES: Final = {
    "strategy": "strategy based rules (Regulation T, FINRA 4210), legs paired at least cost",
    "portfolio": "portfolio rules: the worst of valuation points of each group, example parameters",
    "span": "SPAN style: scan of price and volatility, example parameters",
    "deribit": "Deribit style, coin options",
}


def explain(view: RiskView, place: Place, now: datetime) -> Explanation:
    """The number at a place."""
    told = _WRITERS[place.pane](view, place)
    return Explanation(told.title, told.value, (*told.facts, *_source(view, now)))


def _stress(view: RiskView, place: Place) -> Explanation:
    grid = view.grid.answer
    if grid is None or place.cell is None:
        return absent("Stress matrix", view.grid.problem)
    found, cell = grid.found, place.cell
    spot, move, days = found.spot_returns[cell.spot], found.volatility_moves[cell.volatility], found.days[place.day]
    pnl = float(found.total[cell.spot, cell.volatility, place.day])
    rows = found.pnl.values[
        :, (cell.spot * len(found.volatility_moves) + cell.volatility) * len(found.days) + place.day
    ]
    order = sorted(range(len(found.pnl.rows)), key=lambda at: float(rows[at]))
    least = [(part_name(found.pnl.rows[at].name, "position"), float(rows[at])) for at in order[:3]]
    return Explanation(
        f"P&L at spot {figures.percent(spot)}, volatility {volatility_points(move):+.0f} points, {days:g}d on",
        signed(pnl),
        (
            ("method", "full revaluation of every position; nothing is expanded in Greeks"),
            ("moves", "every spot alike; every volatility by as many points, at the same strike (sticky strike)"),
            ("expiring", "what expires before is worth its payoff at that spot"),
            ("most lost", "; ".join(f"{name} {signed(value)}" for name, value in least)),
            *((("left out", f"{volatility_points(at):+.0f} points: {why}") for at, why in grid.left_out)),
        ),
    )


def _scenarios(view: RiskView, place: Place) -> Explanation:
    stressed = view.stressed.answer
    if stressed is None:
        return absent("Scenarios", view.stressed.problem)
    found = stressed.found
    key = found.worst()[0].id if place.row is None else place.row.key
    at = next(number for number, one in enumerate(found.scenarios) if one.id == key)
    one, pnl = found.scenarios[at], float(found.total()[at])
    by = sorted(found.pnl.by_underlying().items(), key=lambda pair: float(pair[1][at]))
    moves = [f"market {figures.percent(one.spot)}"] if one.spot is not None else []
    moves += [f"{name} {figures.percent(move)}" for name, move in one.spots.items()]
    moves += [f"{volatility_points(move.change):+.1f} points at {move.days:g}d" for move in one.volatility]
    cost = stressed.closing.get(one.id)
    return Explanation(
        one.title,
        signed(pnl),
        (
            ("kind", f"{one.kind}" + ("" if one.day is None else f", {one.compared_with} to {one.day}, {one.index}")),
            ("moves", ", ".join(moves)),
            ("by name", "; ".join(f"{name} {signed(float(values[at]))}" for name, values in by)),
            *(
                ()
                if cost is None
                else (("to close", f"{amount(cost.cost)} at {one.spread:g} times the spreads of now"),)
            ),
            ("method", "full revaluation of every position"),
            ("assumed", "; ".join(found.assumptions)),
            ("says", one.source),
        ),
    )


def _limits(view: RiskView, place: Place) -> Explanation:
    report = view.limits.answer
    if report is None:
        return absent("Limits", view.limits.problem)
    key = None if place.row is None else place.row.key
    if not isinstance(key, LimitRow):
        return Explanation("Limits", "none are set", (("what", "a hard one refuses orders, a soft one warns"),))
    breach = next((one for one in report.breaches if one.id == key.breach), None)
    if breach is not None:
        return _breach(breach, view.account)
    return _limit(next(one for one in report.limits if one.limit.key.text == key.limit), view.account)


def _limit(one: Standing, account: str) -> Explanation:
    limit = one.limit
    used = figures.ABSENT if one.use is None else f"{one.use:.0%} of {limit.bound:,}"
    effect = "refuses every order that would break it" if limit.key.grade == "hard" else "warns; orders pass"
    return Explanation(
        limit_name(limit.key.text, account),
        figures.ABSENT if one.figure is None else f"{one.figure:,.2f}",
        (
            ("figure", _KINDS[str(limit.key.kind)]),
            *(() if one.reason is None else (("no data", one.reason),)),
            ("use", used),
            ("grade", f"{limit.key.grade}: {effect}"),
            ("binds", f"{limit.key.level} {limit.key.name}"),
            ("set by", f"{limit.by}, {limit.since:%Y-%m-%d %H:%M:%S} UTC"),
        ),
    )


def _breach(one: Breach, account: str) -> Explanation:
    cleared = "not yet" if one.cleared_at is None else f"{one.cleared_at:%Y-%m-%d %H:%M:%S} UTC"
    seen = "not yet" if one.acknowledged_at is None else f"by {one.by}, {one.acknowledged_at:%H:%M:%S} UTC: {one.note}"
    return Explanation(
        f"Breach {one.number} of {limit_name(one.key.text, account)}",
        f"{one.figure:,.2f} beyond {one.bound:,}",
        (
            ("since", f"{one.since:%Y-%m-%d %H:%M:%S} UTC, by {'a fill' if one.cause == 'fill' else 'the market'}"),
            ("cleared", cleared),
            ("seen", seen),
            ("over", "once it is cleared and seen"),
        ),
    )


def _margin(view: RiskView, place: Place) -> Explanation:
    found = view.margin.answer
    if found is None:
        return absent("Margin", view.margin.problem)
    least = found.initial.least
    key = place.row.key if place.row is not None else None if least is None else least.answer.regime
    one = next((one for one in found.initial.regimes if one.answer.regime == key), None)
    if one is None:
        return absent(f"Margin by {regime_name(str(key))}", dict(found.initial.absent).get(str(key)))
    answer, health = one.answer, one.health
    kept = next((other.answer for other in found.maintenance.regimes if other.answer.regime == key), None)
    facts = [
        ("regime", _REGIMES[answer.regime]),
        ("requirement", f"{amount(answer.requirement)}, net of premium {amount(answer.requirement_net_of_premium)}"),
        ("worst", answer.worst or "none: it is no scenario that asks for it"),
    ]
    if kept is not None:
        facts.append(("to be kept", amount(kept.against_equity)))
    if health is not None:
        facts.append(
            ("equity", f"{amount(health.net_liquidation_value)}, {signed(health.excess)} more than is asked for")
        )
    facts += [("assumed", words) for words in answer.assumptions[:4]]
    return Explanation(f"Margin by {regime_name(answer.regime)}, initial", amount(answer.against_equity), tuple(facts))


def _reverse(view: RiskView, place: Place) -> Explanation:
    del place
    told = view.reverse.answer
    if told is None:
        return absent("Reverse stress", view.reverse.problem)
    found = told.found
    value = (
        f"none within {found.reach:g} deviations: the worst loses {amount(found.loss)}"
        if found.distance is None
        else f"{found.distance:.3f} deviations away"
    )
    inside = found.loss_just_inside
    return Explanation(
        f"Nearest move that loses {amount(found.limit)}",
        value,
        (
            ("loss", told.of),
            ("proof", f"revalued there {amount(found.loss)}" + _inside(inside)),
            ("distance", "Mahalanobis, in deviations, with the correlations of the same days"),
            ("deviations", f"root mean squares of {told.days} daily moves, over {view.asked.horizon_days} days"),
            ("search", f"{found.scenarios:,} revaluations of the whole book"),
            *(("note", note) for note in told.notes),
        ),
    )


def _inside(loss: float | None) -> str:
    return "" if loss is None else f"; a hair nearer on the same ray {amount(loss)}"


def _greeks(view: RiskView, place: Place) -> Explanation:
    found = view.greeks.answer
    if found is None:
        return absent("Greeks", view.greeks.problem)
    name = "all" if place.row is None else str(place.row.key) or "all underlyings"
    column = place.column
    known = _GREEKS.get("" if column is None else column.key)
    value = figures.ABSENT
    if place.row is not None and column is not None:
        slot = next(at for at, one in enumerate(_columns()) if one is column)
        value = column.write(place.row.cells[slot])
    return Explanation(
        f"{'Greeks' if column is None else column.title} of {name}",
        value,
        (
            *((("what", known),) if known else ()),
            ("sum", "signed, times quantity and multiplier, in the account's currency"),
            ("sticky", "each option keeps its volatility while the spot moves (sticky strike)"),
            ("inputs", "each option's own implied volatility at the forward that put-call parity implies"),
        ),
    )


def _columns() -> tuple[Column, ...]:
    from screens.risk_columns import GREEK_COLUMNS

    return GREEK_COLUMNS


def _liquidity(view: RiskView, place: Place) -> Explanation:
    report = view.liquidity.answer
    if report is None:
        return absent("Liquidity", view.liquidity.problem)
    key = "" if place.row is None else place.row.key
    one = next((one for one in report.closing.positions if one.id == key), None)
    shares = "; ".join(f"{each.name} {each.share:.0%}" for each in report.concentration.exposures)
    venues = "; ".join(
        f"{name} owes {amount(owed.net)} net, at worst {amount(owed.worst)} ({owed.scenario or 'now'})"
        for name, owed in report.counterparties.items()
    )
    takes = f"a displayed size comes back {report.takes_per_day:g} times a day: an assumption"
    if one is None:
        return Explanation(
            "Closing everything",
            amount(report.closing.cost),
            (
                ("cost", "mid less touch, times quantity, of all positions that have a two-sided quote"),
                ("without", f"{report.closing.without_cost} have none"),
                ("days", takes),
                ("of gross", shares),
                ("venues", venues),
            ),
        )
    return Explanation(
        f"Closing {one.quantity:+g} {part_name(one.id, 'position')}",
        figures.ABSENT if one.cost is None else amount(one.cost),
        (
            ("cost", one.reason or f"mid less touch, times quantity; closed at {figures.price(one.price)}"),
            ("displayed", figures.ABSENT if one.displayed is None else f"{one.displayed:.0%} of the quantity"),
            ("days", takes),
        ),
    )


_WRITERS: Final[dict[str, Callable[[RiskView, Place], Explanation]]] = {
    "components": explain_components,
    "methods": explain_methods,
    "stress": _stress,
    "scenarios": _scenarios,
    "limits": _limits,
    "margin": _margin,
    "reverse": _reverse,
    "greeks": _greeks,
    "liquidity": _liquidity,
    "backtest": explain_backtest,
}


def _source(view: RiskView, now: datetime) -> Facts:
    built = view.built
    count = len(built.book.positions)
    seconds = max((now - view.moment).total_seconds(), 0.0)
    left_out = "; ".join(f"{part_name(one.id, 'position')}: {one.reason}" for one in built.left_out)
    more = f"; and {len(built.notes) - 4} more" if len(built.notes) > 4 else ""
    return (
        ("book", f"{count} position{'' if count == 1 else 's'} of {view.account} at quotes of {built.feed}"),
        *((("left out", left_out),) if left_out else ()),
        *((("taken", "; ".join(built.notes[:4]) + more),) if built.notes else ()),
        ("quoted", f"{view.moment:%Y-%m-%d %H:%M:%S} UTC, {figures.age(seconds)} ago"),
    )
