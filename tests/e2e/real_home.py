"""A home as the machine has it: the installed command run on it, and its log read back independently.

What is checked here is added up from the events themselves, not by the folds that the product uses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from optionix_core.services import book
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.storage import head_file
from optionix_core.sync.event import EMPTY_HEAD, Head
from optionix_core.sync.faultpoints import VARIABLE
from optionix_core.trading import facts

PROGRAM = Path(sys.executable).with_name("optionix")
OPENING = Decimal(100_000)
"""What a paper account opens with."""
ZERO = Decimal(0)
MULTIPLIER = 100
"""Of every option of the simulated venue."""
ENDS = ("order.completed", "order.cancelled", "order.rejected", "order.expired")


@dataclass(frozen=True, slots=True)
class Journal:
    """The events of a log, by what they are about."""

    head: Head
    outside: Head
    """The head beside the database, as it was before anybody reopened the log."""
    intents: Counter[str]
    """By client order id."""
    fills: dict[str, tuple[str, int, Decimal, Decimal]]
    """Fill id to symbol, quantity, price, fee."""
    ends: dict[str, str]
    """Client order id to the type of its end."""
    postings: tuple[tuple[str, str, Decimal], ...]
    """Account, commodity, amount of every leg in the ledger."""

    def fills_of(self, client_id: str) -> list[str]:
        """Ids of the fills of one order."""
        return [fill for fill in self.fills if fill.startswith(f"order/{client_id}/")]

    def bought(self) -> Counter[str]:
        """Contracts by symbol, out of the fills."""
        held: Counter[str] = Counter()
        for symbol, quantity, _, _ in self.fills.values():
            held[symbol] += quantity
        return held


class RealHome:
    """One home in one folder."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.data = root / "data"
        self.database = self.data / "optionix.db"
        self.write_ahead_log = self.data / "optionix.db-wal"
        self.head = self.data / "optionix.head"

    def start(self, *arguments: str, fault: str | None = None) -> subprocess.Popen[str]:
        """`optionix ARGUMENTS` as a process of its own, which dies at the point `fault` where one is given."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
        environment["OPTIONIX_HOME"] = str(self.root)
        if fault is not None:
            environment[VARIABLE] = fault
        return subprocess.Popen(
            [str(PROGRAM), *arguments],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str, fault: str | None = None) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of `optionix ARGUMENTS`."""
        process = self.start(*arguments, fault=fault)
        out, error = process.communicate(timeout=120)
        return process.returncode, out, error

    def answer(self, *arguments: str) -> Any:
        """What `optionix ARGUMENTS --json` says; it must succeed."""
        status, out, error = self.run(*arguments, "--json")
        assert status == 0, f"optionix {' '.join(arguments)} exited {status}: {error}"
        return json.loads(out)

    def start_buy(self, symbol: str, client_id: str, fault: str | None = None) -> subprocess.Popen[str]:
        """Buy one contract in a process of its own."""
        return self.start("buy", "1", symbol, "--client-id", client_id, "--json", fault=fault)

    def buy(self, symbol: str, client_id: str) -> Any:
        """Buy one contract; the answer of a buy that must fill."""
        return self.answer("buy", "1", symbol, "--client-id", client_id)

    def outside(self) -> Head | None:
        """The head beside the database, read without opening the log."""
        return head_file.read(self.head)

    def workspace(self) -> Workspace:
        """The home opened anew in this process."""
        return Workspace.open(HomeFolders.of(self.root))

    def read(self) -> Journal:
        """Reopen the log and read every event."""
        outside = self.outside() or EMPTY_HEAD
        intents: Counter[str] = Counter()
        fills: dict[str, tuple[str, int, Decimal, Decimal]] = {}
        ends: dict[str, str] = {}
        postings: list[tuple[str, str, Decimal]] = []
        with self.workspace() as workspace:
            head = workspace.store.head()
            for record in facts.read(workspace.store):
                event, payload = record.event, record.event.payload
                if event.type == "order.intent":
                    intents[str(payload["client_order_id"])] += 1
                elif event.type == "order.filled":
                    assert event.id not in fills, f"{event.id} is in the log twice"
                    money = Decimal(str(payload["price"])), Decimal(str(payload["fee"]))
                    fills[event.id] = (str(payload["symbol"]), int(str(payload["quantity"])), *money)
                elif event.type in ENDS:
                    order = str(payload["client_order_id"])
                    assert order not in ends, f"order {order} ends twice"
                    ends[order] = event.type
                elif event.type == "ledger.entry":
                    postings += _legs(payload["postings"])
        return Journal(head, outside, intents, fills, ends, tuple(postings))

    def check(self) -> Journal:
        """`optionix log verify` succeeds, debits equal credits, positions are what was filled, cash what was paid."""
        verified = self.answer("log", "verify")
        journal = self.read()
        assert verified["verified"] is True
        assert verified["events"] == journal.head.seq
        assert set(journal.intents.values()) <= {1}
        assert set(journal.ends) <= set(journal.intents)
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        held: defaultdict[str, Decimal] = defaultdict(Decimal)
        cash = ZERO
        for account, commodity, amount in journal.postings:
            sums[commodity] += amount
            if account == "paper-1:positions":
                held[commodity] += amount
            if account == "paper-1:cash":
                cash += amount
        assert not any(sums.values()), f"debits and credits differ: {sums}"
        assert held == journal.bought()
        paid = sum(
            (price * MULTIPLIER * quantity + fee for _, quantity, price, fee in journal.fills.values()), Decimal(0)
        )
        assert cash == (OPENING - paid if journal.postings else 0)
        with self.workspace() as workspace:
            book.verify(workspace)
            positions = book.positions(workspace).positions
        assert {item.position.symbol: item.position.quantity for item in positions} == journal.bought()
        return journal


def _legs(postings: Any) -> list[tuple[str, str, Decimal]]:
    return [(leg["account"], leg["commodity"], Decimal(leg["amount"])) for leg in postings]
