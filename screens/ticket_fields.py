"""The fields of a ticket: their names, what may stand in them, and which of them an order of a type has. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

ORDER_TYPES: Final = (
    "market", "limit", "stop", "stop-limit", "trailing-stop", "market-if-touched", "limit-if-touched",
)  # fmt: skip
ALGORITHMS: Final = ("twap", "vwap", "pov", "is")
OF_COMBINATIONS: Final = ("market", "limit")
WITH_LIMIT: Final = ("limit", "stop-limit", "limit-if-touched")
WITH_LEVEL: Final = ("stop", "stop-limit", "market-if-touched", "limit-if-touched")
AT_ONCE: Final = ("IOC", "FOK")
RESTING: Final = ("DAY", "GTC", "GTD")
NO, YES = "no", "yes"


class Field(NamedTuple):
    """One field."""

    name: str
    """Its key."""
    label: str
    """What stands before it, in at most nine letters; mistakes name it so."""
    hint: str = ""
    """What may be written, shown where nothing is."""
    choices: tuple[str, ...] = ()
    """All that may be chosen; empty where something is written."""
    words: bool = False
    """Whether letters belong to what is written; else they are keys of the ticket."""


FIELDS: Final = (
    Field("side", "side", choices=("buy", "sell")),
    Field("quantity", "quantity", "contracts, or $5000"),
    Field("kind", "type", choices=(*ORDER_TYPES, *ALGORITHMS)),
    Field("limit", "limit", "a price"),
    Field("trigger", "trigger", "a price"),
    Field("trail", "trail", "0.50, or 5%"),
    Field("time", "time", choices=(*RESTING, *AT_ONCE)),
    Field("until", "until", "2027-01-08T20:00Z", words=True),
    Field("ends", "ends", "30m, or a moment", words=True),
    Field("slices", "slices", "how many"),
    Field("curve", "curve", "u-shape:3, history:5", words=True),
    Field("participation", "share", "0.1 of the volume"),
    Field("risk_aversion", "aversion", "cost per variance"),
    Field("volatility", "daily dev", "money a contract"),
    Field("temporary", "temporary", "money at one a day"),
    Field("permanent", "permanent", "money for each"),
    Field("style", "style", choices=("take", "rest")),
    Field("catch_up", "catch up", choices=("spread", "at-once")),
    Field("seed", "seed", "of the jitter"),
    Field("time_jitter", "t-jitter", "0 to below 1"),
    Field("size_jitter", "q-jitter", "0 to below 1"),
    Field("post_only", "post-only", choices=(NO, YES)),
    Field("reduce_only", "reduce", choices=(NO, YES)),
    Field("lots", "lots", "fifo, lifo, ENTRY=N", words=True),
    Field("parent", "after", "id of an order", words=True),
    Field("group", "one of", "name of a group", words=True),
)
NAMES: Final = tuple(field.name for field in FIELDS)
BY_NAME: Final = {field.name: field for field in FIELDS}
PRICES: Final = ("limit", "trigger")
"""Fields that step by the tick, and take the bid, the middle or the ask."""
OPTIONAL: Final = (
    "post_only", "reduce_only", "lots", "parent", "group", "style", "catch_up", "seed", "time_jitter", "size_jitter",
)  # fmt: skip
"""Fields that an order may have and need not: shown once they are asked for, or say something."""
DEFAULTS: Final = {
    "post_only": NO, "reduce_only": NO, "style": "take", "catch_up": "spread", "slices": "10", "seed": "0",
    "time_jitter": "0", "size_jitter": "0",
}  # fmt: skip
"""What stands in a field until something else is written."""
_IMPACT = ("risk_aversion", "volatility", "temporary", "permanent")
_CORE = {
    "limit_price": "limit", "trigger_price": "trigger", "trail_percent": "trail", "time_in_force": "time",
    "good_until": "until", "amount": "quantity", "one_cancels": "group", "volume_curve": "curve", "depth": "curve",
    "duration": "ends", "days": "curve", "legs": "quantity", "order type": "kind",
}  # fmt: skip
"""Fields by the names that the engine's errors give them."""


def kinds(*, combination: bool) -> tuple[str, ...]:
    """What an order may be."""
    return OF_COMBINATIONS if combination else (*ORDER_TYPES, *ALGORITHMS)


def times(kind: str) -> tuple[str, ...]:
    """How long an order of a type may work; none of an algorithm, which has an end."""
    if kind in ALGORITHMS:
        return ()
    if kind == "market":
        return AT_ONCE
    return (*RESTING, *AT_ONCE) if kind == "limit" else RESTING


def fields_of(kind: str, time: str, *, combination: bool) -> tuple[str, ...]:
    """The fields that an order of a type has, those that it may have among them, in their order."""
    if kind in ALGORITHMS:
        own = {"vwap": ("curve",), "pov": ("participation",), "is": _IMPACT}.get(kind, ())
        has = {"side", "quantity", "kind", "limit", "ends", "slices", "style", "seed", "time_jitter", *own}
        has |= set() if kind == "pov" else {"catch_up", "size_jitter"}
        return tuple(name for name in NAMES if name in has)
    has = {"side", "quantity", "kind", "time"}
    has |= {"limit"} if kind in WITH_LIMIT else set()
    has |= {"trigger"} if kind in WITH_LEVEL else set()
    has |= {"trail"} if kind == "trailing-stop" else set()
    has |= {"until"} if time == "GTD" else set()
    if not combination:
        has |= {"reduce_only", "lots", "parent", "group"}
        has |= {"post_only"} if kind == "limit" and time in RESTING else set()
    return tuple(name for name in NAMES if name in has)


def field_at_fault(name: str) -> str | None:
    """The field that an error of the engine is about; None where it is none of the ticket's."""
    found = _CORE.get(name, name)
    return found if found in BY_NAME else None
