"""The second factor by command: drawn, put in force by a first code, asked for at the next sign-in, taken away."""

from __future__ import annotations

import json
from datetime import timedelta

import pyotp

from server.auth.identity import Role
from tests.cli.conftest import CommandLine
from tests.remote.commands import login
from tests.remote.conftest import PASSWORD, Live
from widgets.qr import qr_lines


def test_a_factor_from_its_first_code_to_its_end(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    live.clock.advance(timedelta(minutes=6))
    late = team("mfa", "setup", "--json")
    assert (late.code, "--password-stdin is missing" in late.words) == (2, True)
    begun = team("mfa", "setup", "--password-stdin", "--json", stdin=PASSWORD)
    assert begun.code == 0, begun.words
    assert "mfa verify" in begun.words
    totp = pyotp.TOTP(json.loads(begun.out)["secret"])
    wrong = team("mfa", "verify", "--code-stdin", stdin="12345x")
    assert (wrong.code, "code" in wrong.words) == (1, True)
    done = team("mfa", "verify", "--code-stdin", "--json", stdin=totp.at(live.clock.now()))
    assert done.code == 0, done.words
    codes = json.loads(done.out)["backup_codes"]
    assert len(codes) == 10
    both = ("--password-stdin", "--code-stdin", "--json")
    for stdin, code in ((f"{PASSWORD}\n000000\n", 5), (f"not it at all\n{codes[0]}\n", 5), (f"{PASSWORD}\n", 2)):
        assert team("mfa", "codes", *both, stdin=stdin).code == code
    renewed = team("mfa", "codes", *both, stdin=f"{PASSWORD}\n{codes[0]}\n")
    assert renewed.code == 0, renewed.words
    earlier, codes = codes, json.loads(renewed.out)["backup_codes"]
    assert (len(codes), set(codes) & set(earlier)) == (10, set())
    assert team("mfa", "codes", *both, stdin=f"{PASSWORD}\n{earlier[1]}\n").code == 5
    live.clock.advance(timedelta(seconds=30))
    asked = login(team, live)
    assert (asked.code, "--mfa-code-stdin is missing" in asked.words) == (2, True)
    code = totp.at(live.clock.now())
    signed = login(team, live, "--mfa-code-stdin", "--json", stdin=f"{PASSWORD}\n{code}\n")
    assert signed.code == 0, signed.words
    assert json.loads(signed.out)["mfa_enabled"] is True
    twice = login(team, live, "--mfa-code-stdin", stdin=f"{PASSWORD}\n{code}\n")
    assert (twice.code, "invalid-mfa-code" in twice.words) == (5, True)
    off = team("mfa", "disable", "--password-stdin", "--code-stdin", "--json", stdin=f"{PASSWORD}\n{codes[3]}\n")
    assert (off.code, json.loads(off.out)["mfa_enabled"]) == (0, False), off.words
    assert login(team, live).code == 0


def test_where_the_server_demands_it_everything_says_so_until_it_is_on(team: CommandLine, live: Live) -> None:
    live.add()
    accounts = live.server.accounts
    accounts.settings = live.server.settings.model_copy(update={"second_factor": tuple(Role)})
    signed = login(team, live, "--json")
    assert signed.code == 0, signed.words
    assert json.loads(signed.out)["must_enrol"] is True
    assert "optionix mfa setup" in signed.words
    for command in (("sync", "now"), ("sessions", "list")):
        refused = team(*command)
        assert (refused.code, "optionix mfa setup" in refused.words) == (5, True), refused.words
    totp = pyotp.TOTP(json.loads(team("mfa", "setup", "--json").out)["secret"])
    assert team("mfa", "verify", "--code-stdin", stdin=totp.at(live.clock.now())).code == 0
    for command in (("sync", "now"), ("sessions", "list")):
        assert team(*command).code == 0


def test_the_code_is_drawn_for_a_camera(team: CommandLine, live: Live) -> None:
    live.add()
    login(team, live)
    answer = team("mfa", "setup")
    assert answer.code == 0, answer.words
    assert "█▀" in answer.out or "####" in answer.out
    assert "otpauth://totp/" in answer.out


def test_blocks_and_ascii_draw_the_same_modules() -> None:
    """Each line of half blocks is two of ASCII: a module of ASCII is two characters wide."""
    blocks, letters = qr_lines("otpauth://totp/x?secret=ABC"), qr_lines("otpauth://totp/x?secret=ABC", in_ascii=True)
    halves = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
    drawn = [[halves[sign][half] for sign in line] for line in blocks for half in (0, 1)]
    light = [[line[at : at + 2] == "##" for at in range(0, len(line), 2)] for line in letters]
    assert drawn[: len(light)] == light
    assert light[0] == [True] * len(light[0])  # the quiet zone
    finder = [row[2:9] for row in light[2:9]]
    assert finder == [
        [False] * 7,
        [False, *[True] * 5, False],
        *[[False, True, False, False, False, True, False]] * 3,
        [False, *[True] * 5, False],
        [False] * 7,
    ]
