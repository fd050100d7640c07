"""`optionix venue run`: the venue kept up to now, and each event told once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms, place
from optionix_core.services.venue_running import looks
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import TimeInForce
from tests.cli.conftest import MOMENT

CALL = "ORBIT270115C00200000"
REST = ("order", "submit", "--symbol", CALL, "--side", "buy", "--quantity", "1", "--type", "limit", "--limit")


def test_one_look_tells_what_came_due(optionix):
    assert optionix(*REST, "18.80", "--tif", "GTC", "--client-id", "deep").code == 0
    assert optionix("venue", "run", "--once").out == ""
    optionix.clock.advance(timedelta(days=2))
    answer = optionix("venue", "run", "--once", "--json")
    assert answer.code == 0, answer.words
    told = [json.loads(line) for line in answer.out.splitlines()]
    mine = [one["type"] for one in told if one["id"].startswith("order/deep/")]
    assert mine == ["order.filled", "ledger.entry", "order.completed"]
    shown = json.loads(optionix("order", "show", "deep", "--json").out)
    assert (shown["state"], shown["fills"][0]["filled_at"]) == ("filled", told[0]["time"])
    assert optionix("venue", "run", "--once").out == ""


def test_looking_often_comes_to_the_same_as_looking_once(tmp_path):
    heads = []
    for name, step in (("often", timedelta(hours=1)), ("once", timedelta(days=2))):
        clock = ManualClock(MOMENT)
        with Workspace.open(HomeFolders.of(tmp_path / name), clock=clock) as workspace:
            terms = OrderTerms("buy", 1, CALL, limit_price=Decimal("18.80"), time_in_force=TimeInForce.GTC)
            place(workspace, terms, "deep")

            def wait(_seconds, clock=clock, step=step):
                clock.advance(step)
                return clock.now() > MOMENT + timedelta(days=2)

            found = [look for look in looks(workspace, 1.0, wait) if look.facts]
            heads.append([(fact.event.id, fact.event.time, fact.event.payload) for one in found for fact in one.facts])
    assert heads[0] == heads[1] != []


def test_the_time_between_looks_has_bounds(optionix):
    for every in ("0", "0.1", "7200"):
        answer = optionix("venue", "run", "--every", every)
        assert answer.code == 1
        assert answer.words.endswith(f"error: every must be from 0.2 to 3600 seconds (got {float(every)})\n")
    with pytest.raises(InvalidValueError):
        looks(None, 0.0, lambda _seconds: True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_a_request_to_end_is_obeyed_between_looks(tmp_path):
    command = [sys.executable, "-m", "optionix_tui", "venue", "run", "--every", "0.2"]
    home = {**os.environ, "OPTIONIX_HOME": str(tmp_path / "home")}
    with subprocess.Popen(command, env=home, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "up to now every 0.2 s" in running.stderr.readline()
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 0
