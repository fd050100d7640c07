"""The filter of the book: words that a position must all fit. Pure.

    ORBIT call short <30d loss

A kind (`call`, `put`, `option`, `share`), a side (`long`, `short`), an outcome (`gain`, `loss`), days to expiry
(`<30d`, `>30d`), `noted` for what there is something to say of; any other word is a piece of the position's name.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.services.book_groups import BookPart

HINT: Final = "ORBIT   call put share   long short   gain loss   <30d   noted"
_DAYS: Final = re.compile(r"([<>])(\d{1,5})d?")
_KINDS: Final = {"call": " C", "put": " P", "calls": " C", "puts": " P"}


@dataclass(frozen=True, slots=True)
class BookFilter:
    """What is kept. Raises InvalidValueError for days without a number."""

    text: str = ""

    @classmethod
    def parse(cls, text: str) -> BookFilter:
        """The filter that a line says."""
        words = text.split()
        for word in words:
            if word[0] in "<>" and _DAYS.fullmatch(word) is None:
                raise InvalidValueError("filter", repr(word), "days to expiry such as <30d or >30d")
        return cls(" ".join(words))

    def keeps(self, part: BookPart, noted: Container[str]) -> bool:
        """Whether a part fits every word; `noted`: symbols that there is a note of."""
        return all(self._fits(word, part, noted) for word in self.text.lower().split())

    @staticmethod
    def _fits(word: str, part: BookPart, noted: Container[str]) -> bool:
        line = part.line
        if word in _KINDS:
            return line.expiry is not None and line.label.endswith(_KINDS[word])
        if word in {"share", "shares", "stock", "option", "options"}:
            return (line.expiry is None) == (not word.startswith("option"))
        if word in {"long", "short"}:
            return (part.quantity > 0) == (word == "long")
        if word in {"gain", "loss"}:
            pnl = part.unrealised_pnl
            return pnl is not None and (pnl > 0 if word == "gain" else pnl < 0)
        if word == "noted":
            return line.symbol in noted
        found = _DAYS.fullmatch(word)
        if found is not None:
            days = line.days
            return days is not None and (days < int(found[2]) if found[1] == "<" else days > int(found[2]))
        return word in line.label.lower() or word in line.underlying.lower()
