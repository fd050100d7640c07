"""Who may come in: one-time tokens that are exchanged for sessions.

A token travels in the fragment of an address, which browsers keep to themselves: it is in no request line, no log
of a proxy, no Referer. The page hands it in once and gets a session, which is a cookie that scripts cannot read. Only
digests are kept here, and they are compared in constant time.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

BYTES = 32
"""Of randomness in a token and in a session: guessing is hopeless."""


class Admission:
    """Tokens that are still good, and sessions that they became."""

    def __init__(self) -> None:
        self._tokens: set[bytes] = set()
        self._sessions: set[bytes] = set()

    def new_token(self) -> str:
        """A token that lets one browser in, once."""
        token = secrets.token_urlsafe(BYTES)
        self._tokens.add(_digest(token))
        return token

    def exchange(self, token: str) -> str | None:
        """A new session for a token, which is used up by that; None where it is unknown or used."""
        found = _found(token, self._tokens)
        if found is None:
            return None
        self._tokens.discard(found)
        session = secrets.token_urlsafe(BYTES)
        self._sessions.add(_digest(session))
        return session

    def admits(self, session: str | None) -> bool:
        """Whether this is a session that was given out."""
        return session is not None and _found(session, self._sessions) is not None


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _found(secret: str, known: set[bytes]) -> bytes | None:
    """The digest among `known` that is this secret's; every one of them is compared, to the last byte."""
    wanted, found = _digest(secret), None
    for digest in known:
        if hmac.compare_digest(wanted, digest):
            found = digest
    return found
