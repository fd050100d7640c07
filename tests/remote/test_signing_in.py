"""Signing in, renewing, second factor, sessions, devices and keys, against the real server over HTTP."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import keyring
import pyotp
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, ReadOnlyError, RefusedError, VenueError
from optionix_core.services.home import HomeFolders
from optionix_tui.remote.answers import Granted
from optionix_tui.remote.standing import SignInFile
from optionix_tui.remote.team import Team
from tests.remote.conftest import PASSWORD, Live
from tests.remote.test_tokens import Ring

EMAIL = "ann@example.com"


def sign_in(live: Live, team: Team, home: str = "home", code: str | None = None) -> None:
    with live.workspace(home) as workspace:
        team.sign_in(workspace, live.url, EMAIL, PASSWORD, code)


def test_whoever_registers_signs_in_and_is_known(live: Live) -> None:
    team = live.team()
    team.register(live.url, "ada@example.com", PASSWORD, "Ada Lovelace")
    with live.workspace() as workspace:
        done = team.sign_in(workspace, live.url, "ada@example.com", PASSWORD)
        assert done.sign_in.device_id == workspace.store.device()  # type: ignore[attr-defined] # as above
    assert (done.sign_in.email, done.sign_in.role, done.sign_in.tokens) == ("ada@example.com", "trader", "file")
    assert "no keyring" in done.warning
    me = team.client().me.show()
    assert (me.full_name, me.kyc_status) == ("Ada Lovelace", "none")
    assert team.client().me.change(full_name="Ada Byron").full_name == "Ada Byron"
    assert team.look().full_name == "Ada Byron"
    state = live.home("home").state / "server"
    if sys.platform != "win32":
        assert stat.S_IMODE((state / "tokens.json").stat().st_mode) == 0o600
    assert "eyJ" not in (state / "session.json").read_text()
    with pytest.raises(RefusedError, match="email-taken"):
        team.register(live.url, "ada@example.com", PASSWORD, "Ada Lovelace")
    with pytest.raises(InvalidValueError, match="password"):
        team.register(live.url, "bob@example.com", "short", "Bob")


def test_a_wrong_password_is_refused_and_keeps_nothing(live: Live) -> None:
    live.add()
    team = live.team()
    with live.workspace() as workspace, pytest.raises(RefusedError, match="invalid-credentials") as caught:
        team.sign_in(workspace, live.url, EMAIL, "certainly not it")
    assert caught.value.exit_code == 5
    assert "certainly" not in str(caught.value)
    assert team.standing() is None
    with pytest.raises(RefusedError, match="optionix login"):
        team.client()


def test_tokens_are_renewed_when_they_are_old_and_when_the_server_says_so(live: Live) -> None:
    live.add()
    team = live.team()
    sign_in(live, team)
    client = team.client()
    file = live.home("home").state / "server" / "tokens.json"
    first = file.read_text()
    assert client.me.show().email == EMAIL
    assert file.read_text() == first
    live.clock.advance(timedelta(minutes=16))
    assert client.me.show().email == EMAIL
    assert file.read_text() != first
    second = file.read_text()
    late = live.team()
    assert late.client().me.show().email == EMAIL
    assert file.read_text() == second


def test_two_homes_have_two_sessions_and_one_ends_without_the_other(live: Live) -> None:
    live.add()
    one, other = live.team("one"), live.team("other")
    sign_in(live, one, "one")
    sign_in(live, other, "other")
    here = one.signed_in()
    found = one.client().sessions.list()
    assert {item.session_id: item.current for item in found}[here.session_id] is True
    assert sum(item.current for item in found) == 1
    assert {item.user_agent.partition("/")[0] for item in found} == {"optionix"}
    one.client().sessions.revoke(other.signed_in().session_id)
    with pytest.raises(RefusedError, match="revoked-session"):
        other.client().me.show()
    assert one.client().me.show().email == EMAIL
    with pytest.raises(MissingDataError):
        one.client().sessions.revoke(other.signed_in().session_id)


def test_a_revoked_device_is_out_for_good(live: Live) -> None:
    live.add()
    one, other = live.team("one"), live.team("other")
    sign_in(live, one, "one")
    sign_in(live, other, "other")
    lost = other.signed_in().device_id
    assert {item.device_id: item.state for item in one.client().devices.list()}[lost] == "active"
    one.client().devices.revoke(lost)
    assert {item.device_id: item.state for item in one.client().devices.list()}[lost] == "revoked"
    with pytest.raises(RefusedError) as caught:
        other.client().me.show()
    assert caught.value.exit_code == 5
    with pytest.raises(RefusedError, match="device-revoked"):
        sign_in(live, other, "other")


def test_signing_out_ends_the_session_and_removes_the_tokens(live: Live) -> None:
    live.add()
    one, other = live.team("one"), live.team("other")
    sign_in(live, one, "one")
    sign_in(live, other, "other")
    assert one.sign_out() == ""
    assert one.standing() is None
    assert not (live.home("one").state / "server" / "tokens.json").exists()
    sign_in(live, one, "one")
    assert one.sign_out(everywhere=True) == ""
    with pytest.raises(RefusedError, match="revoked-session"):
        other.client().me.show()


def test_signing_out_works_without_a_server(live: Live) -> None:
    live.add()
    team = live.team()
    sign_in(live, team)
    gone = live.team(transport=_unreachable)
    assert "cannot be reached" in gone.sign_out()
    assert gone.standing() is None


def test_a_keyring_that_is_gone_keeps_nobody_from_signing_out_or_in_again(live: Live) -> None:
    """As over SSH, where the desktop's keyring does not answer."""
    live.add()
    team = live.team()
    none = keyring.get_keyring()
    keyring.set_keyring(Ring())
    sign_in(live, team)
    assert team.signed_in().tokens == "keyring"
    keyring.set_keyring(none)
    sign_in(live, team)
    assert team.signed_in().tokens == "file"
    assert team.client().me.show().email == EMAIL
    keyring.set_keyring(Ring())
    sign_in(live, team)
    keyring.set_keyring(none)
    assert "does not answer here" in team.sign_out()
    assert team.standing() is None


