"""Alerts and halts as they are written on a line, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.trading.alerts.alert import Alert
from optionix_core.trading.alerts.conditions import (
    BookGreek,
    BookGreekName,
    Comparison,
    ExpiryWithin,
    GreekName,
    Halted,
    ImpliedVolatility,
    Level,
    LimitName,
    LimitUse,
    OptionGreek,
    OrderFilled,
    Pnl,
    PnlKind,
    Price,
    PriceField,
)
from optionix_core.trading.alerts.named import NAMES, measure, name_of
from optionix_core.trading.halts import HaltScope
from screens.desk_lines import AlertWanted, HaltWanted, alert_text, read_alert, read_halt

KEY = "ORBIT 260116C00230000"
NOW, END = datetime(2026, 1, 5, 15, 0, tzinfo=UTC), datetime(2026, 1, 8, 20, 0, tzinfo=UTC)
ALERTS = [
    ("orbit last above 220 hysteresis 1",
     AlertWanted(Level(Price("ORBIT", PriceField.LAST), Comparison.ABOVE, Decimal(220), Decimal(1)))),
    ("ORBIT 16JAN26 230 C iv below 0.22 repeat",
     AlertWanted(Level(ImpliedVolatility(KEY), Comparison.BELOW, Decimal("0.22")), repeats=True)),
    ("ORBIT 16JAN26 230 C delta crosses 0.5",
     AlertWanted(Level(OptionGreek(KEY, GreekName.DELTA), Comparison.CROSSES, Decimal("0.5")))),
    ("day-pnl below -500 until 2026-01-08T20:00Z note too much for a day",
     AlertWanted(Level(Pnl(PnlKind.DAY), Comparison.BELOW, Decimal(-500)), False, END, "too much for a day")),
    ("ORBIT unrealised-pnl above 100",
     AlertWanted(Level(Pnl(PnlKind.UNREALISED, "ORBIT"), Comparison.ABOVE, Decimal(100)))),
    ("book-dollar-delta above 50000",
     AlertWanted(Level(BookGreek(BookGreekName.DOLLAR_DELTA), Comparison.ABOVE, Decimal(50_000)))),
    ("buying-power above 0.8",
     AlertWanted(Level(LimitUse(LimitName.BUYING_POWER), Comparison.ABOVE, Decimal("0.8")))),
    ("ORBIT 16JAN26 230 C expiry 7", AlertWanted(ExpiryWithin(KEY, 7))),
    ("fill entry-1", AlertWanted(OrderFilled("entry-1"))),
    ("halt ORBIT", AlertWanted(Halted("ORBIT"))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ALERTS)
def test_an_alert_is_read_and_written_again(text, wanted):
    assert read_alert(text) == wanted
    alert = Alert("a", wanted.condition, "paper-1", "sim", NOW, wanted.repeats, wanted.expires_at, wanted.note)
    assert read_alert(alert_text(alert)) == wanted


WRONG = [
    ("", "alert must be like ORBIT last above 220"),
    ("ORBIT last", "alert must be like"),
    ("ORBIT last over 220", "alert must be like"),
    ("ORBIT last above high", "bound must be a number (got 'high')"),
    ("ORBIT iv above 0.3", "symbol must be an option for iv (got 'ORBIT')"),
    ("last above 3", "symbol must be given for last"),
    ("ORBIT book-delta above 3", "symbol must be absent for book-delta"),
    ("fill", "alert must be like"),
    ("ORBIT last above 220 until tomorrow", "until must be a moment with its offset"),
    ("ORBIT last above 220 hysteresis", "hysteresis must be a number (got nothing)"),
    ("ORBIT last above 220 hysteresis -1", "hysteresis must be at least 0"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_an_alert_that_is_none_says_what_one_is(text, words):
    with pytest.raises(InvalidValueError) as caught:
        read_alert(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_has_a_name_that_finds_it_again(name):
    symbol = KEY if name in {"bid", "iv", "delta", "day-pnl"} or name in {"ask", "mid", "last"} else None
    symbol = KEY if name in {"gamma", "vega", "theta"} else symbol
    assert name_of(measure(name, symbol)) == (name, symbol)


def test_halts_are_read():
    five = timedelta(minutes=5)
    assert read_halt("orbit 5m news pending") == HaltWanted(HaltScope.UNDERLYING, "ORBIT", five, "news pending")
    assert read_halt("ORBIT 16JAN26 230 C") == HaltWanted(HaltScope.INSTRUMENT, KEY, None, "halted on request")
    assert read_halt("market 1h30m") == HaltWanted(HaltScope.MARKET, "", timedelta(minutes=90), "halted on request")
    for text, words in (("", "halt must be like"), ("ORBIT 5 news", "length must be a stretch of time")):
        with pytest.raises(InvalidValueError, match=words):
            read_halt(text)
