"""Many options at once: the same numbers as one at a time, and rows that say why they have none."""

from __future__ import annotations

import json

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType
from optionix_core.pricing.status import VolatilityStatus
from optionix_core.services import pricing, pricing_table
from optionix_core.services.pricing_table import OptionRow

CALL = OptionRow("a", OptionType.CALL, 100.0, 105.0, 0.5, 0.05, 0.01, 0.25, None)
PUT = OptionRow(None, OptionType.PUT, 100.0, 95.0, 0.25, 0.04, 0.0, 0.3, None)


def test_a_row_has_the_numbers_of_a_single_option() -> None:
    table = pricing_table.price_rows([CALL, PUT])
    for index, row in enumerate(table.rows):
        alone = pricing.price_option(row.option_type, *row[2:7], row.volatility)
        together = [column[index] for column in table.greeks]
        assert together == pytest.approx(list(alone.greeks), rel=1e-13, abs=1e-18)


def test_a_price_gives_back_its_volatility_or_the_reason_why_not() -> None:
    price = float(pricing_table.price_rows([CALL]).greeks.price[0])
    rows = [CALL._replace(volatility=None, price=value) for value in (price, 0.0, 1000.0)]
    table = pricing_table.implied_volatility_rows(rows)
    assert table.implied_volatility[0] == pytest.approx(0.25, rel=1e-12)
    assert table.status == (VolatilityStatus.OK, VolatilityStatus.NO_TIME_VALUE, VolatilityStatus.ABOVE_MAXIMUM)


@pytest.mark.parametrize("solve", [pricing_table.price_rows, pricing_table.implied_volatility_rows])
def test_inputs_out_of_bounds_are_told_with_their_row(solve) -> None:  # type: ignore[no-untyped-def]
    rows = [row._replace(price=6.0, volatility=0.2) for row in (CALL, CALL._replace(strike=-5.0))]
    with pytest.raises(InvalidValueError, match="strike must be positive") as caught:
        solve(rows)
    assert (caught.value.field, caught.value.value, caught.value.row) == ("strike", -5.0, 1)


def test_json_is_flat_names_its_units_and_has_null_for_what_is_infinite() -> None:
    at_expiry = CALL._replace(expiry=0.0, strike=100.0, name=None)
    document = pricing_table.to_json(pricing_table.price_rows([CALL, at_expiry]))
    told = json.loads(json.dumps(document, allow_nan=False))
    assert [row["id"] for row in told["rows"]] == ["a", None]
    assert told["rows"][1]["gamma"] is None
    assert told["units"]["vega"] == "per volatility point"
    without = pricing_table.to_json(pricing_table.implied_volatility_rows([PUT._replace(volatility=None, price=3.0)]))
    assert list(without["rows"][0])[-3:] == ["price", "implied_volatility", "status"]
    assert "id" not in without["rows"][0]
