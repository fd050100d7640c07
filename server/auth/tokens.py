"""Access tokens: JWT signed with Ed25519, and nothing else.

A token says who and which session, never what somebody may do: role and rights are read from the store. Its header must
say `at+jwt`, `EdDSA` and the id of a key of ours; keys that a token brings along or points to are never looked at, and
whatever it calls critical is refused. Times are the server's clock's, which PyJWT is not asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID, uuid4

import jwt

from server.problems import Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ISSUER: Final = "urn:optionix:server"
AUDIENCE: Final = "urn:optionix:api"
TYPE: Final = "at+jwt"
ALGORITHM: Final = "EdDSA"
SKEW: Final = 5
"""Seconds by which clocks of workers may differ."""
LONGEST: Final = 2048
_CLAIMS: Final = ("aud", "iss", "exp", "iat", "nbf", "jti", "sub", "sid")
_HEADER: Final = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a valid token says."""

    user_id: UUID
    session_id: UUID
    issued_at: int
    expires_at: int
    """POSIX seconds."""
    kid: str
    """Of the key that signed it."""


class SigningKeys(Protocol):
    """Keys of this server, by id."""

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """The key that signs now, and its id."""
        ...

    def verifier(self, kid: str) -> Ed25519PublicKey | None:
        """The key of an id; None where it is not ours, or not believed any more."""
        ...


class AccessTokens:
    """Issues and reads them."""

    def __init__(self, keys: SigningKeys, seconds: int) -> None:
        self._keys = keys
        self.seconds = seconds
        self._jwt = jwt.PyJWT()

    def issue(self, user_id: UUID, session_id: UUID, now: datetime) -> str:
        """A token for `seconds` from `now`."""
        issued = int(now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": issued,
            "nbf": issued,
            "exp": issued + self.seconds,
            "jti": str(uuid4()),
        }
        kid, key = self._keys.signer()
        return self._jwt.encode(claims, key, ALGORITHM, {"typ": TYPE, "kid": kid})

    def read(self, token: str) -> AccessClaims:
        """The claims of a token with a good signature, whatever its times. Problem 401 `invalid-token`."""
        if len(token) > LONGEST:
            raise refused("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise refused("it is none") from None
        key = self._key(header)
        try:
            claims: dict[str, Any] = self._jwt.decode(
                token,
                key,
                [ALGORITHM],
                {"require": list(_CLAIMS), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
                audience=AUDIENCE,
                issuer=ISSUER,
            )
        except jwt.PyJWTError:
            raise refused("its signature or what it is for is wrong") from None
        times = [claims["iat"], claims["nbf"], claims["exp"]]
        if not all(type(one) is int and 0 <= one < 1 << 40 for one in times):
            raise refused("its times are none")
        if claims["aud"] != AUDIENCE or not isinstance(claims["jti"], str) or claims["nbf"] > claims["exp"]:
            raise refused("its claims are wrong")
        try:
            user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
        except (ValueError, AttributeError, TypeError):
            raise refused("it names nobody") from None
        return AccessClaims(user_id, session_id, max(claims["iat"], claims["nbf"]), claims["exp"], header["kid"])

    def believed(self, claims: AccessClaims) -> bool:
        """Whether the key that signed a token, which was read before, is believed still."""
        return self._keys.verifier(claims.kid) is not None

    def _key(self, header: Mapping[str, Any]) -> Ed25519PublicKey:
        if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
            raise refused("its type or algorithm is another")
        if not _HEADER.issuperset(header):
            raise refused("its header says more than algorithm, type and key")
        kid = header.get("kid")
        key = self._keys.verifier(kid) if isinstance(kid, str) else None
        if key is None:
            raise refused("its key is not ours")
        return key


def check_times(claims: AccessClaims, now: datetime) -> None:
    """Raise Problem 401 where a token is not valid yet or any more."""
    moment = now.timestamp()
    if moment >= claims.expires_at:
        raise Problem(401, "expired-token", "the access token has expired: refresh it", headers=challenge())
    if claims.issued_at > moment + SKEW:
        raise refused("it is not valid yet")


def refused(why: str) -> Problem:
    """The answer to a token that is none of ours."""
    return Problem(401, "invalid-token", f"the access token is refused: {why}", headers=challenge())


def challenge(error: str = "invalid_token") -> Mapping[str, str]:
    """The header that goes with 401 (RFC 6750)."""
    return {"WWW-Authenticate": f'Bearer error="{error}"'}
