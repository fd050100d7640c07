"""`screens.team.TeamLink` over a home and its team server: what the terminal's screens ask, in their own values."""

from __future__ import annotations

from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from optionix_core.errors import RefusedError
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
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.services.rebasing import Rebasing
    from optionix_core.services.workspace import Workspace
    from optionix_tui.remote.hints import HintListener
    from optionix_tui.remote.team import Team
    from optionix_tui.remote.venue import ServerVenue
    from optionix_tui.remote.worker import SyncWorker
    from screens.team import Way


class HomeLink:
    """One home's link. Threads may share it."""

    def __init__(self, team: Callable[[], Team], workspace: Workspace, *, background: bool, interval: float) -> None:
        """`team` is made when it is first needed: the first frame does not wait for its modules.

        `background`: push and pull by itself; `interval`: seconds between two tries.
        """
        self._make_team = team
        self._making = Lock()
        self._made: Team | None = None
        self._workspace = workspace
        self._background = background and not workspace.home.read_only
        self._interval = interval
        self._worker: SyncWorker | None = None
        self._hints: HintListener | None = None
        self._cursor = 0
        """Of the server's stream, as this home was seen last."""
        self._answered: datetime | None = None
        """When the server answered this process last: the home itself notes it at most once a minute."""
        self._kept: Rebasing | None = None

    @property
    def _team(self) -> Team:
        with self._making:
            if self._made is None:
                self._made = self._make_team()
            return self._made

    @property
    def _rebasing(self) -> Rebasing:
        """Folds that are kept from one run to the next."""
        from optionix_core.services.rebasing import Rebasing

        with self._making:
            if self._kept is None:
                self._kept = Rebasing()
            return self._kept

    def member(self) -> Member | None:
        """As TeamLink."""
        found = self._team.standing()
        if found is None:
            return None
        return Member(
            found.server,
            found.email,
            found.full_name,
            found.role,
            found.device_id,
            found.session_id,
            datetime.fromisoformat(found.signed_in_at),
            found.mfa_enabled,
            found.tokens,
            found.must_enrol,
        )

    def last_server(self) -> tuple[str, str]:
        """As TeamLink."""
        found = self._team.standing()
        return ("", "") if found is None else (found.server, found.email)

    def sign_in(self, server: str, email: str, password: str, code: str | None) -> str:
        """As TeamLink."""
        warning = self._team.sign_in(self._workspace, server, email, password, code).warning
        self._listen_again()
        return warning

    def sign_out(self) -> str:
        """As TeamLink."""
        problem = self._team.sign_out()
        self._listen_again()
        return problem

    def _listen_again(self) -> None:
        if self._hints is not None:
            self._hints.again()

    # Keeping in step

    def in_step(self) -> InStep:
        """As TeamLink."""
        from optionix_tui.remote import syncing

        found = syncing.standing(self._workspace)
        self._cursor = found.cursor
        last = max((at for at in (found.last_sync, self._answered) if at is not None), default=None)
        return InStep(found.cursor, found.pending, found.conflicts, last, found.stopped)

    def sync(self) -> SyncDone:
        """As TeamLink."""
        from optionix_tui.remote import syncing
        from optionix_tui.remote.problems import MUST_ENROL

        try:
            done = syncing.synchronise(self._team, self._workspace, self._rebasing)
        except RefusedError as error:
            if error.rule == MUST_ENROL:
                self._team.look()  # the server demands a second factor since the last sign-in
            raise
        self._answered = done.at
        return SyncDone(done.pushed, done.pulled, done.conflicts)

    def venue(self) -> ServerVenue:
        """The way to the server's venue for orders of this home."""
        from optionix_tui.remote.venue import ServerVenue

        return ServerVenue(lambda: self._team, lambda: self._rebasing)

    def conflicts(self) -> tuple[ConflictRow, ...]:
        """As TeamLink."""
        from optionix_tui.remote import syncing

        return tuple(
            ConflictRow(one.id, one.kind, one.seq, one.type, one.reason, syncing.says(one))
            for one in syncing.conflicts(self._team, self._workspace)
        )

    def resolve(self, event_id: str, way: Way) -> str:
        """As TeamLink."""
        from optionix_tui.remote import syncing

        return syncing.resolve(self._team, self._workspace, event_id, way, self._rebasing)

    # Orders that did not reach the venue

    def kept(self) -> tuple[KeptRow, ...]:
        """As TeamLink."""
        from optionix_core.services import kept_orders
        from screens.order_acts import intent_words

        return tuple(
            KeptRow(
                one.order.order_id,
                one.order.intent.account,
                intent_words(one.order.intent),
                str(one.order.state),
                one.order.intent.created_at,
                one.order.expires_at,
                str(one.status),
                one.why or "",
                one.order.reason,
            )
            for one in kept_orders.standing(self._workspace)
        )

    def send_kept(self, order_id: str) -> str:
        """As TeamLink. Raises as `optionix sync intents send` does."""
        from optionix_core.services import trading
        from screens.order_acts import standing_words

        result = self.venue().send_kept(self._workspace, order_id)
        trading.raise_for_state(result)
        return f"{order_id} is {result.state}: {standing_words(result)}"

    def drop_kept(self, order_id: str) -> str:
        """As TeamLink."""
        from optionix_core.services import kept_orders

        return f"{kept_orders.drop(self._workspace, order_id).order_id} is forgotten and will not be sent"

    # The server

    def surroundings(self) -> Surroundings:
        """As TeamLink."""
        client, here = self._team.client(), self._team.signed_in()
        devices = tuple(
            DeviceRow(
                one.device_id,
                one.name,
                one.state,
                one.stopped_why,
                one.created_at,
                one.last_seen_at,
                one.device_id == here.device_id,
            )
            for one in client.devices.list()
        )
        sessions = tuple(
            SessionRow(
                one.session_id,
                one.device_id,
                one.created_at,
                one.last_used_at,
                one.ip_address,
                one.user_agent,
                one.session_id == here.session_id,
            )
            for one in client.sessions.list()
        )
        return Surroundings(devices, sessions)

    def revoke_device(self, device_id: str) -> None:
        """As TeamLink."""
        self._team.client().devices.revoke(device_id)

    def revoke_session(self, session_id: str) -> None:
        """As TeamLink."""
        self._team.client().sessions.revoke(session_id)

    def desk(self) -> tuple[DeskRow, ...]:
        """As TeamLink."""
        from optionix_tui.remote.desk import desk

        return desk(self._team.client())

    def begin_mfa(self) -> tuple[str, str]:
        """As TeamLink."""
        begun = self._team.client().me.mfa_setup()
        return begun.secret, begun.otpauth_uri

    def step_up(self, password: str) -> None:
        """As TeamLink."""
        self._team.client().me.step_up(password)

    def verify_mfa(self, code: str) -> tuple[str, ...]:
        """As TeamLink."""
        codes = self._team.client().me.mfa_verify(code)
        self._team.look()
        return codes

    # In the background

    def start(
        self, tell: Callable[[SyncNews], None], changed: Callable[[], None], crashed: Callable[[Exception], None]
    ) -> None:
        """As TeamLink."""
        from optionix_tui.remote.worker import SyncWorker

        self._worker = SyncWorker(
            member=self.member,
            in_step=self.in_step,
            sync=self.sync if self._background else None,
            tell=tell,
            changed=changed,
            crashed=crashed,
            clock=self._workspace.clock,
            interval=self._interval,
        )
        self._worker.start()
        if self._background:
            from optionix_tui.remote.hints import HintListener

            self._hints = HintListener(self._team.client, self._hinted, crashed)
            self._hints.start()

    def _hinted(self, seq: int) -> None:
        """The server's stream has grown: look, unless this home has that already."""
        if self._worker is not None and seq > self._cursor:
            self._worker.wake()

    def wake(self) -> None:
        """As TeamLink."""
        if self._worker is not None:
            self._worker.wake()

    def stop(self) -> None:
        """As TeamLink."""
        if self._hints is not None:
            self._hints.stop()
        if self._worker is not None:
            self._worker.stop()
            self._worker.join(timeout=5.0)
        if self._made is not None:
            self._made.close()
