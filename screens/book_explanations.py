"""Where a number of the book comes from, in words. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from optionix_core.market.units import unit
from optionix_core.portfolio.deliverables import label_of
from screens.explanations import Explanation
from widgets import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.book_groups import BookGroup, BookPart, Totals
    from optionix_core.services.book_life import LifeCycle
    from optionix_core.services.book_standing import BookStanding
    from optionix_core.services.book_view import BookView
    from optionix_core.services.position_story import StoryLine
    from widgets.grid_columns import Column, GridRow

_FORMULAS: Final = {
    "quantity": "a fold of the ledger: fills and life-cycle entries, contracts, negative when short",
    "mark": "half way between bid and ask of the position's own venue, where both are fresh",
    "value": "quantity x multiplier x mark",
    "unrealised_pnl": "market value less the cash paid for what is open (first in, first out), fees excluded",
    "day_pnl": "change of value since the last close, with the day's trades at their prices and less their fees",
    "iv": "of the mid, by Black (1976) on the parity forward of its expiry",
    "dollar_delta": "quantity x multiplier x delta x spot",
    "dollar_gamma": "change of dollar delta when the spot moves by 1%: quantity x multiplier x gamma x spot^2 x 1%",
    "theta": "quantity x multiplier x theta, per calendar day",
    "vega": "quantity x multiplier x vega, per volatility point",
    "days": "calendar days to the expiry date",
    "note": "what expires, is instructed, may be assigned or exercised early, and dividends ahead",
}
_PARTS: Final = {
    "Δ": "delta: spot's move times the delta, second-order Greeks averaged on the way",
    "Γ": "gamma: half the squared move of the spot times the gamma",
    "Θ": "theta: time that went by",
    "V": "vega: the smile's move at each strike, by level, skew, curvature and the rest",
    "vanna": "vanna: spot and volatility moving together",
    "vomma": "vomma (volga): half the squared move of volatility",
    "other": "carry, rates, dividends, further cross terms and currency",
    "trades": "what was traded since, from its price to now",
    "fees": "fees since, less than zero",
    "resid": "what the parts do not reach: shown, never spread",
    "all": "the account's profit and loss of the stretch: the parts and the residual sum to it exactly",
}


def explain_part(part: BookPart, column: Column, note: str, now: datetime) -> Explanation:
    """The number of one cell of a position, or of a part of one."""
    line, value, position = part.line, part.line.value, part.line.value.position
    facts = [("formula", _FORMULAS.get(column.key, "the instrument and its key"))]
    if column.key in {"theta", "vega"}:
        facts.append(("unit", unit(column.key).label))
    if not part.whole:
        facts.append(
            ("part", f"{part.quantity:+f} of {position.quantity:+f}: its share of value and cost; the parts sum to all")
        )
    facts += [
        ("key", line.symbol),
        ("holding", f"{position.quantity:+f} for {figures.money(position.cost)} {position.currency} paid"),
        ("mark", figures.price(value.mark.price) if value.mark.price is not None else f"none: {value.mark.reason}"),
    ]
    if column.key == "day_pnl" and value.day_reason is not None:
        facts.append(("missing", value.day_reason))
    if line.greeks is None and column.key in {"iv", "dollar_delta", "dollar_gamma", "theta", "vega"}:
        facts.append(("missing", line.greeks_reason or "not solved"))
    if column.key == "note":
        facts.append(("note", note or "nothing to say"))
    quote = value.mark.quote
    if quote is not None:
        made = quote.exchange_time or quote.received_at
        age = max((now - made).total_seconds(), 0.0)
        facts += [
            ("quote", f"bid {figures.price(quote.bid)}, ask {figures.price(quote.ask)}"),
            ("source", quote.source),
            ("quoted", f"{made:%Y-%m-%d %H:%M:%S} UTC, {figures.age(age)} ago"),
        ]
    facts.append(("opened", f"{position.opened_at:%Y-%m-%d %H:%M:%S} UTC, account {position.account}"))
    return Explanation(f"{column.title} of {line.label}", _value(part, column), tuple(facts))


def _value(part: BookPart, column: Column) -> str:
    from optionix_core.services.book_order import SORT_KEYS, part_value

    if column.key in SORT_KEYS and column.key != "label":
        return column.write(part_value(part, column.key)) or "none: shares do not expire"
    return part.line.label


def explain_group(title: str, group: BookGroup | None, totals: Totals, column: Column, row: GridRow, place: int,
                  now: datetime) -> Explanation:  # fmt: skip
    """The subtotal of one cell; `place` is the column's among the row's cells. No group: all that is shown."""
    facts = [("sum", f"of {totals.parts} position{'s' if totals.parts != 1 else ''}, each as it is told below")]
    if column.key in _FORMULAS:
        facts.append(("each", _FORMULAS[column.key]))
    if group is not None and group.strategy is not None:
        facts += [
            ("strategy", f"{group.strategy.replace('-', ' ')}, {group.units:f} of it"),
            ("found", "what one order opened together first; the rest as it fits, the nearest strikes first"),
        ]
        if column.key == "mark":
            facts.append(("net", "value of one unit, per unit of the underlying; negative where it was sold"))
        facts += [(f"{part.quantity:+f}", part.line.label) for part in group.parts]
    if column.key == "days":
        facts.append(("days", "to the first expiry among them"))
    if totals.without_mark and column.key in {"value", "unrealised_pnl", "day_pnl", "mark"}:
        facts.append(("missing", f"{totals.without_mark} without a mark: a sum of which a part is unknown is unknown"))
    if totals.without_greeks and column.key in {"dollar_delta", "dollar_gamma", "theta", "vega"}:
        facts.append(("missing", f"{totals.without_greeks} without Greeks: they are left out of the sum"))
    if len(totals.currencies) > 1:
        facts.append(("missing", f"{', '.join(totals.currencies)}: no exchange rate, so that nothing is added up"))
    facts.append(("as of", f"{now:%Y-%m-%d %H:%M:%S} UTC"))
    return Explanation(f"{column.title} of {title}", column.write(row.cells[place]) or "nothing", tuple(facts))


def explain_account(view: BookView, standing: BookStanding | None) -> Explanation:
    """The figures of the account's line."""
    report, state = view.report, view.report.state
    facts = [
        ("NLV", "cash, dividends owed and the marked positions in the account's currency"),
        ("cash", f"{figures.money(state.cash)} {state.currency}: a fold of the ledger"),
        ("positions", f"{figures.money(report.positions_value)} at their marks"),
        ("BP", f"{figures.money(report.buying_power)}: cash that working orders do not keep; nothing is lent"),
        ("margin", _margin_words(standing)),
        ("day", _day_words(view)),
        ("realised", f"{figures.signed(state.realised_pnl)} since it opened, fees excluded"),
        ("fees", f"{figures.money(state.fees)} since it opened"),
    ]
    facts += [("left out", f"{item.symbol.strip()}: {item.reason}") for item in report.unmarked]
    facts += [("left out", f"cash in {name}: no exchange rate") for name in report.unconverted]
    facts.append(("as of", f"{view.moment:%Y-%m-%d %H:%M:%S} UTC, {view.events} records in the log"))
    return Explanation(f"Account {state.account}", f"{figures.money(report.nlv)} {state.currency}", tuple(facts))


