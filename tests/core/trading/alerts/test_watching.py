"""When alerts fire: once for each crossing, never without a value, the same in one look as in many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.services.followed import state_bytes
from optionix_core.sync.event import Event, Record
from optionix_core.trading.alerts.alert import Alert, AlertStatus, OpenAlert
from optionix_core.trading.alerts.conditions import (
    Comparison,
    ExpiryWithin,
    Halted,
    Level,
    OrderFilled,
    Price,
    PriceField,
)
from optionix_core.trading.alerts.fold import AlertFold
from optionix_core.trading.alerts.records import Checked, dismissed_event, look_events, set_event, snoozed_event
from optionix_core.trading.alerts.watching import Observation, Watch, due_alerts

START = datetime(2026, 3, 10, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def level(comparison: str, bound: str = "10", hysteresis: str = "0") -> Level:
    return Level(Price("ORBIT", PriceField.BID), Comparison(comparison), Decimal(bound), Decimal(hysteresis))


def alert(condition: object = None, **terms: object) -> Alert:
    asked = {"alert_id": "a", "account": "paper-1", "feed": "sim", "set_at": START, **terms}
    return Alert(condition=level("above") if condition is None else condition, **asked)  # type: ignore[arg-type]


@dataclass
class Told:
    """Values at whole seconds after the start; None where there is none. The first stands at the start."""

    values: Sequence[str | int | None]

    def observations(self, watch: Watch) -> Iterator[Observation]:
        for place, value in enumerate(self.values):
            at = START + place * SECOND
            inside = watch.start < at <= watch.until or (watch.first and at == watch.start)
            if inside and value is not None:
                number = Decimal(value)
                if watch.cares(float(number), float(number)):
                    yield Observation(at, number)


class Missing:
    """A feed that has nothing."""

    def observations(self, watch: Watch) -> Iterator[Observation]:
        raise MissingDataError(f"no data for {watch.alert.alert_id}")


class Log:
    """A fold and the records that made it."""

    def __init__(self, *alerts: Alert) -> None:
        self.fold, self.records = AlertFold(), []
        self.write(*(set_event(one) for one in alerts))

    def write(self, *events: Event) -> None:
        for event in events:
            record = Record(len(self.records) + 1, event, b"", b"")
            self.records.append(record)
            self.fold.apply(record)

    def look(self, facts: object, seconds: float) -> list[tuple[float, str]]:
        """Look at everything up to `seconds` after the start, keep what was found, and answer it."""
        now = START + seconds * SECOND
        due = due_alerts(self.fold.alerts(), facts, now)  # type: ignore[arg-type]
        standings = {one.alert_id: one.standing for one in due.looked}
        self.write(*look_events(due.fired, Checked(self.fold.checks + 1, now, standings)))
        return [((one.time - START) / SECOND, one.text) for one in due.fired]


def fires(condition: Level, values: Sequence[int | str | None], **terms: object) -> list[float]:
    log = Log(alert(condition, **terms))
    return [at for at, _ in log.look(Told(values), len(values))]


def test_above_fires_at_the_first_value_at_the_bound_and_then_no_more():
    assert fires(level("above"), [8, 9, 10, 9, 11]) == [2.0]
    assert fires(level("below"), [12, 11, 10, 12, 9]) == [2.0]


def test_one_that_repeats_fires_anew_each_time_it_came_back():
    assert fires(level("above"), [8, 10, 11, 9, 12, 9, 10], repeats=True) == [1.0, 4.0, 6.0]


def test_hysteresis_lets_a_trembling_price_fire_once():
    values = [9, 10, "9.9", 10, "9.6", 10, "9.4", 10]
    assert fires(level("above", hysteresis="0.5"), values, repeats=True) == [1.0, 7.0]


def test_above_that_is_so_already_fires_at_once_and_crossing_does_not():
    assert fires(level("above"), [11, 11]) == [0.0]
    assert fires(level("crosses"), [11, 11]) == []


def test_crossing_fires_either_way_and_touching_counts_once():
    assert fires(level("crosses"), [9, 11, 9], repeats=True) == [1.0, 2.0]
    assert fires(level("crosses"), [9, 10, 11, 10, 9], repeats=True) == [1.0, 3.0]
    assert fires(level("crosses"), [9, 10, 9, 11], repeats=True) == [1.0, 3.0]
    assert fires(level("crosses", hysteresis="2"), [9, 11, 9, 11, 13, 9], repeats=True) == [1.0, 5.0]


def test_the_text_names_value_and_bound():
    log = Log(alert(level("above", "10.50")), alert(level("crosses", "11"), alert_id="b"))
    found = log.look(Told([10, "11.25"]), 5)
    assert found == [
        (1.0, "ORBIT bid 11.25 is at or above 10.5"),
        (1.0, "ORBIT bid 11.25 crossed 11 upwards"),
    ]


def test_missing_data_never_fires_and_is_told():
    log = Log(alert())
    due = due_alerts(log.fold.alerts(), Missing(), START + SECOND)
    assert (due.fired, due.looked) == ((), ())
    assert [(one.alert_id, one.reason) for one in due.unseen] == [("a", "no data for a")]
    assert fires(level("above"), [None, None, None]) == []


def test_what_could_not_be_seen_is_seen_later_at_its_own_time():
    log = Log(alert())
    log.look(Missing(), 3)
    assert log.look(Told([8, 8, 12, 8, 8]), 4) == [(2.0, "ORBIT bid 12 is at or above 10")]


def test_nothing_fires_from_its_expiry_on():
    ends = START + 2 * SECOND
    assert fires(level("above"), [8, 9, 11], expires_at=ends) == []
    assert fires(level("above"), [8, 11, 11], expires_at=ends) == [1.0]
    log = Log(alert(expires_at=ends))
    log.look(Told([8, 8]), 5)
    opened = log.fold.alert("a")
    assert opened.status(ends) is AlertStatus.EXPIRED
    assert opened.over


def test_a_snoozed_alert_is_silent_and_fires_afterwards_where_it_is_still_so():
    log = Log(alert())
    log.write(snoozed_event("a", 1, START + 3 * SECOND, START))
    assert log.fold.alert("a").status(START) is AlertStatus.SNOOZED
    assert log.look(Told([8, 11, 11, 11, 11]), 10) == [(3.0, "ORBIT bid 11 is at or above 10")]


def test_a_crossing_during_a_snooze_is_passed_over():
    log = Log(alert(level("crosses"), repeats=True))
    log.look(Told([9]), 0)
    log.write(snoozed_event("a", 1, START + 3 * SECOND, START))
    assert [at for at, _ in log.look(Told([9, 11, 11, 11, 9]), 10)] == [4.0]


def test_snoozing_one_that_fired_lets_it_wait_again():
    log = Log(alert())
    told = Told([11, 11, 11, 11])
    assert len(log.look(told, 1)) == 1
    assert log.fold.alert("a").status(START + SECOND) is AlertStatus.FIRED
    assert log.look(told, 2) == []
    log.write(snoozed_event("a", 1, START + 3 * SECOND, START + 2 * SECOND))
    assert log.look(told, 4) == [(3.0, "ORBIT bid 11 is at or above 10")]
    assert log.fold.alert("a").fires == 2


def test_dismissing_ends_one_that_fires_once_and_not_one_that_repeats():
    for repeats, after in ((False, AlertStatus.DISMISSED), (True, AlertStatus.WAITING)):
        log = Log(alert(repeats=repeats))
        log.look(Told([11]), 1)
        log.write(dismissed_event("a", 1, START + SECOND))
        assert log.fold.alert("a").status(START + SECOND) is after


@dataclass
class Happenings:
    """Events at seconds after the start."""

    told: Sequence[tuple[float, str]]

    def observations(self, watch: Watch) -> Iterator[Observation]:
        for at, words in self.told:
            if watch.start < START + at * SECOND <= watch.until:
                yield Observation(START + at * SECOND, happened=words)


def test_every_fill_fires_one_that_repeats_and_the_first_alone_one_that_does_not():
    told = Happenings([(1, "filled 1"), (2, "filled 2")])
    assert Log(alert(OrderFilled("x"))).look(told, 5) == [(1.0, "filled 1")]
    assert Log(alert(OrderFilled("x"), repeats=True)).look(told, 5) == [(1.0, "filled 1"), (2.0, "filled 2")]


def test_an_event_during_a_snooze_is_passed_over():
    log = Log(alert(Halted("ORBIT"), repeats=True))
    log.write(snoozed_event("a", 1, START + 3 * SECOND, START))
    assert log.look(Happenings([(1, "halt"), (4, "halt again")]), 5) == [(4.0, "halt again")]


NUMBERS = st.lists(st.integers(6, 14), min_size=1, max_size=40)
LEVELS = st.builds(
    lambda comparison, bound, back: level(comparison, str(bound), str(back)),
    st.sampled_from(["above", "below", "crosses"]),
    st.integers(8, 12),
    st.sampled_from([0, 1, 2]),
)


@given(NUMBERS, LEVELS, st.booleans(), st.lists(st.integers(0, 40), max_size=8), st.integers(0, 20))
def test_one_long_look_is_many_short_ones(values, condition, repeats, stops, snooze):
    """Fires, their times and the final state but for the count of looks are the same."""
    told, end = Told(values), 45
    long, short = Log(alert(condition, repeats=repeats)), Log(alert(condition, repeats=repeats))
    for log in (long, short):
        if snooze:
            log.write(snoozed_event("a", 1, START + snooze * SECOND, START))
    once = long.look(told, end)
    several = [found for stop in sorted(stops) for found in short.look(told, stop)] + short.look(told, end)
    assert several == once
    one, other = long.fold.alert("a"), short.fold.alert("a")
    assert replace(one, looked_seq=0, looked_until=None) == replace(other, looked_seq=0, looked_until=None)


@given(NUMBERS, st.integers(8, 12))
def test_one_that_repeats_fires_exactly_once_for_each_crossing(values, bound):
    """Counted independently: a crossing is a value at or above the bound whose predecessor was below it."""
    expected = [
        float(place)
        for place, value in enumerate(values)
        if value >= bound and (place == 0 or values[place - 1] < bound)
    ]
    assert fires(level("above", str(bound)), values, repeats=True) == expected
    mirrored = [-value for value in values]
    assert fires(level("below", str(-bound)), mirrored, repeats=True) == expected


@given(st.lists(st.integers(6, 14).filter(lambda value: value != 10), min_size=1, max_size=40))
def test_crosses_fires_exactly_once_for_each_change_of_side(values):
    expected = [float(place) for place in range(1, len(values)) if (values[place] > 10) != (values[place - 1] > 10)]
    assert fires(level("crosses"), values, repeats=True) == expected


@given(NUMBERS, LEVELS, st.booleans(), st.lists(st.integers(0, 40), max_size=5))
def test_replay_gives_the_same_bytes(values, condition, repeats, stops):
    log = Log(alert(condition, repeats=repeats, note="n", expires_at=START + 30 * SECOND))
    for number, stop in enumerate(sorted(stops), 1):
        log.look(Told(values), stop)
        log.write(snoozed_event("a", number, START + (stop + 2) * SECOND, START + stop * SECOND))
    again, halfway = AlertFold(), AlertFold()
    for record in log.records:
        again.apply(record)
    for place, record in enumerate(log.records):
        halfway.apply(record)
        if place % 2:
            halfway = AlertFold.of_state(halfway.state())
    assert state_bytes(again) == state_bytes(log.fold) == state_bytes(halfway)


@given(st.integers(6, 14), st.integers(6, 14), LEVELS, st.booleans(), st.sampled_from([-1, 0, 1]))
def test_what_a_watch_does_not_care_for_changes_nothing(value, other, condition, armed, side):
    from optionix_core.trading.alerts.alert import Standing
    from optionix_core.trading.alerts.watching import step

    standing = Standing(armed, side if condition.comparison is Comparison.CROSSES else 0)
    opened = OpenAlert(alert(condition, repeats=True), standing=standing)
    low, high = sorted((value, other))
    if not Watch(opened, START + SECOND).cares(low, high):
        assert step(condition, standing, Decimal(value)) == (standing, False)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: level("above", "nan"), "bound must be finite"),
        (lambda: level("above", hysteresis="-1"), "hysteresis must be at least 0"),
        (lambda: ExpiryWithin("ORBIT", -1), "days must be from 0"),
        (lambda: alert(alert_id="a/b"), "alert_id must be 1 to 64"),
        (lambda: alert(expires_at=START), "expires_at must be after"),
        (lambda: alert(note="n" * 501), "note must be at most 500"),
    ],
)
def test_terms_out_of_bounds_name_field_value_and_bound(make, told):
    with pytest.raises(InvalidValueError, match=told):
        make()
