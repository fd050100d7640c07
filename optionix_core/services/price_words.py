"""A request of `optionix price` as words and back: what the pricer's entry line reads, and what it copies.

`parse` of `words` is the same request. Refuses a word that no option has, and says which one is nearest.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from optionix_core.errors import UsageError
from optionix_core.services import price_terms
from optionix_core.services.price_options import PriceOptions

NUMBERS: Final = frozenset({"spot", "strike", "expiry", "rate", "dividend_yield", "volatility", "foreign_rate"})
COUNTS: Final = frozenset({"paths", "steps", "space_steps", "seed"})
REPEATED: Final = {"dividend": "dividends", "proportional_dividend": "proportional_dividends"}
"""Options that may be given several times, with the field that gathers them."""
OWN: Final = frozenset(
    f"--{name.replace('_', '-')}"
    for name in (*(name for name in PriceOptions._fields if name not in {*REPEATED.values(), "terms"}), *REPEATED)
)
"""The command's own options as they are typed."""
PROGRAM: Final = ("optionix", "price")


def parse(text: str) -> PriceOptions:
    """The request of a line, with or without `optionix price` before it.

    Raises UsageError for a word that is no option, an option without its value or twice, and a number that is none.
    """
    try:
        given = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"the line ends within quotes ({error})") from error
    while given and given[0] in PROGRAM:
        given = given[1:]
    left, terms = price_terms.split(given, OWN)
    return _of_options(_pairs(left), terms)


def words(options: PriceOptions) -> tuple[str, ...]:
    """The arguments that ask for `options`, in the order of its fields, terms last."""
    found: list[str] = []
    several = {field: name for name, field in REPEATED.items()}
    for name in options._fields:
        value = getattr(options, name)
        if name == "terms" or value in (None, ()):
            continue
        for one in value if name in several else (value,):
            found += [_typed(several.get(name, name)), _text(one)]
    for name, value in options.terms.items():
        if value not in (None, ""):
            found += [_typed(name), _text(value)]
    return tuple(found)


def line(options: PriceOptions) -> str:
    """`words` as a shell takes them."""
    return shlex.join(words(options))


def _pairs(left: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    rest = iter(left)
    for word in rest:
        option, equals, value = word.partition("=")
        if option not in OWN:
            known = (*OWN, *(term.option for term in price_terms.all_contract_terms().values()),
                     *(term.option for term in price_terms.all_model_terms().values()))  # fmt: skip
            near = get_close_matches(option, known, n=1)
            raise UsageError(f"{word!r} is no option of optionix price{f'; nearest: {near[0]}' if near else ''}")
        if not equals:
            value = next(rest, "")
        if not value:
            raise UsageError(f"{option} needs a value")
        found.append((option, value))
    return found


def _of_options(pairs: Iterable[tuple[str, str]], terms: dict[str, str]) -> PriceOptions:
    fields: dict[str, Any] = {}
    for option, value in pairs:
        name = option.removeprefix("--").replace("-", "_")
        if name in REPEATED:
            fields[REPEATED[name]] = (*fields.get(REPEATED[name], ()), value)
        elif name in fields:
            raise UsageError(f"{option} is given twice")
        else:
            fields[name] = _read(option, name, value)
    return PriceOptions(**fields, terms=terms)


def _read(option: str, name: str, value: str) -> Any:
    if name in NUMBERS or name in COUNTS:
        made: type[Any] = float if name in NUMBERS else int
        try:
            return made(value.replace("_", "x"))
        except ValueError:
            what = "a number" if name in NUMBERS else "a whole number"
            raise UsageError(f"{option} must be {what} (got {value!r})") from None
    return value


def _typed(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    return str(value)
