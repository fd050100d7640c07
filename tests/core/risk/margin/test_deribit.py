import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.risk.margin import MarginClass, compare, deribit_style
from optionix_core.risk.margin.deribit import short_option

from .margin_books import book, option, stock


@pytest.mark.parametrize(
    ("sign", "strike", "index", "mark", "initial", "maintenance"),
    [
        # Deribit, "Margin requirements", options: the formulas at round numbers.
        (1, 10_000.0, 10_000.0, 0.05, 0.15 + 0.05, 0.075 + 0.05),
        (1, 10_300.0, 10_000.0, 0.04, 0.12 + 0.04, 0.075 + 0.04),
        (1, 20_000.0, 10_000.0, 0.001, 0.10 + 0.001, 0.075 + 0.001),
        (-1, 9_800.0, 10_000.0, 0.03, 0.13 + 0.03, 0.075 + 0.03),
        (-1, 30_000.0, 10_000.0, 2.0, 2.15, 0.075 * 2.0 + 2.0),
        (-1, 60_000.0, 10_000.0, 5.0, 5.0 + 0.375, 0.075 * 5.0 + 5.0),  # maintenance is the floor
    ],
)
def test_short_options_by_the_exchange_s_rule(sign, strike, index, mark, initial, maintenance):
    assert short_option(sign, strike, index, mark) == pytest.approx((initial, maintenance))


def coin(quantity, kind, strike, price, *, inverse=True):
    return option(
        quantity,
        kind,
        strike,
        price,
        50_000.0,
        margin_class=MarginClass.COIN,
        underlying="BTC",
        multiplier=1.0,
        inverse=inverse,
    )


def test_a_book_is_the_sum_of_its_shorts_in_coins():
    held = book(coin(-2, "call", 50_000.0, 0.05), coin(1, "call", 55_000.0, 0.02), coin(-1, "put", 50_000.0, 0.04))
    found = deribit_style(held)
    assert found.by_currency == (("BTC", pytest.approx(0.40 + 0.19), pytest.approx(0.25 + 0.115)),)
    assert found.requirement == pytest.approx(50_000.0 * 0.59)
    assert found.requirement_net_of_premium == pytest.approx(50_000.0 * (0.59 - 0.14))
    assert deribit_style(held, maintenance=True).requirement == pytest.approx(50_000.0 * 0.365)


def test_linear_options_need_the_same_fractions_in_dollars():
    inverse, linear = coin(-1, "put", 50_000.0, 0.04), coin(-1, "put", 50_000.0, 2_000.0, inverse=False)
    assert deribit_style(book(linear)).requirement == pytest.approx(deribit_style(book(inverse)).requirement)


def test_coins_beside_the_other_regimes():
    found = compare(book(coin(-1, "call", 50_000.0, 0.05)))
    assert [answer.regime for answer in found.answers] == ["span", "deribit"]
    assert "coin" in dict(found.absent)["strategy"]


def test_what_is_no_coin_is_refused():
    with pytest.raises(InvalidValueError, match="must be coin"):
        deribit_style(book(stock(100, 60.0)))
