"""Options of `optionix price` that are terms of a contract or parameters of a model, made from their fields.

They are taken out of the command line before Typer reads it, so that the command knows only those that it always has,
and no model is imported that is not named. What is written here once: how a field's type is read. Refuses to guess what
an option belongs to: a term of another contract, or a parameter of another model, is named with its owners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from typing import Any

from optionix_core.errors import UsageError

BASE = frozenset({"option_type", "strike", "expiry", "volatility"})
"""Fields that the command's own options carry."""
PARTS = ("first", "second")
"""Parts of the double Heston model, whose parameters are named `--first-v0` and so on."""
METAVARS = {
    "number": "NUMBER",
    "numbers": "NUMBER,NUMBER,...",
    "matrix": "NUMBER,NUMBER,...",
    "word": "WORD",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One such option."""

    name: str
    """The field's, with the part before it: `first_v0`."""
    form: str
    """How it is read: a key of `METAVARS`."""
    needed: bool
    owners: tuple[str, ...]
    """Kinds of contracts or models that have it."""

    @property
    def option(self) -> str:
        """As it is typed."""
        return f"--{self.name.replace('_', '-')}"


@cache
def contract_terms(kind: str) -> Mapping[str, Term]:
    """Terms of contracts of this kind beside the common ones, by name."""
    from optionix_core.pricing.contracts import BY_KIND

    return {term.name: term for term in _terms(BY_KIND[kind], kind)}


@cache
def model_terms(kind: str) -> Mapping[str, Term]:
    """Parameters of models of this kind beside the volatility, by name."""
    from optionix_core.pricing.engine.model_terms import model_class

    return {term.name: term for term in _terms(model_class(kind), kind)}


@cache
def all_contract_terms() -> Mapping[str, Term]:
    """Of all contracts, by name."""
    from optionix_core.pricing.contracts import BY_KIND

    return _merged(contract_terms(kind) for kind in BY_KIND)


@cache
def all_model_terms() -> Mapping[str, Term]:
    """Of all models, by name; imports every model."""
    from optionix_core.pricing.engine.model_terms import MODELS

    return _merged(model_terms(kind) for kind in MODELS)


def split(arguments: Sequence[str], own: frozenset[str]) -> tuple[list[str], dict[str, str]]:
    """What is left for the command itself, and the text of each term by its name.

    `own`: the command's own options, which are not looked at. UsageError for a term without a value or given twice.
    """
    left: list[str] = []
    found: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        option, equals, value = argument.partition("=")
        if argument == "--":
            return [*left, argument, *rest], found
        if option in own:
            left.append(argument)
            continue
        name = option.removeprefix("--").replace("-", "_")
        if not option.startswith("--") or not (name in all_contract_terms() or name in all_model_terms()):
            left.append(argument)
            continue
        if not equals:
            value = next(rest, "")
            if not value:
                raise UsageError(f"{option} needs a value")
        if name in found:
            raise UsageError(f"{option} is given twice")
        found[name] = value
    return left, found


def check_owned(given: Mapping[str, str], contract: str, model: str) -> None:
    """UsageError for a term that neither this contract nor this model has, naming those that have it."""
    known = {**contract_terms(contract), **model_terms(model)}
    for name in given:
        if name in known:
            continue
        if name in all_contract_terms():
            owners, what, mine = all_contract_terms()[name].owners, "--contract", contract
        else:
            owners, what, mine = all_model_terms()[name].owners, "--model", model
        option = f"--{name.replace('_', '-')}"
        raise UsageError(f"{option} has no place with {what} {mine}: it belongs to {what} {', '.join(owners)}")


def values(terms: Mapping[str, Term], given: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Fields by name, read; those of a part are in a mapping of their own. UsageError names what is missing or unread.

    `given` holds text, or plain values as a JSON Lines file has them.
    """
    missing = [term.option for term in terms.values() if term.needed and given.get(term.name) in (None, "")]
    if missing:
        raise UsageError(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing, terms of {kind}")
    found: dict[str, Any] = {}
    for term in terms.values():
        value = given.get(term.name)
        if value in (None, ""):
            continue
        part, _, field = term.name.partition("_")
        place = found.setdefault(part, {"kind": "heston"}) if part in PARTS else found
        place[field if part in PARTS else term.name] = _read(term, value)
    return found


def numbers(option: str, text: Any) -> tuple[float, ...]:
    """`0.25,0.5;1`, or a list as JSON has it, as numbers; UsageError names the option."""
    if isinstance(text, list | tuple):
        text = ",".join(map(str, text))
    pieces = str(text).replace(";", ",").replace(" ", ",").split(",")
    try:
        found = tuple(float(piece.replace("_", "x")) for piece in pieces if piece)
    except ValueError:
        found = ()
    if not found:
        raise UsageError(f"{option} must be numbers with commas between them (got {text!r})")
    return found


def _read(term: Term, value: Any) -> Any:
    if term.form == "word":
        return str(value)
    if term.form == "number":
        try:
            return float(str(value).replace("_", "x")) if not isinstance(value, bool) else _refuse(term, value)
        except ValueError:
            return _refuse(term, value)
    listed = isinstance(value, list | tuple)
    if term.form == "numbers":
        return tuple(value) if listed else numbers(term.option, str(value))
    return value if listed else _correlations(term.option, str(value))


def _refuse(term: Term, value: object) -> Any:
    raise UsageError(f"{term.option} must be a number (got {value!r})")


def _correlations(option: str, text: str) -> tuple[tuple[float, ...], ...]:
    """A matrix from its numbers right of the diagonal, row by row."""
    right = numbers(option, text)
    count = 2
    while count * (count - 1) // 2 < len(right):
        count += 1
    if count * (count - 1) // 2 != len(right):
        raise UsageError(f"{option} takes the 1, 3, 6, ... numbers right of the diagonal (got {len(right)})")
    matrix = [[1.0] * count for _ in range(count)]
    rest = iter(right)
    for row in range(count):
        for column in range(row + 1, count):
            matrix[row][column] = matrix[column][row] = next(rest)
    return tuple(tuple(row) for row in matrix)


def _terms(owner: type[Any], kind: str) -> Iterator[Term]:
    for field in fields(owner):
        if field.name in PARTS:
            inner = model_terms("heston")
            for term in inner.values():
                yield Term(f"{field.name}_{term.name}", term.form, term.needed, (kind,))
        elif field.name not in BASE:
            yield Term(field.name, _form(field), field.default is MISSING, (kind,))


def _form(field: Field[Any]) -> str:
    written = str(field.type)
    if "tuple[tuple" in written:
        return "matrix"
    if "tuple[" in written:
        return "numbers"
    return "word" if "str" in written or "OptionType" in written else "number"


def _merged(found: Iterator[Mapping[str, Term]]) -> dict[str, Term]:
    together: dict[str, Term] = {}
    for terms in found:
        for name, term in terms.items():
            held = together.get(name)
            owners = term.owners if held is None else (*held.owners, *term.owners)
            together[name] = Term(name, term.form, term.needed and (held is None or held.needed), owners)
    return together


def described(terms: Mapping[str, Term], classes: Mapping[str, type[Any]]) -> list[tuple[str, str]]:
    """For help: `--name VALUE`, and what the fields' own words say of it with its owners."""
    from optionix_core.pricing.engine.field_words import field_words

    rows = []
    for term in terms.values():
        field = term.name.partition("_")[2] if term.name.partition("_")[0] in PARTS else term.name
        said = dict.fromkeys(field_words(classes[owner]).get(field, "") for owner in term.owners)
        words = " / ".join(word for word in said if word)
        for written, shown in (("None is", "left out:"), ("None:", "left out:"), ('"', ""), ("`", "")):
            words = words.replace(written, shown)
        about = f"{words} [{', '.join(term.owners)}]" if words else f"[{', '.join(term.owners)}]"
        rows.append((f"{term.option} {METAVARS[term.form]}", about))
    return rows
