"""The table of methods: every contract under every model has a price or a clear refusal, and never silence."""

from __future__ import annotations

import importlib
import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from optionix_core.errors import DomainError, UnknownNameError
from optionix_core.pricing import PricingEngine
from optionix_core.pricing.contracts import BY_KIND
from optionix_core.pricing.engine import METHOD_IDS, MODELS, TABLE, EngineSettings
from optionix_core.pricing.engine.offers import Offer, offered
from optionix_core.pricing.engine.reference import method_reference
from optionix_core.pricing.flat_market import FlatMarket

QUICK = EngineSettings(accuracy="fast", paths=512, space_steps=40, steps=16)
PAGE = Path(__file__).resolve().parents[4] / "docs" / "mathematics" / "engine.md"


@pytest.mark.parametrize("model", MODELS)
def test_every_contract_has_a_price_or_a_refusal_that_names_both(model: str, examples: Any) -> None:
    engine = PricingEngine()
    priced = []
    for kind in BY_KIND:
        contract, parameters, market = examples.contract(kind), examples.model(model), examples.market(kind, model)
        methods = engine.methods(contract, parameters, market)
        if methods:
            result = engine.price(contract, parameters, market, greeks=(), settings=QUICK)
            assert math.isfinite(result.price), kind
            assert result.method.id == methods[0].id
            errors = [result.standard_error, result.error_bound, result.error_unknown or None]
            assert sum(error is not None for error in errors) == 1, (kind, result)
            priced.append(kind)
            continue
        with pytest.raises(DomainError) as caught:
            engine.price(contract, parameters, market, settings=QUICK)
        assert kind in str(caught.value)
        assert model in str(caught.value)
    assert priced, "a model that prices nothing has no place"


def test_every_kind_of_contract_is_priced_under_some_model() -> None:
    assert all(any(kind in row.contracts for row in TABLE) for kind in BY_KIND)


def test_a_contract_and_a_model_meet_at_most_one_row_of_an_id(examples: Any) -> None:
    for kind, model in itertools.product(BY_KIND, MODELS):
        ids = [row.id for row in TABLE if row.fits(examples.contract(kind), examples.model(model))]
        assert len(ids) == len(set(ids)), (kind, model)


def test_every_row_names_a_function_that_there_is() -> None:
    for row in TABLE:
        module, _, name = row.function.partition(":")
        found = getattr(importlib.import_module(f"optionix_core.pricing.engine.{module}"), name)
        assert callable(found)
        assert set(row.contracts) <= BY_KIND.keys()
        assert row.dividends in ("none", "proportional", "all")


def test_the_page_of_methods_is_the_table() -> None:
    assert PAGE.read_text("utf-8") == method_reference(), "`make docs` writes it anew"


def test_a_model_is_known_by_what_it_offers_and_not_by_its_class(examples: Any) -> None:
    class Lognormal:
        volatility = 0.25

    class Flat:
        def local_volatility(self, spot: Any, time: Any) -> Any:
            return 0.25 + 0.0 * spot + 0.0 * time

    engine, contract, market = PricingEngine(), examples.contract("european"), examples.market("european", "")
    ours = engine.price(contract, examples.model("black-scholes"), market)
    theirs = engine.price(contract, Lognormal(), market)
    assert theirs.price == ours.price
    assert theirs.digest is None, "what cannot be written down is not cached"
    local = engine.price(contract, Flat(), market, method="finite-difference")
    assert local.price == pytest.approx(ours.price, abs=1e-4)
    assert offered(object()) == frozenset()
    assert Offer.VARIANCE in offered(examples.model("heston"))
    assert Offer.VARIANCE not in offered(examples.model("bates"))


def test_what_cannot_be_priced_is_told_with_what_can(examples: Any) -> None:
    engine = PricingEngine()
    market = examples.market("european", "heston")
    with pytest.raises(DomainError, match="compound under a model of kind heston") as caught:
        engine.price(examples.contract("compound"), examples.model("heston"), market)
    assert "one constant volatility" in str(caught.value)
    assert "this model prices european, american" in str(caught.value)
    with pytest.raises(DomainError, match=r"method curran does not price .* european .* methods that do: closed-form"):
        engine.price(examples.contract("european"), examples.model("black-scholes"), market, method="curran")
    with pytest.raises(UnknownNameError, match="'curan'"):
        engine.price(examples.contract("asian"), examples.model("black-scholes"), market, method="curan")
    with pytest.raises(DomainError, match="closed-form: the average is arithmetic"):
        engine.price(examples.contract("asian"), examples.model("black-scholes"), market, method="closed-form")
    with pytest.raises(DomainError, match="kind european under a model of kind object"):
        engine.price(examples.contract("european"), object(), market)
    assert len(METHOD_IDS) == len(set(METHOD_IDS))


def test_watching_at_times_and_discrete_dividends_keep_closed_forms_away(examples: Any) -> None:
    from optionix_core.pricing import CashDividends, ProportionalDividends

    engine, flat = PricingEngine(), examples.model("black-scholes")
    watched = examples.contract("barrier", monitoring_times=[0.1, 0.3, 0.5])
    assert "closed-form" not in [method.id for method in engine.methods(watched, flat)]
    paying = FlatMarket(spot=100.0, rate=0.05, dividends=CashDividends((0.2,), (1.0,)))
    assert "closed-form" not in [method.id for method in engine.methods(examples.contract("barrier"), flat, paying)]
    with pytest.raises(DomainError, match="closed-form: discrete dividends"):
        engine.price(examples.contract("compound"), flat, paying)
    heston = examples.model("heston")
    with pytest.raises(DomainError, match="fourier: cash dividends"):
        engine.price(examples.contract("european"), heston, paying, method="fourier")
    part = FlatMarket(spot=100.0, rate=0.05, dividends=ProportionalDividends((0.2, 0.9), (0.03, 0.5)))
    found = engine.price(examples.contract("european"), heston, part, method="fourier", greeks=())
    plain = FlatMarket(spot=97.0, rate=0.05)  # the payment after expiry does not count
    assert found.price == pytest.approx(engine.price(examples.contract("european"), heston, plain).price, rel=1e-13)
