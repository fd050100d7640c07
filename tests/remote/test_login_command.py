"""Signing in and out by command: what is piped, what is never shown, what each failure exits with."""

from __future__ import annotations

import json
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from optionix_core.errors import RefusedError
from optionix_core.services import trading
from optionix_core.trading.terms import OrderTerms
from tests.cli.conftest import Answer, CommandLine
from tests.remote.commands import EMAIL, login
from tests.remote.conftest import PASSWORD, Live

OPTION = "ORBIT 15JAN27 230 C"


def test_login_keeps_who_one_is_and_shows_no_secret(team: CommandLine, live: Live) -> None:
    live.add()
    answer = login(team, live, "--json")
    assert answer.code == 0, answer.words
    told = json.loads(answer.out)
    assert (told["email"], told["role"], told["tokens"]) == (EMAIL, "trader", "file")
    assert "no keyring" in answer.words
    kept = [file.read_text() for file in (team.home / "state" / "server").iterdir() if file.suffix == ".json"]
    tokens = next(json.loads(text) for text in kept if "access_token" in text)
    for secret in (PASSWORD, tokens["access_token"], tokens["refresh_token"]):
        assert secret not in answer.out + answer.words
    assert not any(PASSWORD in text for text in kept)
    again = team("login", "--password-stdin", stdin=PASSWORD)
    assert again.code == 0, again.words  # server and e-mail are those of the last time
    assert EMAIL in again.out


def test_an_account_is_made_and_signed_in_at_once(team: CommandLine, live: Live) -> None:
    answer = login(team, live, "--register", "--full-name", "Ada Lovelace", "--json", email="ada@example.com")
    assert answer.code == 0, answer.words
    assert json.loads(answer.out)["full_name"] == "Ada Lovelace"
    twice = login(team, live, "--register", "--full-name", "Ada Lovelace", email="ada@example.com")
    assert (twice.code, "email-taken" in twice.words) == (5, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--email", EMAIL, "--password-stdin"), "--server is missing"),
        (("--server", "SERVER", "--password-stdin"), "--email is missing"),
        (("--server", "SERVER", "--email", EMAIL), "--password-stdin is missing: there is no terminal"),
        (("--server", "SERVER", "--email", EMAIL, "--password-stdin", "--register"), "--register needs --full-name"),
        (("--server", "SERVER", "--email", EMAIL, "--password-stdin", "--full-name", "A"), "is for --register"),
    ],
)
def test_what_is_missing_is_named_and_nobody_is_asked_without_a_terminal(
    team: CommandLine, live: Live, arguments: tuple[str, ...], words: str
) -> None:
    given = [live.url if word == "SERVER" else word for word in arguments]
    answer = team("login", *given, stdin=PASSWORD)
    assert (answer.code, words in answer.words) == (2, True), answer.words


def test_each_failure_has_its_exit_code(team: CommandLine, live: Live) -> None:
    live.add()
    assert login(team, live, stdin="certainly not it").code == 5
    assert login(team, live, stdin="").code == 2
    away = team("login", "--server", "http://127.0.0.1:9", "--email", EMAIL, "--password-stdin", stdin=PASSWORD)
    assert (away.code, "cannot be reached" in away.words) == (3, True)
    plain = team("login", "--server", "http://team.example", "--email", EMAIL, "--password-stdin", stdin=PASSWORD)
    assert (plain.code, "https://" in plain.words) == (1, True)
    reading = team("--read-only", "login", "--server", live.url, "--email", EMAIL, "--password-stdin", stdin=PASSWORD)
    assert (reading.code, "nothing is written" in reading.words) == (5, True)
    for command in (("logout",), ("sessions", "list"), ("mfa", "setup"), ("sync", "desk")):
        answer = team(*command)
        assert (answer.code, "optionix login" in answer.words) == (5, True), command


