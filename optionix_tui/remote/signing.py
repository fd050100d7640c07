"""Who is signed in on this home, and tokens that are renewed in good time, by one process at a time.

A device has one family of refresh tokens, and the server ends a family whose old token comes again. So whoever
renews holds a lock of the home, looks into the store first (another process may have renewed meanwhile), and keeps the
new pair before it uses it. Whoever signs in or out holds it too: else a pair that was just renewed would be kept over
what came after it. The lock is one of its own: an order never waits for the network.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from optionix_core.errors import RefusedError
from optionix_tui.remote.tokens import Tokens, TokenStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from optionix_core.market.clock import Clock
    from optionix_tui.remote.answers import Granted

EARLY: Final = timedelta(seconds=30)
"""So long before its end an access token is renewed."""
RENEWING_SECONDS: Final = 45.0
"""How long to wait for another process that renews: longer than its request may take."""


@contextmanager
def in_turn(folder: Path, clock: Clock, purpose: str) -> Iterator[None]:
    """Hold the lock of a home's tokens, which lies in `folder`. HomeLockedError where another holds it for too long."""
    from optionix_core.storage.home_lock import HomeLock

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with HomeLock(folder, clock).held(purpose, RENEWING_SECONDS):
        yield


class Credentials:
    """The bearer of requests of one home. Threads may share it."""

    def __init__(
        self,
        folder: Path,
        store: TokenStore,
        renew: Callable[[str], Granted],
        clock: Clock,
        holds: Callable[[], bool] = lambda: True,
    ) -> None:
        """`folder`: where the lock lies; `renew`: asks the server for a new pair, by a refresh token.

        `holds`: whether the home is still signed in where these were made for: tokens of another server or user, which
        the store has by then, are never sent there.
        """
        self._folder = folder
        self._store = store
        self._renew = renew
        self._clock = clock
        self._holds = holds
        self._threads = Lock()
        self._tokens: Tokens | None = None

    def bearer(self) -> str:
        """An access token that holds for a while yet. RefusedError where nobody is signed in any more."""
        with self._threads:
            if self._tokens is None or not self._fresh(self._tokens):
                self._tokens = self._renewed(None)
            return self._tokens.access_token

    def renewed(self, refused: str) -> str:
        """Another access token than one that the server refused."""
        with self._threads:
            self._tokens = self._renewed(refused)
            return self._tokens.access_token

    def _fresh(self, tokens: Tokens) -> bool:
        return tokens.expires_at - EARLY > self._clock.now()

    def _renewed(self, refused: str | None) -> Tokens:
        """What the store has, where that will do; else a new pair, made under the lock."""
        found = self._stored()
        if self._will_do(found, refused):
            return found
        with in_turn(self._folder, self._clock, "renew the session"):
            found = self._stored()
            if self._will_do(found, refused):
                return found
            made = tokens_of(self._renew(found.refresh_token), self._clock)
            self._store.save(made)
            return made

    def _will_do(self, tokens: Tokens, refused: str | None) -> bool:
        return self._fresh(tokens) and tokens.access_token != refused

    def _stored(self) -> Tokens:
        found = self._store.load()
        if found is None or not self._holds():  # asked last: a sign-in keeps its tokens before it is written down
            raise not_signed_in()
        return found


class KeyCredentials:
    """An API key: the same bearer for ever."""

    def __init__(self, key: str) -> None:
        self._key = key

    def bearer(self) -> str:
        """The key."""
        return self._key

    def renewed(self, refused: str) -> str:
        """A key has no successor."""
        del refused
        raise RefusedError("api-key", "the server does not take the key of OPTIONIX_API_KEY_FILE any more")


def tokens_of(granted: Granted, clock: Clock) -> Tokens:
    """A pair with the end that it has by this machine's clock."""
    return Tokens(granted.access_token, granted.refresh_token, clock.now() + timedelta(seconds=granted.expires_in))


def not_signed_in() -> RefusedError:
    """Nobody is."""
    return RefusedError("sign-in", "nobody is signed in here: optionix login --server URL --email E")
