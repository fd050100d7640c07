"""Alerts as events: there and back, refused where malformed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import IntegrityError
from optionix_core.sync.canonical import decode, encode
from optionix_core.sync.event import Event, Record
from optionix_core.trading.alerts.alert import Alert, Firing, Standing
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
from optionix_core.trading.alerts.fold import AlertFold
from optionix_core.trading.alerts.records import (
    SET,
    Checked,
    alert_of,
    checked_event,
    checked_of,
    condition_of,
    dismissed_event,
    fired_event,
    firing_of,
    removed_event,
    set_event,
)

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
KEY = "ORBIT 270115C00230000"
CONDITIONS = [
    (Level(Price(KEY, PriceField.MID), Comparison.ABOVE, Decimal("2.35")), "ORBIT 15JAN27 230 C mid above 2.35"),
    (
        Level(ImpliedVolatility(KEY), Comparison.BELOW, Decimal("0.2"), Decimal("0.01")),
        "ORBIT 15JAN27 230 C implied volatility below 0.2 (hysteresis 0.01)",
    ),
    (Level(OptionGreek(KEY, GreekName.THETA), Comparison.CROSSES, Decimal(-9)), "ORBIT 15JAN27 230 C theta crosses -9"),
    (Level(BookGreek(BookGreekName.DOLLAR_DELTA), Comparison.ABOVE, Decimal(9)), "book dollar delta above 9"),
    (Level(Pnl(PnlKind.DAY), Comparison.BELOW, Decimal(-500)), "account day P&L below -500"),
    (Level(Pnl(PnlKind.UNREALISED, KEY), Comparison.BELOW, Decimal(0)), "ORBIT 15JAN27 230 C unrealised P&L below 0"),
    (Level(LimitUse(LimitName.BUYING_POWER), Comparison.ABOVE, Decimal("0.8")), "use of buying-power above 0.8"),
    (ExpiryWithin(KEY, 1), "ORBIT 15JAN27 230 C expires within 1 day"),
    (OrderFilled("first"), "fill of order first"),
    (Halted("ORBIT"), "halt of ORBIT"),
]


@pytest.mark.parametrize(("condition", "words"), CONDITIONS)
def test_a_condition_comes_back_from_its_bytes_as_it_was(condition, words):
    alert = Alert("a", condition, "paper-1", "sim", NOW, True, NOW + timedelta(days=1), "note")
    assert alert_of(decode(encode(set_event(alert)))) == alert
    assert condition.words == words


def test_a_fire_and_a_look_come_back_as_they_were():
    firing = Firing("a", 2, NOW, "told", Decimal("1.5"))
    assert firing_of(decode(encode(fired_event(firing)))) == firing
    checked = Checked(3, NOW, {"a": Standing(armed=False), "b": Standing(side=-1)})
    assert checked_of(decode(encode(checked_event(checked)))) == checked


def test_a_fire_has_one_id_by_its_number():
    assert fired_event(Firing("a", 2, NOW, "told", None)).id == "alert/a/fired-2"


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"kind": "vote"}, "field kind"),
        ({"kind": "level", "measure": {"of": "mood"}}, "field of must be a measure"),
        ({"kind": "level", "measure": {"of": "price", "symbol": "X", "field": "open"}}, "field field must be one of"),
        ({"kind": "expiry", "symbol": KEY, "days": "1"}, "field days must be an integer"),
    ],
)
def test_a_malformed_condition_is_named(payload, told):
    with pytest.raises(IntegrityError, match=told):
        condition_of(payload)


def test_an_event_out_of_bounds_breaks_integrity():
    event = set_event(Alert("a", OrderFilled("x"), "paper-1", "sim", NOW))
    wrong = Event(event.id, SET, NOW, {**event.payload, "alert": "a/b"})
    with pytest.raises(IntegrityError, match="alert_id"):
        alert_of(wrong)


def test_events_of_an_alert_that_is_not_set_are_refused_and_a_removed_one_is_gone():
    fold = AlertFold()
    with pytest.raises(IntegrityError, match="not set"):
        fold.apply(Record(1, dismissed_event("a", 1, NOW), b"", b""))
    fold.apply(Record(1, set_event(Alert("a", OrderFilled("x"), "paper-1", "sim", NOW)), b"", b""))
    fold.apply(Record(2, removed_event("a", NOW), b"", b""))
    assert fold.alerts() == ()
    assert fold.alert("a") is None


def test_a_state_of_another_version_is_refused():
    with pytest.raises(IntegrityError, match="alert state has version 0"):
        AlertFold.of_state({"version": 0})
