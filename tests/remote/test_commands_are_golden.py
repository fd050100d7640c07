"""The bytes of what commands print as JSON beside a server, compared with the files in `golden/`.

`--snapshot-update` renews them. Masked is what differs between runs: ids, secrets, ports, folders.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyotp

from tests.cli.conftest import CommandLine
from tests.cli.test_json_is_golden import OF_A_SERVER
from tests.remote.commands import EMAIL, login, masked
from tests.remote.conftest import PASSWORD, Live

if TYPE_CHECKING:
    import pytest

GROUPS = {"account", "mfa", "sessions", "devices", "keys", "sync"}
GOLDEN = Path(__file__).with_name("golden")


def _check(name: str, told: str, pytestconfig: pytest.Config) -> None:
    file = GOLDEN / f"{name.replace(' ', '-')}.json"
    if pytestconfig.getoption("update_snapshots"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_bytes(told.encode())
    assert told == file.read_bytes().decode(), name


def test_json_of_every_command_beside_a_server(
    team: CommandLine, live: Live, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optionix_tui.remote.team.device_name", lambda: "machine")
    user = live.add()
    seen: set[str] = set()

    def run(*command: str, stdin: str = "") -> str:
        name = " ".join(command[:2] if command[0] in GROUPS else command[:1])
        answer = team(*command, "--json", stdin=stdin)
        assert answer.code == 0, f"{command}: {answer.words}"
        if name not in seen:
            seen.add(name)
            _check(name, masked(answer.out, team), pytestconfig)
        return answer.out

    import json

    run("login", "--server", live.url, "--email", EMAIL, "--password-stdin", stdin=PASSWORD)
    live.bound(user, "paper-1")  # this home does not know of it yet
    assert team("buy", "1", "ORBIT 15JAN27 230 C", "--client-id", "first").code == 0
    run("sync", "status")
    run("sync", "now")
    conflicts = json.loads(run("sync", "conflicts"))["conflicts"]
    run("sync", "resolve", conflicts[0]["id"], "discard")
    file = team.home / "state" / "server" / "session.json"
    signed_in = file.read_text()
    file.write_text(signed_in.replace(live.url, "http://127.0.0.1:9"))
    assert team("buy", "1", "ORBIT 15JAN27 230 C", "--limit", "3", "--client-id", "second").code == 3
    run("sync", "intents")
    file.write_text(signed_in)
    run("sync", "desk")
    live.add("bob", desk_id=user.desk_id)
    run("account", "share", "paper-1", "--with", "bob@example.com", "--rights", "trade")
    run("account", "shares")
    run("account", "unshare", "paper-1", "--with", "bob@example.com")
    live.clock.advance(timedelta(seconds=1))  # lists are in the order of time
    other = live.team("other")
    with live.workspace("other") as workspace:
        lost = other.sign_in(workspace, live.url, EMAIL, PASSWORD).sign_in
    run("sessions", "list")
    run("devices", "list")
    run("sessions", "revoke", lost.session_id, "--yes")
    run("devices", "release", lost.device_id, "--yes")
    run("devices", "revoke", lost.device_id, "--yes")
    more = ("--address", "10.0.0.0/8", "--expires", "2026-10-01T12:00Z")
    run("keys", "create", "nightly", "--scope", "sync:read", *more, "-o", str(team.folder / "job.key"))
    keys = json.loads(run("keys", "list"))["keys"]
    run("keys", "revoke", keys[0]["key_id"], "--yes")
    secret = json.loads(run("mfa", "setup"))["secret"]
    code = pyotp.TOTP(secret).at(live.clock.now())
    backup = json.loads(run("mfa", "verify", "--code-stdin", stdin=code))["backup_codes"]
    both = ("--password-stdin", "--code-stdin")
    backup = json.loads(run("mfa", "codes", *both, stdin=f"{PASSWORD}\n{backup[0]}\n"))["backup_codes"]
    run("password", *both, stdin=f"{PASSWORD}\nanother {PASSWORD}\n{backup[1]}\n")
    run("mfa", "disable", *both, stdin=f"another {PASSWORD}\n{backup[0]}\n")
    run("sync", "resume", "--yes")
    run("sync", "leave", "--yes")
    run("logout")
    assert seen == OF_A_SERVER
    assert {path.stem.replace("-", " ") for path in GOLDEN.iterdir()} == OF_A_SERVER


def test_a_sign_in_again_prints_the_same(team: CommandLine, live: Live, pytestconfig: pytest.Config) -> None:
    live.add()
    first, second = (login(team, live, "--json") for _ in range(2))
    assert masked(first.out, team) == masked(second.out, team)
