"""Prompts of the command line in a real terminal: a password is typed unseen, a code is asked for only where needed."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

from server.auth.identity import Role
from tests.remote.conftest import PASSWORD, Live

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of POSIX")
PATIENCE = 90


def typed(live: Live, home: Path, *arguments: str) -> Any:
    import pexpect

    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
    environment = {
        **inherited,
        "OPTIONIX_HOME": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }
    words = ["-m", "optionix_tui", *arguments]
    return pexpect.spawn(
        sys.executable, words, env=environment, encoding="utf-8", timeout=PATIENCE, dimensions=(60, 120)
    )


def ended(process: Any) -> int:
    import pexpect

    process.expect(pexpect.EOF)
    process.close()
    return int(process.exitstatus)


def test_a_password_is_typed_unseen_and_a_code_only_where_one_is_needed(live: Live, tmp_path: Path) -> None:
    live.add()
    home = tmp_path / "typed"
    first = typed(live, home, "login", "--server", live.url, "--email", "ann@example.com")
    first.expect("password: ")
    first.sendline(PASSWORD)
    first.expect("signed in on")
    assert PASSWORD not in first.before + first.after
    assert ended(first) == 0
    setup = typed(live, home, "mfa", "setup")
    setup.expect(r"secret: ([A-Z2-7]+)")
    totp = pyotp.TOTP(setup.match.group(1))
    assert "█▀" in setup.before
    setup.expect("backup code: ")
    setup.sendline(totp.at(live.clock.now()))
    setup.expect("backup codes, each works once")
    assert ended(setup) == 0
    live.clock.advance(timedelta(seconds=30))
    again = typed(live, home, "login")
    again.expect("password: ")
    again.sendline(PASSWORD)
    again.expect("backup code: ")
    again.sendline(totp.at(live.clock.now()))
    again.expect("signed in on")
    assert ended(again) == 0


def test_a_new_password_is_typed_twice_in_the_same_way(live: Live, tmp_path: Path) -> None:
    live.add()
    team = live.team("typed")
    with live.workspace("typed") as workspace:
        team.sign_in(workspace, live.url, "ann@example.com", PASSWORD)

    def change(*words: str) -> Any:
        process = typed(live, live.home("typed").state.parent, "password")
        for prompt, word in zip(("present password: ", "new password: ", "new password again: "), words, strict=True):
            process.expect(prompt)
            process.sendline(word)
        return process

    new = "another sentence of ours"
    crossed = change(PASSWORD, new, f"{new}s")
    crossed.expect("typed in two ways")
    assert ended(crossed) == 2
    done = change(PASSWORD, new, new)
    done.expect("the password was changed")
    assert new not in done.before
    assert ended(done) == 0


def test_a_demanded_second_factor_is_enrolled_at_the_sign_in(live: Live, tmp_path: Path) -> None:
    live.add()
    live.server.accounts.settings = live.server.settings.model_copy(update={"second_factor": tuple(Role)})
    process = typed(live, tmp_path / "typed", "login", "--server", live.url, "--email", "ann@example.com")
    process.expect("password: ")
    process.sendline(PASSWORD)
    process.expect("this server demands a second factor")
    process.expect(r"secret: ([A-Z2-7]+)")
    totp = pyotp.TOTP(process.match.group(1))
    process.expect("backup code: ")
    process.sendline(totp.at(live.clock.now()))
    process.expect("backup codes, each works once")
    assert ended(process) == 0


def test_an_empty_password_is_refused(live: Live, tmp_path: Path) -> None:
    process = typed(live, tmp_path / "typed", "login", "--server", live.url, "--email", "ann@example.com")
    process.expect("password: ")
    process.sendline("")
    process.expect("the password is empty")
    assert ended(process) == 2
