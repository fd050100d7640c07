"""What the sync screen does: sign in and out, push and pull, resolve, revoke, enrol; in threads of their own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from optionix_core.errors import OptionixError
from screens.confirm import ConfirmDialog
from screens.entry import EntryScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from screens.sync_panes import SyncPanes
    from screens.team import (
        ConflictRow,
        DeviceRow,
        KeptRow,
        Member,
        SessionRow,
        Surroundings,
        SyncDone,
        SyncNews,
        TeamLink,
        Way,
    )

LONGEST_SAYING = 200
"""Characters of an entry that a question shows; the whole is told by its explanation."""


class SyncActs(EntryScreen):
    """The acts of `SyncScreen`, which shows what comes of them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        """How often the server was to be looked at anew."""

    # What SyncScreen has

    @property
    def panes(self) -> SyncPanes:
        """The tables."""
        raise NotImplementedError

    @property
    def news(self) -> SyncNews:
        """Who is signed in."""
        raise NotImplementedError

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in place."""
        raise NotImplementedError

    def conflict(self) -> ConflictRow | None:
        """The conflict under the cursor."""
        raise NotImplementedError

    def kept_order(self) -> KeptRow | None:
        """The kept order under the cursor."""
        raise NotImplementedError

    def around(self) -> Surroundings | None:
        """Devices and sessions."""
        raise NotImplementedError

    def row_key(self, pane: str) -> Any:
        """Of the row under the cursor of a pane."""
        raise NotImplementedError

    # Signing in and out

    def action_sign_in(self) -> None:
        """Open the sign-in dialog."""
        team = self._team()
        if team is None:
            return
        from screens.signin import SignInDialog

        def signed(warning: str | None) -> None:
            if warning is None:
                return
            self._after(f"✓ signed in{f'; {warning}' if warning else ''}")
            self._enrol_where_demanded(team)

        self.app.push_screen(SignInDialog(team), signed)

    def _enrol_where_demanded(self, team: TeamLink) -> None:
        """Lead to what has to be done first."""
        try:
            member = team.member()
        except OptionixError as error:
            self.tell(str(error), "error")
            return
        if member is not None and member.must_enrol:
            self._enrol(team)

    def action_sign_out(self) -> None:
        """Sign out, after one question."""
        team, member = self._signed_in()
        if team is None or member is None:
            return

        def leave() -> str:
            problem = team.sign_out()
            return f"signed out{f'; the server was not told: {problem}' if problem else ''}"

        facts = (f"server  {member.server}", "the home's log stays as it is; tokens are removed")
        doing = partial(self._do, "sign out", leave)
        self.app.push_screen(ConfirmDialog("Sign out", f"Sign {member.email} out here?", facts, doing))

    def action_second_factor(self) -> None:
        """Open the enrolment of a second factor."""
        team, member = self._signed_in()
        if team is None or member is None:
            return
        if member.mfa_enabled:
            self.tell("The second factor is on: optionix mfa disable takes it away.", "warn")
            return
        self._enrol(team)

    def _enrol(self, team: TeamLink) -> None:
        from screens.enrol import EnrolDialog

        def enrolled(told: str | None) -> None:
            if told is not None:
                self._after(f"✓ {told}")

        self.app.push_screen(EnrolDialog(team), enrolled)

    # Keeping in step

    def action_now(self) -> None:
        """Push and pull now."""
        team, member = self._signed_in()
        if team is not None and member is not None:
            self._do("sync", lambda: done_words(team.sync()))

    def action_look(self) -> None:
        """Look at the server anew: desk, devices, sessions."""
        team, member = self._signed_in()
        if team is not None and member is not None:
            self.asked += 1
            team.wake()
            self.tell("looking ...", "accent")
            self.session_changed()

    def action_accept(self) -> None:
        """Let the entry under the cursor stand as it is."""
        self._resolve("accept", "Let it stand as it is?", "it counts in the book like any other entry")

    def action_reverse(self) -> None:
        """Undo it by a new entry."""
        self._resolve("reverse", "Undo it by a new entry?", "a compensating entry is written; nothing is deleted")

    def action_discard(self) -> None:
        """Leave it without effect."""
        self._resolve("discard", "Leave it without effect?", "it stays in the log and counts for nothing")

    def _resolve(self, way: Way, question: str, effect: str) -> None:
        team, member = self._signed_in()
        if team is None or member is None:
            return
        found = self.conflict()
        if found is None:
            self.tell("There is no conflict under the cursor.", "warn")
            return
        says = found.says if len(found.says) <= LONGEST_SAYING else f"{found.says[:LONGEST_SAYING]}…"
        facts = (f"{found.kind}  {found.what}", f"says  {says}", f"why  {found.reason}", effect)
        doing = partial(self._do, way, lambda: team.resolve(found.event_id, way))
        self.app.push_screen(ConfirmDialog(f"{way.capitalize()} a conflict", question, facts, doing))

    # Orders that did not reach the venue

    def action_send_kept(self) -> None:
        """Send the kept order under the cursor, after one question."""
        team, member = self._signed_in()
        if team is None or member is None:
            return
        found = self._kept_order()
        if found is None:
            return
        if found.state != "kept":
            self.tell(
                f"It has {found.state}: it is not sent any more. {self.host.key_of('sync.drop_kept')} forgets it.",
                "warn",
            )
            return
        facts = (*_kept_facts(found), "it trades at the market as it is now, once: nothing sends it by itself")
        doing = partial(self._do, "send", lambda: team.send_kept(found.order_id))
        self.app.push_screen(ConfirmDialog("Send a kept order", f"{found.what}?", facts, doing))

    def action_drop_kept(self) -> None:
        """Forget the kept order under the cursor, after one question."""
        team = self._team()
        found = None if team is None else self._kept_order()
        if team is None or found is None:
            return
        facts = (*_kept_facts(found), "it is not sent any more; that it was wanted stays in the log")
        doing = partial(self._do, "forget", lambda: team.drop_kept(found.order_id))
        self.app.push_screen(ConfirmDialog("Forget a kept order", f"{found.what}?", facts, doing))

    def _kept_order(self) -> KeptRow | None:
        found = self.kept_order()
        if found is None:
            self.tell("There is no kept order under the cursor.", "warn")
        return found

    # Devices and sessions

    def action_revoke(self) -> None:
        """Shut out the device, or end the session, under the cursor of its pane."""
        team, member = self._signed_in()
        around = self.around()
        if team is None or member is None:
            return
        marked = self.panes.marked
        key = self.row_key(marked) if marked in {"devices", "sessions"} else None
        if around is None or key is None:
            self.tell("Mark a device or a session first (tab).", "warn")
            return
        if marked == "devices":
            self._revoke_device(team, next(one for one in around.devices if one.device_id == key))
        else:
            self._revoke_session(team, next(one for one in around.sessions if one.session_id == key))

    def _revoke_device(self, team: TeamLink, device: DeviceRow) -> None:
        def revoke() -> str:
            team.revoke_device(device.device_id)
            return f"shut out {device.name}"

        facts = [
            f"device  {device.name} ({device.device_id})",
            "it can neither push nor pull any more; its sessions end",
        ]
        facts += ["it is this home"] if device.here else []
        doing = partial(self._do, "revoke", revoke)
        self.app.push_screen(ConfirmDialog("Revoke device", "Shut this home out for good?", tuple(facts), doing))

    def _revoke_session(self, team: TeamLink, session: SessionRow) -> None:
        def revoke() -> str:
            team.revoke_session(session.session_id)
            return "session ended"

        facts = [f"session  {session.program} from {session.address}", "its tokens are refused from now on"]
        facts += ["it is this one: you sign out"] if session.here else []
        doing = partial(self._do, "revoke", revoke)
        self.app.push_screen(ConfirmDialog("Revoke session", "End this session?", tuple(facts), doing))

    # Doing

    def _team(self) -> TeamLink | None:
        team = self.session.team
        if team is None:
            self.tell("No team server can be used here.", "warn")
        return team

    def _signed_in(self) -> tuple[TeamLink | None, Member | None]:
        """The link and who is signed in; says so where nobody is."""
        team = self._team()
        if team is not None and self.news.member is None:
            self.tell(f"Nobody is signed in: {self.host.key_of('sync.sign_in')} signs in.", "warn")
        return team, self.news.member

    def _do(self, words: str, act: Callable[[], str]) -> None:
        self.tell(f"{words} ...", "accent")
        self.run_worker(partial(self._act, words, act), thread=True, group="act")

    def _act(self, words: str, act: Callable[[], str]) -> None:
        """In a thread of its own."""
        try:
            answer = act()
        except OptionixError as error:
            self.app.call_from_thread(self._failed, f"✗ {words}: {error}")
            return
        self.app.call_from_thread(self._after, f"✓ {answer}")

    def _failed(self, text: str) -> None:
        if self.is_mounted:
            self.tell(text, "alert")
        cast("TeamLink", self.session.team).wake()

    def _after(self, text: str) -> None:
        """Something was done: everything may be otherwise."""
        self.asked += 1
        team = self.session.team
        if team is not None:
            team.wake()
        if self.is_mounted:
            self.tell(text, "strong")
        self.host.log_changed()
        self.session_changed()


def _kept_facts(found: KeptRow) -> tuple[str, ...]:
    may = f"{found.may}: {found.may_why}" if found.may_why else found.may
    return (
        f"account  {found.account}, which is {may}",
        f"wanted  {found.kept_at:%Y-%m-%d %H:%M} UTC, until {found.expires_at:%Y-%m-%d %H:%M} UTC",
        f"why not sent  {found.reason}",
    )


def done_words(done: SyncDone) -> str:
    """`pushed 3, pulled 12`."""
    conflicts = f", {done.conflicts:,} conflict{'' if done.conflicts == 1 else 's'}" if done.conflicts else ""
    return f"pushed {done.pushed:,}, pulled {done.pulled:,}{conflicts}"
