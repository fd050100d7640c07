"""Trading an account that is bound to the server's venue, by command and by the engine, over a whole server."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from optionix_core.errors import InvalidValueError, RefusedError, VenueError
from optionix_core.services import batches, book, kept_orders, orders, sending, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import OrderState
from optionix_core.trading.terms import OrderTerms, intent_of_terms
from optionix_tui.remote import syncing
from optionix_tui.remote.link import HomeLink
from optionix_tui.remote.venue import ServerVenue
from server.auth.identity import Identity, Role, Tier
from tests.cli.conftest import Answer, CommandLine
from tests.remote.commands import EMAIL, login
from tests.remote.conftest import PASSWORD, Live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPTION = "ORBIT 15JAN27 230 C"
BUY = ("buy", "2", OPTION)
SUBMIT = ("order", "submit", "--symbol", OPTION, "--quantity", "1")
LOW = (*SUBMIT, "--side", "buy", "--type", "limit", "--limit", "0.05", "--tif", "GTC")
STOP = (*SUBMIT, "--side", "sell", "--type", "stop", "--trigger", "0.10", "--tif", "GTC")
LEGS = '[{"symbol":"ORBIT270115C00230000","ratio":1},{"symbol":"ORBIT270115C00240000","ratio":-1}]'
SPREAD = ("order", "submit", "--legs", LEGS, "--side", "buy", "--quantity", "1", "--limit", "9")


def told(answer: Answer) -> Any:
    assert answer.code == 0, answer.words
    return json.loads(answer.out)


def held(team: CommandLine) -> list[int]:
    return [one["quantity"] for one in told(team("positions", "--json"))["positions"]]


def intents(team: CommandLine, *more: str) -> list[tuple[str, str]]:
    return [(one["id"], one["state"]) for one in told(team("sync", "intents", *more, "--json"))["intents"]]


@pytest.fixture
def at_server(team: CommandLine, live: Live, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Signed in, with `server-1` at the server's venue as the account of all commands, and the home knows it."""
    monkeypatch.setenv("OPTIONIX_ACCOUNT_NAME", "server-1")
    live.add()
    assert login(team, live).code == 0
    assert live.of(HomeFolders.of(team.home)).client().portfolio.summary().account_id == "server-1"
    assert team("sync", "now").code == 0
    return team


@pytest.fixture
def away(at_server: CommandLine, live: Live) -> Callable[[bool], None]:
    """Takes the server out of reach, and back."""
    file = at_server.home / "state" / "server" / "session.json"
    kept = file.read_text()

    def move(out: bool) -> None:
        file.write_text(kept.replace(live.url, "http://127.0.0.1:9") if out else kept)

    return move


def test_an_order_of_a_server_account_is_matched_by_the_server_and_shown_by_the_home(at_server: CommandLine) -> None:
    order = told(at_server(*BUY, "--client-id", "first", "--json"))
    assert (order["state"], order["filled_quantity"], order["replayed"]) == ("filled", 2, False)
    assert held(at_server) == [2]
    assert told(at_server("sync", "status", "--json"))["pending"] == 0  # all of it is the server's own
    again = told(at_server(*BUY, "--client-id", "first", "--json"))
    assert (again["replayed"], again["fills"]) == (True, order["fills"])
    other = at_server("buy", "3", OPTION, "--client-id", "first")
    assert (other.code, "client_order_id" in other.words) == (1, True), other.words
    assert told(at_server("sync", "now", "--json"))["conflicts"] == 0
    assert told(at_server("sell", "2", OPTION, "--json"))["state"] == "filled"
    assert held(at_server) == []


def test_a_resting_order_is_cancelled_where_it_works(at_server: CommandLine) -> None:
    assert told(at_server(*LOW, "--client-id", "low", "--json"))["state"] == "working"
    assert told(at_server("order", "list", "--json"))["orders"][0]["client_order_id"] == "low"
    assert told(at_server("order", "cancel", "low", "--json"))["state"] == "cancelled"
    assert told(at_server("order", "cancel", "low", "--json"))["state"] == "cancelled"
    assert told(at_server("order", "list", "--json"))["orders"] == []
    assert told(at_server(*BUY, "--client-id", "now", "--json"))["state"] == "filled"
    late = at_server("order", "cancel", "now")
    assert (late.code, "working or held" in late.words) == (1, True), late.words
    assert at_server("order", "cancel", "nothing").code == 6


