"""Which strikes a chain shows: a small language, read once and then applied to every view.

`220-240` strikes between; `>230`, `<250`; `10%` within that share of the forward; `+-8` or `8` rows on
each side of the money. Several, with blanks between them, all hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.services.chain_view import ChainRow, ChainView

_NUMBER = r"(\d+(?:\.\d+)?)"
_FORMS = {
    "between": re.compile(rf"{_NUMBER}-{_NUMBER}$"),
    "above": re.compile(rf">=?{_NUMBER}$"),
    "below": re.compile(rf"<=?{_NUMBER}$"),
    "share": re.compile(rf"{_NUMBER}%$"),
    "rows": re.compile(r"(?:\+-|±)?(\d{1,3})$"),
}


@dataclass(frozen=True, slots=True)
class StrikeFilter:
    """What is kept; the neutral filter keeps everything."""

    text: str = ""
    low: float = 0.0
    high: float = float("inf")
    share: float | None = None
    """Largest distance from the forward as a fraction of it."""
    rows: int | None = None
    """Rows kept on each side of the strike at the money."""

    @classmethod
    def parse(cls, text: str) -> StrikeFilter:
        """From what a user wrote; InvalidValueError names the word that means nothing."""
        low, high, share, rows = 0.0, float("inf"), None, None
        for word in text.split():
            kind, numbers = _read(word)
            if kind == "between":
                low, high = max(low, numbers[0]), min(high, numbers[1])
            elif kind == "above":
                low = max(low, numbers[0])
            elif kind == "below":
                high = min(high, numbers[0])
            elif kind == "share":
                share = numbers[0] / 100
            else:
                rows = int(numbers[0])
        if low > high:
            raise InvalidValueError("filter", repr(text), "a range with its lower end first")
        return cls(text.strip(), low, high, share, rows)

    def apply(self, view: ChainView) -> tuple[ChainRow, ...]:
        """The rows of `view` that are kept."""
        kept = tuple(row for row in view.rows if self.low <= row.strike <= self.high)
        level = view.forward if view.forward is not None else view.spot
        if self.share is not None and level:
            kept = tuple(row for row in kept if abs(row.strike / level - 1) <= self.share)
        if self.rows is not None and kept and level:
            middle = min(range(len(kept)), key=lambda index: abs(kept[index].strike - level))
            kept = kept[max(middle - self.rows, 0) : middle + self.rows + 1]
        return kept


def _read(word: str) -> tuple[str, tuple[float, ...]]:
    for kind, form in _FORMS.items():
        match = form.match(word)
        if match:
            return kind, tuple(float(number) for number in match.groups())
    raise InvalidValueError("filter", repr(word), "like 220-240, >230, <250, 10% or +-8")
