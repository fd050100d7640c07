"""`optionix risk`: tables for eyes, pictures, several accounts, books from CSV, and errors that name what is wrong."""

import json

import pytest

BUY = "buy 2 ORBIT 15JAN27 200 C"
HEADER = "underlying,underlying_price,type,strike,expiry,quantity,price,multiplier"
BOOK = f"{HEADER}\nXYZ,45,put,43,2027-01-15,-1,1.20,100\nXYZ,45,stock,,,100,,1\n"
GIVEN = ("--book", "-", "--rate", "0.04", "--dividend-yield", "0")


def test_stress_tells_the_worst_scenario_what_was_assumed_and_the_cost_to_close(optionix):
    optionix(*BUY.split())
    words = optionix("risk", "stress", "--plot").out
    assert "Black Monday" in words
    assert "worst: " in words
    assert "assumed: every underlying moves as the market does (beta 1): no betas were given" in words
    assert "P&L by scenario" in words
    told = json.loads(optionix("risk", "stress", "--json").out)
    assert len(told["scenarios"]) == 15
    assert min(one["pnl"] for one in told["scenarios"]) == told["worst"]["pnl"]
    by_name = {one["id"]: one for one in told["scenarios"]}
    # Half the spread of each contract; a crisis quotes five times as wide.
    assert by_name["liquidity_crisis"]["closing_cost"] == pytest.approx(5 * by_name["mild_correction"]["closing_cost"])


def test_accounts_are_stressed_as_one_and_told_apart(optionix):
    optionix(*BUY.split())
    optionix("--account", "paper-2", "buy", "1", "ORBIT", "15JAN27", "200", "C")
    told = json.loads(optionix("risk", "stress", "--all-accounts", "--scenario", "crash-1987", "--json").out)
    (one,) = told["scenarios"]
    assert set(one["by_account"]) == {"paper-1", "paper-2"}
    assert sum(one["by_account"].values()) == pytest.approx(one["pnl"])
    assert one["by_account"]["paper-1"] == pytest.approx(2 * one["by_account"]["paper-2"])
    groups = json.loads(optionix("risk", "greeks", "--all-accounts", "--by", "account", "--json").out)["groups"]
    assert [group["group"] for group in groups] == ["paper-1", "paper-2"]


def test_a_grid_is_drawn_and_told(optionix):
    optionix(*BUY.split())
    words = optionix("risk", "stress", "--spots=-20,0,20", "--volatilities=0,5", "--plot").out
    assert "P&L by spot move in percent" in words
    told = json.loads(optionix("risk", "stress", "--spots=-20,0,20", "--volatilities=0,5", "--json").out)
    assert told["pnl"][1][0][0] == pytest.approx(0.0, abs=1e-9)
    assert told["spot_returns"] == [-0.2, 0.0, 0.2]


def test_a_book_from_csv_is_stressed_without_a_home(optionix):
    told = json.loads(optionix("risk", "stress", *GIVEN, "--scenario", "crash-1987", "--json", stdin=BOOK).out)
    assert told["sticky"] == "strike"
    assert told["scenarios"][0]["by_position"]["XYZ"] == pytest.approx(-0.205 * 4500)
    assert told["scenarios"][0]["closing_cost"] is None
    greeks = json.loads(optionix("risk", "greeks", *GIVEN, "--by", "moneyness", "--json", stdin=BOOK).out)
    assert [group["group"] for group in greeks["groups"]] == ["0.9 to 0.97", "no strike"]


