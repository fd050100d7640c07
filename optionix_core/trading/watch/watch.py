"""All rules over all days: which halts the venue brings about by itself between two moments, and which hold at one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import MissingDataError
from optionix_core.market import sessions
from optionix_core.market.protocols import TellsHaltTerms, TellsQuotes
from optionix_core.trading.breakers import Verdict
from optionix_core.trading.halt_rules import LULD, MARKET_WIDE, HaltRules
from optionix_core.trading.watch.breaker_day import BreakerDay
from optionix_core.trading.watch.luld_day import LuldDay
from optionix_core.trading.watch.market_day import MarketDay

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.trading.halts import Halt, HaltKey
    from optionix_core.trading.watch.changes import HaltChange

REMEMBERED: Final = 256
"""Days of underlyings whose work is kept."""
_DAY: Final = timedelta(days=1)

OFF: Final = "off"
WATCHING: Final = "watching"
CLOSED: Final = "closed"
NO_DATA: Final = "no data"


class RuleReport(NamedTuple):
    """How a rule stands with an underlying or an account (empty for the whole market)."""

    rule: str
    name: str
    state: str
    """`watching`, `closed`, `off`, `no data`, or `tripped` where a breaker did so last."""
    detail: str


class HaltWatch:
    """The rules on one feed. Not safe to use from two threads at once."""

    def __init__(self, feed: QuoteSource, rules: HaltRules) -> None:
        self.feed, self.rules = feed, rules
        self._days: OrderedDict[tuple[str, str, date], MarketDay | LuldDay | BreakerDay | None] = OrderedDict()
        self._calm: dict[str, tuple[datetime, datetime]] = {}
        """From when until when nothing begins or holds, by underlying."""
        self._missing: dict[str, str] = {}
        """Why a rule has no data, by rule and underlying."""
        told = isinstance(feed, TellsQuotes)
        terms = feed if isinstance(feed, TellsHaltTerms) and told else None
        self._tiers: Callable[[str], int | None] = (lambda _: None) if terms is None else terms.luld_tier
        self.index = None if terms is None or not rules.market_wide else terms.market_index()
        self.idle = not (terms is not None and (rules.luld or rules.market_wide)) and not rules.breakers
        """Whether nothing can halt by itself."""

    def changes(self, underlyings: Iterable[str], after: datetime, until: datetime) -> list[HaltChange]:
        """What begins and ends after `after` and up to `until`, of the market and of `underlyings`, in order."""
        if self.idle or until <= after:
            return []
        names = [name for name in sorted(set(underlyings)) if not self._is_calm(name, after, until)]
        if not names:
            return []
        found: list[HaltChange] = []
        day = after.astimezone(UTC).date()
        while day <= until.astimezone(UTC).date():
            for watched in self._of_day(day, names, until):
                found += [change for change in watched.changes if after < change.at <= until]
            day += _DAY
        return sorted(found, key=lambda change: (change.at, change.halt.key))

    def standing(self, underlying: str, at: datetime) -> tuple[Halt, ...]:
        """Halts of the market and of an underlying that hold at a moment."""
        if self.idle or self._is_calm(underlying, at, at):
            return ()
        open_: dict[HaltKey, Halt] = {}
        for day in self._days_before(at):
            for watched in self._of_day(day, (underlying,), at):
                for change in watched.changes:
                    if change.at > at:
                        continue
                    if change.begins:
                        open_[change.halt.key] = change.halt
                    else:
                        open_.pop(change.halt.key, None)
        found = tuple(halt for halt in open_.values() if halt.holds(at))
        if not found:
            self._calm[underlying] = (at, self._calm_until(underlying, at))
        return found

    def _is_calm(self, underlying: str, after: datetime, until: datetime) -> bool:
        known = self._calm.get(underlying)
        return known is not None and known[0] <= after and until < known[1]

    def _calm_until(self, underlying: str, at: datetime) -> datetime:
        """Up to when, from `at` on, nothing begins; what has been worked out already says so."""
        today = at.astimezone(UTC).date()
        calm = datetime.combine(today + _DAY, time(), UTC)
        session = sessions.session(today)
        for kind, name in self._kinds((underlying,)):
            if kind != "breaker" and (session is None or at >= session.close):
                continue
            if kind != "breaker" and session is not None and at < session.open:
                calm = min(calm, session.open)
                continue
            watched = self._days.get((kind, name, today))
            if watched is None:
                return at
            calm = min(calm, watched.known_until, *(change.at for change in watched.changes if change.at > at))
        return calm

    def _days_before(self, at: datetime) -> tuple[date, ...]:
        """Those whose halts may hold at a moment: its own, the last session's, yesterday."""
        today = at.astimezone(UTC).date()
        before = {sessions.last_closed_session(at).day, today}
        return tuple(sorted(before | {today - _DAY} if self.rules.breakers else before))

    def report(self, at: datetime) -> tuple[RuleReport, ...]:
        """How every rule stands at a moment: in force, off, or without data and why."""
        feed, rules = self.feed, self.rules
        names = [item.symbol for item in feed.underlyings()]
        for name in names:
            self.standing(name, at)
        rows = [self._market_report(at)]
        rows += [self._luld_report(name, at) for name in names]
        for name in names:
            day = self._days.get(("breaker", name, at.astimezone(UTC).date()))
            for breaker in rules.breakers:
                told = day.judgements.get(breaker.rule) if isinstance(day, BreakerDay) else None
                if told is None:
                    rows.append(RuleReport(breaker.rule, name, NO_DATA, "not looked at yet today"))
                else:
                    clear = WATCHING if told.verdict is Verdict.CLEAR else str(told.verdict)
                    rows.append(RuleReport(breaker.rule, name, clear, told.detail))
        set_ = {breaker.rule for breaker in rules.breakers}
        rows += [
            RuleReport(name, "", OFF, "no bound is set")
            for name in ("volatility", "volume", "spread")
            if name not in set_
        ]
        return tuple(rows)

    def luld(self, underlying: str, day: date) -> LuldDay | None:
        """Limit Up-Limit Down of an underlying on a day; None where it has none."""
        found = self._day(LULD, underlying, day)
        return found if isinstance(found, LuldDay) else None

    def _market_report(self, at: datetime) -> RuleReport:
        if not self.rules.market_wide:
            return RuleReport(MARKET_WIDE, "", OFF, "set to off")
        if self.index is None:
            return RuleReport(MARKET_WIDE, "", NO_DATA, f"the feed {self.feed.name} names no index")
        return self._hours(MARKET_WIDE, "", at, f"by {self.index}", self.index)

    def _luld_report(self, name: str, at: datetime) -> RuleReport:
        if not self.rules.luld:
            return RuleReport(LULD, name, OFF, "set to off")
        tier = self._tiers(name)
        if tier is None:
            why = "it is the index" if name == self.index else f"the feed {self.feed.name} names no tier for it"
            return RuleReport(LULD, name, NO_DATA, f"no bands: {why}")
        return self._hours(LULD, name, at, f"tier {tier}", name)

    def _hours(self, rule: str, name: str, at: datetime, words: str, source: str) -> RuleReport:
        missing = self._missing.get(f"{rule}/{source}/{at.astimezone(UTC).date()}")
        if missing is not None:
            return RuleReport(rule, name, NO_DATA, missing)
        session = sessions.session(at.astimezone(UTC).date())
        inside = session is not None and session.open <= at < session.close
        return RuleReport(rule, name, WATCHING if inside else CLOSED, words if inside else "outside regular hours")

    def _of_day(self, day: date, names: Iterable[str], until: datetime) -> Iterator[MarketDay | LuldDay | BreakerDay]:
        """What is watched on a day, brought up to `until`."""
        kinds = self._kinds(names)
        session = sessions.session(day) if kinds else None
        for kind, name in kinds:
            if kind != "breaker" and (session is None or until <= session.open):
                continue
            watched = self._day(kind, name, day)
            if watched is None:
                continue
            try:
                watched.advance(until)
            except MissingDataError as error:
                self._missing[f"{kind if kind != 'market' else MARKET_WIDE}/{name or self.index}/{day}"] = str(error)
            yield watched

    def _kinds(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """What is watched for the market and for underlyings, the market first."""
        kinds = [("market", "")] if self.index is not None else []
        for name in names:
            if self.rules.luld and self._tiers(name) is not None:
                kinds.append((LULD, name))
            if self.rules.breakers:
                kinds.append(("breaker", name))
        return kinds

    def _day(self, kind: str, name: str, day: date) -> MarketDay | LuldDay | BreakerDay | None:
        key = (kind, name, day)
        if key not in self._days:
            while len(self._days) >= REMEMBERED:
                self._days.popitem(last=False)
            try:
                self._days[key] = self._made(kind, name, day)
            except MissingDataError as error:
                rule, source = (MARKET_WIDE, self.index) if kind == "market" else (kind, name)
                self._missing[f"{rule}/{source}/{day}"] = str(error)
                self._days[key] = None
        return self._days[key]

    def _made(self, kind: str, name: str, day: date) -> MarketDay | LuldDay | BreakerDay | None:
        session = sessions.session(day)
        if kind == "breaker":
            return BreakerDay(self.feed, name, day, self.rules.breakers, self.rules.pause, self._held(name, day))
        if session is None:
            return None
        if kind == "market":
            return None if self.index is None else MarketDay(self.feed, self.index, session)
        tier = self._tiers(name)
        market = self._day("market", "", day) if self.index is not None else None
        if tier is None:
            return None
        return LuldDay(self.feed, name, tier, session, market if isinstance(market, MarketDay) else None)

    def _held(self, name: str, day: date) -> Callable[[datetime], bool]:
        """Whether the exchanges' rules hold an underlying up at a moment of a day."""

        def halted(at: datetime) -> bool:
            for kind, key in (("market", ""), (LULD, name)):
                if (kind == "market" and self.index is None) or (kind == LULD and not self.rules.luld):
                    continue
                watched = self._day(kind, key, day)
                if watched is None:
                    continue
                watched.advance(at)
                last = next((change for change in reversed(watched.changes) if change.at <= at), None)
                if last is not None and last.begins and last.halt.holds(at):
                    return True
            return False

        return halted
