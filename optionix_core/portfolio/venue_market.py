"""The market that a venue of simulated prices matches an account on: with the time, they are a function of it.

Told by the fact that opens an account, so that whoever has the facts can mark what it holds as its own terminal does.
Where the venue trades on anything else nothing is told, and nobody else marks the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optionix_core.sync.event import Json

FEED: Final = "sim"
SESSIONS: Final = frozenset({"continuous", "exchange"})
HIGHEST_SEED: Final = 2**63 - 1
_FIELDS: Final = frozenset({"feed", "seed", "session"})


@dataclass(frozen=True, slots=True)
class VenueMarket:
    """What makes the prices of a simulated venue."""

    seed: int
    session: str
    """`continuous` or `exchange`."""

    def spelled(self) -> dict[str, Json]:
        """As facts tell it; the seed as text, since facts hold no integer beyond 2^53 - 1."""
        return {"feed": FEED, "seed": str(self.seed), "session": self.session}


def market_of(payload: Mapping[str, Json]) -> VenueMarket | None:
    """The market that the payload of an opening tells; None where it tells none.

    Raises InvalidValueError where it is no market that there can be, or not spelled as `VenueMarket.spelled` does.
    """
    told = payload.get("market")
    return None if told is None else market_spelled(told)


def market_spelled(told: object) -> VenueMarket:
    """The market of its spelling. Raises InvalidValueError as `market_of` does."""
    if not isinstance(told, dict) or told.keys() != _FIELDS:
        raise InvalidValueError("market", _shown(told), "an object of feed, seed and session")
    feed, seed, session = told["feed"], told["seed"], told["session"]
    if feed != FEED:
        raise InvalidValueError("market.feed", _shown(feed), f"{FEED!r}")
    if not isinstance(seed, str) or not seed.isascii() or not seed.isdigit() or len(seed) > len(str(HIGHEST_SEED)):
        raise InvalidValueError("market.seed", _shown(seed), f"a whole number in text, 0 to {HIGHEST_SEED}")
    if int(seed) > HIGHEST_SEED or seed != str(int(seed)):
        raise InvalidValueError("market.seed", _shown(seed), f"a whole number in text, 0 to {HIGHEST_SEED}")
    if not isinstance(session, str) or session not in SESSIONS:
        raise InvalidValueError("market.session", _shown(session), " or ".join(sorted(SESSIONS)))
    return VenueMarket(int(seed), session)


def _shown(value: object) -> str:
    return repr(value)[:80]
