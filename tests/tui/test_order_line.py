"""Orders on the command line: combinations, types, times, algorithms; mistakes; and what completion offers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError, OptionixError, UsageError
from optionix_core.market.osi import format as key
from optionix_core.market.symbols import terms
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import Leg
from optionix_core.trading.orders import OrderLeg
from optionix_tui.completion import Known, complete
from optionix_tui.order_line import order
from screens.host import Draft
from screens.ticket_form import TicketForm

SHARES = ("ORBIT", "TUNDRA")
JAN, FEB = (terms(f"ORBIT {day} 1 C").expiry for day in ("16JAN26", "20FEB26"))


def leg(ratio: int, letter: str, strike: int, day=JAN) -> OrderLeg:
    return OrderLeg(key("ORBIT", day, letter, Decimal(strike)), ratio)


def read(line: str) -> Draft:
    side, *words = line.split()
    return order(side, words, SHARES)


VERTICAL = (leg(1, "C", 230), leg(-1, "C", 240))
SHAPES = [
    ("230/240 C", VERTICAL, "bull-call-spread"),
    ("240/230 P", (leg(1, "P", 240), leg(-1, "P", 230)), "bear-put-spread"),
    ("220/230/240 C", (leg(1, "C", 220), leg(-2, "C", 230), leg(1, "C", 240)), "long-call-butterfly"),
    ("220/225/235/240 put", (leg(1, "P", 220), leg(-1, "P", 225), leg(-1, "P", 235), leg(1, "P", 240)),
     "long-put-condor"),
    ("220/225/245/250 IC", (leg(-1, "P", 220), leg(1, "P", 225), leg(1, "C", 245), leg(-1, "C", 250)),
     "reverse-iron-condor"),
    ("220/230/240 ib", (leg(-1, "P", 220), leg(1, "P", 230), leg(1, "C", 230), leg(-1, "C", 240)),
     "reverse-iron-butterfly"),
    ("230 straddle", (leg(1, "C", 230), leg(1, "P", 230)), "long-straddle"),
    ("220/240 STRANGLE", (leg(1, "P", 220), leg(1, "C", 240)), "long-strangle"),
    ("220/240 RR", (leg(-1, "P", 220), leg(1, "C", 240)), "long-risk-reversal"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "legs", "name"), SHAPES)
def test_a_combination_is_bought_as_the_catalogue_names_it(text, legs, name):
    assert read(f"buy 2 ORBIT 16JAN26 {text} 3.10") == Draft("buy", "", 2, Decimal("3.10"), legs)
    found = [terms(one.symbol) for one in legs]
    parts = [
        Leg(type="call" if one.option_type == 1 else "put", quantity=Decimal(own.ratio), multiplier=Decimal(100),
            strike=one.strike, expiry=one.expiry, root=one.root)
        for own, one in zip(legs, found, strict=True)
    ]  # fmt: skip
    assert recognise(parts).name == name


def test_the_later_expiry_is_bought_whichever_is_written_first():
    calendar = (leg(-1, "C", 230), leg(1, "C", 230, FEB))
    for days in ("16JAN26/20FEB26", "20FEB26/16JAN26"):
        assert read(f"buy 1 ORBIT {days} 230 C 2.40").legs == calendar
    assert read("buy 1 ORBIT 16JAN26/20FEB26 230/240 C").legs == (leg(-1, "C", 230), leg(1, "C", 240, FEB))


ORBIT = Draft("buy", "ORBIT", 100)
TERMS = [
    ("", {}),
    ("207.50", {"limit_price": Decimal("207.50")}),
    ("@207.50 gtc", {"limit_price": Decimal("207.50"), "time_in_force": "GTC"}),
    ("stop 190", {"kind": "stop", "entries": (("trigger", "190"),)}),
    ("stop 190 189.5 gtc", {"kind": "stop-limit", "limit_price": Decimal("189.5"), "time_in_force": "GTC",
                            "entries": (("trigger", "190"),)}),
    ("touch 190 189", {"kind": "limit-if-touched", "limit_price": Decimal(189), "entries": (("trigger", "190"),)}),
    ("trail 5%", {"kind": "trailing-stop", "entries": (("trail", "5%"),)}),
    ("207 gtd 2026-01-08T20:00Z post-only", {"limit_price": Decimal(207), "time_in_force": "GTD",
     "entries": (("until", "2026-01-08T20:00Z"), ("post_only", "yes"))}),
    ("market fok reduce-only lots lifo", {"kind": "market", "time_in_force": "FOK",
                                          "entries": (("reduce_only", "yes"), ("lots", "lifo"))}),
    ("207 after a-1 group g", {"limit_price": Decimal(207), "entries": (("parent", "a-1"), ("group", "g"))}),
    ("twap 30m slices 6 208", {"kind": "twap", "limit_price": Decimal(208),
                               "entries": (("ends", "30m"), ("slices", "6"))}),
    ("pov 1h share 0.1", {"kind": "pov", "entries": (("ends", "1h"), ("participation", "0.1"))}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), TERMS)
def test_terms_become_fields_of_a_ticket_that_accepts_them(text, said):
    from dataclasses import replace

    draft = read(f"buy 100 orbit {text}")
    assert draft == replace(ORBIT, **said)
    form = TicketForm.of(draft)
    assert form.algorithm() if form.is_algorithm else form.terms()


def test_money_stands_for_a_quantity():
    draft = read("buy $5000 ORBIT 207")
    assert TicketForm.of(draft).terms().amount == 5000


WRONG = [
    ("buy 1 ORBIT 16JAN26 230/240/250/260/270 C", InvalidValueError, "two to four strikes"),
    ("buy 1 ORBIT 16JAN26 230/240 IC", InvalidValueError, "iron condor, four strikes"),
    ("sell 1 ORBIT 16JAN26 250/245/225/220 IC", InvalidValueError, "strikes must be in rising order"),
    ("buy 1 ORBIT 16JAN26/20FEB26 230 STRADDLE", InvalidValueError, "one strike"),
    ("buy 1 ORBIT 16JAN26 230/x C", InvalidValueError, "strike must be a number (got 'x')"),
    ("buy 1 ORBIT stop", UsageError, "'stop' needs a word behind it"),
    ("buy 1 ORBIT stop cheap", InvalidValueError, "trigger must be a number (got 'cheap')"),
    ("buy 1 ORBIT stop 190 trail 5", UsageError, "another type of order than stop"),
    ("buy 1 ORBIT trail 5 190", InvalidValueError, "limit must be absent for a trailing-stop order"),
    ("buy 1 ORBIT 207 sometime", UsageError, "'sometime' is no term of an order"),
    ("buy $ ORBIT", InvalidValueError, "amount must be a number"),
    ("buy 1 ORBIT 30FEB26 230/240 C", UsageError, "buy QUANTITY SYMBOL"),
]


@pytest.mark.parametrize(("text", "error", "words"), WRONG)
def test_a_mistake_says_what_is_wrong(text, error, words):
    with pytest.raises(error) as caught:
        read(text)
    assert words in str(caught.value)


KNOWN = Known(
    underlyings=(("ORBIT", "Orbit Aerospace"),), expiries=("16JAN26",), shown="ORBIT", strikes=("230", "232.5")
)


@pytest.mark.parametrize(
    ("text", "offer"),
    [
        ("buy 2 ORBIT 16JAN26 230/", "buy 2 ORBIT 16JAN26 230/232.5"),
        ("buy 2 ORBIT 16JAN26 230/240 ", "buy 2 ORBIT 16JAN26 230/240 IC"),
        ("buy 2 ORBIT 16JAN26 230 ", "buy 2 ORBIT 16JAN26 230 C"),
        ("buy 2 ORBIT 16JAN26 230 C g", "buy 2 ORBIT 16JAN26 230 C gtc"),
        ("buy 2 ORBIT ", "buy 2 ORBIT 16JAN26"),
        ("buy 2 ORBIT st", "buy 2 ORBIT stop "),
        ("buy 2 ORBIT lots l", "buy 2 ORBIT lots lifo"),
        ("buy 2 ORBIT twap ", "buy 2 ORBIT twap 30m"),
        ("tick", "ticket"),
        ("buy ", "buy $"),
    ],
)
def test_completion_goes_on_with_what_an_order_may_say(text, offer):
    assert offer in [item.line for item in complete(text, KNOWN)]


def test_completion_offers_no_term_twice_and_survives_what_is_wrong():
    assert "buy 2 ORBIT gtc gtc" not in [item.line for item in complete("buy 2 ORBIT gtc ", KNOWN)]
    assert complete("buy 2 ORBIT 16JAN26 230/x C ", KNOWN) == ()
    with pytest.raises(OptionixError):
        read("buy 2 ORBIT 16JAN26 230/x C")
