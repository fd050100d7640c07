"""A request of prices as words: what is written can be read again, and a word that is none is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import UsageError
from optionix_core.services import price_words
from optionix_core.services.price_options import PriceOptions

NUMBER = st.floats(allow_nan=False, allow_infinity=False)
MAYBE = st.none() | NUMBER


@given(
    st.sampled_from([None, "call", "put"]),
    st.tuples(MAYBE, MAYBE, MAYBE, MAYBE, MAYBE, MAYBE),
    st.sampled_from([None, "american"]),
    st.none() | st.integers(1, 10**9),
    st.lists(st.tuples(NUMBER, NUMBER), max_size=3),
    st.dictionaries(st.sampled_from(["v0", "kappa", "rho", "barrier"]), NUMBER, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again(kind, numbers, style, paths, dividends, terms):  # type: ignore[no-untyped-def]
    spot, strike, expiry, rate, dividend_yield, volatility = numbers
    asked = PriceOptions(
        type=kind, spot=spot, strike=strike, expiry=expiry, rate=rate, dividend_yield=dividend_yield,
        volatility=volatility, style=style, paths=paths, dividends=tuple(f"{t!r}:{a!r}" for t, a in dividends),
        terms={name: repr(value) for name, value in terms.items()},
    )  # fmt: skip
    assert price_words.parse(price_words.line(asked)) == asked
    assert price_words.parse(f"optionix price {price_words.line(asked)}") == asked


def test_an_equals_sign_gives_the_value_as_well() -> None:
    assert price_words.parse("--spot=100 --v0=0.04") == PriceOptions(spot=100.0, terms={"v0": "0.04"})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--spott 100", "'--spott' is no option of optionix price; nearest: --spot"),
        ("100", "'100' is no option of optionix price"),
        ("--spot", "--spot needs a value"),
        ("--barrier", "--barrier needs a value"),
        ("--spot 1 --spot 2", "--spot is given twice"),
        ("--spot x", "--spot must be a number (got 'x')"),
        ("--spot 1_0", "--spot must be a number (got '1_0')"),
        ("--paths 1.5", "--paths must be a whole number (got '1.5')"),
        ("--style 'american", "the line ends within quotes"),
    ],
)
def test_a_mistake_is_named(line: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        price_words.parse(line)
    assert words in str(caught.value)
