"""When an alert fires: a pure function of how it stood and of the values seen since, in order of time.

A value is met once. After a fire the alert is armed again when the value has gone back beyond the hysteresis, so that a
price that trembles at the bound fires once. While it is snoozed nothing fires: what crosses meanwhile is passed over, a
value that is still beyond the bound afterwards fires then. Where there is no value there is no fire, ever.
Since each value moves the standing alone, one long look and many short ones come to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, Protocol

from optionix_core.errors import DeadlineError, MissingDataError, UnknownNameError, VenueError
from optionix_core.portfolio.exact import decimal_text
from optionix_core.trading.alerts.alert import Firing, OpenAlert, Standing
from optionix_core.trading.alerts.conditions import Comparison, Level, Measure, Pnl, Price

_SIX: Final = Context(prec=6, rounding=ROUND_HALF_EVEN, traps=[])


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen at a moment: a value, or, for conditions that are events, that it happened."""

    time: datetime
    value: Decimal | None = None
    happened: str | None = None
    """The event in words; None for a value."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One alert after a look."""

    alert_id: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Unseen:
    """An alert whose values were not to be had: it stands as it stood."""

    alert_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at alerts found."""

    fired: tuple[Firing, ...]
    """In order of time."""
    looked: tuple[Looked, ...]
    unseen: tuple[Unseen, ...]


class Watch:
    """One alert on its way through the values from where it was last looked at up to a moment."""

    def __init__(self, opened: OpenAlert, now: datetime) -> None:
        self.opened = opened
        self.alert = opened.alert
        self.standing = opened.standing
        self.fired: list[Firing] = []
        ends = self.alert.expires_at
        self.until = now if ends is None else min(now, ends)
        """No observation later than that counts, nor one at the alert's end."""

    @property
    def first(self) -> bool:
        """Whether nothing was looked at before: then what stands at the start counts as seen there."""
        return self.opened.looked_until is None

    @property
    def start(self) -> datetime:
        """Observations after it count."""
        return self.alert.set_at if self.opened.looked_until is None else self.opened.looked_until

    @property
    def done(self) -> bool:
        """Whether it cannot fire any more."""
        return bool(self.fired) and not self.alert.repeats

    def cares(self, low: float, high: float) -> bool:
        """Whether a value from `low` to `high` could change anything; true where it cannot be told."""
        condition, armed = self.alert.condition, self.standing.armed
        if self.done:
            return False
        if not isinstance(condition, Level):
            return True
        bound = float(condition.bound)
        under, over = float(condition.bound - condition.hysteresis), float(condition.bound + condition.hysteresis)
        if condition.comparison is Comparison.ABOVE:
            return high >= bound if armed else low <= under
        if condition.comparison is Comparison.BELOW:
            return low <= bound if armed else high >= over
        if not armed:
            return low <= under or high >= over
        return self.standing.side == 0 or (low <= bound if self.standing.side > 0 else high >= bound)

    def see(self, seen: Observation) -> None:
        """Take the next observation."""
        ends, snooze = self.alert.expires_at, self.opened.snoozed_until
        if self.done or (ends is not None and seen.time >= ends):
            return
        quiet = snooze is not None and seen.time < snooze
        condition = self.alert.condition
        if not isinstance(condition, Level):
            if seen.happened is not None and not quiet:
                self._fire(seen, seen.happened)
            return
        if seen.value is None:
            return
        after, met = step(condition, self.standing, seen.value)
        if met and quiet:
            if condition.comparison is Comparison.CROSSES:
                self.standing = after
            return
        if met:
            self._fire(seen, _told(condition, self.standing, seen.value))
        self.standing = after

    def _fire(self, seen: Observation, text: str) -> None:
        number = self.opened.fires + len(self.fired) + 1
        self.fired.append(Firing(self.alert.alert_id, number, seen.time, text, seen.value))


class Facts(Protocol):
    """Whoever can tell what an alert asks about."""

    def observations(self, watch: Watch) -> Iterator[Observation]:
        """What there was to see after `watch.start` and up to `watch.until`, in order of time.

        Where `watch.first`, what stood at the start comes first. MissingDataError, UnknownNameError, VenueError and
        DeadlineError where that cannot be told.
        """
        ...


def step(level: Level, standing: Standing, value: Decimal) -> tuple[Standing, bool]:
    """How a level stands after one value, and whether the value met it."""
    bound, back = level.bound, level.hysteresis
    if level.comparison is not Comparison.CROSSES:
        sign = 1 if level.comparison is Comparison.ABOVE else -1
        beyond = (value - bound) * sign
        if standing.armed:
            return (Standing(armed=False), True) if beyond >= 0 else (standing, False)
        return (Standing(), False) if beyond < -back else (standing, False)
    side = (value > bound) - (value < bound)
    away = abs(value - bound) > back
    if not standing.armed:
        return (Standing(armed=True, side=side), False) if away else (standing, False)
    if standing.side == 0:
        return Standing(armed=True, side=side), False
    if side == standing.side:
        return standing, False
    return Standing(armed=away, side=side if away else 0), True


def due_alerts(alerts: Sequence[OpenAlert], facts: Facts, now: datetime) -> Due:
    """Which of `alerts` fire up to `now`, and how all of them stand then."""
    fired: list[Firing] = []
    looked: list[Looked] = []
    unseen: list[Unseen] = []
    for opened in alerts:
        watch = Watch(opened, now)
        if opened.over:
            continue
        try:
            _walk(watch, facts.observations(watch))
        except (MissingDataError, UnknownNameError, VenueError, DeadlineError) as error:
            unseen.append(Unseen(opened.alert.alert_id, str(error)))
            continue
        fired += watch.fired
        looked.append(Looked(opened.alert.alert_id, watch.standing))
    fired.sort(key=lambda one: (one.time, one.alert_id, one.number))
    return Due(tuple(fired), tuple(looked), tuple(unseen))


def _walk(watch: Watch, observations: Iterable[Observation]) -> None:
    for seen in observations:
        watch.see(seen)
        if watch.done:
            return


def _told(level: Level, before: Standing, value: Decimal) -> str:
    bound, words = decimal_text(level.bound), f"{level.measure.words} {value_text(level.measure, value)}"
    if level.comparison is Comparison.CROSSES:
        return f"{words} crossed {bound} {'downwards' if before.side > 0 else 'upwards'}"
    return f"{words} is at or {level.comparison} {bound}"


def value_text(measure: Measure, value: Decimal) -> str:
    """A value for a person: prices and money exact, what is computed to six significant digits."""
    if isinstance(measure, (Price, Pnl)):
        return decimal_text(value)
    return decimal_text(_SIX.plus(value))
