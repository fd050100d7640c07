"""How a corporate action changes the terms of an option, as the clearing house adjusts them.

    split, whole (2 for 1)      contracts x n, strike / n, multiplier and deliverable unchanged
    split, odd (3 for 2)        contracts unchanged, strike x m/n to the cent, multiplier and deliverable 100 n/m shares
    reverse split (1 for 10)    contracts, strike and multiplier unchanged, deliverable 100 n/m shares, fraction in cash
    special dividend            strike less the amount a share; or strike unchanged and the cash in the deliverable
    new symbol                  root and deliverable renamed, nothing else

A new root (ORBIT1) is needed where the deliverable is no longer standard, and is given, never invented. Refuses what
these rules do not tell (an odd split that gives no whole number of shares, an option that is adjusted already): the
clearing house's memo tells it, and an `OptionAdjustment` can be made from its numbers.

Sources: OCC By-Laws VI, sections 3A and 11A; ODD, "Characteristics and Risks of Standardized Options",
chapter II: adjustments of options with decimal strikes; threshold of $12.50 a contract for special dividends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.market import osi
from optionix_core.portfolio.deliverables import Deliverable, PendingFraction, standard
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json

CORPORATE_ACTION: Final = "corporate-action.announced"
SPECIAL_DIVIDEND_THRESHOLD: Final = Decimal("12.50")
"""Per contract: smaller distributions change nothing."""
CENT: Final = Decimal("0.01")
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class OptionAdjustment:
    """Terms of one option before and after."""

    symbol: str
    new_symbol: str
    contracts: int
    """New contracts for each old one."""
    strike: Decimal
    multiplier: Decimal
    """Of premium and exercise price."""
    deliverable: Deliverable
    """Of one new contract."""

    def __post_init__(self) -> None:
        if isinstance(self.contracts, bool) or self.contracts < 1:
            raise InvalidValueError("contracts", self.contracts, "at least 1 for each old one")


def announced_event(action_id: str, memo: str, effective_at: datetime, source: str) -> Event:
    """The event of a corporate action, which its entries name as their cause."""
    payload: dict[str, Json] = {"effective_at": time_text(effective_at), "memo": memo, "source": source}
    return Event(f"corporate-action/{action_id}", CORPORATE_ACTION, effective_at, payload)


def split(symbol: str, new: int, old: int, new_root: str | None = None) -> OptionAdjustment:
    """`new` shares for `old`, of an option on 100 shares. `new_root` for all but whole splits."""
    terms = osi.parse(symbol)
    before = _unadjusted(terms.root)
    _check_ratio(new, old)
    if new % old == 0:
        if new_root is not None:
            raise InvalidValueError("new_root", repr(new_root), "none: after a whole split the root stays")
        strike = _cents(Fraction(terms.strike) / (new // old))
        return OptionAdjustment(terms.key, _key(terms, terms.root, strike), new // old, strike, before.shares, before)
    root = _new_root(new_root, terms.root)
    parts = int(before.shares) * new
    shares, left = divmod(parts, old)
    pending = PendingFraction(left, old) if left else None
    deliverable = Deliverable(before.symbol, Decimal(shares), pending=pending)
    if new < old:
        return OptionAdjustment(terms.key, _key(terms, root, terms.strike), 1, terms.strike, before.shares, deliverable)
    if left:
        bound = "a split after which 100 shares are a whole number; take the terms from the clearing house's memo"
        raise InvalidValueError("split", f"{new} for {old}", bound)
    strike = _cents(Fraction(terms.strike) * old / new)
    return OptionAdjustment(terms.key, _key(terms, root, strike), 1, strike, Decimal(shares), deliverable)


def special_dividend(symbol: str, per_share: Decimal, new_root: str | None = None) -> OptionAdjustment:
    """A cash dividend that is not ordinary: the strike goes down by it, or with a `new_root` the cash is delivered.

    Raises InvalidValueError below the threshold, where nothing is adjusted, and where no strike would be left.
    """
    terms = osi.parse(symbol)
    before = _unadjusted(terms.root)
    with exact_arithmetic():
        cash = per_share * before.shares
        if not per_share.is_finite() or cash < SPECIAL_DIVIDEND_THRESHOLD:
            bound = f"{SPECIAL_DIVIDEND_THRESHOLD} or more a contract; smaller ones adjust nothing"
            raise InvalidValueError("per_share", per_share, bound)
        if new_root is not None:
            root = _new_root(new_root, terms.root)
            deliverable = Deliverable(before.symbol, before.shares, cash)
            return OptionAdjustment(
                terms.key, _key(terms, root, terms.strike), 1, terms.strike, before.shares, deliverable
            )
        strike = terms.strike - per_share
    if strike <= 0:
        raise InvalidValueError("per_share", per_share, f"below the strike of {decimal_text(terms.strike)}")
    return OptionAdjustment(terms.key, _key(terms, terms.root, strike), 1, strike, before.shares, before)


def symbol_change(symbol: str, new_underlying: str) -> OptionAdjustment:
    """The share is called otherwise: the same contract under the new root."""
    terms = osi.parse(symbol)
    before = _unadjusted(terms.root)
    root = _new_root(new_underlying, terms.root)
    return OptionAdjustment(
        terms.key, _key(terms, root, terms.strike), 1, terms.strike, before.shares, standard(new_underlying.upper())
    )


def _unadjusted(root: str) -> Deliverable:
    from optionix_core.market.products import product

    known = product(root)
    if known.adjusted or known.cash_settled or known.inverse:
        bound = "an option on shares that no action has adjusted; take the terms from the clearing house's memo"
        raise InvalidValueError("symbol", root, bound)
    return standard(known.underlying, known.multiplier, known.currency)


def _check_ratio(new: int, old: int) -> None:
    for name, number in (("new", new), ("old", old)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise InvalidValueError(name, number, "a whole number above 0")
    if new == old:
        raise InvalidValueError("split", f"{new} for {old}", "a change")


def _new_root(root: str | None, old: str) -> str:
    if root is None or root.upper() == old:
        raise InvalidValueError("new_root", repr(root), f"given, and another than {old}: the deliverable is changed")
    return root.upper()


def _cents(strike: Fraction) -> Decimal:
    """To the nearest cent, half up."""
    exact = _WIDE.quantize(_WIDE.divide(Decimal(strike.numerator), Decimal(strike.denominator)), CENT)
    if exact <= ZERO:
        raise InvalidValueError("strike", exact, "at least a cent after the split")
    return exact


def _key(terms: osi.OsiSymbol, root: str, strike: Decimal) -> str:
    return osi.format(root, terms.expiry, terms.option_type, strike)