def test_logout_removes_the_tokens_and_ends_sessions(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    other = live.team("other")
    with live.workspace("other") as workspace:
        other.sign_in(workspace, live.url, EMAIL, PASSWORD)
    answer = team("logout", "--everywhere", "--json")
    assert answer.code == 0, answer.words
    told = json.loads(answer.out)
    assert (told["signed_out"], told["everywhere"], told["server_told"]) == (True, True, True)
    assert not (team.home / "state" / "server" / "tokens.json").exists()
    with pytest.raises(RefusedError):
        other.client().me.show()
    assert team("logout").code == 5


def test_sessions_and_devices_are_listed_and_revoked(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    other = live.team("other")
    with live.workspace("other") as workspace:
        lost = other.sign_in(workspace, live.url, EMAIL, PASSWORD).sign_in
    sessions = json.loads(team("sessions", "list", "--json").out)["sessions"]
    assert sorted(one["current"] for one in sessions) == [False, True]
    devices = json.loads(team("devices", "list", "--json").out)["devices"]
    assert {one["device_id"]: one["current"] for one in devices}[lost.device_id] is False
    assert "--yes is missing" in team("devices", "revoke", lost.device_id).words
    assert team("devices", "revoke", lost.device_id, "--yes").code == 0
    assert "revoked" in team("devices", "list").out
    gone = team("sessions", "revoke", lost.session_id, "--yes")
    assert gone.code == 6, gone.words  # it ended with its device


def test_a_key_goes_into_a_file_and_nowhere_else(
    team: CommandLine, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.add()
    login(team, live)
    file = team.folder / "job.key"
    answer = team("keys", "create", "nightly", "--scope", "profile:read", "-o", str(file), "--json")
    assert answer.code == 0, answer.words
    key = file.read_text().strip()
    assert key.startswith("ok_")
    assert key not in answer.out + answer.words
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "exists already" in team("keys", "create", "again", "--scope", "profile:read", "-o", str(file)).words
    listed = json.loads(team("keys", "list", "--json").out)["keys"]
    assert [(one["name"], one["scopes"]) for one in listed] == [("nightly", ["profile:read"])]
    monkeypatch.setenv("OPTIONIX_API_KEY_FILE", str(file))
    assert team("sessions", "list").code == 5  # a key has its scopes alone
    monkeypatch.delenv("OPTIONIX_API_KEY_FILE")
    assert team("keys", "revoke", listed[0]["key_id"], "--yes").code == 0
    assert json.loads(team("keys", "list", "--json").out)["keys"] == []


def test_a_key_is_bound_to_networks_and_ends_when_it_was_said(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    elsewhere, here = team.folder / "elsewhere.key", team.folder / "here.key"

    def create(file: Path, *more: str) -> Answer:
        return team("keys", "create", "job", "--scope", "profile:read", *more, "-o", str(file))

    ends = live.clock.now() + timedelta(hours=2)
    assert create(elsewhere, "--address", "192.0.2.0/24", "--address", "2001:db8::/32").code == 0
    assert create(here, "--address", "127.0.0.0/8", "--expires", ends.isoformat()).code == 0
    listed = sorted(
        json.loads(team("keys", "list", "--json").out)["keys"], key=lambda one: "127.0.0.0/8" in one["addresses"]
    )
    assert [one["addresses"] for one in listed] == [["192.0.2.0/24", "2001:db8::/32"], ["127.0.0.0/8"]]
    assert listed[1]["expires_at"] == ends.isoformat()
    table = team("keys", "list").out
    assert "127.0.0.0/8" in table
    assert f"{ends:%Y-%m-%d %H:%M:%S}" in table
    assert [profile_is_read(live, file) for file in (elsewhere, here)] == [False, True]
    live.clock.advance(timedelta(hours=2))
    assert not profile_is_read(live, here)
    login(team, live)
    for more, code, words in (
        (("--address", "here"), 1, "addresses"),
        (("--expires", "2026-09-01T00:00Z"), 1, "expires_at must be after now"),
        (("--expires", "tomorrow"), 2, "--expires must be a moment"),
    ):
        refused = create(team.folder / "none.key", *more)
        assert (refused.code, words in refused.words) == (code, True), refused.words
    assert not (team.folder / "none.key").exists()


def profile_is_read(live: Live, key_file: Path) -> bool:
    """Whether a job with the key is let in."""
    made = live.team("job", environ={"OPTIONIX_API_KEY_FILE": str(key_file)}, server=live.url)
    try:
        made.client().me.show()
    except RefusedError:
        return False
    return True


def test_a_home_that_has_traded_joins_a_server_that_made_its_own_account_first(team: CommandLine, live: Live) -> None:
    live.add()
    other = live.team("other")
    with live.workspace("other") as workspace:
        other.sign_in(workspace, live.url, EMAIL, PASSWORD)
    assert other.client().portfolio.summary().account_id == "server-1"  # made by the first look
    assert team("buy", "1", OPTION).code == 0
    assert login(team, live).code == 0
    done = json.loads(team("sync", "now", "--json").out)
    assert (done["pushed"], done["quarantined"], done["conflicts"]) == (4, 0, 0)
    assert {one.account_id: one.kind for one in other.client().portfolio.accounts()} == {
        "server-1": "server-paper",
        "paper-1": "local-sim",
    }
    here = json.loads(team("positions", "--json").out)
    assert [one["quantity"] for one in here["positions"]] == [1]
    assert json.loads(team("--account", "server-1", "buy", "2", OPTION, "--json").out)["filled_quantity"] == 2


def test_two_accounts_of_one_name_are_told_before_anything_is_bound(team: CommandLine, live: Live) -> None:
    user = live.add()
    live.bound(user, "paper-1")  # as servers named their first account once
    assert team("buy", "1", OPTION).code == 0
    refused = login(team, live)
    assert refused.code == 5
    for words in (
        "paper-1 of this home",
        f"paper-1 of {EMAIL} on {live.url} is bound to server-paper",
        "OPTIONIX_HOME",
    ):
        assert words in refused.words, refused.words
    status = json.loads(team("sync", "status", "--json").out)
    assert (status["bound"], status["email"]) == (False, None)
    assert team("buy", "1", OPTION).code == 0  # the home goes on as it was
    assert live.server.books.store(live.server.books.own_stream(user.id)).head().seq == 1
    aside = live.team("aside")
    with live.workspace("aside") as workspace:
        aside.sign_in(workspace, live.url, EMAIL, PASSWORD)  # the way out that was told
    assert [one.current for one in aside.client().sessions.list()] == [True]  # the refused one was ended


def test_a_second_home_that_traded_the_same_name_is_not_mixed_into_the_first(team: CommandLine, live: Live) -> None:
    live.add()
    assert team("buy", "1", OPTION).code == 0
    assert login(team, live).code == 0
    assert team("sync", "now").code == 0
    live.clock.advance(timedelta(seconds=1))
    other = live.team("other")
    with live.workspace("other") as workspace:
        trading.place(workspace, OrderTerms("buy", 3, OPTION))
        with pytest.raises(RefusedError, match=r"opened .* on another device"):
            other.sign_in(workspace, live.url, EMAIL, PASSWORD)
        assert other.standing() is None
    assert team("sync", "leave", "--yes").code == 0
    assert login(team, live).code == 0  # its own account is no other
    assert json.loads(team("sync", "now", "--json").out)["conflicts"] == 0
