"""`optionix order`: what is typed, what comes back, and with which exit code."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta

import pytest

from optionix_core.errors import MissingDataError

KEY = "ORBIT270115C00230000"
SUBMIT = f"order submit --symbol {KEY} --side buy --quantity 2 --type limit --limit 1.50 --tif GTC --client-id a"


def submit(**changes: str | None) -> str:
    """The command with other options; None leaves one out."""
    words = SUBMIT.split()
    options = dict(zip(words[2::2], words[3::2], strict=True))
    for name, value in changes.items():
        options[f"--{name.replace('_', '-')}"] = value  # type: ignore[assignment]
    return " ".join(["order submit", *(f"{name} {value}" for name, value in options.items() if value is not None)])


REFUSED = [
    # command, exit code, what stderr must hold
    (submit(symbol=None), 2, ["--symbol is missing"]),
    (submit(side="hold"), 2, ["--side", "buy, sell", "'hold'"]),
    (submit(type="peg"), 2, ["--type", "trailing-stop", "'peg'"]),
    (submit(tif="week"), 2, ["--tif", "gtc", "'week'"]),
    (submit(quantity="0"), 1, ["quantity", "at least 1", "(got 0)"]),
    (submit(quantity="1.5"), 2, ["--quantity", "a whole number", "'1.5'"]),
    (submit(quantity="20000"), 5, ["refused by quantity", "20000", "10000"]),
    (submit(limit=None), 2, ["--limit is missing", "limit order"]),
    (submit(limit="-1"), 1, ["limit_price", "positive", "(got -1)"]),
    (submit(limit="1.505"), 5, ["refused by limit-price", "1.505", "steps of 0.01"]),
    (submit(limit="nan"), 2, ["--limit", "a decimal number", "'nan'"]),
    (submit(trigger="2"), 2, ["--trigger has no meaning for a limit order"]),
    (submit(type="market", limit=None), 1, ["time_in_force", "IOC or FOK", "GTC"]),
    (submit(type="stop", limit=None), 2, ["--trigger is missing"]),
    (submit(type="trailing-stop", limit=None), 1, ["trail", "exactly one"]),
    (submit(tif="GTD"), 1, ["good_until", "given with GTD"]),
    (submit(tif="GTD", until="soon"), 2, ["--until", "'soon'"]),
    (submit(tif="GTD", until="2027-01-08T20:00"), 2, ["--until", "offset"]),
    (submit(tif="GTD", until="2026-01-08T20:00Z"), 5, ["refused by time-in-force", "2026-01-08"]),
    (submit(symbol="SOMETHING"), 5, ["refused by known-instrument", "SOMETHING"]),
    (submit(symbol="SOME-THING"), 1, ["symbol", "'SOME-THING'"]),
    (submit(symbol="NOSUCH270115C00230000"), 5, ["refused by known-instrument"]),
    (submit(symbol="ORBIT261113C00230000"), 5, ["refused by not-expired", "2026-11-13"]),
    (submit(quantity="9999", limit="1.50"), 5, ["refused by buying-power", "cash 100000"]),
    (submit(side="sell"), 5, ["refused by buying-power", "needs margin", "2 to sell"]),
    (submit(parent="nobody"), 2, ["unknown parent order", "'nobody'"]),
    (submit(client_id="a/b"), 1, ["client_order_id", "'a/b'"]),
    (submit(account="no/such"), 1, ["account", "no/such"]),
    ("order cancel nobody", 2, ["unknown order", "'nobody'"]),
    ("order show nobody", 2, ["unknown order", "'nobody'"]),
    ("order amend nobody --limit 2", 2, ["unknown order", "'nobody'"]),
    ("order amend nobody", 1, ["amendment", "a quantity, a limit price or a trigger price"]),
    ("order", 2, ["submit", "cancel"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_wrong_orders_are_named_and_nothing_is_printed(command, code, told, optionix):
    answer = optionix(*command.split())
    assert answer.code == code, answer.words
    assert answer.data == b""
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert "Traceback" not in answer.words


def test_an_order_rests_fills_later_and_is_told_by_the_next_command(optionix):
    placed = json.loads(optionix(*submit(limit="1.5").split(), "--json").out)
    assert (placed["state"], placed["type"], placed["time_in_force"]) == ("working", "limit", "GTC")
    assert (placed["filled_quantity"], placed["remaining"], placed["reserved"]) == (0, 2, 301.3)
    listed = json.loads(optionix("order", "list", "--json").out)["orders"]
    assert [order["client_order_id"] for order in listed] == ["a"]
    amended = json.loads(optionix("order", "amend", "a", "--limit", "1.60", "--json").out)
    assert (amended["limit_price"], amended["reserved"]) == (1.6, 321.3)
    optionix.clock.advance(timedelta(days=8))
    story = json.loads(optionix("order", "show", "a", "--json").out)
    assert [event["type"] for event in story["events"]][:3] == ["order.intent", "order.accepted", "order.amended"]
    assert story["state"] == "filled"
    assert story["average_price"] == 1.6
    assert {fill["model"] for fill in story["fills"]} == {"queue-behind-displayed"}
    assert optionix("order", "cancel", "a").code == 1
    assert json.loads(optionix("order", "list", "--json").out)["orders"] == []
    assert json.loads(optionix("log", "verify", "--json").out)["verified"] is True


def test_positions_and_account_show_what_was_filled_while_nothing_ran(optionix):
    assert optionix(*submit(limit="1.5").split()).code == 0
    assert optionix(*submit(limit="0.01", client_id="b").split()).code == 0
    assert json.loads(optionix("account", "--json").out)["buying_power"] == 100_000 - 301.3 - 3.3
    optionix.clock.advance(timedelta(days=8))
    (held,) = json.loads(optionix("positions", "--json").out)["positions"]
    assert (held["quantity"], held["cost"]) == (2, 300)
    account = json.loads(optionix("account", "--json").out)
    assert (account["cash"], account["buying_power"]) == (99698.7, 99695.4)


def test_an_id_sent_again_is_one_order_and_with_other_terms_an_error(optionix):
    assert optionix(*submit(limit="1.5").split()).code == 0
    again = json.loads(optionix(*submit(limit="1.5").split(), "--json").out)
    assert (again["replayed"], again["state"]) == (True, "working")
    other = optionix(*submit(limit="1.4").split())
    assert other.code == 1
    assert "client_order_id must be unused, or repeat its order: buy 2" in other.words


def test_nothing_is_taken_while_the_market_is_closed_but_what_rests_can_be_cancelled(optionix, monkeypatch):
    monkeypatch.setenv("OPTIONIX_FEED_SESSION", "exchange")
    assert optionix(*submit(limit="0.05").split()).code == 0
    optionix.clock.advance(timedelta(days=1))
    closed = optionix(*submit(limit="0.05", client_id="b").split())
    assert (closed.code, "refused by market-open: the market is closed" in closed.words) == (5, True)
    amended = optionix("order", "amend", "a", "--quantity", "1")
    assert (amended.code, "refused by market-open" in amended.words) == (5, True)
    assert optionix("order", "cancel", "a").code == 0


def test_a_preview_and_a_dry_run_write_nothing(optionix):
    command = submit(client_id=None, limit="1.5").replace("submit", "preview")
    told = json.loads(optionix(*command.split(), "--json").out)
    assert (told["state"], told["fillable"], told["reserved"]) == ("preview", 0, 301.3)
    assert all(check["passed"] for check in told["checks"])
    assert optionix(*submit(limit="1.5").split(), "--dry-run").code == 0
    refused = optionix(*submit(side="sell").split(), "--dry-run")
    assert refused.code == 5
    assert "REFUSED" in refused.out
    assert not optionix.home.exists()


def test_an_order_of_an_account_is_cancelled_for_that_account(optionix):
    assert optionix(*submit(limit="1.5", account="other").split()).code == 0
    refused = optionix("order", "cancel", "a")
    assert (refused.code, "account must be other" in refused.words) == (1, True)
    assert optionix("order", "cancel", "a", "--account", "other", "--dry-run").code == 0
    done = json.loads(optionix("order", "cancel", "a", "--account", "other", "--json").out)
    assert (done["state"], done["reserved"]) == ("cancelled", 0)


def test_tables_say_what_stands(optionix):
    answer = optionix(*submit(limit="1.5").split())
    assert "working: buy 2 ORBIT 15JAN27 230 C limit 1.50, GTC, until 2027-01-15 21:00 UTC, 0 filled" in answer.out
    assert "301.30 kept for it" in answer.out
    assert "a      working  buy" in optionix("order", "list").out
    assert "order.accepted" in optionix("order", "show", "a").out
    assert optionix("order", "list", "--account", "other").out == "no orders\n"


LEGS = '[{"symbol":"ORBIT270115C00220000","ratio":1},{"symbol":"ORBIT270115C00230000","ratio":-1}]'
COMBINATION = ["order", "submit", "--legs", LEGS, "--side", "buy", "--quantity", "2"]


def test_a_combination_is_filled_at_one_net_price_and_shown_with_its_legs(optionix):
    done = json.loads(optionix(*COMBINATION, "--json").out)
    assert (done["state"], done["filled_quantity"], done["type"]) == ("filled", 2, "market")
    legs = done["fills"][0]["legs"]
    assert [leg["quantity"] for leg in legs] == [2, -2]
    assert done["average_price"] == pytest.approx(legs[0]["price"] - legs[1]["price"])
    assert done["cost"] == pytest.approx(200 * done["average_price"])
    assert "+1 ORBIT 15JAN27 220 C, -1 ORBIT 15JAN27 230 C" in optionix("order", "list", "--all").out


def test_a_preview_of_a_combination_tells_its_payoff_and_the_requirement(optionix):
    words = ["order", "preview", "--legs", LEGS, "--side", "sell", "--quantity", "1", "--limit", "3"]
    told = json.loads(optionix(*words, "--json").out)["combination"]
    assert (told["strategy"], told["max_gain"], told["max_loss"]) == ("bear-call-spread", 300, 700)
    assert (told["breakevens"], told["requirement_before"], told["requirement_after"]) == ([223.0], 0, 1000)
    assert "requirement 0.00 before, 1,000.00 after" in optionix(*words).out


def test_a_strategy_that_was_built_prints_the_order_that_places_it(optionix):
    built = "strategy build iron-condor --underlying ORBIT --expiry 2027-01-15 --strikes 190,200,220,230 --units 2"
    built = optionix(*built.split(), "--model", "none", "--price", "natural", "--submit")
    words = shlex.split(built.out)
    assert words[:4] == ["optionix", "order", "submit", "--legs"]
    done = json.loads(optionix(*words[1:], "--json").out)
    assert (done["state"], len(done["legs"]), done["cost"] < 0) == ("filled", 4, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--symbol", KEY], 2, "--symbol has no say beside --legs"),
        (["--type", "stop", "--trigger", "2"], 2, "--type must be market or limit for a combination"),
        (["--parent", "p"], 2, "unknown parent order 'p'"),
        (["--lots", "fifo"], 1, "lots must be absent for a combination"),
        (["--tif", "gtc"], 1, "time_in_force"),
    ],
)
def test_what_a_combination_cannot_have_is_named(words, code, told, optionix):
    answer = optionix(*COMBINATION, *words)
    assert (answer.code, answer.data) == (code, b"")
    assert told in answer.words


@pytest.mark.parametrize(
    ("legs", "code", "told"),
    [
        ("{", 2, "--legs must be JSON"),
        ("7", 2, "--legs must be a list"),
        ('[{"symbol": "ORBIT270115C00220000"}]', 2, "a symbol and a whole ratio in row 0"),
        ("@no-such-file.json", 2, "no-such-file.json"),
        ('[{"symbol":"ORBIT270115C00220000","ratio":1}]', 1, "legs must be 2 to 8"),
    ],
)
def test_legs_that_cannot_be_read_are_named(legs, code, told, optionix):
    answer = optionix("order", "submit", "--legs", legs, "--side", "buy", "--quantity", "1")
    assert (answer.code, answer.data) == (code, b"")
    assert told in answer.words


def test_a_single_option_is_not_ordered_as_a_combination(optionix):
    build = "strategy build long-call --underlying ORBIT --expiry 2027-01-15 --strikes 215 --model none --submit"
    assert "is one leg" in optionix(*build.split()).words


@pytest.mark.parametrize("name", ["covered-call", "collar", "conversion"])
def test_a_strategy_with_shares_is_built_and_ordered_as_one_order(name, optionix):
    strikes = "205,220" if name == "collar" else "215"
    built = f"strategy build {name} --underlying ORBIT --expiry 2027-01-15 --strikes {strikes} --units 2"
    built = optionix(*built.split(), "--model", "none", "--price", "natural", "--submit")
    words = shlex.split(built.out)
    assert {"symbol": "ORBIT", "ratio": 100} in json.loads(words[words.index("--legs") + 1])
    # The strategy prices its shares at the last price; the order buys them at the ask.
    limit = float(words[-1]) + 0.10
    done = json.loads(optionix(*words[1:-1], f"{limit:.2f}", "--tif", "ioc", "--json").out)
    assert (done["state"], done["filled_quantity"]) == ("filled", 2)
    held = {item["symbol"]: item["quantity"] for item in json.loads(optionix("positions", "--json").out)["positions"]}
    assert held["ORBIT"] == 200
    assert json.loads(optionix("ledger", "verify", "--json").out)["verified"] is True


def test_a_preview_tells_what_the_order_would_lead_to(optionix):
    words = ["order", "preview", "--legs", LEGS, "--side", "buy", "--quantity", "1", "--limit", "3", "--effect"]
    told = json.loads(optionix(*words, "--json").out)
    assert told["outlook"]["max_gain"] == told["combination"]["max_gain"]
    assert told["outlook"]["breakevens"] == told["combination"]["breakevens"]
    assert 0.0 < told["outlook"]["probability_of_profit"] < 1.0
    assert told["effect"]["margin"]["before"] == 0.0 < told["effect"]["margin"]["after"]
    assert told["tail"]["value_at_risk"]["after"] > 0.0
    assert [told[f"{name}_reason"] for name in ("outlook", "effect", "tail")] == [None, None, None]
    text = optionix(*words).out
    for part in ("at expiry: gain at most", "margin 0.00 -> ", "value at risk (99 %, one day) 0.00 -> "):
        assert part in text


CALENDAR = '[{"symbol":"ORBIT270115C00220000","ratio":1},{"symbol":"ORBIT261218C00220000","ratio":-1}]'
STRADDLE = '[{"symbol":"ORBIT270115C00220000","ratio":1},{"symbol":"ORBIT270115P00220000","ratio":1}]'


def test_legs_that_end_apart_are_told_by_model_and_what_cannot_be_told_has_its_reason(optionix, monkeypatch):
    preview = ["order", "preview", "--side", "buy", "--quantity", "1", "--effect"]
    calendar = json.loads(optionix(*preview, "--legs", CALENDAR, "--limit", "2", "--json").out)["outlook"]
    assert (calendar["strategy"], calendar["by_model"]) == ("long-call-calendar", True)
    assert "at the first end, by model" in optionix(*preview, "--legs", CALENDAR, "--limit", "2").out
    told = json.loads(optionix(*preview, "--legs", STRADDLE, "--limit", "-1", "--json").out)
    assert (told["outlook"], told["outlook_reason"]) == (None, "no prices of its legs add up to -1")

    def without(*_):
        raise MissingDataError("no data for 1 of 2 positions")

    monkeypatch.setattr("optionix_core.services.order_study_json.effect", without)
    monkeypatch.setattr("optionix_core.services.order_effect.OrderRisk.tail", without)
    words = [*preview, "--legs", STRADDLE, "--limit", "-1"]
    told = json.loads(optionix(*words, "--json").out)
    assert (told["effect"], told["tail"]) == (None, None)
    assert told["effect_reason"] == told["tail_reason"] == "no data for 1 of 2 positions"
    text = optionix(*words).out
    for part in ("at expiry: no prices of its legs", "margin: no data for 1", "value at risk: no data for 1"):
        assert part in text
