"""Writes docs/api/exotics.md from the code, and docs/mathematics/README.md, the list of pages, from their titles.

The first names the contracts that the engine prices by name and the functions behind them. `--check` writes nothing and
fails where a file is stale.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from optionix_core.pricing import barrier, chooser, compound, contracts, forward_start, quanto
from optionix_core.pricing.differences import finite_greeks

ROOT = Path(__file__).resolve().parent.parent
MATHEMATICS = ROOT / "docs" / "mathematics"
SECTIONS: tuple[tuple[str, type[contracts.Contract], tuple[Callable[..., Any], ...]], ...] = (
    ("Compound", contracts.CompoundOption, (compound.price,)),
    ("Chooser", contracts.ChooserOption, (chooser.simple_price, chooser.complex_price)),
    ("Forward start", contracts.ForwardStartOption, (forward_start.price, forward_start.performance_price)),
    ("Quanto", contracts.QuantoOption, (quanto.price, quanto.adjusted_dividend_yield)),
    ("Partial barrier", contracts.PartialBarrierOption, (barrier.partial_price,)),
)
HEAD = """# Exotic contracts

Generated from the code by `scripts/api.py`. Contracts are frozen values with keyword arguments, priced by
`PricingEngine().price(contract, model, market)`; functions take arrays that broadcast and return float64 arrays, or a
float where no argument has a dimension. Times are years from now, rates continuously compounded, volatilities per root
year, prices in the underlying's currency. A value outside its bound raises `InvalidValueError`, which names field,
value, bound and row.
"""


def plain(text: str) -> str:
    """A type as a reader writes it."""
    return re.sub(r"optionix_core\.[a-z_.]*\.", "", text).replace("OptionType | OptionTypeName", '"call" | "put"')


def documented(field: str, owner: type) -> str:
    """The string under a field in its class, if there is one."""
    for kind in owner.__mro__:
        if kind is object:
            continue
        source = inspect.getsource(kind)
        found = re.search(rf'^    {field}: [^\n]*\n    """(.*?)"""', source, re.MULTILINE | re.DOTALL)
        if found:
            return " ".join(found[1].split())
    return ""


def contract_text(contract: type[contracts.Contract]) -> str:
    """Name, kind and fields of a contract."""
    rows = []
    for field in dataclasses.fields(contract):
        default = "" if field.default is dataclasses.MISSING else f"`{field.default!r}`"
        kind = plain(str(field.type)).replace("|", "\\|")
        rows.append(f"| `{field.name}` | `{kind}` | {default} | {documented(field.name, contract)} |\n")
    meaning = " ".join((inspect.getdoc(contract) or "").split())
    return (
        f'\n`contracts.{contract.__name__}`, kind `"{contract.kind}"`. {meaning}\n\n'
        f"| field | type | default | meaning |\n|---|---|---|---|\n{''.join(rows)}"
    )


def function_text(function: Callable[..., Any]) -> str:
    """A function with its signature, as it is called, and its meaning."""
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    pieces: list[str] = []
    starred = False
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            pieces.append("*")
            starred = True
        pieces.append(each.name if each.default is each.empty else f"{each.name}={each.default!r}")
    meaning = inspect.cleandoc(function.__doc__ or "")
    return f"\n```text\n{name}({', '.join(pieces)})\n```\n\n{meaning}\n"


def reference() -> str:
    """docs/api/exotics.md."""
    parts = [HEAD]
    for heading, contract, functions in SECTIONS:
        parts.append(f"\n## {heading}\n{contract_text(contract)}")
        parts.extend(function_text(function) for function in functions)
    parts.append(f"\n## Greeks of any of them\n{function_text(finite_greeks)}")
    return "".join(parts)


PAGES = """# Mathematics

One page a method: formula, source, domain, error, speed. `scripts/api.py` writes the list from the pages' titles.
Errors of every public function: [../accuracy.md](../accuracy.md). Published values, test by test:
[published_values.md](published_values.md). Speeds are per second of CPU on one core of an AVX2 machine; ratios are to a
peer in the same process.

"""


def pages() -> str:
    """docs/mathematics/README.md."""
    rows = []
    for path in sorted(MATHEMATICS.glob("*.md")):
        if path.name != "README.md":
            title = path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
            rows.append(f"- [{title}]({path.name})\n")
    return PAGES + "".join(rows)


TARGETS = {ROOT / "docs" / "api" / "exotics.md": reference, MATHEMATICS / "README.md": pages}


def main() -> int:
    """Write, or check, the files."""
    stale = []
    for path, make in TARGETS.items():
        text = make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    if stale and "--check" in sys.argv[1:]:
        print(f"stale: {', '.join(stale)}; `python scripts/api.py` writes them anew", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
