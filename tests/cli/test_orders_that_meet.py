"""Orders of two accounts of one home, typed: they trade with each other, and combinations with orders of their legs."""

from __future__ import annotations

import json
import shlex

import pytest

KEY, WING = "ORBIT270115C00230000", "ORBIT270115C00240000"


@pytest.fixture
def typed(optionix):
    def run(command, account):
        answer = optionix(*shlex.split(f"{command} --account {account} --json"))
        assert answer.code == 0, answer.words
        return json.loads(answer.out)

    return run


@pytest.fixture
def touch(typed):
    """Bid and ask of a contract, as a preview tells them."""

    def told(symbol):
        preview = typed(f"order preview --symbol {symbol} --side buy --quantity 1 --type market", "ada")
        return preview["bid"], preview["ask"]

    return told


def submit(side, quantity, name, more):
    return f"order submit --side {side} --quantity {quantity} --client-id {name} {more}"


def test_a_market_order_is_filled_by_the_better_order_of_another_account(optionix, typed, touch):
    bid, ask = touch(KEY)
    inside = round(ask - 0.01, 2)
    assert bid < inside
    typed(submit("buy", 2, "stock", f"--symbol {KEY} --type market"), "ada")
    typed(submit("sell", 2, "offer", f"--symbol {KEY} --type limit --limit {inside} --tif GTC"), "ada")
    bought = typed(submit("buy", 3, "taker", f"--symbol {KEY} --type market"), "bob")
    assert [(fill["quantity"], fill["price"], fill["model"], fill.get("against")) for fill in bought["fills"]] == [
        (2, inside, "price-time", "offer"),
        (1, ask, "touch-displayed-size", None),
    ]
    (sold,) = typed("order show offer", "ada")["fills"]
    assert (sold["quantity"], sold["price"], sold["against"]) == (2, inside, "taker")
    assert optionix("ledger", "verify").code == 0


def test_a_combination_is_filled_from_an_order_in_its_leg_and_a_leg_order_from_a_combination(optionix, typed, touch):
    (bid, ask), (wing_bid, wing_ask) = touch(KEY), touch(WING)
    legs = json.dumps([{"symbol": KEY, "ratio": 1}, {"symbol": WING, "ratio": -1}])
    spread = f"--legs '{legs}'"
    cheap = round(ask - 0.01, 2)
    typed(submit("buy", 5, "stock", f"--symbol {KEY} --type market"), "ada")
    typed(submit("sell", 1, "leg", f"--symbol {KEY} --type limit --limit {cheap} --tif GTC"), "ada")
    net = round(cheap - wing_bid, 2)
    filled = typed(submit("buy", 1, "spread", f"{spread} --limit {net} --tif IOC"), "bob")
    (fill,) = filled["fills"]
    assert (filled["state"], fill["model"], fill["price"]) == ("filled", "implied-in", net)
    assert [leg.get("against") for leg in fill["legs"]] == ["leg", None]
    inside = round(ask - 0.02, 2)
    offer = round(inside - wing_ask, 2)
    assert inside > bid
    waits = typed(submit("sell", 2, "offer", f"{spread} --limit {offer} --tif GTC"), "ada")
    assert waits["state"] == "working"
    taken = typed(submit("buy", 2, "call", f"--symbol {KEY} --type limit --limit {ask} --tif IOC"), "bob")
    assert [(f["price"], f["model"], f["against"]) for f in taken["fills"]] == [(inside, "implied-out", "offer")]
    assert optionix("ledger", "verify").code == 0
