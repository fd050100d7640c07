"""A home and its team server: signing in and out, requests of whoever is signed in. The command line and the terminal.

Nothing is asked of the network and no HTTP library is loaded before something is.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Literal, cast

from optionix_core.errors import OptionixError, StorageError
from optionix_tui.remote.address import server_address
from optionix_tui.remote.signing import Credentials, KeyCredentials, in_turn, not_signed_in, tokens_of
from optionix_tui.remote.standing import SignIn, SignInFile
from optionix_tui.remote.tokens import KEY_FILE_VARIABLE, key_of_file, new_store, store_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    import httpx

    from config.settings import SyncSettings
    from optionix_core.market.clock import Clock
    from optionix_core.services.home import HomeFolders
    from optionix_core.services.workspace import Workspace
    from optionix_core.storage.sqlite_store import SqliteEventStore
    from optionix_tui.remote.answers import Granted, User
    from optionix_tui.remote.client import Bearer, Client
    from optionix_tui.remote.line import ServerLine
    from optionix_tui.remote.tokens import Place, TokenStore


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What came of a sign-in."""

    sign_in: SignIn
    warning: str
    """Where the tokens lie in a file though a keyring was looked for; empty otherwise."""


class Team:
    """One home's side of a team server. Threads may share it."""

    def __init__(
        self,
        home: HomeFolders,
        clock: Clock,
        *,
        timeout: float = 10.0,
        tokens: Literal["auto", "keyring", "file"] = "auto",
        environ: Mapping[str, str] | None = None,
        server: str = "",
        transport: Callable[[], httpx.BaseTransport] | None = None,
    ) -> None:
        """`timeout`: seconds for each step of a request; `tokens`: where the next sign-in is kept.

        `server`: for jobs with an API key on a home where nobody is signed in; `transport` is made for each connection
        in place of the network's own.
        """
        self._home = home
        self._clock = clock
        self._timeout = timeout
        self._tokens: Literal["auto", "keyring", "file"] = tokens
        self._environ = os.environ if environ is None else environ
        self._server = server
        self._transport = transport
        self._file = SignInFile(home.state)
        self._opening = RLock()
        self._open: tuple[str, Client] | None = None
        """By session, or by the key's file."""

    @classmethod
    def of(cls, home: HomeFolders, clock: Clock, settings: SyncSettings) -> Team:
        """As settings say."""
        return cls(home, clock, timeout=settings.timeout_seconds, tokens=settings.tokens, server=settings.server)

    @property
    def by_key(self) -> bool:
        """Whether OPTIONIX_API_KEY_FILE speaks for this home, and not whoever is signed in."""
        return KEY_FILE_VARIABLE in self._environ

    def close(self) -> None:
        """Let go of the connections."""
        with self._opening:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    # Who is signed in

    def standing(self) -> SignIn | None:
        """Who is signed in; None where nobody is. Asks no network."""
        return self._file.load()

    def signed_in(self) -> SignIn:
        """Who is signed in. RefusedError where nobody is."""
        found = self._file.load()
        if found is None:
            raise not_signed_in()
        return found

    def device_id(self, workspace: Workspace) -> str:
        """The id of this home, which is made where it is fresh."""
        store = cast("SqliteEventStore", workspace.store)
        found = store.device()
        if found is None:
            with store.writing("make the home"):
                pass
            found = store.device()
        if found is None:
            raise StorageError("the home has no id: was it made by another program?")
        return found

    def register(self, server: str, email: str, password: str, full_name: str) -> None:
        """Make an account on a server."""
        from optionix_tui.remote.client import Client

        line = self._line(server)
        try:
            Client(line).auth.register(email, password, full_name)
        finally:
            line.close()

    def sign_in(
        self, workspace: Workspace, server: str, email: str, password: str, code: str | None = None
    ) -> SignedIn:
        """Sign this home in; who was signed in before is signed out.

        RefusedError `mfa-required` where a code of the second factor is needed, `account-name` where an account of the
        home meets another of the user's by its name, InvalidValueError where the home follows somebody else's book. The
        home follows the user's book from then on, until `sync leave`.
        """
        from optionix_core.services import joining
        from optionix_tui.remote.client import Client
        from optionix_tui.remote.transport import HttpTransport

        self._home.check_writable("sign in")
        device_id = self.device_id(workspace)
        line = self._line(server)
        client = Client(line)
        try:
            granted = client.auth.login(email, password, mfa_code=code, device=(device_id, device_name()))
            try:
                signed = Client(line, KeyCredentials(granted.access_token))
                user = signed.me.show()
                where = f"{user.email} on {line.server}"
                joining.join(workspace, HttpTransport(signed), line.server, user.user_id, where)
                kept, warning = new_store(self._tokens, device_id, self._home.state)
                with self._in_turn("sign in"):
                    self._leave_quietly()
                    kept.save(tokens_of(granted, self._clock))
                    made = self._record(line.server, device_id, granted, user, kept.place)
            except OptionixError:
                with suppress(OptionixError):  # why it failed is what is told
                    client.auth.logout(granted.refresh_token)  # nobody keeps its tokens
                raise
        finally:
            line.close()
        self.close()
        return SignedIn(made, warning)

    def _record(self, server: str, device_id: str, granted: Granted, user: User, place: Place) -> SignIn:
        made = SignIn(
            server=server,
            device_id=device_id,
            user_id=user.user_id,
            email=user.email,
            full_name=user.full_name,
            role=user.role,
            session_id=granted.session_id,
            signed_in_at=self._clock.now().isoformat(),
            tokens=place,
            mfa_enabled=user.mfa_enabled,
            must_enrol=user.must_enrol,
        )
        self._file.save(made)
        return made

    def sign_out(self, *, everywhere: bool = False) -> str:
        """End this home's session, or all of the user's; the tokens go in any case.

        Returns what the server or the keyring did not take, empty where they did: signing out works without either.
        """
        self._home.check_writable("sign out")
        self.signed_in()
        if everywhere:
            self.client().sessions.revoke_others()
        with self._in_turn("sign out"):
            return self._leave(self.signed_in())

    def _leave_quietly(self) -> None:
        """Before another sign-in takes the place of the last."""
        try:
            found = self._file.load()
        except StorageError:
            return  # it cannot be read, which is why one signs in again
        if found is not None:
            self._leave(found)

    def _leave(self, found: SignIn) -> str:
        from optionix_tui.remote.client import Client

        problem = ""
        try:
            tokens = self._store(found).load()
            if tokens is not None:
                line = self._line(found.server)
                try:
                    Client(line).auth.logout(tokens.refresh_token)
                finally:
                    line.close()
        except OptionixError as error:
            problem = str(error)
        return self._forget(found) or problem

    def _forget(self, found: SignIn) -> str:
        """Nobody is signed in here any more; why tokens lie where they lay, empty where they are gone."""
        problem = ""
        try:
            self._store(found).forget()
        except StorageError as error:  # a keyring that is locked or gone keeps nobody from signing in anew
            problem = str(error)
        self._file.forget()
        self.close()
        return problem

    def _in_turn(self, purpose: str) -> AbstractContextManager[None]:
        return in_turn(self._file.folder, self._clock, purpose)

    # Asking

    def client(self) -> Client:
        """Requests of whoever is signed in, or of the key that OPTIONIX_API_KEY_FILE names. RefusedError where none."""
        key_file = self._environ.get(KEY_FILE_VARIABLE)
        if key_file is not None:
            return self._client_of(f"key {key_file}", self.server(), lambda _: KeyCredentials(key_of_file(key_file)))
        found = self.signed_in()
        return self._client_of(found.session_id, found.server, lambda client: self._credentials(found, client))

    def server(self) -> str:
        """The address of the server that is asked. RefusedError where none is known."""
        found = self._file.load()
        if found is not None:
            return found.server
        if self._server:
            return server_address(self._server)
        raise not_signed_in()

    def _client_of(self, name: str, server: str, bearer: Callable[[Client], Bearer]) -> Client:
        from optionix_tui.remote.client import Client

        with self._opening:
            if self._open is not None and self._open[0] == name:
                return self._open[1]
            self.close()
            line = self._line(server)
            self._open = (name, Client(line, bearer(Client(line))))
            return self._open[1]

    def _credentials(self, found: SignIn, anonymous: Client) -> Credentials:
        return Credentials(
            self._file.folder,
            self._store(found),
            partial(anonymous.auth.refresh, device_id=found.device_id),
            self._clock,
            lambda: self._is_still(found),
        )

    def _is_still(self, found: SignIn) -> bool:
        """Whether the same user is signed in on the same server; in another session perhaps."""
        now = self._file.load()
        return now is not None and (now.server, now.user_id) == (found.server, found.user_id)

    def look(self) -> SignIn:
        """Ask the server who one is now: the role may have changed. Keeps it, but for a read-only home."""
        user = self.client().me.show()
        found = self.signed_in()
        fresh = replace(
            found,
            role=user.role,
            full_name=user.full_name,
            mfa_enabled=user.mfa_enabled,
            must_enrol=user.must_enrol,
        )
        if fresh != found and not self._home.read_only:
            self._file.save(fresh)
        return fresh

    def _store(self, found: SignIn) -> TokenStore:
        return store_at(found.tokens, found.device_id, self._home.state)

    def _line(self, server: str) -> ServerLine:
        from optionix_tui.remote.line import ServerLine

        transport = None if self._transport is None else self._transport()
        return ServerLine(server, timeout=self._timeout, transport=transport)


def device_name() -> str:
    """What a home calls itself on the server, for its user to recognise."""
    return platform.node()[:64] or "unnamed"