def test_what_the_gate_of_the_server_refuses_is_a_rejected_order_and_exit_5(at_server: CommandLine) -> None:
    refused = at_server("buy", "9000", OPTION, "--client-id", "much")
    assert (refused.code, "buying-power" in refused.words) == (5, True), refused.words
    assert told(at_server("order", "show", "much", "--json"))["state"] == "rejected"


def test_a_combination_and_a_stop_go_to_the_server_with_their_terms(at_server: CommandLine) -> None:
    spread = told(at_server(*SPREAD, "--json"))
    assert spread["filled_quantity"] == 1
    assert told(at_server(*BUY, "--json"))["state"] == "filled"
    stop = told(at_server(*STOP, "--json"))
    assert (stop["state"], stop["trigger_price"]) == ("held", 0.1), stop
    money = at_server("buy", "--dollars", "5000", OPTION)
    assert (money.code, "amount must be absent" in money.words) == (1, True), money.words


def test_the_preview_is_made_here_and_sends_nothing(at_server: CommandLine) -> None:
    before = told(at_server("log", "show", "--json"))["events"]
    tried = told(at_server(*BUY, "--dry-run", "--json"))
    assert (tried["state"], tried["fillable"]) == ("preview", 2)
    assert {"rule": "account-venue", "passed": True, "detail": "server-paper"} in tried["checks"]
    assert at_server(*SPREAD, "--dry-run").code == 0
    assert told(at_server("log", "show", "--json"))["events"] == before


def test_the_engine_itself_never_matches_such_an_account(at_server: CommandLine, live: Live) -> None:
    terms = OrderTerms("buy", 1, OPTION)
    with Workspace.open(HomeFolders.of(at_server.home), account="server-1", clock=live.clock, seed=20) as workspace:
        before = workspace.store.head()
        acts: tuple[Callable[[], object], ...] = (
            lambda: trading.place(workspace, terms, "local"),
            lambda: sending.send(workspace, terms, "local"),
            lambda: batches.place_many(workspace, [batches.Ordered(terms)], "batch"),
            lambda: orders.cancel(workspace, "local"),
            lambda: sending.cancel(workspace, "local"),
        )
        for act in acts:
            with pytest.raises(RefusedError, match="server-1 is bound to server-paper"):
                act()
        assert workspace.store.head() == before


def test_out_of_reach_an_order_is_kept_and_goes_by_hand_alone(
    at_server: CommandLine, away: Callable[[bool], None]
) -> None:
    away(True)
    kept = at_server(*BUY, "--client-id", "later")
    assert kept.code == 3
    assert "is kept here as later until" in kept.words
    assert "optionix sync intents send later" in kept.words
    assert at_server(*BUY, "--client-id", "later").code == 3
    assert intents(at_server) == [("later", "kept")]
    other = at_server("buy", "1", OPTION, "--client-id", "later")
    assert (other.code, "unused" in other.words) == (1, True), other.words
    still = at_server("sync", "intents", "send", "later")
    assert (still.code, "cannot be reached" in still.words) == (3, True)
    away(False)
    assert told(at_server("sync", "now", "--json"))["conflicts"] == 0
    assert held(at_server) == []  # nothing went by itself
    elsewhere = at_server("--account", "paper-1", "sync", "intents", "send", "later", "--json")
    assert told(elsewhere)["intents"][0]["state"] == "sent"  # an order of its own account, whichever is looked at
    assert intents(at_server, "send", "later") == [("later", "sent")]
    assert held(at_server) == [2]
    assert intents(at_server, "send", "later") == [("later", "sent")]
    assert held(at_server) == [2]
    assert intents(at_server) == []
    assert intents(at_server, "--all") == [("later", "sent")]
    assert at_server("sync", "intents", "drop", "later").code == 1


