"""Routes of a server that ask its engine: orders, books, risk, markets, and options that are told in numbers.

What an account holds, owes and risks is many figures that a caller picks from, so that those answers come as they are,
with the fields that docs/api.md has; what the terminal itself reads is read into values.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

from optionix_tui.remote.answers import Page, SeenAccount, Summary
from optionix_tui.remote.option_answers import ImpliedVolatility, OptionTerms, Priced, Simulated, Simulation
from optionix_tui.remote.reading import Fields
from optionix_tui.remote.resource import Resource

if TYPE_CHECKING:
    from optionix_tui.remote.line import Answer

PAGE_OF_ACCOUNTS: Final = 100
"""Accounts that a request for the desk brings: the most that a server gives."""


class Trade(Resource):
    """Orders and fills at the server's venue."""

    def execute(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send an order; `client_order_id` lets it be sent twice."""
        return self.sent(order)[0]

    def sent(self, order: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
        """As `execute`, with whether the order was known before."""
        safe = bool(order.get("client_order_id"))
        answer = self.client.call("POST", "trade/execute", body=order, twice=safe)
        return Fields(answer.document, "order").document, answer.status == HTTPStatus.OK

    def orders(self, **query: str) -> Page:
        """Orders: `page`, `page_size`, `symbol`, `state`, `since`."""
        return _page(self.client.call("GET", "trade/orders", params=query))

    def history(self, **query: str) -> Page:
        """Fills, likewise."""
        return _page(self.client.call("GET", "trade/history", params=query))

    def cancel(self, client_order_id: str, account_id: str | None = None) -> Mapping[str, Any]:
        """Cancel a working order; name the account where several have an order of that id."""
        path = f"trade/orders/{quote(client_order_id, safe='')}"
        answer = self.client.call("DELETE", path, params=_of_account(account_id))
        return {} if answer.document is None else Fields(answer.document, "order").document


class Portfolio(Resource):
    """What accounts hold and are worth."""

    def accounts(self) -> tuple[SeenAccount, ...]:
        """Accounts that the caller may see, own ones first."""
        read = Fields(self.client.call("GET", "portfolio/accounts").document, "accounts")
        return tuple(SeenAccount.of(one) for one in read.several("accounts"))

    def overview(self) -> tuple[tuple[SeenAccount, Summary], ...]:
        """All of them with their summaries: a request for every `PAGE_OF_ACCOUNTS`."""
        found: list[tuple[SeenAccount, Summary]] = []
        number, pages = 1, 1
        while number <= pages:
            params = {"page": str(number), "page_size": str(PAGE_OF_ACCOUNTS)}
            page = _page(self.client.call("GET", "portfolio/overview", params=params))
            found += [_glance(one) for one in page.items]
            number, pages = number + 1, page.pages
        return tuple(found)

    def summary(self, account_id: str | None = None) -> Summary:
        """An account at a glance."""
        return Summary.of(self.client.call("GET", "portfolio/summary", params=_of_account(account_id)).document)

    def positions(self, account_id: str | None = None) -> tuple[Mapping[str, Any], ...]:
        """What it holds."""
        answer = self.client.call("GET", "portfolio/positions", params=_of_account(account_id))
        return tuple(one.document for one in Fields(answer.document, "positions").several("positions"))

    def margin(self, account_id: str | None = None) -> Mapping[str, Any]:
        """What it needs by regime."""
        answer = self.client.call("GET", "portfolio/margin", params=_of_account(account_id))
        return Fields(answer.document, "margin").document


class Risk(Resource):
    """What accounts may lose, and what bounds them."""

    def var(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Value at risk, a positive loss."""
        return Fields(self.client.call("POST", "risk/var", body=body, twice=True).document, "var").document

    def stress(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Scenarios."""
        return Fields(self.client.call("POST", "risk/stress-test", body=body, twice=True).document, "stress").document

    def greeks(
        self, account_id: str | None = None, by: Literal["underlying", "position", "expiry"] = "underlying"
    ) -> Mapping[str, Any]:
        """Of an account and of its parts."""
        params = {**_of_account(account_id), "by": by}
        return Fields(self.client.call("GET", "risk/greeks", params=params).document, "greeks").document

    def limits(self, account_id: str | None = None) -> Mapping[str, Any]:
        """Limits on an account, with their figures and breaches."""
        answer = self.client.call("GET", "risk/limits", params=_of_account(account_id))
        return Fields(answer.document, "limits").document

    def circuit_breakers(self, account_id: str | None = None) -> Mapping[str, Any]:
        """What is halted for an account's orders."""
        answer = self.client.call("GET", "risk/circuit-breakers", params=_of_account(account_id))
        return Fields(answer.document, "breakers").document


class Market(Resource):
    """What the server's feed shows."""

    def chain(self, symbol: str, **query: str) -> Mapping[str, Any]:
        """As `optionix chain show --json`; `expiration_date`, `min_strike`, `max_strike`."""
        answer = self.client.call("GET", f"market/options-chain/{quote(symbol, safe='')}", params=query)
        return Fields(answer.document, "chain").document

    def surface(self, symbol: str) -> Mapping[str, Any]:
        """As `optionix surface fit --json`."""
        answer = self.client.call("GET", "market/volatility-surface", params={"symbol": symbol})
        return Fields(answer.document, "surface").document


class Options(Resource):
    """Options that are told in numbers; nothing is read of a book or of a market."""

    def price(self, terms: OptionTerms, volatility: float) -> Priced:
        """Price and Greeks; `volatility` per root year."""
        body = {**terms.body(), "volatility": volatility}
        return Priced.of(self.client.call("POST", "options/price", body=body, twice=True).document)

    def implied_volatility(self, terms: OptionTerms, market_price: float) -> ImpliedVolatility:
        """The volatility of a price. InvalidValueError where none gives it."""
        body = {**terms.body(), "market_price": market_price}
        return ImpliedVolatility.of(
            self.client.call("POST", "options/implied-volatility", body=body, twice=True).document
        )

    def monte_carlo(self, asked: Simulation) -> Simulated:
        """An average, barrier or lookback option by simulation; the same seed gives the same price."""
        return Simulated.of(self.client.call("POST", "options/monte-carlo", body=asked.body(), twice=True).document)


def _of_account(account_id: str | None) -> dict[str, str]:
    return {} if account_id is None else {"account_id": account_id}


def _glance(item: Mapping[str, Any]) -> tuple[SeenAccount, Summary]:
    read = Fields(item, "overview")
    return SeenAccount.of(read), Summary.of(read.within("summary").document)


def _page(answer: Answer) -> Page:
    document = answer.document
    items = document if isinstance(document, list) else Fields(document, "page").several("items")
    rows = tuple(one.document if isinstance(one, Fields) else Fields(one, "item").document for one in items)

    def told(name: str, otherwise: int) -> int:
        text = answer.headers.get(name, "")
        return int(text) if text.isdecimal() else otherwise

    return Page(rows, told("x-total-count", len(rows)), told("x-page", 1), told("x-total-pages", 1))
