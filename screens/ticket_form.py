"""What is written in a ticket, and the order that it makes. Pure: texts in, terms or a mistake out.

A form never forgets: what was written for one type is still there when the type is chosen again. Mistakes name the
field as the ticket shows it, what stands in it, and what may.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from optionix_core.errors import InvalidValueError
from screens import ticket_fields as fields
from screens.ticket_fields import ALGORITHMS, BY_NAME, DEFAULTS, NO, OPTIONAL, YES

if TYPE_CHECKING:
    from optionix_core.services.algorithm_terms import AlgoTerms
    from optionix_core.trading.orders import LotsWanted, OrderLeg, Trigger
    from optionix_core.trading.terms import OrderTerms
    from screens.host import Draft

MOST_DIGITS = 15
"""Of a whole number as it is written."""
Key = tuple[str, tuple[Any, ...], tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class TicketForm:
    """The texts of all fields."""

    symbol: str
    """The instrument's key; empty for a combination."""
    legs: tuple[OrderLeg, ...]
    texts: Mapping[str, str]
    more: bool = False
    """Whether fields are shown that say nothing."""

    @classmethod
    def of(cls, draft: Draft) -> TicketForm:
        """The form that a draft opens with. Raises InvalidValueError for a type or field that there is not."""
        kind = draft.kind or ("market" if draft.limit_price is None else "limit")
        texts = {name: DEFAULTS.get(name, "") for name in fields.NAMES}
        texts |= {"side": draft.side, "quantity": str(draft.quantity), "kind": kind}
        texts["limit"] = "" if draft.limit_price is None else f"{draft.limit_price:f}"
        for name, text in draft.entries:
            if name not in BY_NAME:
                raise InvalidValueError("field", repr(name), f"one of {', '.join(fields.NAMES)}")
            texts[name] = text
        known = fields.kinds(combination=bool(draft.legs))
        if kind not in known:
            raise InvalidValueError("type", repr(kind), f"one of {', '.join(known)}")
        times = fields.times(kind)
        if draft.time_in_force and times and draft.time_in_force not in times:
            raise InvalidValueError("time", draft.time_in_force, f"{' or '.join(times)} for a {kind} order")
        texts["time"] = draft.time_in_force or (times[0] if times else "")
        return cls(draft.symbol, draft.legs, texts)

    @property
    def kind(self) -> str:
        """Type of order, or algorithm."""
        return self.texts["kind"]

    @property
    def side(self) -> str:
        """`buy` or `sell`."""
        return self.texts["side"]

    @property
    def is_algorithm(self) -> bool:
        """Whether it is worked over time."""
        return self.kind in ALGORITHMS

    @property
    def has(self) -> tuple[str, ...]:
        """All fields of its type, in their order."""
        return fields.fields_of(self.kind, self.texts["time"], combination=bool(self.legs))

    @property
    def shown(self) -> tuple[str, ...]:
        """Those to be shown: what its type needs, and what else says something or was asked for."""
        return tuple(
            name
            for name in self.has
            if self.more or name not in OPTIONAL or self.texts[name].strip() not in {"", DEFAULTS.get(name, "")}
        )

    @property
    def key(self) -> Key:
        """All that is written and counts: two forms of one key are one order."""
        return self.symbol, self.legs, tuple((name, self.texts[name].strip()) for name in self.has)

    def choices(self, name: str) -> tuple[str, ...]:
        """What may be chosen in a field."""
        if name == "kind":
            return fields.kinds(combination=bool(self.legs))
        return fields.times(self.kind) if name == "time" else BY_NAME[name].choices

    def write(self, name: str, text: str) -> TicketForm:
        """The form with something else in a field; a time that the type cannot have, or was not chosen, gives way."""
        texts = {**self.texts, name: text}
        if name == "kind":
            times = fields.times(text)
            chosen = texts["time"] in times and fields.times(self.kind) not in {fields.AT_ONCE, ()}
            texts["time"] = texts["time"] if chosen or not times else times[0]
        return replace(self, texts=texts)

    def draft(self) -> Draft:
        """What opens a ticket with the same form."""
        from screens.host import Draft

        own = {"side", "kind", "time"}
        entries = tuple((name, text) for name, text in self.texts.items() if name not in own)
        return Draft(
            self.side, self.symbol, legs=self.legs, kind=self.kind, time_in_force=self.texts["time"], entries=entries
        )

    # What it makes

    def terms(self) -> OrderTerms:
        """The order. Raises InvalidValueError for the first field that does not do."""
        from optionix_core.trading.orders import TimeInForce
        from optionix_core.trading.terms import UNSIZED, OrderTerms

        amount = self._amount()
        return OrderTerms(
            side=self.side,
            quantity=UNSIZED if amount is not None else self._whole("quantity"),
            symbol=self.symbol,
            limit_price=self._price("limit") if "limit" in self.has else None,
            time_in_force=TimeInForce(self.texts["time"]),
            good_until=self._moment("until") if "until" in self.has else None,
            trigger=self._trigger(),
            post_only=self._yes("post_only"),
            reduce_only=self._yes("reduce_only"),
            parent=self._word("parent"),
            one_cancels=self._word("group"),
            legs=self.legs,
            amount=amount,
            lots=self._lots(),
        )

    def algorithm(self) -> AlgoTerms:
        """The algorithm. Raises InvalidValueError for the first field that does not do."""
        from optionix_core.services.algorithm_terms import AlgoTerms, stretch
        from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp, Style
        from optionix_core.trading.orders import Side

        ends = self._text("ends")
        moment = ends[:4].isdecimal() and "-" in ends
        if not ends:
            raise InvalidValueError("ends", "none", "a length such as 30m, or a moment such as 2027-01-08T20:00Z")
        self._amount()
        has, limit = self.has, self._text("limit")
        return AlgoTerms(
            kind=AlgoKind(self.kind),
            side=Side(self.side),
            quantity=self._whole("quantity"),
            symbol=self.symbol,
            lasts=None if moment else stretch(ends, "ends"),
            until=self._moment("ends") if moment else None,
            slices=self._whole("slices"),
            limit_price=self._price("limit") if limit else None,
            style=Style(self.texts["style"]),
            catch_up=CatchUp(self.texts["catch_up"]) if "catch_up" in has else None,
            curve=self._needed("curve") if "curve" in has else None,
            participation=self._price("participation") if "participation" in has else None,
            risk_aversion=self._real("risk_aversion"),
            volatility=self._real("volatility"),
            temporary=self._real("temporary"),
            permanent=self._real("permanent"),
            seed=self._whole("seed", least=0),
            time_jitter=self._price("time_jitter"),
            size_jitter=self._price("size_jitter") if "size_jitter" in has else Decimal(0),
        )

    def _text(self, name: str) -> str:
        return self.texts[name].strip()

    def _wrong(self, name: str, bound: str) -> InvalidValueError:
        text = self._text(name)
        return InvalidValueError(BY_NAME[name].label, repr(text) if text else "nothing", bound)

    def _needed(self, name: str) -> str:
        text = self._text(name)
        if not text:
            raise self._wrong(name, f"given, such as {BY_NAME[name].hint}")
        return text

    def _word(self, name: str) -> str | None:
        return self._text(name) or None if name in self.has else None

    def _yes(self, name: str) -> bool:
        return name in self.has and self.texts[name] == YES

    def _whole(self, name: str, least: int = 1) -> int:
        text = self._text(name)
        if not (text.isascii() and text.isdecimal()):
            raise self._wrong(name, f"a whole number, at least {least}")
        if len(text) > MOST_DIGITS:
            raise InvalidValueError(BY_NAME[name].label, f"{len(text)} digits", f"of at most {MOST_DIGITS} digits")
        if int(text) < least:
            raise self._wrong(name, f"a whole number, at least {least}")
        return int(text)

    def _amount(self) -> Decimal | None:
        text = self._text("quantity")
        if not text.startswith("$"):
            return None
        if self.legs or self.is_algorithm:
            raise self._wrong("quantity", "a whole number: money buys market and limit orders of one instrument")
        return self._number("quantity", text[1:].strip(), "an amount of money such as $5000")

    def _price(self, name: str) -> Decimal:
        return self._number(name, self._text(name), "a number")

    def _number(self, name: str, text: str, bound: str) -> Decimal:
        try:
            found = Decimal(text)
        except InvalidOperation:
            raise self._wrong(name, bound) from None
        if not found.is_finite():
            raise self._wrong(name, "finite")
        return found

    def _real(self, name: str) -> float | None:
        return float(self._price(name)) if name in self.has else None

    def _moment(self, name: str) -> datetime:
        bound = "a moment with its offset, such as 2027-01-08T20:00Z"
        try:
            found = datetime.fromisoformat(self._text(name))
            found = found.astimezone(UTC) if found.tzinfo is not None else found
        except (ValueError, OverflowError):
            raise self._wrong(name, bound) from None
        if found.tzinfo is None:
            raise self._wrong(name, bound)
        return found

    def _trigger(self) -> Trigger | None:
        from optionix_core.trading.orders import Trigger, TriggerKind

        if "trail" in self.has:
            text = self._text("trail")
            if text.endswith("%"):
                percent = self._number(
                    "trail", text[:-1].strip(), "a distance such as 0.50, or a percentage such as 5%"
                )
                return Trigger(TriggerKind.TRAILING, distance_percent=percent)
            distance = self._number("trail", text, "a distance such as 0.50, or a percentage such as 5%")
            return Trigger(TriggerKind.TRAILING, distance=distance)
        if "trigger" not in self.has:
            return None
        kind = TriggerKind.STOP if self.kind.startswith("stop") else TriggerKind.TOUCHED
        return Trigger(kind, self._price("trigger"))

    def _lots(self) -> LotsWanted | None:
        from optionix_core.trading.lots_wanted import lots_of_text

        text = self._word("lots")
        return None if text is None else lots_of_text(text)

    # Its twin on the command line

    def command(self, root: str, client_id: str) -> str:
        """The command that sends the same order under the same id; `root` is how commands begin."""
        from optionix_core.portfolio.deliverables import label_of

        if self.legs:
            told = json.dumps([{"symbol": leg.symbol, "ratio": leg.ratio} for leg in self.legs], separators=(",", ":"))
            what = f"--legs '{told}'"
        else:
            what = f'--symbol "{label_of(self.symbol)}"'
        words = [f"algo start {self.kind}" if self.is_algorithm else "order submit", what, f"--side {self.side}"]
        for name in self.has:
            text = self._text(name)
            option = _OPTIONS.get(name)
            if name == "quantity":
                words.append(f"--dollars {text[1:].strip()}" if text.startswith("$") else f"--quantity {text}")
            elif name == "kind":
                words += [] if self.is_algorithm else [f"--type {text}"]
            elif name == "trail":
                words.append(f"--trail-percent {text[:-1].strip()}" if text.endswith("%") else f"--trail {text}")
            elif name == "ends":
                words.append(f"--{'until' if '-' in text else 'duration'} {text}")
            elif name in {"post_only", "reduce_only"}:
                words += [f"--{name.replace('_', '-')}"] if text == YES else []
            elif option is not None and text not in {"", NO, DEFAULTS.get(name, "")}:
                words.append(f"{option} {text.lower() if name == 'time' else text}")
        return " ".join([root, *words, f"--client-id {client_id}"])


_OPTIONS = {
    "limit": "--limit", "trigger": "--trigger", "time": "--tif", "until": "--until", "slices": "--slices",
    "curve": "--curve", "participation": "--participation", "risk_aversion": "--risk-aversion",
    "volatility": "--volatility", "temporary": "--temporary", "permanent": "--permanent", "style": "--style",
    "catch_up": "--catch-up", "seed": "--jitter-seed", "time_jitter": "--time-jitter", "size_jitter": "--size-jitter",
    "lots": "--lots", "parent": "--parent", "group": "--one-cancels",
}  # fmt: skip