def test_none_within_reach_is_an_answer(optionix):
    long = f"{HEADER}\nXYZ,45,put,43,2027-01-15,1,1.20,100\n"
    arguments = ("risk", "reverse-stress", *GIVEN, "--deviation", "spot=0.03", "--limit", "500")
    answer = optionix(*arguments, stdin=long)
    assert answer.code == 0
    assert "none within 8 deviations loses 500.00; the worst found loses 1" in answer.out
    told = json.loads(optionix(*arguments, "--json", stdin=long).out)
    assert (told["found"], told["distance"]) == (False, None)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("stress",), 6, "nothing is held: there is no book to stress"),
        (("stress", "--scenario", "crash-1988"), 6, "nothing is held"),
        (("stress", "--plot", "--json"), 2, "--plot draws for people"),
        (("stress", "--list", "--file", "none.toml"), 2, "none.toml: cannot be read"),
        (("stress", "--beta", "ORBIT"), 2, "--beta must be NAME=NUMBER"),
        (("stress", "--book", "-", "--beta-index", "ORBIT"), 2, "--beta-index needs a history"),
        (("reverse-stress", "--limit", "500", "--book", "-"), 2, "a CSV book has no history: give --deviation"),
        (("reverse-stress", "--limit", "5", "--book", "-", "--deviation", "fog=1"), 2, "--deviation must be of spot"),
        (("greeks", "--book", "-"), 6, "rate"),
        (("explain", "--to", "2026-11-20T14:00Z"), 2, "--to goes with --from"),
        (("explain", "--days", "0"), 2, "--days must be 1 to 250"),
        (("explain", "--from", "2026-11-21T14:00Z"), 1, "period must be forwards"),
        (("limits", "set", "delta", "0"), 1, "limit-delta must be positive and finite"),
        (("limits", "set", "delta", "5", "--user", "a", "--desk", "b"), 2, "a limit binds one of them"),
        (("limits", "remove", "delta"), 2, "unknown limit"),
        (("limits", "acknowledge", "nothing", "1", "--note", "x"), 1, "LEVEL/NAME/KIND/GRADE"),
        (("var", "--horizon", "1.5"), 2, "--horizon must be whole days"),
        (("var", "--address", "tcp://x:1"), 1, "address must be absent"),
        (("backtest",), 6, "nothing is held"),
        (("liquidity",), 6, "nothing is held"),
        (("liquidity", "--takes-per-day", "0"), 6, "nothing is held"),
    ],
)
def test_errors_name_what_is_wrong(optionix, arguments, code, words):
    answer = optionix("risk", *arguments, stdin=BOOK)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.words


def test_a_faulty_scenario_file_names_key_value_and_bound(optionix):
    optionix(*BUY.split())
    (optionix.folder / "mine.toml").write_text('[[scenario]]\nid = "x"\nspot = -2\n', "utf-8")
    answer = optionix("risk", "stress", "--file", "mine.toml")
    assert answer.code == 2
    assert "mine.toml: scenario 'x': spot must be a number above -1 to 10 (got -2)" in answer.words


def test_a_hard_limit_refuses_with_exit_code_5_and_lets_through_what_reduces(optionix):
    optionix(*BUY.split())
    assert optionix("risk", "limits", "set", "delta", "400", "--by", "ada").code == 0
    refused = optionix("buy", "2", "ORBIT", "15JAN27", "200", "C")
    assert refused.code == 5
    assert "limit-delta" in refused.words
    assert optionix("sell", "1", "ORBIT", "15JAN27", "200", "C").code == 0
    assert optionix("risk", "limits", "set", "delta", "50", "--by", "ada").code == 0
    words = optionix("risk", "limits", "list").out
    assert "account/paper-1/limit-delta/hard" in words
    assert "breach" in words
    assert "not cleared, not acknowledged" in optionix("risk", "limits", "breaches").out
    assert optionix("risk", "limits", "remove", "delta", "--by", "ada").code == 0
    assert "cleared, not acknowledged" in optionix("risk", "limits", "breaches").out
    seen = optionix(
        "risk", "limits", "acknowledge", "account/paper-1/limit-delta/hard", "1", "--note", "ok", "--by", "ada"
    )
    assert seen.code == 0
    assert optionix("risk", "limits", "breaches").out.startswith("no breach stands")
    history = json.loads(optionix("risk", "limits", "breaches", "--all", "--json").out)["events"]
    assert [event["event"] for event in history] == ["limit.breached", "limit.cleared", "limit.acknowledged"]


def test_reverse_stress_takes_the_accounts_own_limit(optionix):
    optionix(*BUY.split())
    none = optionix("risk", "reverse-stress")
    assert none.code == 6
    assert "no limit on a loss of paper-1 is set" in none.words
    optionix("risk", "limits", "set", "stress-loss", "5000", "--by", "ada")
    optionix("risk", "limits", "set", "daily-loss", "900", "--by", "ada")
    answer = optionix("risk", "reverse-stress", "--json")
    assert "account/paper-1/limit-daily-loss/hard of 900 is broken by a further loss of " in answer.words
    told = json.loads(answer.out)
    # What the purchase cost over the mid, and its fee, is lost already.
    assert told["limit"] == pytest.approx(900 - 26.3)
    assert told["found"]
    assert told["loss"] >= told["limit"] > told["loss_just_inside"]
    optionix("risk", "limits", "set", "daily-loss", "10", "--by", "ada")
    broken = optionix("risk", "reverse-stress")
    assert (broken.code, "is broken already" in broken.words) == (5, True)


