"""An account that its owner shares by command: by e-mail on his desk, seen and traded by the other, taken back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Answer, CommandLine
from tests.remote.commands import EMAIL, login
from tests.remote.conftest import PASSWORD, Live


def told(answer: Answer) -> Any:
    assert answer.code == 0, answer.words
    return json.loads(answer.out)


def test_an_account_is_shared_by_email_seen_by_the_other_and_taken_back(team: CommandLine, live: Live) -> None:
    ann = live.add()
    bob = live.add("bob", desk_id=ann.desk_id)
    live.bound(ann, "server-1")
    login(team, live)
    other = live.team("other")
    with live.workspace("other") as workspace:
        other.sign_in(workspace, live.url, "bob@example.com", PASSWORD)

    def seen_by_bob() -> list[str]:
        return [one.rights for one in other.client().portfolio.accounts() if not one.own]

    assert seen_by_bob() == []
    assert team("account", "shares").out.strip() == "shared with nobody"
    shared = team("account", "share", "server-1", "--with", "BOB@example.com", "--rights", "read")
    assert (shared.code, shared.out.strip()) == (0, "server-1: Bob Example may look"), shared.words
    assert seen_by_bob() == ["read"]
    assert team("account", "share", "server-1", "--with", str(bob.id), "--rights", "trade").code == 0
    assert seen_by_bob() == ["trade"]
    (listed,) = told(team("account", "shares", "--json"))["members"]
    assert (listed["account"], listed["email"], listed["rights"]) == ("server-1", "bob@example.com", "trade")
    (desk,) = (one for one in live_desk(team, live) if one.account == "server-1")
    assert desk.shared_with == ("Bob Example",)
    assert told(team("account", "unshare", "server-1", "--with", "bob@example.com", "--json"))["shared"] is False
    assert seen_by_bob() == []
    assert told(team("account", "shares", "server-1", "--json"))["members"] == []


def live_desk(team: CommandLine, live: Live) -> Any:
    """What the desk pane of whoever signed in by command is given."""
    from optionix_core.services.home import HomeFolders
    from optionix_tui.remote.desk import desk

    return desk(live.of(HomeFolders.of(team.home)).client())


def test_whoever_is_not_of_the_desk_is_nobody_and_each_refusal_has_its_exit_code(team: CommandLine, live: Live) -> None:
    ann = live.add()
    live.add("eve")
    live.add("vic", "viewer", desk_id=ann.desk_id)
    live.bound(ann, "server-1")
    login(team, live)

    def share(who: str, account: str = "server-1", rights: str = "read") -> Answer:
        return team("account", "share", account, "--with", who, "--rights", rights)

    stranger, nobody = share("eve@example.com"), share("nobody@example.com")
    assert (stranger.code, stranger.words) == (6, nobody.words)
    assert "nobody of your desk" in stranger.words
    assert share("vic@example.com", account="other").code == 6
    assert share(EMAIL).code == 1
    trading = share("vic@example.com", rights="trade")
    assert (trading.code, "does not trade" in trading.words) == (1, True)
    assert share("vic@example.com", rights="own").code == 2
    assert team("account", "share", "server-1", "--with", "vic@example.com").code == 2
    for who in ("vic@example.com", str(ann.id)):
        ended = team("account", "unshare", "server-1", "--with", who)
        assert (ended.code, "shared with" in ended.words) == (6, True), ended.words


@pytest.mark.parametrize("command", [("share", "--rights", "read"), ("unshare",)])
def test_without_a_sign_in_nothing_is_shared(team: CommandLine, live: Live, command: tuple[str, ...]) -> None:
    name, *more = command
    answer = team("account", name, "server-1", "--with", "bob@example.com", *more)
    assert (answer.code, "optionix login" in answer.words) == (5, True)
