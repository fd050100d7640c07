"""`optionix kill` and `optionix halt`: exit codes, what stderr names, and that nothing happens without --yes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

KEY = "ORBIT270115C00230000"
REST = f"order submit --symbol {KEY} --side buy --quantity 2 --type limit --limit 1.50 --tif GTC --client-id a"
BIG = "buy 3 ORBIT 15JAN27 200 C --client-id first"
ARM = "kill arm --by ada --yes"

REFUSED = [
    # command, exit code, what stderr must hold
    ("kill", 2, ["status", "rearm"]),
    ("kill arm", 2, ["--yes is missing"]),
    ("kill fire", 2, ["--yes is missing", "ends every working order", "--dry-run"]),
    ("kill fire --yes --by ada", 1, ["kill switch must be armed", "(got disarmed)"]),
    ("kill fire --dry-run --by ada", 1, ["kill switch must be armed", "(got disarmed)"]),
    ("kill rearm --yes", 2, ["--confirm is missing", "kill status"]),
    ("kill rearm --yes --by ada --confirm rearm-k1", 1, ["kill switch must be fired", "(got disarmed)"]),
    ("kill watch --yes", 2, ["--daily-loss is missing"]),
    ("kill watch --daily-loss 100", 2, ["--yes is missing", "--dry-run"]),
    ("kill watch --daily-loss 0 --yes", 1, ["daily_loss must be above 0", "(got 0)"]),
    ("halt start NOPE --yes --by ada", 2, ["unknown underlying", "'NOPE'", "ORBIT"]),
    ("halt start ORBIT --by ada", 2, ["--yes is missing"]),
    ("halt start ORBIT --yes --by ada --minutes 0", 2, ["--minutes", "1 to 1000000", "(got 0)"]),
    ("halt start ORBIT --yes --by ada --minutes 1 --until 2027-01-08T20:00Z", 2, ["--minutes and --until"]),
    ("halt start ORBIT --yes --by ada --until 2026-01-08T20:00Z", 1, ["until must be after"]),
    ("halt start ORBIT --yes --by ada --rule X", 1, ["rule", "small letters", "'X'"]),
    ("halt lift ORBIT --yes --by ada", 1, ["halt must be one that is set", "manual of ORBIT"]),
    ("halt status --bands ORBIT --tier 3", 1, ["tier must be 1 or 2", "3"]),
    ("halt status --index NOPE", 2, ["unknown underlying", "'NOPE'"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_cannot_be_done_is_named_and_changes_nothing(optionix, command, code, told):
    answer = optionix(*command.split())
    assert (answer.code, answer.out) == (code, "") or command == "kill"
    for words in told:
        assert words in answer.words
    assert json.loads(optionix("kill", "status", "--json").out)["state"] == "disarmed"
    assert json.loads(optionix("halt", "status", "--json").out)["halts"] == []


def test_a_kill_from_the_command_line_ends_orders_refuses_new_ones_and_asks_twice(optionix):
    for command in (REST, ARM):
        assert optionix(*command.split()).code == 0
    fired = optionix("kill", "fire", "--by", "ada", "--reason", "feed looks wrong", "--id", "k1", "--yes")
    assert fired.code == 0
    assert "kill switch fired" in fired.out
    assert "orders ended: a" in fired.out
    assert "--confirm rearm-k1" in fired.out
    refused = optionix(*REST.replace("--client-id a", "--client-id b").split())
    assert refused.code == 5
    assert "refused by kill-switch: kill k1 is in force" in refused.words
    assert optionix("kill", "rearm", "--by", "ada", "--confirm", "yes", "--yes").code == 1
    assert optionix("kill", "rearm", "--by", "ada", "--confirm", "rearm-k1", "--yes").code == 0
    assert optionix(*REST.replace("--client-id a", "--client-id c").split()).code == 0


def test_what_cannot_be_closed_at_once_is_told_with_exit_code_1(optionix):
    for command in (BIG, ARM, "halt start ORBIT --by ada --yes"):
        assert optionix(*command.split()).code == 0
    answer = optionix(*["kill", "fire", "--by", "ada", "--flatten", "--id", "k1", "--yes", "--json"])
    assert answer.code == 1
    assert "still held: 3 ORBIT 270115C00200000" in answer.words
    assert json.loads(answer.out)["orders"][0]["reason"].startswith("not-halted")
    assert optionix(*["halt", "lift", "ORBIT", "--by", "ada", "--yes"]).code == 0
    assert optionix(*["kill", "fire", "--by", "ada", "--yes"]).code == 0


def test_a_halted_order_is_shown_suspended_until_the_halt_is_over(optionix):
    for command in (REST, "halt start ORBIT --by ada --reason news --minutes 5 --yes"):
        assert optionix(*command.split()).code == 0
    assert "suspended" in optionix("order", "list").out
    shown = optionix("halt", "status")
    assert "suspended orders: a" in shown.out
    assert "news" in shown.out
    refused = optionix(*REST.replace("--client-id a", "--client-id b").split())
    assert (refused.code, "refused by not-halted" in refused.words) == (5, True)
    optionix.clock.advance(timedelta(minutes=5))
    assert json.loads(optionix("order", "list", "--json").out)["orders"][0]["state"] == "working"
    assert optionix("halt", "status").out.startswith("nothing is halted")


def test_a_loss_of_the_day_fires_what_is_armed_with_exit_code_5(optionix):
    for command in (BIG, ARM):
        assert optionix(*command.split()).code == 0
    answer = optionix(*["kill", "watch", "--daily-loss", "1", "--dry-run", "--json"])
    assert (answer.code, "refused by daily-loss: a dry run" in answer.words) == (5, True)
    fired = optionix(*["kill", "watch", "--daily-loss", "1", "--flatten", "--yes", "--json"])
    document = json.loads(fired.out)
    assert (fired.code, document["fired"], document["kill"]["state"]) == (5, True, "fired")
    assert f"kill {document['kill']['kill_id']} was fired" in fired.words