def _margin_words(standing: BookStanding | None) -> str:
    if standing is None:
        return "being computed"
    if standing.margin is None:
        return f"no data: {standing.margin_reason}"
    return f"{figures.money(standing.margin)} initial, by strategies (Regulation T, FINRA 4210): told, not lent"


def _day_words(view: BookView) -> str:
    report = view.report
    if report.day_pnl is None:
        return f"no data: {report.day_reason}"
    return f"{figures.signed(report.day_pnl)} since the last close, the day's fees deducted"


def explain_pnl(standing: BookStanding, row: GridRow, here: str) -> Explanation:
    """One part of the explained profit and loss."""
    from optionix_core.services.day_explained import TOLD

    told = standing.explained
    if told is None:
        return Explanation("P&L explained", "no data", (("why", standing.explained_reason or "not told"),))
    name = str(row.key)
    facts = [("what", _PARTS[name])]
    facts += [
        (term.replace("_", " "), figures.signed(told.total[term]))
        for term in TOLD.get(name, ())
        if len(TOLD.get(name, ())) > 1
    ]
    if row.cells[2] is not None:
        facts.append(("here", f"{figures.signed(row.cells[2])} of {here}"))
    facts += [("from", f"{told.start:%Y-%m-%d %H:%M} UTC"), ("to", f"{told.end:%Y-%m-%d %H:%M:%S} UTC")]
    facts.append(("method", "both ends priced from the venue's quotes and their fitted smiles; Greeks of the path"))
    facts += [("left out", f"{key.strip()}: {reason}") for key, reason in told.left_out.items()]
    notes = dict.fromkeys(note for period in told.periods for note in period.notes)
    facts += [("note", note) for note in list(notes)[:3]]
    return Explanation(f"{name} of the account", f"{figures.signed(row.cells[1])} {told.currency}", tuple(facts))


