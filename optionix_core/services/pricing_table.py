"""Price many options in one go, as scripts and spreadsheets have them: columns in, rows of plain numbers out.

Uses the compiled array engine; a single option is cheaper through `services.pricing`. A row whose inputs
are out of bounds ends the whole call; a price that no volatility gives is an answer (null, with its
reason), since a file of market prices always holds some.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from optionix_core.market import units
from optionix_core.market.option_type import OptionType
from optionix_core.pricing import black_scholes
from optionix_core.pricing import implied_volatility as implied
from optionix_core.pricing.dividends import Dividends
from optionix_core.pricing.status import VolatilityStatus
from optionix_core.services.pricing import IMPLIED_METHOD, METHOD, SCHEMA_VERSION, escrowed_spot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.pricing import american

    FloatArray = NDArray[np.float64]

AMERICAN_METHOD = "American, spectral collocation of the exercise boundary"
AMERICAN_IMPLIED_METHOD = "American, inverted by secant steps inside a bracket"
MOST_VOLATILITY = 10.0
"""Up to which `american.implied_volatility` looks."""
TABLE_IDS = {"european": "closed-form", "american": "collocation"}


class OptionRow(NamedTuple):
    """One option. Of `volatility` and `price` the one that is asked for is None."""

    name: str | None
    """The caller's own name for the row; handed back with the answer."""
    option_type: OptionType
    spot: float
    strike: float
    expiry: float
    """Years."""
    rate: float
    dividend_yield: float
    volatility: float | None
    price: float | None


@dataclass(frozen=True, slots=True, eq=False)
class PricedTable:
    """Rows with their prices and Greeks, arrays of shape (rows,), in market units."""

    rows: tuple[OptionRow, ...]
    greeks: black_scholes.Greeks[FloatArray] | american.Greeks[FloatArray]
    style: str = "european"
    method: str = METHOD


@dataclass(frozen=True, slots=True, eq=False)
class ImpliedTable:
    """Rows with their implied volatilities (fractions, nan where there is none) and why there is none."""

    rows: tuple[OptionRow, ...]
    implied_volatility: FloatArray
    status: tuple[VolatilityStatus, ...]
    method: str = IMPLIED_METHOD


def price_rows(
    rows: Sequence[OptionRow],
    style: str = "european",
    dividends: Dividends | None = None,
    accuracy: str = "standard",
) -> PricedTable:
    """Price and Greeks of every row, of one style. InvalidValueError names value, bound and (from 0) row.

    `dividends` are shared by all rows; `accuracy` is that of `american`.
    """
    if style == "american":
        from optionix_core.pricing import american

        early = american.greeks(
            *_inputs(rows), _column(rows, "volatility"), accuracy=cast("Any", accuracy), dividends=dividends
        )
        told = american.Greeks(*(units.to_market(name, column) for name, column in early._asdict().items()))
        return PricedTable(tuple(rows), told, style, AMERICAN_METHOD)
    natural = black_scholes.greeks(*_inputs(rows), _column(rows, "volatility"), dividends=dividends)
    shown = (units.to_market(name, column) for name, column in natural._asdict().items())
    return PricedTable(tuple(rows), black_scholes.Greeks(*shown))


def implied_volatility_rows(
    rows: Sequence[OptionRow],
    style: str = "european",
    dividends: Dividends | None = None,
    accuracy: str = "standard",
) -> ImpliedTable:
    """Implied volatility of every row's price. InvalidValueError for inputs, never for a price, out of bounds."""
    kind, *inputs = _inputs(rows)
    prices = _column(rows, "price")
    if style == "american":
        found, codes = american_implied(kind, prices, inputs, dividends, accuracy)
        states = tuple(VolatilityStatus(code) for code in codes.tolist())
        return ImpliedTable(tuple(rows), found, states, AMERICAN_IMPLIED_METHOD)
    if dividends is not None:
        inputs[0] = _column(
            [
                row._replace(spot=escrowed_spot(row.spot, row.expiry, row.rate, row.dividend_yield, dividends))
                for row in rows
            ],
            "spot",
        )
    implied.implied_volatility(kind, prices, *inputs)
    solved = implied.implied_volatility_with_status(kind, prices, *inputs)
    return ImpliedTable(tuple(rows), solved.value, tuple(VolatilityStatus(code) for code in solved.status.tolist()))