def test_a_kept_order_that_expired_or_was_dropped_is_never_sent(
    at_server: CommandLine, away: Callable[[bool], None], live: Live
) -> None:
    away(True)
    until = (live.clock.now() + timedelta(hours=1)).isoformat()
    assert at_server(*BUY, "--client-id", "short", "--expires", until).code == 3
    assert at_server(*BUY, "--client-id", "gone").code == 3
    past = at_server(*BUY, "--client-id", "past", "--expires", live.clock.now().isoformat())
    assert (past.code, "expires must be after" in past.words) == (1, True), past.words
    assert intents(at_server, "drop", "gone") == [("gone", "dropped")]
    live.clock.advance(timedelta(hours=2))
    away(False)
    assert intents(at_server) == [("short", "expired")]
    late = at_server("sync", "intents", "send", "short")
    assert (late.code, "expired" in late.words) == (5, True), late.words
    dropped = at_server("sync", "intents", "send", "gone")
    assert (dropped.code, "was dropped" in dropped.words) == (5, True)
    assert held(at_server) == []
    assert at_server("sync", "intents", "send", "nothing").code == 2
    assert at_server("sync", "intents", "send").code == 2


def test_past_the_lease_only_what_reduces_is_kept(
    at_server: CommandLine, away: Callable[[bool], None], live: Live
) -> None:
    assert told(at_server(*BUY, "--json"))["state"] == "filled"
    assert told(at_server("account", "state", "--json"))["state"] == "active"
    away(True)
    live.clock.advance(timedelta(hours=23))
    assert at_server(*BUY, "--client-id", "in-time").code == 3
    live.clock.advance(timedelta(hours=2))
    late = at_server(*BUY, "--client-id", "late")
    assert (late.code, "its lease ended" in late.words) == (5, True), late.words
    assert at_server("sell", "1", OPTION, "--client-id", "less").code == 3
    assert at_server("sell", "5", OPTION, "--client-id", "turn").code == 5
    assert told(at_server("account", "state", "--json"))["state"] == "close-only"
    assert ("less", "kept") in intents(at_server)
    assert {name for name, _ in intents(at_server)} == {"in-time", "less"}
    away(False)
    done = told(at_server("sync", "now", "--json"))
    assert done["conflicts"] == 0
    assert datetime.fromisoformat(done["lease_until"]) == live.clock.now() + timedelta(hours=24)
    assert told(at_server("account", "state", "--json"))["state"] == "active"
    assert intents(at_server, "send", "less") == [("less", "sent")]


def test_an_account_that_was_blocked_meanwhile_is_refused_by_the_server(at_server: CommandLine, live: Live) -> None:
    from optionix_core.services import account_standing
    from optionix_core.trading.account_standing import AccountStatus

    ann = UUID(live.of(HomeFolders.of(at_server.home)).signed_in().user_id)
    caller = Identity(ann, Role.TRADER, Tier.STANDARD, None)
    paper = live.server.books.workspace(live.server.books.account(caller, "server-1"))
    account_standing.set_state(paper, AccountStatus.BLOCKED, by="rita", reason="asked for papers")
    refused = at_server(*BUY, "--client-id", "no")
    assert (refused.code, "blocked" in refused.words) == (5, True), refused.words
    assert told(at_server("account", "state", "--json"))["state"] == "blocked"


def test_reading_alone_sends_and_keeps_nothing(at_server: CommandLine) -> None:
    for command in (BUY, ("order", "cancel", "x"), ("sync", "intents", "drop", "x"), ("sync", "intents", "send", "x")):
        answer = at_server("--read-only", *command)
        assert (answer.code, "nothing is written here" in answer.words) == (5, True), (command, answer.words)


def test_an_order_that_is_matched_here_is_never_kept(team: CommandLine) -> None:
    refused = team(*BUY, "--expires", "2027-01-08T20:00Z")
    assert (refused.code, "matched here" in refused.words) == (5, True), refused.words


def test_a_cancellation_out_of_reach_is_not_kept(at_server: CommandLine, away: Callable[[bool], None]) -> None:
    assert told(at_server(*LOW, "--client-id", "low", "--json"))["state"] == "working"
    away(True)
    lost = at_server("order", "cancel", "low")
    assert (lost.code, "cannot be reached" in lost.words) == (3, True), lost.words
    assert intents(at_server) == []
    away(False)
    assert told(at_server("order", "cancel", "low", "--json"))["state"] == "cancelled"