def explain_ahead(life: LifeCycle, row: GridRow, column: Column, place: int) -> Explanation:
    """One row of the calendar: an option's end, or a dividend."""
    dividend = next((one for one in life.calendar.dividends if one.id == row.key), None)
    if dividend is not None:
        facts = (
            ("amount", f"{dividend.per_share:f} {dividend.currency} a share"),
            ("ex", f"{dividend.ex_date}: who buys from then on does not get it"),
            ("record", f"{dividend.record_date}"),
            ("paid", f"{dividend.pay_date}"),
            ("source", dividend.source),
        )
        return Explanation(f"Dividend of {dividend.symbol}", f"{dividend.per_share:f}", facts)
    entry = life.entry(str(row.key))
    if entry is None:
        return Explanation("Life cycle", figures.ABSENT, ())
    told = [
        ("settles", f"{entry.settles_at:%Y-%m-%d %H:%M} UTC"),
        ("last trade", f"{entry.last_trade:%Y-%m-%d %H:%M} UTC"),
    ]
    if entry.decision_by is not None:
        told.append(("decide by", f"{entry.decision_by:%Y-%m-%d %H:%M %Z}, the last moment for an instruction"))
    if entry.probability is None:
        told.append(("missing", life.calendar.reasons.get(entry.symbol, "no market")))
    else:
        told.append(
            ("in the money", f"{100 * entry.probability:.2f}%, {entry.measure} at the volatility of its strike")
        )
    if entry.expected_assigned:
        told.append(("assigned", f"{entry.expected_assigned:.2f} contracts expected: the chance times what is short"))
    advice = life.calendar.advice.get(entry.symbol)
    if advice is not None:
        verb = "exercise now" if advice.exercise else "hold"
        told += [
            ("early", f"{verb}: {advice.exercise_value:.4f} exercised against {advice.hold_value:.4f} held, per share"),
            ("gain", f"{advice.gain:+.4f}, within {advice.error:.1e}"),
        ]
    if entry.before_dividend is not None:
        told.append(("before ex-date", f"its holder gains {entry.before_dividend.gain:+.4f} a share by exercising"))
    instruction = life.instructions.get(entry.symbol)
    if instruction is not None:
        told.append(
            ("instructed", f"{instruction.wish} {instruction.contracts}, {instruction.given_at:%Y-%m-%d %H:%M} UTC")
        )
    told.append(("as of", f"{life.moment:%Y-%m-%d %H:%M:%S} UTC"))
    return Explanation(f"{column.title} of {label_of(entry.symbol)}", column.write(row.cells[place]), tuple(told))


def explain_row(title: str, columns: Sequence[Column], row: GridRow, facts: Sequence[tuple[str, str]]) -> Explanation:
    """A row as it stands, for what has no formula."""
    told = [(column.title, column.write(value)) for column, value in zip(columns, row.cells, strict=True)]
    return Explanation(title, "", (*((name, text) for name, text in told if name and text), *facts))


def explain_entry(entry: LedgerEntry, columns: Sequence[Column], row: GridRow) -> Explanation:
    """One entry of the ledger."""
    facts: list[tuple[str, Any]] = [("id", entry.id)]
    facts += [("cause", entry.cause)] if entry.cause is not None else []
    facts += [("posting", f"{leg.account} {leg.amount:+f} {leg.commodity.strip()}") for leg in entry.postings]
    return explain_row(f"Entry {entry.kind}", columns[:4], row._replace(cells=row.cells[:4]), facts)


def explain_story(line: StoryLine) -> Explanation:
    """One fill or note of a position."""
    facts = [("id", line.id), ("when", f"{line.time:%Y-%m-%d %H:%M:%S} UTC")]
    if line.symbol:
        facts.append(("position", label_of(line.symbol)))
    if line.quantity is not None and line.cash is not None and line.fee is not None:
        facts += [
            ("quantity", f"{line.quantity:+f}"),
            ("cash", f"{figures.signed(line.cash)}, with fees of {figures.money(line.fee)} deducted"),
        ]
    return Explanation(line.kind, line.words, tuple(facts))
