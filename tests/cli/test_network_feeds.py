"""Feeds over a network from the command line, against exchanges on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.cli.conftest import MOMENT, CommandLine
from tests.core.feeds.loopback import Reply
from tests.core.feeds.loopback_cboe import STAMPED, LoopbackCboe, payload
from tests.core.feeds.loopback_deribit import INDEX, NAMES, LoopbackDeribit


@pytest.fixture
def deribit(optionix: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackDeribit]:
    with LoopbackDeribit() as exchange:
        exchange.names, exchange.now = list(NAMES[6:]), MOMENT
        monkeypatch.setenv("OPTIONIX_FEED_DERIBIT_ADDRESS", f"http://{exchange.address}/api/v2")
        monkeypatch.setenv("OPTIONIX_FEED_DERIBIT_STREAM", f"ws://{exchange.address}/ws/api/v2")
        yield exchange


def test_a_chain_of_coins_comes_from_the_address_in_the_settings(
    deribit: LoopbackDeribit, optionix: CommandLine
) -> None:
    answer = optionix("--feed", "deribit:BTC", "chain", "show", "BTC", "--rate", "0.0", "--json")
    assert answer.code == 0, answer.words
    told = json.loads(answer.out)
    assert (told["underlying"], told["spot"]) == ("BTC", INDEX)
    rows = json.dumps(told)
    assert all(name in rows for name in NAMES[6:])


def test_an_exchange_that_refuses_is_exit_code_3_and_says_why(deribit: LoopbackDeribit, optionix: CommandLine) -> None:
    deribit.once["get_instruments"].append(Reply({}, 429, {"Retry-After": "86400"}))
    answer = optionix("--feed", "deribit:BTC", "chain", "show", "BTC")
    assert (answer.code, answer.out) == (3, "")
    assert "to ask again in 86400 s" in answer.words


def test_the_doctor_asks_the_exchange_only_when_told_to(deribit: LoopbackDeribit, optionix: CommandLine) -> None:
    quiet = json.loads(optionix("--feed", "deribit:BTC", "doctor", "--json").out)
    assert "feed" not in {item["subject"] for item in quiet["findings"]}
    assert not deribit.gets
    asked = optionix("--feed", "deribit:BTC", "doctor", "--network", "--json")
    feed = json.loads(asked.out)["findings"][-1]
    assert (feed["subject"], feed["state"]) == ("feed", "ok")
    assert feed["detail"] == "deribit:BTC answers: BTC 99,500.25, 1 expiry"
    still = json.loads(optionix("doctor", "--network", "--json").out)["findings"][-1]
    assert (still["state"], still["detail"]) == ("not configured", "sim needs no network")


def test_the_doctor_tells_a_clock_that_is_wrong_and_an_exchange_that_is_away(
    deribit: LoopbackDeribit, optionix: CommandLine
) -> None:
    deribit.now = MOMENT - timedelta(seconds=42)
    late = json.loads(optionix("--feed", "deribit:BTC", "doctor", "--network", "--json").out)["findings"][-1]
    assert late["state"] == "attention"
    assert "the machine's clock is 42.0 s ahead of the exchange's" in late["detail"]
    deribit.once["get_instruments"].append(Reply({}, 404))
    answer = optionix("--feed", "deribit:BTC", "doctor", "--network", "--json")
    away = json.loads(answer.out)["findings"][-1]
    assert (answer.code, away["state"]) == (1, "failed")
    assert "result must be there (status 404)" in away["detail"]


def test_delayed_quotes_come_from_the_address_in_the_settings(
    optionix: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LoopbackCboe() as cboe:
        cboe.document = payload(STAMPED.replace(day=20, hour=15, minute=29))
        monkeypatch.setenv("OPTIONIX_FEED_CBOE_ADDRESS", f"http://{cboe.address}/delayed")
        answer = optionix("--feed", "cboe:SPX", "chain", "show", "SPX", "--rate", "0.04", "--json")
        assert answer.code == 0, answer.words
        told = json.loads(answer.out)
        assert (told["underlying"], told["as_of"]) == ("SPX", "2026-11-20T15:14:00Z")


def test_a_pace_that_is_impolite_is_refused(optionix: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIONIX_FEED_CBOE_POLL_SECONDS", "1")
    answer = optionix("--feed", "cboe:SPX", "chain", "show", "SPX")
    assert answer.code == 2
    assert "feed.cboe_poll_seconds" in answer.words
