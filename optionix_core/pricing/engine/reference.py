"""docs/mathematics/engine.md: how the engine chooses, and its table of methods as it stands in the code."""

from __future__ import annotations

from optionix_core.pricing.contracts import CONTRACTS
from optionix_core.pricing.engine.table import TABLE

OPENING = """\
# The pricing engine

Generated from the table of methods by `make docs`.

`PricingEngine().price(contract, model, market)` takes the first row below that the contract's kind and terms, the model
and the market's dividends allow; `method=` names another, `methods(contract, model)` lists those that fit, and
`compare(...)` prices by all of them. What a model must offer is asked of its form (`engine/offers.py`): a model of
one's own that has the fields or functions of an offer is priced like ours. Where nothing fits, the error names contract
and model, what models for such contracts offer, and which contracts the model prices.

- **Price** and Greeks are of a long position of one, in natural units (per 1.00, per year). A Greek that the method
  does not give is None, with the reason in `greeks_missing`; nothing is zero for want of a number.
- **Error.** A simulation gives its standard error; Fourier sums and grids their estimate of the absolute error; some
  formulas a bound. Where none is known, `error_unknown` says why.
- **Intrinsic value** is what the contract would pay if it ended now; **time value** is the rest of the price, below
  zero where waiting costs; **moneyness** is the price of the underlying over the strike.
- **Greeks of closed forms** come from interpolation of the price at Chebyshev points (`differences`); one whose
  estimated error exceeds a thousandth of it is not given.
- **Dividends.** "all" takes cash amounts and fractions. Cash dividends are escrowed in the European closed form, and
  lower the price itself in the American method, on a grid and along paths: two models, whose European prices differ.
- **Cache.** An answer is kept by the SHA-256 of contract, model, market, method, Greeks, settings and engine version;
  simulations too, since the seed decides every bit. The least recently used of 1,024 leaves first.
- **History.** The command line keeps every request with its answer: one line appended to `priced.journal` of the home,
  under a lock of its own and without waiting for the disk, since opening the database would cost ten times the price.
  Whoever reads the history folds the journal into the home's table under the home's lock, table first: a line that a
  killed process left half written is passed over, and one that is folded twice is kept once.
- **Surfaces.** In place of a model, a function of implied volatility (of a `Market`, or handed in) gives the
  Black-Scholes volatility at the contract's strike and expiry.

"""


def method_reference() -> str:
    """The page."""
    parts = [OPENING, "| contract | method | model offers | dividends | error |\n|---|---|---|---|---|\n"]
    for contract in CONTRACTS:
        for row in TABLE:
            if contract.kind in row.contracts:
                named = f"`{row.id}`: {row.text}"
                parts.append(
                    f"| {contract.kind} | {named} | {', or '.join(row.needs)} | {row.dividends} | {row.error} |\n"
                )
    return "".join(parts)
