"""The same inputs are answered from the cache, and any other input is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from optionix_core.pricing import CashDividends, PricingEngine
from optionix_core.pricing.contracts import BY_KIND
from optionix_core.pricing.engine import EngineSettings
from optionix_core.pricing.engine.cache import ResultCache
from optionix_core.pricing.engine.model_terms import MODELS, of_terms, terms_of
from optionix_core.pricing.flat_market import FlatMarket

MARKET = {"spot": 100.0, "rate": 0.05, "dividend_yield": 0.02}


def test_the_same_inputs_are_answered_from_the_cache(examples: Any) -> None:
    engine = PricingEngine()
    arguments = (examples.contract("european"), examples.model("black-scholes"), FlatMarket(**MARKET))
    first = engine.price(*arguments)
    again = engine.price(examples.contract("european"), examples.model("black-scholes"), FlatMarket(**MARKET))
    assert (first.from_cache, again.from_cache) == (False, True)
    assert (again.price, again.greeks, again.digest) == (first.price, first.greeks, first.digest)
    engine.clear()
    assert not engine.price(*arguments).from_cache


@pytest.mark.parametrize(
    "changed",
    [
        {"contract": {"strike": 105.00000000000001}},
        {"contract": {"expiry": 0.51}},
        {"contract": {"option_type": "put"}},
        {"model": {"volatility": 0.26}},
        {"market": {"spot": 100.00000000000001}},
        {"market": {"rate": 0.0}},
        {"market": {"dividend_yield": 0.0}},
        {"market": {"dividends": CashDividends((0.1,), (1.0,))}},
        {"market": {"foreign_rate": 0.0}},
        {"market": {"snapshot": "other"}},
        {"greeks": ("delta",)},
        {"method": "fourier"},
        {"settings": EngineSettings(seed=1)},
        {"settings": EngineSettings(accuracy="high")},
        {"settings": EngineSettings(steps=100)},
    ],
    ids=str,
)
def test_any_other_input_is_priced_anew(changed: dict[str, Any], examples: Any) -> None:
    engine = PricingEngine()
    first = engine.price(examples.contract("european"), examples.model("black-scholes"), FlatMarket(**MARKET))
    other = engine.price(
        examples.contract("european", **changed.get("contract", {})),
        examples.model("black-scholes", **changed.get("model", {})),
        FlatMarket(**{**MARKET, **changed.get("market", {})}),
        **{name: changed[name] for name in ("greeks", "method", "settings") if name in changed},
    )
    assert not other.from_cache
    assert other.digest != first.digest


def test_a_kind_of_contract_is_part_of_the_inputs(examples: Any) -> None:
    engine, flat, market = PricingEngine(), examples.model("black-scholes"), FlatMarket(**MARKET)
    digests = set()
    for kind in ("european", "asset-or-nothing"):
        digests.add(engine.price(examples.contract(kind), flat, market, greeks=()).digest)
    assert len(digests) == 2


def test_the_least_recently_used_answer_leaves_first(examples: Any) -> None:
    engine = PricingEngine(cache_size=2)
    flat, market = examples.model("black-scholes"), FlatMarket(**MARKET)

    def from_cache(strike: float) -> bool:
        return engine.price(examples.contract("european", strike=strike), flat, market).from_cache

    assert [from_cache(strike) for strike in (90.0, 100.0, 90.0, 110.0, 90.0, 100.0)] == [
        *(False, False, True, False, True, False)
    ]
    none = PricingEngine(cache_size=0)
    assert [none.price(examples.contract("european"), flat, market).from_cache for _ in range(2)] == [False, False]


def test_threads_share_an_engine(examples: Any) -> None:
    engine = PricingEngine(cache_size=8)
    flat, market = examples.model("black-scholes"), FlatMarket(**MARKET)
    strikes = [80.0 + step % 20 for step in range(400)]
    expected = {
        strike: engine.price(examples.contract("european", strike=strike), flat, market).price
        for strike in set(strikes)
    }
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(
                lambda strike: engine.price(examples.contract("european", strike=strike), flat, market).price, strikes
            )
        )
    assert found == [expected[strike] for strike in strikes]


def test_a_cache_never_holds_more_than_its_size(examples: Any) -> None:
    cache = ResultCache(3)
    result = PricingEngine().price(examples.contract("european"), examples.model("black-scholes"), FlatMarket(**MARKET))
    for name in "abcdefg":
        cache.keep(name, result)
        assert len(cache) <= 3
    assert cache.find("a") is None
    assert cache.find("g") is result


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_is_written_down_and_read_back(kind: str, examples: Any) -> None:
    model = examples.model(kind)
    assert of_terms(terms_of(model)) == model
    assert terms_of(model)["kind"] == kind


def test_contracts_of_all_kinds_have_different_inputs(examples: Any) -> None:
    from optionix_core.pricing.engine.digest import digest_of

    digests = {digest_of({"contract": examples.contract(kind).terms()}) for kind in BY_KIND}
    assert len(digests) == len(BY_KIND)
