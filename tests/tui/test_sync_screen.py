"""The sync screen: signing in with a second factor, what waits, what it does to conflicts, devices and sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input, Static

from optionix_core.errors import IntegrityError, VenueError
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.confirm import ConfirmDialog
from screens.enrol import EnrolDialog
from screens.explain import ExplainDialog
from screens.signin import SignInDialog
from screens.sync import SyncScreen
from screens.sync_columns import desk_rows, fact_rows
from screens.sync_export import encoded
from screens.sync_summary import chip_pieces
from screens.team import InStep, SyncNews
from tests.tui.team_link import ANN, NOW, LinkInMemory
from tests.tui.waiting import until

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]


def screen_of(app: OptionixApp) -> SyncScreen:
    assert isinstance(app.frame, SyncScreen)
    return app.frame


async def open_sync(pilot: Pilot[Any], app: OptionixApp) -> SyncScreen:
    screen = screen_of(app)
    await until(pilot, lambda: app.session.sync is not None and screen.settled, "the sync screen")
    return screen


def told(screen: SyncScreen) -> str:
    return screen._told.text if screen._told else ""


async def test_it_shows_who_is_signed_in_what_waits_the_desk_devices_and_sessions(make_app: MakeApp) -> None:
    app = make_app(mode="sync", team=LinkInMemory())
    async with app.run_test(size=(160, 45)) as pilot:
        await open_sync(pilot, app)
        text = screen_text(app)
    for word in (
        "team.example", "ann@team.example", "trader", "48,211", "2 conflicts", "order.filled",
        "Ben Example", "100,482.11", "+482.20", "-312.40", "▸ desk-7", "laptop", "stopped", "192.0.2.9", "keyring",
    ):  # fmt: skip
        assert word in text, word


async def test_a_desk_without_accounts_does_not_ask_for_a_sign_in(make_app: MakeApp) -> None:
    team = LinkInMemory()
    team.desk = tuple  # type: ignore[method-assign,assignment]
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(160, 45)) as pilot:
        await open_sync(pilot, app)
        text = screen_text(app)
    assert "no account yet" in text
    assert "sign in to see" not in text


async def test_without_a_server_it_says_how_to_sign_in(make_app: MakeApp) -> None:
    app = make_app(mode="sync", team=LinkInMemory(None))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_sync(pilot, app)
        assert "L signs in" in screen_text(app)
        await pilot.press("r")
        await until(pilot, lambda: "Nobody is signed in" in told(screen), "the remark")
        assert app.session.team.acts == []


async def test_signing_in_asks_for_a_code_only_where_one_is_needed(make_app: MakeApp) -> None:
    team = LinkInMemory(None, mfa=True)
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_sync(pilot, app)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, SignInDialog), "the dialog")
        dialog = app.screen
        assert isinstance(dialog, SignInDialog)
        assert not dialog.query_one("#code-field").display
        await pilot.press(*"https://team.example", "tab", *"ann@team.example", "tab", *"secret", "enter")
        await until(pilot, lambda: dialog.query_one("#code-field").display, "the line for the code")
        assert team.acts == [("sign_in", "https://team.example", "ann@team.example", "secret", "")]
        assert "secret" not in screen_text(app)
        await pilot.press(*"123456", "enter")
        await until(pilot, lambda: app.screen is screen, "the end of the dialog")
        assert team.acts[-1] == ("sign_in", "https://team.example", "ann@team.example", "secret", "123456")
        await until(pilot, lambda: "no keyring" in told(screen), "the warning")
        await until(pilot, lambda: app.session.sync is not None and app.session.sync.member is not None, "the news")


async def test_signing_in_leads_to_the_enrolment_that_the_server_demands(make_app: MakeApp) -> None:
    team = LinkInMemory(None, must_enrol=True)
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(120, 45)) as pilot:
        screen = await open_sync(pilot, app)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, SignInDialog), "the dialog")
        await pilot.press(*"https://team.example", "tab", *"ann@team.example", "tab", *"secret", "enter")
        await until(pilot, lambda: isinstance(app.screen, EnrolDialog), "the enrolment")
        await until(pilot, lambda: "JBSWY3DPEHPK3PXP" in screen_text(app), "the secret")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the screen")
        await until(pilot, lambda: "demanded by the server" in screen_text(app), "what is to be done")


async def test_a_sign_in_that_fails_says_why_and_stays_open(make_app: MakeApp) -> None:
    team = LinkInMemory(None, problem=VenueError("team.example cannot be reached: no route"))
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(120, 36)) as pilot:
        await open_sync(pilot, app)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, SignInDialog), "the dialog")
        await pilot.press("enter")
        dialog = app.screen
        assert isinstance(dialog, SignInDialog)
        assert str(dialog.query_one("#told", Static).content) == "server is empty"
        for name, value in (("server", "https://team.example"), ("email", "a@b.c"), ("password", "secret")):
            dialog.entry(name).value = value
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be reached" in str(dialog.query_one("#told", Static).content), "the reason")
        assert app.screen is dialog


@pytest.mark.parametrize(("key", "way"), [("a", "accept"), ("v", "reverse"), ("x", "discard")])
async def test_a_conflict_is_decided_after_one_question(make_app: MakeApp, key: str, way: str) -> None:
    team = LinkInMemory()
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_sync(pilot, app)
        screen.panes.mark("conflicts")
        await pilot.pause()
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("n")
        assert team.acts == []
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.panes.grid("conflicts").rows) == 1, "the list without it")
        assert team.acts == [("resolve", "fill-9", way)]


async def test_kept_orders_are_listed_sent_and_forgotten_each_after_one_question(make_app: MakeApp) -> None:
    team = LinkInMemory(kept=True)
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_sync(pilot, app)
        text = screen_text(app)
        for word in ("! 2 orders kept", "BUY 2 ORBIT 15JAN27 230 C limit GTC 3.00", "server-1", "expired", "no route"):
            assert word in text, word
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        assert "nothing sends it by itself" in screen_text(app)
        await pilot.press("n")
        assert team.acts == []
        team.problem = VenueError("cannot be reached")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ send: cannot be reached" in told(screen), "the reason")
        assert len(screen.panes.grid("kept").rows) == 2
        team.problem = None
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: "✓ rebalance-7 is filled" in told(screen), "what became of it")
        await until(pilot, lambda: len(screen.panes.grid("kept").rows) == 1, "the list without it")
        await pilot.press("s")
        await until(pilot, lambda: "It has expired: it is not sent any more" in told(screen), "the remark")
        screen.panes.mark("kept")
        assert screen.command_line() == "optionix sync intents"
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, ExplainDialog), "the explanation")
        assert "it can only be forgotten" in screen_text(app)
        await pilot.press("escape", "d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: not screen.panes.grid("kept").rows, "the empty list")
        await until(pilot, lambda: "kept" not in screen_text(app).splitlines()[1], "the first line without it")
        await pilot.press("d")
        await until(pilot, lambda: "no kept order under the cursor" in told(screen), "the remark")
    assert team.acts[:3] == [("send_kept", "rebalance-7"), ("send_kept", "rebalance-7"), ("drop_kept", "late")]


async def test_kept_orders_are_told_and_forgotten_where_nobody_is_signed_in(make_app: MakeApp) -> None:
    team = LinkInMemory(None, kept=True)
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_sync(pilot, app)
        assert "! 2 orders kept" in screen_text(app)
        screen.panes.mark("kept")
        await pilot.press("s")
        await until(pilot, lambda: "Nobody is signed in" in told(screen), "the remark")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.panes.grid("kept").rows) == 1, "the list without it")
    assert team.acts[0] == ("drop_kept", "rebalance-7")


async def test_devices_and_sessions_are_revoked_after_one_question(make_app: MakeApp) -> None:
    team = LinkInMemory()
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_sync(pilot, app)
        await pilot.press("D")
        await until(pilot, lambda: "Mark a device" in told(screen), "the remark")
        for pane, act in (("devices", ("revoke_device", "d-2")), ("sessions", ("revoke_session", "s-2"))):
            screen.panes.mark(pane)
            await pilot.press("down", "D")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
            await pilot.press("enter")
            await until(pilot, lambda act=act: act in team.acts, "the act")  # type: ignore[misc] # bound now


async def test_sync_now_tells_what_it_did_and_what_went_wrong(make_app: MakeApp) -> None:
    team = LinkInMemory()
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_sync(pilot, app)
        await pilot.press("r")
        await until(pilot, lambda: "pushed 3, pulled 12, 2 conflicts" in told(screen), "the report")
        team.problem = VenueError("cannot be reached")
        await pilot.press("r")
        await until(pilot, lambda: "✗ sync: cannot be reached" in told(screen), "the reason")
        await until(pilot, lambda: "offline since 15:00" in screen_text(app), "the chip")


async def test_signing_out_asks_once(make_app: MakeApp) -> None:
    team = LinkInMemory()
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(120, 36)) as pilot:
        await open_sync(pilot, app)
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.sync is not None and app.session.sync.member is None, "the news")
        assert ("sign_out",) in team.acts
    assert team.acts[-1] == ("stop",)


async def test_a_second_factor_is_enrolled_by_a_drawn_code_and_a_first_code(make_app: MakeApp) -> None:
    team = LinkInMemory()
    team.old_sign_in = True
    app = make_app(mode="sync", team=team)
    async with app.run_test(size=(120, 45)) as pilot:
        screen = await open_sync(pilot, app)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, EnrolDialog), "the dialog")
        dialog = app.screen
        assert isinstance(dialog, EnrolDialog)
        await until(pilot, lambda: dialog.query_one("#line", Input).password, "the question for the password")
        await pilot.press(*"secret", "enter")
        await until(pilot, lambda: "JBSWY3DPEHPK3PXP" in screen_text(app), "the secret")
        assert "█▀" in screen_text(app)
        await pilot.press(*"12", "enter")
        assert "six digits" in screen_text(app)
        await pilot.press("backspace", "backspace", *"000000", "enter")
        await until(pilot, lambda: "the code is wrong" in screen_text(app), "the reason")
        await pilot.press(*"123456", "enter")
        await until(pilot, lambda: "code-9" in screen_text(app), "the backup codes")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen, "the end of the dialog")
    assert team.acts[:3] == [("step_up", "secret"), ("verify_mfa", "000000"), ("verify_mfa", "123456")]


async def test_rows_are_explained_exported_and_copied_as_commands(make_app: MakeApp) -> None:
    app = make_app(mode="sync", team=LinkInMemory())
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_sync(pilot, app)
        seen = []
        for pane, line in (
            ("desk", "optionix sync desk"), ("conflicts", "optionix sync conflicts"), ("facts", "optionix sync status"),
            ("devices", "optionix devices list"), ("sessions", "optionix sessions list"),
        ):  # fmt: skip
            screen.panes.mark(pane)
            assert screen.command_line() == line
            await pilot.press("i")
            await until(pilot, lambda: isinstance(app.screen, ExplainDialog), "the explanation")
            seen.append(screen_text(app))
            await pilot.press("escape")
        assert "dollar delta" in seen[0]
        assert "paper venue" in seen[0]
        assert "shared with" in seen[0]
        assert "Ben Example" in seen[0].partition("shared with")[2].partition("\n")[0]
        assert "compensating entry" in seen[1]
        assert "account paper-1" in seen[1]  # what the entry says
        assert "ann@team.example as trader" in seen[2]
        assert set(screen.exports()) == {"csv", "json"}
        assert "12400.0" in screen.exports()["csv"]()
        kept = {"pane": "devices", "zoomed": True}
        screen.use_arrangement(kept)
        assert screen.arrangement() == kept


async def test_a_read_only_terminal_looks_and_does_nothing(
    make_app: MakeApp, open_workspace: Callable[[], Workspace]
) -> None:
    from dataclasses import replace

    team = LinkInMemory()
    app = make_app(mode="sync", team=team)
    app.session.workspace.home = replace(app.session.workspace.home, read_only=True)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_sync(pilot, app)
        screen.panes.mark("conflicts")
        for key in ("r", "L", "O", "a", "v", "x", "s", "d", "D", "m"):
            await pilot.press(key)
        await pilot.pause()
        assert app.screen is screen
        assert "Ben Example" in screen_text(app)
    assert team.acts == [("stop",)]


def test_the_chip_says_the_worst_that_is_true() -> None:
    step = InStep(7, 3, 2, NOW)
    cases = (
        (SyncNews(ANN, InStep(7, 0, 0, NOW)), "✓ synced 15:00:00"),
        (SyncNews(ANN, InStep(7, 3, 0, NOW)), "↑ 3 pending"),
        (SyncNews(ANN, step), "! 2 conflicts · 3 pending"),
        (SyncNews(ANN, step, VenueError("x"), NOW), "○ offline since 15:00 · 3 pending"),
        (SyncNews(ANN, step, IntegrityError("x"), NOW), "✗ sync failed · 3 pending"),
        (SyncNews(ANN, InStep(7, 0, 0, NOW, "other bytes")), "✗ sync stopped"),
        (SyncNews(ANN, InStep(0, 0, 0, None)), "○ not synced yet"),
        (SyncNews(ANN), "○ not synced yet"),
    )
    for news, words in cases:
        assert " ".join(piece.text for piece in chip_pieces(news)) == words


def test_facts_and_figures_as_rows() -> None:
    assert [row.cells for row in fact_rows(SyncNews(None))] == [("server", "none: this home works by itself")]
    rows = desk_rows(LinkInMemory().desk())
    assert [row.key for row in rows] == ["paper-1", "7f3a:paper-1"]
    assert rows[1].cells[5:9] == (None, None, -3.5, None)
    assert '"day_pnl": "-312.40"' in encoded(LinkInMemory().desk(), "json")
