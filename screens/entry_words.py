"""What is written on entry lines: symbols, and how a word may go on. Pure but for the suggester."""

from __future__ import annotations

from collections.abc import Sequence

from textual.suggester import Suggester

from optionix_core.errors import InvalidValueError


class WordSuggester(Suggester):
    """Completes the word that is being written from a list of words; the right arrow takes it."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._words = tuple(words)

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last word completed; None where nothing goes on from it."""
        return completed(value, self._words)


def completed(value: str, words: Sequence[str]) -> str | None:
    """`value` with its last word, after a blank or a comma, completed by the first of `words` that goes on from it."""
    start = max(value.rfind(" "), value.rfind(",")) + 1
    begun = value[start:]
    if not begun:
        return None
    found = next(
        (word for word in words if word.lower().startswith(begun.lower()) and word.lower() != begun.lower()), None
    )
    return None if found is None else value[:start] + begun + found[len(begun) :]


def read_symbols(text: str) -> tuple[str, ...]:
    """Keys of underlyings and options, options apart by commas: `ORBIT TUNDRA`, `ORBIT 15JAN27 230 C, QUASAR`."""
    from optionix_core.market import symbols
    from optionix_core.services.watchlists import resolve

    found: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if symbols.is_option(part):
            found.append(resolve(part))
        else:
            found += [resolve(word) for word in part.split()]
    if not found:
        raise InvalidValueError("symbols", repr(text), "underlyings or options, such as ORBIT or ORBIT 15JAN27 230 C")
    return tuple(dict.fromkeys(found))