class Deaf(httpx.BaseTransport):
    """Carries requests; answers to one path are lost on their way back, or the path is not reached at all."""

    def __init__(self, lost: str) -> None:
        self.lost: str | None = lost
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        if self.lost is not None and request.url.path.endswith(self.lost):
            answer.close()
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return answer

    def close(self) -> None:
        self._inner.close()


@pytest.fixture
def deaf(live: Live) -> Iterator[tuple[Workspace, Deaf]]:
    """A home whose way to the server loses answers from when it is told to."""
    live.add()
    transport = Deaf("nothing")
    team = live.team("deaf", transport=lambda: transport)
    with live.workspace("deaf", "server-1") as workspace:
        team.sign_in(workspace, live.url, EMAIL, PASSWORD)
        assert team.client().portfolio.summary().account_id == "server-1"
        syncing.pull(team, workspace)
        workspace.lay_way = lambda: ServerVenue(lambda: team)
        yield workspace, transport


def test_an_order_whose_answer_was_lost_is_kept_and_still_one_order(deaf: tuple[Workspace, Deaf], live: Live) -> None:
    workspace, transport = deaf
    transport.lost = "trade/execute"
    terms = OrderTerms("buy", 2, OPTION)
    with pytest.raises(VenueError, match="is kept here as lost"):
        sending.send(workspace, terms, "lost")
    transport.lost = None
    live.clock.advance(timedelta(minutes=1))  # the line looks again
    venue = workspace.way
    assert isinstance(venue, ServerVenue)
    order = venue.send_kept(workspace, "lost")
    assert (order.state, order.filled_quantity, order.replayed) == (OrderState.FILLED, 2, True)
    assert kept_orders.find(workspace, "lost").state is kept_orders.KeptState.SENT
    assert [one.position.quantity for one in book.account(workspace).positions] == [2]
    assert sending.send(workspace, terms, "lost").replayed


def test_a_terminal_lists_sends_and_forgets_kept_orders_of_every_account(
    deaf: tuple[Workspace, Deaf], live: Live
) -> None:
    workspace, transport = deaf
    transport.lost = "trade/execute"
    with pytest.raises(VenueError, match="is kept here"):
        sending.send(workspace, OrderTerms("buy", 2, OPTION), "lost")
    now = live.clock.now()
    much = intent_of_terms(OrderTerms("buy", 9_000, OPTION), "server-1", "other", now)
    kept_orders.keep(workspace, much, now + timedelta(hours=1), "no route")
    team = live.teams[-1]
    with live.workspace("deaf") as looking:  # another account is looked at
        link = HomeLink(lambda: team, looking, background=False, interval=60.0)
        told = {one.order_id: one for one in link.kept()}
        assert (told["lost"].account, told["lost"].state, told["lost"].may) == ("server-1", "kept", "active")
        assert told["lost"].what == "BUY 2 ORBIT 15JAN27 230 C market IOC"
        assert "did not answer" in told["lost"].reason
        transport.lost = None
        live.clock.advance(timedelta(minutes=1))  # the line looks again
        assert link.send_kept("lost").startswith("lost is filled: BUY 2 ORBIT 15JAN27 230 C")
        with pytest.raises(RefusedError, match="buying-power"):
            link.send_kept("other")
        assert link.kept() == ()  # what was refused has been sent
        with pytest.raises(InvalidValueError, match="sent"):
            link.drop_kept("other")


def test_an_order_that_was_taken_but_could_not_be_pulled_says_so(deaf: tuple[Workspace, Deaf], live: Live) -> None:
    workspace, transport = deaf
    transport.lost = "sync/pull"
    terms = OrderTerms("buy", 1, OPTION)
    with pytest.raises(VenueError, match="the server took taken; it is not here yet"):
        sending.send(workspace, terms, "taken")
    assert kept_orders.listing(workspace, every=True) == ()
    assert orders.standing(workspace, "taken") is None
    transport.lost = None
    again = sending.send(workspace, terms, "taken")
    assert (again.state, again.replayed) == (OrderState.FILLED, True)