def test_liquidity_tells_cost_days_concentration_and_what_the_venue_owes(optionix):
    optionix(*BUY.split())
    told = json.loads(optionix("risk", "liquidity", "--json").out)
    (one,) = told["closing"]
    wide = json.loads(optionix("risk", "liquidity", "--spread", "2", "--takes-per-day", "26", "--json").out)
    assert wide["cost"] == pytest.approx(2 * told["cost"])
    assert wide["days"] == pytest.approx(told["days"] / 2)
    assert one["displayed"] == 1.0
    assert [each["name"] for each in told["concentration"]["shares"]] == ["ORBIT"]
    account = json.loads(optionix("account", "--json").out)
    owed = told["counterparties"]["local-sim"]
    assert owed["net"] == pytest.approx(account["nlv"])
    assert owed["worst"] >= owed["net"]
    words = optionix("risk", "liquidity").out
    assert "100% of the gross value is ORBIT" in words
    assert "at 13 takes a day" in words


def test_explained_parts_sum_to_what_is_gained(optionix):
    optionix(*BUY.split())
    told = json.loads(optionix("risk", "explain", "--from", "2026-11-20T14:00Z", "--json").out)
    total = told["periods"][0]["total"]
    parts = sum(value for name, value in total.items() if name != "actual")
    assert parts == pytest.approx(total["actual"])
    words = optionix("risk", "explain", "--from", "2026-11-20T14:00Z", "--by", "position", "--plot").out
    assert "new trades" in words
    assert "parts of the P&L" in words


def test_value_at_risk_tells_parts_and_what_stands_beside(optionix):
    optionix(*BUY.split())
    words = optionix("risk", "var", "--confidence", "0.99", "--by", "underlying").out
    assert "beside, 99% over 1 d: delta-normal" in words
    assert "ORBIT" in words
    empty = optionix("--account", "paper-9", "risk", "es").out
    assert "no positions: nothing can be lost" in empty


HELD = "symbol,underlying_price,quantity,price,implied_volatility\nORBIT270115C00200000,216,-1,20,0.3\n"
TERMS = ("--book", "-", "--rate", "0.04", "--dividend-yield", "0")


def test_a_csv_book_is_told_by_the_history_of_the_feed(optionix):
    answer = optionix("risk", "var", *TERMS, "--by", "factor", "--json", stdin=HELD)
    assert answer.code == 0, answer.words
    told = json.loads(answer.out)
    parts = told["value_at_risk_parts"]
    assert sum(part["component"] for part in parts["parts"]) == pytest.approx(parts["total"], abs=1e-9)
    assert told["estimates"][0]["value_at_risk"] > 0.0
    assert optionix("risk", "backtest", *TERMS, stdin=HELD).code == 0
    unknown = optionix("risk", "var", *TERMS, stdin=HELD.replace("ORBIT2", "NOPEX2"))
    assert unknown.code in (2, 6)
    assert "NOPEX" in unknown.words
    both = optionix("risk", "var", *TERMS, "--all-accounts", stdin=HELD)
    assert (both.code, "leave them out with --book" in both.words) == (2, True)


def test_tails_and_backtests_are_drawn_for_people_alone(optionix):
    for command in ("var", "es", "backtest"):
        drawn = optionix("risk", command, *TERMS, "--plot", stdin=HELD)
        assert drawn.code == 0, drawn.words
        assert any("\u2800" <= sign <= "\u28ff" for sign in drawn.out)
        assert optionix("risk", command, *TERMS, "--plot", "--json", stdin=HELD).code == 2


def test_what_if_tells_the_same_figures_before_and_after_a_trade_and_sends_nothing(optionix):
    optionix(*BUY.split())
    closing = "sell 2 ORBIT 15JAN27 200 C"
    told = json.loads(optionix("risk", "what-if", closing, "--json").out)
    assert told["legs"] == [{"symbol": "ORBIT 270115C00200000", "quantity": -2}]
    assert told["after"]["value_at_risk"] == told["after"]["margin"] == 0.0
    var = json.loads(optionix("risk", "var", "--confidence", "0.99", "--json").out)
    assert told["before"]["value_at_risk"] == pytest.approx(var["estimates"][0]["value_at_risk"])
    words = optionix("risk", "what-if", *BUY.split(), closing).out
    assert "worst scenario before: " in words
    rows = [line.split() for line in words.splitlines() if line.startswith(("value at risk", "margin, strategy"))]
    assert [row[-1] for row in rows] == ["0.00", "0.00"]  # the legs come to nothing
    assert json.loads(optionix("positions", "--json").out)["positions"][0]["quantity"] == 2


@pytest.mark.parametrize(
    ("leg", "code", "told"),
    [
        ("2 ORBIT", 2, "a leg must be buy or sell"),
        ("sell ORBIT", 2, "a leg must be buy or sell"),
        ("buy 0 ORBIT", 1, "quantity must be at least 1"),
        ("buy 1 NOSUCH", 6, "NOSUCH"),
    ],
)
def test_a_leg_that_is_none_is_named(optionix, leg, code, told):
    answer = optionix("risk", "what-if", leg)
    assert answer.code == code
    assert told in answer.words
