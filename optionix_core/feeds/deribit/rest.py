"""Deribit's public methods over HTTP: JSON-RPC by GET, with its errors and its limits.

`too_many_requests` (code 10028) is a limit and is waited out like a 429; every other error of the exchange is a
VenueError with its code and words.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from optionix_core.errors import VenueError
from optionix_core.feeds.deribit import messages
from optionix_core.feeds.deribit.messages import Candle, IndexPrice, ListedOption, Summary
from optionix_core.feeds.deribit.settings import DeribitSettings
from optionix_core.feeds.network.http import PoliteClient
from optionix_core.feeds.network.pace import RetryPolicy, Sleep, Uniform, jitter
from optionix_core.feeds.network.wire import Wire, parse

TOO_MANY_REQUESTS = 10028
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000


class DeribitRest:
    """The public methods that the feed asks."""

    def __init__(
        self,
        client: PoliteClient,
        settings: DeribitSettings,
        *,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        sleep: Sleep = asyncio.sleep,
        uniform: Uniform = jitter,
    ) -> None:
        self._client = client
        self._settings = settings
        self._policy = policy
        self._sleep = sleep
        self._uniform = uniform

    async def instruments(self, root: str) -> tuple[ListedOption, ...]:
        """The options of a root that can be traded. VenueError where there are none."""
        result, _ = await self._call("get_instruments", currency=currency_of(root), kind="option", expired="false")
        listed = messages.listed_options(result, root)
        if not listed:
            raise VenueError(f"{result.source}: no option of {root} is listed")
        return listed

    async def summaries(self, root: str, listed: dict[str, ListedOption]) -> tuple[tuple[Summary, ...], bool]:
        """A summary of all options, and whether some are not among `listed`."""
        result, _ = await self._call("get_book_summary_by_currency", currency=currency_of(root), kind="option")
        return messages.summaries(result, listed)

    async def index(self, name: str) -> IndexPrice:
        """The index, of the moment at which the exchange answered."""
        result, answered_at = await self._call("get_index_price", index_name=name)
        return IndexPrice(name, answered_at, result.get("index_price").positive())

    async def prices(self, instrument: str, until: datetime, days: int) -> tuple[Candle, ...]:
        """Daily candles of an instrument over the last `days` days."""
        result, _ = await self._call(
            "get_tradingview_chart_data", instrument_name=instrument, resolution="1D", **_span(until, days)
        )
        return messages.candles(result)

    async def volatility_index(self, coin: str, until: datetime, days: int) -> tuple[Candle, ...]:
        """Daily candles of the exchange's 30-day implied-volatility index, in percent."""
        result, _ = await self._call("get_volatility_index_data", currency=coin, resolution="1D", **_span(until, days))
        return messages.candles(result)

    async def historical_volatility(self, coin: str) -> tuple[tuple[datetime, float], ...]:
        """(moment, realised volatility as a fraction), as the exchange computes it."""
        result, _ = await self._call("get_historical_volatility", currency=coin)
        return messages.historical_volatility(result)

    async def _call(self, method: str, **params: str) -> tuple[Wire, datetime]:
        """(result, when the exchange sent it)."""
        source = f"deribit public/{method}"
        failures = 0
        while True:
            answer = await self._client.get(f"public/{method}", params)
            document = parse(source, answer.content)
            if not document.has("error"):
                if answer.status != 200 or not document.has("result"):
                    document.get("result").refuse(f"must be there (status {answer.status})")
                sent_at = _EPOCH + timedelta(microseconds=document.get("usOut").whole())
                return Wire(source, "result", document.get("result").value), sent_at
            failures += 1
            code, words = error_of(document)
            if code != TOO_MANY_REQUESTS or failures >= self._policy.attempts:
                raise VenueError(f"{source}: error {code}, {words}")
            await self._sleep(self._policy.delay(failures, self._uniform))


def error_of(document: Wire) -> tuple[int, str]:
    """(code, words) of a JSON-RPC error; the words tell the reason where the exchange gives one."""
    error = document.get("error")
    code = int(error.get("code").number(signed=True))
    words = error.get("message").text()
    if error.has("data") and isinstance(error.get("data").value, dict) and error.get("data").has("reason"):
        words = f"{words}: {error.get('data').get('reason').value}"
    return code, words


def currency_of(root: str) -> str:
    """What the exchange lists a root under: the coin of inverse options, else what they are quoted in."""
    return root.partition("_")[2] or root


def _span(until: datetime, days: int) -> dict[str, str]:
    end = int(until.timestamp() * 1000)
    return {"start_timestamp": str(end - days * _DAY_MS), "end_timestamp": str(end)}
