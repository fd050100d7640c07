"""The typed client has a method for every route that it does not say it leaves out, and asks as the routes take it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from optionix_core.errors import InvalidValueError, OptionixError, VenueError
from optionix_tui.remote import client as client_module
from optionix_tui.remote.client import Client
from optionix_tui.remote.option_answers import OptionTerms, Simulated, Simulation
from optionix_tui.remote.resource import Resource
from optionix_tui.remote.signing import KeyCredentials
from server.app import create_app
from tests.remote.conftest import PASSWORD, Live

LEFT_OUT = ("admin/", "kill-switch", "ws/tickets", "auth/me", "health")
VANILLA = OptionTerms(spot_price=100.0, strike_price=105.0, time_to_expiry=1.0, risk_free_rate=0.05, option_type="call")
GIVEN: dict[str, Any] = {
    "terms": VANILLA,
    "asked": Simulation(
        option_type="asian",
        call_put="call",
        spot_price=100.0,
        strike_price=100.0,
        time_to_expiry=1.0,
        risk_free_rate=0.05,
        volatility=0.2,
    ),
    "expires_at": datetime(2027, 1, 8, tzinfo=UTC),
    "scopes": ["sync:read"],
    "device": ("desk-1", "machine"),
    "cursor": 0,
    "seq": 1,
    "older": 1,
    "limit": 10,
    "body": {},
    "document": {},
    "order": {"client_order_id": "x"},
}
"""What is no text."""


class AskedError(OptionixError):
    """What was asked is known; no answer comes."""


class Asked:
    """A line that keeps what it is asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, Any]]] = []

    def request(self, method: str, path: str, **options: Any) -> Any:
        self.seen.append((method, path, options))
        raise AskedError("asked")


def methods(client: Client) -> Iterator[Callable[..., Any]]:
    for resource in vars(client).values():
        if isinstance(resource, Resource):
            for name, method in inspect.getmembers(resource, inspect.ismethod):
                if not name.startswith("_"):
                    yield method


def everything_asked() -> list[tuple[str, str, dict[str, Any]]]:
    line = Asked()
    for method in methods(Client(cast("Any", line), KeyCredentials("ok_key"))):
        names = [name for name, one in inspect.signature(method).parameters.items() if one.kind is not one.VAR_KEYWORD]
        with pytest.raises(AskedError):
            method(**{name: GIVEN.get(name, f"<{name}>") for name in names})
    return line.seen


def routes() -> dict[tuple[str, str], dict[str, Any]]:
    """Operations by method and path."""
    paths = create_app(None).openapi()["paths"]
    return {
        (method.upper(), path.removeprefix("/api/v2/")): operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


def of_method(known: dict[tuple[str, str], Any], method: str, path: str) -> str:
    """The route that a path is of."""
    for one, place in known:
        if one == method and re.fullmatch(re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(place)), path):
            return place
    raise AssertionError(f"no route {method} {path}")


def test_every_route_has_a_method_or_is_named_among_those_left_out() -> None:
    known = routes()
    asked = {(method, of_method(known, method, path)) for method, path, _ in everything_asked()}
    left_out = {pair for pair in known if pair[1].startswith(LEFT_OUT)}
    differing = asked ^ (known.keys() - left_out)
    assert not differing, f"give the client of optionix_tui.remote a method, or name it in its docstring: {differing}"
    for name in LEFT_OUT:
        assert f"`{name.removesuffix('/')}" in (client_module.__doc__ or "")


def test_what_is_asked_in_the_query_is_what_the_routes_take() -> None:
    known = routes()
    account = set()
    for method, path, options in everything_asked():
        place = of_method(known, method, path)
        taken = {one["name"] for one in known[method, place].get("parameters", ()) if one["in"] == "query"}
        assert set(options.get("params") or ()) <= taken, (method, path)
        if "account_id" in (options.get("params") or ()):
            account.add((method, place))
    lists = {("GET", "trade/orders"), ("GET", "trade/history")}  # by **query
    takes = {
        pair
        for pair, one in known.items()
        if any(told["name"] == "account_id" for told in one.get("parameters", ())) and not pair[1].startswith(LEFT_OUT)
    }
    assert account == takes - lists


def test_options_are_priced_implied_and_simulated_by_the_server(live: Live) -> None:
    live.add()
    team = live.team()
    with live.workspace() as workspace:
        team.sign_in(workspace, live.url, "ann@example.com", PASSWORD)
    options = team.client().options
    priced = options.price(VANILLA, 0.2)
    assert priced.price == pytest.approx(8.021352235143176)  # Black-Scholes: S 100, K 105, T 1, r 5 %, vol 20 %
    assert (priced.units["vega"], priced.moneyness) == ("per volatility point", pytest.approx(100 / 105))
    found = options.implied_volatility(VANILLA, priced.price)
    assert found.implied_volatility == pytest.approx(0.2)
    with pytest.raises(InvalidValueError):
        options.implied_volatility(VANILLA, 100.5)  # more than the stock is worth
    simulated = options.monte_carlo(GIVEN["asked"])
    assert options.monte_carlo(GIVEN["asked"]).price == simulated.price
    low, high = simulated.confidence_interval
    assert low < simulated.price < high
    account = team.client().portfolio.summary().account_id
    assert team.client().risk.limits(account)["account_id"] == account
    assert team.client().risk.circuit_breakers(account)["account_id"] == account
    assert team.client().risk.greeks(account, by="expiry")["by"] == "expiry"


@pytest.mark.parametrize("interval", [None, [1.0], [1.0, "2"], [True, 2.0], [1.0, 2.0, 3.0]])
def test_an_interval_that_is_none_is_named(interval: Any) -> None:
    told = {
        "price": 1.0, "standard_error": 0.1, "confidence_interval": interval, "n_simulations": 1000,
        "computation_time_ms": 1.0,
    }  # fmt: skip
    with pytest.raises(VenueError, match="confidence_interval"):
        Simulated.of(told)
