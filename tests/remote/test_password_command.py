"""Another password by command: what is piped, what ends by it, what is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pyotp
import pytest

from optionix_core.errors import RefusedError
from tests.cli.conftest import Answer, CommandLine
from tests.remote.commands import EMAIL, login
from tests.remote.conftest import PASSWORD, Live

NEW = "another sentence of ours"


def change(team: CommandLine, *lines: str, more: tuple[str, ...] = ()) -> Answer:
    return team("password", "--password-stdin", *more, "--json", stdin="\n".join((*lines, "")))


def test_a_password_is_changed_other_sessions_end_and_this_home_goes_on(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    other = live.team("other")
    with live.workspace("other") as workspace:
        other.sign_in(workspace, live.url, EMAIL, PASSWORD)
    done = change(team, PASSWORD, NEW)
    assert (done.code, json.loads(done.out)["changed"]) == (0, True), done.words
    assert not {PASSWORD, NEW} & set(done.out.split('"') + done.words.split())
    with pytest.raises(RefusedError):
        other.client().me.show()
    assert team("sessions", "list").code == 0
    assert login(team, live).code == 5
    assert login(team, live, stdin=NEW).code == 0


def test_what_may_not_be_is_refused_by_name_and_nothing_changes(team: CommandLine, live: Live) -> None:
    live.add()
    assert change(team, PASSWORD, NEW).code == 5  # nobody is signed in
    login(team, live)
    for lines, code, words in (
        (("not it at all", NEW), 5, "password is wrong"),
        ((PASSWORD, "short"), 1, "new_password"),
        ((PASSWORD, PASSWORD), 1, "new_password"),
        ((PASSWORD,), 2, "no line with the new password"),
    ):
        refused = change(team, *lines)
        assert (refused.code, words in refused.words) == (code, True), refused.words
        assert PASSWORD not in refused.words
    unpiped = team("password")
    assert (unpiped.code, "--password-stdin is missing" in unpiped.words) == (2, True)
    assert login(team, live).code == 0


def test_a_second_factor_that_is_on_is_asked_for(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    totp = pyotp.TOTP(json.loads(team("mfa", "setup", "--json").out)["secret"])
    assert team("mfa", "verify", "--code-stdin", stdin=totp.at(live.clock.now())).code == 0
    live.clock.advance(timedelta(seconds=30))
    asked = change(team, PASSWORD, NEW)
    assert (asked.code, "--code-stdin is missing" in asked.words) == (2, True), asked.words
    code = totp.at(live.clock.now())
    assert change(team, PASSWORD, NEW, "000000" if code != "000000" else "000001", more=("--code-stdin",)).code == 5
    done = change(team, PASSWORD, NEW, code, more=("--code-stdin",))
    assert done.code == 0, done.words
