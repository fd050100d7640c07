"""A desk of two traders and a viewer, homes and server real processes: apart for a while, and together again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from real_home import RealHome  # conftest makes it found

from optionix_core.market.clock import ManualClock, SystemClock
from optionix_core.market.units import to_market
from optionix_core.services.book_groups import GroupBy, tree_of
from optionix_core.services.book_view import BookViewer
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.remote.team import Team
from tests.server.services import MissingServiceError, Postgres, Redis
from tests.server.serving import PASSWORD, Serving

pytestmark = pytest.mark.e2e
PEOPLE = {"ann": "trader", "ben": "trader", "vera": "viewer"}


class Cable:
    """Carries connections to a port until it is pulled out, and again once it is put back."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._in = True
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def pull(self) -> None:
        """Nothing passes any more."""
        self._in = False
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def put_back(self) -> None:
        """Everything passes."""
        self._in = True

    def close(self) -> None:
        self.pull()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10.0)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if not self._in:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def run(home: Path, *arguments: str, stdin: str = "", environment: dict[str, str] | None = None) -> Any:
    """`optionix ARGUMENTS` as a process."""
    import os

    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
    return subprocess.run(
        [sys.executable, "-m", "optionix_tui", *arguments],
        env={
            **inherited,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **(environment or {}),
            "OPTIONIX_HOME": str(home),
        },
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def told(answer: Any) -> Any:
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@contextmanager
def desk(folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[Serving]:
    """A server on which Ann, Ben and Vera are of one desk."""
    server = folder / "server"
    variables = {f"OPTIONIX_SERVER_{name}": value for name, value in environment.items()}
    for name, role in PEOPLE.items():
        more = ("--email", f"{name}@example.com", "--full-name", f"{name.title()} Example", "--role", role)
        added = run(server, "admin", "user", "add", *more, "--password-stdin", stdin=PASSWORD, environment=variables)
        assert added.returncode == 0, added.stderr
    for name in ("ben", "vera"):
        moved = run(
            server, "admin", "desk", "move", f"{name}@example.com", "--to", "ann@example.com", environment=variables
        )
        assert moved.returncode == 0, moved.stderr
    with Serving(server, *arguments, environment=environment) as serving:
        yield serving.ready()


def login(home: RealHome, name: str, address: str) -> Any:
    return run(
        home.root, "login", "--server", address, "--email", f"{name}@example.com", "--password-stdin", "--json",
        stdin=PASSWORD,
    )  # fmt: skip


def buy(home: RealHome, account: str, client_id: str, option: str) -> None:
    bought = run(home.root, "--account", account, "buy", "1", option, "--client-id", client_id, "--json")
    assert told(bought)["filled_quantity"] == 1


def apart_and_together(folder: Path, serving: Serving, option: str) -> None:
    ann, ben, vera, lost = (RealHome(folder / name) for name in ("ann", "ben", "vera", "lost"))
    address = str(serving.told["address"])
    with closing(Cable(int(serving.told["port"]))) as cable:
        assert login(ann, "ann", address).returncode == 0
        assert login(ben, "ben", f"http://127.0.0.1:{cable.port}").returncode == 0
        cable.pull()
        buy(ann, "ann-1", "a1", option)
        buy(ben, "ben-1", "b1", option)
        assert told(run(ann.root, "sync", "now", "--json"))["pushed"] > 0
        away = run(ben.root, "sync", "now")
        assert away.returncode == 3, away.stderr
        buy(ben, "ben-1", "b2", option)
        waiting = told(run(ben.root, "sync", "status", "--json"))["pending"]
        assert waiting >= 6
        cable.put_back()
        back = told(run(ben.root, "sync", "now", "--json"))
        assert (back["pushed"], back["pending"], back["conflicts"]) == (waiting, 0, 0)
        assert told(run(ben.root, "log", "verify", "--json"))["verified"] is True
        for home, name in ((ann, "ann"), (ben, "ben")):
            trade_at_the_server(home, f"{name}-order", option)
    # The other home of Ann's has what the first one wrote.
    assert login(lost, "ann", address).returncode == 0
    assert told(run(lost.root, "sync", "now", "--json"))["pulled"] > 0
    held = told(run(lost.root, "--account", "ann-1", "positions", "--json"))["positions"]
    assert [one["quantity"] for one in held] == [1]
    see_the_desk(vera, address)
    see_what_owners_see(vera, {"ann-1": ann, "ben-1": ben})
    # A device that is shut out neither pushes nor pulls.
    device = told(run(lost.root, "sync", "status", "--json"))["device_id"]
    assert run(ann.root, "devices", "revoke", device, "--yes").returncode == 0
    buy(lost, "ann-2", "l1", option)
    out = run(lost.root, "sync", "now")
    assert out.returncode == 5, out.stderr
    assert told(run(ann.root, "sync", "now", "--json"))["pending"] == 0
    assert told(run(ann.root, "--account", "ann-2", "positions", "--json"))["positions"] == []


def trade_at_the_server(home: RealHome, client_id: str, option: str) -> None:
    """On the account at the server's venue, over its API."""
    with closing(Team(HomeFolders.of(home.root), SystemClock(), environ={})) as team:
        account = team.client().portfolio.summary().account_id
        order = {
            "account_id": account, "client_order_id": client_id, "symbol": option, "side": "buy", "quantity": "2",
            "order_type": "market", "time_in_force": "IOC",
        }  # fmt: skip
        assert team.client().trade.execute(order)["state"] == "filled"
        assert team.client().trade.execute(order)["client_order_id"] == client_id
        assert team.client().trade.orders().total == 1


def see_the_desk(vera: RealHome, address: str) -> None:
    assert login(vera, "vera", address).returncode == 0
    rows = told(run(vera.root, "--read-only", "sync", "desk", "--json"))["accounts"]
    seen = {(row["owner"], row["account"]): row for row in rows}
    assert {("Ann Example", "ann-1"), ("Ben Example", "ben-1")} <= set(seen)
    for key in [
        (f"{name} Example", account) for name in ("Ann", "Ben") for account in ("server-1", f"{name.lower()}-1")
    ]:
        row = seen[key]
        assert row["rights"] == "read"
        assert row["dollar_delta"] > 0 > row["theta"]
        assert row["vega"] > 0
        assert Decimal(row["total_pnl"]) == Decimal(row["total_value"]) - 100_000
        assert Decimal(row["day_pnl"]) < 0 or key[1] != "server-1"  # just bought: the fees at least, or the spread
    refused = run(vera.root, "--read-only", "sync", "now")
    assert refused.returncode == 5, refused.stderr


def see_what_owners_see(vera: RealHome, homes: dict[str, RealHome]) -> None:
    """Accounts that are matched at home: at the server's moment their owner's home has the same figures."""
    with closing(Team(HomeFolders.of(vera.root), SystemClock(), environ={})) as team:
        portfolio = team.client().portfolio
        names = {one.name: one.account_id for one in portfolio.accounts()}
        for account, home in homes.items():
            told = portfolio.summary(names[account])
            assert told.as_of is not None
            clock = ManualClock(told.as_of)
            with Workspace.open(HomeFolders.of(home.root), account=account, clock=clock) as workspace:
                view = BookViewer(workspace, ChainViewer(workspace.venue_feed)).view(told.as_of)
            own = tree_of(view, GroupBy.NONE).totals
            assert (told.total_value, told.total_pnl) == (view.report.nlv, view.report.total_pnl)
            assert told.day_pnl == view.report.day_pnl
            # Several who look within a second share what was solved first in it.
            assert told.greeks["dollar_delta"] == pytest.approx(own.dollar_delta, rel=0.05)
            assert own.vega is not None
            assert told.greeks["vega"] == pytest.approx(to_market("vega", own.vega), rel=0.05)


def test_a_desk_apart_and_together_again(tmp_path: Path, symbols: tuple[str, ...]) -> None:
    with desk(tmp_path, {}) as serving:
        apart_and_together(tmp_path, serving, symbols[0])


@pytest.mark.soak
def test_the_same_on_postgresql_and_redis_with_two_workers(tmp_path: Path, symbols: tuple[str, ...]) -> None:
    try:
        postgres, redis = Postgres(), Redis()
    except MissingServiceError as error:
        pytest.skip(str(error))
    try:
        environment = {"DATABASE_URL": postgres.create("team"), "REDIS_URL": redis.url(0)}
        with desk(tmp_path, environment, "--workers", "2") as serving:
            apart_and_together(tmp_path, serving, symbols[0])
    finally:
        redis.stop()
        postgres.stop()
