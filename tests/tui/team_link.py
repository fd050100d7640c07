"""A team server in memory, for what the screen does with one; the server itself is tested in tests/remote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from optionix_core.errors import OptionixError, RefusedError
from screens.team import (
    ConflictRow,
    DeskRow,
    DeviceRow,
    InStep,
    KeptRow,
    Member,
    SessionRow,
    Surroundings,
    SyncDone,
    SyncNews,
    Way,
)

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
ANN = Member(
    "https://team.example", "ann@team.example", "Ann Example", "trader", "d-1", "s-1", NOW - timedelta(hours=2),
    mfa_enabled=False, tokens="keyring",
)  # fmt: skip
CONFLICTS = (
    ConflictRow("fill-9", "account-kind", 41, "order.filled", "the account was blocked", "account paper-1"),
    ConflictRow("note-3", "book", 44, "ledger.entry", "closed on two devices", "cash -310.65"),
)
KEPT = (
    KeptRow(
        "rebalance-7", "server-1", "BUY 2 ORBIT 15JAN27 230 C limit GTC 3.00", "kept", NOW - timedelta(minutes=4),
        NOW + timedelta(hours=6), "active", "", "https://team.example cannot be reached: no route",
    ),
    KeptRow(
        "late", "server-1", "SELL 1 ORBIT 15JAN27 240 C market DAY", "expired", NOW - timedelta(days=1, hours=3),
        NOW - timedelta(days=1), "active", "", "https://team.example did not answer POST trade/execute within 10 s",
    ),
)  # fmt: skip
URI = "otpauth://totp/Optionix:ann%40team.example?secret=JBSWY3DPEHPK3PXP&issuer=Optionix"


class LinkInMemory:
    """Says what it was given, and keeps what was asked of it."""

    def __init__(
        self,
        member: Member | None = ANN,
        *,
        problem: OptionixError | None = None,
        mfa: bool = False,
        must_enrol: bool = False,
        kept: bool = False,
    ) -> None:
        self.present = member
        self.problem = problem
        self.mfa = mfa
        self.must_enrol = must_enrol
        self.acts: list[tuple[str, ...]] = []
        self.open = list(CONFLICTS)
        self.waiting = list(KEPT) if kept else []
        self.step = InStep(48_211, 3, 2, NOW - timedelta(seconds=12))
        self.old_sign_in = False
        self._tell: Callable[[SyncNews], None] = lambda _: None

    def _check(self) -> None:
        if self.problem is not None:
            raise self.problem

    def member(self) -> Member | None:
        return self.present

    def last_server(self) -> tuple[str, str]:
        return ("https://team.example", "ann@team.example") if self.present else ("", "")

    def sign_in(self, server: str, email: str, password: str, code: str | None) -> str:
        self.acts.append(("sign_in", server, email, password, code or ""))
        self._check()
        if self.mfa and code is None:
            raise RefusedError("mfa-required", "a second factor is on")
        self.present = replace(ANN, server=server, email=email, must_enrol=self.must_enrol)
        return "this machine has no keyring"

    def sign_out(self) -> str:
        self.acts.append(("sign_out",))
        self.present = None
        return ""

    def in_step(self) -> InStep:
        return self.step

    def sync(self) -> SyncDone:
        self.acts.append(("sync",))
        self._check()
        self.step = replace(self.step, pending=0)
        return SyncDone(3, 12, len(self.open))

    def conflicts(self) -> tuple[ConflictRow, ...]:
        return tuple(self.open)

    def resolve(self, event_id: str, way: Way) -> str:
        self.acts.append(("resolve", event_id, way))
        self.open = [one for one in self.open if one.event_id != event_id]
        self.step = replace(self.step, conflicts=len(self.open))
        return f"{way}: {event_id}"

    def kept(self) -> tuple[KeptRow, ...]:
        return tuple(self.waiting)

    def send_kept(self, order_id: str) -> str:
        self.acts.append(("send_kept", order_id))
        self._check()
        self.waiting = [one for one in self.waiting if one.order_id != order_id]
        return f"{order_id} is filled: BUY 2"

    def drop_kept(self, order_id: str) -> str:
        self.acts.append(("drop_kept", order_id))
        self.waiting = [one for one in self.waiting if one.order_id != order_id]
        return f"{order_id} is forgotten"

    def surroundings(self) -> Surroundings:
        self._check()
        devices = (
            DeviceRow("d-1", "desk-7", "active", "", NOW - timedelta(days=40), NOW, here=True),
            DeviceRow("d-2", "laptop", "stopped", "other bytes", NOW - timedelta(days=9), NOW, here=False),
        )
        sessions = (
            SessionRow("s-1", "d-1", ANN.signed_in_at, NOW, "192.0.2.7", "optionix/1.0", here=True),
            SessionRow("s-2", "d-2", NOW - timedelta(days=3), NOW - timedelta(days=1), "192.0.2.9", "x", here=False),
        )
        return Surroundings(devices, sessions)

    def revoke_device(self, device_id: str) -> None:
        self.acts.append(("revoke_device", device_id))

    def revoke_session(self, session_id: str) -> None:
        self.acts.append(("revoke_session", session_id))

    def desk(self) -> tuple[DeskRow, ...]:
        self._check()
        greeks = {"dollar_delta": 12_400.0, "dollar_gamma": -310.4, "theta": 14.25, "vega": -21.5}
        money = (Decimal("100482.11"), Decimal("482.20"), Decimal("482.11"))
        lost = (Decimal("98120.00"), Decimal("-312.40"), Decimal(-1880))
        shared = ("Ben Example",)
        return (
            DeskRow("paper-1", "paper-1", "Ann Example", "trade", "server-paper", "USD", *money, greeks, shared),
            DeskRow("7f3a:paper-1", "paper-1", "Ben Example", "read", "local-sim", "USD", *lost, {"theta": -3.5}),
        )

    def begin_mfa(self) -> tuple[str, str]:
        if self.old_sign_in:
            raise RefusedError("step-up-required", "show your password first")
        return "JBSWY3DPEHPK3PXP", URI

    def step_up(self, password: str) -> None:
        self.acts.append(("step_up", password))
        self.old_sign_in = False

    def verify_mfa(self, code: str) -> tuple[str, ...]:
        self.acts.append(("verify_mfa", code))
        if code == "000000":
            raise RefusedError("invalid-mfa-code", "the code is wrong")
        self.present = replace(ANN, mfa_enabled=True)
        return tuple(f"code-{number}" for number in range(10))

    def wake(self) -> None:
        self._say()

    def start(
        self, tell: Callable[[SyncNews], None], changed: Callable[[], None], crashed: Callable[[Exception], None]
    ) -> None:
        del changed, crashed
        self._tell = tell
        self._say()

    def stop(self) -> None:
        self.acts.append(("stop",))

    def _say(self) -> None:
        member = self.present
        step = None if member is None else self.step
        self._tell(SyncNews(member, step, self.problem, NOW if self.problem else None))