def american_implied(
    option_type: object, price: Any, market: Sequence[Any], dividends: Dividends | None, accuracy: str
) -> tuple[Any, Any]:
    """Implied volatilities of American prices and a `VolatilityStatus` code for each; shapes are those of the inputs.

    `market`: spot, strike, expiry, rate, dividend yield. Raises InvalidValueError for inputs out of bounds.
    """
    import numpy as np

    from optionix_core.pricing import american

    spot, strike, expiry, *_ = market
    more: dict[str, Any] = {"accuracy": accuracy, "dividends": dividends}
    found = american.implied_volatility(option_type, price, *market, **more)
    sign = np.asarray(option_type if not isinstance(option_type, str) else OptionType.of(option_type), dtype=float)
    intrinsic = np.maximum(sign * (np.asarray(spot) - np.asarray(strike)), 0.0)
    most = cast("Any", american.price)(option_type, *market, MOST_VOLATILITY, **more)
    codes = np.where(
        ~np.isnan(found),
        VolatilityStatus.OK,
        np.where(
            np.asarray(expiry) <= 0.0,
            VolatilityStatus.EXPIRED,
            np.where(
                np.asarray(price) < intrinsic,
                VolatilityStatus.BELOW_INTRINSIC,
                np.where(np.asarray(price) >= most, VolatilityStatus.ABOVE_MAXIMUM, VolatilityStatus.NO_TIME_VALUE),
            ),
        ),
    )
    return found, codes


def requests_of(table: PricedTable) -> list[dict[str, Any]]:
    """The whole table as one request, as `price_requests.document` takes it."""
    document = to_json(table)
    given = [_given(row, named=row.name is not None) for row in table.rows]
    names = table.greeks._fields
    columns = [units.from_market(name, column).tolist() for name, column in zip(names, table.greeks, strict=True)]
    answers = [dict(zip(names, map(_finite, values), strict=True)) for values in zip(*columns, strict=True)]
    return [
        {
            "contract": {"kind": table.style, "rows": given},
            "model": {"kind": "black-scholes"},
            "market": {},
            "method": None,
            "settings": None,
            "result": {"method": document["method"], "method_id": TABLE_IDS[table.style], "rows": answers},
        }
    ]


def to_json(table: PricedTable | ImpliedTable) -> dict[str, Any]:
    """`{"schema_version", "rows": [...], "units", "method"}`; a row is flat, and null where it has no number."""
    named = any(row.name is not None for row in table.rows)
    if isinstance(table, ImpliedTable):
        found = zip(table.rows, table.implied_volatility.tolist(), table.status, strict=True)
        rows = [
            {**_given(row, named=named), "implied_volatility": _finite(value), "status": status.label}
            for row, value, status in found
        ]
        labels = {"implied_volatility": "fraction per root year"}
        return {"schema_version": SCHEMA_VERSION, "rows": rows, "units": labels, "method": table.method}
    names = table.greeks._fields
    columns = [column.tolist() for column in table.greeks]
    rows = [
        {**_given(row, named=named), **dict(zip(names, map(_finite, values), strict=True))}
        for row, *values in zip(table.rows, *columns, strict=True)
    ]
    labels = {name: units.unit(name).label for name in names}
    return {"schema_version": SCHEMA_VERSION, "rows": rows, "units": labels, "method": table.method}


def _inputs(rows: Sequence[OptionRow]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Option type as +1 and -1, spot, strike, expiry, rate, dividend yield."""
    return (
        _column(rows, "option_type"),
        _column(rows, "spot"),
        _column(rows, "strike"),
        _column(rows, "expiry"),
        _column(rows, "rate"),
        _column(rows, "dividend_yield"),
    )


def _column(rows: Sequence[OptionRow], name: str) -> FloatArray:
    import numpy as np

    index = OptionRow._fields.index(name)
    return np.array([row[index] for row in rows], dtype=np.float64)


def _given(row: OptionRow, *, named: bool) -> dict[str, Any]:
    """The row's own columns, by the names that the command line gives them."""
    own = {"id": row.name} if named else {}
    told = {
        "type": row.option_type.label,
        "spot": row.spot,
        "strike": row.strike,
        "expiry": row.expiry,
        "rate": row.rate,
        "dividend_yield": row.dividend_yield,
    }
    asked = {"volatility": row.volatility} if row.price is None else {"price": row.price}
    return {**own, **told, **asked}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