def test_tokens_of_another_sign_in_are_never_sent_for_the_one_before(live: Live) -> None:
    """A run that began before a sign-in on another server stops; the same user goes on with the new session's."""
    live.add()
    team, other = live.team(), live.team()
    sign_in(live, team)
    client = team.client()
    credentials: Any = client._credentials
    before = client.bearer()
    sign_in(live, other)
    assert credentials.renewed(before) != before
    assert client.me.show().email == EMAIL
    SignInFile(live.home("home").state).save(replace(team.signed_in(), server="https://other.example"))
    with pytest.raises(RefusedError, match="nobody is signed in here"):
        credentials.renewed(client.bearer())


def test_whoever_signs_out_waits_for_a_renewal_that_would_keep_its_tokens_after_it(live: Live) -> None:
    live.add()
    team = live.team()
    sign_in(live, team)
    folder = live.home("home").state / "server"
    client = team.client()
    credentials: Any = client._credentials
    asked, go = Event(), Event()
    renew = credentials._renew

    def slowly(token: str) -> Granted:
        made = renew(token)
        asked.set()
        assert go.wait(30.0)
        return made

    credentials._renew = slowly
    live.clock.advance(timedelta(minutes=16))
    renewing = Thread(target=client.bearer)
    renewing.start()
    assert asked.wait(30.0)
    leaving = Thread(target=live.team().sign_out)
    leaving.start()
    leaving.join(0.2)
    assert leaving.is_alive()  # it has its turn after the renewal
    go.set()
    renewing.join(30.0)
    leaving.join(30.0)
    assert not (folder / "tokens.json").exists()
    assert team.standing() is None


def _unreachable():  # type: ignore[no-untyped-def] # a transport
    import httpx

    from tests.remote.scripted import Scripted

    return Scripted(httpx.ConnectError("no route"))


def test_the_second_factor_is_on_after_a_first_code_and_asked_for_at_the_next_sign_in(live: Live) -> None:
    live.add()
    team = live.team()
    sign_in(live, team)
    client = team.client()
    begun = client.me.mfa_setup()
    assert begun.otpauth_uri.startswith("otpauth://totp/")
    totp = pyotp.TOTP(begun.secret)
    with pytest.raises(InvalidValueError, match="code"):
        client.me.mfa_verify("000000" if totp.at(live.clock.now()) != "000000" else "111111")
    codes = client.me.mfa_verify(totp.at(live.clock.now()))
    assert len(codes) == 10
    assert team.look().mfa_enabled
    live.clock.advance(timedelta(seconds=30))
    with pytest.raises(RefusedError) as caught:
        sign_in(live, team)
    assert caught.value.rule == "mfa-required"
    sign_in(live, team, code=totp.at(live.clock.now()))
    sign_in(live, team, code=codes[0])
    with pytest.raises(RefusedError, match="invalid-mfa-code"):
        sign_in(live, team, code=codes[0])
    live.clock.advance(timedelta(seconds=30))
    team.client().me.mfa_disable(totp.at(live.clock.now()), PASSWORD)
    assert not team.look().mfa_enabled


def test_after_five_minutes_the_password_is_wanted_once_more(live: Live) -> None:
    live.add()
    team = live.team()
    sign_in(live, team)
    live.clock.advance(timedelta(minutes=6))
    with pytest.raises(RefusedError) as caught:
        team.client().me.mfa_setup()
    assert caught.value.rule == "step-up-required"
    team.client().me.step_up(PASSWORD)
    assert team.client().me.mfa_setup().secret


def test_a_key_speaks_for_a_home_where_nobody_is_signed_in(live: Live, tmp_path: Path) -> None:
    live.add()
    team = live.team()
    sign_in(live, team)
    made = team.client().keys.create("nightly", ["profile:read"])
    assert made.key.startswith("ok_")
    assert made.key not in repr(made)
    assert [one.name for one in team.client().keys.list()] == ["nightly"]
    file = tmp_path / "key"
    file.write_text(made.key)
    file.chmod(0o600)
    home = HomeFolders.of(tmp_path / "cron")
    job = live.of(home, environ={"OPTIONIX_API_KEY_FILE": str(file)}, server=live.url)
    assert job.client().me.show().email == EMAIL
    with pytest.raises(RefusedError, match="forbidden"):
        job.client().sessions.list()
    team.client().keys.revoke(made.key_id)
    with pytest.raises(RefusedError):
        job.client().me.show()


def test_a_home_for_reading_alone_neither_signs_in_nor_out(live: Live) -> None:
    live.add()
    team = live.of(HomeFolders(*(live.folder / "home" / part for part in "abcd"), read_only=True))
    with live.workspace() as workspace, pytest.raises(ReadOnlyError, match="sign in"):
        team.sign_in(workspace, live.url, EMAIL, PASSWORD)


def test_what_is_no_server_of_ours_is_told(live: Live) -> None:
    team = live.team()
    with pytest.raises(InvalidValueError, match="server"):
        team.register("http://team.example", EMAIL, PASSWORD, "Ann")
    with pytest.raises(VenueError, match="cannot be reached"):
        team.register("http://127.0.0.1:9", EMAIL, PASSWORD, "Ann")
